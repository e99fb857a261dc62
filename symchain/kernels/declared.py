"""Operations without an instruction of their own: a kernel runs their meaning itself, which this process alone knows.

A plan names them, and nothing but this process can read such a plan: a kernel that holds one is neither saved nor sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from symchain.errors import UnsupportedError

Array = Any

CODE: dict[str, Callable[..., Array]] = {}
"""What generated code calls, by the name it has there."""
_MEANINGS: dict[str, Callable[..., Array]] = {}


def name_of(operation: str, meaning: Callable[..., Array]) -> str:
    """The name under which code calls the meaning of an operation; another meaning of the same name has another one.

    >>> name_of("halved", abs), name_of("halved", abs), name_of("halved", round)
    ('declared_halved', 'declared_halved', 'declared_halved_1')
    """
    count = 0
    while True:
        name = f"declared_{operation}{f'_{count}' if count else ''}"
        if _MEANINGS.setdefault(name, meaning) is meaning:
            CODE[name] = _real(operation, meaning)
            return name
        count += 1


def _real(operation: str, meaning: Callable[..., Array]) -> Callable[..., Array]:
    """The meaning over real arrays, with real values: what it answers with numbers that are not real has no value there."""

    def call(*arguments: Any) -> Array:
        value = np.asarray(meaning(*arguments))
        if not np.iscomplexobj(value):
            return value
        if np.any(value.imag):
            raise ValueError(f"{operation} has no real value there")
        return value.real

    return call


def check_sendable(opcodes: Iterable[tuple[str, tuple[Any, ...]]]) -> None:
    """Raises UnsupportedError where one of the instructions, given as opcode and parameters, runs in this process alone."""
    for opcode, parameters in opcodes:
        if opcode == "declared":
            operation = parameters[0]
            raise UnsupportedError(
                f"a kernel with {operation} cannot be saved or sent: its code is known to the process that declared it alone",
                advice=f"Keep the program's text, and compile it where {operation} is declared.",
            )
