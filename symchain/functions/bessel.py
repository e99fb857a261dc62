"""Bessel functions of the first and second kind and the modified ones; the order is a constant.

The modified functions i0, i1, i0e and i1e are with the special functions. SciPy computes all of them.
"""

from __future__ import annotations

import sympy as sp

from symchain.functions.spec import POSITIVE, REAL, Interval, Noun, declare

_LINE = ((-20.0,), (-0.8,), (1e-6,), (0.7,), (30.0,))
_RIGHT = ((1e-3,), (0.7,), (2.5,), (30.0,))
_SHORT = ((0.05,), (0.3,), (2.5,), (6.0,))  # mpmath takes minutes for K of whole order elsewhere

declare(
    "j0",
    aliases=("bessel_j0",),
    parameters=("x",),
    meaning=lambda x: sp.besselj(0, x),
    derivatives=("-j1(x)",),
    code="j0(x)",
    range=Interval(-0.4028, 1.0, high_open=False),
    probes=_LINE,
    latex="J_0",
    noun=Noun("Bessel function of order zero", "fonction de Bessel d'ordre zéro", "f"),
    reason={
        "en": "The Bessel function of order zero differentiates into minus that of order one.",
        "fr": "La fonction de Bessel d'ordre zéro a pour dérivée l'opposé de celle d'ordre un.",
    },
)

declare(
    "j1",
    aliases=("bessel_j1",),
    parameters=("x",),
    meaning=lambda x: sp.besselj(1, x),
    derivatives=("(j0(x) - jv(2, x))/2",),  # without the quotient, which is 0/0 at 0
    textbook="j0(x) - out/x",
    code="j1(x)",
    range=Interval(-0.5819, 0.5819),
    probes=_LINE,
    latex="J_1",
    noun=Noun("Bessel function of order one", "fonction de Bessel d'ordre un", "f"),
    reason={
        "en": "The recurrence of the Bessel functions gives the slope as half the order below minus half the order above.",
        "fr": "La relation de récurrence donne la pente : la moitié de l'ordre inférieur moins la moitié de l'ordre supérieur.",
    },
)

declare(
    "jv",
    aliases=("jn", "besselj"),
    parameters=("v", "x"),
    meaning=sp.besselj,
    derivatives=(None, "(jv(v - 1, x) - jv(v + 1, x))/2"),
    code="jv(v, x)",
    domains=(REAL, POSITIVE),
    probes=((0.0, 0.7), (2.0, 2.5), (2.5, 30.0), (1.0, 1e-3), (-0.5, 1.7)),
    latex=r"J_{{{v}}}\left({x}\right)",
    noun=Noun("Bessel function of the first kind", "fonction de Bessel de première espèce", "f"),
    reason={
        "en": "Bessel functions obey a recurrence: the slope is half the order below minus half the order above.",
        "fr": "Les fonctions de Bessel vérifient une récurrence : la pente est la demi-différence des deux ordres voisins.",
    },
)

declare(
    "y0",
    aliases=("bessel_y0",),
    parameters=("x",),
    meaning=lambda x: sp.bessely(0, x),
    derivatives=("-y1(x)",),
    code="y0(x)",
    domains=(POSITIVE,),
    confined=("x",),
    range=Interval(high=0.5209),
    probes=_RIGHT,
    latex="Y_0",
    noun=Noun("Bessel function of the second kind and order zero", "fonction de Bessel de seconde espèce d'ordre zéro", "f"),
    reason={
        "en": "As with the first kind, the function of order zero differentiates into minus that of order one.",
        "fr": "Comme pour la première espèce, la fonction d'ordre zéro a pour dérivée l'opposé de celle d'ordre un.",
    },
)

declare(
    "y1",
    aliases=("bessel_y1",),
    parameters=("x",),
    meaning=lambda x: sp.bessely(1, x),
    derivatives=("y0(x) - out/x",),
    code="y1(x)",
    domains=(POSITIVE,),
    confined=("x",),
    range=Interval(high=0.4168),
    probes=_RIGHT,
    latex="Y_1",
    noun=Noun("Bessel function of the second kind and order one", "fonction de Bessel de seconde espèce d'ordre un", "f"),
    reason={
        "en": "The recurrence of the second kind gives the slope: the order below, minus the function over its argument.",
        "fr": "La récurrence de la seconde espèce donne la pente : l'ordre inférieur, moins la fonction divisée par x.",
    },
)

declare(
    "yv",
    aliases=("yn", "bessely"),
    parameters=("v", "x"),
    meaning=sp.bessely,
    derivatives=(None, "(yv(v - 1, x) - yv(v + 1, x))/2"),
    code="yv(v, x)",
    domains=(REAL, POSITIVE),
    confined=("x",),
    probes=((0.0, 0.7), (2.0, 2.5), (2.5, 30.0), (1.3, 0.1)),
    latex=r"Y_{{{v}}}\left({x}\right)",
    noun=Noun("Bessel function of the second kind", "fonction de Bessel de seconde espèce", "f"),
    reason={
        "en": "The second kind obeys the recurrence of the first: half the order below minus half the order above.",
        "fr": "La seconde espèce vérifie la récurrence de la première : la demi-différence des deux ordres voisins.",
    },
)

declare(
    "iv",
    aliases=("besseli",),
    parameters=("v", "x"),
    meaning=sp.besseli,
    derivatives=(None, "(iv(v - 1, x) + iv(v + 1, x))/2"),
    code="iv(v, x)",
    domains=(REAL, POSITIVE),
    probes=((0.0, 0.7), (2.0, 2.5), (2.5, 30.0), (1.0, 1e-3)),
    latex=r"I_{{{v}}}\left({x}\right)",
    noun=Noun("modified Bessel function of the first kind", "fonction de Bessel modifiée de première espèce", "f"),
    reason={
        "en": "Modified Bessel functions obey a recurrence: the slope is the mean of the orders below and above.",
        "fr": "Les fonctions de Bessel modifiées vérifient une récurrence : la pente est la moyenne des deux ordres voisins.",
    },
)

declare(
    "k0",
    aliases=("modified_bessel_k0",),
    parameters=("x",),
    meaning=lambda x: sp.besselk(0, x),
    derivatives=("-k1(x)",),
    code="k0(x)",
    domains=(POSITIVE,),
    confined=("x",),
    range=POSITIVE,
    probes=_SHORT,
    latex="K_0",
    noun=Noun("modified Bessel function of the second kind and order zero", "fonction de Macdonald d'ordre zéro", "f"),
    reason={
        "en": "The modified function of the second kind and order zero differentiates into minus that of order one.",
        "fr": "La fonction de Macdonald d'ordre zéro a pour dérivée l'opposé de celle d'ordre un.",
    },
)

declare(
    "k1",
    aliases=("modified_bessel_k1",),
    parameters=("x",),
    meaning=lambda x: sp.besselk(1, x),
    derivatives=("-k0(x) - out/x",),
    code="k1(x)",
    domains=(POSITIVE,),
    confined=("x",),
    range=POSITIVE,
    probes=_SHORT,
    latex="K_1",
    noun=Noun("modified Bessel function of the second kind and order one", "fonction de Macdonald d'ordre un", "f"),
    reason={
        "en": "The function decreases: by the recurrence its slope is minus the order below, minus itself over its argument.",
        "fr": "La fonction décroît : par récurrence, sa pente est l'opposé de l'ordre inférieur, moins elle-même divisée par x.",
    },
)

declare(
    "kv",
    aliases=("kn", "besselk"),
    parameters=("v", "x"),
    meaning=sp.besselk,
    derivatives=(None, "-(kv(v - 1, x) + kv(v + 1, x))/2"),
    code="kv(v, x)",
    domains=(REAL, POSITIVE),
    confined=("x",),
    range=POSITIVE,
    probes=((0.0, 0.7), (2.0, 1.5), (2.5, 30.0), (1.3, 0.1)),
    latex=r"K_{{{v}}}\left({x}\right)",
    noun=Noun("modified Bessel function of the second kind", "fonction de Macdonald", "f"),
    reason={
        "en": "The modified function of the second kind decreases: its slope is minus the mean of the orders below and above.",
        "fr": "La fonction de Macdonald décroît : sa pente est l'opposé de la moyenne des deux ordres voisins.",
    },
)

declare(
    "k0e",
    parameters=("x",),
    meaning=lambda x: sp.exp(x) * sp.besselk(0, x),
    derivatives=("out - k1e(x)",),
    code="k0e(x)",
    domains=(POSITIVE,),
    confined=("x",),
    range=POSITIVE,
    probes=_SHORT,
    latex=r"\operatorname{k0e}",
    noun=Noun("scaled modified Bessel function of the second kind and order zero", "fonction de Macdonald normalisée d'ordre zéro", "f"),
    reason={
        "en": "The factor exp(x) gives the function itself, and the Bessel function of order zero gives minus that of order one.",
        "fr": "Le facteur exp(x) redonne la fonction elle-même, et la fonction de Macdonald d'ordre zéro donne l'opposé de l'ordre un.",
    },
)

declare(
    "k1e",
    parameters=("x",),
    meaning=lambda x: sp.exp(x) * sp.besselk(1, x),
    derivatives=("out - k0e(x) - out/x",),
    code="k1e(x)",
    domains=(POSITIVE,),
    confined=("x",),
    range=POSITIVE,
    probes=_SHORT,
    latex=r"\operatorname{k1e}",
    noun=Noun("scaled modified Bessel function of the second kind and order one", "fonction de Macdonald normalisée d'ordre un", "f"),
    reason={
        "en": "The factor exp(x) gives the function itself, and the recurrence of the Bessel functions gives the other two terms.",
        "fr": "Le facteur exp(x) redonne la fonction elle-même, et la récurrence des fonctions de Bessel donne les deux autres termes.",
    },
)
