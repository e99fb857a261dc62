"""symchain doctor says what is here, in each language, and promises nothing that is not so."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from symchain import __version__
from symchain.app.cli import commands
from symchain.app.doctor import PARTS, examined
from symchain.wording import LANGUAGES

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_part_is_told(lang: str) -> None:
    ran = CliRunner().invoke(commands, ["doctor", "--lang", lang])
    assert ran.exit_code == 0 and f"symchain {__version__}" in ran.stdout and sys.executable in ran.stdout
    for part in PARTS:
        assert re.search(rf"^  {re.escape(part.name)} ", ran.stdout, re.MULTILINE), part.name


def test_as_json() -> None:
    found = json.loads(CliRunner().invoke(commands, ["doctor", "--format", "json"]).stdout)
    parts = {p["name"]: p for p in found["parts"]}
    assert found["python"].startswith("3.") and parts["numpy"]["installed"] and parts["numpy"]["version"].split(".")[0].isdigit()


def test_what_is_missing_says_how_it_is_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CC", raising=False)
    found = {f.name: f for f in examined("en")}
    assert found["cc"].version is None and found["cc"].install == "one of cc, gcc, clang, from the packages of the system"
    assert found["torch"].install == 'pip install "symchain[torch]"'


def test_extras_are_those_of_the_package() -> None:
    """Each extra that users install has a part, and each part's extra brings it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    brings = {extra: {re.split(r"[\[>=]", r)[0] for r in needs} for extra, needs in project["optional-dependencies"].items()}
    assert {p.extra for p in PARTS} - {""} == set(brings) - {"test", "docs"}
    assert all(p.name in brings[p.extra] for p in PARTS if p.extra)
    core = {re.split(r"[\[>=]", r)[0] for r in project["dependencies"]}
    assert {p.name for p in PARTS if p.enables == "core"} == core
