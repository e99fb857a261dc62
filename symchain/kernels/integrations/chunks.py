"""More samples than memory holds: chunks go by once, sums are kept without rounding, results sample by sample go to files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, ShapeError, UnsupportedError, advice_for
from symchain.kernels.integrations.parts import Parts, Total, no_samples
from symchain.kernels.kernel import Kernel, Output, digest
from symchain.support.dimensions import evaluate

_BYTES = 2**23
"""About so much of each input is read at once, unless the chunks have sizes of their own."""
_JOURNAL = "progress.json"


class Given:
    """What a call over chunks is given: the inputs that come in chunks, and the values of the others."""

    def __init__(self, kernel: Kernel, names: Sequence[str], at: Mapping[str, Any]) -> None:
        for name in (*names, *at):
            if name not in kernel.names:
                raise ArgumentError(f"no input is named {name}", advice=advice_for(str(name), kernel.names, "Inputs"))
        for name in kernel.names:
            if (name in names) == (name in at):
                what = f"{name} is given twice" if name in at else f"no value is given for {name}"
                raise ArgumentError(what, advice="Give it either in chunks or in at.")
        self.kernel, self.names, self.at = kernel, tuple(names), dict(at)
        self.parts = Parts(kernel, self._letter())
        self.axis = {kernel.names[k]: axis for k, axis in self.parts.split.axes.items()}

    def _letter(self) -> str:
        """What counts the samples: the first dimension of what comes in chunks."""
        inputs = {i.name: i for i in self.kernel.plan.inputs}
        if self.kernel.plan.scalar:
            what = "a program of numbers has no samples to sum over"
            raise UnsupportedError(what, advice="Declare them: x: (n,) and C = mean(...).")
        firsts = {inputs[n].shape[0] if inputs[n].shape else "" for n in self.names}
        letter = next(iter(firsts)) if len(firsts) == 1 else ""
        if not isinstance(letter, str) or letter not in self.kernel.plan.letters:
            what = f"{', '.join(self.names) or 'nothing'} in chunks have no first dimension in common"
            raise ShapeError(what, advice="Declare the samples along the first axis of each: X: (n, p), y: (n,).")
        others = [n for n in self.at if letter in inputs[n].shape]
        if others:
            raise ArgumentError(f"{others[0]} has an axis of {letter} samples too", advice="Give it in chunks, like the others.")
        return letter

    def values(self, piece: Mapping[str, Any]) -> list[Any]:
        return [piece[n] if n in piece else self.at[n] for n in self.kernel.names]

    def size(self, piece: Mapping[str, Any]) -> int:
        """How many samples a chunk has. Raises ArgumentError for other names, ShapeError for other lengths."""
        if set(piece) != set(self.names):
            raise ArgumentError(f"a chunk holds {', '.join(piece)}, not {', '.join(self.names)}", advice="Give the same names in each.")
        lengths = {np.shape(v)[0] if np.shape(v) else 0 for v in piece.values()}
        if len(lengths) != 1:
            raise ShapeError(f"the inputs of a chunk have {', '.join(map(str, sorted(lengths)))} samples", advice="Cut them alike.")
        return lengths.pop()


def over(kernel: Kernel, chunks: Any, at: Mapping[str, Any], rows: int | None, samples: int | None, into: Any, resume: bool) -> Any:
    """The results of a kernel over all samples; `symchain.kernels.partners` says the rest."""
    if isinstance(chunks, Mapping):
        given = Given(kernel, list(chunks), at)
        count = given.size(chunks)
        pieces: Iterator[Mapping[str, Any]] = _cut(chunks, count, rows)
    else:
        if isinstance(chunks, (list, tuple)) and samples is None:
            samples = sum(len(next(iter(c.values()), ())) for c in chunks)
        pieces = iter(chunks)
        first = next(pieces, None)
        if first is None:
            raise no_samples()
        given = Given(kernel, list(first), at)
        count = samples if samples is not None else -1
        pieces = _chained(first, pieces)
    parts = given.parts
    if count < 0 and (parts.split.rows or parts.split.counts or into is not None):
        what = "how many samples there are is part of what is worked out for each chunk"
        raise ArgumentError(what, advice="Say samples=..., or give arrays or a list of chunks.")
    if parts.split.rows and into is None:
        what = f"{_named(parts.split.rows[0])} has an entry for each sample"
        raise ArgumentError(what, advice='Say where these go: into="a folder".')
    files = Files(into, given, count, resume) if into is not None else None
    total, done = files.begun if files is not None else (Total(), 0)
    known: list[int] = []
    skipped = 0
    for piece in pieces:
        size = given.size(piece)
        if skipped < done:  # of an earlier run
            skipped += size
            if skipped > done:
                raise ArgumentError("the chunks are cut otherwise than when the run was begun", advice="Cut them alike to resume.")
            continue
        piece = {n: np.asarray(v) for n, v in piece.items()}
        values = given.values(piece)
        known = parts.counted(values, max(count, 0))
        sums, results = parts.chunk(values, known)
        total.add(sums)
        if files is not None:
            files.write(results, done, size, known, total)
        done += size
        skipped = done
    if not done:
        raise no_samples()
    if count >= 0 and done != count:
        raise ShapeError(f"there are {done} samples, not {count}", advice="Say samples=... as many as the chunks hold.")
    if not known:  # all was done before
        known = parts.counted(given.values({n: np.asarray(v[:1]) for n, v in piece.items()}), count)
    known = [done if n == parts.split.letter else k for n, k in zip(kernel.plan.letters, known, strict=True)]
    made = parts.finish(given.values(dict.fromkeys(given.names)), total.values, known)
    return parts.formed(made, files.finished() if files is not None else [])


def _chained(first: Any, rest: Iterable[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _cut(arrays: Mapping[str, Any], count: int, rows: int | None) -> Iterator[Mapping[str, Any]]:
    """Slices of arrays of any kind that has lengths and slices: NumPy's, memory-mapped, zarr's."""
    if rows is None:
        own = [getattr(a, "chunks", None) for a in arrays.values()]
        sizes = [c[0] for c in own if isinstance(c, tuple) and c and isinstance(c[0], int)]
        widest = max(int(np.prod(np.shape(a)[1:], dtype=int)) for a in arrays.values()) * 8
        rows = max(1, _BYTES // max(widest, 1))
        rows = max(max(sizes), rows // max(sizes) * max(sizes)) if sizes else rows
    elif isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise ArgumentError(f"rows is {rows!r}", advice="Give rows as a whole number from 1.")
    for low in range(0, count, rows):
        yield {n: a[low : low + rows] for n, a in arrays.items()}


def _named(output: Output) -> str:
    return "the value" if not output.names else f"the {output.kind} by {', '.join(output.names)}"


class Files:
    """Results sample by sample in a folder: written under another name until all is done, with a journal by which a run is resumed."""

    def __init__(self, into: Any, given: Given, count: int, resume: bool) -> None:
        self.folder, self.given, self.count = Path(into), given, count
        self.rows = given.parts.split.rows
        self.paths = [self.folder / f"{self._stem(k, o)}.npy" for k, o in enumerate(self.rows)]
        self.journal = self.folder / _JOURNAL
        self.arrays: list[Any] = []
        self.folder.mkdir(parents=True, exist_ok=True)
        there = next((p for p in self.paths if p.exists()), None)
        if there is not None:
            raise ArgumentError(f"'{there}' is there already", advice="Give another folder, or remove it.")
        state = sha256(digest(json.loads(json.dumps(given.kernel.plan.to_json()))).encode())
        for name, value in sorted(given.at.items()):
            array = np.asarray(value)
            state.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
        state.update(f"{count} {given.names}".encode())
        self.key = state.hexdigest()
        self.begun: tuple[Total, int] = (Total(), 0)
        if self.journal.exists():
            if not resume:
                what = f"'{self.folder}' holds a run that is not finished"
                raise ArgumentError(what, advice="Go on with resume=True, or give another folder.")
            kept = json.loads(self.journal.read_text(encoding="utf-8"))
            if kept.get("key") != self.key:
                raise ArgumentError(f"'{self.folder}' holds a run of something else", advice="Give another folder.")
            self.begun = Total(kept["sums"], kept["lost"]), kept["done"]
            if self.begun[1]:
                self.arrays = [np.lib.format.open_memmap(self._part(p), mode="r+") for p in self.paths]

    @staticmethod
    def _stem(k: int, output: Output) -> str:
        """A name that is safe as one of a file."""
        word = "-".join(output.names)
        return output.kind if not word else f"{output.kind}-{word if word.replace('-', '').isidentifier() else k}"

    @staticmethod
    def _part(path: Path) -> Path:
        return path.with_suffix(".npy.part")

    def write(self, results: Sequence[Any], low: int, size: int, known: Sequence[int], total: Total) -> None:
        letters = dict(zip(self.given.kernel.plan.letters, known, strict=True))
        if not self.arrays:
            for path, o, r in zip(self.paths, self.rows, results, strict=True):
                shape = tuple(evaluate(d, letters) for d in o.shape)
                self.arrays.append(np.lib.format.open_memmap(self._part(path), mode="w+", dtype=np.asarray(r).dtype, shape=shape))
        for array, o, r in zip(self.arrays, self.rows, results, strict=True):
            place: list[Any] = [slice(None)] * array.ndim
            place[o.shape.index(self.given.parts.split.letter)] = slice(low, low + size)
            array[tuple(place)] = r
            array.flush()
        kept = {"key": self.key, "done": low + size, "sums": [s.tolist() for s in total.sums], "lost": [c.tolist() for c in total.lost]}
        other = self.journal.with_suffix(".new")
        other.write_text(json.dumps(kept), encoding="utf-8")
        os.replace(other, self.journal)

    def finished(self) -> list[Any]:
        """Give the files their names. Returns them as memory-mapped arrays."""
        self.arrays = []
        for path in self.paths:
            os.replace(self._part(path), path)
        self.journal.unlink(missing_ok=True)
        return [np.load(path, mmap_mode="r") for path in self.paths]


__all__ = ["Files", "Given", "over"]
