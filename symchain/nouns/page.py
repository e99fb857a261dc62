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


@dataclass(frozen=True)
class Slider:
    """A scalar input that a reader moves: where it stands, how far it goes, and in what steps."""

    name: str
    value: float
    low: float
    high: float
    step: float
    active: bool
    """Whether there is a gradient by it."""


@dataclass(frozen=True)
class Explorer:
    """A program of numbers that runs in a browser."""

    code: str
    """A JavaScript function of the inputs, in their order: the output, then its gradients by the active ones."""
    sliders: tuple[Slider, ...]


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
    explorer: Explorer | SymchainError | None = None
    """None without a point, and for an output that is not a number."""
