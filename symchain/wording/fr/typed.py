"""French for answers that cannot be read, or in two ways."""

from __future__ import annotations

SENTENCES = {
    "typed.two": "{text} peut se lire {one} ou {other}",
    "typed.two.advice": "Ajoutez les parenthèses et les signes qui lèvent le doute.",
    "typed.joined": "{name} peut se lire comme un seul nom, que l'énoncé ne connaît pas, ou comme {product}",
    "typed.joined.advice": "Pour un produit, écrivez {product}.",
    "typed.call": "{text} peut se lire comme la fonction {name} appliquée à la parenthèse, ou comme {product}",
    "typed.call.advice": "Pour un produit, écrivez {product}.",
    "typed.euler": "e peut se lire comme le nombre d'Euler ou comme un nom",
    "typed.euler.advice": "Pour le nombre, écrivez exp(1).",
    "typed.unknown": "{name} n'est pas un nom de l'énoncé",
    "typed.unknown.advice": "Noms connus~: {names}.",
    "typed.function": "{name} n'est pas une fonction de l'énoncé",
    "typed.function.advice": "Nommez-la comme dans l'énoncé, ou écrivez sa formule. Noms connus~: {names}.",
    "typed.power": "{name}^{power} peut se lire comme une puissance de {name}(...), comme {name} appliquée plusieurs fois ou comme une "
    "réciproque",
    "typed.power.advice": "Mettez la puissance après l'argument, ou nommez la fonction réciproque.",
    "typed.bars": "les barres ne vont pas par paires",
    "typed.bars.advice": "Écrivez abs(x).",
    "typed.product": "{left} et {right} sont des tableaux~: leur produit peut se lire comme un produit de matrices ou terme à terme",
    "typed.product.advice": "Écrivez @ pour le produit de matrices, * pour le produit terme à terme.",
    "typed.norm": "des barres autour d'un tableau peuvent désigner sa norme ou les valeurs absolues de ses termes",
    "typed.norm.advice": "Écrivez norm(x) ou abs(x).",
    "typed.subject": "la réponse porte sur {found}, alors qu'on demande {asked}",
    "typed.subject.advice": "Donnez la formule de {asked}.",
    "typed.chain": "il y a plusieurs signes égal~: on ne sait laquelle des formules est la réponse",
    "typed.chain.advice": "Ne donnez que la dernière formule, ou faites vérifier les étapes (check --steps).",
    "typed.empty": "il n'y a pas de réponse",
    "typed.empty.advice": "Écrivez la formule de {asked}.",
}
