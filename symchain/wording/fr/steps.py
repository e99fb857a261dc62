"""French for derivations of several lines: what is right, what is carried along, and where the first mistake is."""

from __future__ import annotations

SENTENCES = {
    "steps.line": "ligne {line}~: {message}",
    "steps.all": "Toutes les lignes sont exactes.",
    "steps.open": "Aucune ligne n'est fausse, mais toutes n'ont pas pu être examinées.",
    "steps.false": "La première ligne fausse est la ligne {line}~: {claim}",
    "steps.right": "Exact.",
    "steps.mended": "Exact en soi, mais cela ne découle pas de la ligne précédente, qui est fausse.",
    "steps.carried": "Faux en soi, mais cela découle de la ligne précédente~: l'erreur est reportée.",
    "steps.new": "Cela ne découle pas de la ligne précédente. {message}",
    "steps.wrong": "{message}",
    "steps.definition": "{name} est défini ici.",
}
