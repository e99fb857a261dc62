"""Tables of answers: CSV as spreadsheets write it to rows, with the columns found by their names in English or French."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from symchain.errors import ArgumentError

COLUMNS = ("id", "output", "wrt", "claim")
_NAMES = {
    "id": "id", "student": "id", "name": "id", "row": "id", "number": "id", "etudiant": "id", "etudiante": "id", "eleve": "id", "nom": "id",
    "numero": "id", "ligne": "id", "identifiant": "id", "copie": "id",
    "output": "output", "of": "output", "function": "output", "sortie": "output", "fonction": "output",
    "wrt": "wrt", "by": "wrt", "variable": "wrt", "par rapport a": "wrt",
    "claim": "claim", "answer": "claim", "formula": "claim", "response": "claim", "derivative": "claim", "reponse": "claim",
    "formule": "claim", "derivee": "claim",
}  # fmt: skip
"""What the columns are called, without capitals and accents."""
_DELIMITERS = (",", ";", "\t")
_LONGEST = 2**20


@dataclass(frozen=True, slots=True)
class Answer:
    """One row: whose it is, what was asked (None where the table does not say) and what was answered."""

    id: str
    claim: str
    output: str | None = None
    wrt: str | None = None
    surplus: int = 0
    """So many cells the row has beyond its columns: then it is not known which of them are the answer."""


@dataclass(frozen=True)
class Table:
    answers: tuple[Answer, ...]
    delimiter: str = ","


def read_answers(text: str) -> Table:
    """The rows of a table whose first line names its columns: claim, and perhaps id, output and wrt.

    Blank lines are passed over; rows without an id have their number. Raises ArgumentError where no column is the answers', where a
    column is there twice, and for a quoted cell that never ends.

    >>> read_answers("student;réponse\\nAda;2*x\\n").answers
    (Answer(id='Ada', claim='2*x', output=None, wrt=None, surplus=0),)
    """
    text = text.removeprefix("\ufeff")
    delimiter, columns = _header(text)
    answers = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    limit = csv.field_size_limit(_LONGEST)
    try:
        for number, cells in enumerate(r for r in reader if any(c.strip() for c in r)):
            if number == 0:
                continue
            row = {name: cells[k] for k, name in columns.items() if k < len(cells)}
            surplus = max(0, len(cells) - len(columns) - _unnamed(text, delimiter, columns))
            while surplus and not cells[-1].strip():  # spreadsheets end rows with empty cells
                cells, surplus = cells[:-1], surplus - 1
            identity = row.get("id", "").strip() or str(number)
            asked = {k: row[k].strip() or None for k in ("output", "wrt") if k in row}
            answers.append(Answer(identity, row.get("claim", ""), asked.get("output"), asked.get("wrt"), surplus))
    except csv.Error as error:
        what = f"line {reader.line_num} of the answers is not CSV: {error}"
        raise ArgumentError(what, advice='A cell with a quote, a line end or a delimiter in it stands in quotes: "max(0, x)".') from None
    finally:
        csv.field_size_limit(limit)
    return Table(tuple(answers), delimiter)


def _first(text: str, delimiter: str) -> list[str]:
    try:
        return next((r for r in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(c.strip() for c in r)), [])
    except csv.Error:
        return []


def _unnamed(text: str, delimiter: str, columns: Mapping[int, str]) -> int:
    """How many columns hold something else."""
    return len(_first(text, delimiter)) - len(columns)


def _header(text: str) -> tuple[str, dict[int, str]]:
    """What separates the cells, and which columns are which."""
    found: list[tuple[int, str, dict[int, str]]] = []
    for delimiter in _DELIMITERS:
        cells = _first(text, delimiter)
        known = [(k, _NAMES[name]) for k, c in enumerate(cells) if (name := _plain(c)) in _NAMES]
        for name in COLUMNS:
            twice = [cells[k] for k, n in known if n == name]
            if len(twice) > 1 and "claim" in [n for _, n in known]:
                raise ArgumentError(f"the columns {' and '.join(twice)} are both the {name}", advice="Rename one of them.")
        if "claim" in [n for _, n in known]:
            found.append((len(known), delimiter, dict(known)))
    if not found:
        line = next((line for line in text.splitlines() if line.strip()), "")
        shown = f"its first line is {line[:80]!r}" if line else "it is empty"
        advice = "Name the columns in the first line: id, output, wrt, claim (or étudiant, sortie, variable, réponse)."
        raise ArgumentError(f"the table has no column for the answers: {shown}", advice=advice)
    _, delimiter, columns = max(found, key=lambda f: f[0])
    return delimiter, columns


def _plain(name: str) -> str:
    composed = unicodedata.normalize("NFD", name.strip().casefold())
    return "".join(c for c in composed if not unicodedata.combining(c)).replace("_", " ")
