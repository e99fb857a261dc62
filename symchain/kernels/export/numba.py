"""The files of Python for Numba."""

from __future__ import annotations

from symchain.kernels.export.expressions import Words
from symchain.kernels.export.layouts import Language, Loops, checks, renamed, words
from symchain.kernels.export.loops import Statements
from symchain.kernels.export.sheets import TOLERANCE, Sheet


def _numba(sheet: Sheet, loops: Loops) -> str:
    plan = sheet.plan
    inner = [*(f"v{k}" for k in range(len(plan.inputs))), *(f"s{k}" for k in range(len(plan.letters)))]
    checks(sheet, loops)
    loops.body()
    loops.line(f"return ({', '.join(f'v{o.value}' for o in plan.outputs)},)")
    body = ['@numba.njit(error_model="numpy")', f"def _numbers({', '.join(inner)}):", *loops.lines]
    outer = [
        f"def {sheet.function}({', '.join(sheet.arguments)}):",
        '    """Arrays of the shapes of the program; a ValueError for others."""',
    ]
    for name, i in zip(sheet.arguments, plan.inputs, strict=True):
        outer.append(f"    {name} = np.ascontiguousarray({name}, float)" if i.shape else f"    {name} = float({name})")
        if i.shape:
            outer += [f"    if {name}.ndim != {len(i.shape)}:", f'        raise ValueError("{name} must have {len(i.shape)} axes")']
    for number, (k, axis, _) in enumerate(sheet.solved()):
        outer.append(f"    s{number} = {sheet.arguments[k]}.shape[{axis}]")
    for name, i in zip(sheet.arguments, plan.inputs, strict=True):
        if i.shape:
            axes = ", ".join(map(loops.size, i.shape)) + ","
            outer += [f"    if {name}.shape != ({axes}):", f'        raise ValueError("{name} has another shape than declared")']
    given = [f"{n}.ravel()" if i.shape else n for n, i in zip(sheet.arguments, plan.inputs, strict=True)]
    outer.append(f"    found = _numbers({', '.join([*given, *inner[len(given) :]])})")
    results = []
    for k in range(len(sheet.results)):
        shape = sheet.result_shape(k)
        results.append(f"found[{k}].reshape({', '.join(map(loops.size, shape))})" if shape else f"found[{k}]")
    outer.append(f"    return {python_results(sheet, results)}")
    text = "\n".join(sheet.expressions.functions.values())
    heading = [f"# {line}" for line in [*sheet.heading, *sheet.renamed()]]
    head = ["import math", "", "import numba", "import numpy as np", "", _NUMBA_HELP]
    return "\n".join([*heading, *head, text, "", *body, "", "", *outer, *python_test(sheet, "float")]) + "\n"


def python_results(sheet: Sheet, texts: list[str]) -> str:
    """The results in the form of the kernel's: value, gradients by name, Hessians."""
    groups: dict[str, list[str]] = {"gradient": [], "hessian": []}
    heads = []
    for o, text in zip(sheet.plan.outputs, texts, strict=True):
        key = o.names[0] if len(o.names) == 1 else o.names
        if o.kind in groups:
            groups[o.kind].append(f"{key!r}: {text}")
        else:
            heads.append(text)
    order = sheet.plan.order
    return ", ".join([heads[0], *("{" + ", ".join(g) + "}" for g in list(groups.values())[:order])]) if order else heads[0]


def python_test(sheet: Sheet, convert: str) -> list[str]:
    """The self-test of a file in Python."""

    def shaped(x: object) -> str:
        import numpy as np

        return repr(np.asarray(x, float).tolist()).replace("inf", 'float("inf")')

    integers = [i.integer and bool(i.shape) for i in sheet.plan.inputs]
    point = []
    for name, x, whole in zip(sheet.arguments, sheet.point, integers, strict=True):
        import numpy as np

        point.append(f"        {name!r}: {np.asarray(x, int).tolist() if whole else shaped(x)},")
    lines = ["", "", "def self_test():", '    """The largest relative difference from what symchain computed at a point."""']
    lines += ["    point = {", *point, "    }", f"    expected = [{', '.join(map(shaped, sheet.expected))}]"]
    if convert != "float":
        lines.append(f"    point = {{name: {convert} for name, x in point.items()}}")
    lines += [f"    found = {sheet.function}(**point)", "    worst = 0.0"]
    lines += ["    for one, other in zip(_flat(found), expected, strict=True):", "        other = np.asarray(other)"]
    lines += ["        gap = np.max(np.abs(np.asarray(one) - other), initial=0.0)/max(np.max(np.abs(other), initial=0.0), 1e-300)"]
    lines += ["        worst = worst if gap <= worst else float(gap)", "    return worst", ""]
    lines += ["", "def _flat(found):", "    for part in found if isinstance(found, tuple) else (found,):"]
    lines += ["        yield from part.values() if isinstance(part, dict) else (part,)", "", ""]
    lines += ['if __name__ == "__main__":', "    worst = self_test()", '    print(f"largest relative difference {worst:.3e}")']
    return [*lines, f"    raise SystemExit(0 if worst <= {TOLERANCE!r} else 1)"]


_NUMBA_HELP = """
@numba.njit
def real_of(n):
    return float(n)


@numba.njit
def int_of(x):
    return int(x)


@numba.njit
def imin(a, b):
    return min(a, b)


@numba.njit
def imod(a, n):
    return a % n


@numba.njit
def m_sign(x):
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else x

"""
_NUMBA_TABLE = {
    name: f"math.{name}" for name in words("exp expm1 log log1p sqrt sin cos tan sinh cosh tanh hypot copysign erf erfc gamma fmod")
}
_NUMBA_TABLE |= renamed("math.") | {"abs": "abs", "power": "math.pow", "log_gamma": "math.lgamma", "sign": "m_sign"}
_NUMBA_TABLE |= {name: f"np.{name}" for name in ("floor", "ceil", "trunc")}

PYTHON_RESERVED = frozenset(words("and as assert async await break class continue def del elif else except finally for "
    "from global if import in is lambda "
    "nonlocal not or pass raise return try while with yield none true false np math numba torch jax jnp found"))  # fmt: skip

NUMBA = Language(
    Words(
        _NUMBA_TABLE,
        repr,
        "({a} if {c} else {b})",
        '@numba.njit(error_model="numpy")\ndef {name}({arguments}):\n    return {body}\n\n',
        constants={"inf": "math.inf", "nan": "math.nan"},
        signs={"and": "and", "or": "or"},
    ),
    Statements(
        loop="for {i} in range({n}):",
        when="if {c}:",
        end="",
        set="{t} = {e}",
        at="{x}[{k}]",
        array="{x} = np.zeros({n})",
        comment="# {text}",
        refuse='if {c}: raise ValueError("{text}")',
    ),
    _numba,
    PYTHON_RESERVED,
)
