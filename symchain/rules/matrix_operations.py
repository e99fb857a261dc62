"""Pullbacks of the operations of linear algebra, in the convention of `rules.operations`.

Sources: Giles 2008, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation"; Petersen and
Pedersen, "The Matrix Cookbook" (2012); Golub and Pereyra 1973; Murray 2016, "Differentiation of the Cholesky decomposition";
Higham 2008, "Functions of Matrices". Matrix products are written as contractions over indices i, j (the operand's rows and
columns), so that leading axes and stacks of matrices need no case of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from symchain.errors import UnsupportedError
from symchain.tensors import nodes
from symchain.tensors.nodes import MINUS_ONE, ONE, Contraction, Identity, Operation, Tree, contract, named_operation

_QUARTER = nodes.number(Fraction(1, 4))


def _stacks(matrix: Tree, lead: int) -> tuple[list[Any], list[Any]]:
    """Index names for the leading axes and for those of a stack of matrices."""
    return [("lead", k) for k in range(lead)], [("stack", k) for k in range(len(matrix.shape) - 2)]


def inverse(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dA = -inv(A).T G inv(A).T (Giles 2008, sec. 2.2.3; Cookbook eq. 59)."""
    before, stack = _stacks(node, lead)
    return contract(
        [MINUS_ONE, node, cotangent, node],
        [[], [*stack, "p", "i"], [*before, *stack, "p", "q"], [*stack, "j", "q"]],
        [*before, *stack, "i", "j"],
    )


def determinant(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dA = G det(A) inv(A).T (Giles 2008, sec. 2.2.4; Cookbook eq. 49)."""
    (a,) = node.args
    before, stack = _stacks(a, lead)
    return contract(
        [cotangent, node, named_operation("inv", a)],
        [[*before, *stack], stack, [*stack, "j", "i"]],
        [*before, *stack, "i", "j"],
    )


def log_determinant(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dA = G inv(A).T (Cookbook eq. 57)."""
    (a,) = node.args
    before, stack = _stacks(a, lead)
    return contract([cotangent, named_operation("inv", a)], [[*before, *stack], [*stack, "j", "i"]], [*before, *stack, "i", "j"])


def pseudoinverse(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """With P = pinv(A): dA = -P.T G P.T + (I - A P) G.T P P.T + P.T P G.T (I - P A), where the rank is constant.

    Golub and Pereyra 1973, eq. 4.12, transposed. For independent columns the last term is zero, for independent rows the
    second; which of them holds cannot be told from the shape alone.
    """
    (a,) = node.args
    before, stack = _stacks(a, lead)
    rows, columns = a.shape[-2:]
    out = [*before, *stack, "i", "j"]
    g, p = [*before, *stack], stack  # indices of the cotangent and of P, up to the last two
    stretch = {s: d for s, d in zip(stack, a.shape, strict=False)}

    def rest(size: Any, left: Tree, right: Tree) -> Tree:
        """I - left @ right."""
        eye = contract([nodes.identity(size)], [["i", "j"]], [*stack, "i", "j"], stretch)
        return nodes.add([eye, contract([MINUS_ONE, left, right], [[], [*stack, "i", "m"], [*stack, "m", "j"]], [*stack, "i", "j"])])

    main = contract([MINUS_ONE, node, cotangent, node], [[], [*p, "s", "i"], [*g, "s", "t"], [*p, "j", "t"]], out)
    left_rest = contract(
        [rest(rows, a, node), cotangent, node, node],
        [[*p, "i", "s"], [*g, "t", "s"], [*p, "t", "u"], [*p, "j", "u"]],
        out,
    )
    right_rest = contract(
        [node, node, cotangent, rest(columns, node, a)],
        [[*p, "s", "i"], [*p, "s", "t"], [*g, "u", "t"], [*p, "u", "j"]],
        out,
    )
    return nodes.add([main, left_rest, right_rest])


def cholesky(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dA = (S + S.T)/2, S = inv(L).T Phi(L.T G) inv(L), Phi the lower triangle with half the diagonal (Murray 2016).

    Symmetric, because the factor is that of the symmetric part of A.
    """
    before, stack = _stacks(node, lead)
    inside = contract([node, cotangent], [[*stack, "p", "i"], [*before, *stack, "p", "j"]], [*before, *stack, "i", "j"])
    twice = nodes.add([named_operation("tril", inside, parameters=(0,)), named_operation("tril", inside, parameters=(-1,))])  # 2 Phi
    inv = named_operation("inv", node)
    out = [*before, *stack, "i", "j"]

    def half(rows: str, columns: str) -> Tree:
        return contract([_QUARTER, inv, twice, inv], [[], [*stack, "p", rows], [*before, *stack, "p", "q"], [*stack, "q", columns]], out)

    return nodes.add([half("i", "j"), half("j", "i")])


# ---------------------------------------------------------------- functions of a matrix

_DERIVATIVES = {"expm": ("expm", 1), "sinm": ("cosm", 1), "cosm": ("sinm", -1)}
"""f'(A) as a sign times a function of a matrix."""


def matrix_function(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dA = L_f(A.T, G), the Fréchet derivative of f at A.T in the direction G (Higham 2008, sec. 3.2); f'(A).T where G is I."""
    (a,) = node.args
    name = node.operation.name
    coefficient = _multiple_of_identity(cotangent)
    if coefficient is None:
        return named_operation(f"{name}_frechet", nodes.transpose(a), cotangent)
    derivative, sign = _DERIVATIVES[name]
    value = node if derivative == name else named_operation(derivative, a)
    before, _ = _stacks(a, lead)
    factors: list[tuple[Tree, list[Any]]] = [(value, ["j", "i"])]
    if coefficient is not ONE:
        factors.insert(0, (coefficient, before))
    if sign < 0:
        factors.insert(0, (MINUS_ONE, []))
    return contract([f for f, _ in factors], [s for _, s in factors], [*before, "i", "j"])


def _multiple_of_identity(tree: Tree) -> Tree | None:
    """c with tree = c[..., None, None] * I, where that can be read off."""
    levels: list[tuple[Contraction, int]] = []
    while not isinstance(tree, Identity):
        if not isinstance(tree, Contraction) or len(tree.output) < 2:
            return None
        *outer, i, j = tree.output
        holders = [k for k, s in enumerate(tree.subscripts) if i in s or j in s]
        if i == j or i in outer or j in outer or len(holders) != 1:
            return None
        inner = tree.subscripts[holders[0]]
        if {i, j} != set(inner[-2:]) or i in inner[:-2] or j in inner[:-2]:
            return None
        levels.append((tree, holders[0]))
        tree = tree.args[holders[0]]
    coefficient: Tree = ONE
    for level, holder in reversed(levels):
        factors, subscripts = list(level.args), [list(s) for s in level.subscripts]
        factors[holder], subscripts[holder] = coefficient, subscripts[holder][:-2]
        kept = {s: d for s, d in enumerate(level.dims) if s not in level.output[-2:]}
        coefficient = contract(factors, subscripts, level.output[:-2], kept)
    return coefficient


def frechet(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dE = L_f(A.T, G): linear in the direction. By A it would be the second Fréchet derivative."""
    if k == 0:
        name = node.operation.name.removesuffix("_frechet")
        raise UnsupportedError(f"the second derivative of {name} is not supported", advice="First derivatives of matrix functions are.")
    return named_operation(node.operation.name, nodes.transpose(node.args[0]), cotangent)


# ---------------------------------------------------------------- triangles and cross products


def triangle(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dX = the same triangle of G."""
    return named_operation(node.operation.name, cotangent, parameters=node.parameters)


def cross(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """da = b x G and db = G x a: the triple product is cyclic."""
    a, b = node.args
    if k == 0:
        return named_operation("cross", nodes.broadcast(b, cotangent.shape), cotangent)
    return named_operation("cross", cotangent, nodes.broadcast(a, cotangent.shape))


MATRIX_PULLBACKS: dict[str, Callable[[Operation, int, Tree, int], Tree]] = {
    "inv": inverse,
    "det": determinant,
    "logdet": log_determinant,
    "pinv": pseudoinverse,
    "cholesky": cholesky,
    "expm": matrix_function,
    "sinm": matrix_function,
    "cosm": matrix_function,
    "expm_frechet": frechet,
    "sinm_frechet": frechet,
    "cosm_frechet": frechet,
    "tril": triangle,
    "triu": triangle,
    "cross": cross,
}
