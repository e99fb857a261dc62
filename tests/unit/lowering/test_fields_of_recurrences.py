"""Recursions of many fields, none of which the engine knows: each is derived, printed, run, and right beside the program written out."""

from __future__ import annotations

import numpy as np
import pytest

import symchain
from symchain.errors import SymchainError
from symchain.language.unrolling import bounding, named
from tests.support.fields import PROGRAMS
from tests.support.recurrences import first_of, point


@pytest.mark.parametrize("field", PROGRAMS)
def test_loops_have_the_values_and_gradients_of_what_is_written_out(field: str) -> None:
    program = symchain.parse(PROGRAMS[field])
    output = program.last
    names = [*(n for n in program.inputs if n not in program.dimensions), *(n for n, f in program.families.items() if f.given)]
    kernel = program.compile(output, wrt=names)
    rng = np.random.default_rng(11)
    compared = 0
    for length in (4, 3, 5):
        lengths = dict.fromkeys(bounding(program.recurrence), length)
        try:
            written, flat, whole = point(program, lengths, rng)
        except SymchainError:  # the program needs more steps
            continue
        value, gradient = kernel(**whole, **{n: v for n, v in lengths.items() if n in program.recurrence.lengths})
        expected, slopes = written.compile(output, wrt=list(written.inputs))(**flat)
        assert np.isfinite(expected) and np.allclose(value, expected, rtol=1e-10)
        for name in names:
            if name in program.families:
                first = first_of(program, name, flat)
                for k, found in enumerate(gradient[name]):
                    assert np.allclose(found, slopes.get(named(name, first + k, program), 0), rtol=1e-8, atol=1e-10), (name, k, length)
            else:
                assert np.allclose(gradient[name], slopes.get(name, 0), rtol=1e-8, atol=1e-10), (name, length)
        compared += 1
    assert compared >= 2


@pytest.mark.parametrize("field", PROGRAMS)
def test_what_is_printed_is_verified(field: str) -> None:
    program = symchain.parse(PROGRAMS[field])
    names = [*(n for n in program.inputs if n not in program.dimensions), *(n for n, f in program.families.items() if f.given)]
    for name in (names[0], names[-1]):
        found = program.derive(program.last, name)
        assert found.verification.held, (name, found.verification)
        assert found.text("fr") and found.latex()
