"""Primitives that are defined by others: the core is enough, and what each backend has of its own means what the definition says."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest
from scipy import special

from symchain.functions import FUNCTIONS
from symchain.kernels import balls, digits
from symchain.kernels.definitions import CORE, DEFINITIONS, value_of
from symchain.kernels.primitives import PRIMITIVES, check_form, parts
from symchain.kernels.stable import STABLE
from symchain.kernels.writing import NAMES
from symchain.rewriting import numerics

AT: dict[str, tuple[Any, ...]] = {
    "arccosh": (1.7,), "polygamma": (2.0, 0.7), "near_zero": (0.3, 0.7, 0.5, 1, 1, (1.0, 2.0)), "log_plus": (0.7, 0.25, 0.778800783, 0.0),
    "boxcox1p": (0.7, 0.3), "pseudo_huber": (0.7, 0.3), "stdtr": (3.0, 0.4), "rgamma": (2.5,), "k0e": (1.5,), "k1e": (1.5,),
}  # fmt: skip
POINTS = ((0.7, 0.3, 0.45), (0.2, 0.6, 0.9))


def test_the_core_is_enough() -> None:
    """Every form of the language, and each of the forms that keep digits, is made of the core, all of which they need."""
    forms = [s.form for s in (*FUNCTIONS.values(), *numerics.FUNCTIONS.values())]
    asked = {part[0] for form in forms for part in parts(form)}
    while made := asked & DEFINITIONS.keys():
        asked = asked - made | {part[0] for name in made for part in parts(DEFINITIONS[name])}
    assert asked == CORE - {"<=", ">=", "!="}


def test_definitions_are_of_the_grammar() -> None:
    """Each takes as many arguments as its primitive, and none is defined by itself."""
    assert not CORE & DEFINITIONS.keys() and PRIMITIVES.keys() > CORE | DEFINITIONS.keys()
    for name, form in DEFINITIONS.items():
        if name not in ("near_zero", "log_plus"):
            check_form(form, len(PRIMITIVES[name]))
    seen, left = set(CORE), dict(DEFINITIONS)
    while ready := [n for n, form in left.items() if all(p[0] in seen for p in parts(form))]:
        seen.update(ready)
        for name in ready:
            del left[name]
    assert not left


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_backend_means_the_definition(name: str) -> None:
    """What NumPy, floats, many digits and balls have of their own, against the definition worked out with 60 digits."""
    numpy_one = eval(NAMES["numpy"][name], {"np": np, "special": special, **STABLE})
    with mp.workdps(60):
        table = digits.functions()
        for point in (AT[name],) if name in AT else POINTS:
            at = point[: len(PRIMITIVES[name])]
            lifted = tuple(mp.mpf(a) if isinstance(a, float) else a for a in at)
            want = value_of(DEFINITIONS[name], lifted, table)
            assert float(numpy_one(*at)) == pytest.approx(float(want), rel=1e-12)
            assert abs(table[name](*lifted) - want) <= abs(want) * mp.mpf(10) ** -50
            try:
                ball = balls.functions()[name](*(balls.Ball(a) if isinstance(a, float) else a for a in at))
            except LookupError:  # made of what Arb does not have
                assert name in ("betaincc", "erfi", "stdtr")
                continue
            assert float(balls.of(ball)) == pytest.approx(float(want), rel=1e-12)
