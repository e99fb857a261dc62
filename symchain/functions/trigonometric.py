"""Trigonometric functions, their inverses, and the conversion of angles."""

from __future__ import annotations

from math import inf, pi

import sympy as sp

from symchain.functions.spec import Interval, Noun, declare

_UNIT = Interval(-1.0, 1.0, low_open=False, high_open=False)
_CIRCLE = ((-7.5,), (-1.2,), (1e-9,), (0.7,), (2.0,), (50.0,))
_INSIDE = ((-0.999,), (-0.4,), (1e-9,), (0.7,), (0.9999,))

declare(
    "sin",
    everyday=True,
    parameters=("x",),
    meaning=sp.sin,
    derivatives=("cos(x)",),
    code="sin(x)",
    range=_UNIT,
    identities=(("sin(x)**2 + cos(x)**2", "1"),),
    probes=_CIRCLE,
    latex=r"\sin",
    noun=Noun("sine", "sinus", "m"),
    reason={"en": "The derivative of the sine is the cosine.", "fr": "La dérivée du sinus est le cosinus."},
)

declare(
    "cos",
    everyday=True,
    parameters=("x",),
    meaning=sp.cos,
    derivatives=("-sin(x)",),
    code="cos(x)",
    range=_UNIT,
    probes=_CIRCLE,
    latex=r"\cos",
    noun=Noun("cosine", "cosinus", "m"),
    reason={"en": "The derivative of the cosine is minus the sine.", "fr": "La dérivée du cosinus est l'opposé du sinus."},
)

declare(
    "tan",
    everyday=True,
    parameters=("x",),
    meaning=sp.tan,
    derivatives=("1 + out**2",),
    code="tan(x)",
    domains=(Interval(-pi / 2, pi / 2),),
    identities=(("sin(x)/cos(x)", "tan(x)"),),
    increasing=True,
    probes=((-1.5,), (-0.4,), (1e-9,), (0.7,), (1.57,)),
    latex=r"\tan",
    noun=Noun("tangent", "tangente", "f"),
    reason={
        "en": "The tangent differentiates into its own value: one plus its square.",
        "fr": "La tangente se dérive à partir de sa propre valeur : un plus son carré.",
    },
)

declare(
    "sec",
    parameters=("x",),
    meaning=sp.sec,
    derivatives=("out*tan(x)",),
    code="1/cos(x)",
    domains=(Interval(-pi / 2, pi / 2),),
    range=Interval(1.0, inf, low_open=False),
    probes=((-1.5,), (-0.4,), (1e-9,), (0.7,), (1.57,)),
    latex=r"\sec",
    noun=Noun("secant", "sécante", "f"),
    reason={
        "en": "The secant is the inverse of the cosine; the quotient rule leaves the secant times the tangent.",
        "fr": "La sécante est l'inverse du cosinus ; la dérivée du quotient donne la sécante multipliée par la tangente.",
    },
)

declare(
    "csc",
    parameters=("x",),
    meaning=sp.csc,
    derivatives=("-out/tan(x)",),
    code="1/sin(x)",
    domains=(Interval(0.0, pi),),
    range=Interval(1.0, inf, low_open=False),
    probes=((1e-6,), (0.4,), (1.3,), (2.0,), (3.1,)),
    latex=r"\csc",
    noun=Noun("cosecant", "cosécante", "f"),
    reason={
        "en": "The cosecant is the inverse of the sine; the quotient rule leaves minus the cosecant over the tangent.",
        "fr": "La cosécante est l'inverse du sinus ; la dérivée du quotient donne l'opposé de la cosécante divisée par la tangente.",
    },
)

declare(
    "cot",
    parameters=("x",),
    meaning=sp.cot,
    derivatives=("-1 - out**2",),
    code="1/tan(x)",
    domains=(Interval(0.0, pi),),
    probes=((1e-6,), (0.4,), (1.3,), (2.0,), (3.1,)),
    latex=r"\cot",
    noun=Noun("cotangent", "cotangente", "f"),
    reason={
        "en": "The cotangent falls everywhere, at the rate of one plus its own square.",
        "fr": "La cotangente décroît partout, à la vitesse de un plus son propre carré.",
    },
)

declare(
    "sinc",
    parameters=("x",),
    meaning=lambda x: sp.sinc(sp.pi * x),
    derivatives=("where(x == 0, 0, (cos(pi*x) - out)/x)",),
    textbook="(cos(pi*x) - out)/x",
    code="sinc(x)",
    range=Interval(-0.2172336282112217, 1.0, low_open=False, high_open=False),
    probes=((-7.3,), (-1.2,), (0.01,), (0.7,), (2.1,), (30.3,)),
    latex=r"\operatorname{sinc}",
    noun=Noun("normalised sine cardinal", "sinus cardinal normalisé", "m"),
    reason={
        "en": "It is sin(πx) divided by πx: the quotient rule leaves the cosine minus the function itself, over x.",
        "fr": "C'est sin(πx) divisé par πx : la dérivée du quotient donne le cosinus moins la fonction elle-même, le tout sur x.",
    },
)

declare(
    "arcsin",
    aliases=("asin",),
    parameters=("x",),
    meaning=sp.asin,
    derivatives=("1/sqrt(1 - x**2)",),
    code="arcsin(x)",
    domains=(_UNIT,),
    range=Interval(-pi / 2, pi / 2, low_open=False, high_open=False),
    increasing=True,
    probes=_INSIDE,
    latex=r"\arcsin",
    noun=Noun("arcsine", "arc sinus", "m"),
    reason={
        "en": "The arcsine undoes the sine, whose slope there is the cosine √(1 - x²); the inverse function has the inverse slope.",
        "fr": "L'arc sinus défait le sinus, dont la pente vaut là le cosinus √(1 - x²) ; la fonction réciproque a la pente inverse.",
    },
)

declare(
    "arccos",
    aliases=("acos",),
    parameters=("x",),
    meaning=sp.acos,
    derivatives=("-1/sqrt(1 - x**2)",),
    code="arccos(x)",
    domains=(_UNIT,),
    range=Interval(0.0, pi, low_open=False, high_open=False),
    probes=_INSIDE,
    latex=r"\arccos",
    noun=Noun("arccosine", "arc cosinus", "m"),
    reason={
        "en": "Arccosine and arcsine add up to a right angle, so their slopes are opposite.",
        "fr": "L'arc cosinus et l'arc sinus ont pour somme un angle droit : leurs pentes sont opposées.",
    },
)

declare(
    "arctan",
    aliases=("atan",),
    parameters=("x",),
    meaning=sp.atan,
    derivatives=("1/(1 + x**2)",),
    code="arctan(x)",
    range=Interval(-pi / 2, pi / 2),
    increasing=True,
    probes=((-1e6,), (-1.2,), (1e-9,), (0.7,), (1e6,)),
    latex=r"\arctan",
    noun=Noun("arctangent", "arc tangente", "f"),
    reason={
        "en": "The arctangent undoes the tangent, whose slope there is 1 + x²; the inverse function has the inverse slope.",
        "fr": "L'arc tangente défait la tangente, dont la pente vaut là 1 + x² ; la fonction réciproque a la pente inverse.",
    },
)

declare(
    "deg2rad",
    aliases=("radians",),
    parameters=("x",),
    meaning=lambda x: x * sp.pi / 180,
    derivatives=("pi/180",),
    code="deg2rad(x)",
    increasing=True,
    probes=((-360.0,), (-1.2,), (0.0,), (45.0,), (1e6,)),
    latex=r"\frac{{\pi}}{{180}}\,{x}",
    noun=Noun("conversion from degrees to radians", "conversion de degrés en radians", "f"),
    reason={
        "en": "Converting is multiplying by a constant, and the constant is the slope.",
        "fr": "Convertir, c'est multiplier par une constante, et cette constante est la pente.",
    },
)

declare(
    "rad2deg",
    aliases=("degrees",),
    parameters=("x",),
    meaning=lambda x: x * 180 / sp.pi,
    derivatives=("180/pi",),
    code="rad2deg(x)",
    increasing=True,
    probes=((-6.0,), (-1.2,), (0.0,), (0.7,), (1e6,)),
    latex=r"\frac{{180}}{{\pi}}\,{x}",
    noun=Noun("conversion from radians to degrees", "conversion de radians en degrés", "f"),
    reason={
        "en": "Converting to degrees is multiplying by a constant, and the constant is the slope.",
        "fr": "Convertir en degrés, c'est multiplier par une constante, et cette constante est la pente.",
    },
)
