"""Lines with an index, run as a reader would: members are worked out when they are asked for, whatever the direction of a range."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import special

_LINE = re.compile(r"(\w+)(?:\[([^\]]*)\])? = (.*)")
_TAIL = re.compile(r" +for (\w+) in (\S+)\.\.(\S+)$")
_EACH = re.compile(r" for (\w+) in ([\w+-]+)\.\.([\w+-]+)(?=\))")
_NAMES: dict[str, Any] = {
    n: getattr(np, n)
    for n in ("tanh", "exp", "log", "sqrt", "sin", "cos", "dot", "outer", "ones", "zeros", "eye", "diag", "where", "abs", "sinh", "cosh")
}
_NAMES |= {"softmax": special.softmax, "logsumexp": special.logsumexp, "sigmoid": special.expit, "inv": np.linalg.inv, "tr": np.trace}
_NAMES |= {"__builtins__": {}, "span": lambda a, b: range(a, b + 1), "prod": lambda v: np.prod(list(v), axis=0), "None": None}


class _Members(dict[int, Any]):
    """A family: what no input gives, its lines say."""

    def __init__(self, run: Lines, name: str) -> None:
        super().__init__()
        self.run, self.name = run, name

    def __missing__(self, k: int) -> Any:
        self[k] = self.run.value(self.name, k)
        return self[k]


class Lines:
    """A program and the lines of a derivative, at values of the inputs and lengths."""

    def __init__(self, lines: Sequence[str], given: Mapping[str, Any], numbers: Mapping[str, int]) -> None:
        self.numbers = dict(numbers)
        self.given = given
        self.where: dict[tuple[str, int | None], tuple[str, dict[str, int]]] = {}
        self.names: dict[str, Any] = {**_NAMES, **numbers, "sum": _total}
        for n, v in given.items():
            self.names[n] = dict(v) if isinstance(v, dict) else v
        for line in lines:
            m = _LINE.fullmatch(line.strip())
            assert m is not None, line
            name, index, formula = m.groups()
            tail = _TAIL.search(formula)
            if tail is not None and formula[: tail.start()].count("(") != formula[: tail.start()].count(")"):
                tail = None
            var, first, last = tail.groups() if tail is not None else (None, "", "")
            formula = formula[: tail.start()] if tail is not None else formula
            code = _EACH.sub(r" for \1 in span(\2, \3)", formula)
            if index is None:
                self._place(name, None, code, {})
                continue
            self.names.setdefault(name, _Members(self, name))
            if var is None:
                self._place(name, self._number(index), code, {})
                continue
            a, b = self._number(first), self._number(last)
            down = re.match(r"[A-Za-z]", first) and not re.match(r"[A-Za-z]", last)
            for k in range(a, b - 1, -1) if down else range(a, b + 1):
                self._place(name, self._number(index, **{var: k}), code, {var: k})

    def _place(self, name: str, k: int | None, code: str, scope: dict[str, int]) -> None:
        assert (name, k) not in self.where, f"{name}[{k}] is defined twice"
        self.where[name, k] = code, scope

    def _number(self, text: str, **scope: int) -> int:
        return int(eval(text, {"__builtins__": {}}, {**self.numbers, **scope}))

    def value(self, name: str, k: int | None) -> Any:
        code, scope = self.where[name, k]
        read = set(re.findall(r"[^\W\d]\w*", code))
        for plain in read:
            if (plain, None) in self.where and plain not in self.names:
                self.names[plain] = self.value(plain, None)
        return eval(code, {**self.names, **scope})


def _total(values: Any, axis: int | None = None) -> Any:
    """NumPy's sum of an array, and the sum of members over an index."""
    if isinstance(values, np.ndarray) or np.isscalar(values):
        return np.sum(values, axis=axis)
    total: Any = 0.0
    for v in values:
        total = total + v
    return total
