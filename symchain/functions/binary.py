"""Functions of two or more arguments: extrema, distances, angles, powers. Ties are shared equally."""

from __future__ import annotations

from math import pi

import sympy as sp

from symchain.functions.spec import NONNEGATIVE, POSITIVE, REAL, Interval, Noun, declare

_PLANE = ((0.3, 1.7), (-2.5, 2.0), (2.0, -0.7), (1e6, 1.0))

declare(
    "maximum",
    aliases=("fmax",),
    lattice=1,
    parameters=("x", "y"),
    meaning=lambda x, y: sp.Piecewise((x, x > y), (y, True)),
    derivatives=("where(x > y, 1, where(x < y, 0, 1/2))", "where(y > x, 1, where(y < x, 0, 1/2))"),
    textbook="where(x > y, 1, 0)",
    code="maximum(x, y)",
    ties=(("x", "y"),),
    probes=_PLANE,
    latex=r"\max",
    noun=Noun("maximum", "maximum", "m"),
    reason={
        "en": "The maximum is a copy of its larger argument, slope 1, and ignores the other, slope 0; equal arguments share.",
        "fr": "Le maximum recopie le plus grand argument, pente 1, et ignore l'autre, pente 0 ; à égalité, ils partagent.",
    },
)

declare(
    "minimum",
    aliases=("fmin",),
    lattice=-1,
    parameters=("x", "y"),
    meaning=lambda x, y: sp.Piecewise((x, x < y), (y, True)),
    derivatives=("where(x < y, 1, where(x > y, 0, 1/2))", "where(y < x, 1, where(y > x, 0, 1/2))"),
    textbook="where(x < y, 1, 0)",
    code="minimum(x, y)",
    ties=(("x", "y"),),
    probes=_PLANE,
    latex=r"\min",
    noun=Noun("minimum", "minimum", "m"),
    reason={
        "en": "The minimum is a copy of its smaller argument, slope 1, and ignores the other, slope 0; equal arguments share.",
        "fr": "Le minimum recopie le plus petit argument, pente 1, et ignore l'autre, pente 0 ; à égalité, ils partagent.",
    },
)

declare(
    "clip",
    aliases=("clamp",),
    parameters=("x", "lo", "hi"),
    meaning=lambda x, lo, hi: sp.Min(hi, sp.Max(x, lo)),
    derivatives=(
        "where(x > lo, where(x < hi, 1, 0), 0)",
        "where(x > lo, 0, where(lo < hi, 1, where(lo > hi, 0, 1/2)))",
        "where(x > hi, 1, where(lo > hi, 1, where(lo < hi, where(x < hi, 0, 1), 1/2)))",
    ),
    code="clip(x, lo, hi)",
    ties=(("x", "lo"), ("x", "hi"), ("lo", "hi")),
    probes=((0.3, -1.0, 1.7), (-2.5, -1.0, 1.7), (2.5, -1.0, 1.7), (1e6, 0.0, 6.0)),
    latex=r"\operatorname{clip}",
    noun=Noun("clipping", "écrêtage", "m"),
    reason={
        "en": "Between the bounds the argument passes unchanged, slope 1; beyond a bound, that bound is the value.",
        "fr": "Entre les bornes, l'argument passe tel quel, pente 1 ; au-delà d'une borne, c'est elle la valeur.",
    },
)

declare(
    "hypot",
    parameters=("x", "y"),
    meaning=lambda x, y: sp.sqrt(x**2 + y**2),
    derivatives=("x/out", "y/out"),
    code="hypot(x, y)",
    range=NONNEGATIVE,
    ties=(("out", "0"),),
    identities=(("sqrt(x**2 + y**2)", "hypot(x, y)"),),
    probes=_PLANE,
    latex=r"\sqrt{{{x}^{{2}} + {y}^{{2}}}}",
    noun=Noun("hypotenuse", "hypoténuse", "f"),
    reason={
        "en": "The square of the hypotenuse has slope 2x, and undoing the square divides by twice the hypotenuse.",
        "fr": "Le carré de l'hypoténuse a pour pente 2x ; défaire le carré revient à diviser par deux fois l'hypoténuse.",
    },
)

declare(
    "arctan2",
    aliases=("atan2",),
    parameters=("y", "x"),
    meaning=sp.atan2,
    derivatives=("x/(x**2 + y**2)", "-y/(x**2 + y**2)"),
    code="arctan2(y, x)",
    range=Interval(-pi, pi, high_open=False),
    probes=((0.3, 1.7), (-2.5, 2.0), (2.0, -0.7), (-1.0, -3.0), (1e-6, 1.0)),
    latex=r"\operatorname{atan2}",
    noun=Noun("angle of a point", "angle polaire d'un point", "m"),
    reason={
        "en": "It is the arctangent of y/x up to a constant: the chain rule gives the other coordinate over the squared distance.",
        "fr": "C'est l'arc tangente de y/x à une constante près : la règle de la chaîne donne l'autre coordonnée sur la distance au carré.",
    },
)

declare(
    "logaddexp",
    parameters=("x", "y"),
    meaning=lambda x, y: sp.log(sp.exp(x) + sp.exp(y)),
    derivatives=("sigmoid(x - y)", "sigmoid(y - x)"),
    textbook="1/(1 + exp(y - x))",
    code="logaddexp(x, y)",
    analytic="np.where(np.real({x}) > np.real({y}), {x}, {y})"
    " + special.log1p(np.exp(np.where(np.real({x}) > np.real({y}), {y} - {x}, {x} - {y})))",
    identities=(("log(exp(x) + exp(y))", "logaddexp(x, y)"), ("exp(x)/(exp(x) + exp(y))", "sigmoid(x - y)")),
    probes=((0.3, 1.7), (-2.5, 2.0), (2.0, -30.0), (800.0, 799.0)),
    latex=r"\operatorname{logaddexp}",
    noun=Noun("logarithm of a sum of exponentials", "logarithme d'une somme d'exponentielles", "m"),
    reason={
        "en": "Each slope is the share of its exponential in the sum, which is a sigmoid of the difference.",
        "fr": "Chaque pente est la part de son exponentielle dans la somme, c'est-à-dire une sigmoïde de la différence.",
    },
)

declare(
    "logaddexp2",
    parameters=("x", "y"),
    meaning=lambda x, y: sp.log(2**x + 2**y) / sp.log(2),
    derivatives=("sigmoid((x - y)*log(2))", "sigmoid((y - x)*log(2))"),
    textbook="1/(1 + 2**(y - x))",
    code="logaddexp2(x, y)",
    analytic="np.where(np.real({x}) > np.real({y}), {x}, {y}) + 1.4426950408889634"
    "*special.log1p(np.exp(0.6931471805599453*np.where(np.real({x}) > np.real({y}), {y} - {x}, {x} - {y})))",
    identities=(("log2(2**x + 2**y)", "logaddexp2(x, y)"),),
    probes=((0.3, 1.7), (-2.5, 2.0), (2.0, -30.0), (2000.0, 1999.0)),
    latex=r"\operatorname{logaddexp2}",
    noun=Noun("binary logarithm of a sum of powers of two", "logarithme binaire d'une somme de puissances de deux", "m"),
    reason={
        "en": "Each slope is the share of its power of two in the sum, which is a sigmoid of the scaled difference.",
        "fr": "Chaque pente est la part de sa puissance de deux dans la somme : une sigmoïde de la différence, à un facteur près.",
    },
)

declare(
    "power",
    aliases=("pow", "float_power"),
    parameters=("x", "y"),
    meaning=lambda x, y: x**y,
    derivatives=("y*x**(y - 1)", "out*log(x)"),
    code="power(x, y)",
    domains=(POSITIVE, REAL),
    range=POSITIVE,
    probes=((0.3, 1.7), (2.5, -2.0), (1.0, 0.5), (1e6, 3.0)),
    latex=r"{x}^{{{y}}}",
    noun=Noun("power", "puissance", "f"),
    reason={
        "en": "By the base, the exponent comes down and drops by one; by the exponent, it is an exponential with rate ln x.",
        "fr": "Par rapport à la base, l'exposant passe devant et baisse de un ; par rapport à l'exposant, c'est une exponentielle.",
    },
)

declare(
    "copysign",
    parameters=("x", "y"),
    meaning=lambda x, y: sp.Piecewise((sp.Abs(x), y >= 0), (-sp.Abs(x), True)),
    derivatives=("where(y >= 0, sign(x), -sign(x))", "0"),
    code="copysign(x, y)",
    ties=(("x", "0"), ("y", "0")),
    probes=_PLANE,
    latex=r"\operatorname{copysign}",
    noun=Noun("magnitude with another's sign", "valeur absolue munie d'un autre signe", "f"),
    reason={
        "en": "It is the absolute value of x with the sign of y: slope 1 when the signs agree, -1 when they differ, 0 by y.",
        "fr": "C'est la valeur absolue de x avec le signe de y : pente 1 si les signes concordent, -1 sinon, et 0 par rapport à y.",
    },
)
