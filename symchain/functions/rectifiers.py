"""More activations of neural networks: rectifiers with parameters, smooth ones and sparse ones (see also activations)."""

from __future__ import annotations

import sympy as sp

from symchain.functions.spec import NONNEGATIVE, POSITIVE, Interval, Kink, Noun, declare

_LINE = ((-30.0,), (-1.3,), (-1e-9,), (0.4,), (2.5,), (30.0,))

declare(
    "prelu",
    parameters=("x", "a"),
    meaning=lambda x, a: sp.Piecewise((x, x > 0), (a * x, True)),
    derivatives=("where(x > 0, 1, where(x < 0, a, clip(a, 0, 1)))", "where(x > 0, 0, x)"),
    textbook="where(x > 0, 1, a)",
    code="where(x > 0, x, a*x)",
    ties=(("x", "0"),),
    activation=True,
    probes=((-30.0, 0.25), (-1.3, 1.7), (0.4, -0.3), (2.5, 0.25)),
    latex=r"\operatorname{PReLU}",
    noun=Noun("rectifier with a slope of its own", "fonction ReLU à pente réglable", "f"),
    reason={
        "en": "Positive values pass with slope 1 and the others with slope a; by a, the slope is the value let through.",
        "fr": "Les valeurs positives passent avec la pente 1, les autres avec la pente a ; par rapport à a, la pente est cette valeur.",
    },
)

declare(
    "threshold",
    parameters=("x", "t", "v"),
    meaning=lambda x, t, v: sp.Piecewise((x, x > t), (v, True)),
    derivatives=("where(x > t, 1, 0)", "0", "where(x > t, 0, 1)"),
    code="where(x > t, x, v)",
    ties=(("x", "t"),),
    activation=True,
    probes=((0.3, -1.0, 1.7), (-2.5, -1.0, 1.7), (2.5, 3.0, -0.4), (1e6, 0.0, 6.0)),
    latex=r"\operatorname{threshold}",
    noun=Noun("threshold", "fonction seuil", "f"),
    reason={
        "en": "Above the threshold the argument passes unchanged, slope 1; elsewhere the replacement is the value, and it passes.",
        "fr": "Au-dessus du seuil, l'argument passe tel quel, pente 1 ; ailleurs, c'est la valeur de remplacement qui passe.",
    },
)

declare(
    "squareplus",
    parameters=("x",),
    meaning=lambda x: (x + sp.sqrt(x**2 + 4)) / 2,
    derivatives=("out/sqrt(x**2 + 4)",),
    textbook="(1 + x/sqrt(x**2 + 4))/2",
    # on the left the sum cancels; its conjugate does not
    code="where(x < 0, 2/(hypot(x, 2) + abs(x)), (x + hypot(x, 2))/2)",
    analytic="np.where(np.real({x}) < 0, 2/(np.sqrt({x}*{x} + 4) - {x}), ({x} + np.sqrt({x}*{x} + 4))/2)",
    range=POSITIVE,
    activation=True,
    increasing=True,
    probes=(*_LINE, (-1e4,)),
    latex=r"\operatorname{squareplus}",
    noun=Noun("squareplus", "fonction squareplus", "f"),
    reason={
        "en": "The root has slope x over itself; half of one plus that is the function itself over the root.",
        "fr": "La racine a pour pente x divisé par elle-même ; la moitié de un plus cela est la fonction divisée par la racine.",
    },
)

declare(
    "quick_gelu",
    parameters=("x",),
    meaning=lambda x: x / (1 + sp.exp(-sp.Rational("1.702") * x)),
    derivatives=("sigmoid(1.702*x)*(1 + 1.702*x*sigmoid(-1.702*x))",),
    textbook="sigmoid(1.702*x) + 1.702*out*(1 - sigmoid(1.702*x))",
    code="x*expit(1.702*x)",
    analytic="{x}*np.exp(np.where(np.real({x}) < 0, 1.702*{x}, 0))/(1 + np.exp(1.702*np.where(np.real({x}) < 0, {x}, -{x})))",
    range=Interval(low=-0.1637),
    activation=True,
    probes=_LINE,
    latex=r"\operatorname{GELU}_{\sigma}",
    noun=Noun("sigmoid form of GELU", "forme de GELU par sigmoïde", "f"),
    reason={
        "en": "It is the argument times the sigmoid of 1.702 times the argument: product rule, then chain rule.",
        "fr": "C'est l'argument fois la sigmoïde de 1,702 fois l'argument : dérivée d'un produit, puis règle de la chaîne.",
    },
)

declare(
    "sparse_plus",
    parameters=("x",),
    meaning=lambda x: sp.Piecewise((0, x < -1), (x, x > 1), ((x + 1) ** 2 / 4, True)),
    derivatives=("clip((x + 1)/2, 0, 1)",),
    code="where(x < 1, square(clip(x + 1, 0, 2))/4, x)",
    range=NONNEGATIVE,
    activation=True,
    probes=_LINE,
    latex=r"\operatorname{sparseplus}",
    noun=Noun("sparse softplus", "fonction softplus creuse", "f"),
    reason={
        "en": "Between -1 and 1 a parabola joins the two lines of the rectifier, and its slope rises in a straight line from 0 to 1.",
        "fr": "Entre -1 et 1, une parabole raccorde les deux droites de la fonction ReLU, et sa pente monte de 0 à 1 en ligne droite.",
    },
)

declare(
    "sparse_sigmoid",
    parameters=("x",),
    meaning=lambda x: sp.Piecewise((0, x < -1), (1, x > 1), ((x + 1) / 2, True)),
    derivatives=("where(abs(x) < 1, 1/2, 0)",),
    code="clip(x + 1, 0, 2)/2",
    range=Interval(0.0, 1.0, low_open=False, high_open=False),
    kinks=(Kink(-1.0, 0.0), Kink(1.0, 0.0)),
    activation=True,
    probes=_LINE,
    latex=r"\operatorname{sparsesigmoid}",
    noun=Noun("sparse sigmoid", "sigmoïde creuse", "f"),
    reason={
        "en": "Between -1 and 1 it is a line of slope 1/2; beyond it is saturated, slope 0.",
        "fr": "Entre -1 et 1, c'est une droite de pente 1/2 ; au-delà, elle est saturée, de pente 0.",
    },
)
