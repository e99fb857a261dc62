"""What is remembered of trees: bounds, forgetting, and many threads at once."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest

import symchain
from symchain.language.elaborate import Scope, elaborate
from symchain.language.grammar import parse_expression
from symchain.models import read_model
from symchain.rewriting import reduced
from symchain.support.precision import precision
from symchain.tensors import memory
from symchain.tensors.memory import Table, Unique, forget, remembered, tables
from symchain.tensors.nodes import Tree, add, leaf, multiply_scalars, number
from symchain.tensors.trees import postorder

PACKAGE = Path(symchain.__file__).parent
THREADS = 8


@pytest.fixture
def switching() -> Iterator[None]:
    """Threads are switched as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(work: Callable[[int], Any], threads: int = THREADS) -> list[Any]:
    """What the work gives in threads that begin at the same time."""
    start = Barrier(threads)

    def begin(k: int) -> Any:
        start.wait()
        return work(k)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(threads)))


# ---------------------------------------------------------------- threads


def test_equal_trees_are_one_object_in_all_threads(switching: None) -> None:
    def work(k: int) -> list[Tree]:
        scope = Scope({n: leaf(n) for n in ("race_x", "race_y", "race_z")})
        made = [elaborate(parse_expression(f"tanh(race_x*{n} + race_y)/(race_z**{n} + {n})"), scope) for n in range(2, 42)]
        made += [add([leaf(f"race_{n}"), multiply_scalars([number(n), leaf(f"race_{n + 1}")])]) for n in range(200)]
        return [node for tree in made for node in postorder(tree, reduced(tree))]

    first, *others = together(work)
    for other in others:
        assert len(other) == len(first)
        assert all(a is b for a, b in zip(first, other, strict=True))


TEXTS = [
    *(read_model(n).text for n in ("two-layer", "softmax-regression", "gaussian-nll")),
    "y = x - sin(x) + exp(u) - 1 - u; L = y**2/x",
    "sigma1 = sigmoid\nh = sigma1(a*b) + log(1 + exp(a))\nL = h**2*a",
]


def _told(text: str, k: int) -> tuple[Any, ...]:
    """Everything about a program that is a text or an array: its lines, its formulas, its kernel, and what the kernel gives."""
    program = symchain.parse(text)
    names = [n for n in program.inputs if not program.inputs[n].facts]
    d = program.derive(names)
    kernel = program.compile(wrt=names)
    shapes = {"n": 3, "p": 2, "k": 2, "m": 2, "N": 3, "d": 2}
    generator = np.random.default_rng(5)
    at = {n: tuple(shapes[s] if isinstance(s, str) else s for s in v.shape) for n, v in program.inputs.items()}
    point = {n: 0.2 + 0.6 * generator.random(shape) for n, shape in at.items()}
    point |= {n: np.eye(at[n][-1])[np.arange(at[n][0]) % at[n][-1]] for n, v in program.inputs.items() if "onehot" in v.facts}
    value, gradient = kernel(**point)
    return d.lines, str(program), kernel.source, float(np.sum(value)), tuple(np.asarray(gradient[n]).tobytes() for n in names)


@pytest.mark.thorough
@pytest.mark.parametrize("same", [True, False], ids=["the same program", "different programs"])
def test_threads_derive_and_compile_what_one_does(switching: None, same: bool) -> None:
    expected = [_told(text, 0) for text in TEXTS]
    forget()
    for text, told in zip(TEXTS, expected, strict=True) if same else [("", ())]:
        found = together(lambda k, text=text: TEXTS.index(text) if text else k % len(TEXTS))
        results = together(lambda k, found=found: _told(TEXTS[found[k]], k))
        for k, result in enumerate(results):
            assert result == (told if same else expected[found[k]])


def test_one_program_in_many_threads(switching: None) -> None:
    """The same object is derived, compiled and differentiated twice at the same time."""
    program = symchain.parse(TEXTS[0])
    expected = (symchain.parse(TEXTS[0]).derive("all").lines, symchain.parse(TEXTS[0]).hessian("W1").lines)
    found = together(lambda k: (program.derive("all").lines, program.hessian("W1").lines) if k % 2 else (program.compile() and expected))
    assert all(f == expected for f in found)


@pytest.mark.thorough
def test_forgetting_amid_work_changes_nothing(switching: None) -> None:
    expected = _told(TEXTS[1], 0)

    def work(k: int) -> Any:
        if k:
            return _told(TEXTS[1], k)
        for _ in range(40):
            forget()
        return expected

    assert all(found == expected for found in together(work, 4))


@pytest.mark.thorough
def test_a_full_table_amid_work_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables that begin again with every look: what works with the entries of before keeps them."""
    expected = [_told(text, 0) for text in TEXTS]
    for known in tables():
        if isinstance(known, Table):
            monkeypatch.setattr(known, "bound", 0)
    forget()
    assert [_told(text, 0) for text in TEXTS] == expected


def test_one_thread_at_a_time_sets_the_precision(switching: None) -> None:
    import mpmath

    def work(k: int) -> bool:
        for _ in range(50):
            with precision(digits=20 + k):
                seen = [mpmath.mp.dps for _ in range(20)]
                if set(seen) != {20 + k}:
                    return False
        return True

    before = mpmath.mp.dps
    assert all(together(work))
    assert mpmath.mp.dps == before


# ---------------------------------------------------------------- bounds


def test_a_table_stays_within_its_bound() -> None:
    known: Table[int, int] = Table("some", 10, dict)
    for k in range(1000):
        known.room()[k] = k
        assert len(known.entries) <= 11


@pytest.mark.thorough
def test_a_table_of_objects_drops_what_nothing_uses() -> None:
    class Thing:
        pass

    known = Unique("things", 10)
    kept = [known.keep(k, Thing()) for k in range(5)]
    for k in range(5, 1000):
        known.keep(k, Thing())
    gc.collect()
    assert len(known.entries) <= 11
    assert all(known.keep(k, Thing()) is thing for k, thing in enumerate(kept))


@pytest.mark.thorough
def test_forgetting_frees_trees() -> None:
    text = "\n".join(f"h{k} = tanh(w{k}*{'x' if not k else f'h{k - 1}'} + {k})" for k in range(40))

    def trees(work: Callable[[], Any]) -> int:
        kept = work()
        found = len(memory_of("trees").entries)
        del kept
        return found

    def derived() -> Any:
        program = symchain.parse(text)
        return program, program.derive("all"), program.compile()

    counts = []
    for _ in range(3):
        during = trees(derived)
        gc.collect()
        forget()
        counts.append((during, len(memory_of("trees").entries)))
    (_, first), *_, (during, last) = counts
    assert during > last + 400
    assert last <= first + 20, "what was loaded stays; of the programs nothing does"


def memory_of(name: str) -> Any:
    return next(t for t in tables() if t.name == name)


def test_the_same_arguments_have_one_result_in_all_threads(switching: None) -> None:
    asked: list[int] = []

    @remembered(100)
    def made(k: int) -> object:
        asked.append(k)
        return object()

    try:
        results = together(lambda _: [made(k) for k in range(50)])
        assert all(a is b for r in results for a, b in zip(r, results[0], strict=True))
        forget()
        assert made(0) is not results[0][0], "forgotten, and made again"
    finally:
        memory._TABLES.pop()


def test_names_of_tables_are_their_own() -> None:
    names = [t.name for t in tables()]
    assert len(names) == len(set(names))


def test_trees_are_remembered_in_declared_tables_alone() -> None:
    """No module that knows trees has a cache of its own beside `memory`; those that have one say of what."""
    other = {
        "tensors/nodes.py": "subscripts of products, by how many factors",
        "tensors/exchange.py": "SymPy's classes",
        "tensors/namesakes.py": "SymPy's classes",
        "lowering/kinks.py": "phrases of texts of the registry",
        "deriving/documented.py": "phrases of texts of the registry",
        "evidence/meanings.py": "functions and numbers",
        "evidence/precision.py": "functions and numbers",
        "evidence/sampling.py": "stretches of the real line",
    }
    found = set()
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if re.search(r"@(lru_cache|cache)\b|^_\w+(: dict\[Tree.*)? = \{\}$", text, re.MULTILINE) and "symchain.tensors" in text:
            found.add(str(path.relative_to(PACKAGE)))
    assert found <= set(other), found - set(other)
