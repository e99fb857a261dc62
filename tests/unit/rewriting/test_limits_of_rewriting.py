"""What rewriting must leave alone: what is yet to be differentiated, and comparisons that hold to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from plain import run

import symchain
from symchain.evidence.evaluation import evaluate
from symchain.evidence.sampling import structured
from symchain.evidence.verification import wrong_factors
from symchain.rewriting import price_of
from symchain.tensors.algebra import normal
from symchain.tensors.equalities import equalities
from symchain.tensors.nodes import leaves
from symchain.tensors.terms import is_symmetric

# ---------------------------------------------------------------- facts that are equations

EQUATIONS = {
    "symmetric": ("M: (n, n) symmetric\nB = M @ M - M @ M.T\nC = sum(B)", "M"),
    "symmetric in one line": ("M: (n, n) symmetric\nx: (n,)\ny: (n,)\nC = x @ (M - M.T) @ y", "M"),
    "spd": ("M: (n, n) spd\nC = logdet(M) + tr(M @ (M - M.T)) + M[0, 1] - M[1, 0]", "M"),
    "orthogonal": ("M: (n, n) orthogonal\nA: (n, n)\nC = tr(M.T @ M @ A)", "M"),
    "probability": ("p: (n,) probability\nC = log(sum(p)) + sum(p)**2", "p"),
    "onehot": ("h: (n,) onehot\nx: (n,)\nC = sum(h**2*x)", "h"),
    "probability in a stable form": ("p: (n,) probability\nC = s*sum(p*log(ones(n)**2 + 1)) + sum(p*log(1 + p))", "p"),
    "onehot in a stable form": ("h: (n,) onehot\nC = s*sum(log(h**2 + 1))", "h"),
    "symmetric through a block": ("M: (n, n) symmetric\nx: (n,)\nB = M @ M\nC = log(1 + (x @ (B - B.T) @ (2*x + B @ x) + 1)**2)", "M"),
    "of a block": ("z: (n,)\np = softmax(z)\nC = log(sum(p)) + sum(p)**2 + p[0]", "p"),
    "of a symmetric block": ("A: (n, n)\nx: (n,)\ny: (n,)\nB = A + A.T\nC = x @ (B - B.T) @ y + B[0, 1]", "B"),
}


def at_a_point(program: symchain.Program, seed: int = 1) -> dict:
    generator = np.random.default_rng(seed)
    drawn = {n: generator.uniform(0.2, 1, (3,) * len(v.shape)) for n, v in program.inputs.items()}
    return {n: np.eye(3)[1] if "onehot" in v.facts else structured(drawn[n], v.facts) for n, v in program.inputs.items()}


def slopes(program: symchain.Program, point: dict, wrt: str) -> np.ndarray:
    """By complex steps through the blocks as written; what a block is moved by is added to its value."""
    found = np.zeros(np.shape(point[wrt]) if wrt in point else [3] * len(program.blocks[wrt].shape))
    for index in np.ndindex(found.shape):
        step = np.zeros(found.shape, complex)
        step[index] = 1e-30j
        known = {n: v + step if n == wrt else v for n, v in point.items()}
        for name, block in program.blocks.items():
            known[name] = evaluate([block.tree], known, {"n": 3})[0] + (step if name == wrt else 0)
        found[index] = np.imag(known[program.last]) / 1e-30
    return found


@pytest.mark.parametrize("name", EQUATIONS)
def test_facts_that_are_equations_are_not_used_before_differentiating(name):
    text, wrt = EQUATIONS[name]
    program = symchain.parse(text)
    d = program.derive("C", wrt)
    assert d.verification.held and not wrong_factors(d), d.lines
    point = at_a_point(program)
    known = dict(point)
    for block in program.blocks.values():
        known[block.name] = evaluate([block.tree], known, {"n": 3})[0]
    np.testing.assert_allclose(run(d.lines, {**known, "n": 3})[0], slopes(program, point, wrt), rtol=1e-12, atol=1e-12)
    if wrt in program.inputs:
        np.testing.assert_allclose(program.compile(wrt=[wrt])(**point)[1][wrt], slopes(program, point, wrt), rtol=1e-12, atol=1e-12)
        assert program.hessian("C", wrt).verification.held


# ---------------------------------------------------------------- equalities

CHOSEN = [
    "C = norm((a - b)*s + (b - a)*t, inf)",
    "C = max(log((a*b)**2)*s + log((a*b)**2)*t)",
    "z = a*b\nC = max(z)**2",
    "C = sum(max(A*s + A*t + outer(a, b)*s, axis=1))",
    "C = -min((a - b)/s + (b - a)/t)*s",
    "q = s*(a - b) + t*(b - a)\nC = max(abs((s - t)*(a - b))) + sum(q)",
    "q = (a*b)**2\nm = max(a**2*b**2)\nC = m + sum(q)",
    "m = max(a*s + a*t)\nC = sum(exp(a*s + a*t - m))*m",
    "C = min(((a/sum(a))*log(a**2 + 1))*s + ((a/sum(a))*log(a**2 + 1))*t)",
    "sigma = sigmoid\nC = max(sigma(a)*s + sigma(a)*t)**2",
]


@pytest.mark.thorough
@pytest.mark.parametrize("text", CHOSEN)
def test_the_largest_entry_is_found_by_kernels_and_printed_lines(text):
    """x == max(x) holds in floats only where both sides are computed alike: else the derivative is 0, at some points only."""
    program = symchain.parse("A: (n, n)\na: (n,)\nb: (n,)\n" + text)
    derivations = {wrt: program.derive("C", wrt) for wrt in program.inputs}
    kernel = program.compile("C", wrt=list(program.inputs))
    blocks = [line for line in text.replace("sigma(", "sigmoid(").split("\n") if not line.startswith("sigma ")]
    for seed in range(10):
        point = at_a_point(program, seed)
        _, gradient = kernel(**point)
        single = kernel(**{n: np.float32(v) for n, v in point.items()})[1]
        known = run(blocks, {**point, "n": 3, "inf": np.inf})[1]
        for wrt, d in derivations.items():
            want = slopes(program, point, wrt)
            np.testing.assert_allclose(gradient[wrt], want, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(single[wrt], want, rtol=1e-3, atol=1e-3)
            np.testing.assert_allclose(run(d.lines, known)[0], want, rtol=1e-9, atol=1e-9, err_msg=str(d.lines))


def test_an_equality_keeps_its_writing():
    program = symchain.parse("a: (n,)\nb: (n,)\nC = sum(where(a*s + a*t == max(a*s + a*t), 2*b + b, 0))")
    tree = program.blocks["C"].tree
    assert normal(tree) is not tree
    assert equalities(normal(tree)) == equalities(tree)


# ---------------------------------------------------------------- keys and signs


def test_arrays_of_ones_have_keys():
    """An einsum without factors: what u - u leaves in a product of powers."""
    program = symchain.parse("x: (n,)\ny: (n,)\nC = (((x - x)*s + 1)*y) @ (1 + ones(n)*sum(x)**2)**2/(1 + ones(n) @ ones(n))")
    for d in program.derive("C", "all").values():
        assert d.verification.held or d.verification.open


@pytest.mark.parametrize("text", ["outer(x - y, z) + outer(z, y - x)", "outer(z, x - y) - outer(x - y, z)", "A - A.T"])
def test_a_matrix_that_changes_sign_with_its_transpose_is_not_symmetric(text):
    tree = symchain.parse("A: (n, n)\nx: (n,)\ny: (n,)\nz: (n,)\nB = " + text).blocks["B"].tree
    assert not is_symmetric(tree) and not is_symmetric(normal(tree))


# ---------------------------------------------------------------- what is told

FALLEN = [
    "b0 = tanh(x)*(y - y)\nb1 = log(1 + exp(b0))\nb2 = sigmoid(b1)*tanh(b1)\nC = b2*b2 + sigmoid(b1*x)*x",
    "u: (n,)\nB: (n, n)\nb = ((u - u)*s - mean((u - u)*s))/sqrt(var((u - u)*s) + 1)*B[:, 0]\nC = sum(B)*s*sum(b)",
    "x: (n,)\nX: (k, n)\nb = softmax(x*X - mean(X), axis=1)\nC = mean(X)*sum(x)*sum(b)",
    "x: (n,)\nX: (k, n)\nsigma = sigmoid\nb = softmax(sigma(x)*X - mean(X), axis=1)\nC = sigma(mean(X))*sum(x)*sum(b)",
    "b0 = x/q - x\nC = tanh(b0)/q - tanh(b0)",
    # only a step on the way writes u
    "v: (n,) probability\nu = log(ones(n)**2**2 + 1)\nC = max(v - ones(n))*log(ones(n)**2 + 1) @ (ones(n) - max(ones(n)))",
]


@pytest.mark.thorough
@pytest.mark.parametrize("text", FALLEN)
def test_forms_and_steps_read_what_the_lines_define_and_lengthen_nothing(text):
    program = symchain.parse(text)
    for d in program.derive("C", "all").values():
        defined = {*program.inputs, *program.blocks, *(line.name for line in d.adjoint_lines)}
        forms = [d.formula_tree, d.general_tree, *(line.general or line.tree for line in (*d.adjoint_lines, d.result))]
        assert {n.name for n in leaves(*forms)} <= defined
        for step in d.rewriting.steps:
            assert {n.name for n in leaves(step.subject, step.result)} <= defined
            assert step.rule == "subst" or price_of(step.result) <= price_of(step.subject)
        assert not d.verification.failed


def test_kinks_are_guarded_in_blocks_that_the_gradient_does_not_read():
    """Two blocks are equal: the kernel reads one, and the root is of the other."""
    program = symchain.parse("b0 = xlog1py(b, 1 + q**2)\nb1 = xlog1py(b, 1 + q**2)\nC = sigmoid(b1)*sqrt(sigmoid(p*b0))/p**4")
    value, gradient = program.compile("C", wrt=["p", "q", "b"]).with_options(kinks="raise")(b=0.3, q=0.7, p=1.2)
    assert np.isfinite(value) and all(np.isfinite(g) for g in gradient.values())


@pytest.mark.thorough
@pytest.mark.parametrize(
    "text",
    [
        "M: (n, n)\nB = (M - M.T) - (M - M.T).T\nC = s**2 + max(diag(B))*s",
        "v: (n,) onehot\nw: (n,)\nm = norm(softmax(v) - log(2), inf)**2\nC = m*(v @ w) + m",
    ],
)
def test_equal_entries_of_a_factor_are_no_mistake(text):
    """At a tie a complex step follows one of the largest entries, the derivative shares among them."""
    program = symchain.parse(text)
    for d in program.derive("C", "all").values():
        assert not d.verification.failed and not wrong_factors(d), d.lines


def test_what_a_complex_step_leaves_of_a_power_at_zero_is_no_slope():
    """The entries of a one-hot vector are exact zeros, whose third powers have no slope."""
    program = symchain.parse("v: (n,) onehot\nw: (n,)\nC = (v @ w)*log(sum(v**4) + 1)")
    assert program.derive("C", "v").verification.held
    d = program.hessian("C", "v")
    assert d.verification.held and not wrong_factors(d)
