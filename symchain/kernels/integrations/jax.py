"""Kernels in JAX: a function with the closed form as its derivative, forward and reverse, twice where the kernel has second derivatives.

The kernel runs on the host (`pure_callback`), so that it goes through jit and vmap; what is linear in tangents is JAX's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symchain.kernels.arguments import sizes
from symchain.kernels.integrations.rows import Derivatives
from symchain.kernels.kernel import Kernel
from symchain.kernels.partners import needed
from symchain.support.dimensions import evaluate


def function(kernel: Kernel) -> Callable[..., Any]:
    """The kernel as a function of JAX arrays, in the order of kernel.names or by name."""
    jax, jnp = needed("jax"), needed("jax.numpy")
    d = Derivatives(kernel)
    plan = kernel.plan
    firsts = [next(o for o in plan.outputs if o.kind == "value"), *(o for o in plan.outputs if o.kind == "gradient")]
    names = {o.names[0]: o for o in firsts[1:]}
    firsts = [firsts[0], *(names[n] for n in d.names)]
    blocks = {o.names: o for o in plan.outputs if o.kind == "hessian"}
    pairs = [(k, j) for k in range(len(d.names)) for j in range(k, len(d.names))]
    seconds = [blocks[(d.names[k],) if k == j else (d.names[k], d.names[j])] for k, j in pairs] if d.twice else []

    def run(call: Callable[..., Any], outputs: Sequence[Any], values: Sequence[Any]) -> Any:
        """The results of a call on the host, whose shapes are told beforehand."""
        kinds = [v.dtype for v in values if jnp.issubdtype(v.dtype, jnp.floating)]
        kind = jnp.result_type(*kinds) if kinds else jnp.result_type(float)
        if plan.scalar:
            shape = np.broadcast_shapes(*(v.shape for v in values))
            shapes = [shape] * len(outputs)
        else:
            known = dict(zip(plan.letters, sizes(plan, values), strict=True))
            shapes = [tuple(evaluate(n, known) for n in o.shape) for o in outputs]
        single = len(outputs) == 1 and call is d.value

        def on_host(*given: Any) -> Any:
            found = call(*map(np.asarray, given))
            return tuple(np.asarray(r, kind) for r in ([found] if single else found))

        return jax.pure_callback(on_host, tuple(jax.ShapeDtypeStruct(s, kind) for s in shapes), *values, vmap_method="sequential")

    def directed(slope: Any, tangent: Any, rank: int) -> Any:
        """A derivative in the direction of a tangent, whose axes are the last of it."""
        tangent = tangent.astype(slope.dtype)
        return slope * tangent if plan.scalar else jnp.tensordot(slope, tangent, axes=rank)

    def moving(tangents: Sequence[Any]) -> list[tuple[int, int]]:
        """The parameters that have a tangent, and their places. Raises UnsupportedError where another input has one."""
        zero = jax.custom_derivatives.SymbolicZero
        for place, t in enumerate(tangents):
            if place not in d.places and type(t) is not zero and t.dtype != jax.dtypes.float0:
                raise d.not_compiled(kernel.names[place])
        return [(k, p) for k, p in enumerate(d.places) if type(tangents[p]) is not zero]

    @jax.custom_jvp  # type: ignore[untyped-decorator]
    def value(*values: Any) -> Any:
        return run(d.value, firsts[:1], values)[0]

    @jax.custom_jvp  # type: ignore[untyped-decorator]
    def first(*values: Any) -> Any:
        return run(d.first, firsts, values)

    @jax.custom_jvp  # type: ignore[untyped-decorator]
    def second(*values: Any) -> Any:
        return run(d.second, seconds, values)

    def value_jvp(values: Any, tangents: Any) -> Any:
        at, *slopes = first(*values)
        moved = jnp.zeros_like(at)
        for k, place in moving(tangents):
            moved = moved + directed(slopes[k], tangents[place], values[place].ndim)
        return at, moved

    def first_jvp(values: Any, tangents: Any) -> Any:
        if not d.twice:
            raise d.only_once()
        results, found = first(*values), second(*values)
        at, *slopes = results
        by_pair = dict(zip(pairs, found, strict=True))
        moved = [jnp.zeros_like(r) for r in results]
        for k, place in moving(tangents):
            rank = values[place].ndim
            moved[0] = moved[0] + directed(slopes[k], tangents[place], rank)
            for j, other in enumerate(d.places):
                block = by_pair[min(j, k), max(j, k)]
                if k < j and not plan.scalar:
                    block = turned(block, rank, values[other].ndim)
                moved[1 + j] = moved[1 + j] + directed(block, tangents[place], rank)
        return results, tuple(moved)

    def second_jvp(values: Any, tangents: Any) -> Any:
        raise d.only_once()

    def turned(block: Any, one: int, two: int) -> Any:
        lead = block.ndim - one - two
        return jnp.transpose(block, [*range(lead), *range(lead + one, block.ndim), *range(lead, lead + one)])

    value.defjvp(value_jvp, symbolic_zeros=True)
    first.defjvp(first_jvp, symbolic_zeros=True)
    second.defjvp(second_jvp, symbolic_zeros=True)

    def call(*unnamed: Any, **named: Any) -> Any:
        return value(*(jnp.asarray(v) for v in d.in_order(unnamed, named)))

    return call


__all__ = ["function"]
