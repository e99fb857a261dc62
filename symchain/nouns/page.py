"""Page: what is shown of a program in a browser, worked out before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from symchain.errors import SymchainError
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Derivation, Derivations
from symchain.nouns.graph import Graph
from symchain.nouns.sensitivity import Sensitivity


@dataclass(frozen=True, eq=False)
class Page:
    """Derivations, graph, sensitivity and code of one output. Where something has no answer, the error stands that says why."""

    program: Computation
    output: str
    subjects: Mapping[str, Derivation | Derivations]
    """The derivation by each variable, while they are few, and by all together under the empty name."""
    point: Mapping[str, Any] | None
    """Where numbers are shown; None where no point was found."""
    given: bool
    """Whether it is the reader's own point, and no example."""
    graph: Graph | SymchainError | None
    """None where it would be no picture: without a point, or of too many blocks."""
    sensitivity: Sensitivity | SymchainError | None
    """None without a point, and for an output that is not a number."""
    source: str | SymchainError
    """The NumPy function that evaluates value and gradients."""
