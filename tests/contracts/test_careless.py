"""Careless and odd arguments from Python: each works as expected, or is refused in plain words, and soon."""

from __future__ import annotations

import copy
import pickle
import time
from collections.abc import Callable
from multiprocessing import get_context
from threading import Thread
from typing import Any

import numpy as np
import pytest
import sympy

import symchain
from symchain.errors import ArgumentError, LimitError, ShapeError, SymchainError, UnsupportedError, check_choice, nearest

NETWORK = "z = w*x + b\nC = (z - y)**2"
POINT = {"w": 1.0, "x": 2.0, "b": 0.5, "y": 2.0}
ODD = [None, b"x", 1j, object(), {}, [], np.zeros(2), {"x"}, "no such thing", "\ud800", "x\0", lambda: 0]


def refused(call: Callable[[], Any]) -> SymchainError:
    with pytest.raises(SymchainError) as caught:
        call()
    assert caught.value.what and caught.value.advice
    return caught.value


@pytest.mark.parametrize("value", ODD, ids=lambda v: type(v).__name__)
def test_an_option_is_one_of_its_choices(value: object) -> None:
    program = symchain.parse(NETWORK)
    d, graph = program.derive("C", "w"), program.graph()
    for medium in (d.text, d.latex, d.markdown, d.html, d.pdf, graph.svg, graph.dot, lambda lang: program.html(lang=lang)):
        refused(lambda medium=medium: medium(lang=value))
    for call in (
        lambda: d.text(detail=value),
        lambda: d.pdf(detail=value),
        lambda: d.text(notation=value),
        lambda: program.graph(level=value),
        lambda: program.compile(target=value),
        lambda: program.compile(kinks=value)(**POINT),
        lambda: program.check("C", value, "1"),
        lambda: program.explain(value),
    ):
        refused(call)
    if value is not None:  # None is the last block
        refused(lambda: program.check(value, "w", "1"))
    if not isinstance(value, set):  # {"x"}: names to differentiate by
        refused(lambda: program.derive(value))
    assert "what is" in refused(lambda: check_choice("what", value, ("this", "that"))).what


@pytest.mark.parametrize("value", [b"x", 1j, object(), {}, {"x"}, "1.5", [[1], [2, 3]], 10**400, np.array(["1"]), np.ma.masked_all(2)])
def test_a_point_holds_numbers(value: object) -> None:
    program = symchain.parse(NETWORK)
    point = {**POINT, "x": value}
    for call in (
        lambda: program.compile()(**point),
        lambda: program.explain("z", "w", at=point),
        lambda: program.sensitivity(at=point),
        lambda: program.graph(at=point),
        lambda: program.html(at=point),
    ):
        assert "x" in refused(call).what


@pytest.mark.parametrize("at", [{"q": 1.0}, {}, {**POINT, "q": 1.0}, {**POINT, "x": None}, 3, [POINT]])
def test_a_wrong_point_is_refused_by_the_page_too(at: object) -> None:
    refused(lambda: symchain.parse(NETWORK).html(at=at))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_point_at_infinity_has_no_example(value: float) -> None:
    assert "Why dz/dw" in symchain.parse(NETWORK).explain("z", "w", at={**POINT, "w": value}).text()


def test_no_point_and_a_value_of_none() -> None:
    program = symchain.parse(NETWORK)
    assert "at" in refused(lambda: program.sensitivity(at=None)).what
    assert "x" in refused(lambda: program.derive("C", "w").text(at={**POINT, "x": None})).what


def test_many_axes_are_refused() -> None:
    value: Any = 1.0
    for _ in range(40):
        value = [value]
    with pytest.raises(ShapeError, match="40 axes"):
        symchain.parse(NETWORK).compile()(**{**POINT, "x": value})


def test_what_has_no_order_is_no_shape_and_no_list() -> None:
    x = sympy.Symbol("x")
    for shape in (b"xy", {3: 4}, {3, 4}):
        assert isinstance(refused(lambda shape=shape: symchain.parse("y = x", shapes={"x": shape})), ShapeError)
    refused(lambda: symchain.jacobian(b"xy", [x]))
    refused(lambda: symchain.parse(NETWORK).hvp("C", "w", vector={}))


def test_long_texts_are_refused_soon() -> None:
    """Nothing looks for names like a text of a hundred thousand letters."""
    long = "x" * 100_000
    program, began = symchain.parse(NETWORK), time.process_time()
    for call in (
        lambda: symchain.parse("y = f(x)", let={"f": long}),
        lambda: symchain.parse("y = f(x)", let={long: "exp"}),
        lambda: program.derive("C", long),
        lambda: program.check("C", long, "1"),
        lambda: program.compile()(**{long: 1.0}),
        lambda: symchain.program({"y": sympy.Symbol(long)}),
        lambda: symchain.program({long: sympy.Symbol("x")}),
    ):
        refused(call)
    assert time.process_time() - began < 2
    assert nearest("tnah", ["tan", "tanh"]) == "tanh" and nearest(long, [long]) is None
    assert isinstance(refused(lambda: symchain.program({"y": sympy.Symbol("x" * 201)})), LimitError)


# ---------------------------------------------------------------- copies


def test_what_never_changes_is_its_own_copy() -> None:
    program = symchain.parse(NETWORK)
    d = program.derive("C", "w")
    for thing in (program, d, program.derive("C", "all"), d.paths[0], d.paths[0].factors[0], program.graph(), program.explain("w")):
        assert copy.copy(thing) is thing and copy.deepcopy(thing) is thing
        with pytest.raises(UnsupportedError, match="not pickled"):
            pickle.dumps(thing)


@pytest.mark.thorough
def test_a_kernel_is_pickled_and_works_in_another_process() -> None:
    kernel = symchain.parse(NETWORK).compile("C", wrt=["w"])
    value = kernel(**POINT)
    again = pickle.loads(pickle.dumps(kernel))
    assert again(**POINT) == copy.deepcopy(kernel)(**POINT) == value and again.source == kernel.source
    with get_context("spawn").Pool(1) as pool:
        assert pool.apply(kernel, kwds=POINT) == value


def test_threads_share_a_kernel() -> None:
    kernel = symchain.parse("W: (m, n)\nx: (n,)\nC = sum(tanh(W @ x)**2)").compile("C")
    weights = [np.full((2, 3), float(k)) for k in range(6)]
    expected = [symchain.parse("W: (m, n)\nx: (n,)\nC = sum(tanh(W @ x)**2)").compile("C")(W=w, x=np.ones(3)) for w in weights]
    wrong: list[int] = []

    def work(k: int) -> None:
        for _ in range(100):
            value, gradient = kernel(W=weights[k], x=np.ones(3))
            same = np.allclose(value, expected[k][0], rtol=1e-13) and np.allclose(gradient["W"], expected[k][1]["W"], rtol=1e-12, atol=0)
            if not same:  # but for last digits: machine code may have taken over meanwhile
                wrong.append(k)

    threads = [Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# ---------------------------------------------------------------- results written to arrays


def test_results_may_overwrite_an_input() -> None:
    kernel = symchain.parse(NETWORK).compile("C", wrt=["w", "b"])
    w = np.array([1.0, 2.0, 3.0])
    point = {**POINT, "w": w.copy()}
    value, gradient = kernel(**point)
    written = kernel.with_options(out=(np.empty(3), {"w": w, "b": np.empty(3)}))(**{**point, "w": w})
    assert np.array_equal(written[0], value) and all(np.array_equal(written[1][n], gradient[n]) for n in gradient)


def test_arrays_for_results_share_no_memory() -> None:
    kernel = symchain.parse(NETWORK).compile("C", wrt=["w", "b"])
    point = {**POINT, "w": np.arange(3.0)}
    shared = np.empty(9)
    apart = kernel.with_options(out=(shared[::3], {"w": shared[1::3], "b": shared[2::3]}))(**point)
    assert np.array_equal(apart[0], kernel(**point)[0])
    for value, w, b in (
        (shared[:3], shared[2:5], shared[6:]),
        (shared[:3], shared[3:6], shared[2::-1]),
        (shared[::2][:3], shared[3:6], shared[6:]),
    ):
        with pytest.raises(ArgumentError, match="two places"):
            kernel.with_options(out=(value, {"w": w, "b": b}))(**point)


# ---------------------------------------------------------------- short names for long things

DEEP = "y = " + "tanh(" * 200 + "x" + ")" * 200
CHAIN = "a0 = w*x\n" + "\n".join(f"a{k} = tanh(a{k - 1})" for k in range(1, 2000))


@pytest.mark.thorough
@pytest.mark.parametrize(("text", "wrt"), [(DEEP, "x"), (CHAIN, "w")], ids=["deep", "chain"])
def test_everything_has_a_short_repr(text: str, wrt: str) -> None:
    """A debugger prints it: no expression is written out, and nothing recurses."""
    program = symchain.parse(text)
    d = program.derive(wrt)
    things = [program, d, program.derive([wrt]), program.blocks[program.last], program.inputs[wrt], d.result, program.compile(wrt=wrt)]
    things += [d.paths[0], next(iter(d.factors.values()))]
    assert all(len(repr(thing)) < 300 for thing in things)
    assert str(program) and d.lines[-1].startswith(f"d{program.last}_d{wrt} = ")


def test_reprs_say_what_it_is() -> None:
    program = symchain.parse(NETWORK)
    d = program.derive("C", "w")
    assert repr(program) == "<program of C: 2 blocks, 4 inputs>"
    assert [repr(d), repr(program.hessian("C", "w")), repr(d.paths[0])] == [
        "<derivation of dC/dw>",
        "<derivation of d2C/dw2>",
        "<path w -> z -> C>",
    ]
    assert repr(program.derive("C", "all")) == "<derivations of C by 4 names>"
    assert repr(program.explain("z", "w")) == "<explanation of dz/dw>"
