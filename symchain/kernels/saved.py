"""Kernels in files: those of loops beside the others. What is in a file is data, of which the code is generated here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

from symchain.errors import ArgumentError, SymchainError
from symchain.kernels import numpy as ordinary
from symchain.kernels.kernel import Kernel, Plan, digest, not_a_kernel
from symchain.kernels.lengths import Extent
from symchain.kernels.loops import LoopKernel
from symchain.kernels.numpy import NumPyCode
from symchain.kernels.stages import FORMAT, VERSION, Argument, Code, Loops, Stage
from symchain.support.files import read_file
from symchain.support.linear import Linear

_LARGEST = 1 << 28


def load(path: str | PathLike[str]) -> Kernel | LoopKernel:
    """Read a kernel that `save` wrote. Neither SymPy nor the program is needed, and nothing in the file is code.

    Raises ArgumentError when the file cannot be read or is not a kernel, UnsupportedError when an earlier version wrote it.
    """
    try:
        data = json.loads(read_file(fspath(path), _LARGEST)) if isinstance(path, (str, PathLike)) else None
    except (OSError, ValueError, RecursionError, MemoryError):
        data = None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        return ordinary.load(path)
    if data.get("version") != VERSION:
        raise not_a_kernel()
    loops = data.get("loops", {})
    if data.get("digest") != digest(loops):
        raise ArgumentError("the file was changed after the kernel was saved", advice="Compile and save it again.")
    try:
        made = _loops(loops)
        for code in (c for s in made.stages for c in (s.forward, s.backward) if c is not None):
            NumPyCode(code.plan, {"accuracy": "fast"}).arrays  # noqa: B018
    except (LookupError, TypeError, ValueError, AttributeError, SyntaxError, RecursionError, MemoryError) as error:
        raise not_a_kernel() from error
    except SymchainError as error:
        raise not_a_kernel() from error
    return LoopKernel(made)


def _loops(data: Mapping[str, Any]) -> Loops:
    return Loops(
        tuple(_stage(s) for s in data["stages"]),
        {str(n): (_shape(shape), bool(integer)) for n, shape, integer in data["inputs"]},
        {str(n): Extent(_shape(shape), bool(integer), tuple(map(_read, reads))) for n, shape, integer, reads in data["families"]},
        tuple(map(str, data["lengths"])),
        tuple(map(str, data["letters"])),
        {str(letter): (str(own), _linear(index)) for letter, own, index in data["sizes"]},
        str(data["output"]),
        tuple((str(n), _argument(a)) for n, a in data["wrt"]),
        None if data["order"] is None else int(data["order"]),
        {str(n): tuple(map(str, facts)) for n, facts in data["facts"]},
        None if data.get("truncate") is None else int(data["truncate"]),
    )


def _stage(data: Mapping[str, Any]) -> Stage:
    back = data["backward"]
    return Stage(
        str(data["kind"]),
        tuple(map(_argument, data["targets"])),
        tuple(map(_shape, data["shapes"])),
        str(data["var"]),
        _linear(data["low"]),
        _linear(data["high"]),
        _code(data["forward"]),
        None if back is None else _code(back),
        tuple(map(_argument, data["receivers"])),
    )


def _code(data: Any) -> Code:
    return Code(Plan.from_json(data[0]), tuple(map(_argument, data[1])))


def _argument(data: Any) -> Argument:
    kind, name, index = data
    if kind not in ("plain", "member", "row", "number", "family"):
        raise ValueError(kind)
    return Argument(kind, str(name), _linear(index))


def _linear(data: Any) -> Linear:
    return Linear(tuple((str(n), int(c)) for n, c in data[0]), int(data[1]))


def _shape(data: Any) -> tuple[int | str, ...]:
    return tuple(d if isinstance(d, int) else str(d) for d in data)


def _read(data: Any) -> tuple[Linear, str, Linear | None, Linear | None]:
    index, var, low, high = data
    return _linear(index), str(var), None if low is None else _linear(low), None if high is None else _linear(high)
