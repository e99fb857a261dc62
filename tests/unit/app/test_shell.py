"""What a shell offers after Tab: commands, options, ready models, and the names of the program given so far."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from symchain.app.cli import commands

BLOCKS = ("z1", "a1", "z2", "a2", "C")


def offered(words: str, shell: str = "bash") -> list[str]:
    """What the program answers to the shell for a line that ends in a word begun (or in a blank)."""
    line = ["symchain", *words.split(" ")]
    given = {"_SYMCHAIN_COMPLETE": f"{shell}_complete", "COMP_WORDS": " ".join(line), "COMP_CWORD": str(len(line) - 1)}
    if shell == "fish":
        given["COMP_CWORD"] = line[-1]
    result = CliRunner().invoke(commands, prog_name="symchain", env=given)
    assert result.exit_code == 0, result.output
    return result.output.split()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("der", ["plain,derive"]),
        ("derive --model softmax-r", ["plain,softmax-regression"]),
        ("derive --lang f", ["plain,fr"]),
        ("derive --model two-layer --wrt ", [f"plain,{n}" for n in ("all", "x", "W1", "b1", "W2", "b2", "y_true", *BLOCKS)]),
        ("derive --model two-layer --wrt W1,W", ["plain,W1,W2"]),
        ("derive --model two-layer --of z", ["plain,z2", "plain,z1"]),
        ("eval -e z=w*x --at w=1,", ["plain,w=1,x="]),
        ("check -e z=w*x --wrt w", ["plain,w"]),
    ],
)
def test_a_shell_is_offered(words: str, wanted: list[str]) -> None:
    assert sorted(offered(words)) == sorted(wanted)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_offered_the_same(shell: str) -> None:
    assert any("two-layer" in word for word in offered("derive --model two-l", shell))


@pytest.mark.parametrize("program", ["-", "-e z=w*(x", "nowhere.txt", ""])
def test_where_no_program_can_be_read_nothing_is_said(program: str) -> None:
    """Half of a line is no mistake, and standard input is not waited for."""
    assert offered(f"derive {program} --wrt w".replace("  ", " ")) == []
