"""Patterns are compared with all of a node: inputs made from each pattern, one field changed at a time, against their values.

Then the choices of a program, in every comparison and at ties, against NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

import symchain
from symchain.evidence.evaluation import evaluate
from symchain.functions import FUNCTIONS, OPERATIONS
from symchain.functions.spec import FunctionSpec
from symchain.lowering import forms
from symchain.lowering.numerics import log_plus
from symchain.rewriting.matching import Identity, identities_of, rewrite
from symchain.tensors.algebra import MIRROR, normal
from symchain.tensors.nodes import (
    Apply,
    Compare,
    Constant,
    Contraction,
    Leaf,
    Number,
    Operation,
    Power,
    Size,
    Sum,
    Tree,
    Where,
    add,
    broadcast,
    common_shape,
    compare,
    contract,
    hadamard,
    leaf,
    leaves,
    number,
    operation,
    postorder,
    power,
    substitute,
)  # fmt: skip
from symchain.tensors.nodes import (
    Identity as Delta,
)

KINDS = (Number, Constant, Size, Leaf, Delta, Sum, Contraction, Power, Apply, Compare, Where, Operation)
RULES = [
    *(rule for kind in KINDS for rule in identities_of(kind).rules),
    *forms._table(forms.STABLE), *forms._table(forms.LATE), *forms._table(forms.LAST),
]  # fmt: skip
NAMES = [f"{k}: {' = '.join(map(str, rule.stated))[:60]}" for k, rule in enumerate(RULES)]
SHAPE = ("n", "n")


def read(rule: Identity, shape: tuple[str, ...]) -> Tree:
    """The left side over inputs of a shape, elementwise."""
    done: dict[Tree, Tree] = {}
    for node in postorder(rule.before):
        args = [done[a] for a in node.args]
        if isinstance(node, Leaf):
            done[node] = leaf(node.name.removeprefix("?"), shape)
        elif isinstance(node, Sum):
            done[node] = add([broadcast(a, common_shape(args)) for a in args])
        elif isinstance(node, Contraction):
            done[node] = hadamard(args)
        elif isinstance(node, Power):
            done[node] = power(args[0], args[1])
        else:
            done[node] = type(node)(tuple(args), common_shape(args), node.data) if args else node
    return normal(done[rule.before])


def value(tree: Tree, shape: tuple[str, ...]) -> np.ndarray:
    """The tree at many points of all signs, ties among them; one array for all of them."""
    if shape:
        rng = np.random.default_rng(3)
        return np.stack(
            [evaluate([tree], {n: rng.uniform(lo, hi, (3, 3)) for n in "xypabu"}, {"n": 3})[0] for lo, hi in ((0.1, 0.9), (-3, 3), (1, 4))]
        )
    grid = [-2.0, -0.5, 0.0, 0.3, 0.7, 1.0, 2.5]
    points = np.array(list(product(grid, grid, grid))).T
    given = {n: points[k] for n, k in {"x": 0, "p": 0, "a": 0, "y": 1, "b": 1, "u": 2}.items()}
    with np.errstate(all="ignore"):
        return np.broadcast_to(evaluate([tree], given, {})[0], points[0].shape)


def agree(found: Tree, tree: Tree, shape: tuple[str, ...]) -> bool:
    a, b = (np.broadcast_to(v, np.shape(value(tree, shape))) for v in (value(found, shape), value(tree, shape)))
    both = np.isfinite(a) & np.isfinite(b)
    return bool(np.any(both)) and np.allclose(a[both], b[both], rtol=1e-7, atol=1e-9)


def others(function: FunctionSpec) -> list[FunctionSpec]:
    """Functions of as many arguments."""
    chosen = ("sin", "exp", "sign") if len(function.parameters) == 1 else ("arctan2", "maximum", "xlogy")
    return [FUNCTIONS[n] for n in chosen if FUNCTIONS[n] is not function and len(FUNCTIONS[n].parameters) == len(function.parameters)]


def changed(node: Tree) -> Iterator[tuple[str, Tree]]:
    """The node with one field changed, and which."""
    u = leaf("u", node.shape)
    match node:
        case Number():
            yield "value", number(node.value + 1)
            if node.value:
                yield "sign", number(-node.value)
        case Constant():
            yield "name", Size((), (), ("n",))
        case Leaf():
            yield "name", u
            yield "facts", leaf(node.name, node.shape, {"positive"})
        case Sum():
            yield "one more", add([*node.args, u])
            if len(node.args) > 2:
                yield "one less", add(node.args[1:])
        case Contraction():
            yield "one more", hadamard([*node.args, u])
            if len(node.shape) == 2:
                yield "output", contract(node.args, node.subscripts, node.output[::-1], dict(enumerate(node.dims)))
                indices = [s[::-1] if k == 0 else s for k, s in enumerate(node.subscripts)]
                yield "subscripts", contract(node.args, indices, node.output, dict(enumerate(node.dims)))
        case Power():
            yield "operands", power(node.base, u)
        case Apply():
            for function in others(node.function):
                yield f"function {function.name}", Apply(node.args, node.shape, (function, node.orders))
            if len(node.args) == 2:
                yield "operands", Apply(node.args[::-1], node.shape, node.data)
        case Compare():
            for operator in MIRROR:
                if operator != node.operator:
                    yield f"operator {operator}", compare(operator, *node.args)
            yield "operands", compare(node.operator, *node.args[::-1])
        case Where():
            yield "operands", Where((node.args[0], node.args[2], node.args[1]), node.shape)
    if len(node.shape) == 2 and not isinstance(node, Compare):
        yield "layout", contract([node], [(0, 1)], (1, 0))


def replaced(tree: Tree, node: Tree, by: Tree, once: int | None = None) -> Tree:
    """The tree with a node changed: everywhere, or in the operand number `once` of what reads it first."""
    if once is None:
        return substitute(tree, {node: by})
    for user in postorder(tree):
        if node in user.args and len(user.args) > once and user.args[once] is node:
            args = [by if k == once else a for k, a in enumerate(user.args)]
            return substitute(tree, {user: type(user)(tuple(args), user.shape, user.data)})
    return tree


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_pattern_matches_itself_and_nothing_that_differs_in_a_field(rule: Identity) -> None:
    """What a changed input is rewritten to, if at all, has its value: a factor more may stay outside. A comparison never may be another."""
    refused = 0
    for shape in ((), SHAPE):
        tree = read(rule, shape)
        found = rewrite(tree, rule)
        if not shape:
            assert found is not None, "the pattern itself is not matched"
        if found is not None:
            assert found.shape == tree.shape
            assert agree(found, tree, shape), (found, tree)
        for node in postorder(tree):
            for field, by in changed(node):
                for once in (None, 0, 1):
                    try:
                        other = normal(replaced(tree, node, by, once))
                    except (ValueError, ZeroDivisionError, symchain.SymchainError):
                        continue
                    if other is tree or type(other) is not type(tree):
                        continue
                    found = rewrite(other, rule)
                    refused += found is None
                    if found is not None:
                        assert found.shape == other.shape, (field, node)
                        assert agree(found, other, shape), (field, node, other, found)
                        assert not isinstance(node, Compare) or isinstance(rule.after, Leaf), (field, other)
    assert refused


@pytest.mark.parametrize("operator", MIRROR)
def test_a_comparison_is_matched_with_its_mirror_alone(operator: str) -> None:
    rule = next(r for r in identities_of(Where).rules if isinstance(r.after, Apply) and r.after.function is FUNCTIONS["relu"])
    x, zero = leaf("x"), number(0)
    for condition, relu in ((compare(operator, x, zero), operator == ">"), (compare(operator, zero, x), operator == "<")):
        assert (rewrite(Where((condition, x, zero), ()), rule) is not None) == relu


# ---------------------------------------------------------------- what is matched by hand


def of(text: str, shapes: Any = None, let: Any = None, **at: Any) -> Any:
    program = symchain.parse(text, shapes=shapes, let=let)
    given = {n: np.asarray(v, float) for n, v in at.items()}
    names = list(program.inputs)
    value, gradient = program.compile()(**{n: given[n] if np.ndim(given[n]) else float(given[n]) for n in names})
    for name in names:
        found = printed(program, name, given)
        assert np.allclose(found, gradient[name], rtol=1e-9, atol=1e-12, equal_nan=True), (text, name, found, gradient[name])
    return value, gradient


def printed(program: Any, name: str, given: dict[str, np.ndarray]) -> Any:
    """The printed lines, run as Python over NumPy's names."""
    numpy = {
        n: getattr(np, n)
        for n in ("where", "exp", "log", "sqrt", "sign", "abs", "sin", "cos", "sum", "ones", "zeros", "maximum", "minimum")
    }
    scope = numpy | {"relu": lambda x: np.maximum(x, 0), "n": next((len(v) for v in given.values() if np.ndim(v)), 0)}
    scope |= {"sigmoid": lambda x: 1 / (1 + np.exp(-x)), "normpdf": lambda x: np.exp(-x * x / 2) / np.sqrt(2 * np.pi)} | given
    for block in str(program).splitlines():
        if " = " in block:
            left, _, right = block.partition(" = ")
            scope[left.strip()] = eval(right, {"__builtins__": {}}, scope)
    lines = program.derive(name).lines
    for line in lines:
        left, _, right = line.partition(" = ")
        scope[left] = eval(right, {"__builtins__": {}}, scope)
    return scope[lines[-1].partition(" = ")[0]]


def test_a_transposed_product_is_not_the_product() -> None:
    p, a = np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    value, gradient = of("C = sum(log((P/(1 - P)).T)*A)", {"P": ("n", "n"), "A": ("n", "n")}, P=p, A=a)
    assert value == pytest.approx(np.sum(np.log((p / (1 - p)).T) * a))
    assert np.allclose(gradient["A"], np.log((p / (1 - p)).T)) and np.allclose(gradient["P"], a.T / (p * (1 - p)))


def test_a_summed_product_is_not_the_product() -> None:
    p = np.array([0.1, 0.2, 0.4])
    value, gradient = of("C = log(p @ (1/(1 - p)))", {"p": ("n",)}, p=p)
    assert value == pytest.approx(np.log(np.sum(p / (1 - p))))
    assert np.allclose(gradient["p"], 1 / (1 - p) ** 2 / np.sum(p / (1 - p)))


@pytest.mark.parametrize("power", ["2", "3", "(-1)", "(1/2)"])
def test_a_power_under_a_logarithm_keeps_its_exponent(power: str) -> None:
    value, gradient = of(f"q = exp(a)**{power}\nC = log(q*y)", a=0.3, y=2.0)
    exponent = eval(power)
    assert (value, gradient["a"], gradient["y"]) == pytest.approx((0.3 * exponent + np.log(2), exponent, 0.5))


@pytest.mark.parametrize(("operator", "taken"), [("<", False), ("<=", False), (">", True), (">=", True), ("==", False), ("!=", True)])
def test_a_root_under_a_condition_is_a_corner_at_zero_alone(operator: str, taken: bool) -> None:
    value, gradient = of(f"C = where(sqrt(x**2 + y) {operator} 0, 0, sqrt(x**2 + y)) - x", x=-1.0, y=0.5)
    root = np.sqrt(1.5)
    assert value == pytest.approx(1 if taken else root + 1)
    assert (gradient["x"], gradient["y"]) == pytest.approx((-1, 0) if taken else (-1 / root - 1, 0.5 / root))


def test_functions_that_differ_in_a_constant_are_two() -> None:
    x = leaf("x")
    one, two = (Apply((x,), (), (log_plus(Fraction(c)), (0,))) for c in (1, 2))
    assert normal(add([one, hadamard([number(-1), two])])) is not number(0)
    assert not isinstance(normal(hadamard([one, two])), Power)


@pytest.mark.parametrize(
    ("text", "known"),
    [("sqrt = sin\nC = sqrt(3)**2*x", np.sin(3.0) ** 2), ("exp = sin\ne = exp(x)\nC = sqrt(e**2)", np.sign(np.sin(4.0)) * np.cos(4.0)),
     ("abs = sin\nC = abs(x)*sign(x)", np.cos(4.0)), ("exp = sin\nC = log(exp(x)**2)", 2 * np.cos(4.0) / np.sin(4.0))],
)  # fmt: skip
def test_a_name_given_to_another_function_is_that_function(text: str, known: float) -> None:
    program = symchain.parse(text)
    assert program.compile()(x=4.0)[1]["x"] == pytest.approx(known)
    assert program.derive("x").compile()(x=4.0) == pytest.approx(known)
    name = text.partition(" ")[0]
    abstract = symchain.parse(f"{name}: function\n" + text.partition("\n")[2])
    if abstract.derive("x").verification.open:
        pytest.fail(text)
    assert abstract.derive("x").verification.held


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
def test_a_minimum_is_what_it_is_on_its_side_of_a_condition(operator: str) -> None:
    """minimum(x, 0) is x wherever x <= 0 holds, at the tie too: exp(minimum(x, 0)) - 1 beside x has slope 1 there."""
    for name, below in (("minimum", 1.0), ("maximum", 0.0)):
        for x in (-1.0, 0.0, 1.0):
            _, gradient = of(f"C = where(x {operator} 0, {name}(x, 0), 1 - exp(x))", x=x)
            inner = below if operator[0] == "<" else 1 - below
            assert gradient["x"] == pytest.approx(inner if OPERATORS[operator](x, 0) else -np.exp(x)), (operator, name, x)


# ---------------------------------------------------------------- choices

OPERATORS = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal}
BRANCHES: dict[str, tuple[Any, Any]] = {
    "0": (lambda x: 0 * x, lambda x: 0 * x), "x": (lambda x: x, lambda x: 0 * x + 1), "-x": (lambda x: -x, lambda x: 0 * x - 1),
    "x**2": (lambda x: x * x, lambda x: 2 * x), "2": (lambda x: 0 * x + 2, lambda x: 0 * x),
    "exp(x)": (np.exp, np.exp), "maximum(x, 1/2)": (lambda x: np.maximum(x, 0.5), lambda x: np.where(x > 0.5, 1.0, 0.0)),
}  # fmt: skip
CONDITIONS: dict[str, Any] = {  # left and right of the comparison, as numbers
    "x {} 0": lambda x: (x, 0 * x), "0 {} x": lambda x: (0 * x, x), "-x {} 0": lambda x: (-x, 0 * x),
    "x - 1 {} 0": lambda x: (x - 1, 0 * x),
    "x {} 1": lambda x: (x, 0 * x + 1), "abs(x) {} 1": lambda x: (np.abs(x), 0 * x + 1),
}  # fmt: skip
AT = (-2.0, -1.0, -0.5, 0.0, 0.788, 1.0, 2.0)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("operator", OPERATORS)
def test_choices_are_numpys(operator: str, condition: str) -> None:
    """Values and gradients, of kernels and of printed lines, for numbers and arrays, on both sides and at ties.

    At a tie, == and != choose a value; the slope there is left to the tests of special points.
    """
    pairs = [(a, b) for a, b in product(BRANCHES, BRANCHES) if a != b]
    x, y = np.array(AT), 3.0
    left, right = CONDITIONS[condition](x)
    holds = OPERATORS[operator](left, right)
    told = np.abs(left - right) > 0 if operator in ("==", "!=") else np.full(x.shape, True)
    for k, (a, b) in enumerate(pairs):
        choice = f"where({condition.format(operator)}, {a}, {b})"
        (f, df), (g, dg) = BRANCHES[a], BRANCHES[b]
        value, slope = np.where(holds, f(x), g(x)), np.where(holds, df(x), dg(x))
        kernel = symchain.parse(f"C = {choice}*y" if k % 2 else f"C = {choice}/2 + y").compile()
        scale, dy = (y, value) if k % 2 else (0.5, 1.0)
        for call in (kernel(x=x, y=np.full(x.shape, y)), tuple(zip(*(_flat(kernel(x=float(v), y=y)) for v in x), strict=True))):
            found = (call[0], call[1]["x"], call[1]["y"]) if isinstance(call[1], dict) else call
            assert np.allclose(found[0], value * scale + (0 if k % 2 else y)), choice
            assert np.allclose(np.asarray(found[1])[told], (slope * scale)[told]), choice
            assert np.allclose(found[2], dy), choice
        if k % 3:
            continue
        arrays = symchain.parse(f"x: (n,)\nC = sum({choice})")
        found, gradient = arrays.compile()(x=x)
        assert np.isclose(found, np.sum(value)) and np.allclose(gradient["x"][told], slope[told]), choice
        if k % 6 == 0:
            assert np.allclose(printed(arrays, "x", {"x": x})[told], slope[told]), choice


def _flat(result: Any) -> tuple[float, float, float]:
    return result[0], result[1]["x"], result[1]["y"]


def test_operations_are_told_apart_by_their_parameters() -> None:
    """A pattern over an operation is matched with its parameters: none is declared today."""
    x = leaf("X", SHAPE)
    pattern = Identity(operation(OPERATIONS["cumsum"], [leaf("?x", SHAPE)], (0,)), leaf("?x", SHAPE))
    for axis in (0, 1):
        found = rewrite(operation(OPERATIONS["cumsum"], [x], (axis,)), pattern)
        assert (found is x) == (axis == 0)
    assert not [rule for rule in RULES if any(isinstance(n, Operation) for n in postorder(rule.before))]
    assert leaves(x) == [x]
