"""The libraries that are compared with: the names that each lists itself, and what a call of one gives there."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import types
import unittest
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

_CALLS = (np.ufunc, types.FunctionType, types.BuiltinFunctionType)


@dataclass(frozen=True)
class Library:
    name: str
    package: str
    names: Callable[[], list[str]]
    """Dotted names of what it has."""
    find: Callable[[str], Any]
    array: Callable[[Any], Any]

    def installed(self) -> bool:
        return importlib.util.find_spec(self.package) is not None

    def value(self, name: str, call: str, samples: Mapping[str, Any]) -> Any:
        """What the call gives as an array of floats; None where it is no such thing. The function has its last name in the call."""
        function = self.find(name)
        scope = {n: self.array(x) for n, x in samples.items()}
        scope[name.rsplit(".", 1)[-1]] = function
        scope |= {"inf": np.inf, "jnp": np, "np": np, "pi": np.pi} | self.helpers()
        result = eval(call, {"__builtins__": {"__import__": __import__, "float": float}}, scope)
        if isinstance(result, tuple | list):
            return None
        result = np.asarray(result.detach() if hasattr(result, "detach") else result)
        return result.astype(float) if result.dtype.kind == "f" else None

    def helpers(self) -> dict[str, Any]:
        return {"library": importlib.import_module(self.package)}


def _members(*modules: str) -> list[str]:
    names: dict[str, str] = {}
    for module in modules:
        room = importlib.import_module(module)
        for n in sorted(dir(room)):
            member = getattr(room, n)
            if not n.startswith("_") and callable(member) and not inspect.isclass(member) and "ScalarMeta" not in type(member).__name__:
                names.setdefault(n, f"{module}.{n}")
    return sorted(names.values())


def _dotted(name: str) -> Any:
    module, _, member = name.rpartition(".")
    return getattr(importlib.import_module(module), member)


def _jax() -> list[str]:
    import jax

    jax.config.update("jax_enable_x64", True)
    scipy = [f"jax.scipy.{part}" for part in ("special", "linalg", "signal")]
    return _members("jax.numpy", "jax.numpy.linalg", "jax.numpy.fft", "jax.nn", *scipy, "jax.lax")


def _jax_array(x: Any) -> Any:
    import jax.numpy as jnp

    return jnp.asarray(x)


def _torch() -> list[str]:
    """The table of operators by which PyTorch tests itself, those with a derivative."""
    if "expecttest" not in sys.modules and importlib.util.find_spec("expecttest") is None:  # its tests import it, the table does not use it
        stub: Any = types.ModuleType("expecttest")
        stub.TestCase, stub.assert_expected_inline = unittest.TestCase, None
        sys.modules["expecttest"] = stub
    operators = importlib.import_module("torch.testing._internal.common_methods_invocations").op_db
    return sorted({o.name for o in operators if o.supports_autograd})


def _torch_find(name: str) -> Any:
    import torch

    if name.startswith("__") or name in ("double", "contiguous", "to", "expand", "view", "repeat", "unfold"):
        return lambda tensor, *more: getattr(tensor, name)(*more)
    if name == "mT":
        return lambda tensor: tensor.mT
    for room in (torch, torch.nn.functional, torch.special, torch.Tensor):
        found: Any = room
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is not None:
            return found
    raise AttributeError(name)


def _torch_array(x: Any) -> Any:
    import torch

    return torch.tensor(x)


_AUTOGRAD = ("autograd.numpy", "autograd.numpy.linalg", "autograd.numpy.fft", "autograd.scipy.special", "autograd.scipy.linalg")


def _autograd_rooms() -> dict[str, Any]:
    """What its table of derivatives holds of the functions that it wraps."""
    derivatives = importlib.import_module("autograd.core").primitive_vjps
    found: dict[str, Any] = {}
    for module in (*_AUTOGRAD, "autograd.scipy.signal", "autograd.scipy.stats.norm"):
        room = importlib.import_module(module)
        for n in dir(room):
            member = getattr(room, n)
            if not n.startswith("_") and callable(member) and getattr(member, "__hash__", None) and member in derivatives:
                found.setdefault(f"{module}.{n}", member)
    seen: dict[Any, str] = {}
    for name, member in found.items():
        seen.setdefault(member, name)
    return {name: found[name] for name in seen.values()}


def _numpy() -> list[str]:
    return _members("numpy", "numpy.linalg")


LIBRARIES = {
    "jax": Library("jax", "jax", _jax, _dotted, _jax_array),
    "torch": Library("torch", "torch", _torch, _torch_find, _torch_array),
    "autograd": Library("autograd", "autograd", lambda: sorted(_autograd_rooms()), lambda name: _autograd_rooms()[name], np.array),
    "numpy": Library("numpy", "numpy", _numpy, _dotted, np.array),
}
