"""Matrices of a few diagonals are worked with as diagonals: the same numbers as SymPy's Hessians, and no product of n x n matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy

import symchain
from symchain.kernels.kernel import Kernel, Plan

Function = Callable[[list[Any]], Any]

PROGRAMS: dict[str, tuple[str, int, Function]] = {
    "Rosenbrock": (
        "x: (n,)\nC = sum(100*(x[1:] - x[:n-1]**2)**2 + (1 - x[:n-1])**2)", 1,
        lambda x: sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:], strict=False)),
    ),
    "second differences": (
        "x: (n,)\nC = sum((x[2:] - 2*x[1:n-1] + x[:n-2])**4)", 2,
        lambda x: sum((c - 2 * b + a) ** 4 for a, b, c in zip(x, x[1:], x[2:], strict=False)),
    ),
    "neighbours": (
        "x: (n,)\nC = sum(x[1:]*x[:n-1])", 1,
        lambda x: sum(a * b for a, b in zip(x, x[1:], strict=False)),
    ),
    "three apart": (
        "x: (n,)\nC = sum(exp(x[3:]*x[:n-3]))", 3,
        lambda x: sum(sympy.exp(a * b) for a, b in zip(x, x[3:], strict=False)),
    ),
    "a chain of masses": (
        "x: (n,)\nk = (x[1:] - x[:n-1])**2\nC = sum(k**2) + sum(cos(x))", 1,
        lambda x: sum((b - a) ** 4 for a, b in zip(x, x[1:], strict=False)) + sum(map(sympy.cos, x)),
    ),
    "of a fixed size": (
        "x: (5,)\nC = sum((x[1:] - x[:4]**3)**2)", 5,
        lambda x: sum((b - a**3) ** 2 for a, b in zip(x, x[1:], strict=False)),
    ),
    "every other entry": (
        "x: (6,)\nC = sum((x[::2] - x[1::2]**2)**2)", 6,
        lambda x: sum((a - b**2) ** 2 for a, b in zip(x[::2], x[1::2], strict=True)),
    ),
}  # fmt: skip


def hessian_of(function: Function, at: Any) -> Any:
    names = list(sympy.symbols(f"x:{len(at)}", real=True))
    made = sympy.hessian(function(names) + 0 * sum(names), names)
    return np.array(made.subs(dict(zip(names, map(float, at), strict=True))).evalf(), float).reshape(len(at), len(at))


def largest_products(plan: Plan) -> list[str]:
    """The instructions that multiply matrices."""
    return [i.opcode for i in map(plan.instruction, plan.needed()) if i.opcode in ("matmul", "einsum", "tensordot") and len(i.shape) == 2]


@pytest.mark.parametrize("name", PROGRAMS)
def test_hessians_are_those_of_sympy_at_every_size(name: str) -> None:
    text, least, function = PROGRAMS[name]
    program = symchain.parse(text)
    alone = program.hessian("C", "x").compile(target="numpy")
    together = program.compile("C", wrt=["x"], order=2, target="numpy")
    for n in (range(least, least + 4) if "(n,)" in text else [least]):
        x = np.random.default_rng(n).uniform(-1.0, 1.0, n)
        wanted = hessian_of(function, x)
        for found in (alone(x=x), together(x=x)[2]["x"]):
            np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12 * max(1.0, np.abs(wanted).max(initial=0.0)))
    if name != "every other entry":
        assert not largest_products(alone.plan) and not largest_products(together.plan)


@pytest.mark.parametrize("name", PROGRAMS)
def test_products_with_vectors_need_no_matrix(name: str) -> None:
    text, least, function = PROGRAMS[name]
    product: Kernel = symchain.parse(text).hvp("C", "x").compile(target="numpy")
    n = least + 2 if "(n,)" in text else least
    x, v = np.random.default_rng(1).uniform(-1.0, 1.0, (2, n))
    np.testing.assert_allclose(product(x=x, v_x=v), hessian_of(function, x) @ v, rtol=1e-11, atol=1e-11)
    assert not largest_products(product.plan)


def test_kernels_are_the_same_after_saving(tmp_path: Any) -> None:
    kernel = symchain.parse(PROGRAMS["second differences"][0]).hessian("C", "x").compile(target="numpy")
    kernel.save(tmp_path / "kernel.json")
    x = np.linspace(0.0, 1.0, 7) ** 2
    np.testing.assert_array_equal(symchain.load(tmp_path / "kernel.json")(x=x), kernel(x=x))
