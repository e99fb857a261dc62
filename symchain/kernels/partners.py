"""The doors of a kernel to other tools: methods that load a module of `integrations` by its name when they are called.

Those modules import kernels, and a kernel names them here, so that neither file imports the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from symchain.errors import UnsupportedError

_EXTRAS = {"matplotlib": "plot"}
"""Packages whose extra has another name."""


def needed(package: str) -> Any:
    """A package of an extra. Raises UnsupportedError, which says what to install, where it is missing.

    >>> needed("math").sqrt(4.0)
    2.0
    """
    try:
        return import_module(package)
    except ImportError as error:
        first = package.partition(".")[0]
        extra = _EXTRAS.get(first, first)
        raise UnsupportedError(f"{first} is not installed", advice=f'Install it: pip install "symchain[{extra}]".') from error


def _partner(name: str) -> Any:
    return import_module(f"symchain.kernels.integrations.{name}")


class Partners:
    """What a kernel is in other tools."""

    def for_scipy(self, at: Mapping[str, Any], *, unbounded: bool = False, hvp: Any = None) -> Any:
        """The kernel as SciPy takes functions: of one flat vector of parameters, the inputs it was compiled with respect to.

        `at` holds a value for every input: parameters start there (`x0`), the others stay. The result has `fun`, `jac`, `fun_and_jac`,
        `hess` and `hessp` (of a kernel of order 2; or `hvp`, a kernel of `program.hvp`), `pack`, `unpack`, `bounds`, `curve` and `ivp`.
        Where the value is an array it is a vector of residuals, and `jac` its Jacobian, sparse where the code says which entries
        are zero. With `unbounded`, positive parameters are given by their logarithm and those of the unit interval by their logit.
        Raises ArgumentError for values that are missing or unknown, UnsupportedError for parameters whose entries are tied.

        >>> import symchain
        >>> from scipy.optimize import minimize
        >>> kernel = symchain.parse("C = (x - a)**2 + (y - x)**4").compile(wrt=["x", "y"])
        >>> problem = kernel.for_scipy(at={"x": 0.0, "y": 1.0, "a": 3.0})
        >>> found = minimize(problem.fun_and_jac, problem.x0, jac=True)
        >>> round(float(problem.unpack(found.x)["x"]), 3)
        3.0
        """
        return _partner("scipy").Problem(self, at, unbounded, hvp)

    def as_torch(self) -> Any:
        """The kernel as a function of tensors, by name or in the order of `names`, whose backward is the closed form.

        A kernel of order 2 is differentiated twice. Tensors of the CPU are read and written without copies. Needs the extra `torch`.
        Raises UnsupportedError for a derivative that was not compiled, and for tensors of other devices.
        """
        return _partner("torch").function(self)

    def as_torch_module(self, parameters: Mapping[str, Any], at: Mapping[str, Any] | None = None) -> Any:
        """The kernel as an nn.Module, a loss or a layer: `parameters` holds the inputs that learn and where they start.

        What is in `at` stays; the other inputs are the arguments of `forward`, in their order or by name. Needs the extra `torch`.
        """
        return _partner("torch").module(self, parameters, at)

    def as_jax(self) -> Any:
        """The kernel as a function of JAX arrays, by name or in the order of `names`, with the closed form as its derivative.

        It goes through jit, vmap, grad and jvp; a kernel of order 2 is differentiated twice. Needs the extra `jax`.
        Raises UnsupportedError for a derivative that was not compiled.
        """
        return _partner("jax").function(self)


__all__ = ["Partners", "needed"]
