"""Steps: rounding down, up, to zero and to the nearest, and quotients and remainders of division. Their slopes are 0 off the jumps."""

from __future__ import annotations

import sympy as sp

from symchain.functions.spec import POSITIVE, REAL, Noun, declare

_LINE = ((-1e3 - 0.3,), (-2.6,), (-0.4,), (0.3,), (1.7,), (1e6 + 0.25,))
_HALF = sp.Rational(1, 2)


def _truncated(x: sp.Expr) -> sp.Expr:
    return sp.Piecewise((-sp.floor(-x), x < 0), (sp.floor(x), True))


for _name, _aliases, _meaning, _code, _ties, _latex, _noun, _en, _fr in (
    (
        "floor",
        (),
        sp.floor,
        "floor(x)",
        (("x", "floor(x)"),),
        r"\left\lfloor {x} \right\rfloor",
        Noun("rounding down", "partie entière", "f"),
        "Rounded down, a number is constant between two jumps: slope 0.",
        "La partie entière est constante entre deux sauts : pente 0.",
    ),
    (
        "ceil",
        ("ceiling",),
        lambda x: -sp.floor(-x),
        "ceil(x)",
        (("x", "floor(x)"),),
        r"\left\lceil {x} \right\rceil",
        Noun("rounding up", "arrondi par excès", "m"),
        "The smallest whole number above is constant between two jumps: slope 0.",
        "L'arrondi par excès est constant entre deux sauts : pente 0.",
    ),
    (
        "trunc",
        ("fix",),
        _truncated,
        "trunc(x)",
        (("abs(x)", "maximum(floor(abs(x)), 1)"),),
        r"\operatorname{trunc}",
        Noun("rounding towards zero", "troncature", "f"),
        "What stands before the decimal point is constant between two jumps: slope 0.",
        "Ce qui précède la virgule est constant entre deux sauts : pente 0.",
    ),
    (
        "round",
        ("rint",),
        lambda x: sp.Piecewise((2 * sp.floor((x + _HALF) / 2), sp.Eq(x - sp.floor(x), _HALF)), (sp.floor(x + _HALF), True)),
        "rint(x)",
        (("x - 1/2", "floor(x - 1/2)"),),
        r"\operatorname{round}",
        Noun("rounding to the nearest", "arrondi au plus proche", "m"),
        "The nearest whole number, an even one half way, is constant between two jumps: slope 0.",
        "L'entier le plus proche, pair à mi-chemin, est constant entre deux sauts : pente 0.",
    ),
):
    declare(
        _name,
        aliases=_aliases,
        parameters=("x",),
        meaning=_meaning,
        derivatives=("0",),
        code=_code,
        ties=_ties,
        probes=_LINE,
        latex=_latex,
        noun=_noun,
        reason={"en": _en, "fr": _fr},
    )

declare(
    "floor_divide",
    parameters=("x", "y"),
    meaning=lambda x, y: sp.floor(x / y),
    derivatives=("0", "0"),
    code="rint((x - mod(x, y))/y)",
    ties=(("x/y", "floor(x/y)"),),
    domains=(REAL, POSITIVE),
    probes=((0.3, 1.7), (-2.6, 2.0), (2.5, 0.7), (1e3, 1.3)),
    latex=r"\left\lfloor \frac{{{x}}}{{{y}}} \right\rfloor",
    noun=Noun("whole quotient", "quotient entier", "m"),
    reason={
        "en": "How often y goes into x is a whole number, constant between two jumps: slope 0.",
        "fr": "Le nombre de fois que y est contenu dans x est un entier, constant entre deux sauts : pente 0.",
    },
)
declare(
    "fmod",
    parameters=("x", "y"),
    meaning=lambda x, y: x - y * _truncated(x / y),
    derivatives=("1", "(out - x)/y"),
    code="fmod(x, y)",
    ties=(("abs(x/y)", "maximum(floor(abs(x/y)), 1)"),),
    domains=(REAL, POSITIVE),
    probes=((0.3, 1.7), (-2.6, 2.0), (2.5, 0.7), (1e3, 1.3)),
    latex=r"\operatorname{fmod}",
    noun=Noun("remainder with the sign of x", "reste du signe de x", "m"),
    reason={
        "en": "What is left of x, with its sign, is x minus a whole number of times y; between two jumps that number is constant.",
        "fr": "Le reste, du signe de x, est x moins un multiple entier de y ; entre deux sauts, ce multiple est constant.",
    },
)
