"""Exercises: the same seed asks the same, answers are judged as check judges them, sessions go on where they stopped."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import symchain
from symchain.analysis.exercising import TOPICS
from symchain.app.cli import commands
from symchain.app.teaching import TOPICS as OFFERED

PROGRAM = "z = w*x + b; C = (z - y)**2"


@pytest.mark.parametrize("topic", TOPICS)
def test_on_every_topic_the_derivative_is_right_and_its_opposite_is_wrong(topic: str) -> None:
    made = symchain.exercise(topic=topic, seed=4, count=2)
    assert [(str(q.program), q.wrt) for q in made.questions] == [
        (str(q.program), q.wrt) for q in symchain.exercise(topic=topic, seed=4, count=2).questions
    ]
    first, second = made.questions
    assert made.answer(_whole(first)).status in ("proved", "agrees")
    assert made.answer(f"-({_whole(second)})").status == "wrong"
    assert (made.done, made.points, made.question) == (2, 4, None)


def _whole(question: object) -> str:
    """The derivative as one formula over the program's names."""
    verdict = question.program.check(question.output, question.wrt, "0")  # type: ignore[attr-defined]
    return str(verdict.corrected)


def test_hints_cost_and_unreadable_answers_do_not_count() -> None:
    made = symchain.exercise(PROGRAM, seed=1, count=9)
    made.hint()
    made.hint()
    assert made.answer("2*(").status == "unreadable"
    assert made.done == 0
    assert made.question is not None
    made.answer(_whole(made.question))
    assert made.points == 2


def test_a_session_goes_on_where_it_stopped() -> None:
    made = symchain.exercise(PROGRAM, seed=2, count=4)
    assert made.question is not None
    made.hint()
    made.answer(_whole(made.question))
    made.answer("17")
    again = symchain.resume(made.to_json())
    assert (again.done, again.points) == (2, 3)
    assert [q.text("fr") for q in again.questions] == [q.text("fr") for q in made.questions]
    with pytest.raises(symchain.ArgumentError):
        symchain.resume("{}")


def test_the_sheet_has_the_questions_and_solutions_on_request() -> None:
    made = symchain.exercise(topic="chains", seed=3, count=2)
    plain, solved = made.sheet("fr"), made.sheet("fr", solutions=True)
    assert plain.count(r"\item Calculer") == solved.count(r"\item Calculer") == 2
    assert "boxed" not in plain
    assert solved.count("boxed") == 2


def test_the_command_asks_judges_and_saves(tmp_path) -> None:  # type: ignore[no-untyped-def]
    session, answers = tmp_path / "s.json", tmp_path / "a.txt"
    answers.write_text("?\n2(z-y)\n", encoding="utf-8")
    run = CliRunner()
    done = run.invoke(commands, ["exercise", "-e", PROGRAM, "--count", "9", "--answers", str(answers), "--session", str(session)])
    assert done.exit_code == 0, done.output
    assert json.loads(session.read_text(encoding="utf-8"))["answers"][0]["hints"] == 1
    on = run.invoke(commands, ["exercise", "--session", str(session), "--lang", "fr"], input="?\nx\n\n")
    assert on.exit_code == 0
    assert "Indice 1 sur 3" in on.output
    assert len(json.loads(session.read_text(encoding="utf-8"))["answers"]) == 2


def test_hints_in_place_of_answers_on_the_command_line() -> None:
    run = CliRunner()
    for command in (["derive"], ["explain"], ["check", "--claim", "(z-y)x"]):
        done = run.invoke(commands, [*command, "-e", PROGRAM, "--wrt", "w", "--hint", "1", "--lang", "fr"])
        assert done.exit_code == (command[0] == "check")
        assert "Indice 1 sur 3" in done.output
        assert "2*(z - y)" not in done.output
    right = ["check", "-e", PROGRAM, "--wrt", "w", "--claim", "2(z-y)x", "--hint", "1", "--lang", "fr"]
    assert run.invoke(commands, right).output.strip() == "C'est exact."


def test_the_command_offers_every_topic() -> None:
    assert tuple(TOPICS) == OFFERED
