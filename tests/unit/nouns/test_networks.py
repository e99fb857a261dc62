"""Layered networks: what is told as one, what plays which part, and the gradients that come together."""

from __future__ import annotations

import numpy as np
import pytest

import symchain
from symchain.nouns.networks import network_of
from symchain.render import render

TWO = "z1 = W1*x + b1; a1 = sigma1(z1); z2 = W2*a1 + b2; a2 = sigma2(z2); C = 1/2*(a2 - y)**2"
BATCH = """
    W1: (h, n)
    X: (n, N)
    b1: (h,)
    W2: (m, h)
    b2: (m,)
    Y: (m, N)
    Z1 = W1 @ X + b1[:, None]; A1 = tanh(Z1); Z2 = W2 @ A1 + b2[:, None]; A2 = tanh(Z2); C = sum((A2 - Y)**2)/N
"""


def parts(text: str) -> dict[str, str] | None:
    program = symchain.parse(text)
    network = network_of(program, program.last)
    return None if network is None else {name: f"{role.part}{role.layer or ''}" for name, role in network.roles.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        TWO: {"x": "input", "W1": "weight1", "z1": "sum1", "b1": "bias1", "a1": "output1", "W2": "weight2", "z2": "sum2", "b2": "bias2",
              "a2": "output2", "y": "target"},
        BATCH: {"X": "input", "W1": "weight1", "Z1": "sum1", "b1": "bias1", "A1": "output1", "W2": "weight2", "Z2": "sum2",
                "b2": "bias2", "A2": "output2", "Y": "target"},
        # the order of factors says nothing in a first layer, names do; later layers are told by what they read
        "u = t*w + c; v = tanh(u); E = v**2": {"t": "input", "w": "weight1", "u": "sum1", "c": "bias1", "v": "output1"},
        "p = k*q; r = relu(p); s = r*g + d; E = (s - m)**2": {"q": "input", "k": "weight1", "p": "sum1", "r": "output1", "g": "weight2",
                                                              "s": "sum2", "d": "bias2", "m": "target"},
        # a cost that reads several inputs has no target; a cost in several lines is fine
        "z = w*x + b; a = tanh(z); e = a - y; C = c*e**2": {"x": "input", "w": "weight1", "z": "sum1", "b": "bias1", "a": "output1"},
    }.items(),
)  # fmt: skip
def test_networks_are_seen(text: str, expected: dict[str, str]) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "y = u*v + t",
        "r = y - t; s = cosh(k*r); L = log(s)",
        "p = x1*y1 + x2*y2; s = sigmoid(p)",
        "u = k*t + phi; v = tanh(u); E = v**2",  # one layer, and nothing in it is called a weight
        "z = w*x + b; a = tanh(z); C = a**2 + w**2",  # a penalty reads the weight
        "z1 = w*x; a1 = tanh(z1); z2 = w*a1; a2 = tanh(z2); C = a2**2",  # shared weights
        "z1 = w*x; a1 = tanh(z1); z2 = v*a1 + x; C = z2**2",  # a connection that skips a layer
        "X: (m, n)\nw: (n,)\nz = X @ w; s = sigmoid(z); C = sum(s)",  # a regression with a batch
        "z = w*x + b; a = tanh(z)*x; C = a**2",
        "w: (n,)\nx: (n,)\ny = w*x",
    ],
)
def test_other_programs_are_not(text: str) -> None:
    assert parts(text) is None


NAMES = {"np": np, "sum": np.sum, "tanh": np.tanh, "sigmoid": lambda t: 1 / (1 + np.exp(-t)), "__builtins__": {}}


@pytest.mark.thorough
@pytest.mark.parametrize("text", [TWO.replace("sigma1", "tanh").replace("sigma2", "sigmoid"), BATCH])
def test_companions_are_the_gradients_of_the_other_parameters(text: str) -> None:
    program = symchain.parse(text)
    d = program.derive("C", "W1")
    found = {line.of: line for line in d.companions}
    assert set(found) == {"b1", "W2", "b2"}
    assert all(f"dC/d{name}" in d.text() and f"dC/d{name}" not in d.text(detail="brief") for name in found)
    generator = np.random.default_rng(3)
    dims = {"h": 3, "n": 2, "m": 4, "N": 5}
    point = {n: generator.normal(size=[dims[s] for s in v.shape]) for n, v in program.inputs.items()}
    values = {**NAMES, **dims, **point}
    blocks = [f"{b.name} = {render(b.phrase, 'text')}" for b in program.blocks.values()]
    for line in (*blocks, *d.lines, *(render(line, "text") for line in found.values())):
        name, _, expression = line.partition(" = ")
        values[name] = eval(expression, values)
    _, gradient = program.compile("C", wrt=list(found))(**point)
    for name, line in found.items():
        assert values[line.name] == pytest.approx(gradient[name], rel=1e-12)


def test_a_derivation_of_many_layers_tells_its_own_gradient_alone() -> None:
    layers = [f"z{k} = w{k}*a{k - 1} + b{k}; a{k} = tanh(z{k})" for k in range(1, 9)]
    program = symchain.parse("; ".join([*layers, "C = a8**2"]))
    assert network_of(program, "C") is not None
    assert program.derive("C", "w1").companions == ()
    assert {line.of for line in program.derive("C", "w7").companions} == {"b7", "w8", "b8"}
