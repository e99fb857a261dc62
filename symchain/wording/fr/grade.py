"""French for grades: one line an answer, and how many of each there are."""

from __future__ import annotations

SENTENCES = {
    "grade.row": "{id}~: {message}",
    "grade.row.points": "{id}~: [{points}] {message}",
    "grade.total": "{answers} réponses~: {right} exactes, {wrong} fausses, {undecided} indécises, {unreadable} illisibles.",
    "grade.time": "Indécis~: l'examen de cette réponse a pris trop de temps~; il faut la relire.",
    "grade.defect": "Indécis~: symchain n'a pas su examiner cette réponse~; il faut la relire.",
}
