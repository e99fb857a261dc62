"""The README: its code and its commands are run, and what it shows is what they print. `pytest --update` writes it anew.

Run as a script, this file prints the README with the outputs of now.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _with_real_output(text: str) -> str:
    names: dict[str, object] = {}

    def block(match: re.Match[str]) -> str:
        language, code = match.groups()
        if language == "pycon":
            code = "".join(_python(example, names) for example in doctest.DocTestParser().get_examples(code))
        elif language == "console":
            code = "\n".join(_command(line[2:]) for line in code.splitlines() if line.startswith("$ "))
        return f"```{language}\n{code}```"

    return FENCE.sub(block, text)


def _python(example: doctest.Example, names: dict[str, object]) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(example.source, "<README>", "single"), names)
    first, *others = example.source.splitlines()
    return "".join([f">>> {first}\n", *(f"... {line}".rstrip() + "\n" for line in others), said.getvalue()])


def _command(command: str) -> str:
    from symchain.app.cli import commands

    program, *arguments = shlex.split(command)
    assert program == "symchain"
    return f"$ {command}\n{CliRunner().invoke(commands, arguments).output.rstrip()}\n"


def _without_rounding(text: str) -> str:
    """Errors of the size of rounding differ between machines."""
    return re.sub(r"\d(\.\d+)?(e-|\\(cdot|times)10\^\{-)1[0-9]\b\}?", "rounding", text)


@pytest.mark.thorough
def test_what_the_readme_shows_is_what_is_printed(tmp_path: Path, update: bool) -> None:
    """In a process of its own: the README declares a function, and saves a file."""
    where = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, __file__], cwd=tmp_path, env=where, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    if update:
        README.write_text(ran.stdout, encoding="utf-8")
    assert _without_rounding(ran.stdout) == _without_rounding(README.read_text(encoding="utf-8"))


def test_the_readme_runs_all_it_should() -> None:
    languages = [language for language, _ in FENCE.findall(README.read_text(encoding="utf-8"))]
    assert set(languages) == {"sh", "console", "pycon", "python"}
    for language, code in FENCE.findall(README.read_text(encoding="utf-8")):
        if language == "python":  # shown, not run: it needs an extra
            compile(code, "README.md", "exec")
    assert languages.count("pycon") >= 4


def test_paths_in_the_readme_exist() -> None:
    paths = re.findall(r"`([A-Za-z.][\w.-]*/[\w./-]*|[\w-]+\.(?:py|md|toml|ipynb))`", README.read_text(encoding="utf-8"))
    assert len(paths) > 5
    for path in paths:
        assert (ROOT / path).exists(), f"README names {path}, which does not exist"


def test_two_commands_set_everything_up_and_ci_runs_them() -> None:
    fences = FENCE.findall(README.read_text(encoding="utf-8"))
    commands = [line for language, code in fences if language == "sh" for line in code.splitlines()]
    assert len(commands) == 2
    assert set(commands) <= set((ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    sys.stdout.write(_with_real_output(README.read_text(encoding="utf-8")))
