"""Dimensions of shapes: an int, or the text of a polynomial in dimension letters ("n", "n - 1", "2*n", "n*k").

Texts are canonical: equal dimensions are equal strings, so shapes compare with ==.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

Dim = int | str
Shape = tuple[Dim, ...]

_Polynomial = dict[tuple[str, ...], int]  # monomial (sorted letters) -> coefficient
_PIECE = re.compile(r"\s*([+-]?)\s*((?:[^\s+*-]+)(?:\*[^\s+*-]+)*)")


@lru_cache(maxsize=4096)
def _polynomial(dim: Dim) -> tuple[tuple[tuple[str, ...], int], ...]:
    if isinstance(dim, int):
        return (((), dim),) if dim else ()
    total: _Polynomial = {}
    for sign, body in _PIECE.findall(dim):
        coefficient = -1 if sign == "-" else 1
        letters: list[str] = []
        for part in body.split("*"):
            if part.isdigit():
                coefficient *= int(part)
            else:
                letters.append(part)
        key = tuple(sorted(letters))
        total[key] = total.get(key, 0) + coefficient
    return tuple((k, c) for k, c in total.items() if c)


def _text(polynomial: _Polynomial) -> Dim:
    terms = sorted(((k, c) for k, c in polynomial.items() if c), key=lambda t: (-len(t[0]), t[0]))
    if not terms:
        return 0
    if len(terms) == 1 and not terms[0][0]:
        return terms[0][1]
    pieces = []
    for letters, c in sorted(terms, key=lambda t: t[1] < 0 and len(t[0]) > 0):
        body = "*".join(letters) if abs(c) == 1 and letters else "*".join([str(abs(c)), *letters])
        pieces.append(("-" if c < 0 else "+", body))
    head = pieces[0][1] if pieces[0][0] == "+" else "-" + pieces[0][1]
    return head + "".join(f" {sign} {body}" for sign, body in pieces[1:])


@lru_cache(maxsize=4096)
def add(a: Dim, b: Dim, sign: int = 1) -> Dim:
    """a + sign*b.

    >>> add("n", 1, -1), add("n", "n"), add(2, 3)
    ('n - 1', '2*n', 5)
    """
    if isinstance(a, int) and isinstance(b, int):
        return a + sign * b
    total = dict(_polynomial(a))
    for key, c in _polynomial(b):
        total[key] = total.get(key, 0) + sign * c
    return _text(total)


@lru_cache(maxsize=4096)
def multiply(a: Dim, b: Dim) -> Dim:
    """a*b.

    >>> multiply("n", "k"), multiply(2, "n"), multiply("n", 1)
    ('k*n', '2*n', 'n')
    """
    if isinstance(a, int) and isinstance(b, int):
        return a * b
    total: _Polynomial = {}
    for k, c in _polynomial(a):
        for q, d in _polynomial(b):
            key = tuple(sorted(k + q))
            total[key] = total.get(key, 0) + c * d
    return _text(total)


def letters(dims: Iterable[Dim]) -> tuple[str, ...]:
    """The dimension letters, in order of appearance."""
    found: dict[str, None] = {}
    for dim in dims:
        for key, _ in _polynomial(dim):
            found.update(dict.fromkeys(key))
    return tuple(found)


def evaluate(dim: Dim, sizes: Mapping[str, int]) -> int:
    """The number a dimension stands for, given the size of each letter.

    >>> evaluate("2*n - 1", {"n": 4})
    7
    """
    total = 0
    for key, c in _polynomial(dim):
        for letter in key:
            c *= sizes[letter]
        total += c
    return total


def show(shape: Shape) -> str:
    """A shape as NumPy writes it.

    >>> show(("n",)), show((3, "n")), show(())
    ('(n,)', '(3, n)', '()')
    """
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
