"""French for remarks on a text that was read: what it may have meant instead."""

from __future__ import annotations

SENTENCES = {
    "remark.at": "ligne {line}, colonne {column}~: {remark}",
    "remark.product": "{written} est lu coefficient par coefficient~; le produit matriciel s'écrit {meant}.",
    "remark.inverse": "{written} est lu coefficient par coefficient~: {read}~; l'inverse s'écrit {meant}.",
    "remark.power": "{written} est lu coefficient par coefficient~; la puissance de la matrice s'écrit {meant}.",
    "remark.elsewhere": "{written} est la fonction de SciPy, coefficient par coefficient~; la perte de ce nom de PyTorch s'écrit {meant}.",
}
