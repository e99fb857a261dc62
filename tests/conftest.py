"""Options shared by all tests.

Properties are tried on the same examples everywhere; `pytest --hypothesis-profile=default` tries new ones.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.load_profile("same")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell; what tests start would not hear of interrupts
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the golden files under tests/golden from what is generated now")
    parser.addoption("--nightly", type=int, default=0, metavar="N", help="hold N random programs against many digits")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Each process begins with a stretch of files, which share what they make, and takes from the others when it is done."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getvalue("dist") == "load" else None


QUICK = 2
"""Of a test with many cases so many are quick."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`-m quick` is a sample of everything: the first cases of every test that does not say that it is thorough."""
    seen: Counter[tuple[Path, str]] = Counter()
    for item in items:
        test = item.path, getattr(item, "originalname", item.name)
        seen[test] += 1
        if seen[test] <= QUICK and item.get_closest_marker("thorough") is None:
            item.add_marker("quick")


@pytest.fixture
def fresh() -> Iterator[None]:
    """For tests that plant a wrong derivative: what was derived before is forgotten, and so is what the test derives."""
    from symchain.tensors.memory import forget

    forget()
    yield
    forget()


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten."""
    return bool(request.config.getoption("--update"))
