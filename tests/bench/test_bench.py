"""The benchmark runs and prints its table; what it measures is read, not asserted."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from symchain.kernels.native.building import compiler


@pytest.mark.thorough
def test_the_benchmark_prints_ratios() -> None:
    script = Path(__file__).parent / "ratios.py"
    done = subprocess.run([sys.executable, str(script), "--quick"], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"^ +\d+\.\d\d  \w", done.stdout, re.MULTILINE)) == 11
    assert "NumPy" in done.stdout.splitlines()[1]


@pytest.mark.thorough
def test_the_benchmark_of_native_kernels_prints_ratios() -> None:
    if not compiler():
        pytest.skip("there is no C compiler")
    script = Path(__file__).parent / "native.py"
    done = subprocess.run([sys.executable, str(script), "--quick"], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"^ +\d+\.\d\d  W\d", done.stdout, re.MULTILINE)) == 7


@pytest.mark.thorough
def test_the_benchmark_of_deriving_prints_exponents() -> None:
    script = Path(__file__).parent / "deriving.py"
    done = subprocess.run([sys.executable, str(script), "--quick"], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"exponent +-?\d+\.\d\d  \w", done.stdout)) == 4
