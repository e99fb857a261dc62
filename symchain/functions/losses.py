"""Loss functions, elementwise: sum or average them as the program needs.

A prediction comes before its target; r is a residual (prediction minus target), m a margin (label times score), z a logit or
the logarithm of a rate, t a target.
"""

from __future__ import annotations

import sympy as sp

from symchain.functions.spec import NONNEGATIVE, POSITIVE, REAL, Interval, Kink, Noun, declare

_PAIRS = ((0.3, 1.7), (-2.5, 2.0), (2.0, -0.7), (1e6, 1.0))
_LOGITS = ((0.3, 1.0), (-2.5, 0.0), (30.0, 0.4), (-30.0, 0.7))
_MARGINS = ((-30.0,), (-1.3,), (0.4,), (0.999,), (2.5,), (30.0,))
_RESIDUALS = ((-30.0,), (-1.3,), (-1e-6,), (0.4,), (0.999,), (2.5,), (30.0,))
_HALF = sp.Rational(1, 2)

declare(
    "squared_error",
    parameters=("x", "y"),
    meaning=lambda x, y: (x - y) ** 2,
    derivatives=("2*(x - y)", "2*(y - x)"),
    code="square(x - y)",
    range=NONNEGATIVE,
    probes=_PAIRS,
    latex=r"\left({x} - {y}\right)^{{2}}",
    noun=Noun("squared error", "erreur quadratique", "f"),
    reason={"en": "The slope of a square is twice what is squared.", "fr": "La pente d'un carré est le double de ce qu'on élève au carré."},
)

declare(
    "absolute_error",
    parameters=("x", "y"),
    meaning=lambda x, y: sp.Abs(x - y),
    derivatives=("sign(x - y)", "sign(y - x)"),
    code="abs(x - y)",
    range=NONNEGATIVE,
    ties=(("x", "y"),),
    probes=_PAIRS,
    latex=r"\left|{x} - {y}\right|",
    noun=Noun("absolute error", "erreur absolue", "f"),
    reason={
        "en": "An absolute value has slope 1 or -1, the sign of what is inside; where prediction and target agree, 0 is kept.",
        "fr": "Une valeur absolue a pour pente 1 ou -1, le signe de son contenu ; quand prédiction et cible coïncident, on retient 0.",
    },
)

declare(
    "bce_with_logits",
    parameters=("z", "t"),
    meaning=lambda z, t: sp.log(1 + sp.exp(z)) - t * z,
    derivatives=("sigmoid(z) - t", "-z"),
    code="where(z > 0, 1 - t, -t)*z + log1p(exp(-abs(z)))",
    analytic="np.where(np.real({z}) > 0, {z}, 0) + special.log1p(np.exp(np.where(np.real({z}) > 0, -{z}, {z}))) - {t}*{z}",
    probes=_LOGITS,
    latex=r"\operatorname{bce}_{\mathrm{logit}}",
    noun=Noun("binary cross-entropy of a logit", "entropie croisée binaire d'un logit", "f"),
    reason={
        "en": "The softplus of the logit has the sigmoid as slope and the term -tz has -t: predicted probability minus target.",
        "fr": "Le softplus du logit a pour pente la sigmoïde et le terme -tz a pour pente -t : probabilité prédite moins cible.",
    },
)

declare(
    "binary_cross_entropy",
    aliases=("bce",),
    parameters=("p", "t"),
    meaning=lambda p, t: -t * sp.log(p) - (1 - t) * sp.log(1 - p),
    derivatives=("(p - t)/(p*(1 - p))", "-logit(p)"),
    code="-xlogy(t, p) - xlog1py(1 - t, -p)",
    domains=(Interval(0.0, 1.0), REAL),
    probes=((0.3, 1.0), (0.9, 0.0), (1e-6, 0.4), (0.999, 0.7)),
    latex=r"\operatorname{bce}",
    noun=Noun("binary cross-entropy", "entropie croisée binaire", "f"),
    reason={
        "en": "The two logarithms have slopes -t/p and (1 - t)/(1 - p); over a common denominator the numerator is p - t.",
        "fr": "Les deux logarithmes ont pour pentes -t/p et (1 - t)/(1 - p) ; au même dénominateur, le numérateur est p - t.",
    },
)

declare(
    "huber",
    parameters=("r", "delta"),  # residual first; scipy.special.huber takes delta first
    meaning=lambda r, d: sp.Piecewise((r**2 / 2, sp.Abs(r) <= d), (d * (sp.Abs(r) - d / 2), True)),
    derivatives=("clip(r, -delta, delta)", "relu(abs(r) - delta)"),
    written="where(abs(r) <= delta, r**2/2, delta*(abs(r) - delta/2))",
    code="huber(delta, r)",
    domains=(REAL, POSITIVE),
    confined=("delta",),
    range=NONNEGATIVE,
    probes=((0.4, 1.0), (-2.5, 1.0), (2.5, 0.3), (30.0, 1.7), (1e-6, 1.0)),
    latex=r"\operatorname{huber}",
    noun=Noun("Huber loss", "perte de Huber", "f"),
    reason={
        "en": "Near zero it is half a square, whose slope is the residual; farther out the slope stays at the threshold.",
        "fr": "Près de zéro, c'est un demi-carré, dont la pente est le résidu ; plus loin, la pente reste bloquée au seuil.",
    },
)

declare(
    "pseudo_huber",
    parameters=("r", "delta"),
    meaning=lambda r, d: d**2 * (sp.sqrt(1 + (r / d) ** 2) - 1),
    derivatives=("r/sqrt(1 + (r/delta)**2)", "2*out/delta - r**2/(delta*sqrt(1 + (r/delta)**2))"),
    written="r*(r/(1 + hypot(1, r/delta)))",
    code="r*(r/(1 + hypot(1, r/delta)))",
    analytic="{r}*{r}/(1 + np.sqrt(1 + ({r}/{delta})**2))",
    domains=(REAL, POSITIVE),
    range=NONNEGATIVE,
    probes=((0.4, 1.0), (-2.5, 1.0), (2.5, 0.3), (30.0, 1.7), (1e-3, 1.0)),
    latex=r"\operatorname{pseudohuber}",
    noun=Noun("pseudo-Huber loss", "perte de pseudo-Huber", "f"),
    reason={
        "en": "The chain rule through the square root divides the residual by the root, so that large residuals level off.",
        "fr": "La règle de la chaîne dans la racine carrée divise le résidu par la racine : les grands résidus plafonnent.",
    },
)

declare(
    "smooth_l1",
    parameters=("r",),
    meaning=lambda r: sp.Piecewise((r**2 / 2, sp.Abs(r) < 1), (sp.Abs(r) - _HALF, True)),
    derivatives=("clip(r, -1, 1)",),
    written="where(abs(r) < 1, r**2/2, abs(r) - 1/2)",
    code="huber(1.0, r)",
    range=NONNEGATIVE,
    probes=_RESIDUALS,
    latex=r"\operatorname{smooth}_{L_1}",
    noun=Noun("smooth absolute error", "erreur absolue lissée", "f"),
    reason={
        "en": "Below 1 it is half a square, whose slope is the residual; beyond it is the absolute value, of slope 1 or -1.",
        "fr": "Sous 1, c'est un demi-carré, dont la pente est le résidu ; au-delà, c'est la valeur absolue, de pente 1 ou -1.",
    },
)

declare(
    "log_cosh",
    parameters=("r",),
    meaning=lambda r: sp.log(sp.cosh(r)),
    derivatives=("tanh(r)",),
    # near 0 the logarithm of nearly 1 would lose everything; far out cosh would overflow
    code="where(abs(r) < 1, log1p(2*square(sinh(clip(r, -1, 1)/2))), abs(r) + log1p(exp(-2*abs(r))) - 0.6931471805599453)",
    analytic="{r}*np.sign(np.real({r})) + special.log1p(np.exp(-2*{r}*np.sign(np.real({r})))) - 0.6931471805599453",
    range=NONNEGATIVE,
    probes=(*_RESIDUALS, (1e4,)),
    latex=r"\ln\cosh",
    noun=Noun("log-cosh loss", "perte log-cosh", "f"),
    reason={
        "en": "A logarithm divides the slope by the value: hyperbolic sine over hyperbolic cosine, the hyperbolic tangent.",
        "fr": "Le logarithme divise la pente par la valeur : sinus sur cosinus hyperboliques, soit la tangente hyperbolique.",
    },
)

declare(
    "hinge",
    parameters=("m",),
    meaning=lambda m: sp.Piecewise((1 - m, m < 1), (0, True)),
    derivatives=("where(m < 1, -1, 0)",),
    code="maximum(1 - m, 0)",
    range=NONNEGATIVE,
    kinks=(Kink(1.0, 0.0),),
    probes=_MARGINS,
    latex=r"\operatorname{hinge}",
    noun=Noun("hinge loss", "perte charnière", "f"),
    reason={
        "en": "A margin below 1 is penalised with slope -1; from 1 on there is nothing to pay, slope 0.",
        "fr": "Une marge inférieure à 1 est pénalisée avec la pente -1 ; à partir de 1, il n'y a plus rien à payer, pente 0.",
    },
)

declare(
    "squared_hinge",
    parameters=("m",),
    meaning=lambda m: sp.Piecewise(((1 - m) ** 2, m < 1), (0, True)),
    derivatives=("-2*relu(1 - m)",),
    code="square(maximum(1 - m, 0))",
    range=NONNEGATIVE,
    probes=_MARGINS,
    latex=r"\operatorname{sqhinge}",
    noun=Noun("squared hinge loss", "perte charnière au carré", "f"),
    reason={
        "en": "It is the square of what the margin lacks: twice the lack, with a minus because a larger margin lowers it.",
        "fr": "C'est le carré de ce qui manque à la marge : deux fois ce manque, avec un moins car une marge plus grande le réduit.",
    },
)

declare(
    "logistic_loss",
    parameters=("m",),
    meaning=lambda m: sp.log(1 + sp.exp(-m)),
    derivatives=("-sigmoid(-m)",),
    code="logaddexp(-m, 0)",
    analytic="np.where(np.real({m}) < 0, -{m}, 0) + special.log1p(np.exp(np.where(np.real({m}) < 0, {m}, -{m})))",
    range=POSITIVE,
    probes=_MARGINS,
    latex=r"\operatorname{logistic}",
    noun=Noun("logistic loss", "perte logistique", "f"),
    reason={
        "en": "It is the softplus of minus the margin: the sigmoid there, with the minus sign of the inner derivative.",
        "fr": "C'est le softplus de l'opposé de la marge : la sigmoïde en ce point, avec le signe moins de la dérivée intérieure.",
    },
)

declare(
    "exponential_loss",
    parameters=("m",),
    meaning=lambda m: sp.exp(-m),
    derivatives=("-out",),
    code="exp(-m)",
    range=POSITIVE,
    probes=_MARGINS,
    latex=r"e^{{-{m}}}",
    noun=Noun("exponential loss", "perte exponentielle", "f"),
    reason={
        "en": "It is an exponential of minus the margin, so its slope is minus itself.",
        "fr": "C'est une exponentielle de l'opposé de la marge : sa pente est l'opposé d'elle-même.",
    },
)

declare(
    "poisson_nll",
    parameters=("z", "t"),
    meaning=lambda z, t: sp.exp(z) - t * z,
    derivatives=("exp(z) - t", "-z"),
    code="exp(z) - t*z",
    probes=((0.3, 1.0), (-2.5, 0.0), (10.0, 4.0), (-30.0, 7.0)),
    latex=r"\operatorname{nll}_{\mathrm{Poisson}}",
    noun=Noun("Poisson loss", "perte de Poisson", "f"),
    reason={
        "en": "The exponential gives the rate, which is its own slope, and the term -tz gives -t: rate minus count.",
        "fr": "L'exponentielle redonne l'intensité, qui est sa propre pente, et le terme -tz donne -t : intensité moins comptage.",
    },
)

declare(
    "gaussian_nll",
    parameters=("r", "v"),
    meaning=lambda r, v: (sp.log(v) + r**2 / v) / 2,
    derivatives=("r/v", "(1 - r**2/v)/(2*v)"),
    code="0.5*(log(v) + r*r/v)",
    domains=(REAL, POSITIVE),
    probes=((0.4, 1.3), (-2.5, 0.3), (30.0, 4.0), (1e-3, 1e-3)),
    latex=r"\operatorname{nll}_{\mathrm{Gauss}}",
    noun=Noun("Gaussian loss", "perte gaussienne", "f"),
    reason={
        "en": "By the residual, half a square over the variance; by the variance, a logarithm against an inverse.",
        "fr": "Par rapport au résidu, c'est un demi-carré sur la variance ; par rapport à la variance, un logarithme contre un inverse.",
    },
)

declare(
    "pinball",
    aliases=("quantile_loss",),
    parameters=("u", "tau"),
    meaning=lambda u, tau: sp.Piecewise((tau * u, u > 0), ((tau - 1) * u, True)),
    derivatives=("where(u > 0, tau, where(u < 0, tau - 1, 0))", "u"),
    textbook="where(u > 0, tau, tau - 1)",
    code="maximum(tau*u, (tau - 1)*u)",
    domains=(REAL, Interval(0.0, 1.0)),
    range=NONNEGATIVE,
    ties=(("u", "0"),),
    probes=((0.4, 0.1), (-2.5, 0.5), (30.0, 0.9), (-1e-6, 0.3)),
    latex=r"\rho_{{{tau}}}\left({u}\right)",
    noun=Noun("pinball loss", "perte quantile", "f"),
    reason={
        "en": "A positive error is paid at the rate τ and a negative one at the rate τ - 1; at zero the value kept is 0.",
        "fr": "Une erreur positive se paie au taux τ, une erreur négative au taux τ - 1 ; en zéro, on retient la valeur 0.",
    },
)

declare(
    "epsilon_insensitive",
    parameters=("r", "epsilon"),
    meaning=lambda r, e: sp.Piecewise((sp.Abs(r) - e, sp.Abs(r) > e), (0, True)),
    derivatives=("where(abs(r) > epsilon, sign(r), 0)", "where(abs(r) > epsilon, -1, 0)"),
    code="maximum(abs(r) - epsilon, 0)",
    domains=(REAL, NONNEGATIVE),
    range=NONNEGATIVE,
    ties=(("abs(r)", "epsilon"),),
    probes=((0.4, 0.1), (-2.5, 0.5), (30.0, 0.9), (-1e-6, 0.3)),
    latex=r"\left|{r}\right|_{{{epsilon}}}",
    noun=Noun("epsilon-insensitive loss", "perte insensible en deçà d'epsilon", "f"),
    reason={
        "en": "Residuals within ε cost nothing, slope 0; beyond, the cost grows as the absolute value, slope 1 or -1.",
        "fr": "Les résidus inférieurs à ε ne coûtent rien, pente 0 ; au-delà, le coût croît comme la valeur absolue, pente 1 ou -1.",
    },
)
