"""The pattern that generated code must match before it is compiled: symchain's own names, and functions that only compute."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from symchain.errors import UnsupportedError

_TOKEN = re.compile(
    r"""[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*        # a name, perhaps dotted
    |\.[A-Za-z_]\w*                            # an attribute of an expression
    |\d+(?:\.\d+)?(?:e[+-]?\d+)?|\d+\.         # a number
    |\.\.\.                                    # all other axes
    |"[A-Za-z,.>-]*"|'[A-Za-z,.>-]*'           # einsum subscripts
    |[-+*/@%(),:=<>!\[\]{}&|~\n ]""",
    re.ASCII | re.VERBOSE,
)
_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
_ATTRIBUTE = re.compile(r"(?<=[\w)\]}\"'])\s*\.\s*([A-Za-z_]\w*)", re.ASCII)
_STRING = re.compile(r"""\"[^"\n]*\"|'[^'\n]*'""")
_OWN = re.compile(r"[vskx]\d+", re.ASCII)
_METHODS = {
    *("T", "shape", "ndim", "size", "dtype", "sum", "reshape", "transpose", "astype", "copy", "ravel", "prod", "max", "min", "mean"),
    *("cumsum", "cumprod", "all", "any", "swapaxes", "diagonal"),
}
_WORDS = {
    *("def", "return", "if", "else", "not", "and", "or", "is", "in", "for", "try", "except", "None", "True", "False"),
    *("axis", "axes", "axis1", "axis2", "keepdims", "dtype", "where", "initial", "k", "n", "b", "offset", "optimize", "copy", "shape"),
    *("lower", "full_matrices", "hermitian", "compute_uv", "shift", "side", "decimals"),
    *("ArithmeticError", "ValueError", "float", "int", "len", "range", "type", "max", "min", "abs", "tuple", "slice"),
    *("kernel", "kernel_of_floats", "general", "again", "values", "v", "more", "dt"),
}
_FUNCTIONS = {
    *("where", "select", "sum", "prod", "max", "min", "any", "all", "cumsum", "cumprod", "mean", "real", "sinc", "i0", "nan_to_num"),
    *("dot", "vdot", "inner", "outer", "tensordot", "einsum", "kron", "cross", "trace", "diagonal", "diag", "identity", "eye", "tri"),
    *("full", "zeros", "ones", "empty", "arange", "zeros_like", "ones_like", "full_like", "asarray", "array", "ascontiguousarray"),
    *("concatenate", "stack", "reshape", "ravel", "transpose", "moveaxis", "swapaxes", "expand_dims", "squeeze", "flip", "roll"),
    *("tril", "triu", "take", "take_along_axis", "clip", "argmax", "argmin", "argsort", "sort", "broadcast_to", "repeat", "tile", "diff"),
    "bincount",
    "block",
    "imag",
    *("ndim", "shape", "size", "result_type", "float64", "float32", "intp", "int64", "bool_", "pi", "e", "inf", "nan", "newaxis"),
}


def check(text: str, modules: Mapping[str, ModuleType], helpers: Mapping[str, Callable[..., Any]]) -> None:
    """Raises UnsupportedError unless every token is harmless: own names, known methods, functions that only compute."""
    rest = _TOKEN.sub("", text)
    if rest or "__" in text:
        raise _refused(rest[:1] or "__")
    text = _STRING.sub("0", text)
    for word in set(_WORD.findall(text)):
        parts = word.split(".")
        if parts[0] in modules and len(parts) > 1:
            if not _computes(modules[parts[0]], parts[1:]):
                raise _refused(word)
        elif not (_OWN.fullmatch(parts[0]) or parts[0] in _WORDS or parts[0] in helpers):
            raise _refused(parts[0])
        elif not _METHODS.issuperset(parts[1:]):
            raise _refused(word)
    for name in set(_ATTRIBUTE.findall(_WORD.sub("x", text))):
        if name not in _METHODS:
            raise _refused(name)


def _computes(module: ModuleType, path: list[str]) -> bool:
    """Whether a dotted name is a function of numbers: a ufunc, anything of linear algebra or special, or on the list."""
    root = module.__name__
    if root == "numpy" and path[0] in ("linalg", "fft"):
        return len(path) == 2 and not path[1].startswith("_") and callable(getattr(getattr(module, path[0]), path[1], None))
    if path[1:] and not _METHODS.issuperset(path[1:]):
        return path[1:] in (["at"], ["outer"], ["reduce"], ["accumulate"]) and isinstance(getattr(module, path[0], None), np.ufunc)
    found = getattr(module, path[0], None)
    if isinstance(found, np.ufunc):
        return True
    if root == "numpy":
        return path[0] in _FUNCTIONS
    return found is not None and not path[0].startswith("_") and not isinstance(found, ModuleType)


def _refused(what: str) -> UnsupportedError:
    return UnsupportedError(f"code of a kernel may not hold {what!r}", advice="Compile the kernel again from its program.")
