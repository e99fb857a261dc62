"""What other libraries have is here by name and by value, or it is said why not; gradients are differences of the values."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from layers import ORACLES, VALUES
from libraries import LIBRARIES
from measure import SAMPLES, documented, row, table
from reasons import NOT_HERE
from samples import HERE, INTEGERS, declared, words

import symchain
from symchain.errors import SymchainError
from symchain.language import reading as _reading  # noqa: F401  (registers all forms)
from symchain.language.forms import FORMS

STEP = {"numpy": 1, "autograd": 3, "torch": 20, "jax": 90}
"""Every name of NumPy is called, and of the others as many as there is time for; measure.py calls them all."""


def names(library: str) -> list[str]:
    found = LIBRARIES[library]
    if not found.installed():
        pytest.skip(f"{found.package} is not installed")
    return found.names()


@pytest.mark.thorough
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.filterwarnings("ignore")
def test_names_of_other_libraries_have_their_values_or_a_reason(library: str) -> None:
    with np.errstate(all="ignore"):
        rows = [row(LIBRARIES[library], name) for name in names(library)[:: STEP[library]]]
    assert not [r for r in rows if r.outcome == "wrong"]
    lacking = [r.name for r in rows if r.outcome == "missing" and r.name not in NOT_HERE and r.name.rsplit(".", 1)[-1] not in NOT_HERE]
    assert not lacking, "Say why in reasons.txt."
    assert sum(r.covered for r in rows) > 0.3 * len(rows)


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore")
def test_the_table_of_the_documentation_is_what_is_measured() -> None:
    """For the library that is always there; measure.py --write writes it for all."""
    lines = table([row(LIBRARIES["numpy"], name) for name in names("numpy")]).splitlines()
    assert lines[0] in documented() and lines[-1] in documented()


# ---------------------------------------------------------------- gradients


@pytest.mark.parametrize("text", [t for t in HERE if "stop_gradient" not in t][::9])
def test_gradients_are_differences_of_values(text: str) -> None:
    used = [n for n in SAMPLES if n in words(text)]
    wrt = [n for n in used if n not in INTEGERS]
    try:
        program = symchain.parse("\n".join([*declared(used), f"r = {text}", "C = sum(0.7*r**2 + r)"]))
        kernel = program.compile("C", wrt=wrt)
    except SymchainError:
        return  # it is not here as the library has it, or refused by name
    at = {n: SAMPLES[n] for n in program.inputs}
    _, gradient = kernel(**at) if wrt else (None, {})
    value = program.compile("C", wrt=[])
    for name in wrt:
        direction = np.random.default_rng(len(text)).normal(size=at[name].shape)
        ends = [np.ravel(value(**{**at, name: at[name] + h * direction})[0])[0] for h in (1e-6, -1e-6)]
        assert np.isclose(np.sum(gradient[name] * direction), (ends[0] - ends[1]) / 2e-6, rtol=3e-5, atol=1e-5), name


# ---------------------------------------------------------------- refusals

OPERANDS = {
    "Tree": ("s", "v", "P", "q", "labels"), "Trees": ("[v, v]", "[P, v]"), "Blocks": ("[[s, v]]",), "Axis": ("1", "-1"),
    "Axes": ("0", "(0, 1)"), "Sizes": ("2", "(6, 6)"), "Sections": ("2", "[1, 3]", "0"), "Whole": ("2", "0"), "Dim": ("3", "n"),
    "Text": ("'full'",), "Labels": ("[0, 7]",),
}  # fmt: skip
ROOMS = tuple(f"symchain.language.{room}" for room in ("windows", "arrangements", "layers", "labels", "parts", "definitions"))


@pytest.mark.parametrize("name", sorted(n for n, f in FORMS.items() if f.build.__module__ in ROOMS)[::2])
def test_operands_that_do_not_fit_are_refused_as_such(name: str) -> None:
    """Whatever the operands are, either there is an array or a SymchainError that says what to do."""
    text = "s: ()\nv: (6,)\nP: (2, 6, 6, 6)\nq: (n,)\nlabels: (6,) integer\n"
    kinds = [OPERANDS.get(p.kind, ("2",)) for p in FORMS[name].parameters if p.required or p.variadic]
    for operands in list(itertools.product(*kinds))[:60]:
        call = f"{name}({', '.join(operands)})" + ("[0]" if FORMS[name].parts else "")
        try:
            symchain.parse(f"{text}y = {call}")
        except SymchainError as error:
            assert error.what, call


@pytest.mark.parametrize("text", ORACLES)
def test_layers_mean_what_the_literature_says(text: str) -> None:
    lines = [f"{n}: {np.shape(v)}{' integer' if n == 'labels' else ''}" for n, v in VALUES.items() if n in words(text)]
    program = symchain.parse("\n".join([*lines, f"r = {text}"]))
    found = program.compile("r", wrt=[])(**{n: VALUES[n] for n in program.inputs})
    found = found[0] if isinstance(found, tuple) else found
    expected = ORACLES[text]()
    assert np.shape(found) == np.shape(expected) and np.allclose(found, expected)
