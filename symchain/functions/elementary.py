"""Exponentials, logarithms, roots and absolute values."""

from __future__ import annotations

import sympy as sp

from symchain.functions.spec import NONNEGATIVE, POSITIVE, Interval, Kink, Noun, declare

_THIRD = sp.Rational(1, 3)

declare(
    "exp",
    everyday=True,
    parameters=("x",),
    meaning=sp.exp,
    derivatives=("out",),
    code="exp(x)",
    range=POSITIVE,
    increasing=True,
    logarithm="x",
    probes=((-30.0,), (-1.5,), (0.0,), (0.7,), (30.0,)),
    latex="e^{{{x}}}",
    noun=Noun("exponential", "exponentielle", "f"),
    reason={"en": "The exponential is its own derivative.", "fr": "L'exponentielle est sa propre dérivée."},
)

declare(
    "exp2",
    parameters=("x",),
    meaning=lambda x: 2**x,
    derivatives=("out*log(2)",),
    code="exp2(x)",
    range=POSITIVE,
    increasing=True,
    probes=((-40.0,), (-1.5,), (0.0,), (0.7,), (40.0,)),
    latex="2^{{{x}}}",
    noun=Noun("power of two", "puissance de deux", "f"),
    reason={
        "en": "A power of two is an exponential whose exponent is multiplied by ln 2, so it differentiates to itself times ln 2.",
        "fr": "Une puissance de deux est une exponentielle dont l'exposant est multiplié par ln 2 : sa dérivée est elle-même fois ln 2.",
    },
)

declare(
    "expm1",
    everyday=True,
    parameters=("x",),
    meaning=lambda x: sp.exp(x) - 1,
    derivatives=("exp(x)",),
    textbook="out + 1",
    code="expm1(x)",
    analytic="special.expm1({x})",
    range=Interval(low=-1.0),
    increasing=True,
    probes=((-30.0,), (-1.5,), (1e-9,), (0.7,), (30.0,)),
    latex=r"\operatorname{expm1}",
    noun=Noun("exponential minus one", "exponentielle moins un", "f"),
    reason={
        "en": "Subtracting one does not change the slope: what is left is the exponential, its own derivative.",
        "fr": "Retrancher un ne change pas la pente : il reste l'exponentielle, qui est sa propre dérivée.",
    },
)

declare(
    "log",
    everyday=True,
    aliases=("ln",),
    parameters=("x",),
    meaning=sp.log,
    derivatives=("1/x",),
    code="log(x)",
    domains=(POSITIVE,),
    increasing=True,
    probes=((1e-12,), (0.3,), (1.0,), (2.5,), (1e12,)),
    latex=r"\ln",
    noun=Noun("natural logarithm", "logarithme népérien", "m"),
    reason={
        "en": "The natural logarithm is the function whose slope at a point is the inverse of that point.",
        "fr": "Le logarithme népérien est la fonction dont la pente en un point est l'inverse de ce point.",
    },
)

declare(
    "log1p",
    everyday=True,
    parameters=("x",),
    meaning=lambda x: sp.log(1 + x),
    derivatives=("1/(1 + x)",),
    code="log1p(x)",
    analytic="special.log1p({x})",
    domains=(Interval(low=-1.0),),
    increasing=True,
    probes=((-0.999,), (-0.4,), (1e-9,), (0.7,), (1e12,)),
    latex=r"\operatorname{log1p}",
    noun=Noun("logarithm of one plus its argument", "logarithme de un plus son argument", "m"),
    reason={
        "en": "It is the natural logarithm of one plus the argument, so its slope is the inverse of that sum.",
        "fr": "C'est le logarithme népérien de un plus l'argument : sa pente est l'inverse de cette somme.",
    },
)

declare(
    "log2",
    everyday=True,
    parameters=("x",),
    meaning=lambda x: sp.log(x) / sp.log(2),
    derivatives=("1/(x*log(2))",),
    code="log2(x)",
    domains=(POSITIVE,),
    increasing=True,
    probes=((1e-12,), (0.3,), (1.0,), (2.5,), (1e12,)),
    latex=r"\log_2",
    noun=Noun("binary logarithm", "logarithme binaire", "m"),
    reason={
        "en": "It is the natural logarithm divided by the constant ln 2, and so is its derivative.",
        "fr": "C'est le logarithme népérien divisé par la constante ln 2 ; sa dérivée l'est aussi.",
    },
)

declare(
    "log10",
    parameters=("x",),
    meaning=lambda x: sp.log(x) / sp.log(10),
    derivatives=("1/(x*log(10))",),
    code="log10(x)",
    domains=(POSITIVE,),
    increasing=True,
    probes=((1e-12,), (0.3,), (1.0,), (2.5,), (1e12,)),
    latex=r"\log_{10}",
    noun=Noun("decimal logarithm", "logarithme décimal", "m"),
    reason={
        "en": "It is the natural logarithm divided by the constant ln 10, and so is its derivative.",
        "fr": "C'est le logarithme népérien divisé par la constante ln 10 ; sa dérivée l'est aussi.",
    },
)

declare(
    "sqrt",
    everyday=True,
    parameters=("x",),
    meaning=sp.sqrt,
    derivatives=("1/(2*out)",),
    code="sqrt(x)",
    domains=(NONNEGATIVE,),
    range=NONNEGATIVE,
    increasing=True,
    probes=((1e-12,), (0.3,), (1.0,), (2.5,), (1e12,)),
    latex=r"\sqrt{{{x}}}",
    noun=Noun("square root", "racine carrée", "f"),
    reason={
        "en": "The square root undoes the square, whose slope at the root is twice the root; the slope of the inverse is one over that.",
        "fr": "La racine carrée défait le carré, dont la pente en la racine est deux fois la racine ; on prend l'inverse de cette pente.",
    },
)

declare(
    "cbrt",
    parameters=("x",),
    meaning=lambda x: sp.sign(x) * sp.Abs(x) ** _THIRD,
    derivatives=("1/(3*out**2)",),
    ties=(("x", "0"),),
    code="cbrt(x)",
    increasing=True,
    probes=((-1e12,), (-2.5,), (-1e-9,), (0.3,), (8.0,), (1e12,)),
    latex=r"\sqrt[3]{{{x}}}",
    noun=Noun("cube root", "racine cubique", "f"),
    reason={
        "en": "The cube root undoes the cube, whose slope at the root is three times the root squared; the inverse has one over that.",
        "fr": "La racine cubique défait le cube, dont la pente en la racine est trois fois son carré ; on prend l'inverse de cette pente.",
    },
)

declare(
    "rsqrt",
    parameters=("x",),
    meaning=lambda x: 1 / sp.sqrt(x),
    derivatives=("-0.5*out**3",),
    textbook="-out**3/2",
    defined=True,
    code="1/sqrt(x)",
    domains=(POSITIVE,),
    range=POSITIVE,
    probes=((1e-12,), (0.3,), (1.0,), (2.5,), (1e12,)),
    latex=r"\frac{{1}}{{\sqrt{{{x}}}}}",
    noun=Noun("inverse square root", "inverse de la racine carrée", "m"),
    reason={
        "en": "It is the power -1/2: the exponent comes down and drops to -3/2, which is the cube of the function itself.",
        "fr": "C'est la puissance -1/2 : l'exposant passe devant et devient -3/2, c'est-à-dire le cube de la fonction elle-même.",
    },
)

declare(
    "square",
    everyday=True,
    parameters=("x",),
    meaning=lambda x: x**2,
    derivatives=("2*x",),
    code="square(x)",
    range=NONNEGATIVE,
    probes=((-1e9,), (-2.5,), (0.0,), (0.7,), (1e9,)),
    latex=r"{x}^{{2}}",
    noun=Noun("square", "carré", "m"),
    reason={"en": "The exponent 2 comes down as a factor and drops to 1.", "fr": "L'exposant 2 passe devant et devient 1."},
)

declare(
    "reciprocal",
    parameters=("x",),
    meaning=lambda x: 1 / x,
    derivatives=("-out**2",),
    textbook="-1/x**2",
    code="1/x",
    domains=(POSITIVE,),
    range=POSITIVE,
    probes=((1e-9,), (0.3,), (1.0,), (2.5,), (1e9,)),
    latex=r"\frac{{1}}{{{x}}}",
    noun=Noun("reciprocal", "inverse", "m"),
    reason={
        "en": "The inverse falls as its argument grows, at the rate of its own square.",
        "fr": "L'inverse décroît quand son argument croît, à la vitesse de son propre carré.",
    },
)

declare(
    "abs",
    everyday=True,
    aliases=("absolute", "fabs"),
    parameters=("x",),
    meaning=sp.Abs,
    derivatives=("sign(x)",),
    code="abs(x)",
    range=NONNEGATIVE,
    kinks=(Kink(0.0, 0.0),),
    identities=(("sqrt(x**2)", "abs(x)"), ("x*sign(x)", "abs(x)"), ("sign(x)/abs(x)", "1/x"), ("abs(x)**2*sign(x)", "x*abs(x)")),
    probes=((-1e9,), (-2.5,), (-1e-9,), (0.3,), (1e9,)),
    latex=r"\left|{x}\right|",
    noun=Noun("absolute value", "valeur absolue", "f"),
    reason={
        "en": "The absolute value has slope 1 on the right of zero and -1 on the left; at zero the value kept is 0.",
        "fr": "La valeur absolue a pour pente 1 à droite de zéro et -1 à gauche ; en zéro, on retient la valeur 0.",
    },
)

declare(
    "sign",
    everyday=True,
    aliases=("sgn",),
    parameters=("x",),
    meaning=sp.sign,
    derivatives=("0",),
    code="sign(x)",
    range=Interval(-1.0, 1.0, low_open=False, high_open=False),
    kinks=(Kink(0.0, 0.0),),
    probes=((-1e9,), (-2.5,), (-1e-9,), (0.3,), (1e9,)),
    latex=r"\operatorname{sgn}",
    noun=Noun("sign", "signe", "m"),
    reason={
        "en": "The sign is constant on either side of zero, so its derivative is zero; the jump at zero counts for nothing.",
        "fr": "Le signe est constant de chaque côté de zéro, donc sa dérivée est nulle ; le saut en zéro ne compte pas.",
    },
)

declare(
    "heaviside",
    everyday=True,
    parameters=("x",),
    meaning=lambda x: sp.Piecewise((1, x > 0), (0, True)),
    derivatives=("0",),
    defined=True,
    code="heaviside(x, 0)",
    range=Interval(0.0, 1.0, low_open=False, high_open=False),
    kinks=(Kink(0.0, 0.0),),
    probes=((-1e9,), (-2.5,), (-1e-9,), (0.3,), (1e9,)),
    latex="H",
    noun=Noun("Heaviside step", "fonction de Heaviside", "f"),
    reason={
        "en": "The step is constant on either side of zero, so its derivative is zero; the jump at zero counts for nothing.",
        "fr": "La marche est constante de chaque côté de zéro, donc sa dérivée est nulle ; le saut en zéro ne compte pas.",
    },
)
