"""Worker processes: limits of time and memory, what is lost when one dies (nothing), and the tasks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ready import ready_program

from symchain.app.workers import limits
from symchain.app.workers.pool import Pool
from symchain.app.workers.tasks import FORMATS, TARGETS, TASKS, answer
from symchain.models import read_model
from symchain.wording import LANGUAGES

PROGRAM = "z = w*x + b\nC = (tanh(z) - y)**2"
SLOW = "C = " + "*".join(f"(x{i} + sin(y{i}*x{i + 1}))" for i in range(400))


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(3) as made:
        yield made




# ---------------------------------------------------------------- the pool


def test_equal_requests_are_answered_once(pool: Pool) -> None:
    first = pool.ask("read", {"text": PROGRAM})
    assert first["kind"] == "done" and first["last"] == "C" and list(first["inputs"]) == ["w", "x", "b", "y"]
    began = time.monotonic()
    assert all(pool.ask("read", {"text": PROGRAM}) == first for _ in range(200))
    assert time.monotonic() - began < 5


def test_nothing_is_lost_when_workers_die_at_work(pool: Pool) -> None:
    """Workers are killed while twenty programs are derived: every answer comes, and is that of its own question."""
    pool.ask("read", {"text": PROGRAM})
    stop = []

    def killing() -> int:
        killed = 0
        while not stop and killed < 6:
            time.sleep(0.15)
            for number in pool.processes[:1]:
                os.kill(number, signal.SIGKILL)
                killed += 1
        return killed

    with ThreadPoolExecutor(12) as threads:
        killer = threads.submit(killing)
        asked = [threads.submit(pool.ask, "derive", {"text": f"C{k} = (a*x{k} - y)**{k + 2}", "wrt": "a"}) for k in range(20)]
        found = [f.result(timeout=120) for f in asked]
        stop.append(1)
        assert killer.result() > 0
    kinds = [f["kind"] for f in found]
    assert kinds.count("done") >= 18 and set(kinds) <= {"done", "died"}  # twice the same request: said, not hidden
    assert all(f"dC{k}_da" in f["lines"][-1] for k, f in enumerate(found) if f["kind"] == "done")
    assert pool.ask("read", {"text": "y = q"})["kind"] == "done"


@pytest.mark.thorough
def test_when_the_process_that_makes_workers_dies_all_begin_anew() -> None:
    with Pool(2) as made:
        assert made.ask("read", {"text": "y = x"})["kind"] == "done"
        assert made._nursery is not None
        made._nursery.process.kill()
        assert made.ask("read", {"text": "y = x**2"})["kind"] == "done"


@pytest.mark.thorough
def test_work_that_takes_too_long_is_ended_and_typing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits.SECONDS, "derive", 0.2)
    with Pool(2) as made, ThreadPoolExecutor(4) as threads:
        made.ask("read", {"text": "y = x"})
        before = set(made.processes)
        slow = [threads.submit(made.ask, "derive", {"text": f"{SLOW} + {k}"}) for k in range(2)]
        assert made.ask("read", {"text": "y = x*a"})["kind"] == "done"
        assert {f.result(timeout=60)["kind"] for f in slow} == {"time"}
        assert len(set(made.processes)) == 2 and set(made.processes) != before
        assert made.ask("derive", {"text": "y = x"})["kind"] in ("done", "time")


@pytest.mark.thorough
def test_memory_and_files_are_limited() -> None:
    code = (
        "from symchain.app.workers import worker; import resource\n"
        "worker.MEMORY = 1 << 30\n"
        "worker.confine()\n"
        "print(resource.getrlimit(resource.RLIMIT_FSIZE), resource.getrlimit(resource.RLIMIT_CORE))\n"
        "def greedy(task, data): return {'kind': 'done', 'x': len(bytearray(1 << 31))}\n"
        "worker.answer = greedy\n"
        "print(worker._answered({'task': 'read', 'data': {}}).decode())"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert ran.stdout.splitlines() == ["(0, 0) (0, 0)", '{"kind": "memory"}'], ran.stderr


@pytest.mark.thorough
def test_workers_end_with_the_server() -> None:
    made = Pool(2)
    made.ask("read", {"text": "y = x"})
    numbers = made.processes
    made.close()
    for number in numbers:
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)


# ---------------------------------------------------------------- tasks


@pytest.mark.thorough
@pytest.mark.parametrize("lang", LANGUAGES)
def test_tasks_say_what_symchain_says(lang: str) -> None:
    program, at = ready_program("two-layer"), read_model("two-layer").at
    text = str(program)
    derived = program.derive("C", "W1")
    found = answer("derive", {"text": text, "wrt": "W1", "lang": lang})
    assert found["lines"] == [str(line) for line in derived.lines] and found["text"] == derived.text(lang=lang)
    told = answer("check", {"text": text, "wrt": "W1", "claim": "(a2 - y_true)*x", "lang": lang})
    assert told["told"] == program.check("C", "W1", "(a2 - y_true)*x").message(lang)
    explained = answer("explain", {"text": text, "output": "z1", "wrt": "W1", "lang": lang})["text"]
    assert explained == program.explain("z1", "W1", lang=lang).text()
    value, gradient = program.compile("C")(**at)
    numbers = answer("evaluate", {"text": text, "at": at})["numbers"]
    assert numbers["C"] == pytest.approx(float(value)) and numbers["dC/dW1"] == pytest.approx(float(gradient["W1"]))
    graph = answer("graph", {"text": text, "at": at, "lang": lang})
    assert graph["gradients"]["W1"] == pytest.approx(float(gradient["W1"])) and "style" not in graph["svg"]


@pytest.mark.parametrize("text", ["z = \\sigma(w x + b)\nC = \\frac{1}{2}(z-y)^2", "$$z = \\sigma(w x + b)$$ $$C = \\frac12 (z-y)^2$$"])
def test_latex_is_recognised(text: str) -> None:
    found = answer("read", {"text": text})
    assert found["program"].splitlines()[0] == "z = sigma(w*x + b)" and found["last"] == "C"


def test_documents_are_judged_line_by_line() -> None:
    found = answer("judge", {"document": "Let $f(x) = x^2$.\n\nThen $f'(x) = 2x$\nand $f(3) = 8$."})
    assert [(s["line"], s["status"]) for s in found["statements"]] == [(1, "definition"), (3, "proved"), (4, "wrong")]


def test_a_claim_of_several_lines_is_judged_step_by_step() -> None:
    steps = "dC/dw = dC/dz dz/dw\n= 2(z-y)x\n= 2(z-y)w"
    found = answer("check", {"text": "z = w*x; C = (z - y)**2", "wrt": "w", "claim": steps})
    assert found["status"] == "wrong" and "line 3" in found["told"]


@pytest.mark.parametrize("target", TARGETS)
def test_code_is_shown_for_every_target(target: str) -> None:
    found = answer("code", {"text": PROGRAM, "target": target})
    assert found["kind"] == "done" and found["targets"].keys() == TARGETS.keys() and "kernel" in found["code"]
    assert target != "c" or "double" in found["code"]


@pytest.mark.parametrize("form", FORMATS)
def test_downloads(form: str) -> None:
    found = answer("download", {"text": PROGRAM, "format": form})
    starts = {"tex": r"\documentclass", "html": "<!DOCTYPE html>", "json": "{", "py": "import symchain"}
    assert found["content"].startswith(starts[form]) and found["name"].endswith(f".{form}")


def test_a_downloaded_script_runs(capsys: pytest.CaptureFixture[str]) -> None:
    text = "x: (n,)\nS = einsum('i,i->', x, x)\nC = S**2"
    content = answer("download", {"text": text, "format": "py", "at": {"x": [1.0, 2.0]}})["content"]
    exec(compile(content, "gradient.py", "exec"), {})
    assert capsys.readouterr().out.startswith("25.0 {'x': array([20., 40.])}")


BAD: list[dict[str, Any]] = [
    {"text": ""}, {"text": "y = tnah(x)"}, {"text": 3}, {"file": "/etc/passwd"}, {"text": "y = x" * 20_000}, {"at": "x=1"},
    {"text": "y = x", "output": "q"}, {"text": "y = " + "(" * 5000}, {"text": "y = x**(10**10**10)"}, {"text": "\\input{/etc/passwd}"},
    {"text": "y = __import__('os').system('true')"}, {"text": "y = x\x00\ud800"}, {"text": "y = zeros(10**9)"}, {"document": "$" * 9999},
    {"text": "y = x", "at": {"x": {}}}, {"text": "y = x", "at": {"x": [[1], 2]}}, {"text": "y = x", "wrt": ",,,q"},
]  # fmt: skip


@pytest.mark.parametrize("task", [t for t in TASKS if t != "download"])
@pytest.mark.parametrize("data", BAD, ids=range(len(BAD)))
def test_hostile_requests_cost_one_message(task: str, data: dict[str, Any]) -> None:
    found = answer(task, {"wrt": "x", "claim": "1", "document": "", "text": "", **data})
    assert found["kind"] in ("done", "refused"), found
    if found["kind"] == "refused":
        assert found["message"] and "\x00" not in found["message"]


@pytest.mark.thorough
@pytest.mark.parametrize("lang", LANGUAGES)
def test_limits_are_told_in_every_language(lang: str) -> None:
    told = {limits.message({"kind": kind}, lang) for kind in limits.KINDS}
    assert len(told) == len(limits.KINDS) and all(told)
    assert limits.language({"lang": lang}) == lang and limits.language({"lang": "qq"}) == limits.language({"lang": 3}) == "en"
