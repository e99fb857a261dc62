"""The table of rules, row by row: both sides are equal, a row fires where it says and nowhere else, and shortens what it prints.

A row that is a pattern is tested on inputs made from it, with one field changed at a time; a row that is a function, on the programs
it gives. Then how a row is added, and what becomes of a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import symchain
from symchain.evidence.evaluation import evaluate
from symchain.evidence.precision import Digits, Inexact, values_in
from symchain.functions import FUNCTIONS
from symchain.functions.spec import FunctionSpec
from symchain.language.elaborate import Scope, elaborate
from symchain.language.grammar import parse_expression
from symchain.rewriting import numerics, price_of
from symchain.rewriting.matching import CONSTANT, NUMBER
from symchain.rewriting.rows import Row, Use
from symchain.rewriting.rules_table import TABLE
from symchain.support.notation import walk
from symchain.tensors.algebra import MIRROR, normal
from symchain.tensors.nodes import (
    Apply,
    Compare,
    Constant,
    Contraction,
    Leaf,
    Number,
    Power,
    Size,
    Sum,
    Tree,
    Where,
    add,
    compare,
    contract,
    hadamard,
    leaf,
    leaves,
    number,
    postorder,
    power,
    substitute,
)

PATTERNS = [row for row in TABLE.rows if row.search is None]
SEARCHES = [row for row in TABLE.rows if row.search is not None]
SIZES = {"n": 3, "m": 2, "k": 4}
SHAPES: dict[bool, tuple[tuple[str, ...], ...]] = {False: ((), ("n", "n")), True: (("n",), ("n", "m"), ("k", "n", "m"))}


def name_of(row: Row) -> str:
    return row.name


# ---------------------------------------------------------------- inputs made from a row


def read(row: Row, text: str, shape: tuple[str, ...] = (), axis: Any = 0) -> Tree:
    """A side of a row over inputs of a shape; a number from its domain for what stands for one."""
    names: dict[str, Tree] = {}
    for p in leaves(row.rule.before, row.rule.after):
        name = p.name.removeprefix("?")
        kind = row.wild.get(name)
        fixed = number(int(row.domain.get(name, (2, 2))[0]))
        names[name] = fixed if kind == NUMBER else leaf(name, () if kind == CONSTANT else shape)
    if row.over_axes:
        names |= {name: Size((), (), (shape[0],)) for name, kind in row.wild.items() if kind == CONSTANT}
    scope = Scope(names=names, dims=shape, functions=numerics.FUNCTIONS)
    return elaborate(parse_expression(re.sub(r"axis=ks?\b", f"axis={axis}", text)), scope)


def inputs(row: Row, *trees: Tree, count: int = 12) -> Iterator[dict[str, np.ndarray]]:
    """Points of the row's domain: small and large ones of both signs, and ties."""
    rng = np.random.default_rng(len(row.name))
    named = leaves(*trees)
    for k in range(count):
        low, high = ((0.05, 0.95), (-3, 3), (0.1, 3), (-0.9, 0.9))[k % 4]
        point = {}
        for n in named:
            a, b = row.domain.get(n.name, (low, high))
            bottom, top = (max(a, low), min(b, high)) if max(a, low) < min(b, high) else (a, b)
            point[n.name] = np.asarray(rng.uniform(bottom, top, [SIZES[str(d)] for d in n.shape]))
        yield point


def digits(trees: list[Tree], point: dict[str, np.ndarray]) -> list[Any]:
    numbers = Digits(40)
    with numbers.working():
        return [np.asarray(v, object) for v in values_in(numbers, trees, {n: numbers.array(v) for n, v in point.items()}, SIZES)]


def apart(row: Row, before: Tree, after: Tree, many: bool = False) -> int:
    """At how many entries of how many points both sides have a value; with `many` digits where these are known. Fails where they differ."""
    seen = 0
    for point in inputs(row, before, after, count=12 if many else 4):
        try:
            if not many:
                raise Inexact
            a, b = digits([before, after], point)
            close = 1e-28
        except (Inexact, ZeroDivisionError, ValueError):
            with np.errstate(all="ignore"):
                a, b = evaluate([before, after], point, SIZES)
            close = 1e-9
        a, b = np.broadcast_arrays(a, b)
        for x, y in zip(a.ravel(), b.ravel(), strict=True):
            if not _is_real(x):
                continue
            if not _is_real(y):
                assert row.use & Use.PRINT, (row.name, point, x, y)
                continue
            seen += 1
            assert abs(x - y) <= close * (1 + abs(x) + abs(y)), (row.name, point, x, y)
    return seen


def _is_real(x: Any) -> bool:
    return not getattr(x, "imag", 0) and bool(np.isfinite(float(getattr(x, "real", x))))


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
            yield "one more", hadamard([node, u])
            if len(node.shape) == 2 and node.shape[0] == node.shape[1]:
                yield "output", contract(node.args, node.subscripts, node.output[::-1], dict(enumerate(node.dims)))
            for k, s in enumerate(node.subscripts):
                if len(s) == 2 and node.args[k].shape[0] == node.args[k].shape[1]:
                    indices = [t[::-1] if j == k else t for j, t in enumerate(node.subscripts)]
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
    if len(node.shape) == 2 and node.shape[0] == node.shape[1] and not isinstance(node, Compare):
        yield "layout", contract([node], [(0, 1)], (1, 0))


def replaced(tree: Tree, node: Tree, by: Tree, once: int | None) -> Tree:
    """The tree with a node changed: everywhere, or in the operand number `once` of what reads it first."""
    if once is None:
        return substitute(tree, {node: by})
    for user in postorder(tree):
        if node in user.args and len(user.args) > once and user.args[once] is node:
            args = [by if k == once else a for k, a in enumerate(user.args)]
            return substitute(tree, {user: type(user)(tuple(args), user.shape, user.data)})
    return tree


def variants(tree: Tree) -> Iterator[tuple[str, Tree]]:
    for node in postorder(tree):
        for field, by in changed(node):
            for once in (None, 0, 1):
                try:
                    other = normal(replaced(tree, node, by, once))
                except (ValueError, ZeroDivisionError, symchain.SymchainError):
                    continue
                if other is not tree and type(other) is type(tree):
                    yield f"{field} of {node}", other


def places(row: Row) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The shapes and axes on which a row is tested."""
    for shape in SHAPES[row.over_axes]:
        yield from ((shape, axis) for axis in (range(len(shape)) if row.over_axes else (0,)))
        if "axis=ks" in row.before and len(shape) > 1:
            yield shape, tuple(range(0, len(shape), 2)) if len(shape) > 2 else (0, 1)


# ---------------------------------------------------------------- rows that are patterns


def check_sides(row: Row) -> None:
    """Both sides are equal wherever the left one has a value, and what is for print is not longer."""
    for shape, axis in places(row):
        before = read(row, row.before, shape, axis)
        (after, *_) = [*row.forms(normal(before)), *row.forms(before)]
        assert after.shape == before.shape
        assert apart(row, before, after, many=True) > 3, "there is hardly a point at which both sides have a value"
        if isinstance(row.after, str):
            assert apart(row, before, read(row, row.after, shape, axis), many=True) > 3
        if row.use & Use.PRINT:
            assert price_of(normal(after)) <= price_of(normal(before)), (str(after), str(before))


def check_fields(row: Row) -> None:
    """What a changed input is rewritten to, if at all, has its value: a factor more may stay outside. Some change is refused."""
    refused = []
    for shape, axis in places(row):
        tree = normal(read(row, row.before, shape, axis))
        for field, other in variants(tree):
            found = next(row.forms(other), None)
            if found is None:
                refused.append(field)
                continue
            assert found.shape == other.shape, field
            apart(row, other, found)
    assert refused


def check_guard(row: Row) -> None:
    """An input of the row's form outside of its guard is left alone."""
    phrase = parse_expression(row.spares)
    names: dict[str, Tree] = {p.text: leaf(p.text, ("n",) if row.over_axes else ()) for p in walk(phrase) if p.head == "name"}
    tree = elaborate(phrase, Scope(names=names, dims=("n",), functions=numerics.FUNCTIONS))
    fitting = [t for t in (tree, normal(tree)) if list(replace(row, guard=None).forms(t))]
    assert fitting, "without its guard, the row would fire"
    assert not [form for t in fitting for form in row.forms(t)]


@pytest.mark.parametrize("row", [row for row in PATTERNS if row.guard is not None], ids=name_of)
def test_what_is_outside_the_guard_of_a_row_is_left_alone(row: Row) -> None:
    check_guard(row)


@pytest.mark.parametrize("row", PATTERNS, ids=name_of)
def test_both_sides_of_a_row_are_equal(row: Row) -> None:
    check_sides(row)


@pytest.mark.parametrize("row", PATTERNS, ids=name_of)
def test_a_row_matches_itself_and_nothing_that_differs_in_a_field(row: Row) -> None:
    check_fields(row)


# ---------------------------------------------------------------- rows that are functions


def found_by(row: Row, text: str, derived: bool = True) -> list[tuple[Tree, Tree]]:
    """What a row finds while a program is derived, printed and compiled: each time the node and its other form."""
    found: list[tuple[Tree, Tree]] = []
    search = row.search
    assert search is not None

    def recorded(tree: Tree, names: Any) -> Iterator[Tree]:
        for form in search(tree, names):
            if form is not tree:
                found.append((substitute(tree, names_of(names)), substitute(form, names_of(names))))
            yield form

    def names_of(names: Any) -> dict[Tree, Tree]:
        return {n: names[n.name] for n in leaves(*names.values()) if n.name in names}

    with TABLE.including(replace(row, search=recorded)):
        program = symchain.parse(text if "\n" in text else f"out = {text}")
        if row.use & Use.PRINT:
            for d in program.derive("all").values() if derived else ():
                assert d.lines and d.rewriting is not None
            for block in program.blocks.values():
                symchain.rewriting.reduced(block.tree)
        if row.use & (Use.RUN | Use.LAST):
            program.compile()
    return found


@pytest.mark.parametrize("row", SEARCHES, ids=name_of)
def test_a_function_finds_what_its_row_says(row: Row) -> None:
    assert row.reason and row.fires and row.spares, "a function says why it is one, where it fires and where not"
    assert not row.before and not row.after
    pairs = found_by(row, row.fires)
    assert pairs
    for before, after in pairs:
        assert before.shape == after.shape
        apart(row, before, after)
    assert any(apart(row, before, after) for before, after in pairs)


@pytest.mark.parametrize("row", SEARCHES, ids=name_of)
def test_a_function_leaves_alone_what_its_row_says(row: Row) -> None:
    assert not found_by(row, row.spares, derived=False)


# ---------------------------------------------------------------- the table


def test_every_row_has_a_name_of_its_own_and_a_use() -> None:
    names = [row.name for row in TABLE.rows]
    assert len(names) == len(set(names))
    assert all(row.use for row in TABLE.rows)


def test_no_form_stands_in_two_rows() -> None:
    seen: dict[tuple[Tree, Use], str] = {}
    for row in PATTERNS:
        for use in row.use:
            other = seen.setdefault((row.rule.before, use), row.name)
            assert other == row.name or row.guard is not None, (other, row.name)


def test_the_order_of_the_rows_does_not_matter() -> None:
    """What is tried first is said by the rows."""
    program = "x: (n,)\ny: (n,)\nC = sum(log(exp(x)/sum(exp(x)))*y) + sum(x/(1 + exp(-x)) + log(1 + x**2) - 1/x + 1/y)"

    def told() -> tuple[Any, ...]:
        d = symchain.parse(program).derive("C", "x")
        return (*d.lines, symchain.parse(program).compile().source)

    straight, rows = told(), TABLE.rows
    try:
        TABLE._rows = rows[::-1]
        TABLE._forget()
        assert told() == straight
    finally:
        TABLE._rows = rows
        TABLE._forget()


def test_what_a_function_declares_is_a_row_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert symchain.parse("C = sin(a*b)/a").derive("C", "b").lines == ("dC_db = cos(a*b)",)
    spec = replace(FUNCTIONS["cos"], name="cosine_of_all", aliases=(), identities=(("tan(x)*cos(x)", "sin(x)"),))
    monkeypatch.setitem(FUNCTIONS, spec.name, spec)
    assert symchain.parse("C = tan(a)*cos(a)*b").derive("C", "b").lines == ("dC_db = sin(a)",)
    monkeypatch.delitem(FUNCTIONS, spec.name)
    assert symchain.parse("C = tan(a)*cos(a)*b").derive("C", "b").lines == ("dC_db = tan(a)*cos(a)",)


# ---------------------------------------------------------------- how a row is added

SINE = Row("tan(x)*cos(x) = sin(x)", Use.BOTH, "tan(x)*cos(x)", "sin(x)", domain={"x": (-1.5, 1.5)})
"""A name, where the row is used, what is recognised and what it becomes: that is all there is to a row."""


def test_a_rewrite_is_added_as_one_row() -> None:
    """The recipe: write the row into the family that it belongs to; here it is in the table for a while.

    Formulas are printed with it, where that is shorter, and kernels run with it. The contract above is all that tests it.
    """
    text = "a: (n,)\nb: (n,)\nC = sum(tan(a)*cos(a)*b)"
    assert "tan" in str(symchain.parse(text).derive("C", "b").lines)
    with TABLE.including(SINE):
        program = symchain.parse(text)
        derivation = program.derive("C", "b")
        assert derivation.lines == ("dC_db = sin(a)",)
        assert derivation.verification.held
        source = program.compile().source
        assert "np.sin(" in source and "tan" not in source
        value, gradient = program.compile()(a=np.array([0.5, 1.0]), b=np.array([1.0, 2.0]))
        np.testing.assert_allclose(value, np.sin(0.5) + 2 * np.sin(1.0))
        np.testing.assert_allclose(gradient["a"], [np.cos(0.5), 2 * np.cos(1.0)])
        check_sides(SINE)
        check_fields(SINE)
    assert "tan" in str(symchain.parse(text).derive("C", "b").lines), "the row has gone"


def test_a_row_over_axes_is_added_as_one_row() -> None:
    """`axis=k` is any axis of arrays of any rank; a guard keeps some numbers out."""
    row = Row(
        "a root of a power summed", Use.RUN, "sum(exp(c*log(x)), axis=k)", "sum(x**c, axis=k)",
        wild={"c": NUMBER}, guard=lambda bound: bound["c"] is number(2), domain={"x": (0.1, 3.0), "c": (2, 2)},
        spares="sum(exp(3*log(x)), axis=0)",
    )  # fmt: skip
    with TABLE.including(row):
        check_sides(row)
        check_guard(row)
        assert "exp" not in symchain.parse("A: (n, m)\nC = sum(sum(exp(2*log(A)), axis=1)**2)").compile(order=0).source
        assert "exp" in symchain.parse("A: (n, m)\nC = sum(sum(exp(3*log(A)), axis=1)**2)").compile(order=0).source


WRONG = {
    "another function": Row("wrong", Use.BOTH, "tan(x)*cos(x)", "cos(x)"),
    "right on one side of 0 alone": Row("wrong", Use.BOTH, "sqrt(x**2)", "x"),
    "another axis": Row("wrong", Use.RUN, "exp(x)/sum(exp(x), axis=k, keepdims=True)", "softmax(x, axis=0)"),
    "a digit too few": Row("wrong", Use.RUN, "log10(x)", "log(x)*0.4342944819032518", domain={"x": (0.1, 3.0)}),
    "without a value": Row("wrong", Use.RUN, "x + abs(x)", "2*exp(log(x))"),
    "longer": Row("wrong", Use.PRINT, "tan(x)", "sin(x)/cos(x)"),
    "the other side of a comparison": Row("wrong", Use.RUN, "where(x > 1, x, 2)", "where(x < 1, x, 2)"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_row_is_caught(name: str) -> None:
    with pytest.raises(AssertionError):
        check_sides(WRONG[name])


def test_a_wrong_row_is_caught_in_derivations_too() -> None:
    with TABLE.including(WRONG["another function"]):
        assert symchain.parse("C = tan(a)*cos(a)*b").derive("C", "b").verification.failed
