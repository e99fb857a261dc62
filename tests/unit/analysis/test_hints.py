"""Hints never tell: over all ready models, the answer does not stand in a hint of level 1 or 2, in either language."""

from __future__ import annotations

import re

import pytest

import symchain
from symchain.models import model_names, read_model
from symchain.render.formulas import TextFormulas
from symchain.support.document import Formula


def words(text: str) -> str:
    """The text in the spelling of the input language, without the spaces that lines are broken at."""
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("model", model_names())
def test_no_hint_of_the_first_two_levels_holds_the_answer(model: str) -> None:
    program = symchain.parse(read_model(model).text)
    if program.recurrence is not None:
        pytest.skip("a program with families has no hints")
    for name in program.inputs:
        d = program.derive(program.last, name)
        told = TextFormulas("en")
        answers = {words(told.inline(Formula(p))) for p in (d.formula_phrase, d.general_phrase, d.result.phrase)}
        for answer in (a for a in answers if not re.fullmatch(r"-?[\w.]+", a)):  # a name alone may stand on the way
            for lang in ("en", "fr"):
                for level in (1, 2):
                    assert answer not in words(program.hint(program.last, name, level=level, lang=lang).text())


def test_levels_add_up_and_a_single_factor_is_never_told() -> None:
    program = symchain.parse("z = w*x + b; C = (z - y)**2")
    first, second, third = (program.hint("C", "w", level=k).text() for k in (1, 2, 3))
    assert "dC/dz" not in first
    assert "dC/dz = 2*(z - y)" in second
    assert "dz/dw = x" in third
    assert "2*(z - y)*x" not in third
    for level in (1, 2, 3):
        assert "2*(z - y)" not in program.hint("C", "z", level=level).text()


@pytest.mark.parametrize("level", [0, 4, True, "1"])
def test_other_levels_are_refused(level: object) -> None:
    with pytest.raises(symchain.ArgumentError, match="level"):
        symchain.parse("y = x**2").hint("x", level=level)  # type: ignore[arg-type]


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_explanations_and_hints_are_told_in_latex(lang: str) -> None:
    program = symchain.parse("z = w_1*x + b; C = (z - y)**2")
    for told in (program.explain("w_1", lang=lang).latex(), program.hint("w_1", level=3, lang=lang).latex()):
        assert told.startswith(r"\paragraph{")
        assert told.count(r"\begin{itemize}") == told.count(r"\end{itemize}") == 1
        assert r"\frac{\partial C}{\partial w_{1}}" in told or r"\partial C/\partial w_{1}" in told or "w_1" in told
        assert told.count("$") % 2 == 0
