"""The parts of a sweep: accumulation, routes and their paths, free names, and what is kept of a program."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace
from weakref import ref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symchain
from symchain.deriving import kept
from symchain.deriving.products import arrived
from symchain.deriving.route import Route
from symchain.deriving.sweep import Sweep
from symchain.models import read_model
from symchain.nouns.names import Names
from symchain.render import render
from symchain.rules.accumulation import accumulate
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import leaf

Graph = dict[int, list[int]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Nodes 0 to n; each uses some nodes below it, 0 uses none."""
    n = draw(st.integers(1, 7))
    return {k: draw(st.lists(st.integers(0, k - 1), min_size=1, max_size=3)) for k in range(1, n + 1)}


def ways(graph: Graph, node: int) -> Iterator[tuple[int, ...]]:
    """All ways from a node down to 0, one by one."""
    if node == 0:
        yield (0,)
    for used in graph.get(node, ()):
        yield from ((node, *way) for way in ways(graph, used))


@pytest.mark.thorough
@settings(deadline=None)
@given(graphs())
def test_accumulation_adds_over_all_ways(graph: Graph) -> None:
    """With a weight for each use, the adjoint is the sum over the ways of the products of the weights; every node is visited once."""
    top, visited = max(graph), []

    def send(node: int, adjoint: int) -> list[tuple[int, int]]:
        visited.append(node)
        return [(used, adjoint * (node + 3 * used + 1)) for used in graph[node]]

    found = accumulate(sorted(graph, reverse=True), top, 1, lambda _, terms: sum(terms), send)
    expected = 0
    for way in ways(graph, top):
        product = 1
        for node, used in zip(way, way[1:], strict=False):
            product *= node + 3 * used + 1
        expected += product
    assert found == {0: expected}
    assert len(visited) == len(set(visited))


def test_terms_come_first_use_first() -> None:
    seen: dict[str, list[str]] = {}

    def total(node: str, terms: list[str]) -> str:
        seen[node] = terms
        return node

    accumulate(["y", "b", "a"], "y", "", total, lambda node, _: [("x", f"from {node}")] if node != "y" else [("a", ""), ("b", "")])
    assert seen["x"] == ["from a", "from b"]


@pytest.mark.thorough
@settings(deadline=None)
@given(graphs())
def test_paths_are_counted_and_listed(graph: Graph) -> None:
    lines = [f"n{k} = {' + '.join(f'tanh({k + j}*n{u})' for j, u in enumerate(dict.fromkeys(uses)))}" for k, uses in graph.items()]
    plain = {k: list(dict.fromkeys(uses)) for k, uses in graph.items()}
    top = max(graph)
    route = Route(symchain.parse("\n".join(lines)), f"n{top}", ["n0"])
    expected = {tuple(f"n{k}" for k in way) for way in ways(plain, top)}
    listed = list(route.paths())
    assert len(listed) == len(set(listed)) == route.path_count() == len(expected)
    assert set(listed) == expected
    assert set(route.edges) == {step for way in expected for step in zip(way, way[1:], strict=False)}


def test_a_route_to_what_does_not_matter_is_empty() -> None:
    program = symchain.parse("y = 2*x; z = 3*w")
    route = Route(program, "y", ["w"])
    assert (route.names, route.blocks, route.edges, route.path_count(), list(route.paths())) == (set(), [], [], 0, [])


@settings(deadline=None)
@given(st.lists(st.sampled_from(["t", "t_", "t1", "t2", "x"])), st.lists(st.booleans(), max_size=5))
def test_new_names_are_new(taken: list[str], asked: list[bool]) -> None:
    names = Names(taken)
    made = [names.fresh("t") if kind else names.numbered("t") for kind in asked]
    assert len(set(made)) == len(made)
    assert not set(made) & set(taken)


# ---------------------------------------------------------------- what a line received


def test_what_arrived_is_data() -> None:
    """The adjoint of h before simplification: what q sends, then what p sends."""
    program = symchain.parse("h = w*x; p = tanh(h); q = h**2; y = p*q")
    d = program.derive("y", "w")
    (line,) = d.adjoint_lines
    assert line.of == "h"
    assert line.received == (("q", leaf("p")), ("p", leaf("q")))
    sent = arrived(program, line)
    assert sent is not None
    assert render(phrase_of(sent), "text") == "q*(1 - tanh(h)**2) + p*2*h"
    assert arrived(program, replace(line, received=())) is None


# ---------------------------------------------------------------- what is kept


def test_deriving_then_compiling_is_one_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    class Counted(Sweep):
        def __init__(self, *args: object, **options: object) -> None:
            made.append(str(args[1]))
            super().__init__(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(kept, "Sweep", Counted)
    program = symchain.parse("z = w*x + b; a = tanh(z); C = (a - y)**2")
    program.derive("all")
    program.compile()
    assert made == ["C"]
    program.derive("w")
    assert made == ["C", "C"], "another question is another sweep"


@pytest.mark.thorough
@pytest.mark.parametrize("use", ["derive", "compile", "hessian", "text", "factors"])
def test_a_program_is_freed_when_it_is_dropped(use: str) -> None:
    """What the engine keeps of a program goes with it, and what the program alone held goes too."""
    program = symchain.parse(read_model("two-layer").text)
    if use == "compile":
        program.compile()
    elif use == "hessian":
        program.hessian("W1")
    else:
        d = program.derive("W1")
        if use == "text":
            d.text()
        if use == "factors":
            factors = d.factors
        del d
    gone = ref(program)
    del program
    gc.collect()
    if use == "factors":
        assert len(factors) == 5
        assert factors["dz1/dW1"].shape == (), "they work on their own"
    assert gone() is None


@pytest.mark.thorough
def test_derivations_outlive_the_name_of_their_program() -> None:
    d = symchain.parse("z = w*x; y = z**2").derive(["w", "x"])
    gc.collect()
    assert d.lines == ("delta_z = 2*z", "dy_dw = delta_z*x", "dy_dx = delta_z*w")
    assert d["w"].verification.held
