"""What is large: texts without end, arrays that no memory holds, products of thousands of factors, numbers far out."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import symchain
from symchain.errors import ArgumentError
from symchain.support.files import MAX_TEXT, read_limited

ROOT = Path(__file__).parents[2]


class Endless(io.RawIOBase):
    """A stream that gives one byte again and again, and counts what it gave."""

    given = 0

    def read(self, size=-1):
        assert size > 0, "all of it was asked for"
        self.given += size
        return b"x" * size


def test_a_stream_is_read_up_to_the_limit():
    stream = Endless()
    with pytest.raises(ValueError, match="more than 1000 characters"):
        read_limited(stream, 1000)
    assert stream.given <= 2 * 2**20
    assert read_limited(io.BytesIO("é\r\nz\r".encode() * 300), 1500) == "é\nz\n" * 300
    for data, reason in ((b"\xff", "UTF-8"), ("é".encode() * 1001, "more than 1000")):
        with pytest.raises(ValueError, match=reason):
            read_limited(io.BytesIO(data), 1000)


@pytest.mark.parametrize("words", [["parse", "/dev/zero"], ["parse", "-"], ["eval", "-e", "y = x", "--at", "/dev/zero"]], ids=" ".join)
def test_a_device_without_end_is_refused(words):
    with open("/dev/zero", "rb") as zero:
        done = subprocess.run(
            [sys.executable, "-m", "symchain", *words], stdin=zero, capture_output=True, text=True, cwd=ROOT, timeout=100, check=False
        )
    assert done.returncode == 2 and f"more than {MAX_TEXT} characters" in done.stderr


@pytest.mark.thorough
def test_a_kernel_is_not_read_from_a_device():
    with pytest.raises(ArgumentError, match="does not hold a kernel"):
        symchain.load("/dev/zero")


@pytest.mark.thorough
def test_a_pipe_that_sends_nothing_is_left_by_an_interrupt(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen([sys.executable, "-m", "symchain", "parse", str(pipe)], stderr=subprocess.PIPE, text=True, cwd=ROOT)
    writer = os.open(pipe, os.O_WRONLY)  # opens when the reader has
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    os.close(writer)
    assert process.returncode == 130 and "interrupted" in told


@pytest.mark.parametrize(
    "text",
    [
        "y = x*sum(zeros(1000000000))",
        "y = x*trace(eye(30000))",
        "y = ones((30000, 30000))*x",
        "v: (1000000000,)\ny = sum(v)*x",
        "v: (n,)\ny = v[999999999]*x",
        "v: (n,)\ny = sum(reshape(outer(v, ones(1000000000*n)), (n*n*1000000000,)))*x",
    ],
)
def test_no_memory_is_taken_for_what_is_only_written(text):
    """It is read, derived, said to be unchecked, and compiled; the arrays are made when the kernel is called."""
    symchain.parse("y = a*x").derive("a").text()
    tracemalloc.start()
    derivation = symchain.parse(text).derive("y", "x")
    told = derivation.text() + derivation.latex()
    symchain.parse(text).compile(wrt=["x"])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**26 and "No numerical check was possible" in told


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("text", "slope"),
    [("*", lambda y, x, k: y / x[k]), ("/", lambda y, x, k: y / x[k] * (1 if k == 0 else -1))],
    ids=["product", "quotient"],
)
def test_the_gradient_of_a_wide_product_takes_a_number_of_steps_that_grows_like_its_factors(text, slope):
    x = np.random.default_rng(0).uniform(0.9, 1.1, 800)
    names = [f"x{k}" for k in range(len(x))]
    for n in (400, 800):
        kernel = symchain.parse("y = b + a*" + text.join(names[:n])).compile()
        at = dict(zip(names[:n], map(float, x), strict=False))
        value, gradient = kernel(a=2.0, b=0.5, **at)
        exact = 2 * (np.prod(x[:n]) if text == "*" else x[0] / np.prod(x[1:n]))
        assert np.isclose(value, exact + 0.5, rtol=1e-12) and np.isclose(gradient["a"], exact / 2, rtol=1e-12) and gradient["b"] == 1
        assert np.allclose([gradient[name] for name in at], [slope(exact, x, k) for k in range(n)], rtol=1e-12)
        assert kernel.operations < 16 * n


@pytest.mark.thorough
def test_second_derivatives_of_one_row_come_from_one_sweep():
    """They are what each of them is by itself."""
    program = symchain.parse("y = log(exp(a*b) + exp(b*c) + sin(c*a)**2) + a**2*b")
    at = {"a": 0.3, "b": -0.7, "c": 1.2}
    _, _, hessian = program.compile(order=2)(**at)
    for first in at:
        for second in at:
            step = 1e-6
            up, down = (program.compile()(**{**at, second: at[second] + s})[1][first] for s in (step, -step))
            entry = hessian[first] if first == second else hessian.get((first, second), hessian.get((second, first)))
            assert np.isclose(entry, (up - down) / (2 * step), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(
    "constant",
    ["polygamma(2, 1e10)", "gammainc(100000, 3)", "zeta(3, 1e10)", "stdtr(1e6, 2)", "y1(binom(30, 15))", "spence(y1(binom(7, 3)) + 2)"],
)
def test_numbers_far_out_are_not_expanded_term_by_term(constant):
    """SymPy would, given whole numbers; a guard that is generous: it took for ever."""
    began = time.process_time()
    derivation = symchain.parse(f"y = {constant}*x").derive("y", "x")
    assert derivation.latex() and derivation.closed is not None
    assert time.process_time() - began < 20


@pytest.mark.thorough
def test_what_sympy_gives_up_on_is_read_all_the_same():
    assert symchain.parse("y = jv(1e6, 1e6)*x").derive("y", "x").lines
