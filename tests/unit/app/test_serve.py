"""`symchain serve`: what the server answers and refuses, and the page in a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner

import symchain
from symchain.app.cli import commands
from symchain.wording import LANGUAGES

pytest.importorskip("starlette", reason="Starlette is not installed: pip install symchain[serve]")
pytest.importorskip("httpx", reason="httpx is not installed: pip install httpx")

from starlette.testclient import TestClient

from symchain.app.serve.server import HERE, LARGEST, application, names
from symchain.app.workers.pool import Pool

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PROGRAM = "z = w*x + b\nC = (tanh(z) - y)**2"
OWN = "127.0.0.1:8765"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with Pool(2) as pool, TestClient(application(pool, [*names(8765), "gradients.example.org"]), base_url=f"http://{OWN}") as made:
        yield made


# ---------------------------------------------------------------- the contract


def test_a_request_is_answered(client: TestClient) -> None:
    found = client.post("/api/derive", json={"text": PROGRAM, "wrt": "w", "lang": "fr"})
    assert found.status_code == 200 and found.headers["cache-control"] == "no-store"
    assert "Règle de la chaîne" in found.json()["html"]
    wrong = client.post("/api/read", json={"text": "z = w*x\ny = tnah(z)"})
    assert wrong.status_code == 422 and wrong.json()["place"]["line"] == 2 and "tanh" in wrong.json()["message"]


@pytest.mark.parametrize("path", ["/", "/main.js", "/serve.css", "/katex.min.js", "/graph.css", "/words.json", "/nothing", "/api/read"])
def test_every_answer_has_the_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'" and policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'" and "unsafe" not in str(policy)
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:8765", "origin": "http://localhost:8765"}, 200),
        ({"host": "gradients.example.org", "origin": "https://gradients.example.org"}, 200),
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1:8766"}, 403),
        ({"host": "evil.example#127.0.0.1:8765"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": f"http://{OWN}.evil.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_hosts_origins_and_types_are_checked(client: TestClient, headers: dict[str, str], status: int) -> None:
    sent = {"content-type": "application/json", **headers}
    assert client.post("/api/read", content=json.dumps({"text": "y = x"}), headers=sent).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("POST", "/api/nothing", "{}", 404),
        ("POST", "/api/read", "{", 400),
        ("POST", "/api/read", "[" * 100_000, 400),
        ("POST", "/api/read", "[]", 400),
        ("POST", "/api/read", json.dumps({"text": "y" * LARGEST}), 413),
        ("POST", "/api/read", json.dumps({"text": "y" * 30_000}), 422),
        ("GET", "/api/read", "", 405),
        ("GET", "/../../pyproject.toml", "", 404),
        ("GET", "/%2e%2e/server.py", "", 404),
        ("GET", "/static/../server.py", "", 404),
    ],
)
def test_what_is_no_request_is_refused(client: TestClient, method: str, path: str, content: str, status: int) -> None:
    headers = {"content-type": "application/json"} if method == "POST" else {}
    assert client.request(method, path, content=content, headers=headers).status_code == status


def test_the_page_names_sentences_that_there_are() -> None:
    sources = {f.name: f.read_text(encoding="utf-8") for f in HERE.iterdir()}
    used = set(re.findall(r'data-(?:word|label)="([\w.]+)"', sources["index.html"]))
    used |= {w for text in sources.values() for w in re.findall(r'word\("([\w.]+)"', text)}
    used |= {w for text in sources.values() for w in re.findall(r'word\(\w+ \? "([\w.]+)" : "([\w.]+)"', text) for w in w}
    used |= {w for w in re.findall(r'copied\(.*?, "([\w.]+)"\)', sources["main.js"])}
    for language in LANGUAGES.values():
        known = {k.removeprefix("serve.") for k in language.sentences if k.startswith("serve.")}
        own = {k for k in known if not k.startswith(("limit.", "english"))}
        assert used == own, used ^ own


def test_the_page_has_no_script_or_style_inside_and_every_field_a_label() -> None:
    page = (HERE / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|https?://", page)
    fields = re.findall(r'<(?:textarea|select|input)[^>]*\bid="([\w-]+)"', page)
    assert len(fields) >= 6 and all(f'for="{field}"' in page for field in fields)


def test_other_addresses_need_a_name() -> None:
    ran = CliRunner().invoke(commands, ["serve", "--host", "0.0.0.0"])
    assert ran.exit_code == 2 and "--public" in ran.output


# ---------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = str(Path(symchain.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))}
    server = subprocess.Popen([sys.executable, "-m", "symchain", "serve", "--port", str(port)], env=environment, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: pip install playwright")
    pytest.importorskip("uvicorn", reason="uvicorn is not installed: pip install symchain[serve]")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with playwright.sync_playwright() as running:
        made = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


def _page(browser: Any, address: str, width: int = 1280, **options: Any) -> tuple[Any, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900}, **options)
    page.set_default_timeout(60_000)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    page.wait_for_selector("#graph svg")
    return page, said


def _until(page: Any, condition: str, given: Any = None) -> None:
    """Waits; Playwright's own waiting evaluates text inside the page, which its policy forbids."""
    for _ in range(600):
        if page.evaluate(condition, given):
            return
        page.wait_for_timeout(100)
    raise AssertionError(condition)


@pytest.mark.thorough
def test_type_derive_slide_check_switch_and_drop(browser: Any, address: str) -> None:
    page, said = _page(browser, address, locale="en-GB")
    page.fill("#program", "z = w*x + b\nC = (z - y)**2")
    _until(page, "!document.querySelector('#echo').textContent.includes('tanh')")
    assert page.locator("#echo .katex").count() == 1
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#derivation .step .katex")
    assert "Chain rule" in page.inner_text("#derivation")

    page.wait_for_selector("#sliders input[type=range]")
    before = page.inner_html("#graph")
    page.locator("#sliders label", has_text="w").first.click()  # a label leads to its slider
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    _until(page, "before => document.querySelector('#graph').innerHTML !== before", before)

    wire = page.locator('#graph g.wire[role=button][aria-label*="×"]').first
    wire.focus()
    page.keyboard.press("Enter")
    told = page.inner_text("#wire")
    received, local, sent = (float(n.replace("−", "-")) for n in re.findall(r"[−-]?\d+(?:\.\d+)?", told.splitlines()[-1])[:3])
    assert received * local == pytest.approx(sent, rel=0.02)

    page.select_option("#check-wrt", "w")
    page.fill("#claim", "2(y - z)x")
    page.click("#check")
    page.wait_for_selector("#verdict.wrong")
    assert "sign" in page.inner_text("#verdict")

    page.click("#languages [lang=fr]")
    _until(page, "document.querySelector('#verdict').textContent.startsWith('Faux')")
    _until(page, "document.querySelector('#derivation').textContent.includes('Règle de la chaîne')")
    assert page.get_attribute("html", "lang") == "fr" and page.inner_text("#derive") == "Dériver"

    page.evaluate(
        """() => { const data = new DataTransfer(); data.items.add(new File(["$$f(x) = x^2$$ so $f'(x) = 2x$ and $f(3) = 8$"], "a.md"));
        document.querySelector("#drop").dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true})); }"""
    )
    page.wait_for_selector("#judged td.wrong")
    assert page.inner_text("#counts").replace("\u00a0", " ") == "Justes : 1. Faux : 1. En suspens : 0."

    page.click("#target-c")
    _until(page, "document.querySelector('#code').textContent.includes('double')")
    with page.expect_download() as downloaded:
        page.click("#downloads [data-format=tex]")
    assert Path(downloaded.value.path()).read_text(encoding="utf-8").startswith(r"\documentclass")
    assert not said
    page.close()


@pytest.mark.thorough
def test_an_address_holds_the_program_and_runs_nothing(browser: Any, address: str) -> None:
    text = "script = a*b # </script><img src=x onerror=alert(1)>\nC = script**2"
    page, said = _page(browser, f"{address}#{urlencode({'text': text, 'of': 'C', 'by': 'a', 'lang': 'fr'})}")
    page.wait_for_selector("#derivation .step .katex")
    assert page.input_value("#program") == text and page.input_value("#wrt") == "a" and page.get_attribute("html", "lang") == "fr"
    assert page.locator("#derivation img, #graph img").count() == 0 and not said
    page.fill("#program", "C = tnah(a)")
    page.wait_for_selector("#problem:not([hidden])")
    assert "tanh" in page.inner_text("#problem") and page.get_attribute("#program", "aria-invalid") == "true"
    page.close()


@pytest.mark.thorough
@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_fits_and_everything_has_a_name(browser: Any, address: str, width: int, lang: str) -> None:
    page, said = _page(browser, f"{address}#{urlencode({'text': PROGRAM, 'lang': lang})}", width, color_scheme="dark")
    page.wait_for_selector("#code:not(:empty)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    unnamed = page.evaluate("""() => [...document.querySelectorAll("button, input, select, textarea, [role=button], [role=tab]")].filter(
        (e) => !(e.textContent.trim() || e.getAttribute("aria-label") || e.labels?.length)).map((e) => e.outerHTML)""")
    assert not unnamed and not said
    page.close()
