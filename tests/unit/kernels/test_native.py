"""Native kernels: the same results, refusals and guards as those of NumPy; how they are built, kept and called."""

from __future__ import annotations

import gc
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from randomscalars import random_scalars

import symchain
from symchain.errors import ArgumentError, NotDifferentiableError, ShapeError, SymchainError, UnsupportedError
from symchain.kernels.kernel import Input, Instruction, Kernel, Output, Plan
from symchain.kernels.native import building
from symchain.kernels.native.backend import NativeBackend, NativeCode, special_address
from symchain.kernels.native.code import check
from symchain.kernels.native.primitives import LIBRARY, NAMES, POINTERS, SPECIAL
from symchain.kernels.numpy import NumPyBackend
from symchain.kernels.primitives import COMPARISONS, INTEGER, NUMBER, NUMBERS, PRIMITIVES, SIGNS
from symchain.models import read_model

pytestmark = pytest.mark.skipif(not building.compiler(), reason="there is no C compiler")

POINT = {"x": 1.5, "W1": 0.8, "b1": -0.2, "W2": -1.2, "b2": 0.3, "y_true": 1.0}


@pytest.fixture(autouse=True, scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A store of its own: what is compiled here is not left in that of the user."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYMCHAIN_CACHE", str(tmp_path_factory.mktemp("store")))
        building.store.cache_clear()
        yield building.store()
    building.store.cache_clear()


@pytest.fixture(scope="module")
def network() -> tuple[Kernel, Kernel]:
    program = symchain.parse(read_model("two-layer").text)
    return program.compile(target="c"), program.compile(target="numpy")


def flat(result: Any) -> list[Any]:
    if isinstance(result, (tuple, list)):
        return [x for r in result for x in flat(r)]
    return [x for r in result.values() for x in flat(r)] if isinstance(result, dict) else [result]


def agree(kernel: Kernel, other: Kernel, at: dict[str, Any], tolerance: float = 1e-13) -> None:
    got, want = flat(kernel(**at)), flat(other(**at))
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        assert np.shape(g) == np.shape(w) and np.result_type(g) == np.result_type(w)
        np.testing.assert_allclose(g, w, rtol=tolerance, atol=0)


# ---------------------------------------------------------------- every primitive


def every_primitive() -> Plan:
    """A plan with one output for each primitive that C has, of x, y and z."""
    inputs = tuple(Input(n) for n in "xyz")
    steps, outputs = [], []
    for name, kinds in PRIMITIVES.items():
        if (
            name in COMPARISONS
            or (name not in NAMES and name not in (*SIGNS, "neg", "where"))
            or (len(kinds) > 3 and name not in ("near_zero", "log_plus"))
        ):
            continue
        if name == "near_zero":
            form: Any = (name, "x0", ("-", "x0", "x1"), 0.5, 1, 2, (1.0, -0.25, 0.125))
        elif name == "where":
            form = (name, ("<", "x0", "x1"), "x0", "x2")
        elif NUMBER in kinds or INTEGER in kinds or NUMBERS in kinds:
            form = (name, "x0", 0.5, 0.6065306597126334, 0.0)
        else:
            form = (name, *(f"x{k}" for k in range(len(kinds))))
        used = 2 if name == "near_zero" else 1 if NUMBER in kinds else len(kinds)
        outputs.append(Output("gradient" if outputs else "value", (name,) if outputs else (), 3 + len(steps)))
        steps.append(Instruction("call", tuple(range(used)), (name, form), (), name))
    return Plan(inputs, (), tuple(steps), tuple(outputs), 1, True)


@pytest.mark.thorough
def test_every_primitive_is_that_of_numpy() -> None:
    plan = every_primitive()
    native, numpy = Kernel(plan, NativeBackend()), Kernel(plan, NumPyBackend())
    rng = np.random.default_rng(1)
    near, wide = rng.uniform(0.02, 0.98, (3, 60)), rng.normal(0, 3, (3, 60))
    edges = np.array(np.meshgrid([0.0, -0.0, 1.0, 2.0, -1.0, np.inf, -np.inf, np.nan], [0.5, 1.0, -2.0], [0.25])).reshape(3, -1)
    names = [plan.instruction(o.value).block for o in plan.outputs]
    assert len(names) > 120
    for points, strict in ((near, True), (wide, True), (edges, False)):
        at = dict(zip("xyz", np.ascontiguousarray(points), strict=True))
        with np.errstate(all="ignore"):
            got, want = flat(native(**at)), flat(numpy(**at))
        for name, g, w in zip(names, got, want, strict=True):
            places = np.isfinite(w) if strict else np.isfinite(w) & np.isfinite(points).all(axis=0)
            np.testing.assert_allclose(g[places], w[places], rtol=2e-13, atol=1e-300, err_msg=name)
            if strict:
                assert (np.isfinite(g) == np.isfinite(w)).all(), name


def test_scipy_has_the_functions() -> None:
    assert all(special_address(name) for name in (*SPECIAL, *POINTERS))
    assert not set(LIBRARY) & SPECIAL


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["exp", "tanh", "sech", "sigmoid", "log", "log1p", "expm1"])
def test_vectorised_functions_are_good_to_their_last_bits(name: str) -> None:
    """Against many digits, over the whole range: at most three units in the last place."""
    import ctypes

    import mpmath as mp

    loops = "".join(
        f"void t_{n}(long n, const double *x, double *r) {{ for (long i = 0; i < n; i++) r[i] = i_{n}(x[i]); }}\n" for n in EXACT
    )
    function = getattr(building.shared_object(building.header() + loops), f"t_{name}")
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.uniform(-2, 2, 150), rng.uniform(-40, 40, 60), rng.uniform(-744, 709, 60), 10.0 ** rng.uniform(-300, 2, 60)])
    if name.startswith("log"):
        x = np.concatenate([np.abs(x), 1 + 10.0 ** rng.uniform(-16, -1, 50), [5e-324, 1e308]])
    result = np.empty(len(x))
    function(ctypes.c_long(len(x)), x.ctypes.data_as(ctypes.c_void_p), result.ctypes.data_as(ctypes.c_void_p))
    with mp.workprec(140):
        for value, got in zip(x, result, strict=True):
            want = EXACT[name](mp.mpf(float(value)))
            if abs(want) < mp.mpf(2) ** 1023:
                assert abs(mp.mpf(float(got)) - want) <= 3 * max(np.spacing(abs(float(want))), 5e-324), (value, got)


def _exact() -> dict[str, Any]:
    import mpmath as mp

    return {
        **{"exp": mp.exp, "tanh": mp.tanh, "sech": mp.sech, "sigmoid": lambda x: 1 / (1 + mp.exp(-x))},
        **{"log": mp.log, "log1p": mp.log1p, "expm1": mp.expm1},
    }


EXACT = _exact()


# ---------------------------------------------------------------- whole programs


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(3))
def test_random_programs_agree_at_points_and_over_samples(seed: int) -> None:
    text, at = random_scalars(seed, 4)
    program = symchain.parse(text)
    native, numpy = program.compile(target="c"), program.compile()
    rng = np.random.default_rng(seed)
    agree(native, numpy, at, 1e-12)
    for _ in range(5):
        agree(native, numpy, {n: float(v) for n, v in zip(at, rng.normal(size=len(at)), strict=True)}, 1e-12)
    samples = {n: rng.normal(size=300) for n in at}
    with np.errstate(all="ignore"):
        got, want = flat(native(**samples)), flat(numpy(**samples))
    scale = max(np.max(np.abs(w)) for w in want)
    for g, w in zip(got, want, strict=True):
        np.testing.assert_allclose(g, w, rtol=1e-10, atol=1e-13 * scale)


@pytest.mark.thorough
def test_a_long_chain_is_rolled_into_loops_and_agrees() -> None:
    depth = 120
    text = "\n".join(f"a{k} = tanh(w{k}*{f'a{k - 1}' if k > 1 else 'x'} + b{k})" for k in range(1, depth + 1))
    program = symchain.parse(text)
    native, numpy = program.compile(target="c"), program.compile()
    rng = np.random.default_rng(0)
    at = {n: float(rng.normal(1.0 if n[0] in "wx" else 0.0, 0.05)) for n in native.names}
    agree(native, numpy, at, 1e-12)
    text = NativeCode(native.plan, {}).text
    assert text.count("for (long i = 0; i <") >= 3 and len(text) < 12000
    assert "loops" in str(native).splitlines()[0]
    many = {**at, "x": np.linspace(-1, 1, 7)}
    agree(native, numpy, many, 1e-12)


@pytest.mark.thorough
def test_second_derivatives() -> None:
    program = symchain.parse("C = exp(-x*x)*sin(y) + log(1 + x*x*y*y)")
    native, numpy = program.compile(order=2, target="c"), program.compile(order=2)
    agree(native, numpy, {"x": 0.4, "y": -1.3})
    agree(native, numpy, {"x": np.linspace(-2, 2, 11), "y": 0.7})
    assert program.derive("C", "x").compile(target="c")(x=0.4, y=-1.3) == pytest.approx(numpy(x=0.4, y=-1.3)[1]["x"], rel=1e-14)


@pytest.mark.parametrize(
    "text, at",
    [
        ("C = sin(x)/x", {"x": 0.0}),
        ("C = (1 - cos(x))/x**2", {"x": 1e-9}),
        ("C = log(1 + exp(x)) - x", {"x": 40.0}),
        ("C = 3 + 1/(1 + exp(x)*y)", {"x": 720.0, "y": 1e-320}),
        ("C = x**3 - y**3", {"x": 1 + 2**-40, "y": 1.0}),
        ("C = exp(x)*exp(-y)", {"x": 800.0, "y": 799.0}),
        ("C = where(x == 0, 1, sin(x)/x)", {"x": 0.0}),
        ("C = 1/(1 + exp(-x))", {"x": -800.0}),
        ("C = where(x > 0, log(x), x*y)", {"x": -2.0, "y": 3.0}),
    ],
)
def test_where_digits_are_lost_more_are_taken_as_with_numpy(text: str, at: dict[str, float]) -> None:
    program = symchain.parse(text)
    agree(program.compile(target="c"), program.compile(), at, 1e-12)


def test_fast_is_what_float64_gives(network: tuple[Kernel, Kernel]) -> None:
    program = symchain.parse("C = (x + y) - x")
    fast = program.compile(target="c").with_options(accuracy="fast")
    assert fast(x=1e16, y=1.0)[0] == (1e16 + 1.0) - 1e16
    agree(network[0].with_options(accuracy="fast"), network[1], POINT)


# ---------------------------------------------------------------- arguments, options, copies


def test_arguments_of_every_kind(network: tuple[Kernel, Kernel]) -> None:
    for x in (
        2,
        True,
        np.float64(0.3),
        np.float32(0.3),
        np.array(0.5),
        [0.1, 0.2],
        np.linspace(0, 1, 5)[::2],
        np.ones((2, 3)),
        np.empty(0),
    ):
        agree(*network, {**POINT, "x": x})
    agree(*network, {**POINT, "x": np.ones((3, 1)), "W1": np.arange(4.0)})
    agree(*network, {**POINT, "x": np.float32([0.1, 0.2]), **{n: np.float32(v) for n, v in POINT.items() if n != "x"}}, 1e-5)
    many = np.linspace(-50, 50, 1001)
    agree(*network, {**POINT, "x": many, "y_true": many})
    for bad in (float("nan"), float("inf"), 1e300):
        with np.errstate(all="ignore"):
            agree(*network, {**POINT, "x": bad})


@pytest.mark.parametrize(
    "wrong",
    [{"x": None}, {"x": 1j}, {"x": "1"}, {"x": np.ones(3), "W1": np.ones(2)}, {"q": 1.0}],
    ids=["none", "complex", "text", "shape", "name"],
)
def test_refusals_are_those_of_numpy(network: tuple[Kernel, Kernel], wrong: dict[str, Any]) -> None:
    messages = []
    for kernel in network:
        with pytest.raises((ArgumentError, ShapeError)) as error:
            kernel(**{**POINT, **wrong})
        messages.append(str(error.value))
    assert messages[0] == messages[1]
    with pytest.raises(ArgumentError, match="5 values|no value"):
        network[0].positional(1.0, 2.0, 3.0, 4.0, 5.0)
    with pytest.raises(TypeError):
        network[0].positional(*POINT.values(), x=1.0)


@pytest.mark.thorough
def test_results_that_are_kept_do_not_change(network: tuple[Kernel, Kernel]) -> None:
    """What nobody holds is used again; what somebody holds, whole or in part, is not."""
    native, numpy = network
    call = native.positional
    points = [[float(v) for v in np.random.default_rng(k).normal(size=6)] for k in range(40)]
    kept, parts = [], []
    for k, p in enumerate(points):
        value, gradient = call(*p)
        if k % 3 == 0:
            kept.append((p, value, gradient))
        if k % 3 == 1:
            parts.append((p, gradient["b1"]))
        if k % 5 == 2:
            gradient["b1"] = "changed"
            gradient["more"] = gradient
        if k % 7 == 3:
            del gradient["W1"]
            gradient["W1"] = 0.25
    for p, value, gradient in kept:
        want = numpy.positional(*p)
        assert list(gradient) in (list(want[1]), [*(n for n in want[1] if n != "W1"), "W1"]) or "more" in gradient
        assert value == pytest.approx(want[0], rel=1e-13)
        for n in ("W2", "x", "y_true"):
            assert gradient[n] == pytest.approx(want[1][n], rel=1e-13)
    for p, b1 in parts:
        assert b1 == pytest.approx(numpy.positional(*p)[1]["b1"], rel=1e-13)
    arrays = [native(**{**POINT, "x": np.full(40000, float(k))})[1]["W1"] for k in range(4)]
    views = [native(**{**POINT, "x": np.full(40000, float(k))})[1]["W1"][:2] for k in range(4)]
    for k in range(4):
        want = numpy(**{**POINT, "x": float(k)})[1]["W1"]
        assert arrays[k][0] == pytest.approx(want, rel=1e-13) and views[k][0] == pytest.approx(want, rel=1e-13)
    gc.collect()


def test_out_is_written_to_in_place_and_may_overlap_the_arguments(network: tuple[Kernel, Kernel]) -> None:
    native, numpy = network
    x = np.linspace(-2, 2, 50)
    want = numpy(**{**POINT, "x": x})
    out = np.empty(50), {n: np.empty(50) for n in want[1]}
    assert native.with_options(out=out)(**{**POINT, "x": x}) is out
    for g, w in zip(flat(out), flat(want), strict=True):
        np.testing.assert_allclose(g, w, rtol=1e-13)
    both = np.linspace(-2, 2, 51)
    over = np.empty(50), {n: both[1:] if n == "W1" else np.empty(50) for n in want[1]}
    native.with_options(out=over)(**{**POINT, "x": both[:50]})
    np.testing.assert_allclose(over[1]["W1"], numpy(**{**POINT, "x": np.linspace(-2, 2, 51)[:50]})[1]["W1"], rtol=1e-13)
    single = np.empty(50, np.float32), {n: np.empty(50) for n in want[1]}
    native.with_options(out=single)(**{**POINT, "x": x})
    np.testing.assert_allclose(single[0], want[0], rtol=1e-6)
    for bad in (np.empty(3), (np.empty(50), {"W1": np.empty(50)}), (np.empty(49), {n: np.empty(50) for n in want[1]})):
        with pytest.raises(SymchainError):
            native.with_options(out=bad)(**{**POINT, "x": x})


def test_kinks_are_refused_where_asked() -> None:
    kernel = symchain.parse("C = relu(x)*y").compile(target="c")
    assert kernel(x=0.0, y=2.0)[1]["x"] == 0
    with pytest.raises(NotDifferentiableError):
        kernel.with_options(kinks="raise")(x=0.0, y=2.0)


@pytest.mark.parametrize("fact, good, bad", [("positive", 0.5, 0.0), ("nonnegative", 0.0, -1.0), ("unit", 1.0, 1.5)])
def test_facts_are_asked_for(fact: str, good: float, bad: float) -> None:
    program = symchain.parse(f"k: () {fact}\nC = exp(k*x)")
    wrt = ["x"]
    native, numpy = program.compile(wrt=wrt, target="c"), program.compile(wrt=wrt)
    agree(native, numpy, {"k": good, "x": 0.3})
    many = {"k": np.full(5, good), "x": np.linspace(0, 1, 5)}
    agree(native, numpy, many)
    for wrong in (bad, np.array([good, bad])):
        messages = []
        for kernel in (native, numpy):
            with pytest.raises(SymchainError) as error:
                kernel(k=wrong, x=0.3)
            messages.append(str(error.value))
        assert messages[0] == messages[1]
    out = np.empty(5), {"x": np.empty(5)}
    with pytest.raises(SymchainError):
        native.with_options(out=out)(**{**many, "k": np.full(5, bad)})
    agree(native.with_options(facts="trust"), numpy.with_options(facts="trust"), {"k": bad, "x": 0.3})


def test_a_kernel_may_be_sent_and_saved(network: tuple[Kernel, Kernel], tmp_path: Path) -> None:
    again = pickle.loads(pickle.dumps(network[0]))
    agree(again, network[1], POINT)
    assert again.source == network[0].source
    network[0].save(tmp_path / "kernel.json")
    agree(symchain.load(tmp_path / "kernel.json"), network[1], POINT)


def test_threads(network: tuple[Kernel, Kernel]) -> None:
    want = [float(v) for v in flat(network[1](**POINT))]
    wrong = []

    def work() -> None:
        for _ in range(300):
            if not np.allclose(flat(network[0](**POINT)), want, rtol=1e-12):
                wrong.append(1)
            if not np.allclose(flat(network[0](**{**POINT, "x": np.full(20000, 1.5)}))[1][7], want[1], rtol=1e-12):
                wrong.append(2)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


# ---------------------------------------------------------------- what is compiled, and how


def test_what_has_no_native_form_is_named() -> None:
    for text, name in (("C = lambertw(x)", "lambertw"), ("A: (n, n)\nC = sum(inv(A))", "inv")):
        program = symchain.parse(text)
        with pytest.raises(UnsupportedError, match=name):
            program.compile(target="c")
        assert program.compile(target="auto")


def test_names_never_reach_the_compiler() -> None:
    kernel = symchain.parse("größe = exp(alpha_system)*printf\nC = größe**2").compile(target="c")
    text = NativeCode(kernel.plan, {}).text
    assert not any(n in text for n in ("alpha", "printf", "gr"))
    assert "alpha_system" in kernel.source and "*/" not in kernel.source.replace("  /*", "").replace(" */\n", "")


@pytest.mark.parametrize("text", ["int v1 = system(v0);", 'asm("");', "#include <x>", "v1 = v0 @ v2;", "é"])
def test_the_pattern_refuses_what_is_not_generated(text: str) -> None:
    with pytest.raises(UnsupportedError, match="may not hold"):
        check(text)


def test_without_a_compiler_numpy_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "compiler", tuple)
    program = symchain.parse("C = x*x")
    with pytest.raises(UnsupportedError, match="no C compiler") as error:
        program.compile(target="c")
    assert "symchain[native]" in str(error.value)
    assert program.compile(target="auto")(x=3.0)[0] == 9


def test_without_header_files_of_python_kernels_are_called_by_ctypes(
    monkeypatch: pytest.MonkeyPatch, network: tuple[Kernel, Kernel]
) -> None:
    monkeypatch.setattr(building, "launcher", lambda: None)
    kernel = network[0].with_options(accuracy="full")
    agree(kernel, network[1], POINT)
    agree(kernel, network[1], {**POINT, "x": -3})
    with pytest.raises(ArgumentError):
        kernel.positional(1.0)


def test_what_was_compiled_is_kept_and_held_to_its_hash(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = building.header() + "double twice(double x) { return 2*x; }\n"
    building.shared_object(source)
    compiled = []
    run = building._run
    monkeypatch.setattr(building, "_run", lambda command: compiled.append(command) or run(command))
    building.shared_object(source)
    assert not compiled
    files = sorted(store.glob("*.so"), key=lambda f: f.stat().st_mtime)
    whole = files[-1].read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", whole[:-40] + b"x" * 40):
        copy = files[-1].with_suffix(".new")
        copy.write_bytes(damaged)
        copy.replace(files[-1])
        compiled.clear()
        building.shared_object(source)
        assert compiled and building._whole(files[-1])
    assert not [f for f in store.iterdir() if f.suffix != ".so"]


def test_several_writers_at_once(store: Path) -> None:
    source = building.header() + "double thrice(double x) { return 3*x; }\n"
    errors: list[BaseException] = []

    def work() -> None:
        try:
            building.shared_object(source)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors and all(building._whole(f) for f in store.glob("*.so"))


def test_a_store_that_others_may_write_to_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "symchain").mkdir()
    (tmp_path / "symchain").chmod(0o777)
    monkeypatch.setenv("SYMCHAIN_CACHE", str(tmp_path))
    used = building.store.__wrapped__()
    assert tmp_path not in used.parents
    used.rmdir()


def test_a_compiler_that_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnsupportedError, match="failed"):
        building.shared_object("this is no C\n")
    monkeypatch.setattr(building, "compiler", lambda: ("/nowhere/cc",))
    with pytest.raises(UnsupportedError, match="does not run"):
        building.shared_object("int x;\n")
