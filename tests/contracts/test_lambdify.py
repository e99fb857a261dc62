"""symchain.lambdify against sympy.lambdify and many digits: values, forms, calls, derivatives, and what is refused."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest
import sympy as sp

import symchain
from symchain.errors import ArgumentError, SymchainError
from symchain.lowering import lambdified

x, y, z = sp.symbols("x y z")
a = sp.Symbol("a", positive=True)
k = sp.Symbol("k", integer=True)
POINT = {x: 0.75, y: 1.3, z: -0.4, a: 2.1}

SMOOTH = [
    x**3 - 2 * x + 1, (x + y) ** 5, x**y, y**z, 1 / (1 + x**2), x / (y - z), sp.sqrt(x + y), sp.root(y, 3), (x * y) ** sp.Rational(3, 2),
    sp.exp(x * z), sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi), sp.log(y), sp.log(1 + sp.exp(x)), sp.log(x, 2), sp.E**z, 2**x, sp.pi * x,
    sp.sin(x) * sp.cos(y), sp.tan(x), sp.sec(x), sp.csc(y), sp.cot(x), sp.asin(z), sp.acos(z), sp.atan(x), sp.atan2(y, x),
    sp.sinh(x), sp.cosh(y), sp.tanh(z), sp.asinh(x), sp.acosh(y), sp.atanh(z), sp.sinc(x), sp.sin(sp.cos(sp.sin(x * y))),
    sp.erf(x), sp.erfc(y), sp.gamma(y), sp.loggamma(y), sp.digamma(y), sp.beta(x, y), sp.besselj(0, x), sp.LambertW(y),
    sp.Float("0.1") * x, sp.Rational(1, 3) * y, x * 10**12 + y, (sp.exp(x) - 1) / x, sp.log(1 + z), sp.sqrt(x**2 + y**2 + z**2),
    a**z * sp.log(a), sp.sqrt(a**2) + a, sp.Sum(sp.sin(k * x) / k, (k, 1, 6)), sp.Product(1 + x / k, (k, 1, 4)),
    sp.UnevaluatedExpr(x) * y, sp.Mul(x, sp.Add(y, y, evaluate=False), evaluate=False), sp.legendre(3, x), sp.chebyshevt(4, z),
    sp.Piecewise((x**2, x < 1), (2 * x - 1, True)), sp.Piecewise((x, sp.And(x > 0, y < 1)), (y * x, sp.Or(z < -1, x > 0)), (z, True)),
]  # fmt: skip
KINKED = [sp.Abs(z), sp.Max(x, y, z), sp.Min(x, y * z), sp.sign(z), sp.Abs(x - y) * sp.Max(z, 0)]


def _ordered(expr: Any) -> list[Any]:
    return sorted(expr.free_symbols, key=lambda s: s.name)


def _digits(expr: Any) -> float:
    return float(expr.doit().evalf(40, subs={s: sp.Rational(v) for s, v in POINT.items()}))


@pytest.mark.parametrize("expr", SMOOTH + KINKED, ids=str)
def test_values_are_those_of_sympy_and_of_many_digits(expr: Any) -> None:
    symbols = _ordered(expr)
    own, theirs = symchain.lambdify(symbols, expr), sp.lambdify(symbols, expr.doit() if expr.has(sp.Product) else expr, "scipy")
    at = [POINT[s] for s in symbols]
    assert own(*at) == pytest.approx(_digits(expr), rel=2e-15)
    assert own(*at) == pytest.approx(float(np.real(theirs(*at))), rel=1e-13)
    samples = [v + np.linspace(0, 0.05, 5) for v in at]
    found = own(*samples)
    assert found.shape == (5,)
    assert found == pytest.approx([own(*(s[n] for s in samples)) for n in range(5)], rel=1e-14)


@pytest.mark.parametrize("expr", SMOOTH[::3], ids=str)
def test_gradients_are_the_derivatives_of_many_digits(expr: Any) -> None:
    symbols = _ordered(expr)
    value, slopes = symchain.lambdify(symbols, expr, gradient=True)(*(POINT[s] for s in symbols))
    assert value == pytest.approx(_digits(expr), rel=2e-15)
    for symbol, slope in zip(symbols, slopes, strict=True):
        assert slope == pytest.approx(_digits(expr.doit().diff(symbol)), rel=1e-13)


def test_results_have_the_form_of_the_expressions() -> None:
    found = symchain.lambdify([x, [y, (z,)]], {"a": x * y, "b": (z, [x + y, sp.Matrix([[x, z], [1, y]])])})(2, [3, (5,)])
    assert found["a"] == 6
    assert isinstance(found["b"], tuple) and found["b"][0] == 5 and found["b"][1][0] == 5
    assert np.array_equal(found["b"][1][1], [[2, 5], [1, 3]])
    assert symchain.lambdify((), sp.pi)() == pytest.approx(np.pi)
    assert symchain.lambdify(x, [1, x])(np.arange(3.0))[0] == 1  # what does not read an array is not repeated
    assert symchain.lambdify((x, y), x - y)(y=1, x=3) == symchain.lambdify((x, y), x - y)(3, y=1) == 2


@pytest.mark.parametrize(
    "exprs",
    [sp.Matrix([x, y, x * y]), sp.Matrix([[x, y]]), sp.ImmutableMatrix([[x * y]]), sp.Matrix(2, 2, [x, 0, 1, y]),
     sp.Array([[x, y], [1, x]]), [x, [y, (x * y, 1)]], (x,), [], sp.eye(2),
     sp.SparseMatrix(2, 3, {(0, 2): x, (1, 1): x * y}), sp.SparseMatrix(2, 2, {})],
    ids=str,
)  # fmt: skip
def test_forms_are_those_of_sympy(exprs: Any) -> None:
    own, theirs = (f([x, y], exprs)(2.0, 5.0) for f in (symchain.lambdify, sp.lambdify))
    if isinstance(exprs, sp.SparseMatrix):
        own, theirs = own.toarray(), theirs.toarray()
    _same(own, theirs)


def _same(own: Any, theirs: Any) -> None:
    assert np.shape(own) == np.shape(theirs) if isinstance(theirs, np.ndarray) else True
    if isinstance(theirs, (list, tuple)):
        assert type(own) is type(theirs) and len(own) == len(theirs)
        for one, other in zip(own, theirs, strict=True):
            _same(one, other)
    else:
        assert np.array_equal(own, theirs)


def test_matrices_of_samples_have_the_samples_last() -> None:
    exprs = sp.Matrix([[x, x * y], [x + y, 1]])
    at = np.array([1.0, 2.0, 3.0])
    value, (by_x, by_y) = symchain.lambdify([x, y], exprs, gradient=True)(at, 2.0)
    assert np.array_equal(value[0, 1], 2 * at) and np.array_equal(value[1, 1], np.ones(3))
    assert by_x.shape == by_y.shape == (2, 2, 3)
    assert np.array_equal(by_y[0, 1], at) and np.array_equal(by_x[1, 0], np.ones(3))


def test_matrices_as_arguments() -> None:
    entries = sp.Matrix(2, 2, sp.symbols("p q r s"))
    given = np.array([[1.0, 2.0], [3.0, 5.0]])
    value, (slope,) = symchain.lambdify([entries], entries.det(), gradient=True)(given)
    assert value == -1 and np.array_equal(slope, [[5, -3], [-2, 1]])
    value, (slope,) = symchain.lambdify([entries], entries.inv(), gradient=True)(given.ravel())
    inverse = np.linalg.inv(given)
    assert value == pytest.approx(inverse) and slope == pytest.approx(-np.einsum("ik,lj->ijkl", inverse, inverse))
    A, v = sp.MatrixSymbol("A", 3, 3), sp.MatrixSymbol("v", 3, 1)
    matrix, column = np.arange(9.0).reshape(3, 3), np.array([[1.0], [2.0], [-1.0]])
    value, (by_A, by_v) = symchain.lambdify([A, v], v.T * A * v, gradient=True)(matrix, column)
    assert value.shape == (1, 1) and value == column.T @ matrix @ column
    assert np.array_equal(by_A, column @ column.T) and np.array_equal(by_v, (matrix + matrix.T) @ column)
    product, entry = symchain.lambdify([A, v], [A * v, A[1, 2] * v[0, 0]])(matrix, column)
    assert np.array_equal(product, matrix @ column) and entry == 5
    n = sp.Symbol("n", integer=True)
    X = sp.IndexedBase("X", shape=(n,))
    value, (slope,) = symchain.lambdify([X], sp.Sum(X[k] ** 2, (k, 0, n - 1)), gradient=True)(np.arange(4.0))
    assert value == 14 and np.array_equal(slope, [0, 2, 4, 6])
    B = sp.MatrixSymbol("B", n, n)
    assert symchain.lambdify(B, n * sp.Trace(B))(np.eye(3)) == 9
    assert symchain.lambdify([B, n], n * sp.Trace(B))(np.eye(3), 5) == 15  # an argument, whatever the size is


def test_functions_of_time_and_entries_are_arguments() -> None:
    t, q = sp.Symbol("t"), sp.Function("q")
    speed = q(t).diff(t)
    value, slopes = symchain.lambdify([q(t), speed, t], t * sp.sin(q(t)) + speed**2 / 2, gradient=True)(0.5, 3.0, 2.0)
    assert value == pytest.approx(2 * np.sin(0.5) + 4.5) and slopes == pytest.approx([2 * np.cos(0.5), 3, np.sin(0.5)])
    with pytest.raises(SymchainError):
        symchain.lambdify([q(t), t], q(t) + speed)  # q' is not 0 where only q is given
    M = sp.MatrixSymbol("M", 2, 2)
    assert symchain.lambdify([M[0, 1], x], M[0, 1] * x)(3, 4) == 12


def test_names_may_be_any_and_nothing_is_assumed_of_symbols() -> None:
    one, two = sp.Dummy("x"), sp.Dummy("x")
    odd = [one, two, *map(sp.Symbol, ("lambda", "pi", "x'", "{n}", "exp", "value_0", "None"))]
    weights = range(1, len(odd) + 1)
    value, slopes = symchain.lambdify(odd, sum(w * s for w, s in zip(weights, odd, strict=True)), gradient=True)(*weights)
    assert value == sum(w * w for w in weights) and slopes == list(weights)
    assert symchain.lambdify(a, a**2 + a)(-3) == 6  # as SymPy's function has it
    assert symchain.lambdify(k, k / 2)(0.5) == 0.25
    real = sp.Symbol("x", real=True)
    for args in ([x, y], ["x", "y"]):  # SymPy's function goes by names
        assert symchain.lambdify(args, real / y)(3, 2) == sp.lambdify(args, real / y)(3, 2) == 1.5
    with pytest.raises(SymchainError):
        symchain.lambdify(x, sp.Dummy("x") + x)


def test_conditions_are_true_or_false() -> None:
    assert symchain.lambdify(x, x > 1)(2) is True
    assert symchain.lambdify([x, y], sp.And(x > 1, y < 0))(np.array([0, 2, 2]), np.array([-1, -1, 1])).tolist() == [False, True, False]


@pytest.mark.thorough
def test_depth_has_no_limit() -> None:
    expr, value = x, 0.3
    for _ in range(1000):
        expr, value = sp.Add(sp.cos(expr, evaluate=False), x, evaluate=False), np.cos(value) + 0.3
    assert symchain.lambdify(x, expr)(0.3) == pytest.approx(value, rel=1e-13)
    expr = sp.cos(x)
    for _ in range(60):
        expr = sp.Add(sp.cos(expr, evaluate=False), x, evaluate=False)
    (slope,) = symchain.lambdify(x, expr, gradient=True)(0.3)[1]
    h = 1e-30j
    moved = np.cos(0.3 + h)
    for _ in range(60):
        moved = np.cos(moved) + 0.3 + h
    assert slope == pytest.approx(moved.imag / 1e-30, rel=1e-12)


def test_options_of_sympy_are_ignored_with_a_remark() -> None:
    for options in ({"modules": "numpy"}, {"cse": True}, {"modules": ["math"], "printer": sp.printing.pycode}):
        with pytest.warns(UserWarning, match="ignored") as caught:
            assert symchain.lambdify(x, 2 * x, **options)(3) == 6
        assert caught[0].filename == __file__
    with pytest.raises(ArgumentError):
        symchain.lambdify(x, x, module="numpy")


@pytest.mark.parametrize(
    ("args", "exprs"),
    [(x, x + y), ([x, x], x), (x, "x + 1"), ([x, 3], x), ([x + y], x), (x, sp.I * x), (x, None), ([x, [y, x]], x), (x, sp.oo * y),
     (x, sp.Function("f")(x)), (x, sp.Integral(sp.exp(-(x**2)) * sp.sin(sp.exp(x)), x)), (x, sp.Piecewise((x, x > 0)))],
    ids=str,
)  # fmt: skip
def test_what_has_no_meaning_is_refused(args: Any, exprs: Any) -> None:
    with pytest.raises(SymchainError):
        symchain.lambdify(args, exprs)


@pytest.mark.parametrize(("args", "given"), [([x, y], (1,)), ([x, y], (1, 2, 3)), ([[x, y]], (1,)), ([[x, y]], ([1, 2, 3],))], ids=str)
def test_calls_of_another_form_are_refused(args: Any, given: Any) -> None:
    with pytest.raises(ArgumentError):
        symchain.lambdify(args, x + y)(*given)


def test_the_example_in_the_docstring() -> None:
    assert doctest.testmod(lambdified).failed == 0
