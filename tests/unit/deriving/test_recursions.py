"""Recursions: the lines of textbooks, and all lines run as they are written, beside the programs written out."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

import symchain
from symchain.deriving.recursions.checking import verified
from symchain.language.unrolling import named
from symchain.language.wanted import wanted
from symchain.tensors.nodes import scale
from tests.support.recurrence_text import Lines
from tests.support.recurrences import TEXTS, first_of, point

NETWORK = (
    "W[l]: (h, h)\nb[l]: (h,)\nx: (h,)\ny: (h,)\na[0] = x\nz[l] = W[l] @ a[l-1] + b[l] for l in 1..L\n"
    "a[l] = tanh(z[l]) for l in 1..L\nC = 1/2*sum((a[L] - y)**2)"
)


def test_the_four_equations_of_backpropagation() -> None:
    """Nielsen, Neural Networks and Deep Learning, chapter 2: BP1 to BP4, for tanh."""
    program = symchain.parse(NETWORK)
    start, step = "delta_z[L] = (a[L] - y)*(1 - a[L]**2)", "delta_z[l] = (W[l+1].T @ delta_z[l+1])*(1 - a[l]**2) for l in L-1..1"
    assert program.derive("C", "W").lines == (start, step, "dC_dW[l] = outer(delta_z[l], a[l-1]) for l in 1..L")
    assert program.derive("C", "b").lines == (start, step, "dC_db[l] = delta_z[l] for l in 1..L")
    assert program.derive("C", "x").lines == (start, step, "dC_dx = W[1].T @ delta_z[1]")
    assert program.derive("C", ["W", "b"]).lines == (
        start, step, "dC_dW[l] = outer(delta_z[l], a[l-1]) for l in 1..L", "dC_db[l] = delta_z[l] for l in 1..L",
    )  # fmt: skip


def test_an_activation_may_stay_abstract() -> None:
    program = symchain.parse(NETWORK.replace("tanh", "sigma"))
    assert program.derive("C", "b").lines == (
        "delta_z[L] = (a[L] - y)*sigma'(z[L])",
        "delta_z[l] = (W[l+1].T @ delta_z[l+1])*sigma'(z[l]) for l in L-1..1",
        "dC_db[l] = delta_z[l] for l in 1..L",
    )


def test_the_costate_equation_of_optimal_control() -> None:
    """The adjoint of a linear system with quadratic costs: p_t = Q x_t + A' p_{t+1}, and R u_t + B' p_{t+1} for the controls."""
    text = "A: (n, n)\nB: (n, m)\nQ: (n, n) symmetric\nx0: (n,)\nu[t]: (m,)\nx[0] = x0\nx[t] = A @ x[t-1] + B @ u[t] for t in 1..T\n"
    program = symchain.parse(text + "J = 1/2*sum(x[t] @ Q @ x[t] + sum(u[t]**2) for t in 1..T)")
    assert program.derive("J", "u").lines == (
        "delta_x[T+1] = zeros(n)",
        "delta_x[t] = Q @ x[t] + A.T @ delta_x[t+1] for t in T..1",
        "dJ_du[t] = u[t] + B.T @ delta_x[t] for t in 1..T",
    )


def test_backpropagation_through_time_sums_over_the_steps() -> None:
    program = symchain.parse(TEXTS["recurrent"][0])
    *_, last = program.derive("C", "U").lines
    assert last.startswith("dC_dU = sum(outer(") and last.endswith(" for t in 1..T)")


@pytest.mark.parametrize("case", TEXTS)
def test_the_lines_are_right_as_they_are_written(case: str) -> None:
    text, wrt, several = TEXTS[case]
    program = symchain.parse(text)
    output = list(program.blocks)[-1]
    written_lines = [line for line in str(program).splitlines() if " = " in line]
    derived = {name: program.derive(output, name).lines for name in wrt}
    rng = np.random.default_rng(7)
    for lengths in several:
        written, flat, whole = point(program, lengths, rng)
        _, reference = written.compile(output, wrt=[*written.inputs, *(n for n in written.blocks if "_" in n)])(**flat)
        given = {n: v for n, v in whole.items() if not isinstance(v, list)}
        given |= {n: dict(enumerate(v, first_of(program, n, flat))) for n, v in whole.items() if isinstance(v, list) and v}
        axes = [(d, k) for v in written.inputs.values() for d, k in zip(v.shape, np.shape(flat[v.name]), strict=True)]
        numbers = {**lengths, **{d: k for d, k in axes if isinstance(d, str)}}
        families = {own for own, _ in program.recurrence.sizes.values()}
        sizes = {own: {k: numbers.get(f"{own}_{k}") for k in range(12)} for own in families}
        for name in wrt:
            w = wanted(program, name)
            lines = derived[name]
            run = Lines([*written_lines, *lines], {**given, **sizes}, numbers)
            last = lines[-1].partition(" = ")[0].partition("[")[0]
            if w.kind == "plain":
                whole_array = (last, None) in run.where
                found = run.value(last, None) if whole_array else np.stack([run.value(last, k) for k in _places(run, last)])
                assert np.allclose(found, reference.get(name, 0), rtol=1e-9, atol=1e-11), (name, lengths, lines)
            elif w.kind == "member":
                k = w.index.value(lengths)
                if named(w.base, k, program) in reference:
                    found = run.value(last, None if (last, None) in run.where else k)
                    assert np.allclose(found, reference[named(w.base, k, program)], rtol=1e-9, atol=1e-11), (name, lengths, lines)
            else:
                for k in given.get(name, ()):
                    found = run.value(last, k)
                    assert np.allclose(found, reference[named(name, k, program)], rtol=1e-9, atol=1e-11), (name, k, lengths, lines)


def _places(run: Lines, name: str) -> list[int]:
    return sorted(k for n, k in run.where if n == name and k is not None)


@pytest.mark.parametrize("case", ["layers", "look-back two", "widths"])
def test_the_evidence_is_made_at_several_lengths(case: str) -> None:
    text, wrt, _ = TEXTS[case]
    program = symchain.parse(text)
    found = program.derive(list(program.blocks)[-1], wrt[0]).verification
    assert found.held and len(found.lengths) == 3 and found.error < 1e-6


@pytest.mark.thorough
def test_a_wrong_line_is_found() -> None:
    derivation = symchain.parse(NETWORK).derive("C", "W")
    for k, line in enumerate(derivation.ranged):
        wrong = [*derivation.ranged]
        wrong[k] = replace(line, tree=scale(2, line.tree))
        assert verified(replace(derivation, ranged=tuple(wrong))).failed


def test_it_costs_the_same_for_every_length() -> None:
    """Nothing that is derived or compiled depends on a length: only the call does."""
    program = symchain.parse(NETWORK)
    kernel = program.compile("C", wrt=["W"])
    for layers in (1, 50):
        rng = np.random.default_rng(layers)
        weights = rng.normal(size=(layers, 3, 3)) / 2
        value, gradient = kernel(W=weights, b=np.zeros((layers, 3)), x=np.ones(3), y=np.zeros(3))
        assert np.isfinite(value) and gradient["W"].shape == (layers, 3, 3)


def test_what_is_not_derived_is_refused_by_name() -> None:
    program = symchain.parse(NETWORK)
    with pytest.raises(symchain.UnsupportedError, match="second derivatives by W, which is a family"):
        program.hessian("C", "W")
    with pytest.raises(symchain.ArgumentError, match="family of blocks"):
        program.derive("C", "a")
    with pytest.raises(symchain.ArgumentError, match=r"there is no W\[0\]"):
        program.derive("C", "W[0]")
    vector = symchain.parse("x: (n,)\na[0] = x\na[l] = 2*a[l-1] for l in 1..L\nf = a[L]*x")
    for ask in (lambda: vector.derive("f", "x", truncate=2), lambda: vector.hessian("f", "x"), lambda: vector.hvp("f", "x")):
        with pytest.raises(symchain.UnsupportedError, match="not a scalar"):
            ask()


@pytest.mark.thorough
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_it_says_where_the_recursion_starts_and_which_way_it_runs(lang: str) -> None:
    derivation = symchain.parse(NETWORK).derive("C", "W")
    said = derivation.text(lang=lang).replace("\n", " ")
    for part in {
        "en": ("starts at the end, with delta_z[L]", "runs down, from l = L - 1 to l = 1", "at its own step alone"),
        "fr": ("part de la fin, avec delta_z[L]", "descend, de l = L - 1 à l = 1", "qu'à sa propre étape"),
    }[lang]:
        assert part in said
    latex = derivation.latex(lang=lang)
    assert r"\delta_z^{(l)}&=((W^{(l+1)})^{\top}\,\delta_z^{(l+1)})\odot (1-(a^{(l)})^2),\quad l=L-1,\dots,1" in latex
    shared = symchain.parse(TEXTS["recurrent"][0]).derive("C", "W")
    assert {"en": "sum over the steps", "fr": "somme sur les étapes"}[lang] in shared.text(lang=lang).replace("\n", " ")
    assert r"\sum_{t=1}^{T}" in shared.latex(lang=lang) and "h_{t-1}" in shared.latex(lang=lang)


def test_a_recursion_may_start_with_the_adjoint_of_the_last_layer() -> None:
    """Widths that depend on the layer and a linear last layer: one formula for all weights, for one layer too."""
    text = "W[l]: (n[l], n[l-1])\nx: (n[0],)\ny: (n[L],)\na[0] = x\na[l] = sigmoid(W[l] @ a[l-1]) for l in 1..L-1\nf = W[L] @ a[L-1]\n"
    program = symchain.parse(text + "C = logsumexp(f) - dot(y, f)")
    assert program.derive("C", "W").lines == (
        "delta_f = softmax(f) - y",
        "delta_a[L] = delta_f",
        "delta_a[l] = (W[l+1].T @ delta_a[l+1])*a[l]*(1 - a[l]) for l in L-1..1",
        "dC_dW[l] = outer(delta_a[l], a[l-1]) for l in 1..L",
    )
    assert program.derive("C", "x").lines[-1] == "dC_dx = W[1].T @ delta_a[1]"


def test_sums_over_an_index_keep_outside_what_does_not_depend_on_it() -> None:
    program = symchain.parse("P = sum(c/(1 + y)**t for t in 1..n) + F/(1 + y)**n")
    assert program.derive("P", "c").lines == ("dP_dc = sum((1 + y)**-t for t in 1..n)",)
    (line,) = program.derive("P", "y").lines
    assert line.count("**") == 2 and "/(1 + y)**(t + 1)" in line


def test_several_derivations_are_one_document() -> None:
    several = symchain.parse("a[0] = x\na[l] = w[l]*a[l-1] + b for l in 1..L\nC = a[L]**2").derive("C", ["w", "b"])
    text = several.latex(standalone=True)
    assert text.count(r"\begin{document}") == text.count(r"\end{document}") == 1
    assert all(d.latex(width="page") in text for d in several.values())
    assert several.latex() == "\n".join(d.latex() for d in several.values())


@pytest.mark.thorough
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed (texlive-latex-base)")
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_recursions_are_set_as_pdf(lang: str) -> None:
    several = symchain.parse("a[0] = x\na[l] = w[l]*a[l-1] + b for l in 1..L\nC = a[L]**2").derive("C", ["w", "b"])
    assert several.pdf(lang=lang).startswith(b"%PDF-") and several["b"].pdf(lang=lang).startswith(b"%PDF-")
