"""Inverses of secants, cosecants and cotangents, circular and hyperbolic.

Numeric codes take the square root of (|x| - 1)(|x| + 1) rather than the arccosine of 1/x, which loses all digits near the ends.
"""

from __future__ import annotations

from math import pi

import sympy as sp

from symchain.functions.spec import NONNEGATIVE, POSITIVE, Interval, Kink, Noun, declare

_OUTSIDE = ((1.0001,), (1.5,), (4.0,), (1e6,))
_ROOT = "(sqrt(abs(x) - 1)*sqrt(abs(x) + 1))"
_BEYOND = Interval(low=1.0)

declare(
    "arcsec",
    aliases=("asec",),
    parameters=("x",),
    meaning=sp.asec,
    derivatives=("1/(abs(x)*sqrt((abs(x) - 1)*(abs(x) + 1)))",),
    textbook="1/(abs(x)*sqrt(x**2 - 1))",
    code=f"arctan2({_ROOT}, sign(x))",
    domains=(_BEYOND,),
    range=Interval(0.0, pi),
    increasing=True,
    probes=_OUTSIDE,
    latex=r"\operatorname{arcsec}",
    noun=Noun("arcsecant", "arc sécante", "f"),
    reason={
        "en": "The arcsecant is the arccosine of 1/x: the chain rule brings 1/x², and one power of it joins the root.",
        "fr": "L'arc sécante est l'arc cosinus de 1/x : la règle de la chaîne apporte 1/x², dont une puissance entre sous la racine.",
    },
)

declare(
    "arccsc",
    aliases=("acsc",),
    parameters=("x",),
    meaning=sp.acsc,
    derivatives=("-1/(abs(x)*sqrt((abs(x) - 1)*(abs(x) + 1)))",),
    textbook="-1/(abs(x)*sqrt(x**2 - 1))",
    code=f"arctan2(sign(x), {_ROOT})",
    domains=(_BEYOND,),
    range=Interval(-pi / 2, pi / 2),
    probes=_OUTSIDE,
    latex=r"\operatorname{arccsc}",
    noun=Noun("arccosecant", "arc cosécante", "f"),
    reason={
        "en": "Arcsecant and arccosecant add up to a right angle, so their slopes are opposite.",
        "fr": "L'arc sécante et l'arc cosécante ont pour somme un angle droit : leurs pentes sont opposées.",
    },
)

declare(
    "arccot",
    aliases=("acot",),
    parameters=("x",),
    meaning=lambda x: sp.Piecewise((sp.pi / 2, sp.Eq(x, 0)), (sp.atan(1 / x), True)),
    derivatives=("-1/(1 + x**2)",),
    code="arctan2(copysign(1, x + 0.0), abs(x))",
    kinks=(Kink(0.0, -1.0),),
    range=Interval(-pi / 2, pi / 2, high_open=False),
    probes=((-1e6,), (-1.2,), (1e-9,), (0.7,), (1e6,)),
    latex=r"\operatorname{arccot}",
    noun=Noun("arccotangent", "arc cotangente", "f"),
    reason={
        "en": "It is the arctangent of 1/x, of slope -1/(1 + x²) on both sides of its jump at zero.",
        "fr": "C'est l'arc tangente de 1/x, de pente -1/(1 + x²) de part et d'autre de son saut en zéro.",
    },
)

declare(
    "arcsech",
    aliases=("asech", "arsech"),
    parameters=("x",),
    meaning=sp.asech,
    derivatives=("-1/(x*sqrt((1 - x)*(1 + x)))",),
    textbook="-1/(x*sqrt(1 - x**2))",
    code="arcsinh(sqrt((1 - x)*(1 + x))/x)",
    domains=(Interval(0.0, 1.0, high_open=False),),
    range=NONNEGATIVE,
    probes=((1e-6,), (0.02,), (0.4,), (0.7,), (0.9999,)),
    latex=r"\operatorname{arsech}",
    noun=Noun("inverse hyperbolic secant", "argument sécante hyperbolique", "m"),
    reason={
        "en": "It undoes the hyperbolic secant, whose slope there is -x√(1 - x²); the inverse function has the inverse slope.",
        "fr": "Il défait la sécante hyperbolique, dont la pente vaut là -x√(1 - x²) ; la fonction réciproque a la pente inverse.",
    },
)

declare(
    "arccsch",
    aliases=("acsch", "arcsch"),
    parameters=("x",),
    meaning=sp.acsch,
    derivatives=("-1/(abs(x)*sqrt(1 + x**2))",),
    code="arcsinh(1/x)",
    domains=(POSITIVE,),
    probes=((1e-6,), (0.3,), (1.2,), (1e6,)),
    latex=r"\operatorname{arcsch}",
    noun=Noun("inverse hyperbolic cosecant", "argument cosécante hyperbolique", "m"),
    reason={
        "en": "It is the inverse hyperbolic sine of 1/x: the chain rule brings -1/x², and one power of it joins the root.",
        "fr": "C'est l'argument sinus hyperbolique de 1/x : la chaîne apporte -1/x², dont une puissance entre sous la racine.",
    },
)

declare(
    "arccoth",
    aliases=("acoth", "arcoth"),
    parameters=("x",),
    meaning=sp.acoth,
    derivatives=("1/((1 - x)*(1 + x))",),
    textbook="1/(1 - x**2)",
    code="0.5*sign(x)*log1p(2/(abs(x) - 1))",
    domains=(_BEYOND,),
    probes=_OUTSIDE,
    latex=r"\operatorname{arcoth}",
    noun=Noun("inverse hyperbolic cotangent", "argument cotangente hyperbolique", "m"),
    reason={
        "en": "It undoes the hyperbolic cotangent, whose slope there is 1 - x², negative beyond one; the inverse has one over that.",
        "fr": "Il défait la cotangente hyperbolique, dont la pente vaut là 1 - x², négative au-delà de un ; on en prend l'inverse.",
    },
)
