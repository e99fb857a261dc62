"""The normal law, log-odds, and the x*log(y) family of entropies."""

from __future__ import annotations

import sympy as sp

from symchain.functions.spec import NONNEGATIVE, POSITIVE, REAL, Interval, Noun, declare

_LINE = ((-10.0,), (-1.3,), (1e-9,), (0.4,), (5.0,))
_UNIT = Interval(0.0, 1.0)
_INSIDE = ((1e-6,), (0.02,), (0.4,), (0.7,), (0.999,))


def _xlogy(x: sp.Expr, y: sp.Expr) -> sp.Expr:
    return sp.Piecewise((0, sp.Eq(x, 0)), (x * sp.log(y), True))


declare(
    "Phi",
    aliases=("ndtr", "normcdf"),
    parameters=("x",),
    meaning=lambda x: (1 + sp.erf(x / sp.sqrt(2))) / 2,
    derivatives=("normpdf(x)",),
    defined=True,
    code="ndtr(x)",
    analytic="special.erfc(-0.7071067811865476*{x})/2",
    range=_UNIT,
    identities=(("(1 + erf(x/sqrt(2)))/2", "Phi(x)"), ("erfc(-x/sqrt(2))/2", "Phi(x)")),
    increasing=True,
    logarithm="log_ndtr(x)",
    probes=_LINE,
    latex=r"\Phi",
    noun=Noun("normal distribution function", "fonction de répartition de la loi normale", "f"),
    reason={
        "en": "The slope of a distribution function is its density, here the normal one.",
        "fr": "La dérivée d'une fonction de répartition est sa densité, ici celle de la loi normale.",
    },
)

declare(
    "normpdf",
    parameters=("x",),
    meaning=lambda x: sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi),
    derivatives=("-x*out",),
    defined=True,
    code="0.3989422804014327*exp(-0.5*square(x))",
    range=Interval(0.0, 0.39894228040143268, high_open=False),
    identities=(("exp(-x**2/2)/sqrt(2*pi)", "normpdf(x)"),),
    logarithm="-x**2/2 - log(2*pi)/2",
    probes=_LINE,
    latex=r"\varphi",
    noun=Noun("normal density", "densité de la loi normale", "f"),
    reason={
        "en": "The exponent -x²/2 has slope -x, which multiplies the density itself.",
        "fr": "L'exposant -x²/2 a pour pente -x, qui multiplie la densité elle-même.",
    },
)

declare(
    "log_ndtr",
    aliases=("log_normcdf", "lognormcdf"),
    parameters=("x",),
    meaning=lambda x: sp.log((1 + sp.erf(x / sp.sqrt(2))) / 2),
    derivatives=("sqrt(2/pi)/erfcx(-x/sqrt(2))",),  # normpdf(x)/Phi(x) without 0/0 in the left tail
    textbook="normpdf(x)/Phi(x)",
    code="log_ndtr(x)",
    analytic="special.log_ndtr({x})",
    range=Interval(high=0.0),
    identities=(("log(Phi(x))", "log_ndtr(x)"),),
    increasing=True,
    probes=(*_LINE, (-20.0,)),
    latex=r"\ln\Phi",
    noun=Noun("logarithm of the normal distribution function", "logarithme de la fonction de répartition normale", "m"),
    reason={
        "en": "A logarithm divides the slope by the value: the normal density over the distribution function.",
        "fr": "Le logarithme divise la pente par la valeur : la densité normale sur la fonction de répartition.",
    },
)

declare(
    "ndtri",
    aliases=("probit",),
    parameters=("p",),
    meaning=lambda p: sp.sqrt(2) * sp.erfinv(2 * p - 1),
    derivatives=("1/normpdf(out)",),
    code="ndtri(p)",
    # one Newton step for Phi(y) = p from the real solution: exact to first order in the imaginary part
    analytic="special.ndtri(np.real({p})) + ({p} - np.real({p}))*2.5066282746310002*np.exp(special.ndtri(np.real({p}))**2/2)",
    domains=(_UNIT,),
    increasing=True,
    probes=_INSIDE,
    latex=r"\Phi^{{-1}}\left({p}\right)",
    noun=Noun("normal quantile function", "fonction quantile de la loi normale", "f"),
    reason={
        "en": "An inverse function has the inverse slope: one over the normal density, taken at the quantile.",
        "fr": "La fonction réciproque a la pente inverse : un sur la densité normale, prise en ce quantile.",
    },
)

declare(
    "logit",
    parameters=("p",),
    meaning=lambda p: sp.log(p / (1 - p)),
    derivatives=("1/(p*(1 - p))",),
    code="logit(p)",
    domains=(_UNIT,),
    identities=(("log(p/(1 - p))", "logit(p)"), ("log(p) - log(1 - p)", "logit(p)")),
    increasing=True,
    probes=_INSIDE,
    latex=r"\operatorname{logit}",
    noun=Noun("logit", "fonction logit", "f"),
    reason={
        "en": "The logit undoes the sigmoid, whose slope there is p(1 - p); the inverse function has the inverse slope.",
        "fr": "La fonction logit défait la sigmoïde, dont la pente vaut là p(1 - p) ; la fonction réciproque a la pente inverse.",
    },
)

declare(
    "xlogy",
    parameters=("x", "y"),
    meaning=_xlogy,
    derivatives=("log(y)", "x/y"),
    code="xlogy(x, y)",
    domains=(REAL, POSITIVE),
    probes=((1.5, 0.3), (-2.0, 4.0), (1e-9, 1e-9), (30.0, 1e6)),
    latex=r"{x}\,\ln\left({y}\right)",
    noun=Noun("product x ln y", "produit x ln y", "m"),
    reason={
        "en": "It is x times the logarithm of y, counted as 0 when x is 0: the product rule, one factor at a time.",
        "fr": "C'est x fois le logarithme de y, compté 0 quand x vaut 0 : on dérive le produit, un facteur à la fois.",
    },
)

declare(
    "xlog1py",
    parameters=("x", "y"),
    meaning=lambda x, y: _xlogy(x, 1 + y),
    derivatives=("log1p(y)", "x/(1 + y)"),
    code="xlog1py(x, y)",
    analytic="special.xlog1py({x}, {y})",
    domains=(REAL, Interval(low=-1.0)),
    probes=((1.5, -0.3), (-2.0, 4.0), (3.0, 1e-9), (30.0, 1e6)),
    latex=r"{x}\,\ln\left(1 + {y}\right)",
    noun=Noun("product x ln(1 + y)", "produit x ln(1 + y)", "m"),
    reason={
        "en": "It is x times the logarithm of 1 + y, counted as 0 when x is 0: the product rule, one factor at a time.",
        "fr": "C'est x fois le logarithme de 1 + y, compté 0 quand x vaut 0 : on dérive le produit, un facteur à la fois.",
    },
)

declare(
    "entr",
    parameters=("x",),
    meaning=lambda x: -_xlogy(x, x),
    derivatives=("-1 - log(x)",),
    code="-xlogy(x, x)",
    domains=(NONNEGATIVE,),
    range=Interval(high=0.36787944117144233, high_open=False),
    identities=(("-x*log(x)", "entr(x)"),),
    probes=((1e-9,), (0.2,), (1.5,), (30.0,)),
    latex=r"\operatorname{entr}",
    noun=Noun("elementwise entropy", "entropie terme à terme", "f"),
    reason={
        "en": "The product -x ln x has two terms: the logarithm with its sign, and x times 1/x, which is one.",
        "fr": "Le produit -x ln x donne deux termes : le logarithme avec son signe, et x fois 1/x, qui vaut un.",
    },
)

declare(
    "rel_entr",
    parameters=("x", "y"),
    meaning=lambda x, y: _xlogy(x, x / y),
    derivatives=("log(x/y) + 1", "-x/y"),
    code="rel_entr(x, y)",
    domains=(NONNEGATIVE, POSITIVE),
    probes=((0.2, 0.3), (1.5, 0.1), (1e-9, 0.5), (30.0, 4.0)),
    latex=r"\operatorname{relentr}",
    noun=Noun("relative entropy", "entropie relative", "f"),
    reason={
        "en": "It is x ln(x/y): the product rule gives the logarithm plus one, and the y inside the logarithm gives -x/y.",
        "fr": "C'est x ln(x/y) : la dérivée du produit donne le logarithme plus un, et le y du logarithme donne -x/y.",
    },
)

declare(
    "kl_div",
    parameters=("x", "y"),
    meaning=lambda x, y: _xlogy(x, x / y) - x + y,
    derivatives=("log(x/y)", "1 - x/y"),
    code="kl_div(x, y)",
    domains=(NONNEGATIVE, POSITIVE),
    range=NONNEGATIVE,
    probes=((0.2, 0.3), (1.5, 0.1), (1e-9, 0.5), (30.0, 4.0)),
    latex=r"\operatorname{kl}",
    noun=Noun("Kullback-Leibler term", "terme de Kullback-Leibler", "m"),
    reason={
        "en": "The two linear terms take away the constants that the product rule leaves, so that both slopes vanish when x = y.",
        "fr": "Les deux termes linéaires retirent les constantes laissées par la dérivée du produit : tout s'annule quand x = y.",
    },
)
