"""Kernels in JAX: check_grads forward and reverse, jit, vmap, grad of grad, and what is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

import symchain
from symchain.errors import ArgumentError, UnsupportedError

jax = pytest.importorskip("jax", reason="JAX is not installed")
jnp = jax.numpy

PROGRAMS = {
    "samples": ("C = tanh(a*x)*b + x**2", {"a": (), "x": (2,), "b": (2, 1)}),
    "layer": ("X: (n, p)\nW: (p, q)\nb: (q,)\nZ = tanh(X@W + b)", {"X": (1, 2), "W": (2, 2), "b": (2,)}),
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", PROGRAMS)
def test_jax_checks_both_derivatives(name: str) -> None:
    from jax.test_util import check_grads

    with jax.enable_x64(True):
        kernel = symchain.parse(PROGRAMS[name][0]).compile(order=2)
        random = np.random.default_rng(0)
        values = [jnp.asarray(random.normal(size=PROGRAMS[name][1][n])) for n in kernel.names]
        check_grads(kernel.as_jax(), values, order=2, modes=("fwd", "rev"))


@pytest.mark.thorough
def test_it_goes_through_jit_vmap_and_grad_of_grad() -> None:
    with jax.enable_x64(True):
        kernel = symchain.parse("v: (p,)\nC = sum(exp(a*v))").compile(order=2).as_jax()
        f = lambda a, v: kernel(a=a, v=v)  # noqa: E731

        def own(a: jax.Array, v: jax.Array) -> jax.Array:
            return jnp.sum(jnp.exp(a * v))

        many, a = jnp.linspace(-1, 1, 6).reshape(3, 2), jnp.asarray(0.7)
        assert np.allclose(jax.jit(jax.vmap(f, (None, 0)))(a, many), jax.vmap(own, (None, 0))(a, many))
        assert np.allclose(jax.jit(jax.grad(f, 1))(a, many[0]), jax.grad(own, 1)(a, many[0]))
        assert np.allclose(jax.hessian(f, 1)(a, many[0]), jax.hessian(own, 1)(a, many[0]))
        assert np.allclose(jax.jacrev(jax.grad(f, 0), 1)(a, many[0]), jax.jacrev(jax.grad(own, 0), 1)(a, many[0]))


def test_what_is_refused() -> None:
    kernel = symchain.parse("C = a*x**2").compile(wrt=["x"])
    with pytest.raises(ArgumentError, match="as_jax"):
        jax.jit(lambda x: kernel(a=2.0, x=x))(1.0)
    f = kernel.as_jax()
    assert float(jax.grad(lambda x: f(a=2.0, x=x))(3.0)) == 12.0
    with pytest.raises(UnsupportedError, match="no gradient by a"):
        jax.grad(lambda a: f(a=a, x=3.0))(2.0)
    with pytest.raises(UnsupportedError, match="order=2"):
        jax.grad(jax.grad(lambda x: f(a=2.0, x=x)))(3.0)
