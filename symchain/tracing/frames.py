"""The user's function while it runs: the names of its locals, and the line that is running."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from symchain.errors import Place

Look = Callable[[str, Any], None]
"""Told of each local name and what it stands for, after each line."""


class Watched:
    """While this context is open, `look` is told what the locals of one function are, after each of its lines.

    Only the first call of that function is watched: what it calls has names of its own, which say nothing to the reader of the program.
    A debugger's trace function is put back afterwards.
    """

    def __init__(self, code: CodeType | None, look: Look) -> None:
        self.code, self.look = code, look
        self.frame: FrameType | None = None
        self._before: Any = None

    def __enter__(self) -> Watched:
        self._before = sys.gettrace()
        if self.code is not None:
            sys.settrace(self._called)
        return self

    def __exit__(self, *error: object) -> None:
        sys.settrace(self._before)

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code is self.code and self.frame is None:
            self.frame = frame
            return self._line
        return None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event in ("line", "return"):
            for local, value in frame.f_locals.items():
                self.look(local, value)
        return self._line

    def place(self) -> Place | None:
        """The stretch of the watched function's text that is running; None where it does not run."""
        frame = self.frame
        if frame is None:
            return None
        positions = list(frame.f_code.co_positions())
        at = frame.f_lasti // 2
        line, last, column, end = positions[at] if at < len(positions) else (frame.f_lineno, None, None, None)
        line = line or frame.f_lineno
        if line is None:
            return None
        if column is None or end is None or last != line:
            return Place(line, (column or 0) + 1)
        return Place(line, column + 1, max(1, end - column))


def code_of(function: Any) -> CodeType | None:
    """The code of a Python function, a method, or an object that is called; None for what is built in."""
    while True:
        for attribute in ("__wrapped__", "func", "__func__"):
            inner = getattr(function, attribute, None)
            if callable(inner):
                function = inner
                break
        else:
            break
    code = getattr(function, "__code__", None)
    if code is None and not isinstance(function, type):
        code = getattr(type(function).__dict__.get("__call__"), "__code__", None)
    return code if isinstance(code, CodeType) else None


def source_lines(code: CodeType | None) -> Sequence[str]:
    """The lines of the file in which a function stands; none where that cannot be read."""
    return [line.rstrip("\n") for line in linecache.getlines(code.co_filename)] if code is not None else []


def described(code: CodeType | None) -> str:
    """The name of a function and its file, for messages."""
    return "" if code is None else f"{code.co_name} ({Path(code.co_filename).name})"
