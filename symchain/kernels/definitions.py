"""The primitives that are made of others: what each of them means over the core, which is all that a new backend has to know.

A backend's table holds the core; for whatever else it holds, it has a better way (an own function of NumPy, a form without cancellation),
and the rest follows from here. A definition says what is meant over the real numbers, not how float64 should work it out.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from symchain.kernels.primitives import COMPARISONS, CONSTANTS, Form, is_number, operand_of, parts, read_form

CORE = frozenset(
    (
        *("+", "-", "*", "/", "**", "neg", "where", *COMPARISONS),
        *("exp", "expm1", "log", "log1p", "sqrt", "power", "sin", "cos", "tanh", "arctan2", "abs", "floor"),
        *("erf", "erfc", "erfinv", "erfcinv", "gamma", "gammaln", "psi", "zeta", "gammainc", "gammaincc", "betainc", "hyp1f1"),
        *("jv", "yv", "iv", "kv", "expi", "expn", "spence", "owens_t", "lambertw"),
        *("sinint", "cosint", "fresnels", "fresnelc", "airyai", "airyaiprime", "airybi", "airybiprime", "ellipk", "ellipe", "hyp2f1"),
    )
)
"""What has no definition, and what the functions of the language need."""

_X, _XY, _XYZ = ("x",), ("x", "y"), ("x", "y", "z")
_UNARY = {
    "square": "x*x",
    "sign": "where(x > 0, 1, where(x < 0, -1, x))",
    "exp2": "exp(x*log(2))",
    "log2": "log(x)/log(2)",
    "log10": "log(x)/log(10)",
    "cbrt": "copysign(power(abs(x), 1/3), x)",
    "tan": "sin(x)/cos(x)",
    "sinh": "(expm1(x) - expm1(-x))/2",
    "cosh": "(exp(x) + exp(-x))/2",
    "arcsin": "arctan2(x, sqrt((1 - x)*(1 + x)))",
    "arccos": "arctan2(sqrt((1 - x)*(1 + x)), x)",
    "arctan": "arctan2(x, 1)",
    "arcsinh": "copysign(log1p(abs(x) + x*x/(1 + hypot(1, x))), x)",
    "arccosh": "log1p((x - 1) + sqrt((x - 1)*(x + 1)))",
    "arctanh": "(log1p(x) - log1p(-x))/2",
    "deg2rad": "x*pi/180",
    "rad2deg": "x*180/pi",
    "ceil": "-floor(-x)",
    "trunc": "where(x < 0, -floor(-x), floor(x))",
    "rint": "where(x - floor(x) == 0.5, 2*floor((x + 0.5)/2), floor(x + 0.5))",
    "sinc": "where(x == 0, 1, sin(pi*x)/(pi*x))",
    "cardinal_sine": "sinc(x)",
    "cosm1": "-2*square(sin(x/2))",
    "exprel": "where(x == 0, 1, expm1(x)/x)",
    "sigmoid": "exp(minimum(x, 0))/(1 + exp(-abs(x)))",
    "expit": "sigmoid(x)",
    "log_expit": "minimum(x, 0) - log1p(exp(-abs(x)))",
    "silu": "x*sigmoid(x)",
    "silu_slope": "sigmoid(x)*(1 + x*sigmoid(-x))",
    "bose": "1/expm1(x)",
    "logit": "log(x/(1 - x))",
    "entr": "-xlogy(x, x)",
    "erfcx": "exp(x*x)*erfc(x)",
    "erfcx_slope": "2*x*erfcx(x) - 2/sqrt(pi)",
    "erfi": "2*x/sqrt(pi)*hyp1f1(1/2, 3/2, x*x)",
    "dawsn": "x*hyp1f1(1, 3/2, -x*x)",
    "ndtr": "erfc(-x/sqrt(2))/2",
    "log_ndtr": "log(ndtr(x))",
    "ndtri": "-sqrt(2)*erfcinv(2*x)",
    "rgamma": "1/gamma(x)",
    "digamma": "psi(x)",
    "loggamma": "gammaln(x)",
    "exp1": "expn(1, x)",
    **{f"{letter}{order}": f"{letter}v({order}, x)" for letter in "jyik" for order in (0, 1)},
    **{f"i{order}e": f"exp(-abs(x))*iv({order}, x)" for order in (0, 1)},
    **{f"k{order}e": f"exp(x)*kv({order}, x)" for order in (0, 1)},
}
_BINARY = {
    "maximum": "where(x > y, x, y)",
    "minimum": "where(x < y, x, y)",
    "fmax": "maximum(x, y)",
    "fmin": "minimum(x, y)",
    "copysign": "where(y < 0, -abs(x), abs(x))",
    "hypot": "sqrt(x*x + y*y)",
    "mod": "x - y*floor(x/y)",
    "fmod": "x - y*where(x/y < 0, -floor(-x/y), floor(x/y))",
    "heaviside": "where(x < 0, 0, where(x > 0, 1, y))",
    "logaddexp": "maximum(x, y) + log1p(exp(-abs(x - y)))",
    "logaddexp2": "maximum(x, y) + log1p(exp2(-abs(x - y)))/log(2)",
    "xlogy": "where(x == 0, 0, x*log(y))",
    "xlog1py": "where(x == 0, 0, x*log1p(y))",
    "rel_entr": "xlogy(x, x/y)",
    "kl_div": "rel_entr(x, y) - x + y",
    "kl_bernoulli": "rel_entr(x, y) + rel_entr(1 - x, 1 - y)",
    "boxcox": "where(y == 0, log(x), expm1(y*log(x))/y)",
    "boxcox1p": "where(y == 0, log1p(x), expm1(y*log1p(x))/y)",
    "huber": "where(abs(y) > x, x*(abs(y) - x/2), y*y/2)",
    "pseudo_huber": "x*x*(hypot(1, y/x) - 1)",
    "beta": "gamma(x)*gamma(y)/gamma(x + y)",
    "betaln": "gammaln(x) + gammaln(y) - gammaln(x + y)",
    "binom": "gamma(x + 1)/(gamma(y + 1)*gamma(x - y + 1))",
    "poch": "gamma(x + y)/gamma(x)",
    "polygamma": "where(x == 0, psi(y), power(-1, x + 1)*gamma(x + 1)*zeta(x + 1, y))",
    "stdtr": "where(y > 0, 1 - betainc(x/2, 1/2, x/(x + y*y))/2, betainc(x/2, 1/2, x/(x + y*y))/2)",
    "log_quotient": "log(x/y)",
    "reciprocal_less": "1/x - 1/y",
    "sigmoid_less": "sigmoid(x) - sigmoid(y)",
    "tanh_less": "tanh(x) - y",
    "power_less_one": "power(x, y) - 1",
    "power_of_one_plus": "power(1 + x, y)",
    "power_of_one_plus_less_one": "power(1 + x, y) - 1",
    "root": "sqrt(x*x + y)",
    "over_squares": "x/(x*x + y*y)",
}
_TERNARY = {"clip": "minimum(maximum(x, y), z)", "betaincc": "betainc(y, x, 1 - z)"}

DEFINITIONS: Mapping[str, Form] = {
    **{
        name: read_form(text, parameters)
        for parameters, texts in ((_X, _UNARY), (_XY, _BINARY), (_XYZ, _TERNARY))
        for name, text in texts.items()
    },
    "near_zero": "x0",  # the other arguments say how to work out the same near zero
    "log_plus": ("+", ("log", "x0"), "x1"),
}
"""The form of each primitive outside the core; x0, x1, ... are its arguments."""

Table = Mapping[str, Any]
"""Primitives as functions of a backend's numbers; pi, inf and nan; and "number", which makes one of such numbers of a Python number."""

_OPERATORS: Mapping[str, Callable[..., Any]] = {
    **{"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "neg": operator.neg},
    **{"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne},
}


_BUILT_IN = _OPERATORS.keys() | {"where", "**"}
"""What Python's numbers do themselves."""


def completed(table: Table) -> Table:
    """The table with everything that its primitives define.

    >>> import math
    >>> completed({"number": float, "exp": math.exp, "abs": abs})["sigmoid"](0.0)
    0.5
    """
    whole = dict(table)
    for name, form in DEFINITIONS.items():
        whole.setdefault(name, partial(_defined, form, whole))
    return whole


def lacking_of(form: Form, table: Table) -> set[str]:
    """The primitives of the core that a form needs and that a table, not yet completed, does not hold.

    >>> sorted(lacking_of(("sigmoid", "x0"), {"abs": abs}))
    ['exp']
    """
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [form]
    while waiting:
        for name in {part[0] for part in parts(waiting.pop())} - seen:
            seen.add(name)
            if name in DEFINITIONS and name not in table:
                waiting.append(DEFINITIONS[name])
            elif name not in table and name not in _BUILT_IN:
                found.add(name)
    return found


def _defined(form: Form, table: Table, *arguments: Any) -> Any:
    return value_of(form, tuple(table["number"](a) if is_number(a) else a for a in arguments), table)


def value_of(form: Form, arguments: tuple[Any, ...], table: Table) -> Any:
    """A form at some numbers, by a completed table. Of the cases of `where` only one is worked out."""
    place = operand_of(form)
    if place is not None:
        return arguments[place]
    if is_number(form):
        return table["number"](form)
    if form in CONSTANTS:
        return table[form] if form in table else table["exp"](table["number"](1))
    name, *parts = form
    if name == "where":
        condition, yes, no = parts
        return value_of(yes if value_of(condition, arguments, table) else no, arguments, table)
    given = [part if isinstance(part, tuple) and is_number(part[0]) else value_of(part, arguments, table) for part in parts]
    return table["power"](*given) if name == "**" else table[name](*given) if name in table else _OPERATORS[name](*given)
