"""French for data that lacks a fact that was declared of it."""

from __future__ import annotations

SENTENCES = {
    "fact.entry": "{name} est déclaré {fact}, mais {entry} vaut {value}",
    "fact.total": "{name} est déclaré {fact}, mais la somme de {row} vaut {value}",
    "fact.mirror": "{name} est déclaré {fact}, mais {entry}, qui vaut {value}, et {mirror} sont différents",
    "fact.shifted": "{name} est déclaré {fact}, mais {entry}, qui vaut {value}, est différent du coefficient précédent de sa diagonale",
    "fact.columns": "{name} est déclaré {fact}, mais {columns} vaut {value}",
    "fact.eigenvalue": "{name} est déclaré {fact}, mais sa plus petite valeur propre vaut {value}",
    "fact.singular": "{name} est déclaré {fact}, mais sa plus petite valeur singulière vaut {value}~: aux arrondis près, la matrice "
    "n'est pas inversible",
    "fact.advice": "Donnez des valeurs qui respectent la déclaration {fact}, ou retirez-la de {name}~; pour une fonction compilée, "
    'with_options(facts="trust") la tient pour vraie sans la vérifier.',
    "fact.mirror.advice": "Donnez ({name} + {name}.T)/2 si l'écart vient d'arrondis, ou retirez la déclaration de {name}~; pour une "
    'fonction compilée, with_options(facts="trust") la tient pour vraie sans la vérifier.',
}
