"""Linear algebra that is composed of tree nodes: norms, traces, systems of equations, and decompositions that have several results."""

from __future__ import annotations

from fractions import Fraction

from symchain.errors import LimitError, ShapeError, UnsupportedError
from symchain.functions.spec import FUNCTIONS
from symchain.language.arithmetic import matrix_product, square_size
from symchain.language.calls import called
from symchain.language.forms import form
from symchain.operations.calling import Axes, Flag, Order, Whole, kept, normal_axes
from symchain.tensors import nodes
from symchain.tensors.nodes import Tree, named_operation

MAX_MATRIX_POWER = 16

# ---------------------------------------------------------------- norms


@form("norm")
def _norm(x: Tree, ord: Order = None, axis: Axes = None, keepdims: Flag = False) -> Tree:
    """Euclidean; Frobenius for matrices. Of vectors any order from 1 to inf; of matrices the largest sum of a column or a row, the largest
    singular value (2), and the sum of all ("nuc")."""
    axes = normal_axes(x, axis)
    if len(axes) == len(x.shape) == 2 and ord in (2, "nuc"):
        return kept(named_operation("nuclear_norm" if ord == "nuc" else "spectral_norm", x), axes, keepdims)
    if ord in (1, "inf") and 1 <= len(axes) <= 2:
        sizes = nodes.apply(FUNCTIONS["abs"], x)
        if len(axes) == 1:
            return kept(nodes.reduce_sum(sizes, axes), axes, keepdims) if ord == 1 else called("max", sizes, axes, keepdims)
        summed, left = axes if ord == 1 else axes[::-1]
        return kept(called("max", nodes.reduce_sum(sizes, [summed]), (left - (summed < left),)), axes, keepdims)
    if ord == "-inf" and len(axes) == 1:
        return called("min", nodes.apply(FUNCTIONS["abs"], x), axes, keepdims)
    if isinstance(ord, int | Fraction) and ord > 1 and ord != 2 and len(axes) == 1:
        return kept(_of_order(x, Fraction(ord), axes), axes, keepdims)
    if ord not in ((None, 2) if len(axes) == 1 else (None, "fro")):
        raise UnsupportedError(
            f"the norm of order {ord} over {len(axes)} axes",
            advice="norm(x) is Euclidean (Frobenius for matrices); vectors have norm(x, p) for p from 1 to inf too, matrices norm(A, 1), "
            "norm(A, 2), norm(A, inf) and norm(A, 'nuc').",
        )
    everywhere = range(len(x.shape))
    squares = nodes.contract([x, x], [everywhere, everywhere], [k for k in everywhere if k not in axes])
    return kept(nodes.power(squares, Fraction(1, 2)), axes, keepdims)


def _of_order(x: Tree, p: Fraction, axes: tuple[int, ...]) -> Tree:
    """sum(abs(x)**p)**(1/p)."""
    sizes = x if p.denominator == 1 and p.numerator % 2 == 0 else nodes.apply(FUNCTIONS["abs"], x)
    return nodes.power(nodes.reduce_sum(nodes.power(sizes, p), axes), 1 / p)


@form("schatten_norm")
def _schatten_norm(A: Tree, p: Order) -> Tree:
    """The norm of order p of the singular values."""
    values = named_operation("svdvals", A)
    if p == 1:
        return nodes.reduce_sum(values, (0,))
    if not isinstance(p, int | Fraction) or p < 1:
        raise UnsupportedError(f"the Schatten norm of order {p}", advice="The order is a number from 1.")
    return nodes.power(nodes.reduce_sum(nodes.power(values, Fraction(p)), (0,)), 1 / Fraction(p))


@form("norm1")
def _norm1(x: Tree, axis: Axes = None, keepdims: Flag = False) -> Tree:
    axes = normal_axes(x, axis)
    return kept(nodes.reduce_sum(nodes.apply(FUNCTIONS["abs"], x), axes), axes, keepdims)


# ---------------------------------------------------------------- linear algebra


@form("tr", "trace")
def _trace(A: Tree) -> Tree:
    square_size(A, "the trace")
    return nodes.contract([A], ["ii"], "")


@form("solve")
def _solve(A: Tree, b: Tree) -> Tree:
    square_size(A, "solve")
    return matrix_product(named_operation("inv", A), b)


@form("matrix_power")
def _matrix_power(A: Tree, k: Whole) -> Tree:
    n = square_size(A, "matrix_power")
    if abs(k) > MAX_MATRIX_POWER:
        raise LimitError(f"matrix_power beyond {MAX_MATRIX_POWER}", advice="Name intermediate powers on lines of their own.")
    if k == 0:
        return nodes.identity(n)
    base = A if k > 0 else named_operation("inv", A)
    power = base
    for _ in range(abs(k) - 1):
        power = nodes.matmul(power, base)
    return power


@form("solve_triangular", free=True)
def _solve_triangular(A: Tree, b: Tree, lower: Flag = False, trans: Whole = 0) -> Tree:
    """A @ x = b by the triangle of A; the other entries are not looked at. SciPy's trans=1 solves A.T @ x = b."""
    square_size(A, "solve_triangular")
    if trans not in (0, 1):
        raise UnsupportedError(f"trans={trans}", advice="0 solves A @ x = b, 1 solves A.T @ x = b.")
    inverse = named_operation("inv", named_operation("tril" if lower else "triu", A, parameters=(0,)))
    return matrix_product(nodes.transpose(inverse) if trans else inverse, b)


@form("cho_solve", free=True)
def _cho_solve(L: Tree, b: Tree) -> Tree:
    """(L @ L.T) @ x = b for a lower triangle L, as cholesky gives it."""
    square_size(L, "cho_solve")
    inverse = named_operation("inv", named_operation("tril", L, parameters=(0,)))
    return matrix_product(nodes.transpose(inverse), matrix_product(inverse, b))


# ---------------------------------------------------------------- with several results


@form("slogdet", parts=2, free=True)
def _slogdet(A: Tree) -> tuple[Tree, Tree]:
    """The sign of the determinant and the logarithm of its size."""
    square_size(A, "slogdet")
    return nodes.apply(FUNCTIONS["sign"], named_operation("det", A)), named_operation("logdet", A)


@form("eigh", parts=2)
def _eigh(A: Tree) -> tuple[Tree, Tree]:
    """Eigenvalues in order and eigenvectors as columns, of the symmetric part of A."""
    return named_operation("eigvalsh", A), named_operation("eigenvectors", A)


@form("svd", parts=3)
def _svd(A: Tree, full_matrices: Flag = True) -> tuple[Tree, Tree, Tree]:
    """U, s and V.T of A = (U*s) @ V.T; without full_matrices=False, as NumPy has it, A is square."""
    if full_matrices and A.shape[-2:-1] != A.shape[-1:]:
        raise UnsupportedError(
            "svd with more vectors than values", advice="Write U, s, Vh = svd(A, full_matrices=False) of what is not square."
        )
    left, right = (named_operation(f"{side}_singular_vectors", A) for side in ("left", "right"))
    return left, named_operation("svdvals", A), right


@form("lstsq", parts=4, free=True)
def _lstsq(A: Tree, b: Tree) -> tuple[Tree, None, None, None]:
    """The least-squares solution, of least norm; its derivative is that of constant rank."""
    if len(A.shape) != 2:
        raise ShapeError("lstsq needs a matrix", advice="Declare it with two axes, A: (m, n).")
    return matrix_product(named_operation("pinv", A), b), None, None, None


@form("polar", parts=2)
def _polar(A: Tree) -> tuple[Tree, Tree]:
    """The orthogonal and the symmetric factor, A = U @ P."""
    u = named_operation("orthogonal_factor", A)
    return u, nodes.matmul(nodes.transpose(u), A)
