"""The ready models as programs, each parsed once in a test run, so that tests which only read share what was derived.

What plants something wrong parses for itself.
"""

from __future__ import annotations

from functools import cache

import symchain
from symchain.models import read_model
from symchain.nouns.program import Program


@cache
def ready_program(name: str) -> Program:
    return symchain.parse(read_model(name).text)
