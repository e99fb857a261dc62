"""The last sweep of each program, kept as long as the program lives: deriving and then compiling is one sweep."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from weakref import WeakKeyDictionary

from symchain.deriving.sweep import Sweep
from symchain.nouns.computation import Computation

_last: WeakKeyDictionary[Computation, tuple[tuple[str, ...], Sweep]] = WeakKeyDictionary()
"""What was asked last of each program, and the sweep. A sweep refers to no program: the key goes when its user drops it."""
_lock = Lock()


def sweep_of(program: Computation, output: str, names: Sequence[str]) -> Sweep:
    """The sweep from an output to some names: the program's last one, if it is that."""
    asked = (output, *names)
    with _lock:
        last, sweep = _last.get(program, ((), None))
    if sweep is None or last != asked:
        sweep = Sweep(program, output, names)
        with _lock:
            _last[program] = asked, sweep
    return sweep
