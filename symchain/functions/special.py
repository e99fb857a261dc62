"""Special functions: error functions, the gamma family, Bessel functions. SciPy computes them."""

from __future__ import annotations

from math import inf

import sympy as sp

from symchain.functions.spec import NONNEGATIVE, POSITIVE, REAL, Interval, Kink, Noun, declare

_LINE = ((-5.0,), (-0.8,), (1e-9,), (0.4,), (5.0,))
_RIGHT = ((1e-3,), (0.3,), (2.5,), (30.0,))
_TURN = "np.cos(np.arange(2048)*np.pi/1024)"  # Bessel's integral as a mean over a turn; SciPy's complex code loses tiny imaginary parts
_BESSEL = ((-20.0,), (-0.8,), (1e-6,), (0.7,), (30.0,))

declare(
    "erf",
    parameters=("x",),
    meaning=sp.erf,
    derivatives=("2/sqrt(pi)*exp(-x**2)",),
    code="erf(x)",
    range=Interval(-1.0, 1.0),
    identities=(("1 - erfc(x)", "erf(x)"),),
    increasing=True,
    probes=_LINE,
    latex=r"\operatorname{erf}",
    noun=Noun("error function", "fonction d'erreur", "f"),
    reason={
        "en": "The error function is by definition the integral of a Gaussian, and differentiating gives the Gaussian back.",
        "fr": "La fonction d'erreur est par définition l'intégrale d'une gaussienne ; la dériver rend cette gaussienne.",
    },
)

declare(
    "erfc",
    parameters=("x",),
    meaning=sp.erfc,
    derivatives=("-2/sqrt(pi)*exp(-x**2)",),
    code="erfc(x)",
    range=Interval(0.0, 2.0),
    identities=(("1 - erf(x)", "erfc(x)"),),
    probes=((-5.0,), (-0.8,), (1e-9,), (0.4,), (20.0,)),
    latex=r"\operatorname{erfc}",
    noun=Noun("complementary error function", "fonction d'erreur complémentaire", "f"),
    reason={
        "en": "It is one minus the error function, so its slope is minus the Gaussian.",
        "fr": "C'est un moins la fonction d'erreur : sa pente est l'opposé de la gaussienne.",
    },
)

declare(
    "erfcx",
    parameters=("x",),
    meaning=lambda x: sp.exp(x**2) * sp.erfc(x),
    derivatives=("2*x*out - 2/sqrt(pi)",),
    code="erfcx(x)",
    analytic="special.erfcx({x})",
    range=POSITIVE,
    identities=(("exp(x**2)*erfc(x)", "erfcx(x)"),),
    probes=((-5.0,), (-0.8,), (1e-9,), (0.4,), (20.0,)),
    latex=r"\operatorname{erfcx}",
    noun=Noun("scaled complementary error function", "fonction d'erreur complémentaire normalisée", "f"),
    reason={
        "en": "By the product rule the factor exp(x²) brings 2x, and the Gaussian of the other factor cancels against it.",
        "fr": "Dans la dérivée du produit, le facteur exp(x²) apporte 2x, et la gaussienne de l'autre facteur se simplifie avec lui.",
    },
)

declare(
    "erfinv",
    parameters=("x",),
    meaning=sp.erfinv,
    derivatives=("sqrt(pi)/2*exp(out**2)",),
    code="erfinv(x)",
    # one Newton step for erf(y) = x from the real solution: exact to first order in the imaginary part
    analytic="special.erfinv(np.real({x})) + ({x} - np.real({x}))*0.886226925452758*np.exp(special.erfinv(np.real({x}))**2)",
    domains=(Interval(-1.0, 1.0),),
    increasing=True,
    probes=((-0.999,), (-0.4,), (1e-9,), (0.7,), (0.9999,)),
    latex=r"\operatorname{{erf}}^{{-1}}\left({x}\right)",
    noun=Noun("inverse error function", "réciproque de la fonction d'erreur", "f"),
    reason={
        "en": "An inverse function has the inverse slope: one over the Gaussian, taken at the value found.",
        "fr": "La fonction réciproque a la pente inverse : un sur la gaussienne, prise en la valeur trouvée.",
    },
)

declare(
    "erfcinv",
    parameters=("x",),
    meaning=lambda x: sp.erfinv(1 - x),
    derivatives=("-sqrt(pi)/2*exp(out**2)",),
    code="erfcinv(x)",
    # one Newton step for erfc(y) = x, as for erfinv
    analytic="special.erfcinv(np.real({x})) - ({x} - np.real({x}))*0.886226925452758*np.exp(special.erfcinv(np.real({x}))**2)",
    domains=(Interval(0.0, 2.0),),
    probes=((1e-6,), (0.4,), (0.9,), (1.3,), (1.99,)),
    latex=r"\operatorname{{erfc}}^{{-1}}\left({x}\right)",
    noun=Noun("inverse complementary error function", "réciproque de la fonction d'erreur complémentaire", "f"),
    reason={
        "en": "An inverse function has the inverse slope: minus one over the Gaussian, taken at the value found.",
        "fr": "La fonction réciproque a la pente inverse : moins un sur la gaussienne, prise en la valeur trouvée.",
    },
)

declare(
    "gamma",
    parameters=("x",),
    meaning=sp.gamma,
    derivatives=("out*digamma(x)",),
    code="gamma(x)",
    domains=(POSITIVE,),
    range=Interval(0.8856031944108887, inf, low_open=False),
    logarithm="gammaln(x)",
    probes=_RIGHT,
    latex=r"\Gamma",
    noun=Noun("gamma function", "fonction gamma", "f"),
    reason={
        "en": "Digamma is by definition the slope of the gamma function divided by its value.",
        "fr": "La fonction digamma est par définition la pente de la fonction gamma divisée par sa valeur.",
    },
)

declare(
    "gammaln",
    aliases=("lgamma", "loggamma"),
    parameters=("x",),
    meaning=sp.loggamma,
    derivatives=("digamma(x)",),
    code="gammaln(x)",
    domains=(POSITIVE,),
    identities=(("log(gamma(x))", "gammaln(x)"),),
    probes=(*_RIGHT, (1e6,)),
    latex=r"\ln\Gamma",
    noun=Noun("log-gamma function", "logarithme de la fonction gamma", "m"),
    reason={
        "en": "Digamma is by definition the derivative of the log-gamma function.",
        "fr": "La fonction digamma est par définition la dérivée du logarithme de la fonction gamma.",
    },
)

declare(
    "digamma",
    aliases=("psi",),
    parameters=("x",),
    meaning=sp.digamma,
    derivatives=("polygamma(1, x)",),
    code="psi(x)",
    domains=(POSITIVE,),
    increasing=True,
    probes=(*_RIGHT, (1e6,)),
    latex=r"\psi",
    noun=Noun("digamma function", "fonction digamma", "f"),
    reason={
        "en": "The polygamma functions are the successive derivatives of digamma, and this is the first.",
        "fr": "Les fonctions polygamma sont les dérivées successives de la fonction digamma, et voici la première.",
    },
)

declare(
    "trigamma",
    parameters=("x",),
    meaning=lambda x: sp.polygamma(1, x),
    derivatives=("polygamma(2, x)",),
    code="zeta(2.0, x)",
    domains=(POSITIVE,),
    range=POSITIVE,
    probes=_RIGHT,
    latex=r"\psi_1",
    noun=Noun("trigamma function", "fonction trigamma", "f"),
    reason={
        "en": "Trigamma is the first polygamma function; differentiating raises the order by one.",
        "fr": "La fonction trigamma est la première fonction polygamma ; dériver augmente l'ordre de un.",
    },
)

declare(
    "polygamma",
    parameters=("n", "x"),
    meaning=sp.polygamma,
    derivatives=(None, "polygamma(n + 1, x)"),
    code="polygamma(n, x)",
    domains=(NONNEGATIVE, POSITIVE),
    confined=("n",),
    probes=((0.0, 2.5), (1.0, 0.3), (2.0, 1.7), (3.0, 30.0)),
    latex=r"\psi^{{({n})}}\left({x}\right)",
    noun=Noun("polygamma function", "fonction polygamma", "f"),
    reason={
        "en": "The polygamma functions are successive derivatives of one another: differentiating raises the order by one.",
        "fr": "Les fonctions polygamma sont les dérivées successives l'une de l'autre : dériver augmente l'ordre de un.",
    },
)

declare(
    "beta",
    parameters=("a", "b"),
    meaning=lambda a, b: sp.gamma(a) * sp.gamma(b) / sp.gamma(a + b),
    derivatives=("out*(digamma(a) - digamma(a + b))", "out*(digamma(b) - digamma(a + b))"),
    code="beta(a, b)",
    domains=(POSITIVE, POSITIVE),
    range=POSITIVE,
    probes=((0.3, 1.7), (2.5, 2.0), (1e-3, 4.0), (20.0, 30.0)),
    latex=r"\mathrm{B}",
    noun=Noun("beta function", "fonction bêta", "f"),
    reason={
        "en": "It is a quotient of gamma functions, and the slope of a gamma function over its value is digamma.",
        "fr": "C'est un quotient de fonctions gamma, et la pente d'une fonction gamma divisée par sa valeur est la fonction digamma.",
    },
)

declare(
    "betaln",
    parameters=("a", "b"),
    meaning=lambda a, b: sp.loggamma(a) + sp.loggamma(b) - sp.loggamma(a + b),
    derivatives=("digamma(a) - digamma(a + b)", "digamma(b) - digamma(a + b)"),
    code="betaln(a, b)",
    domains=(POSITIVE, POSITIVE),
    identities=(("gammaln(a) + gammaln(b) - gammaln(a + b)", "betaln(a, b)"), ("log(beta(a, b))", "betaln(a, b)")),
    probes=((0.3, 1.7), (2.5, 2.0), (1e-3, 4.0), (20.0, 30.0)),
    latex=r"\ln\mathrm{B}",
    noun=Noun("log-beta function", "logarithme de la fonction bêta", "m"),
    reason={
        "en": "It is a sum of log-gamma functions, and each of them differentiates into digamma.",
        "fr": "C'est une somme de logarithmes de la fonction gamma, dont chacun se dérive en fonction digamma.",
    },
)

declare(
    "zeta",
    parameters=("s", "q"),
    meaning=sp.zeta,
    derivatives=(None, "-s*zeta(s + 1, q)"),
    code="zeta(s, q)",
    domains=(Interval(low=1.0), POSITIVE),
    confined=("q",),
    range=POSITIVE,
    probes=((2.0, 0.3), (3.5, 1.0), (2.5, 30.0), (12.0, 1.7)),
    latex=r"\zeta",
    noun=Noun("Hurwitz zeta function", "fonction zêta de Hurwitz", "f"),
    reason={
        "en": "It is a sum of powers -s of q plus an integer: each exponent comes down and drops by one.",
        "fr": "C'est une somme de puissances -s de q plus un entier : chaque exposant passe devant et baisse de un.",
    },
)

declare(
    "gammainc",
    parameters=("a", "x"),
    meaning=lambda a, x: sp.lowergamma(a, x) / sp.gamma(a),
    derivatives=(None, "exp(xlogy(a - 1, x) - x - gammaln(a))"),
    code="gammainc(a, x)",
    domains=(POSITIVE, NONNEGATIVE),
    confined=("a", "x"),
    range=Interval(0.0, 1.0, low_open=False),
    probes=((0.3, 1.7), (2.5, 2.0), (1.0, 0.1), (20.0, 5.0)),
    latex="P",
    noun=Noun("regularised lower incomplete gamma function", "fonction gamma incomplète inférieure régularisée", "f"),
    reason={
        "en": "By definition it integrates the gamma density from 0 to x, and differentiating gives the density back.",
        "fr": "Par définition, elle intègre la densité gamma de 0 à x ; la dériver rend cette densité.",
    },
)

declare(
    "gammaincc",
    parameters=("a", "x"),
    meaning=lambda a, x: sp.uppergamma(a, x) / sp.gamma(a),
    derivatives=(None, "-exp(xlogy(a - 1, x) - x - gammaln(a))"),
    code="gammaincc(a, x)",
    domains=(POSITIVE, NONNEGATIVE),
    confined=("a", "x"),
    range=Interval(0.0, 1.0, high_open=False),
    identities=(("1 - gammainc(a, x)", "gammaincc(a, x)"),),
    probes=((0.3, 1.7), (2.5, 2.0), (1.0, 0.1), (20.0, 50.0)),
    latex="Q",
    noun=Noun("regularised upper incomplete gamma function", "fonction gamma incomplète supérieure régularisée", "f"),
    reason={
        "en": "It integrates the gamma density from x to infinity, so its slope is minus that density.",
        "fr": "Elle intègre la densité gamma de x à l'infini : sa pente est l'opposé de cette densité.",
    },
)

declare(
    "i0",
    aliases=("modified_bessel_i0",),
    parameters=("x",),
    meaning=lambda x: sp.besseli(0, x),
    derivatives=("i1(x)",),
    code="i0(x)",
    analytic=f"np.mean(np.exp(np.multiply.outer({{x}}, {_TURN})), axis=-1)",
    range=Interval(1.0, inf, low_open=False),
    logarithm="log(i0e(x)) + abs(x)",
    probes=_BESSEL,
    latex="I_0",
    noun=Noun("modified Bessel function of order zero", "fonction de Bessel modifiée d'ordre zéro", "f"),
    reason={
        "en": "The modified Bessel function of order zero differentiates into that of order one.",
        "fr": "La fonction de Bessel modifiée d'ordre zéro se dérive en celle d'ordre un.",
    },
)

declare(
    "i1",
    aliases=("modified_bessel_i1",),
    parameters=("x",),
    meaning=lambda x: sp.besseli(1, x),
    derivatives=("i0(x) - out/x",),
    code="i1(x)",
    analytic=f"np.mean({_TURN}*np.exp(np.multiply.outer({{x}}, {_TURN})), axis=-1)",
    domains=(REAL,),
    increasing=True,
    probes=((-20.0,), (-0.8,), (1e-3,), (0.7,), (30.0,)),
    latex="I_1",
    noun=Noun("modified Bessel function of order one", "fonction de Bessel modifiée d'ordre un", "f"),
    reason={
        "en": "The recurrence of the Bessel functions gives the slope from the order below, minus the function over its argument.",
        "fr": "La relation de récurrence des fonctions de Bessel donne la pente : l'ordre inférieur, moins la fonction divisée par x.",
    },
)

declare(
    "i0e",
    parameters=("x",),
    meaning=lambda x: sp.exp(-sp.Abs(x)) * sp.besseli(0, x),
    derivatives=("i1e(x) - out*sign(x)",),
    kinks=(Kink(0.0, 0.0),),
    code="i0e(x)",
    analytic=f"np.mean(np.exp(np.multiply.outer({{x}}*np.sign(np.real({{x}})), {_TURN} - 1)), axis=-1)",
    range=Interval(0.0, 1.0, high_open=False),
    probes=(*_BESSEL, (1e4,)),
    latex=r"\operatorname{i0e}",
    noun=Noun("scaled Bessel function of order zero", "fonction de Bessel normalisée d'ordre zéro", "f"),
    reason={
        "en": "The product rule has one term for the Bessel function and one for the factor exp(-|x|) that scales it.",
        "fr": "La dérivée du produit a un terme pour la fonction de Bessel et un pour le facteur exp(-|x|) qui la normalise.",
    },
)

declare(
    "i1e",
    parameters=("x",),
    meaning=lambda x: sp.exp(-sp.Abs(x)) * sp.besseli(1, x),
    derivatives=("i0e(x) - out*(sign(x) + 1/x)",),
    code="i1e(x)",
    analytic=f"np.sign(np.real({{x}}))*np.mean({_TURN}*np.exp(np.multiply.outer({{x}}*np.sign(np.real({{x}})), {_TURN} - 1)), axis=-1)",
    range=Interval(-0.2194, 0.2194),
    probes=((-20.0,), (-0.8,), (1e-3,), (0.7,), (30.0,), (1e4,)),
    latex=r"\operatorname{i1e}",
    noun=Noun("scaled Bessel function of order one", "fonction de Bessel normalisée d'ordre un", "f"),
    reason={
        "en": "The product rule has one term for the Bessel function of order one and one for the factor exp(-|x|).",
        "fr": "La dérivée du produit a un terme pour la fonction de Bessel d'ordre un et un pour le facteur exp(-|x|).",
    },
)
