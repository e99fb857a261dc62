"""Second derivatives of recursions: by a number in full, by arrays column by column, beside those of programs written out."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

import symchain
from symchain.app.cli import commands
from symchain.deriving.recursions.checking import verified
from symchain.errors import UnsupportedError
from symchain.kernels.native.building import compiler
from symchain.tensors.nodes import scale
from tests.support.recurrence_text import Lines
from tests.support.recurrences import TEXTS, network_point

NETWORK = (
    "x[t]: (n,)\nU: (d, n)\nW: (d, d)\nv: (d,)\ng: ()\nh[0] = zeros(d)\nh[t] = tanh(g*(W @ h[t-1]) + U @ x[t]) for t in 1..T\n"
    "C = sum(dot(v, h[t])**2 for t in 1..T)"
)
SCALAR = "h[0] = a\nh[t] = sin(w*h[t-1]) for t in 1..T\nC = h[T]**2 + w**2"


@pytest.mark.parametrize("target", ["numpy", "c"])
def test_hessians_of_loops_are_those_of_the_program_written_out(target: str) -> None:
    if target == "c" and not compiler():
        pytest.skip("there is no compiler")
    given, flat = network_point(np.random.default_rng(1))
    program = symchain.parse(NETWORK)
    value, gradient, hessian = program.compile("C", wrt=["v", "g", "W"], order=2, target=target)(**given)
    expected, slopes, second = program.unrolled(T=4).compile("C", wrt=["v", "g", "W"], order=2)(**flat)
    assert value == pytest.approx(expected) and set(hessian) == set(second)
    for key, block in second.items():
        assert np.shape(hessian[key]) == np.shape(block) and np.allclose(hessian[key], block, rtol=1e-9, atol=1e-11), key
    for key, slope in slopes.items():
        assert np.allclose(gradient[key], slope, rtol=1e-10), key
    alone = program.hessian("C", "W").compile(checkpoint="sqrt")(**given)
    assert np.allclose(alone, second["W"], rtol=1e-9, atol=1e-11)


def test_what_does_not_act_has_blocks_of_zeros() -> None:
    _, _, hessian = symchain.parse("k: (n,)\nh[0] = a\nh[t] = sin(w*h[t-1]) for t in 1..T\nC = h[T]\nf = sum(k)").compile(
        "C", wrt=["k", "w"], order=2
    )(a=0.4, w=1.1, k=np.ones(2), T=3)  # fmt: skip
    assert np.shape(hessian["k"]) == (2, 2) and np.shape(hessian["k", "w"]) == (2,) and not np.any(hessian["k", "w"]) and hessian["w"]


def test_by_a_number_it_is_a_tangent_recursion_and_its_adjoint() -> None:
    d = symchain.parse(SCALAR).hessian("C", "w")
    assert d.lines == (
        "v_h[0] = 0",
        "v_h[t] = cos(w*h[t-1])*(h[t-1] + w*v_h[t-1]) for t in 1..T",
        "delta_h[T] = 2*v_h[T]",
        "delta_v_h[T] = 2*h[T]",
        "delta_h[t] = delta_h[t+1]*cos(w*h[t])*w + delta_v_h[t+1]*(cos(w*h[t]) - h[t+1]*w*(h[t] + w*v_h[t])) for t in T-1..1",
        "delta_v_h[t] = delta_v_h[t+1]*cos(w*h[t])*w for t in T-1..1",
        "d2C_dw2 = 2 + sum(delta_h[t]*cos(w*h[t-1])*h[t-1] + delta_v_h[t]*(cos(w*h[t-1])*v_h[t-1] - "
        "h[t]*h[t-1]*(h[t-1] + w*v_h[t-1])) for t in 1..T)",
    )
    assert d.verification.held and len(d.verification.lengths) == 3
    run = Lines(["h[0] = a", "h[t] = sin(w*h[t-1]) for t in 1..T", *d.lines], {"a": 0.6, "w": 1.2}, {"T": 6})
    _, _, second = symchain.parse(SCALAR).unrolled(T=6).compile("C", wrt=["w"], order=2)(a=0.6, w=1.2)
    assert run.value("d2C_dw2", None) == pytest.approx(second["w"], rel=1e-12)
    assert d.compile()(a=0.6, w=1.2, T=6) == pytest.approx(second["w"], rel=1e-12)


@pytest.mark.parametrize("case", TEXTS)
def test_the_lines_of_products_with_a_hessian_are_verified(case: str) -> None:
    text, wrt, _ = TEXTS[case]
    program = symchain.parse(text)
    output = list(program.blocks)[-1]
    held = 0
    for name in [n for n in wrt if n in program.inputs or n in program.families]:
        found = program.hvp(output, name).verification
        assert found.held or found.open in ("flat", "rounding"), (name, found)
        held += found.held
    assert held


def test_a_wrong_line_is_found() -> None:
    for d in (symchain.parse(SCALAR).hessian("C", "w"), symchain.parse(NETWORK).hvp("C", "W"), symchain.parse(NETWORK).hvp("C", "x")):
        for k, line in enumerate(d.ranged):
            if line.left == "v_h[0]" or line.role == "end":
                continue  # which is zero
            wrong = (*d.ranged[:k], replace(line, tree=scale(2, line.tree)), *d.ranged[k + 1 :])
            assert verified(replace(d, ranged=wrong)).failed, line.left


@pytest.mark.parametrize(("lang", "said"), [("en", "all unit vectors give all columns"), ("fr", "tous les vecteurs unités donnent")])
def test_a_hessian_that_is_not_written_at_once_says_so(lang: str, said: str) -> None:
    d = symchain.parse(NETWORK).hessian("C", "v")
    for told in (d.text(lang), d.latex(lang), d.markdown(lang), d.html(lang)):
        assert said in " ".join(told.split())
    assert "d2C/dv2 @ e_v" in d.text(lang) and r"\frac{\partial^2 C}{\partial v^2}\,e_v" in d.latex(lang)


def test_several_names_are_told_one_after_another() -> None:
    found = symchain.parse(NETWORK).hessian("C", ["v", "g"])
    assert list(found) == ["v", "g"] and "d2C/dv2" in found.text() and "d2C/dg2" in found.text("fr")
    with pytest.raises(UnsupportedError, match="lines of their own"):
        found.lines  # noqa: B018


def test_the_command_line_prints_it() -> None:
    printed = CliRunner().invoke(commands, ["hessian", "-e", SCALAR, "--wrt", "w", "--lang", "fr"])
    assert printed.exit_code == 0 and "d2C/dw2" in printed.output and "dérivée seconde" in " ".join(printed.output.split())


def test_what_has_no_second_derivative_is_refused_by_name() -> None:
    program = symchain.parse(NETWORK)
    for ask in (lambda: program.hessian("C", "x"), lambda: program.compile("C", wrt=["x"], order=2)):
        with pytest.raises(UnsupportedError, match="by x, which is a family"):
            ask()
    with pytest.raises(UnsupportedError, match="not saved"):
        program.compile("C", wrt=["v"], order=2).save("nowhere.json")
    given, _ = network_point(np.random.default_rng(2))
    kernel = program.compile("C", wrt=["v"], order=2)
    assert np.array_equal(pickle.loads(pickle.dumps(kernel))(**given)[2]["v"], kernel(**given)[2]["v"])
