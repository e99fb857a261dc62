"""Native kernels against C written by hand, compiled in the same run with -O3 -march=native: ratios, medians of rounds that take turns.

    python tests/bench/native.py [--quick]

1.0 is a tie, above it symchain is slower. By hand: functions of an extension module that take floats by position and return a tuple of
floats, and loops over arrays with the compiler's vector mathematics (-ffast-math) and results allocated once.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.machinery
import importlib.util
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import symchain
from symchain.kernels.native.building import needed_compiler
from symchain.models import read_model

Work = Callable[[], Any]

_NETWORK = """
static void network(double x, double w1, double b1, double w2, double b2, double y, double *restrict r) {
  double a1 = 1/(1 + exp(-(w1*x + b1))), a2 = 1/(1 + exp(-(w2*a1 + b2)));
  double d2 = (a2 - y)*a2*(1 - a2), d1 = d2*w2*a1*(1 - a1);
  r[0] = 0.5*(a2 - y)*(a2 - y); r[1] = d1*x; r[2] = d1; r[3] = d2*a1; r[4] = d2;
}
"""
_CALLED = """
#include <Python.h>
#include <math.h>
{network}
static PyObject *point(PyObject *self, PyObject *const *v, Py_ssize_t n) {{
  double x[6], r[5];
  for (int k = 0; k < 6; k++) x[k] = PyFloat_AsDouble(v[k]);
  network(x[1], x[0], x[2], x[3], x[4], x[5], r);
  PyObject *found = PyTuple_New(5);
  for (int k = 0; k < 5; k++) PyTuple_SET_ITEM(found, k, PyFloat_FromDouble(r[k]));
  return found;
}}
static double x[4096], a[4096], r[4096];
static PyObject *chain(PyObject *self, PyObject *const *v, Py_ssize_t n) {{   /* w1 x b1 w2 b2 ... */
  for (Py_ssize_t k = 0; k < n; k++) x[k] = PyFloat_AsDouble(v[k]);
  Py_ssize_t depth = (n - 1)/2;
  a[0] = x[1];
  for (Py_ssize_t k = 0; k < depth; k++) a[k + 1] = tanh(x[k ? 2*k + 1 : 0]*a[k] + x[2*k + 2]);
  double d = 1;
  for (Py_ssize_t k = depth - 1; k >= 0; k--) {{
    double s = d*(1 - a[k + 1]*a[k + 1]);
    r[2*k + 2] = s;
    r[k ? 2*k + 1 : 0] = s*a[k];
    d = s*x[k ? 2*k + 1 : 0];
  }}
  r[1] = d;
  PyObject *found = PyTuple_New(n + 1);
  PyTuple_SET_ITEM(found, 0, PyFloat_FromDouble(a[depth]));
  for (Py_ssize_t k = 0; k < n; k++) PyTuple_SET_ITEM(found, k + 1, PyFloat_FromDouble(r[k]));
  return found;
}}
static PyObject *rosenbrock(PyObject *self, PyObject *const *v, Py_ssize_t count) {{   /* x, gradient */
  Py_buffer x, g;
  PyObject_GetBuffer(v[0], &x, PyBUF_C_CONTIGUOUS);
  PyObject_GetBuffer(v[1], &g, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE);
  Py_ssize_t n = x.shape ? x.shape[0] : x.len/8;
  const double *restrict p = x.buf;
  double *restrict q = g.buf, value = 0;
  for (Py_ssize_t i = 0; i < n - 1; i++) {{
    double a = p[i + 1] - p[i]*p[i], b = 1 - p[i];
    value += 100*a*a + b*b;
  }}
  q[0] = -400*p[0]*(p[1] - p[0]*p[0]) - 2*(1 - p[0]);
  for (Py_ssize_t i = 1; i < n - 1; i++)
    q[i] = 200*(p[i] - p[i - 1]*p[i - 1]) - 400*p[i]*(p[i + 1] - p[i]*p[i]) - 2*(1 - p[i]);
  q[n - 1] = 200*(p[n - 1] - p[n - 2]*p[n - 2]);
  PyBuffer_Release(&x);
  PyBuffer_Release(&g);
  return PyFloat_FromDouble(value);
}}
static PyMethodDef methods[] = {{
  {{"rosenbrock", (PyCFunction)rosenbrock, METH_FASTCALL, ""}},
  {{"point", (PyCFunction)point, METH_FASTCALL, ""}}, {{"chain", (PyCFunction)chain, METH_FASTCALL, ""}}, {{0}}}};
static struct PyModuleDef module = {{PyModuleDef_HEAD_INIT, "byhand", 0, -1, methods}};
PyMODINIT_FUNC PyInit_byhand(void) {{ return PyModule_Create(&module); }}
"""
_LOOP = """
#include <math.h>
{network}
void samples(long n, const double *restrict x, const double *restrict y, double w1, double b1, double w2, double b2,
             double *restrict r0, double *restrict r1, double *restrict r2, double *restrict r3, double *restrict r4) {{
  for (long i = 0; i < n; i++) {{
    double r[5];
    network(x[i], w1, b1, w2, b2, y[i], r);
    r0[i] = r[0]; r1[i] = r[1]; r2[i] = r[2]; r3[i] = r[3]; r4[i] = r[4];
  }}
}}
"""


def built(folder: Path, name: str, source: str, *flags: str) -> Path:
    text, made = folder / f"{name}.c", folder / f"{name}.so"
    text.write_text(source)
    subprocess.run([*needed_compiler(), "-O3", "-march=native", "-shared", "-fPIC", *flags, str(text), "-o", str(made), "-lm"], check=True)
    return made


def extension(path: Path) -> ModuleType:
    loader = importlib.machinery.ExtensionFileLoader("byhand", str(path))
    spec = importlib.util.spec_from_file_location("byhand", path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def ratio(ours: Work, theirs: Work, rounds: int) -> tuple[float, float]:
    """The median of the rounds' ratios in processor time, and the best time of `theirs` in seconds."""
    ours(), theirs()
    repeats = max(3, int(0.01 / _seconds(theirs, 3)))
    pairs = [(_seconds(ours, repeats), _seconds(theirs, repeats)) for _ in range(rounds)]
    return statistics.median(mine / other for mine, other in pairs), min(other for _, other in pairs)


def _seconds(work: Work, repeats: int) -> float:
    start = time.process_time()
    for _ in range(repeats):
        work()
    return max((time.process_time() - start) / repeats, 1e-9)


def chain(depth: int) -> str:
    return "\n".join(f"a{k} = tanh(w{k}*{f'a{k - 1}' if k > 1 else 'x'} + b{k})" for k in range(1, depth + 1))


def measured(rounds: int, samples: int, depths: tuple[int, ...]) -> dict[str, tuple[float, float]]:
    rng = np.random.default_rng(0)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        include = f"-I{sysconfig.get_paths()['include']}"
        hand = extension(built(Path(folder), "byhand", _CALLED.format(network=_NETWORK), include))
        loop = ctypes.CDLL(str(built(Path(folder), "loop", _LOOP.format(network=_NETWORK), "-ffast-math"))).samples
        program = symchain.parse(read_model("two-layer").text)
        for accuracy in ("full", "fast"):
            kernel = program.compile(wrt=["W1", "b1", "W2", "b2"], target="c").with_options(accuracy=accuracy)
            call, by_hand = kernel.positional, hand.point
            value, gradient = call(0.8, 1.5, -0.2, -1.2, 0.3, 1.0)
            assert np.allclose([value, *gradient.values()], by_hand(0.8, 1.5, -0.2, -1.2, 0.3, 1.0), rtol=1e-12)
            found[f"W1 two-layer network at one point, accuracy={accuracy}"] = ratio(
                lambda call=call: call(0.8, 1.5, -0.2, -1.2, 0.3, 1.0),
                lambda by_hand=by_hand: by_hand(0.8, 1.5, -0.2, -1.2, 0.3, 1.0),
                rounds,
            )
        x, y = rng.normal(size=samples), rng.normal(size=samples)
        arrays = [np.empty(samples) for _ in range(5)]
        places = [ctypes.c_void_p(a.ctypes.data) for a in (x, y)], [ctypes.c_void_p(a.ctypes.data) for a in arrays]
        weights = [ctypes.c_double(w) for w in (0.8, -0.2, -1.2, 0.3)]

        def by_loop() -> None:
            loop(ctypes.c_long(samples), *places[0], *weights, *places[1])

        out = (np.empty(samples), {n: np.empty(samples) for n in ("W1", "b1", "W2", "b2")})
        into = kernel.with_options(out=out).positional
        by_loop()
        into(0.8, x, -0.2, -1.2, 0.3, y)
        assert all(np.allclose(a, b, rtol=1e-9) for a, b in zip(arrays, [out[0], *out[1].values()], strict=True))
        found[f"W2 the same over {samples} samples, out="] = ratio(lambda: into(0.8, x, -0.2, -1.2, 0.3, y), by_loop, rounds)
        found[f"W2 the same over {samples} samples, new arrays"] = ratio(lambda: call(0.8, x, -0.2, -1.2, 0.3, y), by_loop, rounds)
        for depth in depths:
            start = time.process_time()
            kernel = symchain.parse(chain(depth)).compile(target="c")
            values = [float(v) for v in rng.normal(0, 0.01, size=2 * depth + 1)]  # slopes that neither vanish nor grow
            values[0] = values[1] = 1.0
            values[3::2] = [1 + v for v in values[3::2]]
            call = kernel.positional
            value, gradient = call(*values)
            seconds = time.process_time() - start
            assert np.allclose([value, *gradient.values()], hand.chain(*values), rtol=1e-6, atol=1e-12)
            for accuracy in ("full", "fast"):
                call = kernel.with_options(accuracy=accuracy).positional
                found[f"W7 chain of tanh, depth {depth}, accuracy={accuracy} (derived and compiled in {seconds:.2f} s)"] = ratio(
                    lambda call=call, v=values: call(*v), lambda v=values: hand.chain(*v), rounds
                )
        x, slopes = rng.normal(size=1000), np.empty(1000)
        call = symchain.parse("x: (n,)\nC = sum(100*(x[1:] - x[:-1]**2)**2 + (1 - x[:-1])**2)").compile(target="c").positional
        value, gradient = call(x)
        assert np.isclose(value, hand.rosenbrock(x, slopes)) and np.allclose(gradient["x"], slopes)
        found["W4 Rosenbrock, n = 1000, value and gradient"] = ratio(lambda: call(x), lambda: hand.rosenbrock(x, slopes), rounds)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes: to see that it runs, not for figures")
    quick = parser.parse_args().quick
    print("python", " ".join(sys.argv))
    print(f"compiler {' '.join(needed_compiler())}, NumPy {np.__version__}")
    for what, (value, seconds) in measured(*((1, 1000, (10,)) if quick else (31, 1_000_000, (100, 1000)))).items():
        print(f"  {value:8.2f}  {what}: by hand {seconds * 1e6:.3g} us")


if __name__ == "__main__":
    main()
