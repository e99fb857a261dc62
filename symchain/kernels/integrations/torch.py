"""Kernels in PyTorch: a function whose backward is the closed form, twice where the kernel has second derivatives, and a module of it.

Tensors on the CPU go through NumPy's views of the same memory. Those of other devices need a kernel whose backend takes tensors
(`backend.name == "torch"`): then they go through it as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, UnsupportedError, advice_for
from symchain.kernels.integrations.rows import Derivatives
from symchain.kernels.kernel import Kernel
from symchain.kernels.partners import needed


def function(kernel: Kernel) -> Callable[..., Any]:
    """The kernel as a function of tensors, in the order of kernel.names or by name."""
    torch, d = needed("torch"), Derivatives(kernel)
    value_of, _ = _functions(torch)
    traced = set(d.places)

    def call(*unnamed: Any, **named: Any) -> Any:
        values = d.in_order(unnamed, named)
        like = next((v for v in values if isinstance(v, torch.Tensor) and v.is_floating_point()), None)
        tensors = []
        for k, v in enumerate(values):
            if not isinstance(v, torch.Tensor):
                v = torch.as_tensor(v, dtype=like.dtype if like is not None and isinstance(v, float) else None)
            if k not in traced and v.requires_grad and torch.is_grad_enabled():
                raise d.not_compiled(kernel.names[k])
            tensors.append(v)
        return value_of.apply(d, *tensors)

    return call


def _run(torch: Any, d: Derivatives, call: Callable[..., Any], tensors: Sequence[Any]) -> list[Any]:
    """A call of the kernel over tensors, without copies of them."""
    if d.kernel.backend.name == "torch":
        found = call(*(t.detach() for t in tensors))
        return list(found) if isinstance(found, (list, tuple)) else [found]
    for t in tensors:
        if t.device.type != "cpu":
            what = f"a kernel of target {d.kernel.backend.name!r} takes no tensor on {t.device}"
            raise UnsupportedError(what, advice="Move it: t.cpu().")
    found = call(*(t.detach().numpy() for t in tensors))
    return [torch.as_tensor(np.asarray(r)) for r in (found if isinstance(found, (list, tuple)) else [found])]


@cache
def _functions(torch: Any) -> tuple[Any, Any]:
    class Value(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, d: Derivatives, *tensors: Any) -> Any:
            wanted = any(ctx.needs_input_grad)
            ctx.derivatives = d
            value, *gradients = _run(torch, d, d.first if wanted else d.value, tensors)
            if wanted:
                ctx.save_for_backward(*tensors, *gradients)
            return value

        @staticmethod
        def backward(ctx: Any, received: Any) -> Any:
            d = ctx.derivatives
            count = len(d.kernel.names)
            tensors, gradients = ctx.saved_tensors[:count], ctx.saved_tensors[count:]
            if torch.is_grad_enabled():  # somebody means to differentiate what comes out
                gradients = Slopes.apply(d, len(gradients), *gradients, *tensors)
                gradients = gradients if isinstance(gradients, tuple) else (gradients,)
            sent: list[Any] = [None] * (1 + count)
            for place, g in zip(d.places, gradients, strict=True):
                if ctx.needs_input_grad[1 + place]:
                    sent[1 + place] = _summed(torch, d, received, g, tensors[place])
            return tuple(sent)

    class Slopes(torch.autograd.Function):  # type: ignore[misc]
        """The gradients, worked out before, as functions of the inputs."""

        @staticmethod
        def forward(ctx: Any, d: Derivatives, count: int, *given: Any) -> Any:
            ctx.derivatives, ctx.count = d, count
            ctx.save_for_backward(*given[count:])
            return tuple(g.clone() for g in given[:count])

        @staticmethod
        def backward(ctx: Any, *received: Any) -> Any:
            d, tensors = ctx.derivatives, ctx.saved_tensors
            if not d.twice or (torch.is_grad_enabled() and any(r is not None and r.requires_grad for r in received)):
                raise d.only_once()
            blocks = iter(_run(torch, d, d.second, tensors))
            sent: list[Any] = [None] * (2 + ctx.count + len(tensors))
            for k, first in enumerate(d.places):
                for j, second in list(enumerate(d.places))[k:]:
                    block = next(blocks)
                    ways = [(k, first, second, block)]
                    if j != k:
                        ways.append((j, second, first, block if d.scalar else _turned(block, tensors[first].ndim, tensors[second].ndim)))
                    for number, _, to, b in ways:
                        if received[number] is not None:
                            part = _summed(torch, d, received[number], b, tensors[to])
                            place = 2 + ctx.count + to
                            sent[place] = part if sent[place] is None else sent[place] + part
            return tuple(sent)

    return Value, Slopes


def _summed(torch: Any, d: Derivatives, received: Any, slope: Any, to: Any) -> Any:
    """What is received, times a derivative, summed over all axes but those of the input."""
    slope = slope.to(received.dtype)
    if d.scalar:
        return (received * slope).sum_to_size(to.shape)
    return torch.tensordot(received, slope, dims=received.ndim)


def _turned(block: Any, first: int, second: int) -> Any:
    """A block of shape (..., first, second) as (..., second, first)."""
    lead = block.ndim - first - second
    order = [*range(lead), *range(lead + first, block.ndim), *range(lead, lead + first)]
    return block.permute(order)


def module(kernel: Kernel, parameters: Mapping[str, Any], at: Mapping[str, Any] | None = None) -> Any:
    """The kernel as an nn.Module: `parameters` learn, what is in `at` stays, the other inputs are those of `forward`, in their order."""
    torch, call = needed("torch"), function(kernel)
    fixed = dict(at or {})
    for name in (*parameters, *fixed):
        if name not in kernel.names or (name in parameters and name in fixed):
            what = f"{name} is given twice" if name in kernel.names else f"no input is named {name}"
            raise ArgumentError(what, advice=advice_for(str(name), kernel.names, "Inputs"))
    for name in parameters:
        if name not in Derivatives(kernel).names:
            raise Derivatives(kernel).not_compiled(name)
    rest = [n for n in kernel.names if n not in parameters and n not in fixed]

    class KernelModule(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.learned = torch.nn.ParameterDict({str(k): torch.nn.Parameter(_tensor(v)) for k, v in enumerate(parameters.values())})
            for k, value in enumerate(fixed.values()):
                self.register_buffer(f"fixed{k}", _tensor(value))

        def forward(self, *unnamed: Any, **named: Any) -> Any:
            if len(unnamed) > len(rest):
                raise ArgumentError(f"{len(unnamed)} values are given for {len(rest)} inputs", advice=f"They are {', '.join(rest)}.")
            own = {n: self.learned[str(k)] for k, n in enumerate(parameters)}
            own |= {n: getattr(self, f"fixed{k}") for k, n in enumerate(fixed)}
            return call(**own, **dict(zip(rest, unnamed, strict=False)), **named)

        def extra_repr(self) -> str:
            return f"{', '.join(parameters)} learned; forward({', '.join(rest)})"

    def _tensor(value: Any) -> Any:
        found = value.detach().clone() if isinstance(value, torch.Tensor) else torch.tensor(value)
        return found if found.is_floating_point() or isinstance(value, torch.Tensor) else found.to(torch.get_default_dtype())

    return KernelModule()


__all__ = ["function", "module"]
