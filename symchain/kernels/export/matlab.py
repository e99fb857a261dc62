"""The files of MATLAB."""

from __future__ import annotations

from symchain.kernels.export.expressions import Words
from symchain.kernels.export.layouts import Language, Loops, checks, packed, renamed, unpacked, words
from symchain.kernels.export.loops import Statements
from symchain.kernels.export.sheets import TOLERANCE, Sheet


def _matlab(sheet: Sheet, loops: Loops) -> str:
    plan = sheet.plan
    for number, (k, axis, _) in enumerate(sheet.solved()):
        one = f"numel({sheet.arguments[k]})" if len(plan.inputs[k].shape) == 1 else f"size({sheet.arguments[k]}, {axis + 1})"
        loops.line(f"s{number} = {one};")
    for name, i in zip(sheet.arguments, plan.inputs, strict=True):
        if i.shape:
            sizes = [f"numel({name})"] if len(i.shape) == 1 else [f"size({name}, {k + 1})" for k in range(len(i.shape))]
            wrong = " || ".join(f"{s} ~= {loops.size(d)}" for s, d in zip(sizes, i.shape, strict=True))
            loops.line(loops.statements.refuse.format(c=wrong, text=f"{name} has another shape than declared"))
    checks(sheet, loops)
    unpacked(sheet, loops, "{x}({k})")
    loops.body()
    for k, name in enumerate(sheet.results):
        if shape := sheet.result_shape(k):
            axes = ", ".join([*map(loops.size, shape), *(["1"] if len(shape) == 1 else [])])
            loops.line(f"{name} = zeros({axes});")
    packed(sheet, loops, "{x}({k})")
    body = [f"function [{', '.join(sheet.results)}] = {sheet.function}({', '.join(sheet.arguments)})"]
    body += ["% Arrays have the shapes of the program; vectors are columns.", *loops.lines, "end"]
    call = [_matlab_array(sheet.flat(x), sheet.shape_of(i.shape)) for i, x in zip(plan.inputs, sheet.point, strict=True)]
    found = ", ".join(f"r{k}" for k in range(len(sheet.results)))
    test = ["function self_test()", f"    [{found}] = {sheet.function}({', '.join(call)});", "    worst = 0;"]
    for k, x in enumerate(sheet.expected):
        test.append(f"    e = {_matlab_array(sheet.flat(x), sheet.shape_of(sheet.result_shape(k)))};")
        test.append(f"    worst = max([worst; abs(r{k}(:) - e(:))/max([abs(e(:)); realmin])]);")
        test.append(f"    if any(isnan(r{k}(:))), worst = inf; end")
    test += ["    fprintf('largest relative difference %.3e\\n', worst);"]
    test += [f"    if worst > {TOLERANCE!r}, error('symchain:test', 'the self-test failed'); end", "end"]
    heading = [f"% {line}" for line in [*sheet.heading, *sheet.renamed()]]
    heading += ["% A script with its functions (MATLAB R2016b and newer); run, it tests itself."]
    text = list(sheet.expressions.functions.values())
    return "\n".join([*heading, "self_test();", "", *body, "", _MATLAB_HELP, *text, *test]) + "\n"


def _matlab_array(numbers: list[str], shape: tuple[int, ...]) -> str:
    flat = f"[{', '.join(numbers)}]"
    if not shape:
        return numbers[0]
    if len(shape) == 1:
        return f"{flat}'"
    back = ", ".join(str(k) for k in range(len(shape), 0, -1))
    return f"permute(reshape({flat}, {', '.join(map(str, shape[::-1]))}), [{back}])"


_MATLAB_HELP = """function y = choose(c, a, b)
    if c, y = a; else, y = b; end
end
function y = m_log(x)
    if x < 0, y = nan; else, y = log(x); end
end
function y = m_log1p(x)
    if x < -1, y = nan; else, y = log1p(x); end
end
function y = m_sqrt(x)
    if x < 0, y = nan; else, y = sqrt(x); end
end
function y = m_power(a, b)
    if a < 0 && b ~= round(b), y = nan; else, y = a^b; end
end
function y = real_of(n)
    y = n;
end
function y = int_of(x)
    y = round(x);
end
function y = imin(a, b)
    y = min(a, b);
end
function y = imod(a, n)
    y = mod(a, n);
end
"""
_MATLAB_TABLE = {
    name: name for name in words("exp expm1 sin cos tan sinh cosh tanh hypot abs sign floor ceil erf erfc erfcx erfinv erfcinv gamma psi")
}
_MATLAB_TABLE |= {name: f"m_{name}" for name in ("log", "log1p", "sqrt", "power")} | renamed()
_MATLAB_TABLE |= {
    "log_gamma": "gammaln",
    "trunc": "fix",
    "fmod": "rem",
    "gammainc": "gammainc({1}, {0})",
    "betainc": "betainc({2}, {0}, {1})",
}
_MATLAB_TABLE |= {"gammaincc": "gammainc({1}, {0}, 'upper')", "jv": "besselj", "yv": "bessely", "iv": "besseli", "kv": "besselk"}

MATLAB = Language(
    Words(
        _MATLAB_TABLE,
        repr,
        "choose({c}, {a}, {b})",
        "function y = {name}({arguments})\n    y = {body};\nend",
        constants={"inf": "inf", "nan": "nan"},
        signs={"!=": "~="},
    ),
    Statements(
        loop="for {i} = 0:{n} - 1",
        when="if {c}",
        end="end",
        set="{t} = {e};",
        at="{x}({k} + 1)",
        array="{x} = zeros(1, {n});",
        comment="% {text}",
        refuse="if {c}, error('symchain:argument', '{text}'); end",
    ),
    _matlab,
    frozenset(
        words(
            "end function if else elseif for while return switch case otherwise break continue global persistent try catch inf nan "
            "pi eps i j "
            "size zeros numel max min abs e y"
        )
    ),  # fmt: skip
)
