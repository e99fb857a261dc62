"""The primitives in JavaScript: those of `Math`, those that `mathematics.js` has, and those made of others.

Names in code are f_ and the name of the primitive. The forms without loss of digits are those of C.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from symchain.kernels.definitions import DEFINITIONS
from symchain.kernels.native.primitives import FORMS as OF_C
from symchain.kernels.primitives import COMPARISONS, SIGNS, Form, parts

_SAME = "exp expm1 log log1p log2 log10 sqrt cbrt sin cos tan sinh cosh tanh abs floor ceil trunc hypot"
LIBRARY: Mapping[str, str] = {
    **{name: name for name in _SAME.split()},
    **{"power": "pow", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2", "arcsinh": "asinh"},
    **{"arccosh": "acosh", "arctanh": "atanh"},
}
"""Primitives that `Math` has."""


def _own() -> Iterator[tuple[str, str]]:
    text = (Path(__file__).parent / "mathematics.js").read_text(encoding="utf-8")
    for block in re.findall(r"^function f_.*?^}$", text, re.MULTILINE | re.DOTALL):
        yield block[len("function f_") : block.index("(")], block


OWN: Mapping[str, str] = dict(_own())
"""Primitives that `mathematics.js` has, each with its text."""
_HERE = frozenset((*LIBRARY, *OWN, *COMPARISONS, *SIGNS, "neg", "where"))


def _known() -> dict[str, Form]:
    """Every form whose parts are known, those of C before what primitives mean, so many that none can be added."""
    found: dict[str, Form] = {}
    while True:
        before = len(found)
        for table in (OF_C, DEFINITIONS):
            for name, form in table.items():
                if name not in _HERE and all(part[0] in _HERE or part[0] in found for part in parts(form)):
                    found.setdefault(name, form)
        if len(found) == before:
            return found


FORMS: Mapping[str, Form] = _known()
"""Primitives made of others."""
NAMES: Mapping[str, str] = {name: f"f_{name}" for name in (*LIBRARY, *OWN, *FORMS)}
"""What each is called in JavaScript. Others have no JavaScript yet."""
CONSTANTS: Mapping[str, str] = {"pi": "Math.PI", "e": "Math.E", "inf": "Infinity", "nan": "NaN"}


@cache
def calls(text: str) -> tuple[str, ...]:
    """The names after f_ in code, each once."""
    return tuple(dict.fromkeys(re.findall(r"\bf_(\w+)", text)))


def helpers(text: str, written: Mapping[str, str]) -> list[str]:
    """The definitions that code needs, those they need before them; `written` are the functions made of forms."""
    found: dict[str, str] = {}

    def add(names: Iterable[str]) -> None:
        for name in names:
            if name in found:
                continue
            if name in CONSTANTS:
                found[name] = f"const f_{name} = {CONSTANTS[name]};"
            elif name in LIBRARY:
                found[name] = f"const f_{name} = Math.{LIBRARY[name]};"
            else:
                own = OWN.get(name) or written[name]
                found[name] = own
                add(calls(own))

    add(calls(text))
    constants = [text for text in found.values() if text.startswith("const")]
    return [*constants, *(text for text in found.values() if not text.startswith("const"))]
