"""Target "auto": NumPy at once, machine code in its place where it agrees and is quicker; in threads, at exit, saved and sent."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symchain
from symchain.kernels.kernel import Kernel
from symchain.kernels.native import building, switching
from symchain.kernels.native.backend import NativeCode
from symchain.models import read_model

pytestmark = pytest.mark.skipif(not building.compiler(), reason="there is no C compiler")

POINT = {"x": 1.5, "W1": 0.8, "b1": -0.2, "W2": -1.2, "b2": 0.3, "y_true": 1.0}
CHAIN = "v: (n,)\nz = tanh(v)*v\nu = exp(-z**2)*sin(z) + z\nC = sum(u*log(1 + z**2))"
LIMIT = 60


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Machine code is made after the second call, in a store of its own, and is taken however quick it is."""
    monkeypatch.setenv("SYMCHAIN_CACHE", str(tmp_path))
    monkeypatch.setattr(switching, "_WORTH", 0.0)
    monkeypatch.setattr(switching, "_QUICKER", np.inf)
    building.store.cache_clear()
    yield
    building.store.cache_clear()


def network(**options: Any) -> Kernel:
    return symchain.parse(read_model("two-layer").text).compile(**options)


def until(kernel: Kernel, text: str, at: dict[str, Any]) -> list[Any]:
    """The results of calls until the first line of print(kernel) says something."""
    results = []
    end = time.monotonic() + LIMIT
    while text not in first_line(kernel):
        assert time.monotonic() < end, first_line(kernel)
        results.append(kernel(**at))
        time.sleep(0.001)
    return [*results, kernel(**at)]


def first_line(kernel: Kernel) -> str:
    return str(kernel).splitlines()[0]


@pytest.mark.thorough
@pytest.mark.parametrize(
    "text, at",
    [
        (read_model("two-layer").text, POINT),
        (read_model("two-layer").text, {**POINT, "x": np.linspace(-2.0, 2.0, 20_000)}),
        (CHAIN, {"v": np.linspace(0.1, 2.0, 40)}),
    ],
)
def test_the_switch_changes_no_result_by_more_than_rounding(text: str, at: dict[str, Any]) -> None:
    program = symchain.parse(text)
    kernel, plain = program.compile(), program.compile(target="numpy")
    assert first_line(kernel).startswith("target auto, now numpy")
    wanted = plain(**at)
    results = until(kernel, "now c:", at)
    assert "int" in kernel.source and len(results) > 2
    for value, gradient in results:
        np.testing.assert_allclose(value, wanted[0], rtol=1e-12)
        assert type(value) is type(wanted[0]) and list(gradient) == list(wanted[1])
        for name, one in gradient.items():
            np.testing.assert_allclose(one, wanted[1][name], rtol=1e-11, atol=1e-13 * np.abs(wanted[1][name]).max())


@pytest.mark.thorough
def test_options_stay_what_they_are() -> None:
    kernel = network()
    until(kernel, "now c:", POINT)
    out = (np.zeros(()), {n: np.zeros(()) for n in POINT})
    writing = kernel.with_options(out=out)
    for _ in range(40):
        assert writing(**POINT) is out
        time.sleep(0.005)
    assert float(out[0]) == pytest.approx(float(kernel(**POINT)[0]), rel=1e-14)
    facts = symchain.parse("x: () positive\ny = log(x)**2").compile()
    until(facts, "now c:", {"x": 2.0})
    with pytest.raises(symchain.SymchainError):
        facts(x=-1.0)


@pytest.mark.thorough
def test_kernels_are_saved_and_sent_as_data(tmp_path: Path) -> None:
    kernel = network()
    wanted = until(kernel, "now c:", POINT)[-1]
    kernel.save(tmp_path / "kernel.json")
    for other in (symchain.load(tmp_path / "kernel.json"), pickle.loads(pickle.dumps(kernel))):
        assert other(**POINT)[0] == pytest.approx(wanted[0], rel=1e-14)
    assert first_line(pickle.loads(pickle.dumps(kernel))).startswith("target auto, now numpy")


@pytest.mark.thorough
def test_threads_may_call_while_it_switches() -> None:
    kernel = network()
    lean, wanted = kernel.positional, network(target="numpy")(**POINT)
    values = [POINT[n] for n in kernel.names]
    wrong: list[Any] = []

    def work() -> None:
        end = time.monotonic() + LIMIT
        while "now c:" not in first_line(kernel) and time.monotonic() < end:
            for call in (lean, kernel.positional):
                value, gradient = call(*values)
                if abs(value - wanted[0]) > 1e-13 or any(abs(g - wanted[1][n]) > 1e-13 for n, g in gradient.items()):
                    wrong.append((value, gradient))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong and "now c:" in first_line(kernel)
    assert kernel.positional is not lean and lean(*values)[0] == kernel.positional(*values)[0]  # who kept the first call has the new code


@pytest.mark.thorough
def test_machine_code_that_is_no_quicker_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switching, "_QUICKER", 0.0)
    kernel = network()
    until(kernel, "was no quicker", POINT)
    assert "now numpy" in first_line(kernel)


@pytest.mark.thorough
def test_numbers_that_differ_leave_numpy_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NativeCode, "call", property(lambda self: lambda *values: (0.25, dict.fromkeys(POINT, 0.0))))
    kernel = network()
    wanted = network(target="numpy")(**POINT)
    assert all(r == wanted for r in until(kernel, "gave other numbers", POINT))
    assert "now numpy" in first_line(kernel)


def test_a_compiler_that_fails_leaves_numpy_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "compiler", lambda: ("false",))
    kernel = network()
    until(kernel, "no machine code was made", POINT)
    assert "now numpy" in first_line(kernel)


def test_without_a_compiler_or_a_native_form_it_is_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    program = symchain.parse("A: (n, n)\nC = logdet(A)")
    kernel = program.compile()
    until(kernel, "there is no native form", {"A": np.eye(3) * 2})
    assert "now numpy" in first_line(kernel)
    monkeypatch.setattr(building, "compiler", lambda: ())
    assert first_line(network()).startswith("target numpy")


@pytest.mark.thorough
def test_the_process_may_end_while_a_compiler_works(tmp_path: Path) -> None:
    """Nothing is printed, nothing is waited for, and nothing half done is left."""
    slow = tmp_path / "slow"
    slow.write_text('#!/bin/sh\ncase "$*" in *--version*) echo slow;; *) sleep 60;; esac\n', encoding="ascii")
    slow.chmod(0o700)
    text = (
        "import symchain, time\nfrom symchain.kernels.native import switching\nswitching._WORTH = 0.0\n"
        "k = symchain.parse('y = x*sin(x)').compile()\n[k(x=1.0) for _ in range(8)]\ntime.sleep(0.5)\nprint(str(k).splitlines()[0])"
    )
    cache = tmp_path / "cache"
    environment = {**os.environ, "CC": str(slow), "SYMCHAIN_CACHE": str(cache)}
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, env=environment, timeout=LIMIT, check=False)
    assert (done.returncode, done.stderr) == (0, "") and "is being made" in done.stdout
    assert time.monotonic() - start < 50 and not list((cache / "symchain").iterdir())
