"""The trees: SymPy nodes that carry a shape, never evaluate themselves, and exist once.

Scalars are trees of shape (). Eleven kinds of node carry everything:

    Number Constant Size Leaf Identity        what stands at the ends
    Sum Contraction Power Apply               sums, products of every kind (einsum), elementwise powers and functions
    Compare Where                             choices
    Operation                                 everything else: slices, stacks, inverses, determinants, maxima ... (see functions.spec)

A Contraction is an einsum: scalar products, matrix products, transposes, outer and elementwise products, traces, sums over axes
and broadcasting are all the same node, so multilinear algebra is written once. Equal trees are the same object (hash-consing),
so trees are graphs, work is linear in the graph, and == is `is`. SymPy's own Add, Mul and Pow evaluate what we print and cost a
millisecond; `tensors.exchange.to_sympy` makes plain SymPy of a tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from symchain.errors import ShapeError
from symchain.functions.spec import OPERATIONS
from symchain.support.dimensions import Dim, Shape, multiply, show
from symchain.tensors.trees import SHAPED as SHAPED
from symchain.tensors.trees import Tree as Tree
from symchain.tensors.trees import postorder as postorder
from symchain.tensors.trees import rebuild as rebuild
from symchain.tensors.trees import substitute as substitute
from symchain.tensors.trees import transform as transform


class Number(Tree):
    """An exact rational; `decimal` remembers that it was written 0.5 and not 1/2."""

    __slots__ = ()

    @property
    def value(self) -> Fraction:
        return self.data[0]

    @property
    def decimal(self) -> bool:
        return self.data[1]


class Constant(Tree):
    """A named constant: pi."""

    __slots__ = ()
    named = True

    @property
    def name(self) -> str:
        return self.data[0]


class Size(Tree):
    """A dimension used as a number: the n of 1/n."""

    __slots__ = ()
    named = True

    @property
    def dim(self) -> str:
        return self.data[0]


class Leaf(Tree):
    """A name: an input of the program or the value of one of its blocks. Another shape or other facts, another node."""

    __slots__ = ()
    named = True

    @property
    def name(self) -> str:
        return self.data[0]

    @property
    def facts(self) -> frozenset[str]:
        return self.data[1]


class Identity(Tree):
    """The identity matrix: inside a Contraction, the Kronecker delta."""

    __slots__ = ()


class Sum(Tree):
    """The sum of two or more terms of one shape."""

    __slots__ = ()


class Contraction(Tree):
    """sum over the indices not in `output` of the product of args[k][subscripts[k]], laid out as `output`.

    Indices are small ints numbered in order of first appearance; `dims[i]` is the size of index i. An index that appears in no
    operand broadcasts (in the output) or multiplies by its size (summed).
    """

    __slots__ = ()

    @property
    def subscripts(self) -> tuple[tuple[int, ...], ...]:
        return self.data[0]

    @property
    def output(self) -> tuple[int, ...]:
        return self.data[1]

    @property
    def dims(self) -> tuple[Dim, ...]:
        return self.data[2]


class Power(Tree):
    """base**exponent, elementwise; the exponent is a scalar or has the shape of the base."""

    __slots__ = ()

    @property
    def base(self) -> Tree:
        return self.args[0]

    @property
    def exponent(self) -> Tree:
        return self.args[1]


class Apply(Tree):
    """An elementwise function (a FunctionSpec or an AbstractFunction) of arguments that are scalars or have the result's shape.

    `orders` counts derivatives of an abstract function by each argument: sigma''(z) has orders (2,).
    """

    __slots__ = ()

    @property
    def function(self) -> Any:
        return self.data[0]

    @property
    def orders(self) -> tuple[int, ...]:
        return self.data[1]


class Compare(Tree):
    """left < right and the like; only inside Where."""

    __slots__ = ()

    @property
    def operator(self) -> str:
        return self.data[0]

    @property
    def isolated(self) -> bool:
        """Whether it is known (see `isolation`) to be decided otherwise on a set without interior alone, as x == 3 is."""
        return self.data[1:] == (True,)


class Where(Tree):
    """where(condition, a, b), elementwise; each part is a scalar or has the result's shape."""

    __slots__ = ()

    @property
    def isolated(self) -> bool:
        """Whether its condition is known to be decided otherwise on a set without interior alone."""
        return isinstance(self.args[0], Compare) and self.args[0].isolated


class Operation(Tree):
    """What is not elementwise and not multilinear, or rearranges: declared by an OperationSpec, with plain parameters."""

    __slots__ = ()

    @property
    def operation(self) -> Any:
        return self.data[0]

    @property
    def parameters(self) -> tuple[Any, ...]:
        return self.data[1]


# ---------------------------------------------------------------- constructors: trivial invariants only, nothing is simplified


def number(value: Fraction | int, decimal: bool = False) -> Number:
    return Number((), (), (Fraction(value), decimal))  # type: ignore[return-value]


ZERO, ONE, MINUS_ONE = number(0), number(1), number(-1)
PI = Constant((), (), ("pi",))


def size(dim: Dim) -> Tree:
    """The dimension as a number; a product of letters is a product of sizes."""
    if isinstance(dim, int):
        return number(dim)
    parts = dim.split("*")
    if len(parts) > 1 and all(p.isidentifier() or p.isdigit() for p in parts):
        return multiply_scalars([number(int(p)) if p.isdigit() else Size((), (), (p,)) for p in parts])
    return Size((), (), (dim,))


def leaf(name: str, shape: Shape = (), facts: Iterable[str] = ()) -> Leaf:
    return Leaf((), shape, (name, frozenset(facts)))  # type: ignore[return-value]


def identity(dim: Dim) -> Tree:
    return Identity((), (dim, dim))


def zeros(shape: Shape) -> Tree:
    return broadcast(ZERO, shape)


def add(terms: Sequence[Tree]) -> Tree:
    """The sum of terms of equal shape, in order."""
    if not terms:
        return ZERO
    if len(terms) == 1:
        return terms[0]
    shape = terms[0].shape
    for t in terms:
        if t.shape != shape:
            raise ShapeError(f"a sum needs terms of one shape, not {show(shape)} and {show(t.shape)}")
    return Sum(tuple(terms), shape)


def contract(
    operands: Sequence[Tree], subscripts: Sequence[Sequence[Any]], output: Sequence[Any], dims: Mapping[Any, Dim] | None = None
) -> Tree:
    """The einsum of the operands; indices may be any hashables, `dims` gives the size of those no operand carries.

    Operands of one index must agree; the caller has checked user input before.
    """
    if not dims and not output and operands and not any(subscripts):
        return multiply_scalars(operands)
    sizes: dict[Any, Dim] = dict(dims or {})
    for operand, indices in zip(operands, subscripts, strict=True):
        for index, dim in zip(indices, operand.shape, strict=True):
            if sizes.setdefault(index, dim) != dim:
                raise ShapeError(f"index of size {sizes[index]} meets size {dim}")
    if len(set(output)) != len(output):  # a diagonal is written: delta_ij x_i
        operands, subscripts, output = list(operands), list(subscripts), list(output)
        for k, index in enumerate(output):
            if index in output[:k]:
                fresh = ("diagonal", k, index)
                operands.append(identity(sizes[index]))
                subscripts.append((index, fresh))
                output[k] = fresh
                sizes[fresh] = sizes[index]
    order: dict[Any, int] = {}
    for index in (i for s in (*subscripts, output, sizes) for i in s) if dims else (i for s in (*subscripts, output) for i in s):
        order.setdefault(index, len(order))
    data = (
        tuple(tuple(order[i] for i in s) for s in subscripts),
        tuple(order[i] for i in output),
        tuple(sizes[i] for i in order),
    )
    if len(operands) == 1 and data[0][0] == data[1] and len(order) == len(data[1]) == len(set(data[1])):
        return operands[0]
    return Contraction(tuple(operands), tuple(sizes[i] for i in output), data)


def keeping(product: Contraction, places: Sequence[int]) -> Tree:
    """The product of the operands in some places alone, over the same indices."""
    operands, subscripts = [product.args[k] for k in places], [product.subscripts[k] for k in places]
    return contract(operands, subscripts, product.output, dict(enumerate(product.dims)))


def multiply_scalars(factors: Sequence[Tree]) -> Tree:
    """The product of scalars, in order."""
    if not factors:
        return ONE
    if len(factors) == 1:
        return factors[0]
    return Contraction(tuple(factors), (), _scalars(len(factors)))


def scalar_factors(tree: Tree) -> tuple[Tree, ...]:
    """The factors of a product of scalars; of anything else, itself."""
    return tree.args if isinstance(tree, Contraction) and not tree.dims else (tree,)


@lru_cache(maxsize=256)
def _scalars(count: int) -> tuple[Any, ...]:
    """The data of a product of so many scalars, shared by all of them."""
    return ((),) * count, (), ()


def broadcast(tree: Tree, shape: Shape) -> Tree:
    """The tree repeated to a larger shape, NumPy's way (trailing axes align; axes of size 1 stretch)."""
    if tree.shape == shape:
        return tree
    lead = len(shape) - len(tree.shape)
    if any(d == 1 and shape[lead + k] != 1 for k, d in enumerate(tree.shape)):
        kept = [k for k, d in enumerate(tree.shape) if not (d == 1 and shape[lead + k] != 1)]
        tree = contract([tree], [tuple(range(len(tree.shape)))], kept)  # an axis of size 1 is summed away
        indices: tuple[int, ...] = tuple(lead + k for k in kept)
    else:
        indices = tuple(range(lead, len(shape)))
    return contract([tree], [indices], tuple(range(len(shape))), dict(enumerate(shape)))


def hadamard(factors: Sequence[Tree]) -> Tree:
    """The elementwise product of factors that are scalars or share one shape."""
    shape = next((f.shape for f in factors if f.shape), ())
    return contract(factors, [tuple(range(len(f.shape))) for f in factors], tuple(range(len(shape))))


def scale(coefficient: Tree | int | Fraction, tree: Tree) -> Tree:
    """A scalar times a tree."""
    if not isinstance(coefficient, Tree):
        coefficient = number(coefficient)
    return tree if coefficient is ONE else hadamard([coefficient, tree])


def transpose(tree: Tree, axes: Sequence[int] | None = None) -> Tree:
    n = len(tree.shape)
    return contract([tree], [tuple(range(n))], tuple(axes) if axes is not None else tuple(range(n))[::-1])


def reduce_sum(tree: Tree, axes: Iterable[int]) -> Tree:
    """The sum over some axes."""
    dropped = set(axes)
    n = range(len(tree.shape))
    return contract([tree], [tuple(n)], [k for k in n if k not in dropped])


def matmul(a: Tree, b: Tree) -> Tree:
    """a @ b with NumPy's rules: vectors contract, leading axes of stacks broadcast. The caller has checked the shapes."""
    if len(a.shape) == 1 and len(b.shape) == 1:
        return contract([a, b], ["k", "k"], "")
    left = [("a", k) for k in range(len(a.shape) - 2)]
    right = [("a", k + max(0, len(left) - len(b.shape) + 2)) for k in range(len(b.shape) - 2)]
    if len(right) > len(left):
        left = [("a", k + len(right) - len(left)) for k in range(len(left))]
    stack = left if len(left) >= len(right) else right
    rows: list[Any] = ["i"] if len(a.shape) > 1 else []
    columns: list[Any] = ["j"] if len(b.shape) > 1 else []
    return contract([a, b], [[*left, *rows, "k"], [*right, "k", *columns]], [*stack, *rows, *columns])


def power(base: Tree, exponent: Tree | int | Fraction) -> Tree:
    """base**exponent, elementwise; a scalar base is stretched to the exponent's shape."""
    if not isinstance(exponent, Tree):
        exponent = number(exponent)
    if exponent.shape and not base.shape:
        base = broadcast(base, exponent.shape)
    return Power((base, exponent), base.shape)


def reciprocal(tree: Tree) -> Tree:
    return power(tree, MINUS_ONE)


def common_shape(trees: Iterable[Tree]) -> Shape:
    """The one shape of those that are not scalars."""
    return next((t.shape for t in trees if t.shape), ())


def apply(function: Any, *args: Tree, orders: tuple[int, ...] | None = None) -> Tree:
    return Apply(tuple(args), common_shape(args), (function, orders or (0,) * len(args)))


def compare(operator: str, left: Tree, right: Tree, isolated: bool | None = None) -> Tree:
    """The comparison; `isolated` where it is known whether it is, or where a choice is to have the slopes of its branches everywhere."""
    return Compare((left, right), common_shape((left, right)), (operator,) if isolated is None else (operator, isolated))


def where(condition: Tree, a: Tree, b: Tree) -> Tree:
    return Where((condition, a, b), common_shape((condition, a, b)))


def operation(spec: Any, args: Sequence[Tree], parameters: tuple[Any, ...] = ()) -> Tree:
    """A node of a declared operation (an OperationSpec); its shape rule checks the operands."""
    return Operation(tuple(args), spec.shape(tuple(a.shape for a in args), parameters), (spec, parameters))


def named_operation(name: str, *args: Tree, parameters: tuple[Any, ...] = ()) -> Tree:
    """A node of a registered operation, by its name."""
    return operation(OPERATIONS[name], args, parameters)


def leaves(*trees: Tree) -> list[Leaf]:
    """The distinct names below, in order of appearance."""
    if len(trees) != 1:
        return [n for n in postorder(*trees) if isinstance(n, Leaf)]
    (tree,) = trees
    if tree._leaves is None:
        tree._leaves = tuple(n for n in postorder(tree) if isinstance(n, Leaf))
    return [*tree._leaves]


def element_count(shape: Shape) -> Dim:
    total: Dim = 1
    for d in shape:
        total = multiply(total, d)
    return total
