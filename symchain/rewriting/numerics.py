"""Functions that exist in kernels alone: what forms are written with where NumPy and SciPy have no accurate function.

Each is an equation of its own name in `kernels.stable`. They are no part of the input language; most replace what has been
differentiated already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from symchain.functions.spec import FunctionSpec, Noun, OperationSpec
from symchain.support.precision import precision
from symchain.tensors.memory import remembered


def numeric_function(
    name: str, parameters: tuple[str, ...], meaning: Callable[..., Any], *constants: Any, slopes: tuple[str, ...] = ()
) -> FunctionSpec:
    """A primitive of its own name; constants follow its parameters.

    What has `slopes`, the derivatives in the input language, may stand in what is differentiated.
    """
    return FunctionSpec(
        name=name,
        parameters=parameters,
        meaning=meaning,
        derivatives=slopes or (None,) * len(parameters),
        form=(name, *(f"x{k}" for k in range(len(parameters))), *constants),
        latex="",
        noun=Noun(name, name),
        reason={},
        probes=(),
    )


FUNCTIONS: Mapping[str, FunctionSpec] = {
    spec.name: spec
    for spec in (
        numeric_function("log_quotient", ("x", "y"), lambda x, y: sympy.log(x / y)),
        numeric_function("tanh_less", ("x", "y"), lambda x, y: sympy.tanh(x) - y),
        numeric_function("silu_slope", ("x",), lambda x: sympy.diff(x / (1 + sympy.exp(-x)), x)),
        numeric_function("over_squares", ("x", "y"), lambda x, y: x / (x**2 + y**2)),
        numeric_function("erfcx_slope", ("x",), lambda x: 2 * x * sympy.exp(x**2) * sympy.erfc(x) - 2 / sympy.sqrt(sympy.pi)),
        numeric_function("bose", ("x",), lambda x: 1 / (sympy.exp(x) - 1), slopes=("out/expm1(-x)",)),
        numeric_function("cardinal_sine", ("x",), lambda x: sympy.sinc(sympy.pi * x), slopes=("where(x == 0, 0, (cos(pi*x) - out)/x)",)),
        numeric_function("sigmoid_less", ("x", "y"), lambda x, y: 1 / (1 + sympy.exp(-x)) - 1 / (1 + sympy.exp(-y))),
        numeric_function("reciprocal_less", ("x", "y"), lambda x, y: 1 / x - 1 / y),
        numeric_function("power_less_one", ("x", "y"), lambda x, y: x**y - 1),
        numeric_function("power_of_one_plus", ("x", "y"), lambda x, y: (1 + x) ** y),
        numeric_function("power_of_one_plus_less_one", ("x", "y"), lambda x, y: (1 + x) ** y - 1),
        numeric_function(
            "kl_bernoulli",
            ("x", "y"),
            lambda x, y: x * sympy.log(x / y) + (1 - x) * sympy.log((1 - x) / (1 - y)),
            slopes=("log(x/y) - log((1 - x)/(1 - y))", "(y - x)/(y*(1 - y))"),
        ),
        numeric_function("root", ("x", "y"), lambda x, y: sympy.sqrt(x**2 + y)),
    )
}
"""Those that the tables of forms name, and `root`, which `roots` makes."""


@remembered(4096)
def log_plus(c: Fraction) -> FunctionSpec:
    """log(x) + c."""
    import mpmath

    with precision(digits=40):
        root = mpmath.exp(-mpmath.mpf(c.numerator) / c.denominator)
        high = float(root)
        low = float(root - high)
    exact = sympy.Rational(c.numerator, c.denominator)
    return numeric_function("log_plus", ("x",), lambda x: sympy.log(x) + exact, float(c), high, low)


BALANCED = OperationSpec(
    name="balanced",
    shape=lambda shapes, parameters: shapes[0],
    evaluate=lambda r, p, *rest: r,
    noun=Noun("array of known sum", "tableau de somme connue", "m"),
)
"""r itself, of which it is known what it adds up to along the axis (zero, or the third operand), as p adds up to one."""

NORM = OperationSpec(
    name="norm",
    shape=lambda shapes, parameters: shapes[0],
    evaluate=lambda squares, x, axes: squares**0.5,
    noun=Noun("norm", "norme"),
)
"""sqrt(sum(x**2)), of sum(x**2) and x."""

UNIT = OperationSpec(
    name="unit",
    shape=lambda shapes, parameters: shapes[0],
    evaluate=lambda x, r, axes: x / np.expand_dims(r, axes),
    noun=Noun("unit vector", "vecteur unitaire", "m"),
)
"""x/norm(x), divided before anything is multiplied with it."""

ORTHOGONAL = OperationSpec(
    name="orthogonal",
    shape=lambda shapes, parameters: shapes[0],
    evaluate=lambda r, u, axis: r,
    noun=Noun("orthogonal array", "tableau orthogonal", "m"),
)
"""r itself, of which it is known that sum(u*r) is zero along the axis, u being a unit vector."""
