"""The terminal: a bar while one waits, streams that are closed or full, interrupts, and arguments in a locale that is not UTF-8."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")

ROOT = Path(__file__).parents[3]
SLOW = """
import time, symchain
from symchain.app import cli
quick = symchain.parse
def slow(*arguments, **options):
    time.sleep(2.6)
    return quick(*arguments, **options)
symchain.parse = slow
cli.main()
"""
"""A command line on which reading a program takes long, and no processor."""


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("TERM", "NO_COLOR", "COLUMNS", "PYTHONIOENCODING")}
    return {**kept, "TERM": "xterm", "PYTHONPATH": str(ROOT), **changes}


def watched(*arguments: str, interrupt: bool = False, **changes: str) -> tuple[int, bytes, list[bytes]]:
    """Exit code, standard output, and what a terminal at standard error received, piece by piece."""
    outer, inner = pty.openpty()
    command = [sys.executable, "-c", SLOW, *arguments]
    pieces: list[bytes] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=inner, env=environment(**changes)) as process:
        os.close(inner)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            ready, _, _ = select.select([outer], [], [], 0.1)
            try:
                piece = os.read(outer, 65536) if ready else None
            except OSError:  # Linux: the other end is closed
                break
            if piece == b"":
                break
            if piece:
                pieces.append(piece)
            if interrupt and len(b"".join(pieces)) > 100:
                process.send_signal(signal.SIGINT)
                interrupt = False
        os.close(outer)
        assert process.stdout is not None
        said = process.stdout.read()
    return process.returncode, said, pieces


def screen(received: bytes) -> str:
    """What is left on a terminal that received some bytes."""
    lines, row = [""], 0
    for part in re.findall(r"\x1b\[[?0-9;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", received.decode()):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif re.fullmatch(r"\x1b\[\d*A", part):
            row -= int(part[2:-1] or 1)
        elif part == "\x1b[2K":
            lines[row] = ""
        elif part[0] not in "\x1b\r":
            lines[row] += part
    return "\n".join(lines).strip()


@pytest.mark.thorough
def test_a_bar_moves_while_a_terminal_waits_and_leaves_nothing() -> None:
    code, said, pieces = watched("parse", "-e", "y = x")
    received = b"".join(pieces)
    frames = [frame for frame in received.split(b"\r\x1b[2K") if b"Reading" in frame]
    assert (code, said) == (0, b"y = x\n")
    assert len(set(frames)) > 5, "the bar does not move"
    assert b"0:00:01" in frames[0] and b"0:00:02" in frames[-1], "the time is that of the wait, not that of the bar"
    assert received.rindex(b"\x1b[?25h") > received.rindex(b"\x1b[?25l"), "the cursor stays hidden"
    assert screen(received) == ""


@pytest.mark.thorough
def test_an_interrupt_takes_the_bar_away() -> None:
    code, said, pieces = watched("parse", "-e", "y = x", interrupt=True)
    received = b"".join(pieces)
    assert (code, said) == (130, b"")
    assert b"Reading" in received and received.rindex(b"\x1b[?25h") > received.rindex(b"\x1b[?25l")
    assert screen(received) == "symchain: interrupted"


@pytest.mark.thorough
def test_a_terminal_that_cannot_erase_sees_no_bar() -> None:
    assert watched("parse", "-e", "y = x", TERM="dumb") == (0, b"y = x\n", [])


@pytest.mark.thorough
def test_colours_can_be_refused() -> None:
    _, _, pieces = watched("parse", "-e", "y = x", NO_COLOR="1")
    assert b"Reading" in b"".join(pieces) and not re.search(rb"\x1b\[[0-9;]*m", b"".join(pieces))


@pytest.mark.thorough
def test_no_bar_where_standard_error_is_no_terminal() -> None:
    command = [sys.executable, "-c", SLOW, "parse", "-e", "y = x"]
    ran = subprocess.run(command, capture_output=True, env=environment(), timeout=120, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"y = x\n", b"")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("parse -e 'y = x' >&-", 2, "standard output is closed"),
        ("parse - <&-", 2, "'-' cannot be read: it is closed"),
        ("parse -e 'y = x' 2>&-", 0, ""),
        ("parse -e 'y = x +' 2>&-", 2, ""),
        ("parse ''", 2, "'' cannot be read"),
    ],
)
def test_streams_may_be_closed(command: str, code: int, words: str) -> None:
    ran = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -m symchain {command}'],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=120,
        check=False,
    )
    assert ran.returncode == code and words in ran.stderr
    assert "Traceback" not in ran.stderr and "defect" not in ran.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("arguments", (["models"], ["models", "two-layer"]))
def test_a_full_disk_is_said(arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "symchain", *arguments]
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment(), timeout=120, check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith("symchain: standard output cannot be written: No space left") and len(ran.stderr.splitlines()) == 2


@pytest.mark.thorough
def test_arguments_are_utf_8_in_every_locale() -> None:
    bare = environment(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    command = [sys.executable, "-m", "symchain", "parse", "-e", "λ = 2*x"]
    ran = subprocess.run(command, capture_output=True, env=bare, timeout=120, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"\\u03bb = 2*x\n", b"")
