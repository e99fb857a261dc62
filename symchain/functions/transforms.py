"""Transformations of data and of parameters: Box and Cox, the exponential family near 0, softplus undone."""

from __future__ import annotations

import sympy as sp

from symchain.functions.spec import POSITIVE, REAL, Interval, Noun, declare


def _boxcox(x: sp.Expr, power: sp.Expr) -> sp.Expr:
    return sp.Piecewise((sp.log(x), sp.Eq(power, 0)), ((x**power - 1) / power, True))


def _relative_exponential(z: str) -> str:
    """NumPy code of (exp(z) - 1)/z for real and complex z: by its series near 0, where the quotient loses its derivative."""
    series = "".join(f"(1 + {z}/{k}*" for k in range(2, 16)) + "1" + ")" * 14
    return f"np.where(np.abs({z}) < 0.5, {series}, special.expm1({z})/np.where({z} == 0, 1, {z}))"


declare(
    "exprel",
    parameters=("x",),
    meaning=lambda x: sp.Piecewise((1, sp.Eq(x, 0)), ((sp.exp(x) - 1) / x, True)),
    derivatives=("hyp1f1(2, 3, x)/2",),
    textbook="(exp(x) - out)/x",
    code="exprel(x)",
    analytic=_relative_exponential("{x}"),
    range=POSITIVE,
    increasing=True,
    probes=((-1e4,), (-30.0,), (-0.8,), (1e-9,), (0.4,), (30.0,)),
    latex=r"\operatorname{exprel}",
    noun=Noun("relative error exponential", "exponentielle moins un rapportée à son argument", "f"),
    reason={
        "en": "It is exp(x) - 1 over x: the quotient rule leaves the exponential minus the function itself, over x.",
        "fr": "C'est exp(x) - 1 divisé par x : la dérivée du quotient laisse l'exponentielle moins la fonction, le tout sur x.",
    },
)

declare(
    "boxcox",
    parameters=("x", "lmbda"),
    meaning=_boxcox,
    derivatives=("x**(lmbda - 1)", "log(x)**2*hyp1f1(2, 3, lmbda*log(x))/2"),  # by lmbda: no 0/0 where lmbda is 0
    code="boxcox(x, lmbda)",
    analytic="np.log({x})*" + _relative_exponential("({lmbda}*np.log({x}))"),
    domains=(POSITIVE, REAL),
    confined=("x",),
    probes=((0.3, 1.7), (2.5, -2.0), (30.0, 0.5), (1e-3, 1e-9), (4.0, -1e-9)),
    latex=r"\operatorname{boxcox}",
    noun=Noun("Box-Cox transformation", "transformation de Box-Cox", "f"),
    reason={
        "en": "By x, the division by λ cancels the exponent that comes down; by λ, an exponential is differentiated by its rate.",
        "fr": "Par rapport à x, diviser par λ simplifie l'exposant ; par rapport à λ, on dérive une exponentielle selon son taux.",
    },
)

declare(
    "boxcox1p",
    parameters=("x", "lmbda"),
    meaning=lambda x, power: _boxcox(1 + x, power),
    derivatives=("(1 + x)**(lmbda - 1)", "log1p(x)**2*hyp1f1(2, 3, lmbda*log1p(x))/2"),
    code="boxcox1p(x, lmbda)",
    analytic="special.log1p({x})*" + _relative_exponential("({lmbda}*special.log1p({x}))"),
    domains=(Interval(low=-1.0), REAL),
    confined=("x",),
    probes=((0.3, 1.7), (2.5, -2.0), (-0.9, 0.5), (1e-9, 1.3), (4.0, 1e-9)),
    latex=r"\operatorname{boxcox1p}",
    noun=Noun("Box-Cox transformation of one plus its argument", "transformation de Box-Cox de un plus son argument", "f"),
    reason={
        "en": "It is the Box-Cox transformation of 1 + x, whose inner slope is one: the same two derivatives, taken there.",
        "fr": "C'est la transformation de Box-Cox de 1 + x, de pente intérieure un : les deux mêmes dérivées, prises en ce point.",
    },
)

declare(
    "cosm1",
    parameters=("x",),
    meaning=lambda x: sp.cos(x) - 1,
    derivatives=("-sin(x)",),
    code="cosm1(x)",
    analytic="-2*np.sin({x}/2)**2",
    range=Interval(-2.0, 0.0, low_open=False, high_open=False),
    probes=((-7.5,), (-1.2,), (1e-9,), (0.7,), (50.0,)),
    latex=r"\operatorname{cosm1}",
    noun=Noun("cosine minus one", "cosinus moins un", "m"),
    reason={
        "en": "Subtracting one does not change the slope: what is left is that of the cosine, minus the sine.",
        "fr": "Retrancher un ne change pas la pente : il reste celle du cosinus, l'opposé du sinus.",
    },
)

declare(
    "log1mexp",
    parameters=("x",),
    meaning=lambda x: sp.log(1 - sp.exp(-x)),
    derivatives=("1/expm1(x)",),
    textbook="exp(-x)/(1 - exp(-x))",
    # near 0 the exponential is nearly one, far out it is nearly nothing
    code="where(x < 0.6931471805599453, log(-expm1(-x)), log1p(-exp(-x)))",
    analytic="np.where(np.real({x}) < 0.6931471805599453, np.log(-special.expm1(-{x})), special.log1p(-np.exp(-{x})))",
    domains=(POSITIVE,),
    range=Interval(high=0.0),
    increasing=True,
    probes=((1e-9,), (0.3,), (0.7,), (2.5,), (30.0,), (300.0,)),
    latex=r"\operatorname{log1mexp}",
    noun=Noun("logarithm of one minus an exponential", "logarithme de un moins une exponentielle", "m"),
    reason={
        "en": "A logarithm divides the slope by the value: exp(-x) over 1 - exp(-x), which is one over exp(x) - 1.",
        "fr": "Le logarithme divise la pente par la valeur : exp(-x) sur 1 - exp(-x), c'est-à-dire un sur exp(x) - 1.",
    },
)

declare(
    "softplus_inverse",
    aliases=("inv_softplus",),
    parameters=("x",),
    meaning=lambda x: sp.log(sp.exp(x) - 1),
    derivatives=("-1/expm1(-x)",),
    textbook="exp(x)/(exp(x) - 1)",
    code="where(x < 1, log(expm1(minimum(x, 1))), x + log(-expm1(-x)))",
    analytic="{x} + np.log(-special.expm1(-{x}))",
    domains=(POSITIVE,),
    increasing=True,
    probes=((1e-9,), (0.3,), (0.7,), (2.5,), (30.0,), (800.0,)),
    latex=r"\operatorname{{softplus}}^{{-1}}\left({x}\right)",
    noun=Noun("inverse of softplus", "réciproque de la fonction softplus", "f"),
    reason={
        "en": "It undoes softplus, whose slope there is 1 - exp(-x); the inverse function has the inverse slope.",
        "fr": "Elle défait la fonction softplus, dont la pente vaut là 1 - exp(-x) ; la fonction réciproque a la pente inverse.",
    },
)

declare(
    "powm1",
    parameters=("x", "y"),
    meaning=lambda x, y: x**y - 1,
    derivatives=("y*x**(y - 1)", "x**y*log(x)"),
    code="expm1(xlogy(y, x))",
    domains=(POSITIVE, REAL),
    confined=("x",),
    range=Interval(low=-1.0),
    probes=((0.3, 1.7), (2.5, -2.0), (30.0, 1e-9), (1.0001, 0.5)),
    latex=r"\operatorname{powm1}",
    noun=Noun("power minus one", "puissance moins un", "f"),
    reason={
        "en": "Subtracting one does not change the slopes: what is left are those of the power.",
        "fr": "Retrancher un ne change pas les pentes : il reste celles de la puissance.",
    },
)

declare(
    "exp10",
    parameters=("x",),
    meaning=lambda x: 10**x,
    derivatives=("log(10)*out",),
    code="power(10, x)",
    range=POSITIVE,
    increasing=True,
    logarithm="log(10)*x",
    probes=((-30.0,), (-0.8,), (1e-9,), (0.4,), (20.0,)),
    latex=r"10^{{{x}}}",
    noun=Noun("power of ten", "puissance de dix", "f"),
    reason={
        "en": "An exponential of base ten is its own slope but for the factor ln(10).",
        "fr": "L'exponentielle de base dix est sa propre dérivée, au facteur ln(10) près.",
    },
)
