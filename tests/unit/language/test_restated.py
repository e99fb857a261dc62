"""Calls that mean a formula of their arguments."""

from __future__ import annotations

import math

import pytest

import symchain


@pytest.mark.parametrize(("base", "value"), [("10", 2.0), ("2", math.log2(100)), ("b", math.log(100) / math.log(3))])
def test_a_logarithm_to_a_base(base: str, value: float) -> None:
    program = symchain.parse(f"C = log(x, {base})")
    point = {"x": 100.0, **({"b": 3.0} if base == "b" else {})}
    found, slopes = program.compile()(**point)
    assert math.isclose(found, value, rel_tol=1e-14) and math.isclose(slopes["x"], value / math.log(100) / 100, rel_tol=1e-14)
    assert str(program) == f"C = log(x, {base})" and rf"\log_{{{base}}}(x)" in program.latex()
    assert all(d.verification.held for d in program.derive("C", "all").values())


def test_other_numbers_of_arguments_are_refused() -> None:
    for text in ("C = log(x, 2, 3)", "C = add(x)", "C = negative(x, y)"):
        with pytest.raises(symchain.ParseError, match="argument"):
            symchain.parse(text)
