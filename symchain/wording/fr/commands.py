"""French for the command line: what stands before values, and what is said of a number by which nothing can be derived."""

from __future__ import annotations

SENTENCES = {
    "notebook.kept": "À votre disposition~: {names}.",
    "point.at": "en {point}",
    "number.what": "{number} est un nombre, il ne peut pas varier~: «~dériver par rapport à {number}~» n'a pas de sens",
    "number.advice": "On lui donne un nom~: f = c*x, alors df/dc = x, puis on prend c = {number}~: toujours x.",
}
