"""Simplification as it is told: named steps from what was multiplied to the result, each an identity, none longer than the last."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

import pytest
from randomtrees import TREES, disagreement, report, text
from ready import ready_derivations, ready_program

import symchain
from symchain.errors import ArgumentError
from symchain.models import model_names
from symchain.nouns.derivation import RULES, Derivation, Derivations, Step
from symchain.render import render
from symchain.rewriting import price_of, steps_from
from symchain.rewriting.rows import Row, Use
from symchain.rewriting.rules_table import TABLE
from symchain.rules.binding import bind
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Contraction, Tree, leaf, substitute
from symchain.wording import LANGUAGES, sentence

SHORT = "y = x/(1 + (a*b)**2)"
"""What the user wrote is shorter than its normal form."""


class Models(Mapping[str, Derivation]):
    """The derivatives of the ready models, by the model and the input, each made when it is first looked at."""

    def __getitem__(self, name: str) -> Derivation:
        model, _, wrt = name.partition(":")
        return (ready_derivations(model) if model != "short" else _short())[wrt]

    def __iter__(self) -> Iterator[str]:
        for model in model_names():
            yield from (f"{model}:{wrt}" for wrt in ready_program(model).inputs)
        yield from (f"short:{wrt}" for wrt in "xab")

    def __len__(self) -> int:
        return len(list(iter(self)))


@cache
def _short() -> Derivations:
    return symchain.parse(SHORT).derive("all")


MODELS = Models()


def test_the_derivatives_of_a_model_are_by_all_its_inputs():
    assert set(_short()) == set("xab")
    assert all(list(ready_derivations(model)) == list(ready_program(model).inputs) for model in model_names())


def connected(steps: tuple[Step, ...]) -> bool:
    """Whether each step begins with what the one before printed."""
    return all(phrase_of(a.result) == phrase_of(b.subject) for a, b in zip(steps, steps[1:], strict=False))


@pytest.mark.parametrize("name", MODELS)
def test_every_way_leads_from_its_start_to_what_is_printed(name):
    d = MODELS[name]
    told = d.rewriting
    for steps, ends in (
        (told.product, (d.general_tree, d.formula_tree)),
        (told.functions, (d.formula_tree,)),
        *((told.lines[line.name], (line.tree,)) for line in (*d.adjoint_lines, d.result) if line.name in told.lines),
    ):
        assert connected(steps)
        assert not steps or phrase_of(steps[-1].result) in [phrase_of(end) for end in ends]
    if told.product and d.product_tree is not None:
        assert phrase_of(told.product[0].subject) in [phrase_of(t) for t in (d.product_tree, bind(d.product_tree))]
    for step in told.steps:
        assert not step.by
        assert phrase_of(step.subject) != phrase_of(step.result), "every step can be seen"


@pytest.mark.parametrize("name", MODELS)
def test_no_step_lengthens_the_formula(name):
    """Only putting a known function in place of a name may: sigma'(z) becomes a*(1 - a)."""
    for step in MODELS[name].rewriting.steps:
        assert step.rule == "subst" or price_of(step.result) <= price_of(step.subject), (step.rule, text(step.subject), text(step.result))


@pytest.mark.parametrize("name", MODELS)
def test_a_local_derivative_is_never_longer_than_the_rules_gave_it(name):
    for factor in MODELS[name].factors.values():
        if factor.raw_tree is not None:
            assert price_of(factor.general) <= price_of(factor.raw_tree), (factor.name, text(factor.raw_tree), text(factor.general))


@pytest.mark.parametrize("name", MODELS)
def test_the_result_is_not_longer_than_the_product_of_the_factors(name):
    d = MODELS[name]
    if d.product_tree is not None and not d.substitutions:
        assert price_of(d.formula_tree) <= price_of(d.product_tree), (text(d.product_tree), text(d.formula_tree))


@pytest.mark.thorough
def test_the_account_of_random_trees():
    """Every step keeps the value, none lengthens the formula, and telling it twice tells the same."""

    def problem(tree: Tree) -> str:
        steps = steps_from(tree)
        if steps and not (connected(steps) and phrase_of(steps[0].subject) == phrase_of(tree)):
            return "a gap"
        for step in steps:
            if price_of(step.result) > price_of(step.subject):
                return f"{step.rule} lengthens: {text(step.subject)}, then {text(step.result)}"
            if found := disagreement(step.subject, step.result):
                return f"{step.rule}: {found}"
        return "" if steps_from(tree) == steps else "another account"

    assert not report(problem, TREES[:200])


EVERY = {
    "ident": "y = exp(x)/(1 + exp(x))*x",
    "numbers": "y = 2*x*3",
    "gather": "y = x*a*x",
    "powers": "y = ((x**2)**2)*a",
    "collect": "y = x + a + 2*x",
    "zero": "y = x*0 + a",
    "factor": "y = x*a + x*b",
    "fraction": "y = (1 - a)/(1 - s) - a/s",
    "expand": "y = (a + b)*(a - b) + b**2",
    "cases": "y = where(x > 0, 1, 0)*a + where(x > 0, 0, 1)*b",
    "sign": "y = -(a - b)",
    "inverse": "A: (n, n)\nB: (n, n)\nY = inv(A @ B) @ A",
    "fact": "T: (n, k) onehot\nw: (n,)\nY = w @ T @ ones(k)",
    "transpose": "A: (n, n)\nB: (n, n)\nC: (n, n)\nY = A.T + B.T @ C.T",
    "slice": "g: (n,)\nw: (3,)\nY = sum(outer(g, w)[:, :1], axis=1)",
}


@pytest.mark.parametrize("rule", EVERY)
def test_every_rewrite_has_its_name(rule):
    program = symchain.parse(EVERY[rule])
    *_, block = program.blocks.values()
    assert rule in {step.rule for step in steps_from(block.tree)}, [(s.rule, text(s.result)) for s in steps_from(block.tree)]


def test_there_is_no_rewrite_without_an_example():
    assert {row.step for row in TABLE.rows} <= set(EVERY) <= set(RULES)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_name_is_said_in_every_language(lang):
    said = [sentence(lang, f"rule.{rule}") for rule in RULES]
    assert all(said) and len(set(said)) == len(said)


def test_the_steps_are_in_the_json():
    d = MODELS["softmax-regression:W"]
    told = json.loads(d.to_json())["rewriting"]
    assert [s["rule"] for s in told] == [s.rule for s in d.rewriting.steps]
    assert told[len(d.rewriting.product) - 1]["result"] == text(d.formula_tree) == "X.T @ (P - T)/n"


@pytest.mark.parametrize("medium", ["text", "latex", "markdown", "html"])
def test_full_detail_names_the_steps(medium):
    d = MODELS["softmax-regression:W"]
    full, standard = (render(d, medium, detail=detail) for detail in ("full", "standard"))
    assert "common denominator" in full and "common denominator" not in standard


@pytest.mark.parametrize("medium", ["latex", "markdown", "html", "json"])
def test_a_step_alone_is_text(medium):
    (first, *_) = MODELS["softmax-regression:W"].rewriting.steps
    assert str(first) == render(first, "text")
    with pytest.raises(ArgumentError, match="step"):
        render(first, medium)


def test_a_wrong_rewrite_is_caught():
    """Planted: a rewrite that drops a factor, which shortens every product."""
    program = symchain.parse("u = a*x + b\nC = (u*x + u*b)*(u - y)")
    assert program.derive("C", "a").verification.held

    def dropped(tree: Contraction, names):
        if not tree.shape and len(tree.args) > 2:
            yield tree.args[-1]

    with TABLE.including(Row("a factor dropped", Use.PRINT, search=dropped, node=Contraction, step="factor")):
        program = symchain.parse("u = a*x + b\nC = (u*x + u*b)*(u - y)")
        assert program.derive("C", "a").verification.failed


def test_a_wrong_step_is_caught():
    """Planted in the account alone: the derivative is right, the way there is not."""
    d = symchain.parse("u = a*x\nC = u**2*x + u*b*x").derive("C", "a")
    assert d.verification.held and d.rewriting.product
    first = d.rewriting.product[0]
    a, b = leaf("a"), leaf("b")
    fresh = replace(d)
    lying = replace(first, result=substitute(first.result, {a: b, b: a}))
    fresh.__dict__["rewriting"] = replace(d.rewriting, product=(lying, *d.rewriting.product[1:]))
    assert fresh.verification.failed
