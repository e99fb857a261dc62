"""The ready models as programs, each parsed once in a test run, so that tests which only read share what was derived.

What plants something wrong parses for itself.
"""

from __future__ import annotations

from functools import cache

import symchain
from symchain.models import read_model
from symchain.nouns.derivation import Derivation, Derivations
from symchain.nouns.program import Program


@cache
def ready_program(name: str) -> Program:
    return symchain.parse(read_model(name).text)


@cache
def ready_derivations(name: str) -> Derivations:
    """The derivatives of the last block by all inputs; what was verified of one stays with it."""
    program = ready_program(name)
    return program.derive(program.last, "all")


@cache
def ready_derivation(name: str) -> Derivation:
    """The derivative of the last block by the first input."""
    program = ready_program(name)
    return program.derive(program.last, next(iter(program.inputs)))
