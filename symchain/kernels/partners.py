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

    def _in_form(self) -> Any:
        """The lean call whose matrices are sparse, or operators."""
        return _partner("matrices").matrices(self)

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

    def over(
        self,
        chunks: Any,
        at: Mapping[str, Any] | None = None,
        *,
        rows: int | None = None,
        samples: int | None = None,
        into: Any = None,
        resume: bool = False,
    ) -> Any:
        """The results over more samples than memory holds, in the form of a call: chunks go by once.

        `chunks` maps inputs to arrays that have slices (NumPy's, memory-mapped, zarr's; read `rows` at a time along the first axis), or
        it is an iterable of such mappings, one for each batch; `at` holds the other inputs, and `samples` how many there are in all,
        where no array tells. Sums over samples, and what is made of them, are added with what rounding loses. Results with an entry
        for each sample go to files in the folder `into`, named when all is written; with `resume`, a run that was cut off goes on.
        Raises UnsupportedError where a result is neither made sample by sample nor of sums over them, which the code of the kernel
        tells; ArgumentError and ShapeError for chunks that do not fit.

        >>> import symchain
        >>> import numpy as np
        >>> kernel = symchain.parse("x: (n,)\\nC = mean((x - m)**2)").compile(wrt=["m"])
        >>> value, gradient = kernel.over(({"x": np.full(10, k)} for k in range(4)), at={"m": 0.0}, samples=40)
        >>> float(value), float(gradient["m"])
        (3.5, -3.0)
        """
        return _partner("chunks").over(self, chunks, at or {}, rows, samples, into, resume)

    def on_dask(self, client: Any = None) -> Any:
        """The kernel on the workers of a Dask client: `.over(arrays, at)` takes dask arrays, as `over` takes others.

        Results with an entry for each sample come as dask arrays that are not computed yet. The plan travels as JSON; each worker
        makes machine code of it where it has a compiler. Needs the extra `dask`. Raises as `over`.
        """
        return _partner("dask").OnDask(self, client)


__all__ = ["Partners", "needed"]
