"""English for answers that cannot be read, or in two ways."""

from __future__ import annotations

SENTENCES = {
    "typed.two": "{text} can be read as {one} and as {other}",
    "typed.two.advice": "Write the brackets and the signs that say which.",
    "typed.joined": "{name} can be read as one name, which the program does not have, and as {product}",
    "typed.joined.advice": "For a product write {product}.",
    "typed.call": "{text} can be read as the function {name} of what is in brackets, and as {product}",
    "typed.call.advice": "For a product write {product}.",
    "typed.euler": "e can be read as Euler's number and as a name",
    "typed.euler.advice": "Write exp(1) for the number.",
    "typed.unknown": "{name} is not a name of the program",
    "typed.unknown.advice": "Names: {names}.",
    "typed.function": "{name} is not a function of the program",
    "typed.function.advice": "Call it as the program does, or write its formula. Names: {names}.",
    "typed.power": "{name}^{power} can be read as a power of {name}(...), as {name} applied again and as an inverse",
    "typed.power.advice": "Put the power behind the argument, or name the inverse function.",
    "typed.bars": "the bars do not go together in pairs",
    "typed.bars.advice": "Write abs(x).",
    "typed.product": "{left} and {right} are arrays, and their product can be read as the matrix product and entry by entry",
    "typed.product.advice": "Write @ for the matrix product, * for the product entry by entry.",
    "typed.norm": "bars around an array can be read as its norm and as the absolute values of its entries",
    "typed.norm.advice": "Write norm(x) or abs(x).",
    "typed.subject": "the answer speaks of {found}, and {asked} is asked for",
    "typed.subject.advice": "Give the formula of {asked}.",
    "typed.chain": "there are several equal signs, and any of the formulas could be the answer",
    "typed.chain.advice": "Give the last formula alone, or check the steps (check --steps).",
    "typed.empty": "there is no answer",
    "typed.empty.advice": "Write the formula of {asked}.",
}
