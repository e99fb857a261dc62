"""Explanations: ten of them written by hand, every local derivative and gradient of the ready models, and what they must say."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
from ready import ready_program

import symchain
from symchain.analysis.explaining.contrasts import held
from symchain.app.cli import commands
from symchain.errors import ArgumentError, NumberVariableError
from symchain.models import model_names, read_model
from symchain.render.explanation import sentences
from symchain.render.text import write
from symchain.wording import LANGUAGES

GOLDEN = Path(__file__).parents[2] / "golden" / "explain"

LAYER = "W: (2, 3)\nX: (3, N)\nb: (2,)\nZ = W @ X + b[:, None]"
NUMBERS = {"W": [[0.8, -0.2, 0.5], [-0.6, 0.4, 0.1]], "X": [[1.5, -0.4], [0.3, 0.8], [-0.6, 0.5]], "b": [-0.2, 0.1]}
NEURON = ("z1 = W1*x1 + b1", "z1", "W1", {"W1": 0.8, "x1": 1.5, "b1": -0.2})

WRITTEN = {
    "scalar": NEURON,
    "batch": (LAYER, "Z", "b", NUMBERS),
    "transposition": (LAYER, "Z", "W", NUMBERS),
    "softmax": ("z: (k,)\np = softmax(z)", "p", "z", {"z": [0.5, -0.3, 1.0]}),
    "paths": ("h = w*x; p = tanh(h); q = h**2; y = p*q", "y", "h", {"w": 0.5, "x": 1.6}),
}
"""name -> (program, output, wrt, numbers); the texts were written by hand, the generator reproduces them."""


def unwrapped(text: str) -> list[str]:
    """The paragraphs of a text, whatever its line breaks; rows of the table stay lines."""
    lines: list[str] = []
    table = False
    for line in text.splitlines():
        table = table and line.startswith("  ")
        if line.startswith("  ") and not table and lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line.rstrip())
        table = table or line.rstrip("\u00a0:").strip() in ("Compare", "The factors", "À comparer", "Les facteurs")
    return lines


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("which", WRITTEN)
def test_explanations_written_by_hand(which: str, lang: str) -> None:
    text, output, wrt, at = WRITTEN[which]
    explained = symchain.parse(text).explain(output, wrt, lang=lang, at=at)
    assert unwrapped(str(explained)) == unwrapped((GOLDEN / f"{which}.{lang}.txt").read_text(encoding="utf-8"))


def test_no_golden_file_is_forgotten() -> None:
    assert {p.name for p in GOLDEN.iterdir()} == {f"{which}.{lang}.txt" for which in WRITTEN for lang in LANGUAGES}


@pytest.mark.thorough
@pytest.mark.parametrize("model", model_names())
def test_every_local_derivative_and_gradient_of_the_models_explains(model: str) -> None:
    ready = read_model(model)
    program = ready_program(model)
    pairs = [(b.name, r) for b in program.blocks.values() for r in b.reads] + [(program.last, name) for name in program.inputs]
    for output, wrt in dict.fromkeys(pairs):
        explained = program.explain(output, wrt, at=ready.at)
        for lang in LANGUAGES:
            text = explained.text(lang)
            assert output in text and wrt in text
            assert "{" not in explained.title.key and "explain." not in text
            assert "nan" not in text.split() and "\x1e" not in text
            if lang == "fr":
                assert not re.search(r"(?<![\u00a0 :]) ?[;!?](\s|$)", re.sub(r"\[[^\]]*\]", "", text.replace("\u00a0", "\u00a0 ")))


@pytest.mark.thorough
def test_different_blocks_never_get_the_same_sentence() -> None:
    said: dict[str, set[str]] = defaultdict(set)
    whole: dict[str, set[str]] = defaultdict(set)
    for model in model_names():
        ready = read_model(model)
        program = ready_program(model)
        for block in program.blocks.values():
            for wrt in block.reads:
                explained = program.explain(block.name, wrt, at=ready.at)
                for lang in LANGUAGES:
                    whole[explained.text(lang)].add(write(block.phrase))
                    for sentence in () if held(program, block.name, wrt) else sentences(explained, lang):  # paths tell of other blocks too
                        said[sentence].add(block.name)
    assert len(said) > 4000
    assert not {s: blocks for s, blocks in said.items() if len(blocks) > 1}
    assert not {t: lines for t, lines in whole.items() if len(lines) > 1}


def test_the_numbers_of_the_example() -> None:
    text, output, wrt, at = NEURON
    program = symchain.parse(text)
    assert "from 0.80 to 0.81, z1 goes from 1.000 to 1.015" in str(program.explain(output, wrt, at=at)).replace("\n  ", " ")
    assert "de 0,80 à 0,81, z1 passe de 1,000 à 1,015" in str(program.explain(output, wrt, at=at, lang="fr")).replace("\n  ", " ")
    assert str(program.explain(output, wrt)) == str(program.explain("z1", "W1"))  # the point drawn is always the same


def test_the_table_is_always_there() -> None:
    text = symchain.parse(NEURON[0]).explain("W1").text()
    for row in ("dz1/dW1 = x1", "dz1/dx1 = W1", "dz1/db1 = 1", "db1/dW1 = 0"):
        assert re.search(rf"^  {re.escape(row)} ", text, re.MULTILINE), row
    assert "W1, not 1" in text and "it is dW1/dW1" in text


@pytest.mark.parametrize(
    ("text", "wrt", "said"),
    [
        ("y = x*exp(x)", "x", "several factors move"),
        ("y = sin(x)/(1 + x**2)", "x", "numerator and denominator both move"),
        ("y = a/(b + x)", "x", "what moves is in the denominator"),
        ("y = 3*x**4", "x", "the exponent 4 comes down"),
        ("y = 2**x", "x", "in the exponent"),
        ("y = x**x", "x", "base and exponent both move"),
        ("y = where(x > 0, x**2, x)", "x", "which case applies"),
        ("y = relu(w*x)", "w", "has a corner"),
        ("y = sigma(w*x + b)", "w", "is not known"),
        ("sigma = sigmoid; y = sigma(x)", "x", "is the sigmoid"),
        ("A: (n, n) invertible\nB = inv(A)", "A", "is always the identity"),
        ("x: (n,)\nA: (n, n)\nq = x @ A @ x", "x", "occurs 2 times"),
        ("x: (n,)\ny = tanh(x)", "x", "acts on each entry by itself"),
        ("y = x", "x", "stands alone"),
    ],
)
def test_each_rule_says_why(text: str, wrt: str, said: str) -> None:
    explained = symchain.parse(text).explain(wrt)
    assert said in explained.text("en").replace("\n  ", " ")
    assert explained.text("fr") != explained.text("en")


DIRECT_TOO = [
    ("z = w*x; C = (z - y)**2 + lambda*w**2", "w", ("2*lambda*w",), "z", "2*(z - y)*x + 2*lambda*w"),
    ("m = 2*x; y = x*m", "x", ("m",), "m", "2*x + m"),
    ("m = tanh(x); h = 3*m; y = x**2 + h*x", "x", ("2*x + h",), "h", "2*x + h + x*3*(1 - m**2)"),
    ("x: (n,)\nW: (n, n)\nz = W @ x\nC = sum(z**2) + lambda*sum(x**2)", "x", ("2*lambda*x",), "z", "2*W.T @ z + 2*lambda*x"),
]
"""Outputs that read a name directly and through blocks: the direct part, what it keeps fixed, and the whole."""


@pytest.mark.parametrize(("text", "wrt", "direct", "fixed", "whole"), DIRECT_TOO)
def test_a_name_read_directly_and_through_blocks_gets_its_whole_gradient(
    text: str, wrt: str, direct: tuple[str, ...], fixed: str, whole: str
) -> None:
    program = symchain.parse(text)
    output = program.last
    assert program.check(output, wrt, whole).status in ("proved", "agrees")
    explained = program.explain(output, wrt)
    said = {lang: " ".join(sentences(explained, lang)).replace("\u00a0", " ") for lang in LANGUAGES}
    for lang, total, keeps in (("en", "Total: ", f"with {fixed} fixed"), ("fr", "Total : ", f"à {fixed} fixé")):
        end = said[lang].split(total, 1)[1].split(". ")[0]
        assert program.check(output, wrt, end.split(" = ")[-1]).status in ("proved", "agrees"), end
        assert keeps in said[lang] and f"Path {wrt} -> {output}" in said["en"]
        title = said[lang].split(" ", 1)
        assert not any(f"d{output}/d{wrt} = {part}" in " ".join(title)[:60] for part in direct)
        rows = [line for line in explained.text(lang).splitlines() if line.startswith(f"  d{output}/d{wrt} = ")]
        assert all(keeps in row for row in rows)


def test_the_comparison_says_what_a_local_derivative_keeps_fixed() -> None:
    rows = symchain.parse("z = w*x; C = (z - y)**2 + lambda*w**2").explain("C", "y").text().splitlines()
    assert any(r.startswith("  dC/dw = 2*lambda*w ") and "with z fixed" in r for r in rows)
    assert not any(r.startswith("  dC/dz") and "fixed" in r for r in rows)


def test_derivatives_that_are_zero_or_one() -> None:
    program = symchain.parse("C = a**2; d = 3*b")
    assert "does not depend on a" in program.explain("d", "a").text()
    assert "= 1" in program.explain("C", "C").text()


def test_a_block_may_be_given_in_place_of_what_it_comes_from() -> None:
    program = symchain.parse("z = w*x; a = tanh(z); C = a**2")
    assert "a goes from 0.50 to 0.51" in program.explain("C", "a", at={"a": 0.5}).text()
    with pytest.raises(ArgumentError, match="no value for") as caught:
        program.explain("C", "a", at={"w": 0.5})
    assert caught.value.advice
    with pytest.raises(ArgumentError, match="no nothing"):
        program.explain("C", "a", at={"nothing": 0.5})


@pytest.mark.thorough
def test_many_terms_many_paths_and_depth() -> None:
    wide = "y = " + " + ".join(f"w{k}*x{k}" for k in range(400))
    assert "other 399 terms" in symchain.parse(wide).explain("w7").text()
    lines = ["h0 = w*x", *(f"h{k} = tanh(h{k - 1}) + h{k - 1}*h{k - 1}" for k in range(1, 60))]
    text = symchain.parse("\n".join(lines)).explain("w").text()
    assert "more paths" in text or "one path" in text
    nested = "y = " + "tanh(" * 100 + "x" + ")" * 100
    assert symchain.parse(nested).explain("x").text().count("\n") < 400


@pytest.mark.parametrize("line", ["G = X[t]", "G = onehot(t, n)*sum(X)"])
def test_what_labels_choose_is_explained_by_the_other_names(line: str) -> None:
    """Labels have no derivative to compare with."""
    program = symchain.parse(f"X: (n, n)\nt: (k,) integer\n{line}")
    for lang in ("en", "fr"):
        text = program.explain("G", "X", lang=lang).text()
        assert "dG/dX" in text and "dG/dt =" not in text
    with pytest.raises(symchain.NotDifferentiableError):
        program.explain("G", "t")


def test_a_number_cannot_vary() -> None:
    program = symchain.parse("f = 3*x")
    with pytest.raises(NumberVariableError):
        program.explain("f", "3")
    with pytest.raises(ArgumentError):
        program.explain("f", "x", lang="de")


def test_other_media() -> None:
    text, output, wrt, at = NEURON
    explained = symchain.parse(text).explain(output, wrt, at=at)
    assert explained._repr_markdown_() == explained.markdown()
    assert r"\frac{\partial z_1}{\partial W_1}" in explained.markdown()
    data = json.loads(explained.to_json("fr"))
    assert data["output"] == "z1" and data["lang"] == "fr"
    assert {"key", "fields", "text"} <= set(data["remarks"][0])
    strange = symchain.parse("y = a*b").explain("a")
    assert "<script" not in strange.html() and 'class="math"' in strange.html()


def run(*arguments: str) -> tuple[int, str, str]:
    from click.testing import CliRunner

    result = CliRunner().invoke(commands, ["explain", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_command_line() -> None:
    code, out, _ = run("-e", NEURON[0], "--of", "z1", "--wrt", "W1", "--lang", "fr", "--at", "W1=0.8,x1=1.5,b1=-0.2")
    assert code == 0 and unwrapped(out) == unwrapped((GOLDEN / "scalar.fr.txt").read_text(encoding="utf-8"))
    code, out, _ = run("--model", "two-layer", "--wrt", "W1", "--format", "json")
    assert code == 0 and json.loads(out)["wrt"] == "W1"
    code, out, err = run("-e", "f = 3*x", "--wrt", "3")
    assert code == 2 and not out and "it cannot vary" in err and "f = c*x" in err
    code, _, err = run("-e", "f = 3*x", "--wrt", "3", "--lang", "fr")
    assert code == 2 and "ne peut pas varier" in err
