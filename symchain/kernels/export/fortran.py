"""The files of Fortran."""

from __future__ import annotations

from symchain.kernels.export.expressions import Words
from symchain.kernels.export.layouts import Language, Loops, checks, packed, renamed, unpacked, words
from symchain.kernels.export.loops import Statements
from symchain.kernels.export.sheets import TOLERANCE, Sheet


def _fortran_number(value: float) -> str:
    text = repr(value)
    return text + "_dp" if "." in text or "e" in text else text + ".0_dp"


def _fortran(sheet: Sheet, loops: Loops) -> str:
    plan = sheet.plan
    declared = ["implicit none"]
    for name, i in zip(sheet.arguments, plan.inputs, strict=True):
        kind = "integer" if i.integer and i.shape else "real(dp)"
        axes = f"({', '.join(':' for _ in i.shape)})" if i.shape else ""
        declared.append(f"{kind}, intent(in) :: {name}{axes}")
    for k, name in enumerate(sheet.results):
        shape = sheet.result_shape(k)
        axes = f"({', '.join(':' for _ in shape)})" if shape else ""
        declared.append(f"real(dp), intent(out){', allocatable' if shape else ''} :: {name}{axes}")
    for number, (k, axis, _) in enumerate(sheet.solved()):
        declared.append(f"integer :: s{number}")
        loops.line(f"s{number} = size({sheet.arguments[k]}, {axis + 1})")
    for name, i in zip(sheet.arguments, plan.inputs, strict=True):
        for axis, dim in enumerate(i.shape):
            loops.line(f'if (size({name}, {axis + 1}) /= {loops.size(dim)}) error stop "{name} has another shape than declared"')
    checks(sheet, loops)
    unpacked(sheet, loops, "{x}({k})")
    loops.body()
    for k, name in enumerate(sheet.results):
        if shape := sheet.result_shape(k):
            loops.line(f"allocate({name}({', '.join(map(loops.size, shape))}))")
    packed(sheet, loops, "{x}({k})")
    names = ", ".join([*sheet.arguments, *sheet.results])
    body = [f"subroutine {sheet.function}({names})", *(f"    {d}" for d in [*declared, *loops.top]), *loops.lines]
    body.append(f"end subroutine {sheet.function}")
    test = ["program self_test", "    use symchain_export", "    implicit none", "    real(dp) :: worst = 0.0_dp"]
    before, call = [], []
    for k, (i, x) in enumerate(zip(plan.inputs, sheet.point, strict=True)):
        shape = sheet.shape_of(i.shape)
        axes = f"({', '.join(map(str, shape))})" if shape else ""
        whole = bool(i.integer and shape)
        test.append(f"    {'integer' if whole else 'real(dp)'} :: a{k}{axes}")
        numbers = [str(int(float(t.removesuffix("_dp")))) for t in sheet.flat(x)] if whole else sheet.flat(x)
        before.append(f"    a{k} = {_fortran_array(numbers, shape, 'integer' if whole else 'real(dp)')}")
        call.append(f"a{k}")
    after = []
    for k, (name, x) in enumerate(zip(sheet.results, sheet.expected, strict=True)):
        shape = sheet.shape_of(sheet.result_shape(k))
        rank = f"({', '.join(':' for _ in shape)})" if shape else ""
        test.append(f"    real(dp){', allocatable' if shape else ''} :: r{k}{rank}")
        test.append(f"    real(dp) :: e{k}{'(' + ', '.join(map(str, shape)) + ')' if shape else ''}")
        before.append(f"    e{k} = {_fortran_array(sheet.flat(x), shape, 'real(dp)')}")
        call.append(f"r{k}")
        one, other = (f"[{t}{k}]" if not shape else f"reshape({t}{k}, [size({t}{k})])" for t in "re")
        after.append(f'    call check("{name}", {one}, {other})')
    test += [*before, f"    call {sheet.function}({', '.join(call)})", *after]
    test += [
        '    print "(a, es10.3)", "largest relative difference ", worst',
        f"    if (.not. worst <= {TOLERANCE!r}_dp) error stop 1",
        "contains",
        "    subroutine check(name, found, expected)",
        "        character(*), intent(in) :: name",
        "        real(dp), intent(in) :: found(:), expected(:)",
        "        real(dp) :: gap, largest",
        "        if (size(expected) == 0) return",
        "        gap = maxval(abs(found - expected))",
        "        if (any(found /= found)) gap = huge(gap)",
        "        largest = maxval(abs(expected))",
        "        if (largest > 0) gap = gap/largest",
        "        worst = max(worst, gap)",
        f'        if (gap > {TOLERANCE!r}_dp) print *, name, " differs:", gap',
        "    end subroutine check",
        "end program self_test",
    ]
    module = [
        "module symchain_export",
        "use, intrinsic :: iso_fortran_env, only: dp => real64",
        "use, intrinsic :: ieee_arithmetic, only: ieee_value, ieee_positive_inf, ieee_quiet_nan",
        "implicit none",
        "contains",
        *_FORTRAN_HELP.splitlines(),
        *"\n".join(sheet.expressions.functions.values()).splitlines(),
        "! Arrays have the shapes of the program; the results are allocated here.",
        *body,
        "end module symchain_export",
        "",
        *test,
    ]
    heading = [f"! {line}" for line in [*sheet.heading, *sheet.renamed()]]
    return "\n".join([*heading, *(part for line in module for part in _continued(line))]) + "\n"


def _fortran_array(numbers: list[str], shape: tuple[int, ...], kind: str) -> str:
    if not shape:
        return numbers[0]
    order = ", ".join(str(k) for k in range(len(shape), 0, -1))  # the last index runs fastest
    return f"reshape([{kind} :: {', '.join(numbers)}], [{', '.join(map(str, shape))}], order=[{order}])"


def _continued(line: str, width: int = 118) -> list[str]:
    """A line of Fortran in pieces that its compilers take."""
    found = []
    while len(line) > width:
        cut = max(line.rfind(c, 20, width) for c in " ,")
        if cut < 20:
            cut = width
        found.append(line[: cut + 1].rstrip() + " &")
        line = "        " + line[cut + 1 :].lstrip()
    return [*found, line]


_FORTRAN_HELP = """pure real(dp) function m_inf()
    m_inf = ieee_value(1.0_dp, ieee_positive_inf)
end function m_inf
pure real(dp) function m_nan()
    m_nan = ieee_value(1.0_dp, ieee_quiet_nan)
end function m_nan
elemental real(dp) function m_power(x, y)
    real(dp), intent(in) :: x, y
    if (y == anint(y) .and. abs(y) < 1000.0_dp) then
        m_power = x**nint(y)
    else
        m_power = x**y
    end if
end function m_power
elemental real(dp) function real_of(n)
    integer, intent(in) :: n
    real_of = real(n, dp)
end function real_of
elemental integer function int_of(x)
    real(dp), intent(in) :: x
    int_of = nint(x)
end function int_of
elemental integer function imin(a, b)
    integer, intent(in) :: a, b
    imin = min(a, b)
end function imin
elemental integer function imod(a, n)
    integer, intent(in) :: a, n
    imod = modulo(a, n)
end function imod
"""
_FORTRAN_TABLE = {name: name for name in words("exp log log10 sin cos tan sinh cosh tanh sqrt hypot erf erfc abs gamma")}
_FORTRAN_TABLE |= renamed() | {"log_gamma": "log_gamma", "erfcx": "erfc_scaled", "power": "m_power", "copysign": "sign", "trunc": "aint"}
_FORTRAN_TABLE |= {"floor": "(aint({0}) - merge(1.0_dp, 0.0_dp, aint({0}) > {0}))", "fmod": "mod"}
_FORTRAN_TABLE |= {name: f"bessel_{name}" for name in ("j0", "j1", "y0", "y1")}

FORTRAN = Language(
    Words(
        _FORTRAN_TABLE,
        _fortran_number,
        "merge({a}, {b}, {c})",
        "elemental recursive real(dp) function {name}({names})\n    real(dp), intent(in) :: {names}\n"
        "    {name} = {body}\nend function {name}",
        constants={"inf": "m_inf()", "nan": "m_nan()"},
        signs={"!=": "/=", "&&": ".and.", "and": ".and.", "or": ".or."},
    ),
    Statements(
        loop="do {i} = 0, {n} - 1",
        when="if ({c}) then",
        end="end do",
        end_when="end if",
        set="{t} = {e}",
        at="{x}({k})",
        number="real(dp) :: {x}",
        integer="integer :: {x}",
        array="allocate({x}(0:max({n}, 1) - 1)); {x} = 0.0_dp",
        declared="real(dp), allocatable :: {x}(:)",
        comment="! {text}",
        refuse='if ({c}) error stop "{text}"',
    ),
    _fortran,
    frozenset(words("dp result end function subroutine program module use implicit none real integer size if then do call allocate found"))
    | frozenset(_FORTRAN_TABLE.values()),
    True,
)
