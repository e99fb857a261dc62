"""Facts: what may be declared of an input's values, one record each, and how numbers are held against it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from operator import ge, gt
from typing import Any

import numpy as np

from symchain.errors import FactError
from symchain.wording import DEFAULT, sentence
from symchain.wording.numbers import real

ROUNDINGS = 8
"""What is equal but for rounding differs by no more units in the last place of the largest number."""

Index = tuple[int, ...]
Breach = tuple[str, Index, float]
"""How numbers break a fact: the key of the sentence that says it, the entry (or the row, or columns) and a value."""


class Kind(Enum):
    """What a fact says of values, which decides how they may move."""

    RANGE = "each entry by itself stays within bounds"
    OPEN = "holds in a neighbourhood, whichever way entries move"
    WHOLE = "the entries are whole numbers"
    EQUATION = "entries are tied by equations"
    ENTRIES = "entries are tied, and move together where a derivative is taken"


@dataclass(frozen=True)
class Fact:
    """One fact. `breach` finds how an array breaks it, None where it does not; nan breaks nothing."""

    name: str
    kind: Kind
    breach: Callable[[Any], Breach | None]
    axes: int = 0
    """How many axes it needs at least; 2 for what is said of square matrices."""
    test: str = ""
    """For facts of single numbers: the comparison that holds, of the number {v}."""
    plain: Callable[[Any], bool] | None = None
    """A quick test of a number or an array that is enough: what passes has the fact, and `breach` decides about the rest."""


def _first(broken: Any, array: Any, key: str) -> Breach | None:
    """The first entry where a mask is true."""
    if not np.any(broken):
        return None
    index = tuple(int(k) for k in np.argwhere(broken)[0])
    return key, index, float(array[index])


def _rounding(array: Any) -> float:
    """What may be rounding beside the largest entry of the array."""
    return float(ROUNDINGS * np.finfo(array.dtype).eps * np.max(np.abs(array), initial=0))


def _not_positive(x: Any) -> Breach | None:
    return _first(x <= 0, x, "entry")


def _negative(x: Any) -> Breach | None:
    return _first(x < 0, x, "entry")


def _outside_unit(x: Any) -> Breach | None:
    return _first((x < 0) | (x > 1), x, "entry")


def _fraction(x: Any) -> Breach | None:
    return _first(np.isfinite(x) & (x != np.round(x)), x, "entry")


def _not_onehot(x: Any) -> Breach | None:
    found = _first((x != 0) & (x != 1) & ~np.isnan(x), x, "entry")
    return found or _totals(np.where(np.isnan(x).any(axis=-1), 1.0, x.sum(axis=-1)), 0.0)


def _not_probability(x: Any) -> Breach | None:
    return _negative(x) or _totals(x.sum(axis=-1), float(ROUNDINGS * np.finfo(x.dtype).eps * max(1, x.shape[-1]) ** 0.5))


def _totals(totals: Any, tolerance: float) -> Breach | None:
    """Sums along the last axis that are not 1."""
    return _first(np.abs(np.asarray(totals) - 1) > tolerance, np.asarray(totals), "total")


def _asymmetric(x: Any) -> Breach | None:
    return _first(np.abs(x - x.T) > _rounding(x), x, "mirror")


def _not_spd(x: Any) -> Breach | None:
    found = _asymmetric(x)
    if found is not None or not np.isfinite(x).all() or _has_root(x):
        return found
    return "eigenvalue", (), float(np.linalg.eigvalsh(x)[0])


def _has_root(x: Any) -> bool:
    """Whether a symmetric matrix has a Cholesky factor; LAPACK is asked without the checks around it, which take longer for small ones."""
    from scipy.linalg import lapack  # what needs none of its functions starts without it

    return not x.size or (lapack.spotrf if x.dtype == np.float32 else lapack.dpotrf)(x, clean=False)[1] == 0


def _each(compare: Callable[[Any, Any], Any]) -> Callable[[Any], bool]:
    """Whether a number, or every entry of an array, compares so with 0."""
    return lambda v: bool(compare(v, 0) if isinstance(v, float) else compare(v, 0).all())  # NumPy's float64 is a float


def _plainly_symmetric(x: Any) -> bool:
    return not np.count_nonzero(x != x.T)


def _plainly_onehot(x: Any) -> bool:
    """Each row holds a 1, and there are no more entries than rows."""
    rows = x.size // max(1, x.shape[-1])
    return bool(x.size and np.count_nonzero(x) == rows and np.minimum.reduce(np.maximum.reduce(x, -1), None) == 1)


def _not_diagonal(x: Any) -> Breach | None:
    off = x != 0
    np.fill_diagonal(off, val=False)
    return _first(off & ~np.isnan(x), x, "entry")


def _not_orthogonal(x: Any) -> Breach | None:
    product = x.T @ x
    distance = np.abs(product - np.eye(len(x), dtype=x.dtype))
    return _first(distance > ROUNDINGS * np.finfo(x.dtype).eps * max(1, len(x)), product, "columns")


def _singular(x: Any) -> Breach | None:
    """A matrix whose smallest singular value is rounding beside its largest. One that is far from it by its inverse's size is not asked."""
    if not x.size or not np.isfinite(x).all():
        return None
    try:
        size = float(np.linalg.norm(x, 1) * np.linalg.norm(np.linalg.inv(x), 1))
    except np.linalg.LinAlgError:
        size = np.inf
    if size * np.finfo(x.dtype).eps < 1:
        return None
    return "singular", (), float(np.linalg.svd(x, compute_uv=False)[-1])


def _not_toeplitz(x: Any) -> Breach | None:
    near = np.zeros(x.shape, bool)
    near[1:, 1:] = np.abs(x[1:, 1:] - x[:-1, :-1]) > _rounding(x)
    return _first(near, x, "shifted")


FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact("positive", Kind.RANGE, _not_positive, test="{v} > 0.0", plain=_each(gt)),
        Fact("nonnegative", Kind.RANGE, _negative, test="{v} >= 0.0", plain=_each(ge)),
        Fact("unit", Kind.RANGE, _outside_unit, test="0.0 <= {v} <= 1.0"),
        Fact("probability", Kind.EQUATION, _not_probability, 1),
        Fact("onehot", Kind.EQUATION, _not_onehot, 1, plain=_plainly_onehot),
        Fact("integer", Kind.WHOLE, _fraction, test="{v} % 1.0 == 0.0"),
        Fact("symmetric", Kind.EQUATION, _asymmetric, 2, plain=_plainly_symmetric),
        Fact("spd", Kind.EQUATION, _not_spd, 2, plain=lambda x: _plainly_symmetric(x) and _has_root(x)),
        Fact("orthogonal", Kind.EQUATION, _not_orthogonal, 2),
        Fact("diagonal", Kind.EQUATION, _not_diagonal, 2),
        Fact("invertible", Kind.OPEN, _singular, 2),
        Fact("symmetric_entries", Kind.ENTRIES, _asymmetric, 2, plain=_plainly_symmetric),
        Fact("diagonal_entries", Kind.ENTRIES, _not_diagonal, 2),
        Fact("toeplitz_entries", Kind.ENTRIES, _not_toeplitz, 2),
    )
}
"""By name, in the order in which they are written."""


def of_kind(*kinds: Kind) -> frozenset[str]:
    """The names of the facts of some kinds."""
    return frozenset(name for name, fact in FACTS.items() if fact.kind in kinds)


def told(name: str, fact: str, breach: Breach, lang: str) -> tuple[str, str]:
    """What is wrong and what to do, in a language."""
    key, index, value = breach
    at = ", ".join(map(str, index))
    named = {
        "name": name,
        "fact": fact,
        "entry": f"{name}[{at}]" if index else name,
        "value": real(value, lang, False, 6),
        "mirror": f"{name}[{', '.join(map(str, index[::-1]))}]",
        "row": f"{name}[{', '.join([*map(str, index), ':'])}]" if index else name,
        "columns": f"{name}[:, {index[0]}] @ {name}[:, {index[-1]}]" if index else name,
    }
    advice = "fact.mirror.advice" if key == "mirror" else "fact.advice"
    return sentence(lang, f"fact.{key}").format_map(named), sentence(lang, advice).format_map(named)


def check_facts(name: str, facts: Iterable[str], value: Any) -> None:
    """Raises FactError where a number or an array lacks one of the facts."""
    if not isinstance(value, float):
        value = np.asarray(value)
        value = value if value.dtype.kind == "f" else value.astype(float)
    for fact in facts:
        known = FACTS[fact]
        if known.plain is not None and known.plain(value):
            continue
        with np.errstate(all="ignore"):
            breach = known.breach(np.asarray(value))
            if breach is not None:
                what, advice = told(name, fact, breach, DEFAULT)
                raise FactError(what, advice=advice).of(name, fact, breach)


def check_all(names: Iterable[str], facts: Iterable[Sequence[str]], values: Iterable[Any]) -> None:
    """Raises FactError where a value lacks one of the facts of its name."""
    for name, own, value in zip(names, facts, values, strict=True):
        if own:
            check_facts(name, own, value)


def tests_of(names: Sequence[str], facts: Sequence[Sequence[str]]) -> list[str]:
    """The comparisons that hold where single numbers, written as `names`, have their facts."""
    return [FACTS[fact].test.format(v=name) for name, own in zip(names, facts, strict=True) for fact in own if FACTS[fact].test]
