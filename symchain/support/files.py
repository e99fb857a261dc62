"""Texts from outside, files and streams: read up to a limit, so that one without end is refused while it is read."""

from __future__ import annotations

from typing import BinaryIO

MAX_TEXT = 10_000_000
"""A program, a point or a LaTeX text has at most so many characters."""
_WIDEST = 4
"""The most bytes of one character in UTF-8."""
_PIECE = 2**20


def read_limited(stream: BinaryIO, limit: int = MAX_TEXT) -> str:
    """The text of a stream of UTF-8, with line ends as Python has them.

    Raises ValueError with a reason when it is longer than the limit (in characters) or is no UTF-8; of an endless one, only what could
    hold that many characters is read.
    """
    pieces = []
    length = 0
    while length <= _WIDEST * limit and (piece := stream.read(_PIECE)):
        pieces.append(piece)
        length += len(piece)
    if length <= _WIDEST * limit:
        try:
            text = b"".join(pieces).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ValueError("it is not UTF-8 text") from None
        if len(text) <= limit:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise ValueError(f"it holds more than {limit} characters")


def read_file(path: str, limit: int = MAX_TEXT) -> str:
    """The text of a file. Raises OSError, or ValueError as `read_limited` does."""
    with open(path, "rb") as file:
        return read_limited(file, limit)
