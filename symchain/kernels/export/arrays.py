"""The targets that have arrays themselves: PyTorch and JAX. Each is a table, the array instructions as templates, and a few helpers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symchain.kernels.export.expressions import Expressions, Words, missing
from symchain.kernels.export.helpers import BOTH
from symchain.kernels.export.numba import PYTHON_RESERVED, python_results, python_test
from symchain.kernels.export.sheets import Sheet
from symchain.kernels.kernel import Instruction
from symchain.kernels.opcodes import ARITHMETIC
from symchain.support.dimensions import Dim, text_of

_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}


@dataclass(frozen=True)
class Module:
    """One library of arrays: expressions, array instructions as templates over {0}, {1} and {p}, the parameters, helpers, the head."""

    words: Words
    opcodes: Mapping[str, str]
    helpers: str
    head: str
    convert: str
    """How an argument {x} becomes an array of numbers, and labels:"""
    labels: str
    begin: Sequence[str]
    point: str
    """How the self-test makes an array of a list x."""


def written(sheet: Sheet, module: Module) -> str:
    """The file. Raises UnsupportedError for what the library has no function for."""
    plan, expressions = sheet.plan, sheet.expressions
    lines = [f"def {sheet.function}({', '.join(sheet.arguments)}):", f'    """{_told(sheet)}"""']
    numbers = [n for n, i in zip(sheet.arguments, plan.inputs, strict=True) if not i.integer]
    lines += [line.format(given=", ".join([*numbers, *([""] if len(numbers) == 1 else [])])) for line in module.begin]
    for k, (name, i) in enumerate(zip(sheet.arguments, plan.inputs, strict=True)):
        lines.append(f"    v{k} = {(module.labels if i.integer else module.convert).format(x=name)}")
        if i.shape:
            lines += [f"    if v{k}.ndim != {len(i.shape)}:", f'        raise ValueError("{name} must have {len(i.shape)} axes")']
    for number, (k, axis, _) in enumerate(sheet.solved()):
        lines.append(f"    s{number} = v{k}.shape[{axis}]")
    size = _sizes(plan.letters)
    for k, (name, i) in enumerate(zip(sheet.arguments, plan.inputs, strict=True)):
        if i.shape:
            lines += [f"    if tuple(v{k}.shape) != ({', '.join(map(size, i.shape))},):"]
            lines += [f'        raise ValueError("{name} has another shape than declared")']
    for need in plan.needs:
        lines += [f"    if {size(need.dim)} < {need.least}:", f'        raise ValueError("{need.dim} is less than {need.least}")']
    for value in plan.needed():
        step = plan.instruction(value)
        shown = "".join(c if c.isprintable() else "?" for c in step.block)
        lines.append(f"    v{value} = {_instruction(sheet, module, step, size)}" + (f"  # {shown}" if shown else ""))
    results = [f"v{o.value}" for o in plan.outputs]
    lines.append(f"    return {python_results(sheet, results)}")
    functions = "\n\n\n".join(expressions.functions.values())
    body = "\n".join(lines)
    heading = [f"# {line}" for line in [*sheet.heading, *sheet.renamed()]]
    helpers = _needed(module.helpers, body + functions)
    parts = ["\n".join([*heading, "", module.head]), helpers, functions, body]
    return "\n\n\n".join(part for part in parts if part) + "\n".join(python_test(sheet, module.point)) + "\n"


def _told(sheet: Sheet) -> str:
    return "Arrays keep their type and place; a ValueError for other shapes than those of the program."


def _needed(helpers: str, text: str) -> str:
    """The helpers that are called, and those that they call, in order."""
    whole = {m[1]: m[0].strip() for m in re.finditer(r"^def (\w+)\(.*?(?=^def |\Z)", helpers, re.MULTILINE | re.DOTALL)}
    wanted: set[str] = set()
    stack = [text]
    while stack:
        found = {name for name in whole if re.search(rf"\b{name}\(", stack[-1])} - wanted
        stack.pop()
        wanted |= found
        stack += [whole[name].split("\n", 1)[1] for name in found]
    return "\n\n\n".join(code for name, code in whole.items() if name in wanted)


def _sizes(letters: Sequence[str]) -> Callable[[Dim], str]:
    return lambda dim: text_of(dim, lambda letter: f"s{letters.index(letter)}")


def _tuple(items: Sequence[Any]) -> str:
    return f"({', '.join(map(str, items))}{',' if len(items) == 1 else ''})"


def _instruction(sheet: Sheet, module: Module, step: Instruction, size: Callable[[Dim], str]) -> str:
    expressions = sheet.expressions
    operands = [f"v{v}" for v in step.operands]
    opcode, parameters = step.opcode, step.parameters
    if opcode == "constant":
        value = {"pi": "math.pi", "inf": "math.inf", "-inf": "-math.inf"}.get(parameters[0], parameters[0])
        return f"number({value})"
    if opcode == "size":
        return f"number({size(parameters[0])})"
    if opcode in _SIGNS:
        return f"{operands[0]} {_SIGNS[opcode]} {operands[1]}"
    if opcode == "compare":
        return f"{operands[0]} {parameters[0]} {operands[1]}"
    if opcode in ARITHMETIC:
        name = {"negative": "neg"}.get(opcode, opcode)
        form = parameters[1] if opcode == "call" else (name, *(f"x{k}" for k in range(len(operands))))
        if opcode == "where":
            return module.words.choice.format(c=operands[0], a=operands[1], b=operands[2])
        return expressions.bare(form, operands)
    if opcode in ("index", "place"):
        return _selection(opcode, operands[0], parameters, size)
    if opcode == "view":
        axes = parameters[0]
        order = [a for a in axes if a is not None]
        text = operands[0] if order == sorted(order) else module.opcodes["view"].format(operands[0], p=_tuple(order))
        return text + (f"[{', '.join('None' if a is None else ':' for a in axes)}]" if len(order) < len(axes) else "")
    if opcode == "drop":
        rank = len(step.shape) + len(parameters[0])
        return operands[0] + f"[{', '.join('0' if k in parameters[0] else ':' for k in range(rank))}]"
    if opcode not in module.opcodes:
        raise missing(opcode, expressions.target)
    given = [_parameter(p, size) for p in parameters]
    every = ", ".join(operands)
    return module.opcodes[opcode].format(*operands, all=every, p=", ".join(given), given=given)


def _parameter(parameter: Any, size: Callable[[Dim], str]) -> str:
    if isinstance(parameter, tuple):
        return _tuple([_parameter(p, size) for p in parameter])
    return f'"{parameter}"' if isinstance(parameter, str) and "->" in parameter else size(parameter)


def _selection(opcode: str, operand: str, parameters: tuple[Any, ...], size: Callable[[Dim], str]) -> str:
    items = []
    backward = False
    for item in parameters[0]:
        if item[0] == "new":
            items.append("None")
        elif item[0] == "at":
            items.append(size(item[1]))
        else:
            _, start, stop, by = item
            backward = backward or by < 0
            items.append(f"slice({size(start)}, {size(stop)}, {by})")
    if opcode == "place":
        return f"place({operand}, {_tuple(items)}, {_tuple([size(d) for d in parameters[1]])})"
    return f"picked({operand}, {_tuple(items)})" if backward else f"{operand}[{_tuple(items)}]"


# ---------------------------------------------------------------- what both have

_SAME = "exp exp2 expm1 log log1p log2 log10 sqrt square abs sign floor ceil trunc sin cos tan sinh cosh tanh arcsin arccos arctan " \
    "arcsinh arccosh arctanh arctan2 maximum minimum hypot copysign fmax fmin fmod deg2rad rad2deg"  # fmt: skip


def _everywhere(library: str) -> dict[str, str]:
    return {name: f"{library}.{name}" for name in _SAME.split()}

def _opcodes(library: str, axes: str) -> dict[str, str]:
    """The instructions that both libraries call alike; `axes` is their word for the axes."""
    return {
        "real": "real({0})", "integer": "integer({0})", "broadcast": f"{library}.broadcast_to({{0}}, {{p}})",
        "sum": f"{library}.sum({{0}}, {axes}={{p}})", "diagonal": f"{library}.diagonal({{0}}, 0, *{{p}})", "embed": "embed({0}, {p})",
        "matmul": "{0} @ {1}", "inner": f"{library}.sum({{0}}*{{1}})", "einsum": f"{library}.einsum({{p}}, {{all}})",
        "gram": "gram({0}, {1})",
        "reshape": "{0}.reshape({p})", "roll": f"{library}.roll({{0}}, {{p}})", "gather": "gather({0}, {1})",
        "scatter": "scatter({0}, {1}, {p})",
        "onehot": "onehot({0}, {p}, number)", "cumsum": f"{library}.cumsum({{0}}, {{p}})", "cumprod": f"{library}.cumprod({{0}}, {{p}})",
        "balanced": "balanced({all}, {p})", "orthogonal": "orthogonal({all}, {p})", "norm": "norm({all}, {p})", "unit": "unit({all}, {p})",
        "convolution": "convolution({0}, {1})", "cofactors": "cofactors({0})", "inv": f"{library}.linalg.inv({{0}})",
        "det": f"{library}.linalg.det({{0}})", "pinv": f"{library}.linalg.pinv({{0}})", "logdet": f"{library}.linalg.slogdet({{0}})[1]",
        "cholesky": f"{library}.linalg.cholesky(symmetric({{0}}))", "eigvalsh": f"{library}.linalg.eigvalsh(symmetric({{0}}))",
        "expm": "expm({0})", "expm_frechet": "expm_frechet({0}, {1})", "sylvester": "sylvester({0}, {1}, {2})",
        "tril": f"{library}.tril({{0}}, {{p}})", "triu": f"{library}.triu({{0}}, {{p}})",
        "take_sorted": "take_sorted({0}, {1}, {p})", "take_ranked": "take_ranked({0}, {1}, {p})",
        "svdvals": "singular({0}, False)[1]", "nuclear_norm": "singular({0}, False)[1].sum(-1)",
        "spectral_norm": "singular({0}, False)[1][..., 0]",
        "orthogonal_factor": "polar({0})",
    }  # fmt: skip


_LABELLED = """
def polar(a):
    u, _, v = singular(a, False)
    return u @ v
"""

# ---------------------------------------------------------------- PyTorch

_TORCH = """
def where(c, a, b):
    return torch.where(c, a, b)

def power(x, y):
    return torch.pow(x, y)

def real(x):
    return x.to(torch.get_default_dtype() if x.dtype.is_floating_point else torch.float64)

def integer(x):
    return x.to(torch.int64)

def expanded(x, axis):
    return x.unsqueeze(axis)

def largest(x, axis):
    return torch.amax(x, axis) if x.shape[axis] else x.sum(axis)

def padded(x, before, after):
    return torch.nn.functional.pad(x, (before, after))

def taken(x, places, axis):
    return torch.index_select(x, axis, torch.tensor(places, dtype=torch.int64, device=x.device))

def turned_around(x, axis):
    return torch.flip(x, (axis,))

def place(x, items, shape):
    x, items = forward(x, items)
    out = torch.zeros(shape, dtype=x.dtype, device=x.device)
    out[items] = x
    return out

def embed(x, pattern, shape):
    order = list(dict.fromkeys(pattern))
    x = torch.broadcast_to(x, tuple(shape[pattern.index(k)] for k in order))
    x = x[tuple(slice(None) if pattern.index(p) == k else None for k, p in enumerate(pattern))]
    held = torch.ones((), dtype=torch.bool, device=x.device)
    for k, p in enumerate(pattern):
        first = pattern.index(p)
        if first != k:
            a, b = (torch.arange(shape[k], device=x.device).reshape([-1 if j == i else 1 for j in range(len(shape))]) for i in (first, k))
            held = held & (a == b)
    return torch.where(held, x, torch.zeros((), dtype=x.dtype, device=x.device))

def labelled(labels, n):
    if labels.numel() and (int(labels.min()) < 0 or int(labels.max()) >= n):
        raise ValueError("a label is out of range")
    return labels

def gather(x, labels):
    return x[labelled(labels, x.shape[0])]

def scatter(y, labels, n):
    return torch.zeros((n, *y.shape[1:]), dtype=y.dtype, device=y.device).index_add(0, labelled(labels, n), y)

def onehot(labels, k, number):
    return number(torch.arange(k, device=labels.device) == labelled(labels, k)[..., None])

def products(x, axes):
    for axis in sorted(axes, reverse=True):
        x = torch.prod(x, axis)
    return x

def take_sorted(y, x, axis):
    order = torch.argsort(x, dim=axis, stable=True)
    return torch.take_along_dim(y, torch.broadcast_to(order, y.shape), y.ndim - x.ndim + axis)

def take_ranked(y, x, axis):
    order = torch.argsort(torch.argsort(x, dim=axis, stable=True), dim=axis)
    return torch.take_along_dim(y, torch.broadcast_to(order, y.shape), y.ndim - x.ndim + axis)

def singular(a, full):
    return torch.linalg.svd(a, full_matrices=full)

def stacked(parts):
    return torch.stack(parts, -1)

def determinant(a):
    return torch.linalg.det(a)

def spread(a, shape):
    return torch.broadcast_to(a, shape)

def joined(parts, axis):
    return torch.cat(parts, axis)

def expm(a):
    return torch.linalg.matrix_exp(a)

def kron(a, b):
    return torch.kron(a.contiguous(), b.contiguous())

def eye_like(a):
    return torch.eye(a.shape[-1], dtype=a.dtype, device=a.device)

def solved(a, b):
    return torch.linalg.solve(a, b)

def made_of(given):
    arrays = [x for x in given if isinstance(x, torch.Tensor) and x.dtype.is_floating_point]
    device = next((x.device for x in given if isinstance(x, torch.Tensor)), None)
    dtype = arrays[0].dtype if arrays else torch.float64
    for x in arrays:
        dtype = torch.promote_types(dtype, x.dtype)
    return functools.partial(torch.as_tensor, dtype=dtype, device=device)
"""
_TORCH_TABLE = _everywhere("torch") | {"power": "power", "rint": "torch.round", "mod": "torch.remainder", "logaddexp": "torch.logaddexp"}
_TORCH_TABLE |= {
    name: f"torch.special.{name}" for name in ("erf", "erfc", "erfcx", "erfinv", "i0e", "i1e", "ndtri", "gammainc", "gammaincc")
}
_TORCH_TABLE |= {"j0": "torch.special.bessel_j0", "j1": "torch.special.bessel_j1", "y0": "torch.special.bessel_y0"}
_TORCH_TABLE |= {"y1": "torch.special.bessel_y1", "log_gamma": "torch.special.gammaln"}
_TORCH_TABLE |= {"i0": "torch.special.i0", "i1": "torch.special.i1", "k0": "torch.special.modified_bessel_k0"}
_TORCH_TABLE |= {"k1": "torch.special.modified_bessel_k1", "airyai": "torch.special.airy_ai", "zeta": "torch.special.zeta"}
for _name in ("fmod", "deg2rad", "rad2deg"):
    _TORCH_TABLE[_name] = f"torch.{_name}"

# ---------------------------------------------------------------- JAX

_JAX = """
def where(c, a, b):
    return jnp.where(c, a, b)

def real(x):
    return x.astype(x.dtype if jnp.issubdtype(x.dtype, jnp.floating) else float)

def integer(x):
    return x.astype(int)

def expanded(x, axis):
    return jnp.expand_dims(x, axis)

def largest(x, axis):
    return x.max(axis, initial=0.0)

def padded(x, before, after):
    return jnp.pad(x, [(0, 0)]*(x.ndim - 1) + [(before, after)])

def taken(x, places, axis):
    return jnp.take(x, np.array(places, int), axis)

def turned_around(x, axis):
    return jnp.flip(x, axis)

def place(x, items, shape):
    x, items = forward(x, items)
    return jnp.zeros(shape, x.dtype).at[items].set(x)

def embed(x, pattern, shape):
    order = list(dict.fromkeys(pattern))
    x = jnp.broadcast_to(x, tuple(shape[pattern.index(k)] for k in order))
    x = x[tuple(slice(None) if pattern.index(p) == k else None for k, p in enumerate(pattern))]
    held = np.ones((), bool)
    for k, p in enumerate(pattern):
        first = pattern.index(p)
        if first != k:
            a, b = (np.arange(shape[k]).reshape([-1 if j == i else 1 for j in range(len(shape))]) for i in (first, k))
            held = held & (a == b)
    return jnp.where(held, x, jnp.zeros((), x.dtype))

def labelled(labels, n):
    return jnp.where(labels < 0, n, labels)

def gather(x, labels):
    return x.at[labelled(labels, x.shape[0])].get(mode="fill", fill_value=jnp.nan)

def scatter(y, labels, n):
    return jnp.zeros((n, *y.shape[1:]), y.dtype).at[labelled(labels, n)].add(y, mode="drop")

def onehot(labels, k, number):
    return number(jnp.where((labels < 0) | (labels >= k), jnp.nan, 1.0)[..., None]*(jnp.arange(k) == labels[..., None]))

def take_sorted(y, x, axis):
    order = jnp.argsort(x, axis=axis, stable=True)
    return jnp.take_along_axis(y, jnp.broadcast_to(order, y.shape), y.ndim - x.ndim + axis)

def take_ranked(y, x, axis):
    order = jnp.argsort(jnp.argsort(x, axis=axis, stable=True), axis=axis)
    return jnp.take_along_axis(y, jnp.broadcast_to(order, y.shape), y.ndim - x.ndim + axis)

def singular(a, full):
    return jnp.linalg.svd(a, full_matrices=full)

def stacked(parts):
    return jnp.stack(parts, -1)

def determinant(a):
    return jnp.linalg.det(a)

def spread(a, shape):
    return jnp.broadcast_to(a, shape)

def joined(parts, axis):
    return jnp.concatenate(parts, axis)

def expm(a):
    return jnp.vectorize(jax.scipy.linalg.expm, signature="(n,n)->(n,n)")(a)

def kron(a, b):
    return jnp.kron(a, b)

def eye_like(a):
    return jnp.eye(a.shape[-1], dtype=a.dtype)

def solved(a, b):
    return jnp.linalg.solve(jnp.broadcast_to(a, (*b.shape[:-2], *a.shape)), b)

def made_of(given):
    arrays = [x for x in given if hasattr(x, "dtype") and jnp.issubdtype(x.dtype, jnp.floating)]
    return functools.partial(jnp.asarray, dtype=jnp.result_type(*arrays) if arrays else float)
"""
_JAX_TABLE = _everywhere("jnp") | {name: f"jnp.{name}" for name in ("power", "cbrt", "rint", "logaddexp", "logaddexp2", "heaviside")}
_JAX_TABLE |= {name: f"special.{name}" for name in ("erf", "erfc", "erfinv", "ndtri", "i0", "i1", "i0e", "i1e", "expi", "zeta")}
_JAX_TABLE |= {name: f"special.{name}" for name in ("gammainc", "gammaincc", "betainc", "expn", "spence", "hyp1f1", "gamma")}
_JAX_TABLE |= {"log_gamma": "special.gammaln", "mod": "jnp.mod"}

_BEGIN = ("    number = made_of(({given}))",)
MODULES: Mapping[str, Module] = {
    "torch": Module(
        Words(
            _TORCH_TABLE, repr, "torch.where({c}, {a}, {b})", "def {name}({arguments}):\n    return {body}",
            constants={"inf": "math.inf", "nan": "math.nan"}, full="torch.full_like({like}, {number})",
        ),
        {
            **_opcodes("torch", "dim"), "view": "{0}.permute({p})", "tensordot": "torch.tensordot({0}, {1}, ({p}))",
            "concatenate": "torch.cat(({all},), {p})", "flip": "torch.flip({0}, ({p},))", "max": "torch.amax({0}, {p})",
            "min": "torch.amin({0}, {p})", "prod": "products({0}, {p})", "logsumexp": "torch.logsumexp({0}, {p})",
            "softmax": "torch.softmax({0}, {p})", "log_softmax": "torch.log_softmax({0}, {p})", "sort": "torch.sort({0}, {p}).values",
            "cummax": "torch.cummax({0}, {p}).values", "cummin": "torch.cummin({0}, {p}).values", "cross": "torch.linalg.cross({0}, {1})",
        },
        _TORCH + BOTH + _LABELLED,
        "import functools\nimport math\n\nimport numpy as np\nimport torch",
        "number({x})", "torch.as_tensor({x}).to(torch.int64)", _BEGIN, "torch.tensor(x, dtype=torch.float64)",
    ),
    "jax": Module(
        Words(
            _JAX_TABLE, repr, "jnp.where({c}, {a}, {b})", "def {name}({arguments}):\n    return {body}",
            constants={"inf": "math.inf", "nan": "math.nan"}, full="jnp.full_like({like}, {number})",
        ),
        {
            **_opcodes("jnp", "axis"), "view": "jnp.transpose({0}, {p})", "tensordot": "jnp.tensordot({0}, {1}, ({p}))",
            "concatenate": "jnp.concatenate(({all},), {p})", "flip": "jnp.flip({0}, {p})", "max": "jnp.max({0}, {p})",
            "min": "jnp.min({0}, {p})", "prod": "jnp.prod({0}, {p})", "logsumexp": "special.logsumexp({0}, {p})",
            "softmax": "jax.nn.softmax({0}, {p})", "log_softmax": "jax.nn.log_softmax({0}, {p})", "sort": "jnp.sort({0}, {p})",
            "cummax": "jax.lax.cummax({0}, {p})", "cummin": "jax.lax.cummin({0}, {p})", "cross": "jnp.cross({0}, {1})",
        },
        _JAX + BOTH + _LABELLED,
        "import functools\nimport math\n\nimport jax\nimport jax.numpy as jnp\nimport numpy as np\nfrom jax.scipy import special\n\n"
        'jax.config.update("jax_enable_x64", True)  # 64 bits, unless arrays of fewer are given',
        "number({x})", "jnp.asarray({x}).astype(int)", _BEGIN, "jnp.asarray(x)",
    ),
}  # fmt: skip
RESERVED = (
    PYTHON_RESERVED | {"number", "functools", "special", "where", "power"} | set(re.findall(r"^def (\w+)", _TORCH + BOTH, re.MULTILINE))
)

__all__ = ["MODULES", "RESERVED", "Expressions", "Module", "written"]
