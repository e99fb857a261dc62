"""French for the picture of a graph."""

from __future__ import annotations

SENTENCES = {
    "graph.title": "Valeurs et gradients de {output}",
    "graph.legend.value": "valeur (propagation avant)",
    "graph.legend.gradient": "∂{output}/∂· (rétropropagation)",
    "graph.legend.wire": "plus le fil est épais, plus le gradient est grand (épaisseur maximale : la plus influente des entrées)",
    "graph.legend.array": "[4×3] ‖2,31‖ : dimensions et norme d'un tableau",
    "graph.legend.time": "une flèche vers le passé~: ce que définit une étape, une étape ultérieure le lit~; le gradient y revient",
    "graph.legend.shared": "{names}~: les mêmes à chaque étape~; leurs gradients sont des sommes sur les étapes",
    "graph.legend.shared_one": "{names}~: le même à chaque étape~; son gradient est une somme sur les étapes",
    "graph.next": "{source} est {target} de l'étape suivante",
    "graph.later": "{source} est {target}, {steps} étapes plus tard",
    "graph.legend.summed": "{output} : la somme des coefficients de {block}",
    "graph.hover.value": "valeur : {value}",
    "graph.hover.shape": "dimensions : {shape}",
    "graph.hover.wire": "{source} → {target}",
    "graph.hover.product": "reçu {received} × locale {local} = transmis {sent}",
    "graph.hover.map": "transmis : {map}",
    "graph.hover.norms": "reçu {received}, transmis {sent}",
    "graph.hover.none": "aucun gradient ne passe ici",
    "graph.hover.blocked": "on ne dérive pas {output} par rapport à {name}",
    "graph.hover.use": "{sent} (par {name})",
    "graph.hover.sum": "{derivative} = {terms} = {total}",
    "graph.hover.arrays": "{derivative} = {total}, somme de {terms}",
    "graph.hover.terms": "{derivative} = {terms}",
}
