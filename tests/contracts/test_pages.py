"""The documentation's pages name what there is: every fact, every target of export, and each page stands in the contents.

That their cells run is held by building them (`python -m sphinx -W -b html notebooks/docs pages`).
"""

from __future__ import annotations

import re
from pathlib import Path

from symchain.kernels.export import SUFFIXES
from symchain.kernels.facts import FACTS

PAGES = Path(__file__).parents[2] / "notebooks" / "docs"


def words_of(page: str) -> set[str]:
    """What a page's tables write as code."""
    rows = [line for line in (PAGES / f"{page}.md").read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return set(re.findall(r"`([^`]+)`", "\n".join(rows)))


def test_the_page_on_the_language_names_every_fact() -> None:
    assert set(FACTS) <= words_of("language")


def test_the_page_on_exported_code_names_every_target() -> None:
    assert set(SUFFIXES) <= words_of("exported")


def test_every_page_stands_in_the_contents_once() -> None:
    contents = (PAGES / "index.md").read_text(encoding="utf-8").split("```{toctree}")[1].split("```")[0]
    named = [line for line in contents.splitlines() if line and not line.startswith(":")]
    assert sorted([*named, "index"]) == sorted(page.stem for page in PAGES.glob("*.md"))
