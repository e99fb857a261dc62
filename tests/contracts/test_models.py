"""The ready models: all are derived, verified and compiled; those with arrays also give the gradients that the literature prints.

The published gradients are restated here in NumPy, by hand, and know nothing of symchain.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ready import ready_program

import symchain
from symchain.errors import ArgumentError
from symchain.models import DEEPEST, Model, mlp, model_names, read_model
from symchain.nouns.derivation import Derivation, Derivations
from symchain.nouns.program import Program

Arrays = dict[str, Any]
TOLERANCE = 1e-10
BATCH = "two-layer-batch"
BATCH_WEIGHTS = ["W1", "b1", "W2", "b2"]


def program_of(name: str) -> Program:
    return ready_program(name)


def point_of(model: Model) -> Arrays:
    return {name: np.asarray(value, float) for name, value in model.at.items()}


def has_arrays(name: str) -> bool:
    return any(isinstance(value, list) for value in read_model(name).at.values())


def printed(program: Program, derived: Derivation | Derivations, at: Mapping[str, Any]) -> Arrays:
    """The values of the printed lines, which are read back as a program: name of the line -> value."""
    read = symchain.parse(str(program) + "\n" + "\n".join(derived.lines))
    names = [line.partition(" = ")[0] for line in derived.lines]
    return {name: read.compile(name, order=0)(**at) for name in names}


def assert_close(found: Any, expected: Any, what: str) -> None:
    assert np.shape(found) == np.shape(expected), what
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE * max(1.0, float(np.max(np.abs(expected)))), err_msg=what)


# ---------------------------------------------------------------- the published gradients

PUBLISHED: dict[str, Callable[[Any], Arrays]] = {}
"""For each model, a function from its inputs to gradients by name."""


def published(*names: str) -> Callable[[Callable[[Any], Arrays]], Callable[[Any], Arrays]]:
    def register(gradients: Callable[[Any], Arrays]) -> Callable[[Any], Arrays]:
        PUBLISHED.update(dict.fromkeys(names, gradients))
        return gradients

    return register


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def softmax(z: Any) -> Any:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def backpropagated(at: Arrays, activation: Callable[[Any], Any], slope: Callable[[Any], Any]) -> Arrays:
    """Delta_L = (A_L - Y)/N * s'(Z_L), Delta_l = (W_(l+1)' Delta_(l+1)) * s'(Z_l), dW_l = Delta_l A_(l-1)', db_l = Delta_l 1.

    The slope is given in terms of the activation's value.
    """
    depth = sum(name.startswith("W") for name in at)
    A = [at["X"]]
    for k in range(1, depth + 1):
        A.append(activation(at[f"W{k}"] @ A[-1] + at[f"b{k}"][:, None]))
    examples = at["X"].shape[1]
    delta = (A[depth] - at["Y"]) / examples * slope(A[depth])
    found = {"Y": (at["Y"] - A[depth]) / examples}
    for k in range(depth, 0, -1):
        found |= {f"W{k}": delta @ A[k - 1].T, f"b{k}": delta @ np.ones(examples)}
        delta = (at[f"W{k}"].T @ delta) * (slope(A[k - 1]) if k > 1 else 1)
    return {**found, "X": delta}


@published("two-layer-batch")
def _(m: Any) -> Arrays:
    return backpropagated(vars(m), sigmoid, lambda a: a * (1 - a))


@published("mlp-3")
def _(m: Any) -> Arrays:
    return backpropagated(vars(m), np.tanh, lambda a: 1 - a**2)


@published("logistic-regression")
def _(m: Any) -> Arrays:
    s = sigmoid(m.X @ m.w)
    return {"w": m.X.T @ (s - m.y), "X": np.outer(s - m.y, m.w)}


@published("softmax-cross-entropy")
def _(m: Any) -> Arrays:
    return {"z": softmax(m.z) - m.t}


@published("softmax-regression")
def _(m: Any) -> Arrays:
    delta = (softmax(m.X @ m.W + m.b) - m.T) / len(m.X)
    return {"W": m.X.T @ delta, "b": delta.sum(axis=0), "X": delta @ m.W.T}


@published("layer-norm")
def _(m: Any) -> Arrays:
    """Three terms: the gradient, less its mean, less its part along the normalised example."""
    sigma = np.sqrt(m.x.var() + m.epsilon)
    u = (m.x - m.x.mean()) / sigma
    g = m.gamma * u + m.beta - m.t
    return {"gamma": g * u, "beta": g, "x": (g * m.gamma - np.mean(g * m.gamma) - u * np.mean(g * m.gamma * u)) / sigma}


@published("batch-norm")
def _(m: Any) -> Arrays:
    """Ioffe and Szegedy 2015, section 3, in the form with one fraction."""
    size = len(m.X)
    deviation = np.sqrt(m.X.var(axis=0) + m.epsilon)
    U = (m.X - m.X.mean(axis=0)) / deviation
    G = m.gamma * U + m.beta - m.T
    gamma, beta = (G * U).sum(axis=0), G.sum(axis=0)
    return {"gamma": gamma, "beta": beta, "X": m.gamma / (size * deviation) * (size * G - beta - U * gamma)}


@published("attention-head")
def _(m: Any) -> Arrays:
    """Dao et al. 2022, appendix B.4."""
    Q, K, V = m.X @ m.WQ, m.X @ m.WK, m.X @ m.WV
    scale = 1 / np.sqrt(Q.shape[1])
    P = softmax(Q @ K.T * scale)
    dO = P @ V - m.T
    dV, dP = P.T @ dO, dO @ V.T
    dS = P * (dP - np.sum(dO * (P @ V), axis=1, keepdims=True))
    dQ, dK = dS @ K * scale, dS.T @ Q * scale
    return {"WQ": m.X.T @ dQ, "WK": m.X.T @ dK, "WV": m.X.T @ dV, "X": dQ @ m.WQ.T + dK @ m.WK.T + dV @ m.WV.T, "T": -dO}


def gates(m: Any, deltas: Mapping[str, Any], **states: Any) -> Arrays:
    """What every gate sends back to its weights; `states` are those that enter its U in place of h."""
    found: Arrays = {}
    for gate, delta in deltas.items():
        found |= {f"W_{gate}": np.outer(delta, m.x), f"U_{gate}": np.outer(delta, states.get(gate, m.h)), f"b_{gate}": delta}
    return {**found, "x": sum(vars(m)[f"W_{gate}"].T @ delta for gate, delta in deltas.items())}


@published("lstm-cell")
def _(m: Any) -> Arrays:
    """Greff et al. 2017, equations of the backward pass, for one step without peepholes."""
    i, f, o = (sigmoid(vars(m)[f"W_{k}"] @ m.x + vars(m)[f"U_{k}"] @ m.h + vars(m)[f"b_{k}"]) for k in "ifo")
    g = np.tanh(m.W_g @ m.x + m.U_g @ m.h + m.b_g)
    c = f * m.c + i * g
    dh = o * np.tanh(c) - m.t
    dc = dh * o * (1 - np.tanh(c) ** 2)
    deltas = {"i": dc * g * i * (1 - i), "f": dc * m.c * f * (1 - f), "o": dh * np.tanh(c) * o * (1 - o), "g": dc * i * (1 - g**2)}
    return {**gates(m, deltas), "c": dc * f, "h": sum(vars(m)[f"U_{gate}"].T @ delta for gate, delta in deltas.items())}


@published("gru-cell")
def _(m: Any) -> Arrays:
    r, z = (sigmoid(vars(m)[f"W_{k}"] @ m.x + vars(m)[f"U_{k}"] @ m.h + vars(m)[f"b_{k}"]) for k in "rz")
    g = np.tanh(m.W_g @ m.x + m.U_g @ (r * m.h) + m.b_g)
    dh = (1 - z) * g + z * m.h - m.t
    dg = dh * (1 - z) * (1 - g**2)
    dz = dh * (m.h - g) * z * (1 - z)
    dr = (m.U_g.T @ dg) * m.h * r * (1 - r)
    found = gates(m, {"r": dr, "z": dz, "g": dg}, g=r * m.h)
    return {**found, "h": dh * z + m.U_r.T @ dr + m.U_z.T @ dz + (m.U_g.T @ dg) * r}


@published("matrix-factorisation")
def _(m: Any) -> Arrays:
    E = m.R - m.U @ m.V.T
    return {"U": -2 * E @ m.V, "V": -2 * E.T @ m.U, "R": 2 * E}


@published("gaussian-mixture")
def _(m: Any) -> Arrays:
    """By responsibilities r: sums of r times the gradients of the components."""
    deviation = np.exp(m.s)
    distance = (m.X[:, None, :] - m.M) / deviation
    r = softmax(m.alpha - np.log(deviation).sum(axis=1) - (distance**2).sum(axis=2) / 2)
    return {
        "alpha": r.sum(axis=0) - len(m.X) * softmax(m.alpha),
        "M": np.einsum("nk,nkd->kd", r, distance) / deviation,
        "s": np.einsum("nk,nkd->kd", r, distance**2 - 1),
        "X": -np.einsum("nk,nkd->nd", r, distance / deviation),
    }


@published("gaussian-process")
def _(m: Any) -> Arrays:
    """Rasmussen and Williams 2006, equation 5.9: 1/2 tr((a a' - K^-1) dK), a = K^-1 y."""
    square = (m.x[:, None] - m.x) ** 2
    signal = m.s**2 * np.exp(-square / (2 * m.l**2))
    inverse = np.linalg.inv(signal + m.q**2 * np.eye(len(m.x)))
    a = inverse @ m.y
    G = np.outer(a, a) - inverse
    slopes = {"l": signal * square / m.l**3, "s": 2 * signal / m.s, "q": 2 * m.q * np.eye(len(m.x))}
    x = np.sum(G * signal * (m.x - m.x[:, None]), axis=1) / m.l**2
    return {"y": -a, "x": x, **{name: np.trace(G @ slope) / 2 for name, slope in slopes.items()}}


@published("gaussian-log-density")
def _(m: Any) -> Arrays:
    """Matrix Cookbook, section 8, through the innovation and its covariance."""
    inverse = np.linalg.inv(m.H @ m.P @ m.H.T + m.R)
    a = inverse @ (m.y - m.H @ m.m)
    G = (np.outer(a, a) - inverse) / 2
    return {"y": -a, "m": m.H.T @ a, "R": G, "P": m.H.T @ G @ m.H, "H": 2 * G @ m.H @ m.P + np.outer(a, m.m)}


@published("infonce")
def _(m: Any) -> Arrays:
    S = m.U @ m.V.T / m.tau
    G = (softmax(S) - np.eye(len(S))) / len(S)
    return {"U": G @ m.V / m.tau, "V": G.T @ m.U / m.tau, "tau": -np.sum(G * S) / m.tau}


@published("t-sne")
def _(m: Any) -> Arrays:
    """van der Maaten and Hinton 2008, equation 5: 4 sum_j (p_ij - q_ij) (y_i - y_j) / (1 + |y_i - y_j|^2)."""
    between = m.Y[:, None, :] - m.Y
    W = 1 / (1 + (between**2).sum(axis=2))
    Q = (W - np.eye(len(W))) / (W.sum() - len(W))
    assert np.sum(m.P) == pytest.approx(1) and not np.trace(m.P)
    return {"Y": 4 * np.einsum("ij,ijd->id", (m.P - Q) * W, between)}


@published("ridge")
def _(m: Any) -> Arrays:
    penalty = vars(m)["lambda"]
    return {"w": 2 * m.X.T @ (m.X @ m.w - m.y) + 2 * penalty * m.w, "lambda": m.w @ m.w}


@published("lasso")
def _(m: Any) -> Arrays:
    penalty = vars(m)["lambda"]
    return {"w": m.X.T @ (m.X @ m.w - m.y) / len(m.y) + penalty * np.sign(m.w), "lambda": np.abs(m.w).sum()}


@published("huber-regression")
def _(m: Any) -> Arrays:
    r = m.X @ m.w - m.y
    assert np.any(np.abs(r) > m.delta) and np.any(np.abs(r) < m.delta), "the point has residuals of both kinds"
    psi = np.clip(r, -m.delta, m.delta)
    return {"w": m.X.T @ psi, "y": -psi, "delta": np.maximum(np.abs(r) - m.delta, 0).sum()}


# ---------------------------------------------------------------- every model


def test_every_matrix_model_has_a_published_gradient() -> None:
    assert set(PUBLISHED) == {name for name in model_names() if has_arrays(name)}


@pytest.mark.parametrize("name", model_names())
def test_a_model_is_derived_verified_and_compiled(name: str) -> None:
    model, program = read_model(name), program_of(name)
    assert model.name == name and model.title
    assert set(model.at) == set(program.inputs), "the point gives every input"
    derived = program.derive("all")
    assert list(derived) == list(program.inputs)
    assert derived.verification.held
    value, gradient = program.compile()(**model.at)
    assert np.isfinite(value).all()
    for x in program.inputs:
        assert np.isfinite(gradient[x]).all()
        assert np.shape(gradient[x]) == np.shape(model.at[x])


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_the_gradients_are_the_published_ones(name: str) -> None:
    """Kernel, lines of all derivatives together and lines of each alone, against the formula of the literature."""
    program, at = program_of(name), point_of(read_model(name))
    expected = PUBLISHED[name](SimpleNamespace(**at))
    _, gradient = program.compile()(**at)
    derived = program.derive("all")
    lines = printed(program, derived, at)
    together = dict(zip(derived, [line.partition(" = ")[0] for line in derived.lines[-len(derived) :]], strict=True))
    for x, array in expected.items():
        assert_close(gradient[x], array, f"kernel, by {x}")
        assert_close(lines[together[x]], array, f"lines of all, by {x}")
        alone = printed(program, program.derive(x), at)
        assert_close(list(alone.values())[-1], array, f"lines by {x} alone")


# ---------------------------------------------------------------- Hessians in closed form


def logistic(m: Any) -> Any:
    s = sigmoid(m.X @ m.w)
    return m.X.T @ np.diag(s * (1 - s)) @ m.X


def factorisation(m: Any) -> Any:
    return 2 * np.einsum("ik,jl->ijkl", np.eye(len(m.U)), m.V.T @ m.V)


def cross_entropy(m: Any) -> Any:
    return np.diag(softmax(m.z)) - np.outer(softmax(m.z), softmax(m.z))


def ridge(m: Any) -> Any:
    return 2 * m.X.T @ m.X + 2 * vars(m)["lambda"] * np.eye(len(m.w))


def huber(m: Any) -> Any:
    return m.X.T @ np.diag(1.0 * (np.abs(m.X @ m.w - m.y) < m.delta)) @ m.X


HESSIANS: tuple[tuple[str, str, Callable[[Any], Any], set[str]], ...] = (
    ("logistic-regression", "w", logistic, {"X", "s"}),
    ("matrix-factorisation", "U", factorisation, {"V", "m"}),
    ("softmax-cross-entropy", "z", cross_entropy, {"p"}),
    ("ridge", "w", ridge, {"X", "lambda", "p"}),
    ("huber-regression", "w", huber, {"X", "r", "delta"}),
)
"""Model, input, the published Hessian, and the names it is written in."""


@pytest.mark.parametrize(("name", "x", "closed", "names"), HESSIANS, ids=[f"{h[0]}-{h[1]}" for h in HESSIANS])
def test_a_hessian_is_one_line_in_closed_form(name: str, x: str, closed: Callable[[Any], Any], names: set[str]) -> None:
    program, at = program_of(name), point_of(read_model(name))
    expected = closed(SimpleNamespace(**at))
    derived = program.hessian(x)
    assert derived.verification.held
    assert_close(derived.compile()(**at), expected, "kernel of the derivation")
    assert_close(program.compile(wrt=[x], order=2)(**at)[2][x], expected, "kernel of order 2")
    (value,) = printed(program, derived, at).values()
    assert_close(value, expected, "the line")
    (line,) = derived.lines
    known = {*program.inputs, *program.blocks, *program.dimensions}
    right = re.sub(r"'[^']*'", "", line.partition(" = ")[2])
    assert set(re.findall(r"\w+", right)) & known == names, line


def test_the_hessian_of_logistic_regression_survives_far_scores() -> None:
    """Where s is 0 or 1 in float64 the second derivative is 0, not nan."""
    program, at = program_of("logistic-regression"), point_of(read_model("logistic-regression"))
    _, _, hessian = program.compile(wrt=["w"], order=2)(**{**at, "w": np.array([-2000.0, 0.0, 0.0])})
    assert_close(hessian["w"], np.zeros((3, 3)), "far from the boundary")


# ---------------------------------------------------------------- networks with a batch


def test_the_batch_network_has_the_published_lines() -> None:
    """With its activations left abstract: each delta once, and the factor 1/N in the last layer's delta alone."""
    text = re.sub(r"^sigma[12] = sigmoid\n", "", read_model(BATCH).text, flags=re.MULTILINE)
    lines = symchain.parse(text).derive("C", BATCH_WEIGHTS).lines
    assert lines == (
        "delta_Z2 = (A2 - Y)*sigma2'(Z2)/N",
        "delta_Z1 = (W2.T @ delta_Z2)*sigma1'(Z1)",
        "dC_dW1 = delta_Z1 @ X.T",
        "dC_db1 = sum(delta_Z1, axis=1)",
        "dC_dW2 = delta_Z2 @ A1.T",
        "dC_db2 = sum(delta_Z2, axis=1)",
    )


@pytest.mark.parametrize("wrt", [[w] for w in BATCH_WEIGHTS] + [BATCH_WEIGHTS], ids=",".join)
def test_the_batch_network_divides_by_its_size_once(wrt: list[str]) -> None:
    derived = program_of(BATCH).derive("C", wrt if len(wrt) > 1 else wrt[0])
    text = "\n".join(derived.lines)
    assert len(re.findall(r"\bN\b", text)) == 1 and "mean(" not in text, text


@pytest.mark.thorough
def test_the_derivation_of_the_batch_network_uses_its_deltas() -> None:
    """The text ends in the lines, not in other forms of the same derivatives."""
    derived = program_of(BATCH).derive("C", BATCH_WEIGHTS)
    text = derived.text()
    for line in derived.lines[-len(derived) :]:
        assert line.partition(" = ")[2] in text


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_a_perceptron_of_any_depth_gives_the_delta_recursion(depth: int) -> None:
    model = read_model(f"mlp-{depth}")
    assert model.text == mlp(depth)
    program, at = symchain.parse(model.text), point_of(model)
    expected = backpropagated(at, np.tanh, lambda a: 1 - a**2)
    _, gradient = program.compile()(**at)
    assert set(gradient) == set(expected)
    for x, array in expected.items():
        assert_close(gradient[x], array, f"by {x}")


@pytest.mark.thorough
def test_fifty_layers_are_derived_at_once_and_take_two_lines_each() -> None:
    begun = time.perf_counter()
    program = symchain.parse(mlp(50))
    weights = program.derive("C", [f"W{k}" for k in range(1, 51)]).lines
    everything = program.derive("all").lines
    assert time.perf_counter() - begun < 15, "about a quarter of a second is usual"
    assert len(weights) == 2 * 50
    assert len(everything) == 3 * 50 + 2
    assert max(map(len, everything)) < 60
    assert "delta_Z1 = (W2.T @ delta_Z2)*(1 - A1**2)" in weights


@pytest.mark.parametrize("depth", [0, -1, DEEPEST + 1])
def test_a_perceptron_of_no_depth_is_refused(depth: int) -> None:
    with pytest.raises(ArgumentError) as caught:
        mlp(depth)
    assert caught.value.advice


@pytest.mark.parametrize("name", ["mlp-0", "mlp-", "mlp-03", "mlp--1", "mlp-3x", f"mlp-{DEEPEST + 1}", "mlp-99999999", "mlp-٣"])
def test_a_misspelt_perceptron_is_refused_with_advice(name: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        read_model(name)
    assert caught.value.advice
