"""Functions of PyTorch read as programs: its table against its own numbers and gradients, modules, graphs, what is refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from torch_calls import CALLS
from traced import assert_same, drawn, read_calls

import symchain
from symchain.errors import UnsupportedError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
F = torch.nn.functional


@pytest.fixture(autouse=True)
def doubles() -> Any:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def scalar(x: Any) -> Any:
    """A number in which every entry counts by its own value."""
    return (x * x).sum() + 0.7 * x.sum()


LINES = read_calls(CALLS)


@pytest.mark.thorough
@pytest.mark.parametrize("k", range(10))
def test_calls_have_the_value_and_the_gradient_that_pytorch_has(k: int) -> None:
    for line, arrays in LINES[k::10]:
        names = {"torch": torch, "F": F, "scalar": scalar}
        function = eval(f"lambda {', '.join(arrays)}: scalar(torch.positive({line}))", names)
        point = drawn(arrays)
        tensors = {n: torch.tensor(v, requires_grad=True) for n, v in point.items()}
        value = function(**tensors)
        gradients = dict(zip(tensors, torch.autograd.grad(value, list(tensors.values()), allow_unused=True), strict=True))
        program = symchain.from_function(function, {n: v.shape for n, v in point.items()})
        found = program.compile(wrt=list(point))(**point, **program.constants)
        assert_same(arrays, found, (value.item(), gradients), line)


def test_the_table_is_long() -> None:
    words = {w for line, _ in LINES for w in re.findall(r"(?:torch|F|special|linalg|aten)\.(\w+)\(", line)}
    words |= {w for line, _ in LINES for w in re.findall(r"[\w\])]\.(\w+)\(", line)}
    assert len(words) > 200


@pytest.mark.thorough
def test_every_function_of_pytorch_with_a_name_of_the_registry_has_its_value_and_derivative() -> None:
    """Names of the registry stand in no table: they mean the same in PyTorch, or PyTorch's table has them."""
    import symchain.functions
    from symchain.functions.spec import ALIASES, FUNCTIONS
    from symchain.tracing.torch import TORCH

    tried = 0
    for word, name in list(ALIASES.items()):
        function = next((f for m in (torch, torch.special, F) if (f := getattr(m, word, None)) is not None), None)
        if name not in FUNCTIONS or function is None or word in TORCH.tables.records or word in TORCH.tables.builders:
            continue
        spec = FUNCTIONS[name]
        points = np.array(spec.probes, dtype=float)
        tensors = [torch.tensor(c, requires_grad=d is not None) for c, d in zip(points.T, spec.derivatives, strict=True)]
        try:
            value = function(*tensors)
            slopes = torch.autograd.grad(value.sum(), [t for t in tensors if t.requires_grad], allow_unused=True)
        except (RuntimeError, NotImplementedError):
            slopes = ()  # PyTorch has the value alone
        except TypeError:
            continue  # its arguments are no tensors there: the table of calls has it
        text = ", ".join(spec.parameters)
        program = symchain.from_function(eval(f"lambda {text}: f({text})", {"f": function, "torch": torch}))
        by = [p for p, d in zip(spec.parameters, spec.derivatives, strict=True) if d is not None]
        found, gradient = program.compile(wrt=by)(**dict(zip(spec.parameters, points.T, strict=True)))
        np.testing.assert_allclose(found, value.detach().numpy(), rtol=1e-8, atol=1e-12, err_msg=word)
        for p, slope in zip(by, slopes, strict=False):
            expected = np.zeros(len(points)) if slope is None else slope.numpy(force=True)
            np.testing.assert_allclose(gradient[p], expected, rtol=1e-6, atol=1e-10, err_msg=word)
        tried += 1
    assert tried > 70


class Network(torch.nn.Module):
    """Two layers and a loss, with layers inside of a container."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.LayerNorm(5), torch.nn.GELU())
        self.last = torch.nn.Linear(5, 3)

    def forward(self, x: Any, labels: Any) -> Any:
        h = self.first(x)
        logits = self.last(h)
        return F.cross_entropy(logits, labels)


def test_modules_and_graphs() -> None:
    torch.manual_seed(0)
    module = Network()
    x, labels = torch.randn(6, 4), torch.tensor([0, 2, 1, 1, 0, 2])
    value = module(x, labels)
    value.backward()
    before = {n: p.detach().clone() for n, p in module.named_parameters()}
    for subject in (module, torch.fx.symbolic_trace(module)):
        program = symchain.from_function(subject, {"x": ("n", 4), "labels": ("n",)}, assume={"labels": "integer"})
        names = [n.replace(".", "_") for n, _ in module.named_parameters()]
        assert list(program.inputs) == ["x", "labels", *names] and list(program.constants) == names
        found, gradient = program.compile(wrt=names)(x=x.numpy(), labels=labels.numpy(), **program.constants)
        np.testing.assert_allclose(found, value.item())
        for n, p in module.named_parameters():
            np.testing.assert_allclose(gradient[n.replace(".", "_")], p.grad.numpy(), rtol=1e-8, atol=1e-10)
    assert list(symchain.from_function(module, [(2, 4), 2], assume={"labels": "integer"}).blocks)[-3:] == ["h", "logits", "output"]
    assert all(isinstance(p, torch.nn.Parameter) and p.equal(before[n]) for n, p in module.named_parameters())  # as they were


@pytest.mark.thorough
def test_exported_graphs() -> None:
    graph = torch.export.export(torch.nn.Linear(4, 2), (torch.zeros(3, 4),)).run_decompositions().module()
    assert list(symchain.from_function(graph, {"input": (3, 4)}).blocks.values())[-1].name == "addmm"


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda x: torch.argmax(x) * x, "argmax is not known here"),
        (lambda x: F.dropout(x), "dropout draws numbers"),
        (lambda x: torch.binomial(x, x), "this function draws numbers"),
        (lambda x: torch.sort(x)[1] + torch.exp(x), "the order of a sort"),
        (lambda x: torch.median(x), "median is not known here"),
        (lambda x: x if torch.sum(x) > 0 else -x, "a branch depends on values"),
        (lambda x: F.gelu(x, approximate="other"), "gelu with approximate='other' is not known here"),
    ],
)
def test_what_is_refused(function: Any, what: str) -> None:
    with pytest.raises(UnsupportedError, match=re.escape(what)) as caught:
        symchain.from_function(function, {"x": 3})
    assert caught.value.advice and caught.value.place is not None and "test_torch_functions.py" in caught.value.what
