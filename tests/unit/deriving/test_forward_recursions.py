"""Sensitivities carried forward: the derivatives of trajectories and arrays, beside those of programs written out."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

import symchain
from symchain.app.cli import commands
from symchain.deriving.recursions.checking import verified
from symchain.errors import ArgumentError, UnsupportedError
from symchain.tensors.nodes import scale
from tests.support.fields import PROGRAMS
from tests.support.recurrence_text import Lines
from tests.support.recurrences import network_point

NETWORK = (
    "x[t]: (n,)\nU: (d, n)\nW: (d, d)\nv: (d,)\ng: ()\nk: ()\nh[0] = zeros(d)\nh[t] = tanh(g*(W @ h[t-1]) + U @ x[t] + v) for t in 1..T\n"
    "f = W @ h[T] + sum(h[t] for t in 1..T)\nC = sum(f**2)*k"
)
SCALAR = "y[0] = a\ny[1] = b\ny[t] = p*sin(y[t-1]) + q*y[t-2] + t*c for t in 2..T\nC = y[T]**2"


def test_the_recursion_of_sensitivities() -> None:
    """S[t] = dF/dh S[t-1] + dF/dtheta."""
    program = symchain.parse(NETWORK)
    assert program.derive("h", "v").lines == (
        "dh_dv[0] = zeros((d, d))",
        "dh_dv[t] = g*(1 - h[t]**2)[:, None]*(W @ dh_dv[t-1]) + diag(1 - h[t]**2) for t in 1..T",
    )
    assert program.derive("f", "g").lines == (
        "dh_dg[0] = zeros(d)",
        "dh_dg[t] = (1 - h[t]**2)*(W @ (h[t-1] + g*dh_dg[t-1])) for t in 1..T",
        "df_dg = W @ dh_dg[T] + sum(dh_dg[t] for t in 1..T)",
    )
    both = program.jacobian("h", ["v", "g"])
    assert both.lines == (*program.derive("h", "v").lines, *program.derive("h", "g").lines)


@pytest.mark.parametrize("name", ["g", "v", "W", "U", "k"])
def test_trajectories_of_loops_are_those_of_the_program_written_out(name: str) -> None:
    given, flat = network_point(np.random.default_rng(1), k=2.0)
    program = symchain.parse(NETWORK)
    written = program.unrolled(T=4)
    value, slopes = program.compile("h", wrt=[name])(**given)
    for t in range(5):
        expected, slope = written.compile(f"h_{t}", wrt=[name])(**{n: v for n, v in flat.items() if n in written.inputs})
        assert np.allclose(value[t], expected) and np.allclose(slopes[name][t], slope[name], rtol=1e-10, atol=1e-12), t
    value, slopes = program.compile("f", wrt=[name])(**given)
    expected, slope = written.compile("f", wrt=[name])(**flat)
    assert np.allclose(value, expected) and np.allclose(slopes[name], slope[name], rtol=1e-10, atol=1e-12)
    assert program.derive("h", name).verification.held or name == "k"
    assert np.array_equal(program.derive("f", name).compile()(**given)[1][name], slopes[name])


def test_the_lines_run_as_they_are_written() -> None:
    program = symchain.parse(SCALAR)
    at = {"a": 0.4, "b": 0.9, "p": 1.1, "q": 0.3, "c": 0.2}
    written = [line for line in str(program).splitlines() if " = " in line]
    for name in at:
        d = program.derive("y", name)
        run = Lines([*written, *d.lines], at, {"T": 7})
        _, slopes = program.compile("y", wrt=[name])(**at, T=7)
        assert np.allclose([run.value(f"dy_d{name}", t) for t in range(8)], slopes[name], rtol=1e-12) and d.verification.held
    assert np.shape(program.compile("y", order=0)(**at, T=7)) == (8,)


def test_families_that_advance_together_and_lines_behind_the_result() -> None:
    """Of an epidemic: what the susceptible receive stands above the line of the infected, which it needs."""
    program = symchain.parse(PROGRAMS["epidemic"])
    at = {"beta": 0.6, "gamma": 0.2, "i0": 0.1, "d": [0.1, 0.2, 0.2, 0.1]}
    written = program.unrolled(T=4)
    flat = {n: v for n, v in at.items() if n != "d"} | {f"d_{k + 1}": v for k, v in enumerate([0.1, 0.2, 0.2, 0.1])}
    for family in ("S", "I"):
        d = program.derive(family, "beta")
        assert d.verification.held and d.result.name == f"d{family}_dbeta"
        _, slopes = program.compile(family, wrt=["beta"])(**at)
        for t in range(5):
            _, slope = written.compile(f"{family}_{t}", wrt=["beta"])(**{n: v for n, v in flat.items() if n in written.inputs})
            assert slopes["beta"][t] == pytest.approx(slope["beta"], rel=1e-12)


def test_a_wrong_line_is_found() -> None:
    d = symchain.parse(NETWORK).derive("f", "v")
    for k, line in enumerate(d.ranged[1:], 1):
        wrong = (*d.ranged[:k], replace(line, tree=scale(2, line.tree)), *d.ranged[k + 1 :])
        assert verified(replace(d, ranged=wrong)).failed, line.left


@pytest.mark.parametrize(("lang", "said"), [("en", "carried forward beside the values"), ("fr", "calculée en avançant")])
def test_it_says_why_it_runs_forward(lang: str, said: str) -> None:
    d = symchain.parse(NETWORK).derive("h", "v")
    for told in (d.text(lang), d.latex(lang), d.markdown(lang), d.html(lang)):
        assert said in " ".join(told.split())
    assert r"W\,\frac{\partial h_{t-1}}{\partial v}" in d.latex(lang) and "dh_dv[t-1]" in d.text(lang)
    assert json.loads(d.to_json())["lines"][-1]["role"] == "derivative"


def test_what_does_not_act_has_no_recursion() -> None:
    d = symchain.parse(NETWORK).derive("f", "k")
    assert d.lines == ("df_dk = zeros(d)",) and "recursion" not in d.text().partition("Result")[2].replace("without a recursion", "")


def test_the_command_line_runs_forward() -> None:
    printed = CliRunner().invoke(commands, ["derive", "-e", SCALAR, "--of", "y", "--wrt", "p", "--lang", "fr"])
    assert printed.exit_code == 0 and "dy_dp[t] = " in printed.output
    numbers = CliRunner().invoke(commands, ["eval", "-e", SCALAR, "--of", "y", "--wrt", "p", "--at", "a=0.4,b=0.9,p=1.1,q=0.3,c=0.2,T=5"])
    assert numbers.exit_code == 0 and "dy/dp" in numbers.output


def test_what_is_not_carried_forward_is_refused() -> None:
    program = symchain.parse(NETWORK)
    for ask in (lambda: program.derive("h", "x"), lambda: program.derive("f", "h[0]"), lambda: program.compile("h", wrt=["x"])):
        with pytest.raises(UnsupportedError, match="is a family"):
            ask()
    with pytest.raises(UnsupportedError, match="of which lines read rows"):
        symchain.parse("x: (T,)\ny[0] = r*x[0]\ny[t] = r*x[t] + m*y[t-1] for t in 1..T-1\nC = y[T-1]").derive("y", "x")
    with pytest.raises(ArgumentError, match="member of a family"):
        program.derive("h[T]", "v")
    with pytest.raises(UnsupportedError, match="not saved"):
        program.compile("h", wrt=["g"]).save("nowhere.json")
