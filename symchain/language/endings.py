"""The errors for what cannot follow a complete operand."""

from __future__ import annotations

from typing import NoReturn

from symchain.errors import ParseError
from symchain.language.spelling import is_word_of_function
from symchain.language.tokens import Token

_MODULES = ("np", "numpy", "jnp", "jax", "math", "torch", "sp", "scipy", "sympy", "tf")
_WORDS = ("and", "or", "not", "if", "else", "for", "in", "is", "lambda")


def refuse_after(tokens: list[Token], index: int, lines: list[str]) -> NoReturn:
    """The error for a token that cannot follow a complete operand."""
    token, before = tokens[index], tokens[index - 1]
    following = tokens[min(index + 1, len(tokens) - 1)]
    match token.text if token.kind == "op" else token.kind:
        case "..":
            what = f"{before.text}..{following.text} is not a number" if before.kind == "number" else "'..' stands in a range alone"
            advice = "A number has one decimal point; a range is written: for t in 1..T."
            token = before if before.kind == "number" else token
        case ".":
            advice = "Functions are called by name: sum(x). The only attribute is .T, the transpose."
            if before.text in _MODULES and following.kind == "name":
                advice = f"Functions are called by name alone, without '{before.text}.'."
            what = "attributes are not part of the language"
        case "(" if (raised := _raised(tokens, index)) is not None:
            what, advice = "a power of a function stands after its argument", f"Write {raised.text}(x)**2 for the square of its value."
        case "(":
            what, advice = "only a name can be called", "For a product write * before the bracket."
        case "," if before.kind == following.kind == "number" and before.touches(token) and token.touches(following):
            what, advice = "a comma is not a decimal point", f"Write {before.text}.{following.text}."
        case ",":
            what, advice = "a comma outside brackets", "One line defines one name by one expression."
        case ")" | "]":
            what, advice = f"'{token.text}' closes nothing that is open", "Remove it, or add the opening bracket."
        case "=":
            what, advice = "'=' inside an expression", "A line is name = expression; a comparison is ==, inside where(...)."
        case "&" | "|" | "~":
            what, advice = f"'{token.text}' joins conditions, inside where(...) alone", "For |x| write abs(x) or norm(x)."
        case "name" if token.text in _WORDS or before.text in _WORDS:
            word = token.text if token.text in _WORDS else before.text
            what, advice = (
                f"'{word}' is not part of the language",
                "A choice is where(condition, a, b); a function is named, never written in place.",
            )
        case "name" | "number" if before.kind == "name" and is_word_of_function(before.text):
            what, advice = f"{before.text} is a function, and its argument has no brackets", f"Write {before.text}({token.text})."
        case "name" | "number" | "string":
            what, advice = f"an operator is missing before {shown(token)}", "For a product write *."
        case "primes":
            what, advice = "a prime follows the name of a function", "Write sigma'(z); a transpose is x.T."
        case _:
            what, advice = f"{shown(token)} where an operator is expected", "Write an operator, or end the line."
    raise ParseError(what, advice=advice, place=token.place, source=lines[token.line - 1])


def _raised(tokens: list[Token], index: int) -> Token | None:
    """The function of sin^2(x) or sin²(x), where the bracket is what cannot follow."""
    power, name = tokens[index - 1], tokens[index - 2 :index - 1]
    if power.kind == "number" and name and name[0].text in ("**", "^"):
        name = tokens[index - 3 : index - 2]
    named = bool(name) and name[0].kind == "name" and is_word_of_function(name[0].text)
    return name[0] if named and power.kind in ("number", "superscript") else None


def shown(token: Token) -> str:
    match token.kind:
        case "end" | "newline":
            return "the end of the line"
        case "string":
            return "a text in quotes"
        case "primes":
            return "'" * int(token.text)
        case "transpose":
            return ".T"
    return f"'{token.text}'" if token.kind == "op" else token.text
