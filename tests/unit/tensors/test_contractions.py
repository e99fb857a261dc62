"""Contractions as code: they are einsums, in the cheapest order, and identities cost nothing."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from kernels import kernel_of

from symchain.tensors import nodes
from symchain.tensors.nodes import Leaf, Tree, contract, identity, leaf, number, power


def a_contraction(seed: int) -> tuple[Tree, dict[str, np.ndarray], np.ndarray]:
    """A random einsum with identities, repeated indices, scalars, sums, broadcasting, quotients; and its value by np.einsum."""
    rng = random.Random(seed)
    numbers = np.random.default_rng(seed)
    letters = "abcde"[: rng.randint(1, 5)]
    sizes = {c: rng.randint(1, 4) for c in letters}
    symbolic = rng.random() < 0.5
    dim = {c: f"n_{c}" if symbolic else sizes[c] for c in letters}
    operands: list[Tree] = []
    subscripts: list[str] = []
    arrays: list[np.ndarray] = []
    inputs: dict[str, np.ndarray] = {}
    for k in range(rng.randint(1, 7)):
        kind = rng.random()
        if kind < 0.15:
            i, j = rng.choice(letters), rng.choice(letters)
            j = j if sizes[i] == sizes[j] and dim[i] == dim[j] else i
            operands.append(identity(dim[i]))
            subscripts.append(i + j)
            arrays.append(np.eye(sizes[i]))
            continue
        if kind < 0.25:
            value = Fraction(rng.randint(-5, 5), rng.randint(1, 3))
            operands.append(number(value))
            subscripts.append("")
            arrays.append(np.array(float(value)))
            continue
        if inputs and kind < 0.4:
            name = rng.choice(list(inputs))
            indices = next((s for o, s in zip(operands, subscripts, strict=True) if isinstance(o, Leaf) and o.name == name), None)
        else:
            name = f"x{k}"
            indices = "".join(rng.choice(letters) for _ in range(rng.choice([0, 1, 1, 2, 2, 2, 3])))
        if indices is None:
            continue
        operand: Tree = leaf(name, tuple(dim[c] for c in indices))
        array = inputs.setdefault(name, numbers.uniform(0.5, 2, [sizes[c] for c in indices]))
        if rng.random() < 0.2:
            e = rng.choice([-2, -1, 2, Fraction(1, 2)])
            operand, array = power(operand, e), array ** float(e)
        if rng.random() < 0.1:
            operand = nodes.transpose(operand)
            array, indices = array.T, indices[::-1]
        operands.append(operand)
        subscripts.append(indices)
        arrays.append(array)
    output = "".join(rng.sample(letters, rng.randint(0, len(letters))))
    if not inputs:
        operands.append(leaf("x", (dim[letters[0]],)))
        subscripts.append(letters[0])
        inputs["x"] = numbers.uniform(0.5, 2, sizes[letters[0]])
        arrays.append(inputs["x"])
    for c in letters if symbolic else "":  # every letter needs an input that says how large it is
        if not any(c in s for s, o in zip(subscripts, operands, strict=True) if isinstance(o, Leaf)):
            operands.append(leaf(f"y_{c}", (dim[c],)))
            subscripts.append(c)
            inputs[f"y_{c}"] = numbers.uniform(0.5, 2, sizes[c])
            arrays.append(inputs[f"y_{c}"])
    tree = contract(operands, subscripts, output, {c: dim[c] for c in letters})
    ones = [np.ones(sizes[c]) for c in letters]
    expected = np.einsum(",".join([*subscripts, *letters]) + "->" + output, *arrays, *ones)
    return tree, inputs, expected


@pytest.mark.parametrize("block", range(10))
def test_contractions_are_einsums(block):
    for seed in range(80 * block, 80 * (block + 1)):
        tree, inputs, expected = a_contraction(seed)
        kernel = kernel_of(tree)
        result = kernel(**{n: inputs[n] for n in kernel.names})
        assert np.shape(result) == expected.shape, seed
        np.testing.assert_allclose(result, expected, rtol=1e-10, err_msg=f"{seed}\n{kernel.source}")


def test_identities_are_never_multiplied():
    a, x = leaf("A", ("n", "n")), leaf("x", ("n",))
    product = contract([a, identity("n"), x], ["ij", "jk", "k"], "i")
    assert kernel_of(product).source.count("eye") == 0
    assert "v0 @ v1" in kernel_of(product).source
    assert "embed" in kernel_of(contract([x, identity("n")], ["i", "ij"], "ij")).source


def test_the_cheapest_order_is_taken():
    a, b, x = leaf("A", ("n", "n")), leaf("B", ("n", "n")), leaf("x", ("n",))
    assert "v0 @ (v1 @ v2)" in kernel_of(contract([a, b, x], ["ij", "jk", "k"], "i")).source
    trace = contract([a, b], ["ij", "ji"], "")
    assert "@" not in kernel_of(trace).source  # sum(A*B.T), not the product


def test_a_weighted_gram_matrix_is_one_instruction():
    x, w = leaf("X", ("m", "n")), leaf("w", ("m",))
    kernel = kernel_of(contract([x, w, x], ["ki", "k", "kj"], "ij"))
    assert [kernel.plan.instruction(n).opcode for n in kernel.plan.needed()] == ["gram"]
    at = np.random.default_rng(0)
    for weights in (at.uniform(0, 1, 7), at.normal(size=7)):
        data = at.normal(size=(7, 3))
        np.testing.assert_allclose(kernel(X=data, w=weights), data.T @ np.diag(weights) @ data, atol=1e-13)
