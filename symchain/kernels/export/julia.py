"""The files of Julia."""

from __future__ import annotations

from symchain.kernels.export.expressions import Words
from symchain.kernels.export.layouts import Language, Loops, checks, packed, renamed, unpacked, words
from symchain.kernels.export.loops import Statements
from symchain.kernels.export.sheets import TOLERANCE, Sheet


def _julia(sheet: Sheet, loops: Loops) -> str:
    plan = sheet.plan
    for number, (k, axis, _) in enumerate(sheet.solved()):
        loops.line(f"s{number} = size({sheet.arguments[k]}, {axis + 1})")
    for name, i in zip(sheet.arguments, plan.inputs, strict=True):
        if i.shape:
            axes = ", ".join(map(loops.size, i.shape)) + ("," if len(i.shape) == 1 else "")
            loops.line(loops.statements.refuse.format(c=f"size({name}) != ({axes})", text=f"{name} has another shape than declared"))
    checks(sheet, loops)
    unpacked(sheet, loops, "{x}[{k}]")
    loops.body()
    for k, name in enumerate(sheet.results):
        if shape := sheet.result_shape(k):
            loops.line(f"{name} = zeros({', '.join(map(loops.size, shape))})")
    packed(sheet, loops, "{x}[{k}]")
    loops.line(f"return (; {', '.join(sheet.results)})")
    body = [f"function {sheet.function}({', '.join(sheet.arguments)})", *loops.lines, "end"]
    call = [_julia_array(sheet.flat(x), sheet.shape_of(i.shape)) for i, x in zip(plan.inputs, sheet.point, strict=True)]
    test = ["function self_test()", f"    found = {sheet.function}({', '.join(call)})", "    worst = 0.0"]
    for k, (name, x) in enumerate(zip(sheet.results, sheet.expected, strict=True)):
        test.append(f"    expected = {_julia_array(sheet.flat(x), sheet.shape_of(sheet.result_shape(k)))}")
        test.append(f"    gap = maximum(abs.(found.{name} .- expected); init=0.0)/max(maximum(abs.(expected); init=0.0), 1e-300)")
        test.append("    worst = gap <= worst ? worst : gap")
    test += ['    println("largest relative difference ", worst)', f"    worst <= {TOLERANCE!r} || exit(1)", "end", ""]
    test += ["if abspath(PROGRAM_FILE) == @__FILE__", "    self_test()", "end"]
    text = "\n".join(sheet.expressions.functions.values())
    special = any(name in text + "\n".join(body) for name in ("SpecialFunctions.",))
    head = ["# It needs the package SpecialFunctions.", "import SpecialFunctions", ""] if special else []
    told = ["# Arrays have the shapes of the program; throws DimensionMismatch or DomainError for arguments without a value."]
    heading = [f"# {line}" for line in [*sheet.heading, *sheet.renamed()]]
    return "\n".join([*heading, *head, _JULIA_HELP, text, "", *told, *body, "", *test]) + "\n"


def _julia_array(numbers: list[str], shape: tuple[int, ...]) -> str:
    if not shape:
        return numbers[0]
    flat = f"Float64[{', '.join(numbers)}]"
    if len(shape) == 1:
        return flat
    back = ", ".join(str(k) for k in range(len(shape), 0, -1))
    return f"permutedims(reshape({flat}, {', '.join(map(str, shape[::-1]))}), ({back}))"


_JULIA_HELP = """m_log(x) = x < 0 ? NaN : log(x)
m_log1p(x) = x < -1 ? NaN : log1p(x)
m_sqrt(x) = x < 0 ? NaN : sqrt(x)
m_power(x, y) = x < 0 && y != round(y) ? NaN : Float64(x)^y
real_of(n) = Float64(n)
int_of(x) = Int(x)
imin(a, b) = min(a, b)
imod(a, n) = mod(a, n)
"""
_JULIA_TABLE = {name: name for name in words("exp exp2 expm1 sin cos tan sinh cosh tanh cbrt hypot copysign abs sign floor ceil trunc")}
_JULIA_TABLE |= {name: f"m_{name}" for name in ("log", "log1p", "sqrt", "power")}
_JULIA_TABLE |= renamed() | {"arctan2": "atan", "rint": "round", "fmod": "rem"}
_SPECIAL = {"log_gamma": "loggamma", "psi": "digamma", "j0": "besselj0", "j1": "besselj1", "y0": "bessely0", "y1": "bessely1"}
_SPECIAL |= {name: name for name in ("erf", "erfc", "erfcx", "erfinv", "erfcinv", "gamma", "erfi")} | {"dawsn": "dawson"}
_SPECIAL |= {"zeta": "zeta", "jv": "besselj", "yv": "bessely", "iv": "besseli", "kv": "besselk", "expi": "expinti"}
_JULIA_TABLE |= {name: f"SpecialFunctions.{own}" for name, own in _SPECIAL.items()}
_JULIA_TABLE["log_gamma"] = "SpecialFunctions.logabsgamma({0})[1]"

JULIA = Language(
    Words(
        _JULIA_TABLE,
        repr,
        "({c} ? {a} : {b})",
        "{name}({arguments}) = {body}",
        constants={"inf": "Inf", "nan": "NaN"},
    ),
    Statements(
        loop="for {i} in 0:{n} - 1",
        when="if {c}",
        end="end",
        set="{t} = {e}",
        at="{x}[{k} + 1]",
        number="{x} = 0.0",
        integer="{x} = 0",
        array="{x} = zeros({n})",
        comment="# {text}",
        refuse='{c} && throw(DimensionMismatch("{text}"))',
    ),
    _julia,
    frozenset(
        words(
            "end function begin let do if else elseif for while return struct module using import const global local true false try catch "
            "finally quote macro export in isa where size zeros inf nan pi expected gap permutedims reshape"
        )
    ),  # fmt: skip
)
