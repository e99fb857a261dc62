"""Options shared by all tests.

Properties are tried on the same examples everywhere; `pytest --hypothesis-profile=default` tries new ones.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the golden files under tests/golden from what is generated now")


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
