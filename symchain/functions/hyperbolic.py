"""Hyperbolic functions and their inverses."""

from __future__ import annotations

from math import inf

import sympy as sp

from symchain.functions.spec import NONNEGATIVE, POSITIVE, REAL, Interval, Noun, declare

_LINE = ((-30.0,), (-1.2,), (1e-9,), (0.7,), (30.0,))
_RIGHT = ((1e-6,), (0.3,), (1.2,), (30.0,))

declare(
    "sinh",
    everyday=True,
    parameters=("x",),
    meaning=sp.sinh,
    derivatives=("cosh(x)",),
    code="sinh(x)",
    identities=(("(exp(x) - exp(-x))/2", "sinh(x)"),),
    increasing=True,
    probes=_LINE,
    latex=r"\sinh",
    noun=Noun("hyperbolic sine", "sinus hyperbolique", "m"),
    reason={
        "en": "The hyperbolic sine differentiates into the hyperbolic cosine, without the change of sign of the circular case.",
        "fr": "Le sinus hyperbolique se dérive en cosinus hyperbolique.",
    },
)

declare(
    "cosh",
    everyday=True,
    parameters=("x",),
    meaning=sp.cosh,
    derivatives=("sinh(x)",),
    code="cosh(x)",
    range=Interval(1.0, inf, low_open=False),
    identities=(("(exp(x) + exp(-x))/2", "cosh(x)"), ("cosh(x)**2 - sinh(x)**2", "1")),
    logarithm="log_cosh(x)",
    probes=_LINE,
    latex=r"\cosh",
    noun=Noun("hyperbolic cosine", "cosinus hyperbolique", "m"),
    reason={
        "en": "The hyperbolic cosine differentiates into the hyperbolic sine, with no minus sign.",
        "fr": "Le cosinus hyperbolique se dérive en sinus hyperbolique, sans signe moins.",
    },
)

declare(
    "tanh",
    everyday=True,
    parameters=("x",),
    meaning=sp.tanh,
    derivatives=("1 - out**2",),
    code="tanh(x)",
    range=Interval(-1.0, 1.0),
    identities=(
        ("sinh(x)/cosh(x)", "tanh(x)"),
        ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", "tanh(x)"),
        ("2*sigmoid(x) - 1", "tanh(x/2)"),
        ("1 - 2*sigmoid(x)", "-tanh(x/2)"),
    ),
    activation=True,
    increasing=True,
    probes=_LINE,
    latex=r"\tanh",
    noun=Noun("hyperbolic tangent", "tangente hyperbolique", "f"),
    reason={
        "en": "The hyperbolic tangent differentiates into its own value: one minus its square.",
        "fr": "La tangente hyperbolique se dérive à partir de sa propre valeur : un moins son carré.",
    },
)

declare(
    "sech",
    parameters=("x",),
    meaning=sp.sech,
    derivatives=("-out*tanh(x)",),
    code="1/cosh(x)",
    range=Interval(0.0, 1.0, high_open=False),
    logarithm="-log_cosh(x)",
    probes=_LINE,
    latex=r"\operatorname{sech}",
    noun=Noun("hyperbolic secant", "sécante hyperbolique", "f"),
    reason={
        "en": "It is the inverse of the hyperbolic cosine; the quotient rule leaves minus itself times the hyperbolic tangent.",
        "fr": "C'est l'inverse du cosinus hyperbolique ; la dérivée du quotient donne son opposé fois la tangente hyperbolique.",
    },
)

declare(
    "csch",
    parameters=("x",),
    meaning=sp.csch,
    derivatives=("-out/tanh(x)",),
    code="1/sinh(x)",
    domains=(POSITIVE,),
    range=POSITIVE,
    probes=_RIGHT,
    latex=r"\operatorname{csch}",
    noun=Noun("hyperbolic cosecant", "cosécante hyperbolique", "f"),
    reason={
        "en": "It is the inverse of the hyperbolic sine; the quotient rule leaves minus itself over the hyperbolic tangent.",
        "fr": "C'est l'inverse du sinus hyperbolique ; la dérivée du quotient donne son opposé divisé par la tangente hyperbolique.",
    },
)

declare(
    "coth",
    parameters=("x",),
    meaning=sp.coth,
    derivatives=("1 - out**2",),
    code="1/tanh(x)",
    domains=(POSITIVE,),
    range=Interval(low=1.0),
    probes=_RIGHT,
    latex=r"\coth",
    noun=Noun("hyperbolic cotangent", "cotangente hyperbolique", "f"),
    reason={
        "en": "The hyperbolic cotangent obeys the rule of the hyperbolic tangent: one minus its own square.",
        "fr": "La cotangente hyperbolique suit la règle de la tangente hyperbolique : un moins son propre carré.",
    },
)

declare(
    "arcsinh",
    everyday=True,
    aliases=("asinh", "arsinh"),
    parameters=("x",),
    meaning=sp.asinh,
    derivatives=("rsqrt(x**2 + 1)",),
    textbook="1/sqrt(x**2 + 1)",
    code="arcsinh(x)",
    domains=(REAL,),
    identities=(("log(x + sqrt(x**2 + 1))", "arcsinh(x)"),),
    increasing=True,
    probes=((-1e6,), (-1.2,), (1e-9,), (0.7,), (1e6,)),
    latex=r"\operatorname{arsinh}",
    noun=Noun("inverse hyperbolic sine", "argument sinus hyperbolique", "m"),
    reason={
        "en": "It undoes the hyperbolic sine, whose slope there is √(x² + 1); the inverse function has the inverse slope.",
        "fr": "Il défait le sinus hyperbolique, dont la pente vaut là √(x² + 1) ; la fonction réciproque a la pente inverse.",
    },
)

declare(
    "arccosh",
    everyday=True,
    aliases=("acosh", "arcosh"),
    parameters=("x",),
    meaning=sp.acosh,
    derivatives=("rsqrt(x**2 - 1)",),
    textbook="1/sqrt(x**2 - 1)",
    code="arccosh(x)",
    domains=(Interval(1.0, inf, low_open=False),),
    range=NONNEGATIVE,
    identities=(("log(x + sqrt(x**2 - 1))", "arccosh(x)"),),
    increasing=True,
    probes=((1.001,), (1.5,), (4.0,), (1e6,)),
    latex=r"\operatorname{arcosh}",
    noun=Noun("inverse hyperbolic cosine", "argument cosinus hyperbolique", "m"),
    reason={
        "en": "It undoes the hyperbolic cosine, whose slope there is √(x² - 1); the inverse function has the inverse slope.",
        "fr": "Il défait le cosinus hyperbolique, dont la pente vaut là √(x² - 1) ; la fonction réciproque a la pente inverse.",
    },
)

declare(
    "arctanh",
    everyday=True,
    aliases=("atanh", "artanh"),
    parameters=("x",),
    meaning=sp.atanh,
    derivatives=("1/(1 - x**2)",),
    code="arctanh(x)",
    domains=(Interval(-1.0, 1.0),),
    identities=(("log((1 + x)/(1 - x))/2", "arctanh(x)"),),
    increasing=True,
    probes=((-0.999,), (-0.4,), (1e-9,), (0.7,), (0.9999,)),
    latex=r"\operatorname{artanh}",
    noun=Noun("inverse hyperbolic tangent", "argument tangente hyperbolique", "m"),
    reason={
        "en": "It undoes the hyperbolic tangent, whose slope there is 1 - x²; the inverse function has the inverse slope.",
        "fr": "Il défait la tangente hyperbolique, dont la pente vaut là 1 - x² ; la fonction réciproque a la pente inverse.",
    },
)
