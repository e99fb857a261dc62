"""English: how it writes numbers, lists and articles; the sentences stand in the files beside this one, by topic."""

from __future__ import annotations

from symchain.wording.en import (
    check,
    commands,
    derivation,
    doctor,
    document,
    evidence,
    explain,
    facts,
    grade,
    graph,
    page,
    records,
    recursion,
    remarks,
    sensitivity,
    serve,
    steps,
    teach,
    typed,
)
from symchain.wording.locale import Language, Locale, Word, joined


def _the(noun: Word) -> str:
    return f"the {noun.text}"


_TOPICS = (
    derivation, check, commands, doctor, document, evidence, explain, facts, grade, graph, page, records, recursion, remarks, sensitivity,
    serve, steps, teach, typed,
)  # fmt: skip

LANGUAGE = Language(
    Locale(code="en", name="English", the=_the, conjunction="and", preamble=r"\usepackage[english]{babel}"),
    joined(*(topic.SENTENCES for topic in _TOPICS)),
)
