"""Grading: about 200 answers as students type them, in one command; tables, marks, time limits, and what one answer may cost."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

import symchain
from symchain.analysis.checking.latex_answers import is_latex
from symchain.app.cli import commands
from symchain.errors import ArgumentError
from symchain.nouns.grades import STATUSES, Grades
from symchain.nouns.marks import Marks
from symchain.nouns.verdict import MISTAKES
from symchain.support.answers import Answer, read_answers
from symchain.support.timelimit import within
from symchain.wording import LANGUAGES

ANSWERS = Path(__file__).parents[2] / "support" / "answers.csv"
PROGRAM = """
z1 = W1*x + b1
a1 = sigmoid(z1)
z2 = W2*a1 + b2
f = t**2*exp(3*t)
g = log(t**2 + 1)
p = sin(t)**2
q = sqrt(1 - r**2)
v = abs(r)**3
C = 1/2*(z2 - y)**2
"""
NEURON = symchain.parse("z = w*x + b; a = sigmoid(z); C = (a - y)**2")


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "symchain", "check", *arguments], capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.thorough
def test_two_hundred_answers_are_graded_in_one_command(tmp_path: Path) -> None:
    """The verdicts were worked out by hand: right, wrong (perhaps with the mistake), asked (with the reason), undecided."""
    expected = list(csv.DictReader(io.StringIO(ANSWERS.read_text(encoding="utf-8"))))
    marks = tmp_path / "marks.toml"
    marks.write_text("full = 4\nunreadable = 0\n[mistakes]\nsign = 3\nconstant = 2.5\n", encoding="utf-8")
    output = tmp_path / "grades.json"
    ran = command("-e", PROGRAM, "--claims", str(ANSWERS), "--marks", str(marks), "--format", "json", "-o", str(output))
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", "")
    grades = json.loads(output.read_text(encoding="utf-8"))["grades"]
    assert len(grades) == len(expected) >= 200
    assert sum(is_latex(e["answer"]) for e in expected) >= 40 and sum(e["expected"] == "asked" for e in expected) >= 20
    said = {"proved": "right", "agrees": "right", "unreadable": "asked"}
    for grade, wanted in zip(grades, expected, strict=True):
        found = said.get(grade["status"], grade["status"])
        assert (grade["id"], found) == (wanted["student"], wanted["expected"]), wanted
        if found == "wrong":
            assert wanted["why"] in ("", grade["mistake"]), (wanted, grade["mistake"])
        points = {"right": 4, "asked": 0, "undecided": None}.get(found, {"sign": 3, "constant": 2.5}.get(grade["mistake"], 0))
        assert grade["points"] == points
        assert set(grade["message"]) == set(LANGUAGES) and all(grade["message"].values())
        assert bool(grade["reading"]) == (found != "asked")


def test_why_an_answer_is_asked_about() -> None:
    program = symchain.parse(PROGRAM)
    rows = [r for r in csv.DictReader(io.StringIO(ANSWERS.read_text(encoding="utf-8"))) if r["expected"] == "asked" and r["why"]]
    for row in rows:
        (grade,) = program.grade([row["answer"]], row["output"], row["wrt"])
        assert getattr(grade.error, "key", None) == row["why"], row


@pytest.mark.thorough
def test_a_grade_is_the_verdict_of_check() -> None:
    """What is shared between answers changes no verdict, whatever was judged before."""
    answers = ["2(a-y)a(1-a)x", "a*x + y", "(a-y)*a*(1-a)*x", "2*(y-a)*a*(1-a)*x", "2*(a-y)*x", "b*w", "2*(a-y)*a*x", "2*(a-y)*a*(1-a)",
               "2*(a-y)*a*(1-a)*x + b", "2*(a-y)*z*(1-z)*x", "w", "sqrt(x)*sqrt(x)*2*(a-y)*a*(1-a)"]  # fmt: skip
    for order in (answers, answers[::-1]):
        for answer, grade in zip(order, NEURON.grade(order, "C", "w"), strict=True):
            alone = NEURON.check("C", "w", answer)
            assert grade.verdict is not None
            assert json.loads(grade.verdict.to_json()) == json.loads(alone.to_json())


def test_every_row_has_a_verdict() -> None:
    rows = [
        {"id": "a", "claim": ""}, {"id": "b", "claim": "(" * 4000}, {"id": "c", "claim": "x" * 50_000}, {"id": "d", "claim": "9**9**9**9"},
        {"id": "e", "claim": "sum(ones((50000, 50000)))"}, {"id": "f", "claim": "\x00\u202e"}, {"id": "g", "claim": "1", "wrt": "3"},
        {"id": "h", "claim": "1", "wrt": "q"}, {"id": "i", "claim": "1", "output": "Q"}, {"id": "j", "claim": "__import__('os')"},
        {"id": "k", "claim": "\\input{/etc/passwd}"}, {"id": "l", "claim": "|" * 999}, {"id": "m", "claim": "\\frac" * 3000},
        {"id": "n", "claim": "2(a-y)a(1-a)x"},
    ]  # fmt: skip
    grades = NEURON.grade(rows, "C", "w")
    assert [g.id for g in grades] == [r["id"] for r in rows]
    assert [g.status for g in grades] == ["unreadable"] * 6 + ["meaningless"] + ["unreadable"] * 6 + ["proved"]
    for lang in LANGUAGES:
        assert all(g.message(lang) for g in grades)
        lines = list(csv.reader(io.StringIO(grades.csv(lang))))
        assert len(lines) == len(rows) + 1 and {len(line) for line in lines} == {10}
    assert grades.counts == {**dict.fromkeys(STATUSES, 0), "unreadable": 12, "meaningless": 1, "proved": 1}


def test_an_answer_that_takes_too_long_costs_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    from symchain.analysis.checking import judging

    read = judging.read_claim

    def slow(question: object, text: str) -> object:
        if text == "x":
            while True:
                pass
        if text == "2*x":
            raise TimeoutError
        if text == "b":
            raise RuntimeError("a defect")
        return read(question, text)  # type: ignore[arg-type]

    monkeypatch.setattr(judging, "read_claim", slow)
    (endless,) = NEURON.grade(["x"], "C", "w", seconds=0.2)
    assert (endless.status, endless.reason) == ("undecided", "time")
    grades = NEURON.grade(["w", "2*x", "2(a-y)a(1-a)x", "b", "y"], "C", "w", seconds=None)
    assert [(g.status, g.reason) for g in grades] == [
        ("wrong", ""), ("undecided", "time"), ("proved", ""), ("undecided", "defect"), ("wrong", ""),
    ]  # fmt: skip
    assert "too long" in grades[1].message("en") and "trop de temps" in grades[1].message("fr")


def test_work_ends_in_time_and_nothing_is_raised_after_it() -> None:
    def endless() -> None:
        try:
            while True:
                sum(range(100))
        except Exception:
            raise AssertionError("the work's own handlers do not see it") from None

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        within(0.05, endless)
    assert time.monotonic() - began < 30
    for _ in range(200):  # results that come about when the time is over
        with suppress(TimeoutError):
            assert within(0.002, lambda: sum(range(20_000))) == 199_990_000


def test_answers_may_be_texts_or_mappings_and_nothing_else() -> None:
    grades = NEURON.grade(["2x", {"claim": "1"}, Answer("Zoé", "w")], "C", "w")
    assert isinstance(grades, Grades) and [g.id for g in grades] == ["1", "2", "Zoé"] and len(grades[1:]) == 2
    for wrong in ([3], [{"formula": "x"}], [None]):
        with pytest.raises(ArgumentError):
            NEURON.grade(wrong, "C", "w")
    with pytest.raises(ArgumentError):
        NEURON.grade(["1"], "C")
    with pytest.raises(ArgumentError):
        NEURON.grade(["1"], "C", "nothing")
    with pytest.raises(symchain.NumberVariableError):
        NEURON.grade(["1"], "C", "3")


def test_what_an_answer_may_use_is_an_option() -> None:
    answers = ["2(a-y)da/dz x", "2(a-y)a(1-a)x", "2(sigmoid(w*x+b)-y)sigmoid(w*x+b)(1-sigmoid(w*x+b))x"]
    for using, right in (("factors", 3), ("blocks", 2), ("inputs", 1)):
        grades = NEURON.grade(answers, "C", "w", using=using)
        assert [g.status for g in grades].count("proved") == right


# ---------------------------------------------------------------- tables


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("id,output,wrt,claim\n7,C,w,2*x\n", [Answer("7", "2*x", "C", "w")]),
        ("\ufeffÉtudiant;Réponse\r\nZoé;0,5*x\r\n\r\nLuc;\r\n", [Answer("Zoé", "0,5*x"), Answer("Luc", "")]),
        ("answer\n2*x\n3*x\n", [Answer("1", "2*x"), Answer("2", "3*x")]),
        ("student\tanswer\nA\tmaximum(0, x)\n", [Answer("A", "maximum(0, x)")]),
        ('name,grade,answer\nA,12,"maximum(0, x)"\nB,,"a\n= b"\n', [Answer("A", "maximum(0, x)"), Answer("B", "a\n= b")]),
        ("answer,student\nmaximum(0, x),A\n2*x,B,,\n", [Answer("x)", "maximum(0", surplus=1), Answer("B", "2*x")]),
    ],
)
def test_tables_are_read_as_spreadsheets_write_them(text: str, answers: list[Answer]) -> None:
    found = read_answers(text).answers
    assert [(a.claim, a.surplus) for a in found] == [(a.claim, a.surplus) for a in answers]
    assert [a for a in found if not a.surplus] == [a for a in answers if not a.surplus]


@pytest.mark.parametrize(
    "text", ["", "\n\n", "a;b\n1;2\n", "2*x\n3*x\n", "answer,claim\n1,2\n", 'id,claim\nA,"2*x\nB,3*x\n', 'id,claim\nA,"2*x"3\n']
)
def test_tables_without_answers_are_refused(text: str) -> None:
    with pytest.raises(ArgumentError):
        read_answers(text)


def test_a_row_with_too_many_cells_is_not_guessed() -> None:
    (grade,) = NEURON.grade(read_answers("answer,student\nmaximum(0, x),A\n").answers, "C", "w")
    assert grade.status == "unreadable" and "1 more cells" in grade.message("en")


def test_a_table_that_is_written_can_be_read_again() -> None:
    grades = NEURON.grade(["2(a-y)a(1-a)x", "a;b", 'a"b', "y"], "C", "w", marks={"full": 1.5})
    for delimiter in (",", ";"):
        rows = list(csv.DictReader(io.StringIO(grades.csv("fr", delimiter)), delimiter=delimiter))
        assert [r["claim"] for r in rows] == [g.claim for g in grades]
        assert rows[0]["points"] == ("1,5" if delimiter == ";" else "1.5") and rows[1]["points"] == ""


# ---------------------------------------------------------------- marks


def test_marks() -> None:
    marks = Marks.read("full = 4\nwrong = 1\nundecided = 2\n[mistakes]\nsign = 3\nshape = 0\n")
    assert [marks.points("wrong", m) for m in (["sign"], ["unknown"], ["sign", "shape"], [])] == [3, 1, 0, 1]
    assert (marks.points("agrees"), marks.points("undecided"), marks.points("unreadable")) == (4, 2, None)
    assert Marks.of({"full": 2, "mistakes": {"several": 1, "sign": 0}}).points("wrong", ["sign", "constant"]) == 1
    for mistake in MISTAKES:
        assert Marks.of({"full": 1, "mistakes": {mistake: 0.5}}).points("wrong", [mistake]) == 0.5 or mistake == "several"


@pytest.mark.parametrize(
    ("text", "said"),
    [("full = ", "TOML"), ("", "right answer"), ("full = 2\n[mistakes]\nsing = 1", "sign"), ("ful = 2", "full"), ("full = true", "full"),
     ("full = 'two'", "full"), ("full = nan", "full"), ("full = 1\nmistakes = 3", "mistakes"), ("full = 1\n[mistakes]\nsign = []", "sign")],
)  # fmt: skip
def test_marks_that_say_nothing_are_refused(text: str, said: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        Marks.read(text)
    assert said in str(caught.value)


# ---------------------------------------------------------------- the command


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    table = tmp_path / "answers.csv"
    table.write_text("id;claim\nA;2x\nB;=\n", encoding="utf-8")
    text = "C = x**2 + y"
    refused = [
        (["--claims", str(table)], "wrt"),
        (["--claims", str(table), "--claim", "1", "--wrt", "x"], "alone"),
        (["--marks", "m"], "--claims"),
        (["--wrt", "x", "--claim", "1", "--format", "csv"], "csv"),
        (["--wrt", "x", "--claim", "1", "--claim", "2"], "--steps"),
        (["--wrt", "x", "--steps"], "steps"),
        (["--claims", str(tmp_path / "none"), "--wrt", "x"], "cannot be read"),
        (["--claims", str(table), "--wrt", "q"], "'q'"),
    ]
    for options, said in refused:
        ran = CliRunner().invoke(commands, ["check", "-e", text, *options])
        assert ran.exit_code == 2 and not ran.stdout and said in ran.stderr, (options, ran.stderr)
    ran = CliRunner().invoke(commands, ["check", "-e", text, "--claims", str(table), "--wrt", "x", "--format", "csv", "--lang", "fr"])
    assert ran.exit_code == 2 and ran.stdout.splitlines()[0].startswith("id;output;wrt;claim;status") and "pas de réponse" in ran.stdout
