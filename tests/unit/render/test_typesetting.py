"""What typesetting programs make of it: LaTeX that compiles and stays on the page, formulas that KaTeX parses."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from examples import EXAMPLES, HOSTILE
from ready import ready_derivation, ready_derivations, ready_program

import symchain
from symchain.functions import FUNCTIONS
from symchain.language.grammar import parse_expression
from symchain.models import model_names
from symchain.operations import OPERATIONS
from symchain.render import DETAILS, render
from symchain.render import latex as tex
from symchain.render.breaking import lines
from symchain.render.measure import width
from symchain.render.names import told_apart, typeset
from symchain.render.style import Style
from symchain.support.notation import Phrase, call, name, number
from symchain.wording import LANGUAGES

TEX = shutil.which("pdflatex") or shutil.which("lualatex")


def test_names_that_look_alike_are_told_apart() -> None:
    assert told_apart(["x1", "x_1", "x__1", "y"], {}) == {"x_1": r"\text{x\_1}", "x__1": r"\text{x\_\_1}"}
    layers = {"delta_z1": r"\delta_1", "delta_z2": r"\delta_2"}
    assert told_apart(["z1", "z2", "delta_1"], layers) == {"delta_z2": r"\delta_2"}
    d = symchain.parse("z1 = W1*x; a1 = tanh(z1); z2 = W2*a1*delta_1; a2 = tanh(z2); C = a2**2").derive("C", "W1")
    assert r"\delta_{z_1}" in d.latex() and r"\delta_1" in d.latex()


WIDE = 2.0
"""Points by which a line may run into the margin."""


def compiled(document: str, folder: Path) -> list[float]:
    """By how many points its lines run out of the page; fails where it does not compile."""
    (folder / "all.tex").write_text(document, encoding="utf-8")
    command = [str(TEX), "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=240)
    if done.returncode and re.search(r"(french|english)\.ldf|\.sty' not found|Unknown option", done.stdout):
        pytest.skip("this TeX lacks a package (texlive-latex-recommended, texlive-lang-french)")
    assert done.returncode == 0, done.stdout[-3000:]
    assert (folder / "all.pdf").stat().st_size > 10_000
    return [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt", done.stdout)]


def one_file(parts: list[str], lang: str) -> str:
    """Fragments in one document."""
    first = render(symchain.parse("y = x").derive("x"), "latex", lang=lang, complete=True, width="article")
    return first.replace(r"\end{document}", "\n\n".join([*parts, r"\end{document}"]))


@pytest.mark.thorough
@pytest.mark.skipif(TEX is None, reason="neither pdflatex nor lualatex is installed (texlive-latex-base)")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_latex_compiles(lang: str, tmp_path: Path) -> None:
    """All examples at full length, names of every kind, and what is cut or has no rows; no line runs out of the page."""
    parts = [render(symchain.parse(text).derive(*asked), "latex", lang=lang, detail="full") for text, asked, _, _ in EXAMPLES.values()]
    chain = symchain.parse("; ".join(["a0 = tanh(w*x)", *(f"a{k} = tanh(a{k - 1} + b)" for k in range(1, 50))]))
    cut = [chain.derive("a49", ["w", "b"]), chain.derive("a49", "a49"), symchain.parse("y = x").derive("all")]
    parts += [render(d, "latex", lang=lang, detail=detail) for d in cut for detail in DETAILS]
    assert not [points for points in compiled(one_file(parts, lang), tmp_path) if points > WIDE]
    compiled(one_file([" ".join(f"${typeset(h)}$" for h in HOSTILE)], lang), tmp_path)


@pytest.mark.thorough
@pytest.mark.skipif(TEX is None, reason="neither pdflatex nor lualatex is installed (texlive-latex-base)")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_models_fit_on_a_page(lang: str, tmp_path: Path) -> None:
    parts = [render(ready_derivations(name), "latex", lang=lang) for name in model_names()]
    parts += [render(ready_derivation(name), "latex", lang=lang, detail="full") for name in model_names()]
    assert not [points for points in compiled(one_file(parts, lang), tmp_path) if points > WIDE]


LONG = (
    "L = log(1 + exp(-(a1*x1 + a2*x2 + a3*x3 + a4*x4 + a5*x5 + a6*x6 + a7*x7 + a8*x8)*t)) + m*(a1**2 + a2**2 + a3**2 + a4**2 + a5**2)",
    "X: (n, d); m: (k, d); D = sum((X[:, None, :] - m[None, :, :])**2, axis=2); A = softmax(-D/(2*s**2), axis=1); C = -sum(A*D)",
    "f = (x**2 + y**2 + z**2)**3*exp(-(x*y + y*z + z*x)/(a**2 + b**2 + c**2))*sin(x*y*z)/(1 + x**2 + y**4 + z**6)",
)
"""Formulas whose fractions, roots, exponentials and brackets are each wider than a line."""


@pytest.mark.thorough
@pytest.mark.skipif(TEX is None, reason="neither pdflatex nor lualatex is installed (texlive-latex-base)")
def test_long_formulas_break_and_pages_are_filled(tmp_path: Path) -> None:
    """In full detail, in a document of the reader's own: no line leaves the page, and no page ends early."""
    parts = [symchain.parse(text).derive("all").latex(detail="full") for text in LONG]
    own = r"\documentclass{article}\usepackage{amsmath,amssymb}\begin{document}" + "\n".join(parts) + r"\end{document}"
    assert not [points for points in compiled(own, tmp_path) if points > WIDE]
    log = (tmp_path / "all.log").read_text(errors="replace")
    assert "too high" not in log and "Overfull \\vbox" not in log


@pytest.mark.parametrize("text", LONG)
def test_lines_of_any_width_hold_the_whole_formula(text: str) -> None:
    """Only brackets and signs of division may change where a line breaks; letters and numbers stay in their order."""
    program = symchain.parse(text)
    phrase = list(program.blocks.values())[-1].phrase
    marked = tex.write_breakable(phrase, Style())
    kept = [lines(marked, room) for room in (2000.0, 330.0, 240.0)]
    assert len(kept[0]) == 1 and kept[0][0] == tex.write(phrase, Style())
    for found, room in zip(kept, (2000.0, 330.0, 240.0), strict=True):
        assert all(width("{}" + line) <= room for line in found)
        assert _letters("".join(found)) == _letters(kept[0][0])


def _letters(latex: str) -> list[str]:
    """Letters and numbers, however fractions, roots and exponentials are set."""
    plain = re.sub(r"\\exp|e(?=\^)", "", latex).replace(r"\frac{1}", "").replace("^{-1}", "").replace("^{1/2}", "")
    return sorted(re.findall(r"[A-Za-z]|[02-9]", re.sub(r"\\[A-Za-z]+", "", plain)))


@pytest.mark.skipif(TEX is None, reason="neither pdflatex nor lualatex is installed (texlive-latex-base)")
def test_widths_are_those_of_tex(tmp_path: Path) -> None:
    """The measured width of each formula is TeX's own to a twelfth, or to three points."""
    program = ready_program("black-scholes-call")
    formulas = [tex.write(b.phrase) for text in LONG for b in symchain.parse(text).blocks.values()]
    formulas += [tex.write(d.general_phrase) for d in program.derive(program.last, "all").values()]
    rows = [rf"\settowidth{{\dimen0}}{{$\displaystyle {f}$}}\typeout{{@\the\dimen0}}" for f in formulas]
    head = r"\documentclass{article}\usepackage{amsmath,amssymb}\begin{document}"
    (tmp_path / "w.tex").write_text("\n".join([head, *rows, r"\end{document}"]), encoding="utf-8")
    done = subprocess.run([str(TEX), "-interaction=nonstopmode", "w.tex"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    measured = [float(w) for w in re.findall(r"@([\d.]+)pt", done.stdout)]
    assert len(measured) == len(formulas)
    for formula, points in zip(formulas, measured, strict=True):
        assert abs(width(formula) - points) <= max(points / 12, 3.0), formula


@cache
def _katex() -> str | None:
    """Where node finds KaTeX: SYMCHAIN_KATEX, or the global packages of npm."""
    if shutil.which("node") is None:
        return None
    folders = [os.environ.get("SYMCHAIN_KATEX", "")]
    if shutil.which("npm"):
        found = subprocess.run(["npm", "root", "--global"], capture_output=True, text=True).stdout.strip()
        folders.append(f"{found}/katex")
    for folder in filter(None, folders):
        for candidate in (Path(folder), Path(folder) / "katex", Path(folder) / "node_modules" / "katex"):
            if (candidate / "dist" / "katex.js").exists():
                return str(candidate)
    return None


_CHECK = """
const katex = require(process.argv[1]);
let text = ""; process.stdin.on("data", c => text += c); process.stdin.on("end", () => {
  const failures = [];
  for (const source of JSON.parse(text)) {
    try { katex.renderToString(source, {strict: "error", throwOnError: true, displayMode: true, trust: false}); }
    catch (e) { failures.push([source, e.message]); }
  }
  console.log(JSON.stringify(failures));
});
"""


def _mathematics(fragment: str) -> list[str]:
    return [html.unescape(m) for m in re.findall(r'<(?:div|span) class="math">(.*?)</(?:div|span)>', fragment, re.DOTALL)]


@pytest.mark.thorough
@pytest.mark.skipif(_katex() is None, reason="node or npm's katex is not installed (set SYMCHAIN_KATEX to its folder)")
def test_katex_accepts_everything() -> None:
    sources = [typeset(h) for h in HOSTILE]
    for text, asked, _, _ in EXAMPLES.values():
        d = symchain.parse(text).derive(*asked)
        for lang in LANGUAGES:
            sources += _mathematics(render(d, "html", lang=lang, detail="full"))
    for f in FUNCTIONS.values():
        sources.append(tex.write(call(f.name, *map(name, f.parameters))))
        sources.append(tex.write(Phrase("pow", (call(f.name, *map(name, f.parameters)), number(3)))))
    for o in OPERATIONS.values():
        sources.append(tex.write(call(o.name, name("A"), axis=number(0))))
    sources += [
        tex.write(parse_expression(t)) for t in ("x[1:n, None, ::2]", "einsum('ij,j->i', A, x)", "A1.T @ x_hat[0]", "where(x == 0, 1, x)")
    ]
    done = subprocess.run(["node", "-e", _CHECK, str(_katex())], input=json.dumps(sources), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


@pytest.mark.thorough
@pytest.mark.skipif(TEX is None or shutil.which("pdftotext") is None, reason="LaTeX or pdftotext is not installed")
def test_no_accent_is_lost_in_a_pdf_made_by_latex(tmp_path: Path) -> None:
    made = tmp_path / "made.pdf"
    made.write_bytes(symchain.parse("a[0] = x\na[l] = w[l]*a[l-1] for l in 1..L\nC = a[L]**2").derive("C", "w").pdf(lang="fr"))
    text = subprocess.run(["pdftotext", str(made), "-"], capture_output=True, check=True).stdout.decode()
    assert "dérivée" in text and "étape" in text
