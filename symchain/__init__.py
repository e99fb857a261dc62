"""symchain derives gradients the way a person would publish them, proves them, and runs them.

Four nouns, met in this order:

    Program       what was written     symchain.parse("z = w*x + b"), program({"z": w*x + b}), from_function(f, shapes)
    Derivation    what was proved      program.derive("C", "W1"): .factors .lines .formula .closed .latex() .verification
    Kernel        what runs            program.compile(wrt=["W1"]): value, gradient = kernel(**inputs); symchain.load(path)
    FunctionSpec  what is known        symchain.functions: one record per function; declare(...) adds yours
    errors        what went wrong      SymchainError and its subclasses: what, the place, what to do
    from SymPy    expressions in, out  symchain.gradient(expr, symbols), hessian(...), jacobian(exprs, symbols), lambdify(args, exprs)
    downhill      step by step         symchain.descend(kernel, start, method="adam"); kernel.for_scipy(at={...})
    in a shell    the same             symchain derive | eval | compile | hessian | parse | models

Importing symchain is quick: SymPy and NumPy load when the first name that needs them is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from symchain.errors import (
    ArgumentError,
    LimitError,
    NotDifferentiableError,
    NumberVariableError,
    ParseError,
    PrecisionError,
    ShapeError,
    SymchainError,
    UnsupportedError,
    VerificationError,
)
from symchain.nouns.door import wired_by

if TYPE_CHECKING:
    from symchain.api import exercise, from_function, gradient, hessian, jacobian, parse, parse_latex, program, resume
    from symchain.kernels.integrations.descent import descend
    from symchain.kernels.saved import load
    from symchain.lowering.lambdified import lambdify

__version__ = "0.1.0"

_LAZY = {
    "parse": "symchain.api",
    "parse_latex": "symchain.api",
    "program": "symchain.api",
    "from_function": "symchain.api",
    "exercise": "symchain.api",
    "resume": "symchain.api",
    "gradient": "symchain.api",
    "hessian": "symchain.api",
    "jacobian": "symchain.api",
    "lambdify": "symchain.lowering.lambdified",
    "load": "symchain.kernels.saved",
    "load_ipython_extension": "symchain.app.jupyter",
    "descend": "symchain.kernels.integrations.descent",
}
"""Public names whose modules are heavy, and where they live (PEP 562)."""

__all__ = [
    "ArgumentError",
    "LimitError",
    "NotDifferentiableError",
    "NumberVariableError",
    "ParseError",
    "PrecisionError",
    "ShapeError",
    "SymchainError",
    "UnsupportedError",
    "VerificationError",
    "__version__",
    "descend",
    "exercise",
    "from_function",
    "gradient",
    "hessian",
    "jacobian",
    "lambdify",
    "load",
    "parse",
    "parse_latex",
    "program",
    "resume",
]


wired_by(lambda: import_module("symchain.engine"))


def __getattr__(name: str) -> Any:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module 'symchain' has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_LAZY))
