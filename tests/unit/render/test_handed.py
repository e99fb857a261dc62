"""Printers are handed everything: with the door to the engine closed, what was prepared is printed in every medium, and the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from examples import TWO_LAYERS

import symchain
from symchain.analysis.paging import page_of
from symchain.deriving.preparing import prepare
from symchain.models import read_model
from symchain.nouns import door
from symchain.nouns.derivation import Derivation, Derivations
from symchain.render import DETAILS, NOTATIONS, render
from symchain.render.layout import layout
from symchain.render.notebook import bundle
from symchain.render.page.page import page
from symchain.render.typst import typst_document

FOLDER = Path(symchain.__file__).parent / "render"
MEDIA = ("text", "latex", "markdown", "html")

TEXTS = {
    "two layers": (TWO_LAYERS, ("C", "W1")),
    "several": (TWO_LAYERS, ("C", ["W1", "b1", "W2"])),
    "abstract": ("z = w*x + b; a = sigma(z); L = a**2", ("L", "w")),
    "two paths": ("h = w*x; p = tanh(h); q = h**2; y = p*q", ("y", "w")),
    "an output with axes": ("x: (n,)\nA: (m, n)\nz = A @ x\na = tanh(z)", ("a", "x")),
    "many": ("\n".join([*(f"z{k} = w{k}*x" for k in range(15)), "C = " + " + ".join(f"z{k}**2" for k in range(15))]), ("C", "all")),
    "zero": ("C = (a - b)**2; d = 3*a", ("d", "b")),
    **{n: (read_model(n).text, ("C", w)) for n, w in (("softmax-regression", "W"), ("two-layer-batch", "W1"), ("lasso", ["w"]))},
}


class Closed:
    """In place of the engine: whatever is asked is an error."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a printer asked for {name}")


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Any:
    def close() -> None:
        monkeypatch.setattr(door, "_engine", Closed())

    return close


def derived(name: str) -> Derivation | Derivations:
    text, asked = TEXTS[name]
    return symchain.parse(text).derive(*asked)


def test_what_is_not_prepared_asks(closed: Any) -> None:
    subject = derived("two layers")
    closed()
    with pytest.raises(AssertionError, match="asked for"):
        render(subject, "text")


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("name", TEXTS)
def test_what_is_prepared_is_printed_without_the_engine(name: str, detail: str, closed: Any) -> None:
    subject = derived(name)
    asked = [(m, n) for m in MEDIA for n in NOTATIONS]
    expected = [getattr(subject, m)(detail=detail, notation=n) for m, n in asked]
    fresh = derived(name)
    prepare(fresh, detail)
    closed()
    assert [render(fresh, m, detail=detail, notation=n) for m, n in asked] == expected


@pytest.mark.parametrize("name", TEXTS)
def test_json_notebooks_and_typst_without_the_engine(name: str, closed: Any) -> None:
    subject = derived(name)
    expected = subject.to_json(), subject._repr_mimebundle_()
    prepare(subject, "full", every=True)
    closed()
    assert (render(subject, "json"), bundle(subject)) == expected
    assert typst_document(layout(subject, "full"), "fr")


@pytest.mark.thorough
def test_a_page_without_the_engine(closed: Any) -> None:
    model = read_model("two-layer")
    program = symchain.parse(model.text)
    expected = program.html(at=model.at)
    shown = page_of(program, "C", list(program.inputs), model.at)
    closed()
    assert page(shown, "en", symchain.__version__) == expected


def test_printers_import_nothing_that_derives_or_reads() -> None:
    found = {}
    for path in FOLDER.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        pattern = r"symchain\.(language\.(?:grammar|elaborate|reading)|deriving|evidence|rules|rewriting|analysis|lowering)\b"
        if seen := re.findall(rf"^\s*(?:from|import) {pattern}", text, re.MULTILINE):
            found[path.name] = seen
    assert not found
