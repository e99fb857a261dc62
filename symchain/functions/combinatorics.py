"""Counting continued to real numbers, and the distribution functions that are incomplete beta functions; remainders."""

from __future__ import annotations

import sympy as sp

from symchain.functions.spec import NONNEGATIVE, POSITIVE, REAL, Interval, Noun, declare

_UNIT = Interval(0.0, 1.0, low_open=False, high_open=False)
_HALF = sp.Rational(1, 2)


def _beta(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    return sp.gamma(a) * sp.gamma(b) / sp.gamma(a + b)


def _student(df: sp.Expr, t: sp.Expr) -> sp.Expr:
    """One half and the integral of the density from 0 to t."""
    factor = sp.gamma((df + 1) / 2) / (sp.sqrt(sp.pi * df) * sp.gamma(df / 2))
    return _HALF + t * factor * sp.hyper((_HALF, (df + 1) / 2), (3 * _HALF,), -(t**2) / df)


declare(
    "factorial",
    parameters=("x",),
    meaning=sp.factorial,
    derivatives=("out*digamma(x + 1)",),
    written="gamma(x + 1)",  # SciPy has 0 below 0
    code="gamma(x + 1)",
    analytic="special.gamma({x} + 1)",
    domains=(Interval(low=-1.0),),
    range=Interval(low=0.8856031944108887, low_open=False),
    probes=((-0.9,), (0.3,), (2.5,), (5.0,), (30.0,)),
    latex=r"\left({x}\right)!",
    noun=Noun("factorial", "factorielle", "f"),
    reason={
        "en": "Between whole numbers the factorial is the gamma function of x + 1, and digamma is its slope over its value.",
        "fr": "Entre les entiers, la factorielle est la fonction gamma de x + 1, et digamma est sa pente divisée par sa valeur.",
    },
)

declare(
    "binom",
    aliases=("binomial",),
    parameters=("n", "k"),
    meaning=sp.binomial,
    derivatives=("out*(digamma(n + 1) - digamma(n - k + 1))", "out*(digamma(n - k + 1) - digamma(k + 1))"),
    code="binom(n, k)",
    domains=(NONNEGATIVE, Interval(low=-1.0)),
    probes=((5.0, 2.0), (7.3, 1.6), (0.9, 0.4), (40.0, 18.5)),
    latex=r"\binom{{{n}}}{{{k}}}",
    noun=Noun("binomial coefficient", "coefficient binomial", "m"),
    reason={
        "en": "It is a quotient of gamma functions of n + 1, k + 1 and n - k + 1, each of which gives its digamma.",
        "fr": "C'est un quotient de fonctions gamma de n + 1, k + 1 et n - k + 1, dont chacune donne sa fonction digamma.",
    },
)

declare(
    "poch",
    parameters=("x", "m"),
    meaning=lambda x, m: sp.gamma(x + m) / sp.gamma(x),
    derivatives=("out*(digamma(x + m) - digamma(x))", "out*digamma(x + m)"),
    code="poch(x, m)",
    domains=(POSITIVE, POSITIVE),
    range=POSITIVE,
    probes=((0.3, 1.7), (2.5, 2.0), (1e-3, 4.0), (20.0, 3.5)),
    latex=r"\left({x}\right)_{{{m}}}",
    noun=Noun("rising factorial", "factorielle croissante", "f"),
    reason={
        "en": "It is the quotient of the gamma functions of x + m and of x, and x stands in both while m stands in one.",
        "fr": "C'est le quotient des fonctions gamma de x + m et de x : x figure dans les deux, et m dans une seule.",
    },
)

_DENSITY = "exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b))"

declare(
    "betainc",
    parameters=("a", "b", "x"),
    meaning=lambda a, b, x: sp.betainc(a, b, 0, x) / _beta(a, b),
    derivatives=(None, None, _DENSITY),
    code="betainc(a, b, x)",
    domains=(POSITIVE, POSITIVE, _UNIT),
    confined=("a", "b", "x"),
    range=_UNIT,
    probes=((0.3, 1.7, 0.4), (2.5, 2.0, 0.01), (1.0, 3.0, 0.9), (20.0, 5.0, 0.6)),
    latex=r"I_{{{x}}}\left({a}, {b}\right)",
    noun=Noun("regularised incomplete beta function", "fonction bêta incomplète régularisée", "f"),
    reason={
        "en": "By definition it integrates the beta density from 0 to x, and differentiating gives the density back.",
        "fr": "Par définition, elle intègre la densité bêta de 0 à x ; la dériver rend cette densité.",
    },
)

declare(
    "betaincc",
    parameters=("a", "b", "x"),
    meaning=lambda a, b, x: sp.betainc(a, b, x, 1) / _beta(a, b),
    derivatives=(None, None, f"-{_DENSITY}"),
    code="betaincc(a, b, x)",
    domains=(POSITIVE, POSITIVE, _UNIT),
    confined=("a", "b", "x"),
    range=_UNIT,
    probes=((0.3, 1.7, 0.4), (2.5, 2.0, 0.01), (1.0, 3.0, 0.9), (20.0, 5.0, 0.99)),
    latex=r"1 - I_{{{x}}}\left({a}, {b}\right)",
    noun=Noun("complement of the incomplete beta function", "complément de la fonction bêta incomplète", "m"),
    reason={
        "en": "It integrates the beta density from x to 1, so its slope is minus that density.",
        "fr": "On y intègre la densité bêta de x à 1 : sa pente est l'opposé de cette densité.",
    },
)

declare(
    "stdtr",
    parameters=("df", "t"),
    meaning=_student,
    derivatives=(None, "exp(-(df + 1)/2*log1p(t**2/df) - betaln(df/2, 1/2))/sqrt(df)"),
    code="stdtr(df, t)",
    domains=(POSITIVE, REAL),
    confined=("df",),
    range=Interval(0.0, 1.0),
    probes=((2.5, 0.3), (1.0, -30.0), (30.0, 1.7), (4.0, -2.5), (0.7, 1e-9)),
    latex=r"T_{{{df}}}\left({t}\right)",
    noun=Noun("Student distribution function", "fonction de répartition de Student", "f"),
    reason={
        "en": "The slope of a distribution function is its density, here Student's.",
        "fr": "La dérivée d'une fonction de répartition est sa densité, ici celle de la loi de Student.",
    },
)

declare(
    "mod",
    aliases=("remainder",),
    parameters=("x", "y"),
    meaning=lambda x, y: x - y * sp.floor(x / y),
    derivatives=("1", "(out - x)/y"),
    code="mod(x, y)",
    ties=(("mod(x, y)", "0"),),
    domains=(REAL, POSITIVE),
    probes=((0.3, 1.7), (-2.6, 2.0), (2.5, 0.7), (1e3, 1.3)),
    latex=r"{x} \bmod {y}",
    noun=Noun("remainder", "reste", "m"),
    reason={
        "en": "The remainder is x minus a whole number of times y; between two jumps that number is constant.",
        "fr": "Le reste est x moins un nombre entier de fois y ; entre deux sauts, ce nombre est constant.",
    },
)

declare(
    "rgamma",
    parameters=("x",),
    meaning=lambda x: 1 / sp.gamma(x),
    derivatives=("-digamma(x)*out",),
    code="rgamma(x)",
    analytic="special.rgamma({x})",
    domains=(POSITIVE,),
    probes=((1e-6,), (0.3,), (1.5,), (2.5,), (30.0,)),
    latex=r"\frac{{1}}{{\Gamma\left({x}\right)}}",
    noun=Noun("reciprocal gamma function", "inverse de la fonction gamma", "m"),
    reason={
        "en": "The logarithm of gamma has the slope digamma; that of the reciprocal has the opposite sign.",
        "fr": "Le logarithme de la fonction gamma a pour pente digamma ; celui de son inverse a le signe contraire.",
    },
)
