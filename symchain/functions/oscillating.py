"""Integrals and solutions that oscillate: sine and cosine integrals, Fresnel integrals, Airy functions; and elliptic integrals.

Source: NIST Digital Library of Mathematical Functions, chapters 6, 7, 9 and 19.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import sympy as sp

from symchain.functions.spec import POSITIVE, REAL, Interval, Noun, declare

_LINE = ((-7.3,), (-0.8,), (0.2,), (0.4,), (4.7,))

declare(
    "sinint",
    aliases=("Si",),
    parameters=("x",),
    meaning=sp.Si,
    derivatives=("sinc(x/pi)",),  # which is 1 at 0
    textbook="sin(x)/x",
    code="sinint(x)",
    defined=True,
    probes=((-30.0,), (-0.8,), (1e-9,), (0.4,), (5.0,)),
    latex=r"\operatorname{Si}",
    noun=Noun("sine integral", "sinus intégral", "m"),
    reason={
        "en": "The sine integral integrates sin(t)/t from 0 to x, and differentiating gives the integrand back.",
        "fr": "Le sinus intégral est l'intégrale de sin(t)/t de 0 à x ; la dériver rend ce qu'on intègre.",
    },
)
declare(
    "cosint",
    aliases=("Ci",),
    parameters=("x",),
    meaning=sp.Ci,
    derivatives=("cos(x)/x",),
    code="cosint(x)",
    defined=True,
    domains=(POSITIVE,),
    confined=("x",),
    probes=((1e-6,), (0.3,), (2.5,), (30.0,)),
    latex=r"\operatorname{Ci}",
    noun=Noun("cosine integral", "cosinus intégral", "m"),
    reason={
        "en": "Up to a constant the cosine integral integrates cos(t)/t up to x, and differentiating gives the integrand back.",
        "fr": "À une constante près, le cosinus intégral est l'intégrale de cos(t)/t jusqu'à x ; la dériver rend ce qu'on intègre.",
    },
)
for _name, _meaning, _slope, _noun, _en, _fr in (
    ("fresnels", sp.fresnels, "sin", Noun("Fresnel sine integral", "intégrale de Fresnel du sinus", "f"), "sine", "le sinus"),
    ("fresnelc", sp.fresnelc, "cos", Noun("Fresnel cosine integral", "intégrale de Fresnel du cosinus", "f"), "cosine", "le cosinus"),
):
    declare(
        _name,
        parameters=("x",),
        meaning=_meaning,
        derivatives=(f"{_slope}(pi*x**2/2)",),
        code=f"{_name}(x)",
        defined=True,
        probes=_LINE,
        latex="S" if _slope == "sin" else "C",
        noun=_noun,
        reason={
            "en": f"It integrates the {_en} of pi t²/2 from 0 to x, and differentiating gives the integrand back.",
            "fr": f"On y intègre {_fr} de pi t²/2 de 0 à x ; la dériver rend ce qu'on intègre.",
        },
    )
_THIRD, _TWO_THIRDS = sp.Rational(1, 3), sp.Rational(2, 3)

# The meanings of Airy functions are over Bessel functions, which mpmath has with their derivatives (DLMF 9.6.2 to 9.6.9).


def _airy(x: sp.Expr, right: Callable[..., sp.Expr], left: Callable[..., sp.Expr], at_zero: sp.Expr) -> sp.Expr:
    there, here = _TWO_THIRDS * (-x) ** sp.Rational(3, 2), _TWO_THIRDS * x ** sp.Rational(3, 2)
    return sp.Piecewise((right(here), x > 0), (left(there), x < 0), (at_zero, True))


def _ai(x: sp.Expr) -> sp.Expr:
    return _airy(
        x,
        lambda z: sp.sqrt(x / 3) / sp.pi * sp.besselk(_THIRD, z),
        lambda z: sp.sqrt(-x) / 3 * (sp.besselj(_THIRD, z) + sp.besselj(-_THIRD, z)),
        3**-_TWO_THIRDS / sp.gamma(_TWO_THIRDS),
    )


def _ai_slope(x: sp.Expr) -> sp.Expr:
    return _airy(
        x,
        lambda z: -x / (sp.pi * sp.sqrt(3)) * sp.besselk(_TWO_THIRDS, z),
        lambda z: -x / 3 * (sp.besselj(_TWO_THIRDS, z) - sp.besselj(-_TWO_THIRDS, z)),
        -(3**-_THIRD) / sp.gamma(_THIRD),
    )


def _bi(x: sp.Expr) -> sp.Expr:
    return _airy(
        x,
        lambda z: sp.sqrt(x / 3) * (sp.besseli(_THIRD, z) + sp.besseli(-_THIRD, z)),
        lambda z: sp.sqrt(-x / 3) * (sp.besselj(-_THIRD, z) - sp.besselj(_THIRD, z)),
        3 ** -sp.Rational(1, 6) / sp.gamma(_TWO_THIRDS),
    )


def _bi_slope(x: sp.Expr) -> sp.Expr:
    return _airy(
        x,
        lambda z: x / sp.sqrt(3) * (sp.besseli(_TWO_THIRDS, z) + sp.besseli(-_TWO_THIRDS, z)),
        lambda z: -x / sp.sqrt(3) * (sp.besselj(_TWO_THIRDS, z) + sp.besselj(-_TWO_THIRDS, z)),
        3 ** sp.Rational(1, 6) / sp.gamma(_THIRD),
    )


for _letter, _meaning, _slope_meaning in (("a", _ai, _ai_slope), ("b", _bi, _bi_slope)):
    _name, _big = f"airy{_letter}i", _letter.upper()
    declare(
        _name,
        parameters=("x",),
        meaning=_meaning,
        derivatives=(f"{_name}prime(x)",),
        code=f"{_name}(x)",
        defined=True,
        probes=_LINE,
        latex=rf"\operatorname{{{_big}i}}",
        noun=Noun(f"Airy function {_big}i", f"fonction d'Airy {_big}i", "f"),
        reason={
            "en": f"The slope of {_big}i is a function with a name of its own, since the Airy equation y'' = xy is of second order.",
            "fr": f"La pente de {_big}i est une fonction qui a son propre nom, car l'équation d'Airy y'' = xy est du second ordre.",
        },
    )
    declare(
        f"{_name}prime",
        parameters=("x",),
        meaning=_slope_meaning,
        derivatives=(f"x*{_name}(x)",),
        code=f"{_name}prime(x)",
        defined=True,
        probes=_LINE,
        latex=rf"\operatorname{{{_big}i}}'",
        noun=Noun(f"slope of the Airy function {_big}i", f"dérivée de la fonction d'Airy {_big}i", "f"),
        reason={
            "en": f"{_big}i is a solution of y'' = xy: the slope of its slope is x times the function.",
            "fr": f"{_big}i est une solution de y'' = xy : la pente de sa pente est x fois la fonction.",
        },
    )

_BELOW_ONE = Interval(-inf, 1.0)
_PARAMETERS = ((-3.0,), (-0.4,), (1e-9,), (0.3,), (0.9,))

declare(
    "hyp2f1",
    parameters=("a", "b", "c", "x"),
    meaning=lambda a, b, c, x: sp.hyper((a, b), (c,), x),
    derivatives=(None, None, None, "a*b/c*hyp2f1(a + 1, b + 1, c + 1, x)"),
    code="hyp2f1(a, b, c, x)",
    domains=(REAL, REAL, POSITIVE, _BELOW_ONE),
    confined=("x",),
    probes=((1.0, 2.0, 3.0, -0.4), (0.5, 0.5, 1.0, 0.3), (1.5, 0.5, 2.0, 1e-9), (0.5, 1.5, 2.0, 0.8)),
    latex=r"{{}}_2F_1\left({a},{b};{c};{x}\right)",
    noun=Noun("hypergeometric function", "fonction hypergéométrique", "f"),
    reason={
        "en": "Differentiating its power series term by term gives the same series with all parameters one higher, times ab/c.",
        "fr": "En dérivant sa série terme à terme, on retrouve la même série, les paramètres augmentés de un, fois ab/c.",
    },
)
declare(
    "ellipk",
    parameters=("m",),
    meaning=sp.elliptic_k,
    derivatives=("pi/8*hyp2f1(3/2, 3/2, 2, m)",),  # which is not 0/0 at 0
    textbook="(ellipe(m) - (1 - m)*out)/(2*m*(1 - m))",
    code="ellipk(m)",
    domains=(_BELOW_ONE,),
    confined=("m",),
    range=POSITIVE,
    increasing=True,
    probes=_PARAMETERS,
    latex="K",
    noun=Noun("complete elliptic integral of the first kind", "intégrale elliptique complète de première espèce", "f"),
    reason={
        "en": "Differentiating under the integral sign gives an integral that both complete elliptic integrals make up.",
        "fr": "En dérivant sous le signe intégral, on trouve une intégrale qui s'écrit par les deux intégrales elliptiques complètes.",
    },
)
declare(
    "ellipe",
    parameters=("m",),
    meaning=sp.elliptic_e,
    derivatives=("-pi/8*hyp2f1(1/2, 3/2, 2, m)",),
    textbook="(out - ellipk(m))/(2*m)",
    code="ellipe(m)",
    domains=(_BELOW_ONE,),
    confined=("m",),
    range=POSITIVE,
    probes=_PARAMETERS,
    latex="E",
    noun=Noun("complete elliptic integral of the second kind", "intégrale elliptique complète de seconde espèce", "f"),
    reason={
        "en": "Differentiating the root under the integral sign leaves half the difference of both complete integrals, over m.",
        "fr": "En dérivant la racine sous le signe intégral, il reste la demi-différence des deux intégrales complètes, divisée par m.",
    },
)
