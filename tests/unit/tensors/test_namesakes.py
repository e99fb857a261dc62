"""SymPy's functions, read under their own names: values and derivatives against SymPy itself."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy as sp

import symchain

x, y = sp.symbols("x y", real=True)
p = sp.Symbol("p", positive=True)
AT = {x: 0.37, y: 0.81, p: 0.62}

EXPRESSIONS = [
    x * sp.Heaviside(x), x * sp.Heaviside(x, 0), sp.sinc(x), sp.besseli(0, x), sp.besseli(2, x), sp.besselj(0, x), sp.besselj(2, x),
    sp.bessely(1, p), sp.besselk(0, p), sp.besselk(sp.Rational(5, 2), p), sp.beta(p, y**2), sp.expint(2, p), sp.expint(1, p), sp.Ei(p),
    sp.erfi(x), sp.LambertW(p), sp.acsc(p + 1), sp.asec(p + 1), sp.acot(x), sp.asech(1 / (1 + p)), sp.acsch(p), sp.acoth(1 + p),
    sp.Min(x, y, 3), sp.Max(x, y, 2), sp.Abs(x), x * sp.sign(x), sp.Mod(p, y), sp.Mod(y, p), sp.factorial(p), sp.binomial(p + 3, y),
    sp.betainc(2, 3, 0, p / (1 + p)), sp.erf2(x, y), sp.li(p + 2), sp.rf(p, y + 1), sp.polylog(2, x / (1 + x**2)),
    sp.hyper((1,), (2,), x), sp.lowergamma(sp.Rational(5, 2), p), sp.uppergamma(sp.Rational(5, 2), p),
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_a_function_of_sympy_is_read_for_what_it_is(expression: sp.Expr) -> None:
    names = sorted(expression.free_symbols, key=str)
    reference = sp.lambdify(names, expression, "mpmath")
    program = symchain.program({"C": expression})
    point = {s.name: AT[s] for s in names}
    value, gradient = program.compile("C", wrt=[s.name for s in names])(**point)
    with mpmath.workdps(30):
        at = tuple(mpmath.mpf(AT[s]) for s in names)
        np.testing.assert_allclose(float(value), float(mpmath.re(reference(*at))), rtol=1e-12)
        for k, s in enumerate(names):
            order = tuple(int(j == k) for j in range(len(names)))
            want = mpmath.diff(lambda *a: mpmath.re(reference(*a)), at, order)
            np.testing.assert_allclose(float(gradient[s.name]), float(want), rtol=1e-10, atol=1e-12)
    assert all(d.verification.held for d in program.derive("C", "all").values())


def test_the_step_of_sympy_has_its_own_value_at_zero() -> None:
    for at_zero in (0, sp.Rational(1, 2), 1):
        value, _ = symchain.program({"C": sp.Heaviside(x, at_zero)}).compile("C", wrt=["x"])(x=0.0)
        assert value == float(at_zero)


def test_an_integral_is_refused_for_what_it_is() -> None:
    with pytest.raises(symchain.UnsupportedError):
        symchain.gradient(sp.Integral(sp.exp(-x * y), (y, 0, 1)), [x])


@pytest.mark.parametrize(
    "expression", [sp.LambertW(x, -1), sp.polylog(3, x), sp.jn(1, p), sp.Shi(x), sp.Chi(x), sp.DiracDelta(x)], ids=str
)
def test_what_has_no_counterpart_is_refused_by_name(expression: sp.Expr) -> None:
    with pytest.raises(symchain.UnsupportedError, match=type(expression).__name__):
        symchain.gradient(expression, sorted(expression.free_symbols, key=str))
