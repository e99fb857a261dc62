"""The pattern that generated code must match before it is compiled: symchain's own names, and what the tables of a backend list.

Code is made of tables alone, so that nothing else can stand in it; this holds it to that a second time.
"""

from __future__ import annotations

import re
from collections.abc import Container

from symchain.errors import UnsupportedError

_TOKEN = re.compile(
    r"""[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*        # a name, perhaps dotted
    |\.[A-Za-z_]\w*                            # an attribute of an expression
    |\d+(?:\.\d+)?(?:e[+-]?\d+)?               # a number
    |"[A-Za-z,]*->[A-Za-z]*"                   # einsum subscripts
    |[-+*/@(),:=<>!\[\]{}\n ]""",
    re.ASCII | re.VERBOSE,
)
_STRING = re.compile(r'"[A-Za-z,]*->[A-Za-z]*"')
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
_ATTRIBUTE = re.compile(r"(?<=[\w)\]])\.([A-Za-z_]\w*)", re.ASCII)
_OWN = re.compile(r"[vskx]\d+", re.ASCII)
_METHODS = frozenset(("T", "sum", "transpose", "astype"))
_WORDS = frozenset(
    (
        *("def", "return", "if", "else", "not", "and", "is", "in", "for", "or", "try", "except", "None"),
        *("axis", "dtype", "float", "int", "len", "type", "max", "min", "abs", "slice", "ArithmeticError", "ValueError", "math.isfinite"),
        *("kernel", "kernel_of_floats", "general", "again", "values", "v", "more", "dt"),
        *("np.pi", "np.e", "np.inf", "np.nan", "math.pi", "math.inf", "math.exp", "math.tanh", "math.sqrt", "math.pow"),
        *("np.sqrt", "np.power", "np.where", "np.float64", "np.asarray", "np.intp", "np.full", "np.broadcast_to", "np.diagonal", "np.eye"),
        *("np.vdot", "np.tensordot", "np.einsum", "np.reshape", "np.concatenate", "np.flip", "np.roll", "np.tril", "np.triu", "np.cross"),
        *("np.max", "np.min", "np.prod", "np.cumsum", "np.cumprod", "np.sort", "np.linalg.inv", "np.linalg.det", "np.linalg.pinv"),
        "special.logsumexp",
    )
)
"""What is written beside the names of primitives and helpers."""


def check(text: str, names: Container[str]) -> None:
    """Raises UnsupportedError unless every token is harmless: own names, known methods, and the `names` given."""
    rest = _TOKEN.sub("", text)
    if rest or "__" in text:
        raise _refused(rest[:1] or "__")
    text = _STRING.sub("0", text)
    for word in set(_NAME.findall(text)):
        first, *attributes = word.split(".")
        if word not in _WORDS and word not in names and not (_OWN.fullmatch(first) and _METHODS.issuperset(attributes)):
            raise _refused(word)
    for name in set(_ATTRIBUTE.findall(_NAME.sub("x", text))):
        if name not in _METHODS:
            raise _refused(name)


def _refused(what: str) -> UnsupportedError:
    return UnsupportedError(f"code of a kernel may not hold {what!r}", advice="Compile the kernel again from its program.")
