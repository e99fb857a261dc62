"""%%gradient in IPython: what it shows, what it keeps, and how it says what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import symchain

CELL = "z = w*x\nC = (z - y)**2"


@pytest.fixture(scope="module")
def shell() -> Any:
    made = InteractiveShell.instance()
    made.run_line_magic("load_ext", "symchain")
    yield made
    InteractiveShell.clear_instance()


def asked(shell: Any, line: str, cell: str = CELL) -> Any:
    with capture_output() as seen:
        shell.run_cell_magic("gradient", line, cell)
    return seen


def test_derivation_program_and_kernel_are_kept(shell: Any) -> None:
    seen = asked(shell, "--wrt w")
    assert "\\boxed" in seen.outputs[0].data["text/markdown"] and "program, derivation, kernel" in seen.stdout
    names = shell.user_ns
    assert names["derivation"].formula == symchain.parse(CELL).derive("C", "w").formula
    assert names["kernel"](w=2.0, x=3.0, y=1.0) == (25.0, {"w": 30.0})


def test_names_of_one_s_own_and_a_language(shell: Any) -> None:
    seen = asked(shell, "--wrt w --as net --lang fr --at w=2,x=3,y=1")
    assert {"net_program", "net_derivation", "net_kernel"} <= set(shell.user_ns)
    assert "À votre disposition" in seen.stdout and "dC/dw = 30" in seen.stdout and "Dérivée" in seen.outputs[0].data["text/markdown"]


def test_the_point_is_the_notebook_s_own(shell: Any) -> None:
    shell.push({"w": 2.0, "x": 3.0, "y": 1.0, "A": np.eye(2), "v": np.array([1.0, 2.0])})
    assert "dC/dw = 30" in asked(shell, "--wrt w --here").stdout
    seen = asked(shell, "--wrt v --here", "A: (n, n)\nv: (n,)\nC = v @ A @ v")
    assert "dC/dv = [2, 4]" in seen.stdout
    shell.user_ns.pop("y")
    seen = asked(shell, "--wrt w --here")
    assert "the notebook has no variable y" in seen.stderr and not seen.outputs


def test_sliders_follow(shell: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ipywidgets", reason="ipywidgets is not installed")
    shown: list[Any] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    shell.run_cell_magic("gradient", "--wrt w --at w=2,x=3,y=1 --sliders", CELL)
    made = shown[-1]
    sliders = {s.description: s for s in made.children if hasattr(s, "min")}
    assert {n: s.value for n, s in sliders.items()} == {"w": 2, "x": 3, "y": 1} and all(s.min < s.value < s.max for s in sliders.values())
    capsys.readouterr()
    made.f(w=1.0, x=3.0, y=1.0)
    assert capsys.readouterr().out.splitlines() == ["C     = 4", "dC/dw = 12"]
    assert "only programs of numbers" in asked(shell, "--sliders", "v: (n,)\nC = v @ v").stderr


@pytest.mark.parametrize(
    ("line", "cell", "said"),
    [
        ("--wrt w", "C = (w*x", "symchain: "),
        ("--wrt q", CELL, "there is no name 'q'"),
        ("--wrd w", CELL, "No such option"),
        ("--as 2x", CELL, "no name that Python takes"),
        ("'", CELL, "No closing quotation"),
        ("--at w=1", CELL, "gives no value for x"),
    ],
)
def test_mistakes_are_told_and_keep_nothing(shell: Any, line: str, cell: str, said: str) -> None:
    shell.user_ns.pop("kernel", None)
    seen = asked(shell, line, cell)
    assert said in seen.stderr and "Traceback" not in seen.stderr and "kernel" not in shell.user_ns


def test_help_is_the_command_s(shell: Any) -> None:
    seen = asked(shell, "--help")
    assert "%%gradient [OPTIONS]" in seen.stdout and "--sliders" in seen.stdout
