"""Functions of JAX and jaxprs read as programs: a table of calls against jax.grad, names, sizes that are letters, what is refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from jax_calls import CALLS
from traced import assert_same, drawn, read_calls

import symchain
from symchain.errors import UnsupportedError

jax = pytest.importorskip("jax", reason="JAX is not installed")
jnp = pytest.importorskip("jax.numpy", reason="JAX is not installed")


@pytest.fixture(autouse=True)
def doubles() -> Any:
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_enable_x64", before)
    jax.config.update("jax_disable_most_optimizations", False)


def scalar(x: Any) -> Any:
    return (x * x).sum() + 0.7 * x.sum()


LINES = read_calls(CALLS)


def _functions(lines: Any) -> list[Any]:
    import jax.scipy.special as jsp

    names = {"jnp": jnp, "jax": jax, "jsp": jsp, "scalar": scalar}
    return [eval(f"lambda {', '.join(arrays)}: scalar(jnp.positive({line}))", names) for line, arrays in lines]


@pytest.mark.thorough
@pytest.mark.parametrize("k", range(4))
def test_calls_have_the_value_and_the_gradient_that_jax_has(k: int) -> None:
    lines = LINES[k::4]
    functions, points = _functions(lines), [drawn(arrays) for _, arrays in lines]

    def derived(points: Any) -> Any:  # compiled once for all lines
        return [jax.value_and_grad(f, argnums=tuple(range(len(p))))(*p.values()) for f, p in zip(functions, points, strict=True)]

    expected = jax.jit(derived)(points)
    for (line, arrays), function, point, (value, gradients) in zip(lines, functions, points, expected, strict=True):
        program = symchain.from_function(function, {n: v.shape for n, v in point.items()})
        found = program.compile(wrt=list(point))(**point, **program.constants)
        assert_same(arrays, found, (value, dict(zip(point, gradients, strict=True))), line)


def _loss(params: Any, x: Any, y: Any) -> Any:
    h = jnp.tanh(
        x @ params["W"]
        + params["b"]
    )  # fmt: skip
    logits = h @ params["V"]; low = jnp.min(logits)  # noqa: E702
    p = jax.nn.softmax(logits)
    return -jnp.mean(jnp.sum(y * jnp.log(p), axis=1)) + low


@pytest.mark.thorough
def test_names_are_those_that_the_source_assigns_and_sizes_may_be_letters() -> None:
    shapes = {"params": {"W": ("p", 5), "b": (5,), "V": (5, 3)}, "x": ("n", "p"), "y": ("n", 3)}
    program = symchain.from_function(_loss, shapes)
    assert list(program.inputs) == ["params_W", "params_b", "params_V", "x", "y"]
    assert {"h", "logits", "low", "p_2"} <= set(program.blocks)  # p is a size
    rng = np.random.default_rng(0)
    params = {"W": rng.normal(size=(4, 5)), "b": rng.normal(size=5), "V": rng.normal(size=(5, 3))}
    x, y = rng.normal(size=(6, 4)), rng.uniform(size=(6, 3))
    value, gradients = jax.jit(jax.value_and_grad(_loss))(params, x, y)
    found, mine = program.compile(wrt=["params_W", "params_V"])(**{f"params_{n}": v for n, v in params.items()}, x=x, y=y)
    np.testing.assert_allclose(found, value)
    np.testing.assert_allclose(mine["params_W"], gradients["W"])
    np.testing.assert_allclose(mine["params_V"], gradients["V"])


def test_jaxprs_that_were_made_elsewhere() -> None:
    program = symchain.from_function(jax.make_jaxpr(lambda x, w: jnp.sum(jnp.sin(x) * w))(jnp.ones(3), jnp.ones(3)))
    assert list(program.inputs) == ["x", "w"] and program.derive("w").lines == ("dy_dw = sin(x)",)


def test_a_value_that_is_held_counts_where_it_changes_the_result() -> None:
    """stop_gradient of what is taken off and put back is nothing to a formula; anything else is held fixed in it too."""
    shifted = symchain.from_function(lambda x: jax.nn.logsumexp(x), {"x": ("n",)})
    x = np.array([1.0, 2.0, 4.0])
    _, gradient = shifted.compile(wrt=["x"])(x=x)
    np.testing.assert_allclose(gradient["x"], np.exp(x) / np.exp(x).sum())
    assert "stop_gradient" not in str(shifted)
    held = symchain.from_function(lambda x: jnp.sum(jax.lax.stop_gradient(x) * x), {"x": 3})
    assert held.derive("x").lines == ("dy_dx = stop_gradient(x)",)


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda x: jax.lax.fori_loop(0, 3, lambda k, t: jnp.sin(t), x), "control flow"),
        (lambda x: jax.lax.cond(x[0] > 0, jnp.sin, jnp.cos, x), "control flow"),
        (lambda x: x * jnp.argmax(x), "argmax is not known here"),
        (lambda x: x.at[1].set(2.0), "scatter is not known here"),
    ],
)
def test_what_is_refused(function: Any, what: str) -> None:
    with pytest.raises(UnsupportedError, match=re.escape(what)) as caught:
        symchain.from_function(function, {"x": 3})
    assert caught.value.advice and caught.value.place is not None
