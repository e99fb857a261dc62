"""Activation functions of neural networks (tanh is with the hyperbolic functions).

Constants are those of the papers and of PyTorch's defaults; at a kink the derivative is the subgradient of least norm.
"""

from __future__ import annotations

from math import inf

import sympy as sp

from symchain.functions.spec import NONNEGATIVE, POSITIVE, Interval, Kink, Noun, declare

_LINE = ((-30.0,), (-1.3,), (-1e-9,), (0.4,), (2.5,), (30.0,))
_HALF = sp.Rational(1, 2)


def _clip(x: sp.Expr, low: sp.Expr | int, high: sp.Expr | int) -> sp.Expr:
    return sp.Piecewise((low, x < low), (high, x > high), (x, True))


declare(
    "sigmoid",
    everyday=True,
    aliases=("expit", "logistic"),
    parameters=("x",),
    meaning=lambda x: 1 / (1 + sp.exp(-x)),
    derivatives=("out*(1 - out)",),
    defined=True,
    code="sigmoid(x)",
    analytic="np.exp(np.where(np.real({x}) < 0, {x}, 0))/(1 + np.exp(np.where(np.real({x}) < 0, {x}, -{x})))",
    range=Interval(0.0, 1.0),
    identities=(
        ("1/(1 + exp(-x))", "sigmoid(x)"),
        ("exp(x)/(1 + exp(x))", "sigmoid(x)"),
        ("sigmoid(x)*exp(-x)", "sigmoid(-x)"),
        ("sigmoid(-x) - sigmoid(x)", "1 - 2*sigmoid(x)"),
        ("sigmoid(x) + sigmoid(-x)", "1"),
        ("1 - sigmoid(-x)", "sigmoid(x)"),
        ("sigmoid(-x) - 1", "-sigmoid(x)"),
        ("(1 + tanh(x/2))/2", "sigmoid(x)"),
    ),
    activation=True,
    increasing=True,
    logarithm="logsigmoid(x)",
    probes=_LINE,
    latex=r"\sigma",
    noun=Noun("sigmoid", "sigmoïde", "f"),
    reason={
        "en": "The sigmoid differentiates into its own value: itself times one minus itself.",
        "fr": "La sigmoïde se dérive à partir de sa propre valeur : elle-même fois un moins elle-même.",
    },
)

declare(
    "relu",
    everyday=True,
    parameters=("x",),
    meaning=lambda x: sp.Piecewise((x, x > 0), (0, True)),
    derivatives=("where(x > 0, 1, 0)",),
    defined=True,
    code="maximum(x, 0)",
    range=NONNEGATIVE,
    kinks=(Kink(0.0, 0.0),),
    identities=(("where(x > 0, x, 0)", "relu(x)"),),
    activation=True,
    probes=_LINE,
    latex=r"\operatorname{ReLU}",
    noun=Noun("rectified linear unit", "fonction ReLU", "f"),
    reason={
        "en": "The rectifier lets positive values through with slope 1 and blocks the others; at zero the value kept is 0.",
        "fr": "La fonction ReLU laisse passer les valeurs positives avec la pente 1 et bloque les autres ; en zéro, on retient 0.",
    },
)

declare(
    "leaky_relu",
    parameters=("x",),
    meaning=lambda x: sp.Piecewise((x, x > 0), (x / 100, True)),
    derivatives=("where(x > 0, 1, 0.01)",),
    code="maximum(x, 0.01*x)",
    kinks=(Kink(0.0, 0.01),),
    activation=True,
    increasing=True,
    probes=_LINE,
    latex=r"\operatorname{LeakyReLU}",
    noun=Noun("leaky rectifier", "fonction ReLU à fuite", "f"),
    reason={
        "en": "Positive values pass with slope 1, the others leak with slope 0.01, which is also the value kept at zero.",
        "fr": "Les valeurs positives passent avec la pente 1, les autres fuient avec la pente 0,01, qu'on retient aussi en zéro.",
    },
)

declare(
    "relu6",
    parameters=("x",),
    meaning=lambda x: _clip(x, 0, 6),
    derivatives=("where(x > 0, where(x < 6, 1, 0), 0)",),
    code="clip(x, 0, 6)",
    range=Interval(0.0, 6.0, low_open=False, high_open=False),
    kinks=(Kink(0.0, 0.0), Kink(6.0, 0.0)),
    activation=True,
    probes=(*_LINE, (6.01,)),
    latex=r"\operatorname{ReLU6}",
    noun=Noun("rectifier capped at six", "fonction ReLU plafonnée à six", "f"),
    reason={
        "en": "Between 0 and 6 the argument passes unchanged, slope 1; outside the function is constant, slope 0.",
        "fr": "Entre 0 et 6, l'argument passe tel quel, avec la pente 1 ; au-dehors, la fonction est constante, de pente 0.",
    },
)

declare(
    "elu",
    aliases=("celu",),  # they differ by their parameter alpha alone, which is 1 in both
    parameters=("x",),
    meaning=lambda x: sp.Piecewise((x, x > 0), (sp.exp(x) - 1, True)),
    derivatives=("exp(minimum(x, 0))",),
    textbook="where(x > 0, 1, exp(x))",
    code="where(x > 0, x, expm1(minimum(x, 0)))",
    range=Interval(low=-1.0),
    activation=True,
    increasing=True,
    probes=_LINE,
    latex=r"\operatorname{ELU}",
    noun=Noun("exponential linear unit", "fonction ELU", "f"),
    reason={
        "en": "For positive values it is the identity, slope 1; below zero it is an exponential minus one, whose slope is the exponential.",
        "fr": "Pour les valeurs positives, c'est l'identité, de pente 1 ; sous zéro, une exponentielle moins un, de pente l'exponentielle.",
    },
)

_SELU = (sp.Rational("1.0507009873554805"), sp.Rational("1.7580993408473769"))  # lambda and lambda*alpha of Klambauer et al. 2017

declare(
    "selu",
    parameters=("x",),
    meaning=lambda x: sp.Piecewise((_SELU[0] * x, x > 0), (_SELU[1] * (sp.exp(x) - 1), True)),
    derivatives=("where(x < 0, 1.7580993408473769*exp(minimum(x, 0)), 1.0507009873554805)",),
    textbook="where(x < 0, 1.7580993408473769*exp(x), 1.0507009873554805)",
    code="where(x > 0, 1.0507009873554805*x, 1.7580993408473769*expm1(minimum(x, 0)))",
    range=Interval(low=-1.7580993408473769),
    kinks=(Kink(0.0, 1.0507009873554805),),
    activation=True,
    increasing=True,
    probes=_LINE,
    latex=r"\operatorname{SELU}",
    noun=Noun("scaled exponential linear unit", "fonction SELU", "f"),
    reason={
        "en": "For positive values it is linear with its scale as slope; below zero it is a scaled exponential, its own derivative.",
        "fr": "Pour les valeurs positives, la pente est l'échelle ; sous zéro, c'est une exponentielle à un facteur près.",
    },
)

declare(
    "softplus",
    everyday=True,
    aliases=("log1pexp",),
    parameters=("x",),
    meaning=lambda x: sp.log(1 + sp.exp(x)),
    derivatives=("sigmoid(x)",),
    defined=True,
    code="logaddexp(x, 0)",
    analytic="np.where(np.real({x}) > 0, {x}, 0) + special.log1p(np.exp(np.where(np.real({x}) > 0, -{x}, {x})))",
    range=POSITIVE,
    identities=(("log(1 + exp(x))", "softplus(x)"), ("log1p(exp(x))", "softplus(x)"), ("-log(sigmoid(-x))", "softplus(x)")),
    activation=True,
    increasing=True,
    probes=_LINE,
    latex=r"\operatorname{softplus}",
    noun=Noun("softplus", "fonction softplus", "f"),
    reason={
        "en": "Softplus is a smooth rectifier, and its slope climbs from 0 to 1 as the sigmoid does.",
        "fr": "La fonction softplus est une ReLU adoucie, et sa pente monte de 0 à 1 exactement comme la sigmoïde.",
    },
)

declare(
    "softsign",
    aliases=("soft_sign",),
    parameters=("x",),
    meaning=lambda x: x / (1 + sp.Abs(x)),
    derivatives=("1/(1 + abs(x))**2",),
    code="x/(1 + abs(x))",
    range=Interval(-1.0, 1.0),
    activation=True,
    increasing=True,
    probes=_LINE,
    latex=r"\operatorname{softsign}",
    noun=Noun("softsign", "fonction softsign", "f"),
    reason={
        "en": "By the quotient rule the two terms in the absolute value cancel, and one over the squared denominator is left.",
        "fr": "Dans la dérivée du quotient, les termes en valeur absolue se compensent : il reste l'inverse du carré du dénominateur.",
    },
)

declare(
    "silu",
    aliases=("swish",),
    parameters=("x",),
    meaning=lambda x: x / (1 + sp.exp(-x)),
    derivatives=("sigmoid(x)*(1 + x*(1 - sigmoid(x)))",),
    textbook="out + sigmoid(x)*(1 - out)",
    defined=True,
    code="silu(x)",
    analytic="{x}*np.exp(np.where(np.real({x}) < 0, {x}, 0))/(1 + np.exp(np.where(np.real({x}) < 0, {x}, -{x})))",
    range=Interval(low=-0.2784645427610738, low_open=False),
    identities=(("x*sigmoid(x)", "silu(x)"), ("x/(1 + exp(-x))", "silu(x)")),
    activation=True,
    probes=_LINE,
    latex=r"\operatorname{SiLU}",
    noun=Noun("sigmoid linear unit", "fonction SiLU", "f"),
    reason={
        "en": "It is the product of the argument and its sigmoid: the product rule adds one term for each.",
        "fr": "C'est le produit de l'argument par sa sigmoïde : la dérivée d'un produit donne un terme pour chacun.",
    },
)

declare(
    "gelu",
    parameters=("x",),
    meaning=lambda x: x * (1 + sp.erf(x / sp.sqrt(2))) / 2,
    derivatives=("Phi(x) + x*normpdf(x)",),
    defined=True,
    code="x*ndtr(x)",
    analytic="{x}*special.erfc(-0.7071067811865476*{x})/2",
    range=Interval(low=-0.16997120747990369, low_open=False),
    identities=(("x*Phi(x)", "gelu(x)"), ("x*(1 + erf(x/sqrt(2)))/2", "gelu(x)")),
    activation=True,
    probes=_LINE,
    latex=r"\operatorname{GELU}",
    noun=Noun("Gaussian error linear unit", "fonction GELU", "f"),
    reason={
        "en": "It is the product of the argument and the normal distribution function, whose slope is the normal density.",
        "fr": "C'est le produit de l'argument par la fonction de répartition normale, dont la dérivée est la densité normale.",
    },
)

declare(
    "gelu_tanh",
    parameters=("x",),
    meaning=lambda x: x * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (x + sp.Rational("0.044715") * x**3))) / 2,
    derivatives=(
        "sigmoid(sqrt(8/pi)*(x + 0.044715*x**3))*(1 + x*sigmoid(-sqrt(8/pi)*(x + 0.044715*x**3))*sqrt(8/pi)*(1 + 0.134145*x**2))",
    ),
    code="x*sigmoid(1.5957691216057308*(x + 0.044715*x*x*x))",
    analytic="{x}/(1 + np.exp(-1.5957691216057308*({x} + 0.044715*{x}*{x}*{x})))",
    range=Interval(low=-0.1700407505712541, low_open=False),
    activation=True,
    probes=((-5.0,), (-1.3,), (-1e-9,), (0.4,), (2.5,), (30.0,)),
    latex=r"\operatorname{GELU}_{\tanh}",
    noun=Noun("tanh form of GELU", "forme de GELU par tangente hyperbolique", "f"),
    reason={
        "en": "It is the argument times a sigmoid of a cubic: the product rule, then the chain rule through the cubic.",
        "fr": "C'est l'argument fois une sigmoïde d'un polynôme cubique : dérivée d'un produit, puis règle de la chaîne dans le polynôme.",
    },
)

declare(
    "mish",
    parameters=("x",),
    meaning=lambda x: x * sp.tanh(sp.log(1 + sp.exp(x))),
    derivatives=("tanh(softplus(x)) + x*sigmoid(x)*(1 - tanh(softplus(x))**2)",),
    code="x*tanh(logaddexp(x, 0))",
    analytic="{x}*np.tanh(special.log1p(np.exp({x})))",
    range=Interval(low=-0.3088436352),
    activation=True,
    probes=_LINE,
    latex=r"\operatorname{Mish}",
    noun=Noun("Mish", "fonction Mish", "f"),
    reason={
        "en": "It is the product of the argument and the tanh of its softplus: product rule, then chain rule through both.",
        "fr": "C'est le produit de l'argument par la tanh de son softplus : dérivée d'un produit, puis règle de la chaîne dans les deux.",
    },
)

declare(
    "hardtanh",
    aliases=("hard_tanh",),
    parameters=("x",),
    meaning=lambda x: _clip(x, -1, 1),
    derivatives=("where(abs(x) < 1, 1, 0)",),
    code="clip(x, -1, 1)",
    range=Interval(-1.0, 1.0, low_open=False, high_open=False),
    kinks=(Kink(-1.0, 0.0), Kink(1.0, 0.0)),
    activation=True,
    probes=_LINE,
    latex=r"\operatorname{hardtanh}",
    noun=Noun("piecewise linear tanh", "tangente hyperbolique affine par morceaux", "f"),
    reason={
        "en": "Between -1 and 1 it is the identity, slope 1; beyond it is saturated, slope 0.",
        "fr": "Entre -1 et 1, c'est l'identité, de pente 1 ; au-delà, elle est saturée, de pente 0.",
    },
)

declare(
    "hardsigmoid",
    aliases=("hard_sigmoid",),
    parameters=("x",),
    meaning=lambda x: _clip(x / 6 + _HALF, 0, 1),
    derivatives=("where(abs(x) < 3, 1/6, 0)",),
    code="clip(x + 3, 0, 6)/6",
    range=Interval(0.0, 1.0, low_open=False, high_open=False),
    kinks=(Kink(-3.0, 0.0), Kink(3.0, 0.0)),
    activation=True,
    probes=(*_LINE, (3.01,)),
    latex=r"\operatorname{hardsigmoid}",
    noun=Noun("piecewise linear sigmoid", "sigmoïde affine par morceaux", "f"),
    reason={
        "en": "Between -3 and 3 it is a line of slope 1/6; beyond it is saturated, slope 0.",
        "fr": "Entre -3 et 3, c'est une droite de pente 1/6 ; au-delà, elle est saturée, de pente 0.",
    },
)

declare(
    "hardswish",
    aliases=("hard_swish", "hardsilu", "hard_silu"),
    parameters=("x",),
    meaning=lambda x: x * _clip(x / 6 + _HALF, 0, 1),
    derivatives=("where(x <= -3, 0, where(x < 3, x/3 + 1/2, 1))",),
    code="x*(clip(x + 3, 0, 6)/6)",
    range=Interval(-0.375, inf, low_open=False),
    kinks=(Kink(-3.0, 0.0), Kink(3.0, 1.0)),
    activation=True,
    probes=(*_LINE, (3.01,)),
    latex=r"\operatorname{hardswish}",
    noun=Noun("piecewise quadratic swish", "fonction swish quadratique par morceaux", "f"),
    reason={
        "en": "Below -3 it is zero, above 3 it is the identity, and the parabola between them has a linear slope.",
        "fr": "Sous -3, elle est nulle, au-dessus de 3, c'est l'identité, et la parabole entre les deux a une pente affine.",
    },
)

declare(
    "logsigmoid",
    aliases=("log_sigmoid", "log_expit"),
    parameters=("x",),
    meaning=lambda x: -sp.log(1 + sp.exp(-x)),
    derivatives=("sigmoid(-x)",),
    textbook="1 - sigmoid(x)",
    defined=True,
    code="log_expit(x)",
    analytic="np.where(np.real({x}) < 0, {x}, 0) - special.log1p(np.exp(np.where(np.real({x}) < 0, {x}, -{x})))",
    range=Interval(high=0.0),
    identities=(("log(sigmoid(x))", "logsigmoid(x)"), ("-softplus(-x)", "logsigmoid(x)"), ("-log(1 + exp(-x))", "logsigmoid(x)")),
    activation=True,
    increasing=True,
    probes=_LINE,
    latex=r"\ln\sigma",
    noun=Noun("log-sigmoid", "logarithme de la sigmoïde", "m"),
    reason={
        "en": "A logarithm divides the slope by the value: the sigmoid cancels and one minus the sigmoid is left.",
        "fr": "Le logarithme divise la pente par la valeur : la sigmoïde se simplifie et il reste un moins la sigmoïde.",
    },
)

declare(
    "tanhshrink",
    aliases=("tanh_shrink",),
    parameters=("x",),
    meaning=lambda x: x - sp.tanh(x),
    derivatives=("tanh(x)**2",),
    # near 0 the difference cancels; Lambert's continued fraction of tanh does not
    code="where(abs(x) < 0.5, x**3/(x**2 + 3 + x**2/(5 + x**2/(7 + x**2/(9 + x**2/(11 + x**2/13))))), x - tanh(x))",
    activation=True,
    increasing=True,
    probes=_LINE,
    latex=r"\operatorname{tanhshrink}",
    noun=Noun("tanh shrinkage", "fonction tanhshrink", "f"),
    reason={
        "en": "The slope 1 of the identity minus that of the hyperbolic tangent leaves the square of the hyperbolic tangent.",
        "fr": "La pente 1 de l'identité moins celle de la tangente hyperbolique laisse le carré de la tangente hyperbolique.",
    },
)

declare(
    "softshrink",
    aliases=("soft_shrink",),
    parameters=("x",),
    meaning=lambda x: sp.Piecewise((x - _HALF, x > _HALF), (x + _HALF, x < -_HALF), (0, True)),
    derivatives=("where(abs(x) > 0.5, 1, 0)",),
    code="x - clip(x, -0.5, 0.5)",
    kinks=(Kink(-0.5, 0.0), Kink(0.5, 0.0)),
    activation=True,
    probes=_LINE,
    latex=r"\operatorname{softshrink}",
    noun=Noun("soft threshold", "seuillage doux", "m"),
    reason={
        "en": "Within 0.5 of zero everything is sent to zero, slope 0; farther out the values are only shifted, slope 1.",
        "fr": "À moins de 0,5 de zéro, tout est ramené à zéro, pente 0 ; plus loin, les valeurs sont seulement décalées, pente 1.",
    },
)

declare(
    "hardshrink",
    aliases=("hard_shrink",),
    parameters=("x",),
    meaning=lambda x: sp.Piecewise((x, x > _HALF), (x, x < -_HALF), (0, True)),
    derivatives=("where(abs(x) > 0.5, 1, 0)",),
    code="where(abs(x) > 0.5, x, 0)",
    kinks=(Kink(-0.5, 0.0), Kink(0.5, 0.0)),
    activation=True,
    probes=_LINE,
    latex=r"\operatorname{hardshrink}",
    noun=Noun("hard threshold", "seuillage dur", "m"),
    reason={
        "en": "Values within 0.5 of zero are erased, slope 0; the others are kept as they are, slope 1.",
        "fr": "Les valeurs à moins de 0,5 de zéro sont effacées, pente 0 ; les autres sont gardées telles quelles, pente 1.",
    },
)
