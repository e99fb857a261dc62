"""English for derivations of several lines: what is right, what is carried along, and where the first mistake is."""

from __future__ import annotations

SENTENCES = {
    "steps.line": "line {line}: {message}",
    "steps.all": "Every line is right.",
    "steps.open": "No line is false, but not every line could be judged.",
    "steps.false": "The first false line is line {line}: {claim}",
    "steps.right": "Right.",
    "steps.mended": "Right as it stands, but it does not follow from the line before it, which is false.",
    "steps.carried": "False as it stands, but it follows from the line before it: the mistake is carried along.",
    "steps.new": "It does not follow from the line before it. {message}",
    "steps.wrong": "{message}",
    "steps.definition": "Here {name} gets its meaning.",
}
