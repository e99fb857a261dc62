"""French for the numerical check of a derivation."""

from __future__ import annotations

SENTENCES = {
    "check.at": "En {point}~: {statement}~; {method}~: {reference}~; écart relatif maximal sur {points}~: {error}.",
    "check.at_one": "En {point}~: {statement}~; {method}~: {reference}~; écart relatif~: {error}.",
    "check.array": "En {point}~: {derivative}, vérification {method} sur {components} en {points}~; "
    "écart relatif maximal~: {error}.",
    "check.somewhere": "{derivative}, vérification {method} sur {components} en {points}~; écart relatif maximal~: {error}.",
    "check.shared": "En {point}~: {values}. Vérification {method} en {points}~; écart relatif maximal~: {error}.",
    "check.points": "{count} points",
    "check.points.one": "un point",
    "check.components": "{count} composantes",
    "check.components.one": "une composante",
    "check.rounded": "Cet écart est dû aux arrondis~: changer les derniers chiffres le modifie tout autant.",
    "check.sampled": "Pour cette vérification, les fonctions de dérivée inconnue sont remplacées par des fonctions témoins.",
    # where the derivative is 0
    "check.zero": "En {point}~: {statement}~; {method}~: {reference}~; les deux sont nuls en {points}.",
    "check.zero.somewhere": "{derivative}, vérification {method} en {points}~: les deux valeurs sont nulles.",
    # where nothing is known
    "check.none": "Aucune vérification numérique n'a été possible ici~: {reason}",
    "check.nowhere": "Aucune vérification numérique n'a été possible ici~: aucun point n'a été trouvé où le calcul et sa dérivée aient des "
    "valeurs finies en double précision.",
    "check.kinks": "Aucune vérification numérique n'a été possible ici~: tous les points essayés sont anguleux, sans dérivée.",
    "check.rounding": "On ne peut rien conclure ici~: en double précision, partout où {derivative} n'est pas nulle aux points essayés, les "
    "arrondis la changent autant que le ferait une erreur.",
    "check.flat": "On ne peut rien conclure ici~: {derivative} et la valeur obtenue {method} sont nulles en tous les points "
    "essayés ({points}), où celle d'une formule fausse pourrait l'être aussi.",
    "check.failed": "La vérification a échoué~: l'écart relatif maximal est de {error}. C'est un défaut de symchain, merci de le signaler.",
    # the reader's point
    "check.asked": "ce point",
    "check.asked.outside": "En {point}, le calcul n'a pas de valeur.",
    "check.asked.steep": "En {point}, le calcul n'a pas de dérivée finie.",
    "check.asked.singular": "En {point}, la formule telle qu'elle est écrite n'a pas de valeur.",
    "check.asked.rounding": "En {point}, les arrondis comptent autant que la formule, en double précision.",
    "check.asked.kink": "En {point}, le graphe a un point anguleux et {output} n'a pas de dérivée~: {statement} est le sous-gradient de "
    "norme minimale, pris par convention.",
    "check.asked.kink.array": "En {point}, le graphe a un point anguleux et {output} n'a pas de dérivée~: dans les composantes concernées, "
    "{derivative} est le sous-gradient de norme minimale, pris par convention.",
    "check.asked.branch": "En {point}, une comparaison est une égalité~: {statement} est la dérivée de la branche prise.",
    "check.asked.branch.array": "En {point}, une comparaison est une égalité~: {derivative} est la dérivée de la branche prise.",
    "check.elsewhere": "La vérification est faite en d'autres points.",
    # what the sign says
    "reading.positive": "Lecture~: {statement}, donc augmenter un peu {wrt} augmente {output}.",
    "reading.zero": "Lecture~: {statement} en ce point, donc une petite variation de {wrt} ne change pas {output}, au premier ordre.",
    "reading.negative": "Lecture~: {statement}, donc augmenter un peu {wrt} diminue {output}.",
    "method.differences with many digits": "par différences centrées à grand nombre de chiffres",
    "method.complex step": "par différentiation à pas complexe",
    "method.complex step and central difference": "par différentiation à pas complexe puis différence centrée",
}
