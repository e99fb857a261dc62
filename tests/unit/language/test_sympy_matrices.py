"""SymPy's matrix expressions, sums and entries mean here what they mean in SymPy, and gradients go back as SymPy's own matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy as sp
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.dotproduct import DotProduct

import symchain
from symchain.errors import ShapeError, SymchainError, UnsupportedError

n, m = sp.symbols("n m", integer=True, positive=True)
i, j = sp.symbols("i j", integer=True)
a, b, t = sp.symbols("a b t", real=True)
A, B, X, Y = (sp.MatrixSymbol(*s) for s in (("A", n, n), ("B", n, n), ("X", m, n), ("Y", m, n)))
x, y = sp.MatrixSymbol("x", n, 1), sp.MatrixSymbol("y", n, 1)
S = sp.MatrixSymbol("S", 2, 2)
u, w = sp.IndexedBase("u"), sp.IndexedBase("w", shape=(n, n))
half = sp.Rational(1, 2)

CASES: dict[str, Any] = {
    "quadratic form": x.T * A * x,
    "inner product": x.T * y,
    "least squares": (A * x - y).T * (A * x - y),
    "outer product": x * y.T,
    "matrix times column": A * x,
    "scaled": 2 * a * X + Y,
    "three factors": X * A * X.T,
    "sum of products": A * B + B * A - 3 * sp.Identity(n),
    "trace": sp.Trace(A * B),
    "trace of a power": sp.Trace(A**3),
    "determinant": sp.Determinant(A),
    "logarithm of a determinant": sp.log(sp.Determinant(A * A.T)),
    "inverse": A.I,
    "solution": A.I * x,
    "power": A**3,
    "inverse power": A**-2,
    "transpose": A.T * B.T,
    "zero": A + sp.ZeroMatrix(n, n),
    "ones": sp.OneMatrix(n, m) * X,
    "sum of entries": sp.OneMatrix(1, n) * x,
    "hadamard product": sp.hadamard_product(A, B),
    "hadamard power": sp.HadamardPower(A, 3),
    "hadamard power of a symbol": sp.HadamardPower(sp.HadamardPower(A, 2), a),
    "function entry by entry": A.applyfunc(sp.sin),
    "formula entry by entry": x.applyfunc(sp.Lambda(t, a * t**2 + sp.exp(t))),
    "kronecker": sp.KroneckerProduct(A, X),
    "diagonal matrix": DiagMatrix(x) * A,
    "diagonal of": DiagonalOf(A),
    "diagonal kept": DiagonalMatrix(A),
    "blocks": sp.BlockMatrix([[A, X.T], [X, sp.Identity(m)]]),
    "block diagonal": sp.BlockDiagMatrix(A, B),
    "dot product": DotProduct(sp.Matrix([a, b]), sp.Matrix([b, a * b])),
    "entry": S[0, 1] * S[1, 0] + A[0, 0],
    "entry of a product": (A * B)[0, 1],
    "entry of a column": x[2, 0] ** 2,
    "entry of a number": (x.T * A * x)[0, 0],
    "slice": S[0:2, 1:2],
    "normalised": x / sp.sqrt((x.T * x)[0, 0]),
    "rayleigh quotient": (x.T * A * x)[0, 0] / (x.T * x)[0, 0],
    "sum over an index": sp.Sum(sp.exp(-a * x[i, 0]) * y[i, 0], (i, 0, n - 1)),
    "sum over two": sp.Sum(A[i, j] * x[i, 0] * y[j, 0], (i, 0, n - 1), (j, 0, n - 1)),
    "sum of a diagonal": sp.Sum(A[i, i] ** 2, (i, 0, n - 1)),
    "differences": sp.Sum((x[i + 1, 0] - x[i, 0]) ** 2, (i, 0, n - 2)),
    "weighted by the index": sp.Sum(i * x[i, 0], (i, 0, n - 1)),
    "sum in a formula": sp.log(sp.Sum(sp.exp(x[i, 0]), (i, 0, n - 1))) - a,
    "sum in a sum": sp.Sum(x[i, 0] * sp.sin(sp.Sum(A[i, j] * y[j, 0], (j, 0, n - 1))), (i, 0, n - 1)),
    "product": sp.Product(1 + x[i, 0] ** 2, (i, 0, n - 1)),
    "indexed from one": sp.Sum(u[i] ** 3 - u[1], (i, 1, n)),
    "indexed of two axes": sp.Sum(w[i, j] * w[j, i], (i, 0, n - 1), (j, 0, n - 1)),
    "explicit": sp.Matrix([[a, b], [t, 1]]).det() * a,
    "explicit column": sp.Matrix([a * b, b**2, sp.sin(t)]),
    "explicit matrix": sp.Matrix([[a * b, b], [t, a]]),
    "explicit in a product": S * sp.Matrix([a, b]),
    "unevaluated": sp.UnevaluatedExpr(a) * b,
    "remainder": sp.Mod(a, 3) * a,
    "floor": sp.floor(3 * a) * a,
    "extrema of many": sp.Max(a, b, t) - sp.Min(a, b, t),
    "cases": sp.Piecewise((a**2, a > b), (a * b, True)),
    "with an unbounded condition": sp.Piecewise((a, a < sp.oo), (0, True)),
}
SIZES = {n: 3, m: 2}
RNG = np.random.default_rng(8)
VALUES: dict[str, Any] = {
    "A": RNG.normal(size=(3, 3)) + 3 * np.eye(3), "B": RNG.normal(size=(3, 3)), "X": RNG.normal(size=(2, 3)), "Y": RNG.normal(size=(2, 3)),
    "x": RNG.normal(size=(3, 1)), "y": RNG.normal(size=(3, 1)), "S": RNG.normal(size=(2, 2)), "a": 0.7, "b": 1.3, "t": 0.4,
    "u": RNG.normal(size=3), "w": RNG.normal(size=(3, 3)),
}  # fmt: skip


def in_sympy(expression: Any) -> Any:
    """The value as SymPy works it out at the sizes and numbers above."""
    if hasattr(expression, "replace"):  # SymPy does not work out these classes
        expression = expression.replace(DiagonalMatrix, _kept).replace(DiagonalOf, lambda M: _kept(M) * sp.OneMatrix(M.shape[0], 1))
    numbers = {s: VALUES[s.name] for s in (a, b, t)}
    entries = {M: sp.Matrix(VALUES[M.name]) for M in (A, B, X, Y, x, y, S)}
    sized = expression.subs(SIZES)
    bases = {base[k]: value for base, first in ((u.subs(SIZES), 1), (w.subs(SIZES), 0)) for k, value in _entries(str(base), first)}
    done = sized.doit().subs({M.subs(SIZES): value for M, value in entries.items()}).doit()
    done = done.subs(bases).subs(numbers)
    done = done.doit() if hasattr(done, "doit") else done
    return np.array(done.tolist() if hasattr(done, "tolist") else done, dtype=float)


def _kept(matrix: Any) -> Any:
    return sp.HadamardProduct(matrix, sp.Identity(matrix.shape[0]))


def _entries(name: str, first: int) -> list[tuple[Any, float]]:
    array = VALUES[name]
    return [((k[0] + first if len(k) == 1 else k), float(array[k])) for k in np.ndindex(array.shape)]


def at(program: Any) -> dict[str, Any]:
    return {name: VALUES[name] for name in program.inputs}


@pytest.mark.parametrize("case", CASES)
def test_values_are_those_of_sympy(case: str) -> None:
    program = symchain.program({"f": CASES[case]})
    value, want = program.compile(order=0)(**at(program)), in_sympy(CASES[case])
    np.testing.assert_allclose(np.reshape(value, want.shape), want, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_derivatives_are_held_by_the_evidence(case: str) -> None:
    program = symchain.program({"f": CASES[case]})
    for name in program.inputs:
        check = program.derive("f", name).verification
        assert check.held or check.open == "flat", name


def scalars() -> dict[str, Any]:
    return {case: e for case, e in CASES.items() if getattr(e, "shape", ()) in ((), (1, 1))}


NO_CLASS = {
    "product", "entry", "entry of a product", "entry of a column", "sum over an index", "differences", "weighted by the index",
    "sum in a formula", "sum in a sum", "explicit in a product", "indexed from one", "indexed of two axes", "remainder",
}  # fmt: skip
"""Whose derivative SymPy may have no class of matrices for, or whose index has no matrix to be of."""


@pytest.mark.parametrize("case", scalars())
def test_gradients_come_back_as_the_caller_s_own(case: str) -> None:
    expression = scalars()[case]
    program = symchain.program({"f": expression})
    _, gradients = program.compile()(**at(program))
    for symbol in sorted((s for s in expression.free_symbols if str(s) in program.inputs and str(s) not in ("u", "w")), key=str):
        try:
            (found,) = symchain.gradient(expression, [symbol])
        except UnsupportedError:
            assert case in NO_CLASS
            continue
        assert isinstance(found, sp.MatrixExpr if isinstance(symbol, sp.MatrixSymbol) else sp.Expr)
        assert found.free_symbols <= expression.free_symbols
        np.testing.assert_allclose(in_sympy(found).reshape(np.shape(gradients[symbol.name])), gradients[symbol.name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("expression", "error", "what"),
    [
        (sp.exp(A), UnsupportedError, "exp of a matrix can mean two things"),
        (sp.MatPow(A, a), UnsupportedError, "a matrix to the power a"),
        (x[i, 0], UnsupportedError, "i is an input, and neither an index nor a size"),
        (sp.Sum(u[i] ** 2 + u[i + 1], (i, 0, n - 1)), UnsupportedError, "how many entries u has is not known"),
        (sp.Sum(x[i, 0], (i, 0, n)), ShapeError, "ends after the last entry"),
        (sp.Sum(x[i - 1, 0], (i, 0, n - 1)), ShapeError, "before the first entry"),
        (sp.Sum(x[2 * i, 0], (i, 0, 1)), UnsupportedError, "2*i is no index"),
        (sp.FunctionMatrix(n, n, sp.Lambda((i, j), i + j)), UnsupportedError, "FunctionMatrix"),
        (sp.Integral(a, (a, 0, 1)), UnsupportedError, "Integral"),
    ],
)
def test_what_is_not_clear_is_refused(expression: Any, error: type[SymchainError], what: str) -> None:
    with pytest.raises(error) as refused:
        symchain.program({"f": expression})
    assert what in refused.value.what and refused.value.advice


def test_the_square_root_of_a_matrix_is_that_of_matrices() -> None:
    program = symchain.program({"f": sp.MatPow(A * A.T + sp.Identity(n), half), "g": sp.MatPow(A * A.T + sp.Identity(n), -half)})
    root, inverse = (program.compile(f, order=0)(A=VALUES["A"]) for f in ("f", "g"))
    np.testing.assert_allclose(root @ root, VALUES["A"] @ VALUES["A"].T + np.eye(3), rtol=1e-10)
    np.testing.assert_allclose(root @ inverse, np.eye(3), atol=1e-12)


def test_what_is_bound_is_no_input() -> None:
    assert list(symchain.program({"f": sp.Sum(x[i, 0] * a, (i, 0, n - 1))}).inputs) == ["a", "x"]
    assert list(symchain.program({"f": x.applyfunc(sp.Lambda(t, t**2))}).inputs) == ["x"]


def test_sums_are_printed_as_products_of_arrays() -> None:
    program = symchain.program({"f": sp.Sum(A[i, j] * x[i, 0] * x[j, 0], (i, 0, n - 1), (j, 0, n - 1))})
    assert str(program).splitlines()[-1] == "f = x[:, 0] @ A @ x[:, 0]"
    assert symchain.gradient(x.T * A * x, [x]) == [(A + A.T) * x]
    assert symchain.gradient(sp.Trace(A * B), [A, B]) == [B.T, A.T]
