"""The page and the PDF: complete, escaped, silent on the network, typeset; and what notebooks are given."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from ready import ready_derivations, ready_program

import symchain
from symchain.app.cli import commands
from symchain.errors import ArgumentError, UnsupportedError
from symchain.models import model_names, read_model
from symchain.nouns.program import Program
from symchain.render import pdf as press
from symchain.render.layout import layout
from symchain.render.typst import mathematics, typst_document
from symchain.wording import LANGUAGES

VENDOR = Path(symchain.__file__).parent / "render" / "page" / "vendor"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SHOWN = ("two-layer", "attention-head", "relu-network")


def deep(blocks: int) -> str:
    """A chain of so many blocks with a few skips."""
    lines, before = [], "x"
    for k in range(1, blocks // 2):
        skip = f" + a{k - 2}*b{k}" if k > 2 and k % 4 == 0 else f" + b{k}"
        lines += [f"z{k} = w{k}*{before}{skip}", f"a{k} = tanh(z{k})"]
        before = f"a{k}"
    return "\n".join([*lines, f"r = {before} - y", "C = r**2"])


@cache
def page(model: str) -> str:
    if model == "deep":
        return symchain.parse(deep(30)).html()
    ready = read_model(model)
    return ready_program(model).html(at=ready.at)


class _Reader(HTMLParser):
    """Balanced elements, their ids, and every attribute that could fetch something."""

    VOID = frozenset({"meta", "input", "br", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.fetched: list[str] = []
        self.tags: set[str] = set()
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for key, value in attrs:
            if key == "id" and "template" not in self.open:
                self.ids.append(value or "")
            if key in ("src", "href", "xlink:href", "action", "data", "srcset", "poster") and not (value or "").startswith("#"):
                self.fetched.append(value or "")
            if key.startswith("on"):
                self.handlers.append(key)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def read(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    assert not reader.open
    return reader


# ---------------------------------------------------------------- the file


@pytest.mark.thorough
@pytest.mark.parametrize("model", [*SHOWN, "deep"])
def test_a_page_is_complete_and_fetches_nothing(model: str) -> None:
    text = page(model)
    reader = read(text)
    assert not reader.fetched and not reader.handlers and len(set(reader.ids)) == len(reader.ids)
    assert not reader.tags & {"iframe", "object", "embed", "link", "form", "base"}
    assert "default-src 'none'" in text
    assert set(re.findall(r"url\((?!data:|#)[^)]*\)", text)) == set()
    for lang in LANGUAGES:
        assert f'<main lang="{lang}"' in text
    for part in ("program", "graph", "derivation", "sensitivity", "code"):
        assert {f"{part}-{lang}" for lang in LANGUAGES} <= set(reader.ids)
    assert len(text) < 3_000_000  # with MathML for the language shown first


def test_what_is_vendored_is_small_and_keeps_its_licence() -> None:
    assert sum(f.stat().st_size for f in VENDOR.iterdir()) < 1_500_000
    assert "MIT" in (VENDOR / "katex.LICENSE.txt").read_text()
    for name in ("katex.min.js", "katex.min.css"):
        text = (VENDOR / name).read_text(encoding="utf-8")
        assert text.startswith("/*! KaTeX") and "</script" not in text.lower() and "</style" not in text.lower()


@pytest.mark.thorough
def test_a_page_without_a_point_says_that_its_numbers_are_examples() -> None:
    program = ready_program("two-layer")
    assert "those of an example" in program.html() and "ceux d&#x27;un exemple" in program.html(lang="fr")
    assert "those of an example" not in page("two-layer")


def test_unknown_functions_and_arrays_leave_the_numbers_out() -> None:
    read(symchain.parse("z = w*x + b; a = sigma(z)").html(wrt="w"))
    text = symchain.parse("W: (m, n)\nx: (n,)\ny = tanh(W @ x)").html()
    assert 'id="sensitivity-en"' not in text and 'id="derivation-en"' in text


def test_labels_are_left_out_of_everything() -> None:
    read(symchain.parse("E: (n, k)\nl: (m,) integer\nL = sum(E[l]**2)").html())


HOSTILE = "script = été*λ_1 + _x__img__ + onerror # </script><img src=x onerror=alert(1)>\nT = script**2"


def test_names_are_escaped() -> None:
    reader = read(symchain.parse(HOSTILE).html())
    assert "img" not in reader.tags


# ---------------------------------------------------------------- in a browser


def _browse(tmp_path: Path, text: str, script: str, width: int = 1100) -> dict[str, object]:
    """The page with a script at its end that leaves its findings in the title, and what Chromium makes of it."""
    assert CHROMIUM is not None
    probe = f"<script>(async () => {{ {script} }})().then((found) => (document.title = JSON.stringify(found)))</script></body>"
    path = tmp_path / "page.html"
    path.write_text(text.replace("</body>\n</html>", probe + "\n</html>"), encoding="utf-8")
    ran = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},1400",
         "--virtual-time-budget=20000", "--dump-dom", path.as_uri()],
        capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    found = re.search(r"<title>(.*?)</title>", ran.stdout, re.DOTALL)
    assert found is not None, ran.stderr[-2000:]
    return dict(json.loads(html.unescape(found[1])))


browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")

EVERYTHING = """
const all = (selector) => [...document.querySelectorAll(selector)], count = (selector) => all(selector).length;
const main = all("main").filter((e) => e.getClientRects().length).length;
const first = {shown: document.documentElement.dataset.shown, mains: main, left: count("main[lang=fr] .math[data-done]")};
for (const details of all("details")) details.open = true;
for (const radio of all("input[type=radio]")) {
  radio.checked = true;
  radio.dispatchEvent(new Event("change", {bubbles: true}));
}
for (const button of all(".languages button")) button.click();
const spills = (e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === "visible";
return {
  ...first, after: document.documentElement.dataset.shown, done: count(".math[data-done] .katex"), failed: count(".math[data-failed]"),
  errors: count(".katex-error"), pictures: all(".picture").filter((p) => p.shadowRoot?.querySelector("svg")).length,
  templates: count(".picture"), copies: count(".copy"), wide: all("main > section > *").filter(spills).length,
};
"""


@pytest.mark.thorough
@browser
@pytest.mark.parametrize("model", [*SHOWN, "deep"])
def test_a_browser_shows_it(tmp_path: Path, model: str) -> None:
    """Every formula of both languages is typeset, every picture is drawn, one language is shown at a time."""
    found = _browse(tmp_path, page(model), EVERYTHING)
    assert (found["shown"], found["mains"], found["left"], found["after"]) == ("en", 1, 0, "fr")
    assert found["failed"] == found["errors"] == found["wide"] == 0
    assert isinstance(found["done"], int) and found["done"] > 40
    assert found["pictures"] == found["templates"] == 6  # graph and two charts, in two languages
    assert isinstance(found["copies"], int) and found["copies"] > 4


@pytest.mark.thorough
@browser
def test_a_copied_formula_is_its_source(tmp_path: Path) -> None:
    script = """
    let copied = ""; Object.defineProperty(navigator, "clipboard", {value: {writeText: (t) => { copied = t; return Promise.resolve(); }}});
    const frame = document.querySelector("main[lang=en] .program .framed"); frame.querySelector(".copy").click();
    return {copied, source: frame.querySelector(".math").dataset.source};
    """
    found = _browse(tmp_path, page("two-layer"), script)
    assert found["copied"] == found["source"] and r"\begin{aligned}" in str(found["copied"]) and r"\sigma_1(z_1)" in str(found["copied"])


@pytest.mark.thorough
@browser
def test_a_browser_runs_nothing_that_a_name_carries(tmp_path: Path) -> None:
    found = _browse(tmp_path, symchain.parse(HOSTILE).html(), EVERYTHING)
    assert found["failed"] == 0


# ---------------------------------------------------------------- PDF


@pytest.mark.thorough
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("model", model_names())
def test_every_model_has_a_typst_document(model: str, lang: str) -> None:
    """All that the printers write is known to the translation; with Typst installed, it compiles."""
    text = typst_document(layout(ready_derivations(model), "full"), lang)
    assert text.count("\\frac") == 0
    if lang == "en":
        typst = pytest.importorskip("typst", reason="Typst is not installed: pip install symchain[pdf]")
        assert typst.compile(text.encode())[:5] == b"%PDF-"


@pytest.mark.parametrize(
    ("latex", "typst"),
    [
        (r"\tfrac12x", "inline(frac(1, 2)) x"),
        (r"W_1^{\top}", "attach(W, t: ⊤, b: 1)"),
        (r"\sigma_2'(z_2)", r"attach(σ, t: prime, b: 2) \( attach(z, b: 2) \)"),
        (r"\sigma''", "attach(σ, t: prime prime)"),
        (r"\underbrace{x}_{F_1}", "underbrace(x, attach(F, b: 1))"),
        (r"0{,}5", 'attach("0,5", tr: "")'),
        (r"y_{\text{a\_b}}", 'attach(y, b: "a_b")'),
        (r"\text{say \textbackslash{}\{\"\}}", '"say \\\\{\\"}"'),
        (r"\left(\frac{a}{b}\right)^2", r"attach(lr(\( frac(a, b) \)), t: 2)"),
        (r"\begin{cases}1&x\\0&y\end{cases}", "cases(1 & x, 0 & y)"),
        (r"f(x,y)\;/\;2", r"f \( x \, y \) thick \/ thick 2"),
    ],
)
def test_latex_becomes_typst(latex: str, typst: str) -> None:
    assert mathematics(latex) == typst


def test_what_typst_does_not_know_is_refused() -> None:
    for unknown in (r"\input{/etc/passwd}", r"\unknown", "{" * 200 + "}" * 200):
        with pytest.raises(UnsupportedError):
            mathematics(unknown)


def _derivation() -> symchain.nouns.derivation.Derivation:  # type: ignore[name-defined]
    return ready_program("two-layer").derive("W1")


@pytest.mark.thorough
@pytest.mark.parametrize("engine", press.ENGINES)
def test_pdf(engine: str) -> None:
    if engine == "typst":
        pytest.importorskip("typst", reason="Typst is not installed: pip install symchain[pdf]")
    elif shutil.which(engine) is None:
        pytest.skip(f"{engine} is not installed")
    try:
        made = press.pdf(_derivation(), "fr", engine=engine)
    except UnsupportedError as error:
        assert engine == "lualatex" and "in font cmr10" in str(error), error
        pytest.skip("the fonts of lualatex are not installed (lmodern)")
    assert made.startswith(b"%PDF-") and b"%%EOF" in made[-64:]


def test_pdf_without_any_engine_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(press, "_typst", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UnsupportedError, match="no Typst and no LaTeX") as caught:
        _derivation().pdf()
    assert "symchain[pdf]" in str(caught.value)
    with pytest.raises(ArgumentError):
        press.pdf(_derivation(), engine="word")


@pytest.mark.thorough
def test_tex_runs_without_a_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    mark = tmp_path / "mark"
    source = rf"\documentclass{{article}}\begin{{document}}x\immediate\write18{{touch {mark}}}\end{{document}}"
    assert press._tex("pdflatex", source).startswith(b"%PDF-") and not mark.exists()
    secret = tmp_path / "secret.tex"
    secret.write_text("hello")
    with pytest.raises(UnsupportedError):
        press._tex("pdflatex", rf"\documentclass{{article}}\begin{{document}}\input{{{secret}}}\end{{document}}")


# ---------------------------------------------------------------- command line and notebooks


def _run(*arguments: str) -> bytes:
    from click.testing import CliRunner

    ran = CliRunner().invoke(commands, list(arguments))
    assert ran.exit_code == 0, ran.output
    return ran.stdout_bytes


@pytest.mark.thorough
def test_commands(tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    _run("page", "--model", "two-layer", "-o", str(out), "--lang", "fr")
    assert '<html lang="fr" data-shown="fr">' in out.read_text(encoding="utf-8")
    _run("derive", "--model", "two-layer", "--wrt", "W1", "--format", "html", "-o", str(out))
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert _run("derive", "--model", "two-layer", "--wrt", "W1", "--format", "html").startswith(b'<section class="symchain"')
    assert json.loads(_run("sensitivity", "--model", "two-layer", "--format", "json"))["inputs"][0]["input"] == "y_true"
    assert _run("sensitivity", "-e", "y = a*x", "--at", "a=2,x=[1,2]", "--format", "svg").startswith(b"<svg")
    if press._typst() or any(map(shutil.which, press.ENGINES[1:])):
        _run("derive", "--model", "two-layer", "--wrt", "W1", "--format", "pdf", "-o", str(tmp_path / "out.pdf"))
        assert (tmp_path / "out.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.thorough
@pytest.mark.parametrize("model", SHOWN)
def test_notebooks_get_markdown_and_latex(model: str) -> None:
    program: Program = ready_program(model)
    everything = program.derive(program.last, "all")
    for subject in (program, everything, next(iter(everything.values()))):
        bundle = subject._repr_mimebundle_()
        assert set(bundle) == {"text/plain", "text/markdown", "text/latex"}
        assert bundle["text/latex"].startswith("$$\n\\begin{aligned}") and bundle["text/latex"] == subject._repr_latex_()
        assert "paragraph" not in bundle["text/latex"]
    assert set(program.sensitivity(at=read_model(model).at)._repr_mimebundle_()) == {"text/plain", "image/svg+xml"}
