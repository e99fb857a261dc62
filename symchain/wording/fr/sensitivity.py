"""French for sensitivities: clauses beside a bar or in a list, without a capital or a full stop, and a few whole sentences."""

from __future__ import annotations

SENTENCES = {
    "influence.title": "Influence des entrées sur {output}",
    "influence.at": "En {point}, où {statement}.",
    "influence.here": "Au point donné, où {statement}.",
    "influence.over": "Sur {count} points, où {output} vaut {value} en moyenne.",
    "influence.rank": "rang",
    "influence.input": "entrée",
    "influence.value": "valeur",
    "influence.slopes": "gradient",
    "influence.elasticities": "élasticité",
    "influence.panel.slope": "Gradient {symbol}~: à petites variations égales",
    "influence.panel.slope_mean": "Gradient {symbol}~: à petites variations égales, grandeur moyenne sur les points",
    "influence.panel.elasticity": "Élasticité {symbol}~: à variations relatives égales",
    "influence.panel.elasticity_mean": "Élasticité {symbol}~: à variations relatives égales, grandeur moyenne sur les points",
    # one input, one bar
    "influence.raises": "augmenter {input} de {step} augmente {output} d'environ {change}",
    "influence.lowers": "augmenter {input} de {step} diminue {output} d'environ {change}",
    "influence.norm": "une variation de {input} de norme {step} fait varier {output} d'au plus {change} environ~; "
    "coefficient le plus influent~: {strongest}",
    "influence.mean": "une variation de {step} de {input} fait varier {output} d'environ {change} en moyenne~; "
    "l'augmenter augmente {output} en {up} des {count} points",
    "influence.mean.never": "une variation de {step} de {input} fait varier {output} d'environ {change} en moyenne~; "
    "l'augmenter n'augmente {output} en aucun des {count} points",
    "influence.mean_norm": "une variation de {input} de norme {step} fait varier {output} d'au plus {change} environ, en moyenne sur les "
    "points",
    "influence.percent.raises": "augmenter {input} de 1~% augmente {output} d'environ {change}~%",
    "influence.percent.lowers": "augmenter {input} de 1~% diminue {output} d'environ {change}~%",
    "influence.percent.enlarges": "augmenter |{input}| de 1~% fait monter |{output}| d'environ {change}~%",
    "influence.percent.shrinks": "augmenter |{input}| de 1~% fait baisser |{output}| d'environ {change}~%",
    "influence.percent.mean": "une variation de 1~% de {input} fait varier {output} d'environ {change}~% en moyenne",
    "influence.percent.none": "augmenter |{input}| de 1~% ne change pas {output}, au premier ordre",
    # zeros and saturation
    "influence.unrelated": "exactement 0~: {output} ne dépend pas de {input}",
    "influence.flat": "exactement 0~: tous les chemins de {input} à {output} passent par un facteur toujours nul",
    "influence.killed_one": "exactement 0~: {factors} coupe tous les chemins de {input} à {output}",
    "influence.killed_many": "exactement 0~: {factors} coupent tous les chemins de {input} à {output}",
    "influence.cancelled": "exactement 0~: les contributions des chemins de {input} à {output} s'annulent",
    "influence.undefined": "la dérivée par rapport à {input} n'est pas définie ici",
    "influence.saturated": "saturation~: {factor} = {value} dans {block}, presque rien ne passe",
    "influence.saturated_off": "coupure~: {factor} = 0 dans {block}, rien ne passe",
    "influence.saturated_some": "saturation~: {factor} est inférieure à 0,001 en valeur absolue pour {count} des {total} valeurs de "
    "{block}, "
    "presque rien ne passe",
    # what to keep in mind
    "influence.warning": "Lecture locale, près de ce point~: de plus grandes variations peuvent agir autrement.",
    "influence.warning_many": "Lecture locale, près de ces points~: de plus grandes variations peuvent agir autrement.",
    "influence.compare": "Le gradient compare de petites variations égales, l'élasticité des variations relatives égales~: "
    "leurs classements peuvent différer.",
    "influence.no_elasticity": "Il n'y a pas d'élasticité là où {output} est nul.",
    "influence.omitted.one": "Une entrée moins influente n'est pas affichée.",
    "influence.omitted": "{count} entrées moins influentes ne sont pas affichées.",
    "influence.arrays": "Pour un tableau, le nombre est la longueur de son gradient~; "
    "les coefficients positifs forment la barre de droite, "
    "les négatifs celle de gauche.",
    "influence.both": "À droite de 0~: la moyenne des cas où augmenter l'entrée augmente la sortie~; "
    "à gauche~: des cas où cela la diminue.",
    "influence.labels": "Ne varient pas, car ce sont des nombres entiers ou qu'on ne peut pas dériver par rapport à elles~: {names}.",
}
