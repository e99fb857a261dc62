"""English for grades: one line an answer, and how many of each there are."""

from __future__ import annotations

SENTENCES = {
    "grade.row": "{id}: {message}",
    "grade.row.points": "{id}: [{points}] {message}",
    "grade.total": "{answers} answers: {right} right, {wrong} wrong, {undecided} undecided, {unreadable} unreadable.",
    "grade.time": "Undecided: judging this answer took too long; somebody has to look at it.",
    "grade.defect": "Undecided: symchain failed on this answer; somebody has to look at it.",
}
