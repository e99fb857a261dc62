"""The golden page: forty published derivatives as symchain prints them, in text and in LaTeX, equal to the published ones in value.

The page is there to be read: after `pytest --update`, compile tests/golden/page.tex and look at it.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from printed_results import PRINTED, Published
from scipy import special

import symchain
from symchain.nouns.derivation import Derivation
from symchain.nouns.program import Program
from symchain.render import render
from symchain.render.latex_document import complete
from symchain.render.names import typeset

GOLDEN = Path(__file__).parents[1] / "golden"
SIZES = {"n": 4, "m": 5, "k": 3, "d": 2, "p": 3, "q": 2, "h": 4, "N": 6}
each = pytest.mark.parametrize("result", PRINTED, ids=[r.name for r in PRINTED])


@cache
def derived(result: Published) -> tuple[Program, Derivation]:
    program = symchain.parse(result.text, shapes=result.shapes, assume=result.facts)
    ask = program.derive if result.order == 1 else program.hessian
    return program, ask(result.output or program.last, result.wrt)


def statements(text: str) -> list[tuple[str, str]]:
    """(name, expression) of each line; the last name may be missing."""
    pairs = [line.rpartition(" = ")[::2] for line in text.splitlines()]
    return [(name or "answer", expression) for name, expression in pairs]


# ---------------------------------------------------------------- as NumPy

NUMPY: dict[str, Any] = {
    **{f: getattr(np, f) for f in ("exp", "log", "tanh", "sqrt", "abs", "sum", "mean", "var", "outer", "ones", "diag", "where", "einsum")},
    "det": np.linalg.det, "inv": np.linalg.inv, "pinv": np.linalg.pinv, "norm": np.linalg.norm, "tr": np.trace,
    "logdet": lambda a: np.linalg.slogdet(a)[1], "eye": np.eye, "pi": np.pi, "sigmoid": special.expit, "logsumexp": special.logsumexp,
    "softmax": lambda z, axis=-1: special.softmax(z, axis=axis), "log_softmax": lambda z, axis=-1: special.log_softmax(z, axis=axis),
}  # fmt: skip


def python(expression: str) -> str:
    """The input language reads as Python but for names that are Python's own words."""
    return re.sub(r"\blambda\b", "lambda_", expression).strip()


def run(text: str, names: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The last line's value and those of all names, by plain NumPy."""
    values = {**NUMPY, **names}
    name = ""
    for name, expression in statements(text):
        values[name] = eval(python(expression), {"__builtins__": {}}, values)
    return values[name], values


def sample(result: Published, seed: int) -> dict[str, Any]:
    """Random inputs that have the facts, and the sizes of the letters."""
    generator = np.random.default_rng(seed)
    values: dict[str, Any] = dict(SIZES)
    for name, letters in result.shapes.items():
        shape = tuple(SIZES[str(letter)] for letter in letters)
        array = generator.uniform(-1.5, 1.5, shape)
        fact = result.facts.get(name, "")
        if fact == "positive":
            array = np.abs(array) + 0.3
        elif fact.startswith("symmetric"):
            array = array + array.T
        elif fact == "spd":
            array = array @ array.T + np.eye(len(array))
        elif fact == "onehot":
            array = np.eye(shape[-1])[generator.integers(shape[-1], size=shape[:-1])]
        values["lambda_" if name == "lambda" else name] = array
    return values


@each
def test_our_lines_have_the_published_value(result: Published) -> None:
    _, d = derived(result)
    assert d.verification.held
    for seed in range(2):
        _, values = run(result.text, sample(result, seed))
        ours, _ = run("\n".join(d.lines), values)
        published, _ = run(result.published, values)
        assert np.shape(ours) == np.shape(published)
        np.testing.assert_allclose(ours, published, rtol=1e-9, atol=1e-9 * float(np.max(np.abs(published))))


def operations(text: str) -> int:
    """Operators and calls; transposes, indexing and literals are free."""
    count = 0
    for _, expression in statements(text):
        for node in ast.walk(ast.parse(re.sub(r"\blambda\b", "lambda_", expression).strip(), mode="eval")):
            count += isinstance(node, ast.BinOp | ast.Call) or (
                isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant)
            )
    return count


@each
def test_our_lines_are_not_longer_without_a_reason(result: Published) -> None:
    _, d = derived(result)
    ours, published = operations("\n".join(d.lines)), operations(result.published)
    assert ours <= published or result.reason, f"{ours} operations, published {published}: {d.lines}"


@each
def test_what_differs_has_a_reason(result: Published) -> None:
    _, d = derived(result)
    same = spelling(d.lines[-1].partition(" = ")[2]) == spelling(statements(result.published)[-1][1])
    assert same or len(d.lines) > 1 or result.reason, f"{d.lines} differs from {result.published} and says no reason"


def spelling(expression: str) -> str:
    return expression.replace(" ", "")


def test_forty_results_of_different_names() -> None:
    assert len(PRINTED) == len({r.name for r in PRINTED}) == 40


# ---------------------------------------------------------------- the page


def test_the_text_page(update: bool) -> None:
    parts = []
    for k, result in enumerate(PRINTED, 1):
        program, d = derived(result)
        rows = [f"{k}. {result.name} ({result.source})", *(f"     {line}" for line in str(program).splitlines())]
        rows += [f"  => {line}" for line in d.lines]
        rows += [f"  published: {line}" for line in result.published.splitlines()]
        rows += [f"  {result.reason}"] if result.reason else []
        parts.append("\n".join(rows))
    compare("page.txt", "\n\n".join(parts) + "\n", update)


def test_the_latex_page(update: bool) -> None:
    compare("page.tex", latex_page(), update)


def latex_page() -> str:
    parts = []
    for k, result in enumerate(PRINTED, 1):
        program, d = derived(result)
        blocks = ", ".join(f"${typeset(b.name)}={render(b.phrase, 'latex', within=program)}$" for b in program.blocks.values())
        lines = [render(line, "latex", within=d) for line in (*d.adjoint_lines, d.result)]
        ours = "\\\\\n".join(line.replace("=", "&=", 1) for line in lines)
        parts.append(f"\\paragraph{{{k}. {result.name}}} ({result.source}). {blocks}.\n\\begin{{align*}}\n{ours}\n\\end{{align*}}")
        if result.reason:
            parts.append(f"Published: {published_latex(result, program)}. {result.reason}")
    return complete("\n".join(parts), "en")


def published_latex(result: Published, program: Program) -> str:
    """The published lines, in the names of the program."""
    pairs = statements(result.published)
    whole = symchain.parse("\n".join([str(program), *(f"{name} = {expression}" for name, expression in pairs)]))
    written = [render(whole.blocks[name].phrase, "latex", within=whole) for name, _ in pairs]
    heads = [f"{typeset(name)}=" for name, _ in pairs[:-1]] + [""]
    return ", ".join(f"${head}{formula}$" for head, formula in zip(heads, written, strict=True))


def compare(name: str, got: str, update: bool) -> None:
    path = GOLDEN / name
    if update:
        path.write_text(got, encoding="utf-8")
    assert got == path.read_text(encoding="utf-8"), f"{name} differs; if the new text is right, run pytest --update"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed (texlive-latex-base)")
def test_the_page_compiles_and_no_formula_leaves_it(tmp_path: Path) -> None:
    (tmp_path / "page.tex").write_text(latex_page(), encoding="utf-8")
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120)
    if done.returncode and re.search(r"english\.ldf|\.sty' not found", done.stdout):
        pytest.skip("this TeX lacks a package (texlive-latex-recommended)")
    assert done.returncode == 0, done.stdout[-3000:]
    wide = [float(w) for w in re.findall(r"Overfull \\hbox \(([\d.]+)pt", done.stdout)]
    assert not [w for w in wide if w > 5], "a formula is wider than the page"
