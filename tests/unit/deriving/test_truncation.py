"""Truncated recursions: windows of steps, beyond which nothing comes back, beside programs in which earlier windows are held fixed."""

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
from symchain.kernels.native.building import compiler
from symchain.language.unrolling import named
from symchain.language.wanted import wanted
from symchain.tensors.nodes import scale
from tests.support.recurrences import TEXTS, first_of, point

NETWORK = (
    "x[t]: (n,)\ny[t]: ()\nU: (d, n)\nW: (d, d)\nv: (d,)\nh[0] = zeros(d)\nh[t] = tanh(W @ h[t-1] + U @ x[t]) for t in 1..T\n"
    "C = sum((dot(v, h[t]) - y[t])**2 for t in 1..T)"
)


def _by_hand(steps: int | None, x: np.ndarray, y: np.ndarray, U: np.ndarray, W: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The sum over the windows, the last one first, of the gradients by W that see their own steps alone."""
    h = [np.zeros(len(W))]
    for x_t in x:
        h.append(np.tanh(W @ h[-1] + U @ x_t))
    last, total = len(x), np.zeros_like(W)
    ends = range(last, 0, -steps) if steps is not None else [last]
    for end in ends:
        error = np.zeros(len(W))
        for t in range(end, max(0, end - (steps or last)), -1):
            error = (error + 2 * (v @ h[t] - y[t - 1]) * v) * (1 - h[t] ** 2)
            total += np.outer(error, h[t - 1])
            error = W.T @ error
    return total


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("target", ["numpy", "c"])
def test_a_window_at_a_time(steps: int, target: str) -> None:
    """Williams and Peng 1990: what comes back from a window stays in it; one window that holds all steps leaves nothing out."""
    if target == "c" and not compiler():
        pytest.skip("there is no compiler")
    rng = np.random.default_rng(3)
    given = {"x": rng.normal(size=(7, 2)), "y": rng.normal(size=7), "U": rng.normal(size=(3, 2)), "W": rng.normal(size=(3, 3))}
    given["v"] = rng.normal(size=3)
    program = symchain.parse(NETWORK)
    kernel = program.compile("C", wrt=["W"], truncate=steps, target=target)
    for one in (kernel, kernel.with_options(checkpoint="sqrt"), kernel.with_options(checkpoint=2)):
        assert np.allclose(one(**given)[1]["W"], _by_hand(steps, **given), rtol=1e-12)
    whole = program.compile("C", wrt=["W"])(**given)[1]["W"]
    assert np.allclose(whole, _by_hand(None, **given), rtol=1e-12)
    assert np.allclose(whole, _by_hand(steps, **given)) == (steps >= 7)


def test_the_recursion_shows_where_windows_end_and_is_called_no_derivative() -> None:
    d = symchain.parse(NETWORK).derive("C", "W", truncate=4)
    assert d.lines == (
        "kappa[t] = where(mod(T - t, 4) == 0, 0, 1) for t in 1..T-1",
        "delta_h[T] = 2*(v @ h[T] - y[T])*v*(1 - h[T]**2)",
        "delta_h[t] = (2*(v @ h[t] - y[t])*v + kappa[t]*(W.T @ delta_h[t+1]))*(1 - h[t]**2) for t in T-1..1",
        "g_W = sum(outer(delta_h[t], h[t-1]) for t in 1..T)",
    )
    said = {"en": "not the derivative of", "fr": "n'est pas la dérivée de"}
    for lang, words in said.items():
        for medium in (d.text, d.latex, d.markdown, d.html):
            for detail in ("brief", "standard", "full"):
                told = " ".join(medium(lang, detail=detail).replace("&#x27;", "'").replace("&#39;", "'").split())
                assert words in told and "dC/dW" not in told and "stop" in told, (lang, medium, told)
    assert json.loads(d.to_json())["truncate"] == 4


def test_steps_of_one_window_each_bring_nothing_back() -> None:
    d = symchain.parse(NETWORK).derive("C", "W", truncate=1)
    assert d.lines[0] == "delta_h[t] = 2*(v @ h[t] - y[t])*v*(1 - h[t]**2) for t in 1..T" and len(d.lines) == 2
    assert "Nothing comes back from later steps here" in " ".join(d.text().split())


@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_lines_and_loops_are_those_of_the_program_with_earlier_windows_held_fixed(case: str, steps: int) -> None:
    text, wrt, several = TEXTS[case]
    program = symchain.parse(text)
    output = list(program.blocks)[-1]
    for name in wrt[:3]:
        assert program.derive(output, name, truncate=steps).verification.held, name
    kernel = program.compile(wrt=wrt, truncate=steps)
    rng = np.random.default_rng(5)
    for lengths in several:
        _, flat, whole = point(program, lengths, rng)
        written = program.unrolled(**lengths, truncate=steps)
        _, reference = written.compile(wrt=[n for n in (*written.inputs, *written.blocks) if "_" in n or np.size(flat.get(n, ()))])(**flat)
        given = {n: v for n, v in lengths.items() if n in program.recurrence.lengths}
        _, gradient = kernel(**whole, **given)
        for name in wrt:
            w = wanted(program, name)
            if w.kind == "family":
                first = first_of(program, name, flat)
                pairs = [(g, named(name, first + k, program)) for k, g in enumerate(gradient[name])]
            else:
                pairs = [(gradient[name], named(w.base, w.index.value(lengths), program) if w.kind == "member" else name)]
            for found, own in pairs:
                assert np.allclose(found, reference.get(own, 0), rtol=1e-9, atol=1e-11), (name, lengths)


def test_a_wrong_line_is_found() -> None:
    d = symchain.parse(NETWORK).derive("C", "W", truncate=2)
    for k, line in enumerate(d.ranged):
        assert verified(replace(d, ranged=(*d.ranged[:k], replace(line, tree=scale(2, line.tree)), *d.ranged[k + 1 :]))).failed
    assert verified(replace(d, truncate=None)).failed and verified(replace(d, truncate=3)).failed


def test_a_kernel_is_saved_with_its_windows(tmp_path) -> None:
    program = symchain.parse("h[0] = a\nh[t] = sin(w*h[t-1]) for t in 1..T\nC = h[T]")
    kernel = program.compile("C", wrt=["w"], truncate=2)
    kernel.save(tmp_path / "kernel.json")
    given = {"a": 0.4, "w": 1.3, "T": 5}
    found = symchain.load(tmp_path / "kernel.json")(**given)[1]["w"]
    assert found == kernel(**given)[1]["w"] == program.derive("C", "w", truncate=2).compile()(**given)[1]["w"]
    assert found != program.compile("C", wrt=["w"])(**given)[1]["w"]


def test_the_command_line_truncates() -> None:
    text = "h[0] = a\nh[t] = sin(w*h[t-1]) for t in 1..T\nC = h[T]"
    printed = CliRunner().invoke(commands, ["derive", "-e", text, "--wrt", "w", "--truncate", "3", "--lang", "fr"])
    assert printed.exit_code == 0 and "récurrence est tronquée" in " ".join(printed.output.split())
    numbers = CliRunner().invoke(commands, ["eval", "-e", text, "--wrt", "w", "--truncate", "3", "--at", "a=0.4,w=1.3,T=5"])
    code = CliRunner().invoke(commands, ["compile", "-e", text, "--wrt", "w", "--truncate", "3"])
    assert code.exit_code == 0 and "# windows of 3 steps" in code.output
    assert numbers.exit_code == 0 and "g_w" in numbers.output and "dC/dw" not in numbers.output


@pytest.mark.parametrize("steps", [0, -1, 1.5, True, "two"])
def test_what_is_no_number_of_steps_is_refused(steps: object) -> None:
    program = symchain.parse(NETWORK)
    for ask in (lambda: program.derive("C", "W", truncate=steps), lambda: program.compile("C", truncate=steps)):
        with pytest.raises(ArgumentError, match="no number of steps"):
            ask()
    for ask in (lambda: program.derive("C", "W", order=2, truncate=2), lambda: program.compile("C", wrt=["W"], order=2, truncate=2)):
        with pytest.raises(UnsupportedError, match="not truncated"):
            ask()
    with pytest.raises(ArgumentError, match="no families"):
        symchain.parse("y = x**2").derive("x", truncate=2)


def test_the_check_looks_at_lengths_with_several_windows() -> None:
    """Where one window holds all steps, nothing is truncated, and a check there says nothing of it."""
    program = symchain.parse("h[0] = 0\nh[t] = tanh(w*h[t-1] + x[t]) for t in 1..T\nC = h[T]**2")
    found = program.derive("C", "w", truncate=4).verification
    assert found.held and any(max(at.values()) > 4 for at in found.lengths)
