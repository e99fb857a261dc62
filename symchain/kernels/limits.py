"""Limits of results at points where code has no value of its own, or only that of a choice: (1 - cos(x))/x at 0 is 0.

The code is run with very many digits at points around, from several sides and at two distances. The limit is what all of them approach;
where they do not, there is none. A side on which a function has no real value (a root of a negative number) has no say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from symchain.kernels.digits import rounded
from symchain.support.precision import precision

_DISTANCES = (-120, -200)
"""Powers of two, of the arguments or of 1 where they are 0."""
PRECISION = 2400
"""In bits: quotients of what vanishes with the tenth power of the smaller distance keep 400."""
_AGREED = 2.0**-50
_NEAR = 2.0**-40
"""A value of float64 has so many bits."""
_NOTHING = 2.0**-1074
"""No float lies between this and 0."""
GLANCE = 300
"""In bits: with so many it is seen whether a side has real values."""
_SIDES = 4
_GOLDEN = 0.6180339887498949


Code = Callable[..., Sequence[Any]]
"""A function over mpmath's numbers with one result."""


def limit(
    f: Code,
    values: Sequence[float],
    moved: Sequence[int] | None = None,
    beside: tuple[Code, float] | None = None,
    slope: bool = False,
) -> float | None:
    """The limit of the one result of f, where the arguments `moved` (all of them) approach their values; None where it has none.

    A `slope` at a corner is 0, as that of a norm.

    `beside`, a function and a number, leaves out the sides on which the function does not approach the number. Powers have real values
    on one side alone where their exponents move too: whole numbers stay where nothing else gives a limit.
    """
    moved = range(len(values)) if moved is None else moved
    broken = [k for k in moved if not values[k] or values[k] != int(values[k])]
    with precision(bits=PRECISION):
        found = _around(f, values, moved, beside)
        if not found and broken and len(broken) < len(moved):
            found = _around(f, values, broken, beside)
        end = approached(found) if found else None
        return 0.0 if end is None and slope and is_corner(found) else end


def is_corner(pairs: Sequence[tuple[Any, Any]]) -> bool:
    """Whether slopes on each two opposite sides are opposite, and finite: the function is a distance, and its slope that of norms."""
    if len(pairs) % 2 or not pairs:
        return False
    for (far, ahead), (other, behind) in zip(pairs[::2], pairs[1::2], strict=True):
        steady = all(abs(a - b) <= _AGREED * abs(b) for a, b in ((far, ahead), (other, behind)))
        if not (steady and ahead and abs(ahead + behind) <= _AGREED * abs(ahead)):
            return False
    return True


def _around(f: Code, values: Sequence[float], moved: Sequence[int], beside: tuple[Code, float] | None) -> list[tuple[Any, Any]]:
    """The result at both distances on every side that has them; nothing where one has a pole."""
    import mpmath

    found = []
    for far, near in pairs_around(values, moved):
        try:
            if beside is not None and not is_near(next(iter(beside[0](*near))), beside[1]):
                continue
            with precision(bits=GLANCE), suppress(ZeroDivisionError):  # with so few digits anything may be zero
                f(*far)
            found.append((mpmath.mpf(*f(*far)), mpmath.mpf(*f(*near))))
        except ArithmeticError:
            return []
        except (ValueError, TypeError):  # no real value
            continue
    return found


def pairs_around(values: Sequence[float], moved: Sequence[int]) -> Iterator[tuple[list[Any], list[Any]]]:
    """On each side of the point another one, and one much nearer; only the arguments `moved` differ from the point's."""
    import mpmath

    def at(side: int, sign: int, distance: int) -> list[Any]:
        point = list(map(mpmath.mpf, values))
        for j, k in enumerate(moved):
            point[k] += sign * _direction(side, j) * (abs(point[k]) or 1) * mpmath.mpf(2) ** distance
        return point

    for side in range(_SIDES if len(moved) > 1 else 1):
        for sign in (1, -1):
            yield at(side, sign, _DISTANCES[0]), at(side, sign, _DISTANCES[1])


def is_near(found: Any, value: float) -> bool:
    """Whether a result with many digits is what float64 made of it, or of what lies very near."""
    return bool(abs(found - value) <= _NEAR * abs(value) + _NEAR**2)


def _direction(side: int, place: int) -> float:
    """Between 1/2 and 3/2 in size, of either sign, and no two sides alike; alone it is 1."""
    if side == place == 0:
        return 1.0
    size = 0.5 + (_GOLDEN * (side + 1) * (place + 1)) % 1.0
    return -size if (side >> (place % 2)) & 1 else size


def approached(pairs: Sequence[tuple[Any, Any]]) -> float | None:
    """What the results, far and near on every side, approach; None where that is nothing."""
    import mpmath

    if not all(mpmath.isfinite(x) for pair in pairs for x in pair):
        return None
    if all(abs(near) < _NOTHING or (abs(far) < 2.0**-20 and abs(near) <= abs(far) * 2.0**-20) for far, near in pairs):
        return 0.0
    ends = [near for _, near in pairs]
    if all(abs(far - near) <= _AGREED * abs(near) for far, near in pairs) and max(ends) - min(ends) <= _AGREED * abs(ends[0]):
        return rounded(ends[0])
    return None
