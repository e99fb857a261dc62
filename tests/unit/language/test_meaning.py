"""What expressions mean, held against Python's arithmetic and NumPy's arrays."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from layers import ORACLES as ORACLES_OF_LAYERS
from samples import HERE, words
from treeeval import evaluate

from symchain.errors import ShapeError, SymchainError
from symchain.functions.spec import FUNCTIONS, find
from symchain.language.elaborate import Scope, elaborate
from symchain.language.forms import OPERATORS, find_form, form_names
from symchain.language.grammar import parse_expression
from symchain.language.reading import read_program
from symchain.language.shapes import broadcast_shape
from symchain.tensors import nodes
from symchain.tensors.nodes import Contraction, Number, leaf

RANDOM = np.random.default_rng(7)
ARRAYS = {
    "x": RANDOM.normal(size=3), "y": RANDOM.normal(size=3), "v": RANDOM.normal(size=2), "W": RANDOM.normal(size=(3, 2)),
    "M": RANDOM.normal(size=(2, 3)), "A": RANDOM.normal(size=(3, 3)) + 4 * np.eye(3), "B": RANDOM.normal(size=(3, 3)),
    "T": RANDOM.normal(size=(2, 3, 4)), "t": np.asarray(0.7), "row": RANDOM.normal(size=(1, 3)), "labels": np.asarray([2, 0]),
}  # fmt: skip
SCOPE = Scope({n: leaf(n, a.shape, {"integer"} if n == "labels" else ()) for n, a in ARRAYS.items()})


def value(text: str, scope: Scope = SCOPE) -> np.ndarray:
    return np.asarray(evaluate(elaborate(parse_expression(text), scope), ARRAYS))


# ---------------------------------------------------------------- meaning, against Python and NumPy

NAMES = {"a": 1.7, "b": 0.3, "c": 2.5}
PYTHON = {**NAMES, "exp": math.exp, "tanh": math.tanh, "sqrt": lambda t: math.sqrt(t), "maximum": max}


def _joined(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(children, children)
    return st.one_of(
        pair.flatmap(lambda p: st.sampled_from(["+", " - ", "*", "/"]).map(lambda o: f"{p[0]}{o}{p[1]}")),
        children.map(lambda p: f"({p})"),
        children.map(lambda p: f"-{p}"),
        children.map(lambda p: f"tanh({p})"),
        pair.map(lambda p: f"maximum({p[0]}, {p[1]})"),
        st.tuples(children, st.sampled_from(["2", "3", "-1", "-2"])).map(lambda p: f"({p[0]})**{p[1]}"),
        st.tuples(st.sampled_from([*NAMES, "2", "0.5"]), children).map(lambda p: f"{p[0]}**-tanh({p[1]})**2"),
    )


EXPRESSIONS = st.recursive(st.sampled_from([*NAMES, "1", "2", "0.5", "3.25", "1e-1", "1/2"]), _joined, max_leaves=12)


@pytest.mark.thorough
@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS)
def test_scalar_expressions_mean_what_python_says(text: str) -> None:
    try:
        expected = eval(text, {"__builtins__": {}}, PYTHON)
    except ArithmeticError:
        assume(False)
    assume(not isinstance(expected, complex) and 1e-12 < abs(expected) < 1e12)
    try:
        tree = elaborate(parse_expression(text), Scope({n: leaf(n) for n in NAMES}))
    except SymchainError:
        assume(False)  # a constant part that is exactly 0 where doubles round
    assert float(evaluate(tree, NAMES)) == pytest.approx(expected, rel=1e-7)


BROADCASTING = ["a + b", "a*b", "a - b", "a/b", "a @ b", "a.T @ b", "a**2*b", "maximum(a, b)"]
SHAPES = [(), (2,), (3,), (1,), (2, 3), (3, 2), (1, 3), (2, 1), (4, 2, 3)]


@pytest.mark.thorough
@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SHAPES),
    st.sampled_from(SHAPES),
    st.sampled_from(["a + b", "a*b", "a - b", "a/b", "a @ b", "a.T @ b", "a**2*b", "maximum(a, b)"]),
)
def test_broadcasting_is_numpys(p: tuple[int, ...], q: tuple[int, ...], text: str) -> None:
    a, b = np.full(p, 1.5) + np.arange(math.prod(p)).reshape(p), np.full(q, 0.5) + np.arange(math.prod(q)).reshape(q)
    scope = Scope({"a": leaf("a", p), "b": leaf("b", q)})
    try:
        expected = eval(text, {"maximum": np.maximum}, {"a": a, "b": b})
    except (ValueError, TypeError):  # TypeError: @ of two scalars
        with pytest.raises(ShapeError):
            elaborate(parse_expression(text), scope)
        return
    try:
        tree = elaborate(parse_expression(text), scope)
    except ShapeError as error:
        assert "enlarged" in error.what and expected.shape not in (p, q)
        return
    assert np.allclose(evaluate(tree, {"a": a, "b": b}), expected)


def test_broadcast_shape_agrees_with_numpy() -> None:
    for p in SHAPES:
        for q in SHAPES:
            try:
                assert broadcast_shape(p, q) == np.broadcast_shapes(p, q)
            except ValueError:
                assert broadcast_shape(p, q) is None


NUMPY = {
    "sum": [
        ("sum(W)", "np.sum(W)"),
        ("sum(T, axis=(0, -1))", "np.sum(T, (0, -1))"),
        ("sum(W, axis=1, keepdims=True)", "np.sum(W, 1, keepdims=True)"),
    ],
    "mean": [("mean(W)", "np.mean(W)"), ("mean(T, axis=1)", "np.mean(T, 1)")],
    "var": [
        ("var(x)", "np.var(x)"),
        ("var(W, axis=0, ddof=1)", "np.var(W, 0, ddof=1)"),
        ("var(W, keepdims=True)", "np.var(W, keepdims=True)"),
    ],
    "std": [("std(W, axis=1)", "np.std(W, 1)")],
    "norm": [
        ("norm(x)", "np.linalg.norm(x)"),
        ("norm(W)", "np.linalg.norm(W)"),
        ("norm(W, axis=1)", "np.linalg.norm(W, axis=1)"),
        *((f"norm(x, {p})", f"np.linalg.norm(x, {p})") for p in ("1", "2", "3", "4")),
        ("norm(x, inf)", "np.linalg.norm(x, np.inf)"),
        ("norm(W, ord=3, axis=0)", "np.linalg.norm(W, 3, axis=0)"),
        ("norm(W, 'fro')", "np.linalg.norm(W, 'fro')"),
        ("norm(W, 1)", "np.linalg.norm(W, 1)"),
        ("norm(W, inf)", "np.linalg.norm(W, np.inf)"),
    ],
    "norm1": [("norm1(W)", "np.sum(np.abs(W))")],
    "max": [("max(W)", "np.max(W)"), ("max(W, axis=0, keepdims=True)", "np.max(W, 0, keepdims=True)"), ("max(t)", "t")],
    "min": [("min(T, axis=(1, 2))", "np.min(T, (1, 2))")],
    "prod": [("prod(W, axis=1)", "np.prod(W, 1)")],
    "logsumexp": [("logsumexp(W, axis=0)", "np.log(np.sum(np.exp(W), 0))")],
    "softmax": [("softmax(W)", "np.exp(W)/np.sum(np.exp(W), -1, keepdims=True)"), ("softmax(W, axis=0)", "np.exp(W)/np.sum(np.exp(W), 0)")],
    "softmin": [("softmin(W)", "np.exp(-W)/np.sum(np.exp(-W), -1, keepdims=True)")],
    "multigammaln": [("multigammaln(x*x + 2, 3)", "[special.multigammaln(a, 3) for a in x*x + 2]")],
    "log_softmax": [("log_softmax(x)", "x - np.log(np.sum(np.exp(x)))")],
    "cumsum": [("cumsum(x)", "np.cumsum(x)"), ("cumsum(W)", "np.cumsum(W)"), ("cumsum(W, axis=1)", "np.cumsum(W, 1)")],
    "cumprod": [("cumprod(W, axis=0)", "np.cumprod(W, 0)")],
    "flip": [("flip(W)", "np.flip(W)"), ("flip(W, axis=0)", "np.flip(W, 0)")],
    "roll": [("roll(x, 1)", "np.roll(x, 1)"), ("roll(W, -1, axis=0)", "np.roll(W, -1, 0)")],
    "dot": [("dot(x, y)", "np.dot(x, y)"), ("dot(A, x)", "np.dot(A, x)"), ("dot(t, x)", "np.dot(t, x)")],
    "inner": [("inner(x, y)", "np.inner(x, y)")],
    "outer": [("outer(x, v)", "np.outer(x, v)")],
    "kron": [("kron(W, A)", "np.kron(W, A)"), ("kron(x, v)", "np.kron(x, v)")],
    "einsum": [
        ("einsum('ij,jk->ki', W, M)", "np.einsum('ij,jk->ki', W, M)"),
        ("einsum('ii', A)", "np.trace(A)"),
        ("einsum('ij,j', A, x)", "A @ x"),
    ],
    "cross": [("cross(x, y)", "np.cross(x, y)")],
    "tr": [("tr(A)", "np.trace(A)")],
    "diag": [("diag(x)", "np.diag(x)"), ("diag(A)", "np.diag(A)")],
    "solve": [("solve(A, x)", "np.linalg.solve(A, x)"), ("solve(A, W)", "np.linalg.solve(A, W)")],
    "matrix_power": [(f"matrix_power(A, {k})", f"np.linalg.matrix_power(A, {k})") for k in (0, 1, 3, -2)],
    "inv": [("inv(A)", "np.linalg.inv(A)")],
    "det": [("det(A)", "np.linalg.det(A)")],
    "logdet": [("logdet(A)", "np.linalg.slogdet(A)[1]")],
    "pinv": [("pinv(W)", "np.linalg.pinv(W)")],
    "cholesky": [("cholesky(A @ A.T)", "np.linalg.cholesky(A @ A.T)")],
    "expm": [("expm(B)", "linalg.expm(B)")],
    "sinm": [("sinm(B)", "linalg.sinm(B)")],
    "cosm": [("cosm(B)", "linalg.cosm(B)")],
    "tril": [("tril(A)", "np.tril(A)"), ("tril(A, -1)", "np.tril(A, -1)")],
    "triu": [("triu(A, k=1)", "np.triu(A, 1)")],
    "transpose": [("transpose(W)", "W.T"), ("transpose(T, (1, 2, 0))", "T.transpose(1, 2, 0)")],
    "swapaxes": [("swapaxes(T, 0, -1)", "np.swapaxes(T, 0, -1)")],
    "expand_dims": [("expand_dims(x, 1)", "x[:, None]"), ("expand_dims(W, -1)", "W[..., None]")],
    "squeeze": [("squeeze(row)", "row[0]"), ("squeeze(row, axis=0)", "row[0]")],
    "reshape": [
        ("reshape(W, (2, 3))", "W.reshape(2, 3)"),
        ("reshape(T, (-1, 4))", "T.reshape(-1, 4)"),
        ("reshape(W, -1)", "W.reshape(-1)"),
    ],
    "ravel": [("ravel(W)", "W.ravel()")],
    "vec": [("vec(W)", "W.T.reshape(-1)")],
    "broadcast_to": [("broadcast_to(x, (2, 3))", "np.broadcast_to(x, (2, 3))")],
    "concatenate": [("concatenate([x, v])", "np.concatenate([x, v])"), ("concatenate([W, W], axis=1)", "np.concatenate([W, W], 1)")],
    "stack": [("stack([x, y])", "np.stack([x, y])"), ("stack([x, 2*y], axis=1)", "np.stack([x, 2*y], 1)")],
    "hstack": [("hstack([x, v])", "np.hstack([x, v])"), ("hstack([W, A])", "np.hstack([W, A])")],
    "vstack": [("vstack([x, y])", "np.vstack([x, y])"), ("vstack([M, A])", "np.vstack([M, A])")],
    "pad": [("pad(x, 2)", "np.pad(x, 2)"), ("pad(x, (0, 1))", "np.pad(x, (0, 1))"), ("pad(W, 1)", "np.pad(W, 1)")],
    "repeat": [("repeat(x, 2)", "np.repeat(x, 2)"), ("repeat(W, 3, axis=0)", "np.repeat(W, 3, 0)"), ("repeat(W, 2)", "np.repeat(W, 2)")],
    "tile": [("tile(x, 2)", "np.tile(x, 2)"), ("tile(W, 3)", "np.tile(W, 3)")],
    "onehot": [("onehot(labels, 4)", "np.eye(4)[labels]")],
    "scatter": [("scatter(M, labels, 3)", "np.eye(3)[labels].T @ M")],
    "ones": [("ones(3)", "np.ones(3)"), ("ones((2, 3))", "np.ones((2, 3))")],
    "zeros": [("zeros((2,))", "np.zeros(2)")],
    "full": [("full((2, 3), t)", "np.full((2, 3), t)")],
    "eye": [("eye(3)", "np.eye(3)")],
    "where": [
        ("where(x > 0, x, 0)", "np.where(x > 0, x, 0)"),
        ("where(A < x, A, x)", "np.where(A < x, A, x)"),
        ("where(t >= 0, W, 1)", "W"),
    ],
    "x[...]": [
        ("x[1]", "x[1]"),
        ("x[-1]", "x[-1]"),
        ("W[0]", "W[0]"),
        ("W[:, 1]", "W[:, 1]"),
        ("T[1, ::2, -1]", "T[1, ::2, -1]"),
        ("x[::-1]", "x[::-1]"),
        ("x[:, None] - y[None, :]", "x[:, None] - y[None, :]"),
        ("T[None, 0, :, None, 1:3]", "T[None, 0, :, None, 1:3]"),
        ("W[1:, 0]", "W[1:, 0]"),
        ("W[labels]", "W[labels]"),
        ("x[5:0:-2]", "x[5:0:-2]"),
        ("x[-2:]", "x[-2:]"),
        ("A[1][2]", "A[1][2]"),
    ],
    "schatten_norm": [
        ("schatten_norm(W, 1.5)", "np.sum(linalg.svdvals(W)**1.5)**(1/1.5)"),
        ("schatten_norm(M, 1)", "np.sum(linalg.svdvals(M))"),
    ],
    "solve_triangular": [
        ("solve_triangular(A, x, lower=True)", "linalg.solve_triangular(A, x, lower=True)"),
        ("solve_triangular(A, W, trans=1)", "linalg.solve_triangular(A, W, trans=1)"),
    ],
    "cho_solve": [
        ("cho_solve(A, x)", "linalg.cho_solve((A, True), x)"),
    ],
    "slogdet": [
        ("slogdet(A)[1]", "np.linalg.slogdet(A)[1]"),
        ("slogdet(-A)[0]", "np.linalg.slogdet(-A)[0]"),
    ],
    "eigh": [
        ("eigh(A + A.T)[0]", "np.linalg.eigh(A + A.T)[0]"),
        ("abs(eigh(A + A.T)[1])", "abs(np.linalg.eigh(A + A.T)[1])"),
    ],
    "svd": [
        ("svd(W, full_matrices=False)[1]", "np.linalg.svd(W)[1]"),
        ("abs(svd(A)[2])", "abs(np.linalg.svd(A)[2])"),
        ("abs(svd(W, full_matrices=False)[0])", "abs(np.linalg.svd(W, full_matrices=False)[0])"),
    ],
    "lstsq": [
        ("lstsq(W, x)[0]", "np.linalg.lstsq(W, x, rcond=None)[0]"),
    ],
    "polar": [
        ("polar(W)[0]", "linalg.polar(W)[0]"),
        ("polar(W)[1]", "linalg.polar(W)[1]"),
    ],
    "diag more": [
        ("diag(x, -1)", "np.diag(x, -1)"),
        ("diag(W, 1)", "np.diag(W, 1)"),
        ("diag(A, -2)", "np.diag(A, -2)"),
    ],
    "diagonal": [
        ("diagonal(T, 1, 1, 2)", "np.diagonal(T, 1, 1, 2)"),
        ("diagonal(A)", "np.diagonal(A)"),
    ],
    "block_diag": [
        ("block_diag(W, A)", "linalg.block_diag(W, A)"),
    ],
    "append": [
        ("append(W, x)", "np.append(W, x)"),
        ("append(A, W, axis=1)", "np.append(A, W, axis=1)"),
    ],
    "flipud": [
        ("flipud(W)", "np.flipud(W)"),
    ],
    "fliplr": [
        ("fliplr(W)", "np.fliplr(W)"),
    ],
    "rot90": [
        ("rot90(W)", "np.rot90(W)"),
        ("rot90(W, -1)", "np.rot90(W, -1)"),
        ("rot90(W, 2)", "np.rot90(W, 2)"),
    ],
    "take": [
        ("take(T, labels, axis=2)", "np.take(T, labels, axis=2)"),
        ("take(W, labels)", "np.take(W, labels)"),
    ],
    "inner more": [
        ("inner(W, M.T)", "np.inner(W, M.T)"),
        ("inner(x, A)", "np.inner(x, A)"),
    ],
    "vecdot": [
        ("vecdot(A, x, axis=0)", "np.sum(A*x, axis=0)"),
        ("vecdot(W, W)", "np.sum(W*W, axis=-1)"),
    ],
    "tensordot": [
        ("tensordot(M, T, axes=0)", "np.tensordot(M, T, axes=0)"),
        ("tensordot(W, T, axes=1)", "np.tensordot(W, T, axes=1)"),
        ("tensordot(M, T)", "np.tensordot(M, T)"),
    ],
    "ptp": [
        ("ptp(T, axis=(0, 2))", "np.ptp(T, axis=(0, 2))"),
        ("ptp(x)", "np.ptp(x)"),
    ],
    "median": [
        ("median(T, axis=(0, 2), keepdims=True)", "np.median(T, axis=(0, 2), keepdims=True)"),
        ("median(W, axis=1)", "np.median(W, axis=1)"),
        ("median(x)", "np.median(x)"),
    ],
    "quantile": [
        ("quantile(T, 0.3)", "np.quantile(T, 0.3)"),
        ("quantile(W, 1, axis=0)", "np.quantile(W, 1, axis=0)"),
    ],
    "percentile": [
        ("percentile(T, 62.5, axis=2)", "np.percentile(T, 62.5, axis=2)"),
    ],
    "topk": [
        ("topk(T, 2)[0]", "np.sort(T)[..., ::-1][..., :2]"),
        ("top_k(x, 3)[0]", "np.sort(x)[::-1]"),
    ],
    "diff": [
        ("diff(T, axis=1)", "np.diff(T, axis=1)"),
        ("diff(T, 2)", "np.diff(T, 2)"),
    ],
    "trapezoid": [
        ("trapezoid(A, x)", "np.trapezoid(A, x)"),
        ("trapezoid(A, dx=t, axis=0)", "np.trapezoid(A, dx=t, axis=0)"),
        ("trapezoid(A, B)", "np.trapezoid(A, B)"),
    ],
    "convolve": [
        ("convolve(x, v)", "np.convolve(x, v)"),
        ("convolve(v, x, mode='same')", "np.convolve(v, x, mode='same')"),
        ("convolve(x, v, 'valid')", "np.convolve(x, v, 'valid')"),
        ("convolve(x, y, 'same')", "np.convolve(x, y, 'same')"),
    ],
    "correlate": [
        ("correlate(x, v)", "np.correlate(x, v)"),
        ("correlate(x, y, 'full')", "np.correlate(x, y, 'full')"),
    ],
    "cov": [
        ("cov(W)", "np.cov(W)"),
        ("cov(W, rowvar=False, bias=True)", "np.cov(W, rowvar=False, bias=True)"),
        ("cov(M, ddof=0)", "np.cov(M, ddof=0)"),
    ],
    "corrcoef": [
        ("corrcoef(M)", "np.corrcoef(M)"),
        ("corrcoef(A, rowvar=False)", "np.corrcoef(A, rowvar=False)"),
    ],
    "cdist": [
        ("cdist(A, M)", "np.linalg.norm(A[:, None] - M[None], axis=2)"),
    ],
    "normalize": [
        ("normalize(W, axis=0)", "W/np.linalg.norm(W, axis=0)"),
    ],
    "cosine_similarity": [
        ("cosine_similarity(A, B)", "np.sum(A*B, -1)/np.linalg.norm(A, axis=-1)/np.linalg.norm(B, axis=-1)"),
        ("cosine_similarity(A, B, axis=0)", "np.sum(A*B, 0)/np.linalg.norm(A, axis=0)/np.linalg.norm(B, axis=0)"),
    ],
    "logmeanexp": [
        ("logmeanexp(T, axis=(0, 1))", "np.log(np.mean(np.exp(T), axis=(0, 1)))"),
    ],
    "polyval": [
        ("polyval(x, W)", "np.polyval(x, W)"),
        ("polyval(v, t)", "np.polyval(v, t)"),
    ],
    "array": [
        ("array([[1, t], [3, 0.5]])", "np.array([[1, t], [3, 0.5]])"),
    ],
    "sort": [
        ("sort(T, axis=1)", "np.sort(T, axis=1)"),
    ],
    "take_sorted": [
        ("take_sorted(y, x)", "y[np.argsort(x)]"),
        ("take_sorted(A, x)", "A[:, np.argsort(x)]"),
    ],
    "take_ranked": [
        ("take_ranked(y, x)", "y[np.argsort(np.argsort(x))]"),
    ],
    "cummax": [
        ("cummax(T, axis=2)", "np.maximum.accumulate(T, axis=2)"),
    ],
    "cummin": [
        ("cummin(W)", "np.minimum.accumulate(W.ravel())"),
    ],
    "[]": [
        ("[x, y]", "np.array([x, y])"),
        ("[[1, 2], [3, t]]", "np.array([[1, 2], [3, t]])"),
        ("A @ [1, 2, 3]", "A @ [1, 2, 3]"),
    ],
    "where and": [
        ("where(x > 0 and y < 1, x, y)", "np.where((x > 0) & (y < 1), x, y)"),
        ("where((x > 0) | ~(y < 1) & (x < 1), x, y)", "np.where((x > 0) | ~(y < 1) & (x < 1), x, y)"),
        ("where(not (x > 0 or y > 0) and x < y, x, y)", "np.where(~((x > 0) | (y > 0)) & (x < y), x, y)"),
        ("where(-1 < x <= y < 1, x, y)", "np.where((-1 < x) & (x <= y) & (y < 1), x, y)"),
    ],
    "%": [
        ("A % 0.7", "A % 0.7"),
        ("7*A // 2 % 3", "7*A // 2 % 3"),
        ("-x // y*y", "-x // y*y"), ("1 - x*y % -0.3", "1 - x*y % -0.3"),
    ],
    "chdtr": [("chdtr(t, x*x)", "special.chdtr(t, x*x)")],
    "chdtrc": [("chdtrc(3, x*x)", "special.chdtrc(3, x*x)")],
    "gdtr": [("gdtr(t, 2, x*x)", "special.gdtr(t, 2, x*x)")],
    "gdtrc": [("gdtrc(t, 1.5, x*x)", "special.gdtrc(t, 1.5, x*x)")],
    "pdtr": [("pdtr(3, x*x)", "special.pdtr(3, x*x)")],
    "pdtrc": [("pdtrc(2.5, t)", "special.pdtrc(2.5, t)")],
    "bdtr": [("bdtr(2, 5, x*x/(1 + x*x))", "special.bdtr(2, 5, x*x/(1 + x*x))")],
    "bdtrc": [("bdtrc(1, 4, t)", "special.bdtrc(1, 4, t)")],
    "nbdtr": [("nbdtr(2, 5, t)", "special.nbdtr(2, 5, t)")],
    "nbdtrc": [("nbdtrc(2, 5, t)", "special.nbdtrc(2, 5, t)")],
    "fdtr": [("fdtr(3, 5, x*x)", "special.fdtr(3, 5, x*x)")],
    "fdtrc": [("fdtrc(3, t, x*x)", "special.fdtrc(3, t, x*x)")],
    "sici": [("sici(x*x)[0]", "special.sici(x*x)[0]"), ("sici(x*x)[1]", "special.sici(x*x)[1]")],
    "fresnel": [("fresnel(x)[0]", "special.fresnel(x)[0]"), ("fresnel(x)[1]", "special.fresnel(x)[1]")],
    "airy": [(f"airy(x)[{k}]", f"special.airy(x)[{k}]") for k in range(4)],
}
ORACLES = [pair for pairs in NUMPY.values() for pair in pairs]


@pytest.mark.parametrize(("text", "oracle"), ORACLES, ids=[t for t, _ in ORACLES])
def test_shaped_functions_mean_what_numpy_says(text: str, oracle: str) -> None:
    from scipy import linalg, special

    expected = eval(oracle, {"np": np, "linalg": linalg, "special": special}, dict(ARRAYS))
    got = value(text)
    assert got.shape == np.shape(expected) and np.allclose(got, expected)


def test_every_form_has_an_oracle() -> None:
    """Operations that are called with their operands alone are held to their meaning by contract; see test_comparison for the others."""
    compared = set().union(*map(words, (*HERE, *ORACLES_OF_LAYERS)))
    forms = {name: found for name in form_names() if (found := find_form(name)) and not getattr(find(name), "operands", ())}
    for name, form in forms.items():
        assert any(n in forms and forms[n].build is form.build for n in (*NUMPY, *compared)), f"{name} is never compared with NumPy"


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_operators_have_numpys_names(name: str) -> None:
    arguments = "x" if name == "negative" else "A, B" if name == "matmul" else "x*x, y"
    expected = getattr(np, name)(*eval(f"({arguments},)", {}, dict(ARRAYS)))
    assert np.allclose(value(f"{name}({arguments})"), expected)


@pytest.mark.parametrize("name", [n for n, f in FUNCTIONS.items() if n not in OPERATORS])
def test_registered_functions_are_called_by_name(name: str) -> None:
    spec = FUNCTIONS[name]
    arguments = ", ".join("xytt"[: len(spec.parameters)])
    for spelling in (name, *spec.aliases):
        tree = elaborate(parse_expression(f"{spelling}({arguments})"), SCOPE)
        assert isinstance(tree, nodes.Apply) and tree.function is spec and tree.shape == (3,)
    with pytest.raises(SymchainError):
        elaborate(parse_expression(f"{name}()"), SCOPE)


def test_associative_functions_nest() -> None:
    assert np.allclose(value("maximum(x, y, 0)"), np.maximum(np.maximum(ARRAYS["x"], ARRAYS["y"]), 0))


def test_sizes_in_letters() -> None:
    program = read_program(
        "X: (m, n); a = X[1:, :-1]; b = X[m - 1]; c = mean(X) + 1/n; d = concatenate([X, X]); e_ = kron(X, X)\n"
        "f_ = eye(n) @ X.T; g_ = ones((n, 2)); h = reshape(X, -1); k = X[::-1, -1]; l = vec(X)"
    )
    shapes = {n: b.shape for n, b in program.blocks.items()}
    assert shapes == {
        "a": ("m - 1", "n - 1"), "b": ("n",), "c": (), "d": ("2*m", "n"), "e_": ("m*m", "n*n"), "f_": ("n", "m"), "g_": ("n", 2),
        "h": ("m*n",), "k": ("m",), "l": ("m*n",),
    }  # fmt: skip
    x = RANDOM.normal(size=(4, 3))
    for name, expected in {"a": x[1:, :-1], "b": x[3], "c": x.mean() + 1 / 3, "k": x[::-1, -1], "l": x.T.reshape(-1)}.items():
        assert np.allclose(evaluate(program.blocks[name].tree, {"X": x}, {"m": 4, "n": 3}), expected)


# ---------------------------------------------------------------- exactness


def test_literals_are_exact_and_remember_their_spelling() -> None:
    known = {
        "0.1": (Fraction(1, 10), True),
        "1/3": (Fraction(1, 3), False),
        "1e-6": (Fraction(1, 10**6), True),
        "-2": (Fraction(-2), False),
    }
    for text, expected in known.items():
        tree = elaborate(parse_expression(text), Scope({}))
        assert isinstance(tree, Number) and (tree.value, tree.decimal) == expected


@pytest.mark.thorough
@given(st.decimals(min_value=0, max_value=10**12, allow_nan=False, places=6))
def test_decimal_literals_round_trip(number: object) -> None:
    tree = elaborate(parse_expression(f"{number}"), Scope({}))
    assert isinstance(tree, Number) and tree.value == Fraction(str(number))


def test_products_are_flat_in_the_written_order() -> None:
    tree = elaborate(parse_expression("1/2*t*(t + 1)*tanh(t)"), SCOPE)
    assert isinstance(tree, Contraction) and len(tree.args) == 4 and tree.args[0] is nodes.number(Fraction(1, 2))


def test_nothing_is_simplified() -> None:
    for text in ("t - t", "t/t", "t*1", "t + 0", "2*(t - 1)", "exp(t)*exp(t)", "2 + 3"):
        tree = elaborate(parse_expression(text), SCOPE)
        assert tree not in (nodes.ZERO, nodes.ONE, SCOPE.names["t"]) and len(tree.args) == 2
