"""Kernels over chunks: the numbers of one call, sums and means weighed as they are, what cannot be cut refused, runs resumed."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symchain
from symchain.errors import ArgumentError, ShapeError, SymchainError, UnsupportedError

RANDOM = np.random.default_rng(4)
X, Y, W = RANDOM.normal(size=(37, 3)), RANDOM.normal(size=37), RANDOM.normal(size=3)
HEAD = "X: (n, p)\nw: (p,)\ny: (n,)\nz = X@w\n"
SUMMED = [
    "C = sum((z - y)**2)",
    "C = mean((z - y)**2) + 3*sum(w**2)",
    "C = sum((z - y)**2)/(n - 1)",
    "C = log(sum(y**2)) + sum(w)/n",
    "C = sum(outer(z, y))**2",
    "C = X.T @ (X @ w - y)",
    "C = sum(where(z > y, z, y*z)) / sum(y**2)",
    "C = mean(logsumexp(outer(z, ones(4)) - y[:, None], axis=1))",
]
REFUSED = [
    "C = sqrt(mean(softplus(-y*z))) * sum(w)",  # its adjoint is divided by the total, sample by sample
    "C = max(z)",
    "C = logsumexp(z)",
    "C = sum((z - mean(z))**2)",
    "C = sum(z[1:]*z[:-1])",
    "C = sum(sort(z)*y)",
    "C = sum(abs(outer(z, y) - 1))",
    "C = sum(z)*mean(z[:5])",
]


def _same(a: Any, b: Any) -> None:
    if isinstance(a, tuple):
        for one, two in zip(a, b, strict=True):
            _same(one, two)
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            _same(a[key], b[key])
    else:
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("text", SUMMED)
def test_chunks_give_what_one_call_gives(text: str, order: int) -> None:
    kernel = symchain.parse(HEAD + text).compile("C", wrt=["w"], order=order)
    at = {"w": W}
    parts = kernel.over({"X": X, "y": Y}, at, rows=8)
    _same(parts, kernel(X=X, y=Y, w=W))
    uneven = [{"X": X[a:b], "y": Y[a:b]} for a, b in ((0, 1), (1, 20), (20, 37))]
    _same(kernel.over(uneven, at), parts)


@pytest.mark.parametrize("text", REFUSED)
def test_what_reads_samples_together_is_refused(text: str) -> None:
    kernel = symchain.parse(HEAD + text).compile("C", wrt=["w"])
    with pytest.raises(UnsupportedError, match="sum"):
        kernel.over({"X": X, "y": Y}, {"w": W}, rows=8)


def test_sums_keep_what_rounding_loses() -> None:
    kernel = symchain.parse("x: (n,)\nC = sum(x)").compile("C", wrt=[], order=0)
    big = np.array([1e16, 1.0, -1e16, 1.0] * 500)
    assert kernel.over({"x": big}, rows=1) == 1000


def test_results_sample_by_sample_go_to_files(tmp_path: Path) -> None:
    kernel = symchain.parse(HEAD + "C = mean((z - y)**2)").compile("C", wrt=["X", "w"])
    value, gradient = kernel.over({"X": X, "y": Y}, {"w": W}, rows=10, into=tmp_path / "out")
    _same((value, {n: np.array(g) for n, g in gradient.items()}), kernel(X=X, y=Y, w=W))
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["gradient-X.npy"]
    with pytest.raises(ArgumentError, match="there already"):
        kernel.over({"X": X, "y": Y}, {"w": W}, into=tmp_path / "out")
    with pytest.raises(ArgumentError, match="into="):
        kernel.over({"X": X, "y": Y}, {"w": W})


def test_a_run_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    kernel = symchain.parse(HEAD + "C = mean((z - y)**2)").compile("C", wrt=["X", "w"])
    read: list[int] = []

    def chunks(most: int) -> Any:
        for low in range(0, 37, 10):
            if low >= most:
                raise RuntimeError("cut off")
            read.append(low)
            yield {"X": X[low : low + 10], "y": Y[low : low + 10]}

    with pytest.raises(RuntimeError):
        kernel.over(chunks(20), {"w": W}, samples=37, into=tmp_path)
    assert not list(tmp_path.glob("*.npy"))
    with pytest.raises(ArgumentError, match="not finished"):
        kernel.over(chunks(40), {"w": W}, samples=37, into=tmp_path)
    with pytest.raises(ArgumentError, match="something else"):
        kernel.over(chunks(40), {"w": 2 * W}, samples=37, into=tmp_path, resume=True)
    value, gradient = kernel.over(chunks(40), {"w": W}, samples=37, into=tmp_path, resume=True)
    _same((value, {n: np.array(g) for n, g in gradient.items()}), kernel(X=X, y=Y, w=W))


def test_chunks_that_do_not_fit() -> None:
    kernel = symchain.parse(HEAD + "C = mean((z - y)**2)").compile("C", wrt=["w"])
    bad: list[tuple[Any, dict[str, Any], type[SymchainError], str]] = [
        ({"X": X}, {"w": W, "y": Y}, ArgumentError, "axis of n samples too"),
        ({"X": X, "y": Y[:5]}, {"w": W}, ShapeError, "samples"),
        ({"X": X, "y": Y}, {}, ArgumentError, "no value is given for w"),
        ({"X": X, "q": Y}, {"w": W}, ArgumentError, "no input is named q"),
        ([], {"w": W}, UnsupportedError, "no samples"),
        (iter([{"X": X, "y": Y}, {"X": X}]), {"w": W}, ArgumentError, "a chunk holds X"),
    ]
    for chunks, at, error, message in bad:
        with pytest.raises(error, match=message):
            kernel.over(chunks, at, samples=None if isinstance(chunks, (dict, list)) else 74)


@pytest.mark.thorough
def test_on_dask_when_a_worker_dies(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed")
    da = pytest.importorskip("dask.array", reason="Dask is not installed")
    from distributed import Client, LocalCluster

    kernel = symchain.parse(HEAD + "C = mean((z - y)**2) + sum(w**2)").compile("C", wrt=["X", "w"])
    died = tmp_path / "died"

    def dying(block: Any) -> Any:
        if not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return block

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=tmp_path) as cluster,
        Client(cluster) as client,
    ):
        x, y = da.from_array(X, chunks=(5, 2)), da.from_array(Y, chunks=5)
        value, gradient = kernel.on_dask(client).over({"X": x.map_blocks(dying, meta=np.empty((0, 0))), "y": y}, {"w": W})
        _same((value, {"X": gradient["X"].compute(), "w": gradient["w"]}), kernel(X=X, y=Y, w=W))
    assert died.exists()
