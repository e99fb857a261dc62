"""What errors say in other languages: every text in the source has a translation, and none that is shown mixes two languages."""

from __future__ import annotations

import re
from functools import cache

import pytest
from click.testing import CliRunner
from said import said

import symchain
from symchain.app.cli import commands
from symchain.app.speech import preferred
from symchain.errors import ArgumentError, ParseError, SymchainError
from symchain.wording import LANGUAGES, fields
from symchain.wording.errors import told, translated

ENGLISH = re.compile(
    r"\b(the|of|is|are|has|have|with|which|that|this|its|it|give|write|use|choose|than|here|there|be|cannot|by|an|to|no|one|some)\b", re.I
)
PIECES = {
    "deriving/sweep.py", "kernels/facts.py",  # names of rules and keys of sentences
    "kernels/loops.py",  # values of options
}  # fmt: skip
"""Files whose texts of such names are no sentences of their own."""
COMPOSED = re.compile(r"^(q1 q2; the point|q1 and q2 q3 in|'q1' cannot be q2|It q1:|has shape|is a number|trans=|q1q2 has no derivative)")
"""Texts put together from pieces: the whole sentences they make are entries, and tested below."""

@cache
def texts() -> dict[str, str]:
    return {text: place for text, place in said().items() if place.split(":")[0] not in PIECES or " " in text}


def test_there_are_texts() -> None:
    assert len(texts()) > 800
    assert "the program has no blocks" in texts()


@pytest.mark.parametrize("lang", sorted(set(LANGUAGES) - {"en"}))
def test_every_text_is_translated(lang: str) -> None:
    """The fields of each text stand for themselves; what is left of English would be a hole of the catalogue."""
    lacking = []
    for text, place in texts().items():
        if not COMPOSED.search(text):
            found = translated(text, lang)
            if found == text or ENGLISH.search(re.sub(r"\bq\d+\b|`[^`]*`", "", found)):
                lacking.append(f"{place}: {text} -> {found}")
    assert not lacking, "\n".join(lacking)


@pytest.mark.parametrize("lang", sorted(set(LANGUAGES) - {"en"}))
def test_entries_keep_their_fields(lang: str) -> None:
    for english, own in LANGUAGES[lang].errors.items():
        assert set(fields(english)) == set(fields(own)), english


WRONG = [
    "y = nothing(x)",
    "y = x +",
    "y = (x",
    "y = x)",
    "y = 2x",
    "x: (n,)\nA: (m, k)\ny = A @ x",
    "x: (n,)\nb: (m,)\ny = x + b",
    "x: (n,)\nx: (m,)\ny = x",
    "x: (n,) nice\ny = x",
    "y = e**x",
    "y = x^2^",
    "y = a if b else c",
    "y = x == 2",
    "y = 1/0",
    "y = sum(x, y)",
    "y = tanh(x, 2)",
    "y = z\nz = 2",
    "y = y + 1",
    "x: (n,)\ny = x[7:2]",
    "y = x.mean()",
    "y = lambda x: x",
    "y = 3,5*x",
    "y = x == 2 and y",
    "y = matmul(a, b, c, d)",
    "A: (m, n)\ny = det(A)",
    "A: (3, 4)\ny = reshape(A, (5, 2))",
    "A: (3, 4)\ny = A[5, 0]",
    "pi = 3",
    "C = sum(a[L]**2)\n",
    "a[l] = w*a[l-1] for l in 1..L",
    "a[0] = x\na[l] = w*a[l+1] for l in 1..L\nC = a[L]",
    "y = §x",
    "",
]


@pytest.mark.parametrize("text", WRONG)
def test_programs_that_cannot_be_read_say_so_in_french(text: str) -> None:
    with pytest.raises(SymchainError) as caught:
        symchain.parse(text)
    english, french = str(caught.value), told(caught.value, "fr")
    shown = [line for line in french.splitlines() if not line.startswith("    ")]
    assert french != english
    for line in shown:
        code = re.sub(r"«[^»]*»|'[^']*'|\b\w+\([^)]*\)|\[[^]]*\]", "", line)
        assert not ENGLISH.search(code), line


def test_the_caret_stays_under_its_place() -> None:
    with pytest.raises(ParseError) as caught:
        symchain.parse("y = nothing(x)")
    head, excerpt, caret, *_ = told(caught.value, "fr").splitlines()
    assert head.startswith("ligne 1, colonne 5\u00a0: nothing n'est pas une fonction connue")
    assert excerpt.strip() == "y = nothing(x)" and caret.index("^") == excerpt.index("nothing")


def test_composed_sentences() -> None:
    fitting = "b est de taille (n,)\u00a0; le point lui donne la taille (3, 2)"
    assert translated("b has shape (n,); the point gives it shape (3, 2)", "fr") == fitting
    assert translated("relu in a1 has no derivative at 0", "fr") == "relu, dans a1, n'a pas de dérivée en 0"
    missing = "«\u00a0k.json\u00a0» ne peut pas être chargé\u00a0: le fichier n'existe pas"
    assert translated("'k.json' cannot be loaded: No such file or directory", "fr") == missing
    assert translated("x of shape (n,) and b of shape (m,) have shapes that do not conform in +", "fr") == (
        "les tailles de x, de taille (n,) et de b, de taille (m,) ne s'accordent pas pour l'opération +"
    )


def test_what_is_not_known_stays_english() -> None:
    assert translated("a new kind of trouble", "fr") == "a new kind of trouble"
    assert translated("x is not defined", "en") == "x is not defined"
    with pytest.raises(ArgumentError):
        translated("x is not defined", "xx")


def test_help_is_told() -> None:
    """What every command and option says of itself."""
    told_twice = [
        text
        for command in commands.commands.values()
        for text in [
            *(" ".join(part.split()) for part in (command.help or "").split("\n\n")),
            *(option.help for option in command.params if getattr(option, "help", None)),
        ]
        if translated(text, "fr") == text
    ]
    assert not told_twice


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["derive", "-e", "y = nothing(x)"], 2, "symchain\u00a0: ligne 1, colonne 5\u00a0: nothing n'est pas une fonction connue"),
        (["derive", "--wtr", "x"], 2, "il n'y a pas d'option --wtr"),
        (["derve"], 2, "il n'y a pas de commande derve"),
        (["derive", "-e", "y = x", "--format", "foo"], 2, "valeur incorrecte pour --format"),
        (["derive"], 2, "Donnez un programme"),
        (["models", "no-such-model"], 2, "il n'y a pas de modèle"),
        (["--help"], 0, "Exemples à copier"),
    ],
)
def test_a_session_in_french(arguments: list[str], code: int, said: str) -> None:
    """The language of the environment holds for errors, usage and help alike; --lang prevails."""
    result = CliRunner().invoke(commands, arguments, env={"SYMCHAIN_LANG": "fr"})
    assert result.exit_code == code
    assert said in result.output
    assert not re.search(r"\b(Error|Usage:|Try|Show|No such)\b", result.output)


def test_the_language_is_chosen_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SYMCHAIN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    assert preferred() == "en"
    monkeypatch.setenv("LANG", "fr_CA.UTF-8")
    assert preferred() == "fr"
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")  # the system's own order: LC_ALL before LANG
    assert preferred() == "en"
    monkeypatch.setenv("SYMCHAIN_LANG", "fr")
    assert preferred() == "fr"
    output = CliRunner().invoke(commands, ["derive", "-e", "y = nothing(x)", "--lang", "en"]).output
    assert "is not a known function" in output
