"""What the languages of loops have in common: a language as data, the arguments as flat arrays, the results where they are wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from symchain.kernels.export.axes import AxisLoops
from symchain.kernels.export.expressions import Expressions, Words
from symchain.kernels.export.loops import Statements
from symchain.kernels.export.sheets import Sheet

Loops = AxisLoops
_INVERSES = ("sin", "cos", "tan", "sinh", "cosh", "tanh")


def words(text: str) -> list[str]:
    return text.split()


def renamed(prefix: str = "") -> dict[str, str]:
    """The inverse functions under the names that most languages have for them."""
    return {**{f"arc{name}": f"{prefix}a{name}" for name in _INVERSES}, "arctan2": f"{prefix}atan2"}


@dataclass(frozen=True)
class Language:
    """One target: how its expressions and statements are written, and how a file is laid out."""

    words: Words
    statements: Statements
    layout: Callable[[Sheet, Loops], str]
    reserved: frozenset[str] = field(default_factory=frozenset)
    folds_case: bool = False


def functions(expressions: Expressions, body: str = "") -> str:
    text = "\n".join(expressions.functions.values())
    prelude = [code for name, code in expressions.words.prelude.items() if name in text + body]
    return "\n".join([*prelude, *([text] if text else [])]) + "\n"


def checks(sheet: Sheet, loops: Loops) -> None:
    """What the sizes must be."""
    for need in sheet.plan.needs:
        what = "".join(
            c if c.isascii() and c.isprintable() and c not in "\"'\\%{}" else "?" for c in f"{need.dim} is less than {need.least}"
        )
        loops.line(loops.statements.refuse.format(c=f"{loops.size(need.dim)} < {need.least}", text=what))


def unpacked(sheet: Sheet, loops: Loops, at: str) -> None:
    """The arguments as numbers and flat arrays; `at` is an element of an argument of a language with axes."""
    for k, (name, given) in enumerate(zip(sheet.arguments, sheet.plan.inputs, strict=True)):
        loops.room(f"v{k}", given.shape)
        with loops.over(given.shape) as indices:
            places = ", ".join(f"{i} + 1" for i in indices)
            loops.set(loops.of(k, indices), at.format(x=name, k=places) if given.shape else name)


def packed(sheet: Sheet, loops: Loops, at: str) -> None:
    """The results where the caller has them."""
    for k, (name, output) in enumerate(zip(sheet.results, sheet.plan.outputs, strict=True)):
        shape = sheet.result_shape(k)
        with loops.over(shape) as indices:
            places = ", ".join(f"{i} + 1" for i in indices)
            loops.set(at.format(x=name, k=places) if shape else name, loops.of(output.value, indices))
