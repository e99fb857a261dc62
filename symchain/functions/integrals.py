"""Functions that are integrals of elementary ones: exponential integrals, Dawson, the dilogarithm, Owen; and what they need.

SciPy computes them; derivatives avoid the quotients 0/0 and the differences of near equals that textbooks write.
"""

from __future__ import annotations

from math import inf

import sympy as sp

from symchain.functions.spec import NONNEGATIVE, POSITIVE, REAL, Interval, Noun, declare

_LINE = ((-5.0,), (-0.8,), (1e-9,), (0.4,), (5.0,))
_RIGHT = ((1e-6,), (0.3,), (2.5,), (30.0,))

declare(
    "expi",
    parameters=("x",),
    meaning=sp.Ei,
    derivatives=("exp(x)/x",),
    code="expi(x)",
    domains=(POSITIVE,),
    increasing=True,
    probes=_RIGHT,
    latex=r"\operatorname{Ei}",
    noun=Noun("exponential integral", "exponentielle intégrale", "f"),
    reason={
        "en": "The exponential integral is by definition an integral of exp(x)/x, and differentiating gives the integrand back.",
        "fr": "L'exponentielle intégrale est par définition une intégrale de exp(x)/x ; la dériver rend ce qu'on intègre.",
    },
)

declare(
    "exp1",
    parameters=("x",),
    meaning=lambda x: sp.expint(1, x),
    derivatives=("-exp(-x)/x",),
    code="exp1(x)",
    domains=(POSITIVE,),
    range=POSITIVE,
    probes=_RIGHT,
    latex="E_1",
    noun=Noun("exponential integral of order one", "exponentielle intégrale d'ordre un", "f"),
    reason={
        "en": "It integrates exp(-t)/t from x to infinity, so its slope is minus the integrand at x.",
        "fr": "Elle intègre exp(-t)/t de x à l'infini : sa pente est l'opposé de ce qu'on intègre, pris en x.",
    },
)

_BELOW = "(1 - minimum(n, 0))"  # E_n is an incomplete gamma function where n is not positive; SciPy's expn stops there

declare(
    "expn",
    aliases=("expint",),
    parameters=("n", "x"),
    meaning=sp.expint,
    derivatives=(None, "-expn(n - 1, x)"),
    code="where(n == floor(n), where(n > 0, expn(floor(maximum(n, 1)), x),"
    f" gamma({_BELOW})*gammaincc({_BELOW}, x)*power(x, -{_BELOW})), nan)",
    domains=(NONNEGATIVE, POSITIVE),
    confined=("x",),
    range=POSITIVE,
    probes=((0.0, 2.5), (1.0, 0.3), (2.0, 1.7), (3.0, 30.0), (5.0, 1e-3)),
    latex=r"E_{{{n}}}\left({x}\right)",
    noun=Noun("exponential integral of whole order", "exponentielle intégrale d'ordre entier", "f"),
    reason={
        "en": "It integrates exp(-xt) over a power of t: differentiating by x takes one off the order and changes the sign.",
        "fr": "On y intègre exp(-xt) divisé par une puissance de t : dériver par rapport à x baisse l'ordre de un et change le signe.",
    },
)

declare(
    "erfi",
    parameters=("x",),
    meaning=sp.erfi,
    derivatives=("2/sqrt(pi)*exp(x**2)",),
    code="erfi(x)",
    increasing=True,
    probes=_LINE,
    latex=r"\operatorname{erfi}",
    noun=Noun("imaginary error function", "fonction d'erreur imaginaire", "f"),
    reason={
        "en": "It is the error function with the sign of the square changed, an integral of exp(x²), which comes back.",
        "fr": "C'est la fonction d'erreur au signe du carré près : une intégrale de exp(x²), qu'on retrouve en dérivant.",
    },
)

declare(
    "dawsn",
    aliases=("dawson",),
    parameters=("x",),
    meaning=lambda x: sp.sqrt(sp.pi) / 2 * sp.exp(-(x**2)) * sp.erfi(x),
    derivatives=("hyp1f1(1, 1/2, -x**2)",),  # 1 - 2*x*out without the cancellation of the tails
    textbook="1 - 2*x*out",
    code="dawsn(x)",
    analytic="special.dawsn({x})",
    range=Interval(-0.5410442246351817, 0.5410442246351817, low_open=False, high_open=False),
    probes=(*_LINE, (15.0,)),
    latex="D",
    noun=Noun("Dawson function", "fonction de Dawson", "f"),
    reason={
        "en": "The factor exp(-x²) brings -2x times the function, and the integral of exp(x²) brings the constant one.",
        "fr": "Le facteur exp(-x²) apporte -2x fois la fonction, et l'intégrale de exp(x²) apporte la constante un.",
    },
)

declare(
    "hyp1f1",
    parameters=("a", "b", "x"),
    meaning=lambda a, b, x: sp.hyper((a,), (b,), x),
    derivatives=(None, None, "a/b*hyp1f1(a + 1, b + 1, x)"),
    code="hyp1f1(a, b, x)",
    domains=(REAL, POSITIVE, REAL),
    probes=((1.0, 2.0, -30.0), (1.0, 0.5, -0.8), (2.0, 3.0, 1e-9), (0.5, 1.0, 30.0), (1.5, 2.5, -1e4)),
    latex=r"{{}}_1F_1\left({a};{b};{x}\right)",
    noun=Noun("confluent hypergeometric function", "fonction hypergéométrique confluente", "f"),
    reason={
        "en": "Differentiating its power series term by term gives the same series with both parameters one higher, times a/b.",
        "fr": "En dérivant sa série terme à terme, on retrouve la même série, les deux paramètres augmentés de un, fois a/b.",
    },
)

declare(
    "spence",
    parameters=("z",),
    meaning=lambda z: sp.polylog(2, 1 - z),
    derivatives=("-1/exprel(log(z))",),  # log(z)/(1 - z), which is 0/0 at 1
    textbook="log(z)/(1 - z)",
    code="spence(z)",
    domains=(POSITIVE,),
    confined=("z",),
    range=Interval(high=1.6449340668482264, high_open=False),
    probes=((1e-6,), (0.3,), (0.999999,), (2.5,), (30.0,)),
    latex=r"\operatorname{{Li}}_2\left(1 - {z}\right)",
    noun=Noun("dilogarithm of one minus its argument", "dilogarithme de un moins son argument", "m"),
    reason={
        "en": "It is by definition the integral of ln(t)/(1 - t) from 1 to z, and differentiating gives the integrand back.",
        "fr": "C'est par définition l'intégrale de ln(t)/(1 - t) de 1 à z ; la dériver rend ce qu'on intègre.",
    },
)

_T = sp.Symbol("t", real=True)

declare(
    "owens_t",
    parameters=("h", "a"),
    # the factor is taken out so that what is integrated is of size 1, also far in the tail
    meaning=lambda h, a: sp.exp(-(h**2) / 2) * sp.Integral(sp.exp(-((h * _T) ** 2) / 2) / (1 + _T**2), (_T, 0, a)) / (2 * sp.pi),
    derivatives=("-normpdf(h)*erf(a*h/sqrt(2))/2", "exp(-h**2*(1 + a**2)/2)/(2*pi*(1 + a**2))"),
    code="owens_t(h, a)",
    range=Interval(-0.25, 0.25),
    probes=((0.3, 1.7), (-2.5, 0.4), (1.2, -0.8), (4.0, 0.5)),
    latex="T",
    noun=Noun("Owen's T function", "fonction T d'Owen", "f"),
    reason={
        "en": "By a, the integrand at the upper end comes back; by h, the integral left over is a Gaussian times an error function.",
        "fr": "Par rapport à a, on retrouve l'intégrande au bout ; par rapport à h, il reste une gaussienne fois une fonction d'erreur.",
    },
)

declare(
    "lambertw",
    aliases=("LambertW",),
    parameters=("x",),
    meaning=sp.LambertW,
    derivatives=("exp(-out)/(1 + out)",),
    textbook="out/(x*(1 + out))",
    defined=True,
    code="lambertw(x)",
    domains=(Interval(-0.36787944117144233, inf),),
    confined=("x",),
    range=Interval(-1.0, inf, low_open=False),
    increasing=True,
    probes=((-0.36,), (-0.2,), (1e-9,), (0.7,), (30.0,), (1e12,)),
    latex="W",
    noun=Noun("Lambert function", "fonction de Lambert", "f"),
    reason={
        "en": "It undoes w exp(w), whose slope is (1 + w) exp(w); the inverse function has the inverse slope.",
        "fr": "Elle défait w exp(w), dont la pente est (1 + w) exp(w) ; la fonction réciproque a la pente inverse.",
    },
)
