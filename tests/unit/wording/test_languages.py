"""A language is one folder: one that is made up here is spoken by everything that speaks, and nothing else knows which there are."""

from __future__ import annotations

import ast
import dataclasses
import html
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import made_up
import pytest
from click.testing import CliRunner
from ready import ready_derivations, ready_program

import symchain
from symchain.app.cli import commands
from symchain.errors import ArgumentError
from symchain.functions import FUNCTIONS, texts
from symchain.models import read_model
from symchain.nouns.program import Program
from symchain.operations import OPERATIONS
from symchain.render import render
from symchain.render.layout import layout
from symchain.render.typst import typst_document
from symchain.wording import DEFAULT, LANGUAGES, locale_of, pieces, register, sentence
from symchain.wording.locale import Language
from symchain.wording.numbers import count, literal, real, value

PACKAGE = Path(symchain.__file__).parent
CHOSEN = ("two-layer", "softmax-cross-entropy", "huber-neuron", "logistic-growth", "gaussian-process")
"""Ready models: a network, arrays, cases, one block after another, operations of linear algebra."""


@pytest.fixture
def zz() -> Iterator[str]:
    with made_up.spoken() as code:
        yield code


# ---------------------------------------------------------------- what is said in it


def _formulas_aside(text: str) -> str:
    """LaTeX without its commands: what is left are names, and words where somebody speaks."""
    text = re.sub(r"\\(begin|end|operatorname|mathrm|mathit|mathbf|mathbb)\*?\{[^{}]*\}", " ", text)
    return re.sub(r"\\[a-zA-Z]+", " ", text)


def _tags_aside(text: str) -> str:
    return html.unescape(re.sub(r"<style>.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL))


def _main(page: str) -> str:
    """What the page says in the language, without the listings of code."""
    (side,) = re.findall(r'<main lang="zz".*?</main>', page, re.DOTALL)
    return _tags_aside(side.partition('<section id="code-zz"')[0])


@cache
def _spoken_words() -> set[str]:
    """The words of the English sentences that are no words of the input language, whole or cut ("one" of ones)."""
    words = {w for text in LANGUAGES[DEFAULT].sentences.values() for literal, _ in pieces(text) for w in re.findall(r"[a-z]{3,}", literal)}
    nouns = {w for spec in (*FUNCTIONS.values(), *OPERATIONS.values()) for w in re.findall(r"[a-z]{3,}", spec.noun.en)}
    calls = {"sum", "mean", "norm", "dot", "trace", "where", "axis", "eye", "one", "ones", "diag", "outer", "vec"}
    calls |= {"not", "and", "inv", "delta"}
    return (words | nouns) - calls - FUNCTIONS.keys() - OPERATIONS.keys()


@cache
def _program(model: str) -> tuple[Program, dict]:
    ready = read_model(model)
    return ready_program(model), dict(ready.at)


def _derivations(media: str, notation: str, aside: Callable[[str], str]) -> Callable[[str], str]:
    def said(model: str) -> str:
        return aside(render(ready_derivations(model), media, lang="zz", detail="full", notation=notation))

    return said


def _complete(model: str) -> str:
    written = render(ready_derivations(model), "latex", lang="zz", complete=True)
    assert r"\usepackage[ngerman]{babel}" in written and "[english]" not in written
    return _formulas_aside(written.partition(r"\begin{document}")[2])


def _typst(model: str) -> str:
    text = typst_document(layout(ready_derivations(model), "standard"), "zz")
    assert '#set text(lang: "zz"' in text
    spoken = re.sub(r"\$.*?\$", " ", text, flags=re.DOTALL)
    return "\n".join(line for line in spoken.splitlines() if not line.startswith("#")).replace("\\", "")


def _explanations(medium: str, aside: Callable[[str], str]) -> Callable[[str], str]:
    def said(model: str) -> str:
        program, at = _program(model)
        found = []
        for wrt in list(program.inputs)[:2]:
            reader = next(b for b in program.blocks.values() if wrt in b.reads)
            for output in {reader.name, program.last}:
                found.append(getattr(program.explain(output, wrt, lang="zz", at=at), medium)())
        return aside("\n".join(found))

    return said


def _told_as_data(text: str) -> str:
    """The sentences of an explanation's JSON; its keys are those of the schema."""
    return "\n".join(re.findall(r'"text": "(.*)"', text))


def _verdicts(model: str) -> str:
    program, _ = _program(model)
    wrt = next(iter(program.inputs))
    verdicts = [program.check(program.last, wrt, claim) for claim in ("0", "1", wrt, f"2*{wrt}")]
    for v in verdicts:
        assert list(json.loads(v.to_json())["message"]) == list(LANGUAGES)
    return re.sub(r"\S*[\w)\]]\(.*|∂\S+", " ", "\n".join(v.text("zz") for v in verdicts))


def _sensitivity(model: str) -> str:
    program, at = _program(model)
    return program.sensitivity(program.last, at=at).text("zz")


def _chart(model: str) -> str:
    program, at = _program(model)
    return _tags_aside(program.sensitivity(program.last, at=at).svg("zz"))


def _graph(medium: str, aside: Callable[[str], str]) -> Callable[[str], str]:
    def said(model: str) -> str:
        program, at = _program(model)
        return aside(getattr(program.graph(at, level="ops"), medium)("zz"))

    return said


def _page(model: str) -> str:
    program, at = _program(model)
    page = program.html(at=at, lang="zz")
    switch = re.findall(r'<button type="button" data-lang="(\w+)"[^>]*>([^<]*)<', page)
    assert switch == [("zz", "Zett"), ("en", "English"), ("fr", "Français")]
    return _formulas_aside(_main(page))


def _plain(text: str) -> str:
    return text


SPEAKERS: dict[str, Callable[[str], str]] = {
    **{f"text, {notation}": _derivations("text", notation, _plain) for notation in ("matrix", "index", "kronecker")},
    **{f"latex, {notation}": _derivations("latex", notation, _formulas_aside) for notation in ("matrix", "index", "kronecker")},
    "markdown": _derivations("markdown", "matrix", _formulas_aside),
    "html": _derivations("html", "matrix", lambda text: _formulas_aside(_tags_aside(text))),
    "a complete file": _complete,
    "typst": _typst,
    "explanation, text": _explanations("text", _plain),
    "explanation, markdown": _explanations("markdown", _formulas_aside),
    "explanation, html": _explanations("html", lambda text: _formulas_aside(_tags_aside(text))),
    "explanation, json": _explanations("to_json", _told_as_data),
    "verdicts": _verdicts,
    "sensitivity": _sensitivity,
    "chart": _chart,
    "graph, svg": _graph("svg", _tags_aside),
    "graph, tikz": _graph("tikz", lambda text: _formulas_aside("\n".join(re.findall(r"\\node.*?\{(.*)\};", text)))),
    "page": _page,
}


@pytest.mark.parametrize("speaker", SPEAKERS)
@pytest.mark.parametrize("model", CHOSEN)
def test_all_that_speaks_speaks_a_language_that_is_added(model: str, speaker: str, zz: str) -> None:
    said = SPEAKERS[speaker](model)
    assert re.search(r"\[[A-Z]{2,}[ \]:]", said), said[:500]
    program, _ = _program(model)
    names = {w for name in (*program.inputs, *program.blocks, *program.functions) for w in re.findall(r"[a-z]{3,}", name)}
    english = set(re.findall(r"(?<![\w.])[a-z]{3,}(?![\w(=…])", said)) & _spoken_words() - names
    assert not english, (english, [line for line in said.splitlines() if english & set(re.findall(r"\w+", line))][:5])


@pytest.mark.parametrize("medium", ["dot", "mermaid"])
def test_graphs_as_text_hold_numbers_of_the_language(medium: str, zz: str) -> None:
    program, at = _program("two-layer")
    graph = program.graph(at)
    assert "0,640" in getattr(graph, medium)(zz).replace("#44;", ",") and "0.640" in getattr(graph, medium)()


def test_numbers_follow_the_locale(zz: str) -> None:
    assert (real(1.5, zz, False), real(1.5, zz, True), real(5e-16, zz, True)) == ("1,5", "1{,}5", r"5\cdot10^{-16}")
    assert (count(1234567, zz, False), count(999, zz, False), literal("0.5", zz)) == ("1.234.567", "999", "0{,}5")
    assert value([1.5, 2.0], zz, False) == "[1,5; 2]" and locale_of(zz).separator == "; "
    program, at = _program("two-layer")
    assert re.search(r"\d,\d+; ", program.check("C", "W1", "0").text(zz))


def test_labels_name_the_logarithm_as_the_locale_does(zz: str) -> None:
    graph = symchain.parse("y = log(x)").graph()
    assert ["log(x)" in graph.svg(), "ln(x)" in graph.svg("fr"), "LN(x)" in graph.svg(zz)] == [True] * 3


def test_the_last_of_a_list_follows_the_conjunction(zz: str) -> None:
    assert "b UND c" in symchain.parse("y = a*x + b + c").explain("y", "x", lang=zz).text()


# ---------------------------------------------------------------- texts of records


def test_a_language_says_of_records_what_its_folder_says(zz: str) -> None:
    explained = symchain.parse("a = f(z)", let={"f": "sigmoid"}).explain("a", "z", lang=zz).text().replace("\n  ", " ")
    assert "DIE SIGMOIDE" in explained and "DIE SIGMOIDE KENNT IHRE STEIGUNG." in explained
    assert texts.noun("inv", zz) == "INVERSE" and texts.with_article("sigmoid", zz) == "DIE SIGMOIDE"


def test_a_language_that_says_nothing_of_a_record_names_it(zz: str) -> None:
    explained = symchain.parse("a = f(z)", let={"f": "tanh"}).explain("a", "z", lang=zz).text().replace("\n  ", " ")
    assert "[THE FUNCTION tanh]" in explained and sentence(zz, "record.reason") in explained
    assert texts.noun("tanh", zz) == "[FUNCTION tanh]" and texts.noun("det", zz) == "[OPERATION det]"
    assert set(texts.missing(zz)) == (FUNCTIONS.keys() | OPERATIONS.keys()) - {"sigmoid", "inv"}


# ---------------------------------------------------------------- adding and removing


def test_the_command_line_offers_it(zz: str, tmp_path: Path) -> None:
    run = CliRunner().invoke
    assert "[en|fr|zz]" in run(commands, ["derive", "--help"]).output
    for name in ("derive", "hessian", "explain", "check", "page", "sensitivity", "graph"):
        asked = {"check": ["--claim", "2*x", "--wrt", "x"], "sensitivity": ["--at", "x=1"], "graph": ["--format", "svg"]}
        options = asked.get(name, ["--wrt", "x"])
        ran = run(commands, [name, "-e", "y = x**3", "--lang", zz, *options])
        assert ran.exit_code in (0, 1) and re.search(r"\[[A-Z]{2,}", ran.output), (name, ran.output)
    assert "[3 IS A NUMBER" in run(commands, ["derive", "-e", "y = 3*x", "--wrt", "3", "--lang", zz]).output
    for name, claim in (("wrong", "x"), ("unreadable", "q")):
        path = tmp_path / f"{name}.md"
        path.write_text(f"$$y = x^2$$\n\n$$\\frac{{dy}}{{dx}} = {claim}$$\n", encoding="utf-8")
        assert "[LINE 3: " in run(commands, ["check", str(path), "--lang", zz]).output, name
        told = json.loads(run(commands, ["check", str(path), "--format", "json"]).stdout)
        assert [list(entry["message"]) for entry in told] == [["en", "fr", "zz"]]


def test_a_language_that_is_gone_is_refused() -> None:
    before = dict(LANGUAGES)
    derivation = symchain.parse("y = x**2").derive("x")
    with made_up.spoken() as zz:
        assert derivation.text(lang=zz).startswith("[DERIVATION OF")
    assert before == LANGUAGES
    with pytest.raises(ArgumentError, match="lang is 'zz'"):
        derivation.text(lang="zz")
    ran = CliRunner().invoke(commands, ["derive", "-e", "y = x**2", "--lang", "zz"])
    assert ran.exit_code == 2 and "'zz' is not one of 'en', 'fr'" in ran.output


def _changed(**changes: str | None) -> Language:
    language = made_up.language()
    table = {**language.sentences, **changes}
    return dataclasses.replace(language, sentences={key: text for key, text in table.items() if text is not None})


@pytest.mark.parametrize(
    ("language", "what"),
    [
        (lambda: LANGUAGES["fr"], "fr is there already"),
        (lambda: _changed(**{"rule.sum": None}), "sentences of zz differ: rule.sum"),
        (lambda: _changed(**{"rule.hurry": "[HURRY]"}), "sentences of zz differ: rule.hurry"),
        (lambda: _changed(**{"point.at": "[AT]"}), "fields of zz differ in: point.at"),
    ],
    ids=["taken", "lacking", "too many", "fields"],
)
def test_an_incomplete_language_is_refused(language: Callable[[], Language], what: str) -> None:
    before = dict(LANGUAGES)
    with pytest.raises(ArgumentError, match=what):
        register(language())
    assert before == LANGUAGES


# ---------------------------------------------------------------- nobody else knows which languages there are


def test_every_folder_of_the_wording_is_a_language() -> None:
    folders = {p.name for p in (PACKAGE / "wording").iterdir() if (p / "__init__.py").exists()}
    assert folders == set(LANGUAGES) == {language.locale.code for language in LANGUAGES.values()}


def _codes(tree: ast.AST) -> Iterator[int]:
    """Where a file spells the code of a language, the default of what is called lang aside."""
    spared = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arguments):
            places = list(zip(reversed([*node.posonlyargs, *node.args]), reversed(node.defaults), strict=False))
            places += zip(node.kwonlyargs, node.kw_defaults, strict=True)
            spared |= {id(default) for argument, default in places if argument.arg == "lang"}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "lang":
            spared.add(id(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in LANGUAGES and id(node) not in spared:
            yield node.lineno


@pytest.mark.thorough
def test_no_code_outside_the_wording_asks_which_language_it_is() -> None:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        if "wording" not in path.parts:
            source = path.read_text(encoding="utf-8")
            if lines := [source.splitlines()[k - 1].strip() for k in _codes(ast.parse(source))]:
                found[path.relative_to(PACKAGE).as_posix()] = lines
    assert found.pop("functions/spec.py") == ['return {"en": Word(self.en), "fr": Word(self.fr, self.gender)}'] * 2, "the contract of Noun"
    texts_of_records = re.compile(r'"(en|fr)": (f?"|\()|reason=')
    records = ("functions/", "operations/")
    assert all(path.startswith(records) and all(map(texts_of_records.match, lines)) for path, lines in found.items()), found


def test_the_test_of_codes_sees_one() -> None:
    text = 'def f(x, lang="en", *, other="fr"):\n    return lang == "fr" or lang in ("en", "de")\nlang: str = "en"'
    assert list(_codes(ast.parse(text))) == [1, 2, 2]
