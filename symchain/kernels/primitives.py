"""The primitives: the elementwise functions that numeric forms are made of, and the grammar of such forms.

A form is data: a number; the name of an operand (x0, x1, ...) or of a constant; or a tuple of a primitive's name and its arguments.
x*sigmoid(1.702*x) is ("*", "x0", ("sigmoid", ("*", 1.702, "x0"))). A backend writes it from its own table of these names.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import isfinite
from typing import Any

from symchain.errors import UnsupportedError

Form = Any
"""A number, a name, or (primitive, argument, ...)."""

CONSTANTS = ("pi", "e", "inf", "nan")
VALUE, CONDITION, NUMBER, INTEGER, NUMBERS = "x?#i*"
"""The kinds of arguments: a form with values, one that holds or not, a number, a whole number, a tuple of numbers."""

SIGNS = ("+", "-", "*", "/", "**")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")

_UNARY = (
    "exp exp2 expm1 log log1p log2 log10 sqrt cbrt square abs sign floor ceil trunc rint sin cos tan sinh cosh tanh sinc arcsin arccos "
    "arctan arcsinh arccosh arctanh deg2rad rad2deg "
    "erf erfc erfcx erfi erfinv erfcinv dawsn ndtr ndtri log_ndtr gamma gammaln rgamma psi digamma loggamma spence expi exp1 exprel cosm1 "
    "expit log_expit logit entr j0 j1 y0 y1 i0 i1 i0e i1e k0 k1 k0e k1e ellipk ellipe ellipkm1 lambertw kolmogorov kolmogi "
    "sinint cosint fresnels fresnelc airyai airyaiprime airybi airybiprime "
    "sigmoid silu silu_slope erfcx_slope bose cardinal_sine"
)
_BINARY = (
    "maximum minimum fmax fmin hypot arctan2 copysign logaddexp logaddexp2 mod fmod heaviside power "
    "jv jve yv yve iv ive kv kve xlogy xlog1py rel_entr kl_div kl_bernoulli beta betaln binom poch zeta polygamma gammainc gammaincc "
    "gammaincinv gammainccinv expn huber pseudo_huber boxcox boxcox1p inv_boxcox inv_boxcox1p owens_t stdtr stdtrit pdtr pdtrc chdtr "
    "chdtrc ellipkinc ellipeinc struve modstruve hyp0f1 agm "
    "log_quotient reciprocal_less sigmoid_less power_less_one power_of_one_plus power_of_one_plus_less_one tanh_less root over_squares"
)
_TERNARY = "clip betainc betaincc betaincinv hyp1f1 hyperu bdtr bdtrc nbdtr fdtr fdtrc gdtr gdtrc voigt_profile"

PRIMITIVES: Mapping[str, str] = {
    **dict.fromkeys(SIGNS, VALUE * 2),
    **dict.fromkeys(COMPARISONS, VALUE * 2),
    "neg": VALUE,
    "where": CONDITION + VALUE * 2,
    **dict.fromkeys(_UNARY.split(), VALUE),
    **dict.fromkeys(_BINARY.split(), VALUE * 2),
    **dict.fromkeys(_TERNARY.split(), VALUE * 3),
    "hyp2f1": VALUE * 4,
    "near_zero": VALUE * 2 + NUMBER + INTEGER * 2 + NUMBERS,
    "log_plus": VALUE + NUMBER * 3,
}
"""Each primitive and the kinds of its arguments. Comparisons give conditions, everything else gives values."""

_GROWING = (
    "exp exp2 expm1 log log1p log2 log10 sinh cosh power tan gamma gammaln rgamma loggamma gammainc gammaincc gammaincinv gammainccinv "
    "logaddexp logaddexp2 log_expit logit log_ndtr xlogy xlog1py log_quotient log_plus "
    "power_less_one power_of_one_plus power_of_one_plus_less_one"
)
GROWING = frozenset(_GROWING.split())
"""What overflows or has poles, so that a result may be lost on the way to one that is finite."""

_OTHER_NAMES = {
    **{"absolute": "abs", "fabs": "abs", "negative": "neg", "add": "+", "subtract": "-", "multiply": "*", "divide": "/"},
    **{"true_divide": "/", "remainder": "mod", "radians": "deg2rad", "degrees": "rad2deg", "asin": "arcsin", "acos": "arccos"},
    **{"atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "pow": "power"},
    **{"less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!="},
}
_MODULES = ("np", "special")
_DEPTH, _SIZE = 64, 4096
_OPERAND = re.compile(r"x(0|[1-9]\d{0,3})", re.ASCII)
_FIELD = re.compile(r"\{(\w+)\}")


def operand_of(form: Form) -> int | None:
    """The number of the operand that a form is the name of."""
    found = _OPERAND.fullmatch(form) if isinstance(form, str) else None
    return int(found[1]) if found else None


def is_number(value: Any) -> bool:
    return (type(value) is float and isfinite(value)) or (type(value) is int and abs(value) < 2**53)


def check_form(form: Form, operands: int) -> None:
    """Raises ValueError unless a form is of the grammar, over that many operands: each is used, so that the value has the shape of all."""
    stack: list[tuple[Form, str, int]] = [(form, VALUE, 0)]
    seen = 0
    used: set[int] = set()
    while stack:
        part, kind, depth = stack.pop()
        seen += 1
        if seen > _SIZE or depth > _DEPTH:
            raise ValueError("a form is too large")
        if isinstance(part, tuple) and kind == NUMBERS:
            if not part or len(part) > _SIZE or not all(map(is_number, part)):
                raise ValueError(part)
        elif isinstance(part, tuple) and kind in (VALUE, CONDITION):
            name, *arguments = part
            kinds = PRIMITIVES.get(name) if isinstance(name, str) else None
            if kinds is None or len(kinds) != len(arguments) or (name in COMPARISONS) != (kind == CONDITION):
                raise ValueError(part)
            stack.extend((a, k, depth + 1) for a, k in zip(arguments, kinds, strict=True))
        elif isinstance(part, str) and kind == VALUE:
            number = operand_of(part)
            if part not in CONSTANTS and (number is None or number >= operands):
                raise ValueError(part)
            used |= {number} if number is not None else set()
        elif not (is_number(part) and kind in (VALUE, NUMBER)) and not (kind == INTEGER and type(part) is int and abs(part) < _SIZE):
            raise ValueError(part)
    if len(used) < operands:
        raise ValueError(form)


def parts(form: Form) -> Iterator[tuple[Any, ...]]:
    """All applications of primitives in a form, the outermost first."""
    stack = [form]
    while stack:
        part = stack.pop()
        if isinstance(part, tuple) and part and isinstance(part[0], str):
            yield part
            stack.extend(part[1:])


# ---------------------------------------------------------------- from the text of a record


@lru_cache(maxsize=4096)
def read_form(text: str, parameters: tuple[str, ...]) -> Form:
    """The form that code says: "exp(-x)" over the parameters ("x",), or "np.exp(-{x})" as NumPy has it. It is read, never run.

    Raises UnsupportedError for what is no expression over the primitives.

    >>> read_form("where(x > 0, x, expm1(x))", ("x",))
    ('where', ('>', 'x0', 0), 'x0', ('expm1', 'x0'))
    """
    if not isinstance(text, str):
        raise UnsupportedError(f"the code of a function is a text, not {type(text).__name__}", advice='Write "x*exp(-x)".')
    numbers = {p: k for k, p in enumerate(parameters)}
    if any(name not in numbers for name in _FIELD.findall(text)):
        raise _refused(text, "a field that is no parameter", parameters)
    plain = _FIELD.sub(lambda m: f"_{numbers[m[1]]}_", text)
    try:
        tree = ast.parse(plain, "<symchain form>", "eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UnsupportedError(
            f"{text[:60]!r} is not an expression", advice="A function's code must be one expression over its parameters."
        ) from None
    form = _form(tree, text, parameters)
    try:
        check_form(form, len(parameters))
    except ValueError:
        raise _refused(text, "a parameter that is not used, or arguments of another number or kind", parameters) from None
    return form


_SIGN: Mapping[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_COMPARISON: Mapping[type, str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def _form(tree: ast.expr, text: str, parameters: Sequence[str]) -> Form:
    match tree:
        case ast.Constant(value=value) if is_number(value):
            return value
        case ast.Name(id=name) if (found := re.fullmatch(r"_(\d+)_", name)) is not None:
            return f"x{found[1]}"
        case ast.Name(id=name) if name in parameters:
            return f"x{parameters.index(name)}"
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="np"), attr=name) if name in CONSTANTS:
            return name
        case ast.Tuple(elts=items):
            return tuple(_form(i, text, parameters) for i in items)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            value = _form(inner, text, parameters)
            return -value if is_number(value) else ("neg", value)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _form(inner, text, parameters)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGN:
            return _SIGN[type(op)], _form(left, text, parameters), _form(right, text, parameters)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISON:
            return _COMPARISON[type(op)], _form(left, text, parameters), _form(right, text, parameters)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            pass
        case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name), args=arguments, keywords=[]) if module in _MODULES:
            pass
        case _:
            raise _refused(text, repr(ast.unparse(tree)[:60]), parameters)
    name = _OTHER_NAMES.get(name, name)
    if name not in PRIMITIVES:
        raise _refused(text, repr(name[:60]), parameters)
    return (name, *(_form(a, text, parameters) for a in arguments))


def _refused(text: str, what: str, parameters: Sequence[str]) -> UnsupportedError:
    return UnsupportedError(
        f"the code of a function may not hold {what}: {text[:60]!r}",
        advice=f"Write one expression over {', '.join(parameters)} with + - * / **, comparisons inside where, "
        "and the elementwise functions of NumPy and SciPy that kernels know (exp, log1p, erf ...).",
    )
