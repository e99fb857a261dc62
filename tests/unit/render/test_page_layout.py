"""The page in a browser: no overflow, no overlap, no error, at each width, in both themes, on paper, without a script, by keyboard.

All frames are looked at in one start of Chromium. Paper is the print style made to hold everywhere; without a script is a sandbox.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ready import ready_program
from test_page import _browse, browser, page

from symchain.models import read_model
from symchain.render.mathml import mathml

WATCH = "<script>window.errors = []; addEventListener('error', (e) => errors.push(e.message));</script>"
FRAMES = [
    *((model, width, "light") for model, widths in (("two-layer", (390, 1280)), ("black-scholes-call", (390, 768))) for width in widths),
    ("two-layer", 390, "dark"),
    ("softmax-regression", 390, "bare"),
    ("two-layer", 680, "print"),
    ("deep", 768, "light"),
]

LOOK = """
const found = [];
for (const [name, width, mode, text] of FRAMES) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width:${width}px;height:900px;border:0`;
  frame.setAttribute("sandbox", mode === "bare" ? "allow-same-origin" : "allow-same-origin allow-scripts");
  frame.srcdoc = PAGES[text];
  document.body.append(frame);
  await new Promise((done) => frame.addEventListener("load", done));
  const doc = frame.contentDocument, win = frame.contentWindow, all = (s) => [...doc.querySelectorAll(s)];
  const shown = (e) => e.getClientRects().length > 0;
  if (mode === "print") win.dispatchEvent(new Event("beforeprint"));
  const one = { name: [name, width, mode].join(" "), errors: win.errors || [], spills: [], overlaps: [], cut: [] };
  one.wide = doc.documentElement.scrollWidth - doc.documentElement.clientWidth;
  const scrolls = (e) => { for (; e; e = e.parentElement) if (win.getComputedStyle(e).overflowX !== "visible") return true; return false; };
  for (const e of all("body *")) {
    if (!shown(e) || e.closest(".katex, math, svg")) continue;
    const right = e.getBoundingClientRect().right;
    if (right > width + 1 && !scrolls(e.parentElement)) one.spills.push(`${e.tagName}.${e.className}`);
  }
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
  const apart = (items) => items.forEach((a, k) => items.slice(k + 1).forEach((b) => {
    if (meet(a.getBoundingClientRect(), b.getBoundingClientRect())) one.overlaps.push(`${a.textContent} | ${b.textContent}`);
  }));
  for (const picture of all(".picture").filter(shown)) {
    const svg = picture.shadowRoot.querySelector("svg"), edge = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text:not(.halo)")];
    apart(texts);
    for (const t of texts) if (win.getComputedStyle(t).stroke !== "none") one.cut.push(`${t.textContent} is outlined`);
    for (const t of texts) if (t.getBoundingClientRect().right > edge.right + 1) one.cut.push(t.textContent);
  }
  for (const row of all(".input").filter(shown)) apart([...row.children].filter(shown));
  for (const plot of all(".plot").filter(shown)) apart([...plot.querySelectorAll("text")]);
  apart(all(".switches button, .contents a").filter(shown));
  one.set = all(".math .katex").filter(shown).length;
  one.beneath = all(".math > math").filter((e) => shown(e) && e.getBoundingClientRect().width > 1).length;
  one.unset = all(".math").filter((e) => shown(e) && !e.querySelector(".katex")).length;
  one.explorers = all(".explorer").filter(shown).length;
  one.ink = win.getComputedStyle(doc.body).color;
  one.paper = win.getComputedStyle(doc.body).backgroundColor;
  found.push(one);
  frame.remove();
}
return { found };
"""


def _written(model: str, mode: str) -> str:
    text = page(model).replace("<head>", "<head>" + WATCH, 1)
    if mode == "dark":
        return text.replace("<html ", '<html data-theme="dark" ', 1)
    return text.replace("@media print", "@media all") if mode == "print" else text


@cache
def _seen(folder: Path) -> list[dict[str, Any]]:
    texts = {f"{model} {mode}": _written(model, mode) for model, _, mode in FRAMES}
    frames = [(model, width, mode, f"{model} {mode}") for model, width, mode in FRAMES]
    given = f"const FRAMES = {json.dumps(frames)}, PAGES = {json.dumps(texts)};".replace("<", "\\u003c")
    harness = "<!DOCTYPE html><html><head><title></title></head><body></body>\n</html>"
    found = _browse(folder, harness, given + LOOK)["found"]
    assert isinstance(found, list)
    return found


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return _seen(tmp_path_factory.mktemp("page"))


@pytest.mark.thorough
@browser
def test_nothing_spills_overlaps_or_is_cut(seen: list[dict[str, Any]]) -> None:
    assert len(seen) == len(FRAMES)
    for one in seen:
        assert not one["errors"] and one["wide"] <= 0 and not one["spills"], one
        assert not one["overlaps"] and not one["cut"], one


@pytest.mark.thorough
@browser
def test_mathematics_is_set_with_and_without_a_script(seen: list[dict[str, Any]]) -> None:
    for one in seen:
        if one["name"].endswith("bare"):
            assert one["set"] == 0 and one["beneath"] > 10 and one["explorers"] == 0, one
        else:
            assert one["set"] > 10 and one["unset"] == 0, one


@pytest.mark.thorough
@browser
def test_both_themes_are_legible_and_paper_is_white(seen: list[dict[str, Any]]) -> None:
    def light(colour: str) -> float:
        red, green, blue = map(int, re.findall(r"\d+", colour)[:3])
        return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255

    for one in seen:
        ink, paper = light(one["ink"]), light(one["paper"])
        assert abs(ink - paper) > 0.6 and (paper < 0.2) is one["name"].endswith("dark"), one


ACT = """
const main = document.querySelector("main[lang=en]"), box = main.querySelector(".explorer");
const press = (what) => box.querySelector(`[data-do=${what}]`).click();
const picture = main.querySelector(".graph .picture"), wire = picture.shadowRoot.querySelector("g.wire[tabindex]");
const before = picture.nextElementSibling.textContent;
wire.focus();
const local = picture.nextElementSibling.textContent, title = wire.querySelector("title").textContent;
const slider = box.querySelector("input[data-input]");
slider.value = slider.min;
slider.dispatchEvent(new Event("input", { bubbles: true }));
const at = [...EXPLORER.at], results = EXPLORED.evaluate(...at), written = box.querySelector(".of-value").textContent;
const curves = box.querySelectorAll(".curve").length + box.querySelectorAll(".tangent").length;
const up = box.querySelector("select[data-axis=up]");
up.value = up.options[2].value;
up.dispatchEvent(new Event("change", { bubbles: true }));
const levels = box.querySelectorAll(".level").length, start = EXPLORED.evaluate(...EXPLORER.at)[0];
for (let k = 0; k < 5; k++) press("step");
const end = EXPLORED.evaluate(...EXPLORER.at)[0], stops = box.querySelectorAll(".stop").length;
press("home");
const home = EXPLORER.at.every((x, k) => x === EXPLORED.inputs[k].value);
return { before, local, title, at, results, written, curves, levels, start, end, stops, home };
"""


@pytest.mark.thorough
@browser
def test_sliders_curves_and_descents_follow_the_kernel(tmp_path: Path) -> None:
    found: Any = _browse(tmp_path, page("two-layer"), ACT)
    assert found["local"] == found["title"] != found["before"]
    program = ready_program("two-layer")
    kernel = program.compile(wrt="all")
    value, gradient = kernel.positional(*found["at"])
    assert found["at"] != [read_model("two-layer").at[n] for n in kernel.names]
    for got, want in zip(found["results"], [value, *gradient.values()], strict=True):
        assert abs(got - want) <= 1e-12 * abs(want)
    assert abs(float(found["written"]) - value) < 1e-5
    assert found["curves"] == 2 and found["levels"] > 5 and found["stops"] == 5 and found["end"] < found["start"] and found["home"]


@pytest.mark.parametrize(
    ("latex", "inside"),
    [
        (r"\tfrac12x", '<mrow><mfrac displaystyle="false"><mn>1</mn><mn>2</mn></mfrac><mi>x</mi></mrow>'),
        ("x_1^2", "<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>"),
        ("0{,}5", "<mn>0,5</mn>"),
        (r"a<b", "<mrow><mi>a</mi><mo>&lt;</mo><mi>b</mi></mrow>"),
        (r"\nobody", r"<mtext>\nobody</mtext>"),
    ],
)
def test_mathml(latex: str, inside: str) -> None:
    assert mathml(latex) == f"<math>{inside}</math>"


@pytest.mark.parametrize("model", ["two-layer", "softmax-regression", "black-scholes-call", "deep"])
def test_every_formula_of_a_page_has_mathml(model: str) -> None:
    """No formula is left as LaTeX: there is no macro in what is shown."""
    shown = re.findall(r"<math.*?</math>", page(model), re.DOTALL)
    assert len(shown) > 40 and not [m for m in shown if "\\" in m]
