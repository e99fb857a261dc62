"""How generated source is laid out: comments that name the lines of a program, long lines folded inside their brackets."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap


def shown(text: str) -> str:
    """A name as it may stand in a comment."""
    return "".join(c if c.isprintable() else "?" for c in text)


def commented(body: Sequence[tuple[str, str]], indent: int, comments: bool) -> list[str]:
    lines = []
    for text, block in body:
        lines += folded(_glued(text), indent)
        if comments and block:
            lines[-1] += f"  # {shown(block)}"
    return lines


def _glued(text: str) -> str:
    """The text with the spaces outside its brackets glued, so that it is folded inside them alone."""
    depth = 0
    glued = []
    for c in text:
        depth += (c in "([{") - (c in ")]}")
        glued.append("\N{NO-BREAK SPACE}" if c == " " and not depth else c)
    return "".join(glued)


def folded(line: str, indent: int) -> list[str]:
    """A line of source, folded inside brackets when it is long."""
    pad = " " * indent
    if len(line) + indent <= 140:
        return [pad + line.replace("\N{NO-BREAK SPACE}", " ")]
    if line.startswith("if "):
        line = f"if ({line[3:-1]}):"
    elif line.startswith("return ") and line[7] != "(":
        line = f"return ({line[7:]})"
    lines = wrap(line, 136, initial_indent=pad, subsequent_indent=pad + "    ", break_long_words=False, break_on_hyphens=False)
    return [part.replace("\N{NO-BREAK SPACE}", " ") for part in lines]
