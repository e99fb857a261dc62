"""Dimensions of shapes: an int, or the text of a polynomial in dimension letters ("n", "n - 1", "2*n", "n*k", "minimum(n, 5)").

Texts are canonical: equal dimensions are equal strings, so shapes compare with ==. `minimum(n, 5)` is how many of the first 5 entries
of an axis of size n there are: slices stop where the axis does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from symchain.errors import ShapeError

Dim = int | str
Shape = tuple[Dim, ...]

_Polynomial = dict[tuple[str, ...], int]  # monomial (sorted letters, or minima of them) -> coefficient
_FACTOR = re.compile(r"\s*([+-]?)\s*(\*?)\s*([^\s+*()-]+)")
_NOTHING_KNOWN: Mapping[Dim, int] = {}
_WORD = re.compile(r"[^\s+*(),-]+(?=(\()?)")
_MINIMA = 8
"""Of more minima than these together nothing is found out."""


def _cases(text: str) -> tuple[Dim, int]:
    """The two dimensions of `minimum(n, 5)`; the second is a number."""
    inner, _, bound = text[text.index("(") + 1 : -1].rpartition(", ")
    return inner, int(bound)


def _is_minimum(letter: str) -> bool:
    return letter.endswith(")")


def _tokens(dim: str) -> Iterator[tuple[str, str, str]]:
    """Sign, product sign and text of each factor; a minimum is one factor."""
    position = 0
    while match := _FACTOR.match(dim, position):
        sign, times, text = match.groups()
        position = match.end()
        if dim[position : position + 1] == "(":
            start, depth = match.start(3), 0
            while True:
                depth += {"(": 1, ")": -1}.get(dim[position], 0)
                position += 1
                if not depth:
                    break
            text = dim[start:position]
        yield sign, times, text


@lru_cache(maxsize=4096)
def _polynomial(dim: Dim) -> tuple[tuple[tuple[str, ...], int], ...]:
    if isinstance(dim, int):
        return (((), dim),) if dim else ()
    monomials: list[tuple[int, list[str]]] = []
    for sign, times, text in _tokens(dim):
        coefficient, found = monomials.pop() if times else (-1 if sign == "-" else 1, [])
        monomials.append((coefficient * int(text), found) if text.isdigit() else (coefficient, [*found, text]))
    total: _Polynomial = {}
    for coefficient, found in monomials:
        key = tuple(sorted(found))
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


def minimum(dim: Dim, bound: int, known: Mapping[Dim, int] = _NOTHING_KNOWN) -> Dim:
    """The smaller of an axis and a number; `known` says how large some dimensions are at least.

    >>> minimum("n", 5), minimum(3, 5), minimum("n", 5, {"n": 6}), minimum("n + 5", 5)
    ('minimum(n, 5)', 3, 5, 5)
    """
    if isinstance(dim, int):
        return min(dim, bound)
    if known.get(dim, bound - 1) >= bound or at_least(dim, bound, known):
        return bound
    return f"minimum({dim}, {bound})"


def minima(dims: Iterable[Dim]) -> dict[Dim, int]:
    """For each dimension of which dims hold a minimum with a number the largest such number.

    >>> minima(["minimum(n, 5) - minimum(n, 1)", "k"])
    {'n': 5}
    """
    found: dict[Dim, int] = {}
    for dim in dims:
        for letter in (x for key, _ in _polynomial(dim) for x in key if _is_minimum(x)):
            axis, bound = _cases(letter)
            found[axis] = max(bound, found.get(axis, 0))
    return found


def learn(known: Mapping[Dim, int], dim: Dim, bound: int) -> dict[Dim, int]:
    """What is known, and that the dimension is at least so large: said of its letter where it has only one.

    >>> learn({}, "n - 1", 3), learn({"n": 5}, "2*n", 7), learn({}, "k*n", 2), learn({}, "minimum(n, 5) - 1", 0)
    ({'n': 4}, {'n': 5}, {'k*n': 2}, {'n': 1})
    """
    while isinstance(dim, str):
        polynomial = dict(_polynomial(dim))
        constant, ((key, slope), *others) = polynomial.pop((), 0), polynomial.items()
        if others or slope < 0 or len(key) > 1 or (constant == 0 and slope == 1 and not _is_minimum(key[0])):
            break
        axis, most = _cases(key[0]) if _is_minimum(key[0]) else (key[0], None)
        least = -((constant - bound) // slope)
        if most is not None and least > most:
            break
        dim, bound = axis, least
    return {**known, dim: max(bound, known.get(dim, bound))}


def larger(known: Mapping[Dim, int], more: Mapping[Dim, int]) -> dict[Dim, int]:
    """What is known of two kinds of knowledge together."""
    found = dict(known)
    for dim, bound in more.items():
        found = learn(found, dim, bound)
    return found


def at_least(dim: Dim, bound: int, known: Mapping[Dim, int] = _NOTHING_KNOWN) -> bool:
    """Whether a dimension is certainly so large, whatever its letters are: 0, 1, 2, ..., and more where that is known.

    >>> at_least("n + 2", 2), at_least("n - 1", 0), at_least("n - 1", 0, {"n": 1}), at_least("n - minimum(n, 3)", 0)
    (True, False, True, True)
    """
    least = _lower(dim, known)
    return least is not None and least >= bound


def _lower(dim: Dim, known: Mapping[Dim, int]) -> int | None:
    """A number that the dimension is not below; None where none is found."""
    found = dict.fromkeys(x for key, _ in _polynomial(dim) for x in key if _is_minimum(x))
    if len(found) > _MINIMA:
        return None
    for least in found:  # added, it is one of two cases, and both must do; subtracted, it is below either, and one will do
        added = {c > 0 for key, c in _polynomial(dim) if least in key}
        cases = [_lower(replaced(dim, least, case), known) for case in _cases(least)]
        certain = [c for c in cases if c is not None]
        if added == {True}:
            return min(certain) if len(certain) == 2 else None
        return max(certain) if added == {False} and certain else None
    for letter, bound in known.items():
        if isinstance(letter, str) and letter.isidentifier():
            dim = replaced(dim, letter, add(letter, bound))
    polynomial = dict(_polynomial(dim))
    constant = polynomial.pop((), 0)
    return constant if all(c > 0 for c in polynomial.values()) else None


def replaced(dim: Dim, letter: str, value: Dim) -> Dim:
    """The dimension with another one in place of a letter, or of a minimum.

    >>> replaced("n - 1", "n", "2*k")
    '2*k - 1'
    """
    total: Dim = 0
    for key, c in _polynomial(dim):
        term: Dim = c
        for x in key:
            term = multiply(term, value if x == letter else x)
        total = add(total, term)
    return total


def letters(dims: Iterable[Dim]) -> tuple[str, ...]:
    """The dimension letters, in order of appearance."""
    found: dict[str, None] = {}
    for dim in dims:
        for key, _ in _polynomial(dim):
            for letter in key:
                found.update(dict.fromkeys(letters([_cases(letter)[0]]) if _is_minimum(letter) else (letter,)))
    return tuple(found)


def evaluate(dim: Dim, sizes: Mapping[str, int]) -> int:
    """The number a dimension stands for, given the size of each letter.

    >>> evaluate("2*n - 1", {"n": 4}), evaluate("minimum(n, 5) - 1", {"n": 3})
    (7, 2)
    """
    total = 0
    for key, c in _polynomial(dim):
        for letter in key:
            c *= min(evaluate(case, sizes) for case in _cases(letter)) if _is_minimum(letter) else sizes[letter]
        total += c
    return total


def terms(dim: Dim) -> list[tuple[int, tuple[str | tuple[Dim, int], ...]]]:
    """The terms of a dimension in the order of its text: a coefficient, and letters or minima (an axis and a number) multiplied with it.

    >>> terms("n - 1"), terms("2*minimum(n, 5)")
    ([(1, ('n',)), (-1, ())], [(2, (('n', 5),))])
    """
    return [(c, tuple(_cases(x) if _is_minimum(x) else x for x in key)) for key, c in _polynomial(dim)]


def text_of(dim: Dim, name: Callable[[str], str]) -> str:
    """A dimension as Python source, each letter by the name it has there.

    >>> text_of("minimum(n, 5) - 1", {"n": "s0"}.__getitem__)
    'min(s0, 5) - 1'
    """
    if isinstance(dim, int):
        return str(dim)
    return _WORD.sub(lambda m: m[0] if m[0].isdigit() else "min" if m[0] == "minimum" and m[1] else name(m[0]), dim)


def show(shape: Shape) -> str:
    """A shape as NumPy writes it.

    >>> show(("n",)), show((3, "n")), show(())
    ('(n,)', '(3, n)', '()')
    """
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


@dataclass(frozen=True, slots=True)
class Need:
    """A dimension that is at least so large wherever `what` has a value; `block` is the line that asks for it."""

    dim: Dim
    least: int
    what: str
    block: str = ""

    def check(self, sizes: Mapping[str, int]) -> None:
        """Raises ShapeError where the sizes of the letters do not do."""
        size = evaluate(self.dim, sizes)
        if size < self.least:
            where = f"in {self.block}, " if self.block else ""
            given = ", ".join(f"{n} is {sizes[n]}" for n in letters([self.dim]))
            raise ShapeError(
                f"{where}{self.what} needs {self.dim} >= {self.least}, and {given}", advice="Give arrays that are large enough."
            )
