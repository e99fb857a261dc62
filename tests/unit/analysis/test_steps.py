"""Derivations of several lines: the first false line and its mistake, and what becomes of the lines after it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import symchain
from symchain.app.cli import commands
from symchain.errors import ArgumentError, SymchainError
from symchain.wording import LANGUAGES

LINE = symchain.parse("z = w*x + b; C = (z - y)**2")
LAYER = symchain.parse("X: (m, n)\nw: (n,)\ny: (m,)\nr = X@w - y\nC = 1/2*sum(r**2)")

CASES = [
    ("dC/dw = dC/dz dz/dw\n = 2(z-y) dz/dw\n = 2(z-y)x", [("proved", None), ("proved", True), ("proved", True)], None),
    ("dC/dw = 2(z-y) dz/dw = 2(z-y)x", [("proved", None), ("proved", True)], None),
    ("2(z-y)*dz/dw = 2(z-y)x", [("proved", None), ("proved", True)], None),
    ("2(z-y)x\n2(w x + b - y)x", [("proved", None), ("proved", True)], None),
    # a false line, carried along, and mended
    ("dC/dw = 2(z-y)x\n = 2(z-y)w\n = 2w(w*x+b-y)\n = 2(z-y)x",
     [("proved", None), ("wrong", False), ("wrong", True), ("proved", False)], 2),
    ("(z-y)x\nx z - x y", [("wrong", None), ("wrong", True)], 1),
    ("(z-y)x\n2(y-z)x", [("wrong", None), ("wrong", False)], 1),
    # other derivatives on the way, and names
    ("dC/dz = 2(z-y)\ndz/dw = x\ndC/dw = 2(z-y)x", [("proved", None)] * 3, None),
    ("dC/dz = (z-y)\ndz/dw = x\ndC/dw = 2(z-y)x", [("wrong", None), ("proved", None), ("proved", None)], 1),
    ("d = z - y\ndC/dw = 2d x\n = 2x d", [("definition", None), ("proved", None), ("proved", True)], None),
    ("C'(w) = 2(z-y)x", [("proved", None)], None),
    # what cannot be read is a line
    ("dC/dw = 1/2x\n = 2(z-y)x", [("unreadable", None), ("proved", None)], None),
    ("C = (z-y)^2\ndC/dw = 2(z-y)x", [("unreadable", None), ("proved", None)], None),
    ("dC/dw = dC/dw\n = 2(z-y)x", [("undecided", None), ("proved", True)], None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "steps", "false"), CASES, ids=[t.replace("\n", "; ") for t, _, _ in CASES])
def test_each_line_is_judged_as_it_stands_and_as_following(text: str, steps: list[tuple[str, bool | None]], false: int | None) -> None:
    found = LINE.check_steps("C", "w", text)
    assert [(s.status, s.follows) for s in found] == steps
    assert (None if found.first_false is None else found.first_false.line) == false
    for lang in LANGUAGES:
        assert len(found.text(lang).splitlines()) == 1 + len(steps)
    assert json.loads(found.to_json())["first_false"] == false


def test_the_first_false_line_is_named_with_its_mistake() -> None:
    found = LINE.check_steps("C", "w", "dC/dw = 2(z-y) dz/dw\n = 2(y-z)x\n = 2x(y-z)")
    assert (found.mistake, found.first_false.claim if found.first_false else "") == ("sign", "2(y-z)x")
    assert "line 2" in found.message("en") and "ligne 2" in found.message("fr")
    assert "carried along" in found[2].message("en") and "reportée" in found[2].message("fr")


LATEX = r"""
\begin{align*}
\frac{\partial C}{\partial w} &= \frac{\partial C}{\partial z}\frac{\partial z}{\partial w} \\
&= 2(z - y)\, x \\
&= 2 (w x + b - y) \label{last}
\end{align*}
"""


def test_latex_is_read_row_by_row() -> None:
    found = LINE.check_steps("C", "w", LATEX)
    assert [(s.line, s.status, s.follows) for s in found] == [(3, "proved", None), (4, "proved", True), (5, "wrong", False)]
    assert found.mistake == "other_variable"
    batch = LAYER.check_steps("C", "w", r"\frac{dC}{dw} = X^\top r = X^\top (X w - y) = X (X w - y)")
    assert [s.status for s in batch] == ["proved", "proved", "wrong"]


def test_arrays() -> None:
    found = LAYER.check_steps("C", "w", "dC/dw = X.T@r\n = X.T@(X@w - y)\n = X.T@X@w - y@X\n = X.T@X@w + y@X")
    assert [(s.status, s.follows) for s in found] == [("proved", None), ("proved", True), ("proved", True), ("wrong", False)]


def test_what_may_be_used_is_asked_of_the_last_line() -> None:
    found = LINE.check_steps("C", "w", "dC/dw = dC/dz dz/dw\n = 2(z-y)x", using="inputs")
    assert [s.status for s in found] == ["proved", "undecided"]
    assert LINE.check_steps("C", "w", "dC/dw = dC/dz dz/dw\n = 2(w x + b-y)x", using="inputs").holds


@pytest.mark.parametrize("steps", ["", "\n \n", [], [3], "# nothing"])
def test_nothing_is_no_derivation(steps: object) -> None:
    with pytest.raises(SymchainError):
        LINE.check_steps("C", "w", steps)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError):
        LINE.check_steps("C", "q", "1")


def test_the_command(tmp_path: Path) -> None:
    def command(*arguments: str) -> Any:
        return CliRunner().invoke(commands, ["check", "-e", "z = w*x + b; C = (z - y)**2", "--wrt", "w", *arguments])

    file = tmp_path / "steps.tex"
    file.write_text(LATEX, encoding="utf-8")
    ran = command("--steps", str(file), "--lang", "fr")
    assert ran.exit_code == 1 and ran.stdout.startswith("La première ligne fausse est la ligne 5")
    ran = command("--steps", "--claim", "dC/dw = 2(z-y) dz/dw", "--claim", "= 2(z-y)x", "--format", "json")
    assert ran.exit_code == 0 and [s["status"] for s in json.loads(ran.stdout)["steps"]] == ["proved", "proved"]
