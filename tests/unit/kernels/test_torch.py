"""Kernels in PyTorch: gradcheck, gradgradcheck, modules that learn, and what is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

import symchain
from symchain.errors import ArgumentError, UnsupportedError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

PROGRAMS = {
    "samples": ("C = tanh(a*x)*b + x**2", {"a": (), "x": (2,), "b": (2, 1)}),
    "loss": ("X: (n, p)\nw: (p,)\nC = sum(softplus(X@w)) + 1/2*sum(w**2)*c", {"X": (3, 2), "w": (2,), "c": ()}),
    "layer": ("X: (n, p)\nW: (p, q)\nb: (q,)\nZ = tanh(X@W + b)", {"X": (1, 2), "W": (2, 1), "b": (1,)}),
}


def _inputs(name: str, kernel: symchain.kernels.kernel.Kernel) -> list[torch.Tensor]:
    random = np.random.default_rng(0)
    return [torch.tensor(random.normal(size=PROGRAMS[name][1][n]), dtype=torch.float64, requires_grad=True) for n in kernel.names]


@pytest.mark.parametrize("name", PROGRAMS)
def test_pytorch_checks_both_derivatives(name: str) -> None:
    kernel = symchain.parse(PROGRAMS[name][0]).compile(order=2)
    inputs = _inputs(name, kernel)
    assert torch.autograd.gradcheck(kernel.as_torch(), inputs)
    assert torch.autograd.gradgradcheck(kernel.as_torch(), inputs)


def test_the_same_numbers_as_autograd_and_no_copies() -> None:
    kernel = symchain.parse(PROGRAMS["loss"][0]).compile(wrt=["w"])
    x, w = torch.randn(50, 3), torch.randn(3, requires_grad=True)
    value = kernel.as_torch()(X=x, w=w, c=0.3)
    value.backward()
    mine, w.grad = w.grad, None
    own = torch.nn.functional.softplus(x @ w).sum() + 0.15 * (w**2).sum()
    own.backward()
    assert value.dtype == torch.float32 and torch.allclose(value, own) and torch.allclose(mine, w.grad, rtol=1e-4)


def test_a_module_learns() -> None:
    kernel = symchain.parse("X: (n, p)\nw: (p,)\ny: (n,)\nC = mean((X@w + b - y)**2) + l*sum(w**2)").compile("C", wrt=["w", "b"])
    loss = kernel.as_torch_module({"w": torch.zeros(2), "b": 0.0}, at={"l": 0.0})
    x = torch.randn(40, 2)
    y = x @ torch.tensor([1.0, -2.0]) + 0.5
    optimizer = torch.optim.LBFGS(loss.parameters(), max_iter=50)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value = loss(x, y=y)
        value.backward()
        return value

    optimizer.step(closure)
    assert torch.allclose(loss.learned["0"], torch.tensor([1.0, -2.0]), atol=1e-3)
    assert set(loss.state_dict()) == {"learned.0", "learned.1", "fixed0"}


def test_what_is_refused() -> None:
    kernel = symchain.parse("C = a*x**2").compile(wrt=["x"])
    a, x = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    with pytest.raises(ArgumentError, match="as_torch"):
        kernel(a=2.0, x=x)
    with pytest.raises(UnsupportedError, match="no gradient by a"):
        kernel.as_torch()(a=a, x=x)
    with pytest.raises(ArgumentError, match="no value is given for a"):
        kernel.as_torch()(x=x)
    (slope,) = torch.autograd.grad(kernel.as_torch()(a=2.0, x=x), x, create_graph=True)
    with pytest.raises(UnsupportedError, match="order=2"):
        torch.autograd.grad(slope, x)
    with pytest.raises(UnsupportedError, match="takes no tensor on meta"):
        kernel.as_torch()(a=2.0, x=torch.empty((), device="meta"))
