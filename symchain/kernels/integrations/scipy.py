"""Kernels in SciPy: minimize, least_squares, root, curve_fit and solve_ivp get functions of one flat vector, with their derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, ShapeError, UnsupportedError
from symchain.kernels.integrations.jacobians import Jacobian
from symchain.kernels.integrations.parameters import Parameters, of_order
from symchain.kernels.kernel import Kernel


@dataclass(frozen=True, slots=True)
class Curve:
    """What `curve_fit` takes: `fun(x, *parameters)`, `jac(x, *parameters)`, where to start, and bounds."""

    fun: Callable[..., Any]
    jac: Callable[..., Any]
    x0: Any
    bounds: tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class System:
    """What `solve_ivp` takes: `fun(t, y)`, its Jacobian `jac(t, y)`, and the state at the start."""

    fun: Callable[..., Any]
    jac: Callable[..., Any]
    y0: Any


class Problem:
    """A kernel as functions of one flat vector; `symchain.kernels.partners` says the rest."""

    def __init__(self, kernel: Kernel, at: Mapping[str, Any], unbounded: bool = False, hvp: Kernel | None = None) -> None:
        self.kernel, self.parameters = kernel, Parameters(kernel, at, unbounded)
        self.x0, self.pack, self.unpack = self.parameters.x0, self.parameters.pack, self.parameters.unpack
        self._value, self._first = of_order(kernel, 0).positional, of_order(kernel, 1).positional
        self._last: tuple[Any, Any, Any] | None = None
        value = self._value(*self.parameters.arguments(self.x0))
        self.shape = np.shape(value)
        self._jacobian = Jacobian(kernel, self.parameters, self.shape) if self.shape else None
        self._directed = self._direction(hvp) if hvp is not None else None
        if kernel.plan.order == 2 and not self.shape:
            self.hess: Callable[..., Any] | None = self._hess
        else:
            self.hess = None
        self.hessp: Callable[..., Any] | None = self._hessp if self.hess or self._directed else None

    @property
    def bounds(self) -> Any:
        """The declared ranges of the parameters, as SciPy's Bounds; a positive number is at least the smallest normal one."""
        from scipy.optimize import Bounds

        return Bounds(*self.parameters.bounds, keep_feasible=True)

    def fun(self, flat: Any) -> Any:
        """The value, or the vector of residuals."""
        if self._jacobian is None:
            return self.fun_and_jac(flat)[0]  # line searches ask for both at one point
        return np.ravel(self._value(*self.parameters.arguments(self.parameters.flat(flat))))

    def jac(self, flat: Any) -> Any:
        """The gradient; of residuals the Jacobian, a row for each."""
        return self.fun_and_jac(flat)[1]

    def fun_and_jac(self, flat: Any) -> tuple[Any, Any]:
        """Both, in one call: for minimize(..., jac=True) and root(..., jac=True)."""
        flat = self.parameters.flat(flat)
        if self._last is not None and np.array_equal(self._last[0], flat):
            return self._last[1], self._last[2]
        values = self.parameters.arguments(flat)
        if self._jacobian is not None:
            value, slope = self._jacobian(values)
            if self.parameters.curved:
                slopes = self.parameters.slopes(flat)
                slope = slope.multiply(slopes).tocsr() if self._jacobian.sparse else slope * slopes
        else:
            value, parts = self._first(*values)
            slope = np.concatenate([np.ravel(parts[n]) for n in self.parameters.names])
            value = float(value)
            if self.parameters.curved:
                slope = slope * self.parameters.slopes(flat)
        self._last = flat.copy(), value, slope
        return (value, slope.copy()) if self._jacobian is None else (value, slope)

    def _hess(self, flat: Any) -> Any:
        """The matrix of second derivatives."""
        flat = self.parameters.flat(flat)
        _, parts, blocks = self.kernel.positional(*self.parameters.arguments(flat))
        whole = self.parameters.hessian(blocks)
        if not self.parameters.curved:
            return whole
        slopes = self.parameters.slopes(flat)
        first = np.concatenate([np.ravel(parts[n]) for n in self.parameters.names])
        return slopes[:, None] * whole * slopes + np.diag(first * self.parameters.slopes(flat, second=True))

    def _hessp(self, flat: Any, vector: Any) -> Any:
        """The matrix of second derivatives times a vector."""
        if self._directed is None:
            return self._hess(flat) @ np.asarray(vector, float)
        return self._directed(self.parameters.flat(flat), np.asarray(vector, float))

    def _direction(self, hvp: Kernel) -> Callable[[Any, Any], Any]:
        p = self.parameters
        more = [n for n in hvp.names if n not in self.kernel.names]
        if len(p.names) != 1 or len(more) != 1 or hvp.plan.order is not None:
            what = "hvp is not the product of the Hessian by the one parameter with a vector"
            raise ArgumentError(what, advice='Write hvp=program.hvp("C", "w").compile(), for a kernel with respect to w alone.')
        shape = p.shapes[0]

        def directed(flat: Any, vector: Any) -> Any:
            named = dict(zip(self.kernel.names, p.arguments(flat), strict=True))
            slopes = p.slopes(flat) if p.curved else 1.0
            moved = (slopes * vector).reshape(shape)
            named[more[0]] = moved if shape else float(moved)
            product = slopes * np.ravel(hvp.positional(*(named[n] for n in hvp.names)))
            if not p.curved:
                return product
            _, parts = self._first(*p.arguments(flat))
            return product + np.ravel(parts[p.names[0]]) * p.slopes(flat, second=True) * vector

        return directed

    def _as(self, name: str, value: Any) -> Problem:
        """The problem with another value of an input that is no parameter."""
        p = self.parameters
        if name not in self.kernel.names or name in p.names:
            known = [n for n in self.kernel.names if n not in p.names]
            raise ArgumentError(f"{name} is no input beside the parameters", advice=f"Choose one of: {', '.join(known)}.")
        at = dict(zip(self.kernel.names, p.values, strict=True))
        return Problem(self.kernel, {**at, name: value}, p.unbounded)

    def curve(self, x: str) -> Curve:
        """The model as `curve_fit` takes it, with the abscissa in the input `x`: `curve_fit(c.fun, xdata, ydata, c.x0, jac=c.jac)`.

        Raises ArgumentError where there is no such input beside the parameters.
        """
        kept: list[Any] = [None, self._as(x, self.parameters.values[self.kernel.names.index(x)] if x in self.kernel.names else 0.0)]

        def at(data: Any) -> Any:
            if kept[0] is not data:
                kept[:] = [data, self._as(x, data)]
            return kept[1]

        def fun(data: Any, *flat: float) -> Any:
            return np.ravel(at(data).fun(np.array(flat)))

        def jac(data: Any, *flat: float) -> Any:
            slope = at(data).jac(np.array(flat))
            return slope.toarray() if hasattr(slope, "toarray") else np.atleast_2d(slope)

        return Curve(fun, jac, self.x0, self.parameters.bounds)

    def ivp(self, time: str | None = None) -> System:
        """The value as the right-hand side of y' = f(t, y): the parameters are the state, the input `time` is t where there is one.

        Raises ShapeError unless the value has as many entries as the state.
        """
        p = self.parameters
        if int(np.prod(self.shape, dtype=int)) != p.size:
            what = f"the value has {int(np.prod(self.shape, dtype=int))} entries and the state has {p.size}"
            raise ShapeError(what, advice="Compile the right-hand side with respect to the state: one equation for each of its entries.")
        if p.curved:
            raise UnsupportedError("a state has no other coordinates", advice="Leave unbounded out.")
        place = -1
        if time is not None:
            self._as(time, 0.0)
            place = self.kernel.names.index(time)
        jacobian = self._jacobian or Jacobian(self.kernel, p, self.shape)

        def at(t: float, state: Any) -> list[Any]:
            values = p.arguments(p.flat(state))
            if place >= 0:
                values[place] = float(t)
            return values

        return System(lambda t, y: np.ravel(self._value(*at(t, y))), lambda t, y: jacobian(at(t, y))[1], self.x0)


__all__ = ["Curve", "Problem", "System"]
