"""The primitives in C: what the mathematical library has, what is made of others without losing digits, and what SciPy lends.

Names in C code are f_ and the name of the primitive. Forms here are those of `stable`, as data: each says where which equation is good.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from symchain.kernels.definitions import DEFINITIONS
from symchain.kernels.primitives import CONSTANTS, PRIMITIVES, Form, operand_of, read_form
from symchain.kernels.stable import ERFCX_SERIES, KL, ZETAS

_SAME = "log log1p expm1 log2 log10 exp2 sin cos tan sinh cosh sqrt cbrt hypot copysign erf erfc floor ceil trunc rint fmax fmin fmod"
LIBRARY: Mapping[str, str] = {
    **{name: name for name in _SAME.split()},
    **{"abs": "fabs", "power": "pow", "gamma": "tgamma", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2"},
    **{"arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "log_gamma": "lgamma"},
}
"""Primitives that the mathematical library of C has."""

OWN = frozenset(("exp", "tanh", "sech", "sigmoid", "sign", "maximum", "minimum", "near_zero"))
"""What `mathematics.h` has, beside functions of two results."""
VECTORISED = frozenset(("exp", "tanh", "sech", "sigmoid", "log", "log1p", "expm1"))
"""What `mathematics.h` has under i_ too, for loops."""

SPECIAL = frozenset(
    (
        *("psi", "gammainc", "gammaincc", "gammaincinv", "gammainccinv", "betainc", "hyp1f1", "jv", "yv", "iv", "kv", "jve", "yve"),
        *("ive", "kve", "expi", "exp1", "expn", "spence", "owens_t", "erfinv", "erfcinv", "erfcx", "erfi", "dawsn", "ndtr", "ndtri"),
        *("log_ndtr", "rgamma", "exprel", "cosm1", "logit", "entr", "j0", "j1", "y0", "y1", "i0", "i1", "i0e", "i1e", "k0", "k1", "k0e"),
        *("k1e", "ellipk", "ellipe", "ellipkm1", "ellipkinc", "ellipeinc", "xlogy", "xlog1py", "rel_entr", "beta", "betaln", "binom"),
        *("poch", "huber", "pseudo_huber", "boxcox", "boxcox1p", "inv_boxcox", "inv_boxcox1p", "stdtr", "struve", "modstruve", "agm"),
        *("betaincc", "betaincinv", "hyperu", "hyp2f1", "voigt_profile", "kolmogorov", "kolmogi", "hyp0f1", "chdtr", "chdtrc"),
    )
)
"""What SciPy's cython_special computes of single numbers, for other compiled code."""
POINTERS: Mapping[str, str] = {"scipy_kl_div": "kl_div"}
"""Functions of SciPy that forms below call by another name than that of the primitive."""

PRODUCT = "dgemm"
"""The product of matrices of BLAS."""
LENT: Mapping[str, str] = {
    PRODUCT: "cython_blas",
    **dict.fromkeys(("dpotrf", "dgetrf", "dpotrs", "dgetrs", "dtrtrs", "dpotri", "dgetri", "dtrtri"), "cython_lapack"),
}
"""Routines of BLAS and LAPACK that SciPy lends too, and its module that has each."""

_SCALE = repr(2.0**600)
_X, _XY, _XYZ, _XYZW = ("x",), ("x", "y"), ("x", "y", "z"), ("x", "y", "z", "w")
_FORMS = {
    _X: {
        "square": "x*x",
        "loggamma": "where(x < 0, nan, gammaln(x))",
        "deg2rad": "x*(pi/180)",
        "rad2deg": "x*(180/pi)",
        "log_expit": "minimum(x, 0) - log1p(exp(-abs(x)))",
        "silu": "where(x < -80, x*exp(x/2)*exp(x/2), x*sigmoid(x))",
        "silu_slope": "where(x < -80, (1 + x)*exp(x/2)*exp(x/2), sigmoid(x)*(1 + x*sigmoid(-x)))",
        "bose": "where(x > 0, -exp(-x)/expm1(-x), 1/expm1(x))",
    },
    _XY: {
        "mod": "where(fmod(x, y) == 0, copysign(0, y), where(sign(fmod(x, y)) == sign(y), fmod(x, y), fmod(x, y) + y))",
        "heaviside": "where(x > 0, 1, where(x == 0, y, where(x < 0, 0, x)))",
        "logaddexp": "where(x == y, x + log(2), maximum(x, y) + log1p(exp(-abs(x - y))))",
        "reciprocal_less": "where(abs(x - y) < abs(y)/2, (y - x)/y/x, 1/x - 1/y)",
        "sigmoid_less": "copysign(sigmoid(maximum(x, y))*sigmoid(-minimum(x, y))*(-expm1(-abs(x - y))), x - y)",
        "power_less_one": "where(abs(y*log(x)) < 1, expm1(y*log(x)), power(x, y) - 1)",
        "power_of_one_plus": "where(abs(x) < 1/4, exp(y*log1p(x)), power(1 + x, y))",
        "power_of_one_plus_less_one": "where(abs(x) < 1/4, expm1(y*log1p(x)), "
        "where(abs(y*log1p(x)) < 1, expm1(y*log1p(x)), power(1 + x, y) - 1))",
        "tanh_less": "where(abs(x) > 3, (sign(x) - y) - 2*sign(x)/(exp(2*abs(x)) + 1), tanh(x) - y)",
        "over_squares": "x/hypot(x, y)/hypot(x, y)",
        "log_quotient": "where(abs(x - y) < abs(y)/16, log1p((x - y)/y), where(sign(x) != sign(y), log(x/y), "
        "where(x/y == 0, log(abs(x)) - log(abs(y)), where(x/y == inf, log(abs(x)) - log(abs(y)), log(x/y)))))",
    },
    _XYZ: {"clip": "minimum(maximum(x, y), z)"},
    _XYZW: {"log_plus": "where(abs(x - z) < z/16, log1p((x - z - w)/z), log(x) + y)"},
}


def _series(x: Form, first: int, coefficients: Sequence[float], radius: float = 1.0) -> Form:
    return ("near_zero", 0, x, radius, first, 1, tuple(coefficients))


def _of(text: str, **forms: Form) -> Form:
    """A form of x and y, in which each other name stands for a form."""
    stand = {"x": "x0", "y": "x1", **forms}
    names = tuple(name for name in stand if re.search(rf"\b{name}\b", text))

    def filled(form: Form) -> Form:
        place = operand_of(form)
        return stand[names[place]] if place is not None else tuple(map(filled, form)) if isinstance(form, tuple) else form

    return filled(read_form(text, names))


_KL_NEAR = _of("y*t", t=_series(_of("(x - y)/y"), 2, KL))
_KL_OTHER = _of("(1 - y)*t", t=_series(_of("(y - x)/(1 - y)"), 2, KL))
FORMS: Mapping[str, Form] = {
    **{name: DEFINITIONS[name] for name in ("cardinal_sine", "sinc", "digamma", "expit", "logaddexp2")},
    **{name: read_form(text, parameters) for parameters, texts in _FORMS.items() for name, text in texts.items()},
    "gammaln": _of(
        "where(abs(x - 1) < 1/5, t, where(abs(x - 2) < 1/5, log1p(x - 2) + s, r))",
        t=_series(_of("x - 1"), 1, ZETAS),
        s=_series(_of("x - 2"), 1, ZETAS),
        r=("log_gamma", "x0"),
    ),
    "root": _of(
        "where(v < 1e150, where(v > 1e-150, v, s), s)",
        v=_of("sqrt(x*x + y)"),
        s=_of(
            f"where(maximum(abs(x), sqrt(abs(y))) < 1, sqrt(x*{_SCALE}*(x*{_SCALE}) + y*{_SCALE}*{_SCALE})/{_SCALE}, "
            f"sqrt(x/{_SCALE}*(x/{_SCALE}) + y/{_SCALE}/{_SCALE})*{_SCALE})"
        ),
    ),
    "kl_div": _of("where(abs(x - y) < abs(y)/16, t, r)", t=_KL_NEAR, r=("scipy_kl_div", "x0", "x1")),
    "kl_bernoulli": _of(
        "where(abs(x - y) < minimum(abs(y), abs(1 - y))/16, t + s, rel_entr(x, y) + (xlog1py(1 - x, -x) - xlog1py(1 - x, -y)))",
        t=_KL_NEAR,
        s=_KL_OTHER,
    ),
    "erfcx_slope": _of(
        "where(x > 10, 1.1283791670955126*t, 2*x*erfcx(x) - 1.1283791670955126)", t=_series(_of("1/2/x/x"), 1, ERFCX_SERIES)
    ),
}
"""Primitives made of others in C, without losing what `stable` keeps."""

SECH: Form = ("/", 1, ("cosh", "x0"))
"""Worked out with tanh, where that is wanted too."""


FUNCTIONS: Mapping[str, int] = {"log_gamma": 1, "scipy_kl_div": 2, **{name: len(kinds) for name, kinds in PRIMITIVES.items()}}
"""How many numbers each takes."""
NAMES: Mapping[str, str] = {
    name: f"f_{name}" for name in FUNCTIONS if any(name in table for table in (LIBRARY, OWN, SPECIAL, POINTERS, FORMS))
}
"""What each is called in C."""
TWINS = frozenset(("sech", "tanh_sech", "sigmoids"))
"""What gives two results at once, or the second of them: under f_ and i_."""
HEADER = frozenset(("fits", *CONSTANTS, *TWINS, "sign", "maximum", "minimum", "near_zero"))
"""What `mathematics.h` has under f_ for loops too, and what it has beside primitives."""
CHEAP = frozenset(("fits", *CONSTANTS, "sign", "maximum", "minimum", "abs", "square", "sqrt", "floor", "copysign", "clip"))
"""What takes a few instructions."""
