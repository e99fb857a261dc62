"""French: how it writes numbers, lists and articles; the sentences stand in the files beside this one, by topic."""

from __future__ import annotations

from symchain.wording.fr import (
    check,
    commands,
    derivation,
    doctor,
    document,
    errors,
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

_VOWELS = "aeiouyhàâéèêîôœ"


def _the(noun: Word) -> str:
    """The noun after le, la or l'.

    >>> _the(Word("sigmoïde", "f")), _the(Word("exponentielle", "f")), _the(Word("carré", "m"))
    ('la sigmoïde', "l'exponentielle", 'le carré')
    """
    return f"l'{noun.text}" if noun.text[0] in _VOWELS else f"{'la' if noun.gender == 'f' else 'le'} {noun.text}"


_SPELLINGS = {
    "tg": "tan", "cotg": "cot", "cotan": "cot", "arctg": "arctan", "ch": "cosh", "sh": "sinh", "th": "tanh",
    "argch": "arccosh", "argsh": "arcsinh", "argth": "arctanh", "racine": "sqrt", "rac": "sqrt", "cosec": "csc",
    "ent": "floor", "signe": "sign", "somme": "sum", "moyenne": "mean", "sigmoide": "sigmoid",
}  # fmt: skip

_TOPICS = (
    derivation, check, commands, doctor, document, evidence, explain, facts, grade, graph, page, records, recursion, remarks, sensitivity,
    serve, steps, teach, typed,
)  # fmt: skip

LANGUAGE = Language(
    Locale(
        code="fr",
        name="Français",
        the=_the,
        conjunction="et",
        preamble=r"\usepackage[french]{babel}",
        decimal=",",
        times="·",
        group="\u00a0",
        grouped_from=10_000,
        space="\u00a0",
        logarithm="ln",
        cardinals=("deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"),
    ),
    joined(*(topic.SENTENCES for topic in _TOPICS)),
    spellings=_SPELLINGS,
    errors=joined(*(topic.ERRORS for topic in errors.TOPICS)),
)
