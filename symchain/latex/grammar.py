r"""Tokens of LaTeX mathematics to Nodes. What two readers could read in two ways is refused here where the writing alone shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from symchain.errors import LimitError, Place, SymchainError
from symchain.language.lookup import is_known_function
from symchain.latex.derivatives import JOINERS
from symchain.latex.differentials import STYLE
from symchain.latex.ellipsis import DOTS, joined
from symchain.latex.enclosures import RELATIONS, STACKS, Enclosures
from symchain.latex.nodes import Bound, Node
from symchain.latex.scripts import ACCENTS
from symchain.latex.tokens import PROSE, Source, Token

MAX_DEPTH = 64  # brackets inside brackets; a formula on paper has a handful

FUNCTIONS = {
    "exp": "exp", "log": "log", "ln": "log", "tanh": "tanh", "sinh": "sinh", "cosh": "cosh", "sin": "sin", "cos": "cos",
    "tan": "tan", "cot": "cot", "sec": "sec", "csc": "csc", "arcsin": "arcsin", "arccos": "arccos", "arctan": "arctan",
    "coth": "coth", "det": "det", "max": "max", "min": "min", "sgn": "sign", "sech": "sech", "trace": "tr", "artanh": "arctanh",
    "arsinh": "arcsinh", "arcosh": "arccosh", "logsumexp": "logsumexp", "tr": "tr", "erf": "erf", "diag": "diag",
}  # fmt: skip
r"""Function commands, and the words that \operatorname holds where the input language calls them otherwise."""

_FUNCTION_NAMES = ("f", "g", "h", "F", "G", "phi", "varphi", "psi")
_BIG = {"sum": "sum", "prod": "prod"}
_ADVICE = {
    "dot": "A dot may be a time derivative or part of a name: write x_{dot}.",
    "ddot": "Write the derivative out.",
    "int": "Integrals are not part of a program.",
    "lim": "Limits are not part of a program.",
    "pm": "Write two formulas.",
    "dots": "Write every term, or a sum over an index.",
    "cdots": "Write every term, or a sum over an index.",
    "ldots": "Write every term, or a sum over an index.",
    "infty": "Only finite numbers have a place in a program.",
    "leftarrow": "An update is no definition: give the new value another name.",
    "gets": "An update is no definition: give the new value another name.",
    "circ": r"It may be a composition or a product: write f(g(x)), or a \odot b.",
    "otimes": r"Write a b^\top for the outer product.",
}


def parse_formula(tokens: Sequence[Token], source: Source) -> Node:
    """The whole of some tokens as one formula. Raises ParseError with the place, LimitError beyond 64 nested brackets."""
    return Parser(tokens, source).whole()


class Parser(Enclosures):
    """Recursive descent over the tokens of one formula."""

    def __init__(self, tokens: Sequence[Token], source: Source) -> None:
        last = tokens[-1]
        self.tokens = [*tokens, Token("stop", "", last.line, last.column + last.width, 0)]
        self.source, self.position, self.depth = source, 0, 0

    def whole(self) -> Node:
        node = self.expression()
        if self.peek.kind != "stop":
            self._refuse(self.peek)
        return node

    # ------------------------------------------------------------ sums and products

    def expression(self) -> Node:
        start = self.peek
        terms: list[Node] = []
        signs: list[str] = []
        gaps: list[tuple[int, Token]] = []
        while True:
            sign = self.take().text if self._at("+", "-") else "+"
            if self._at("+", "-"):
                self.fail("two signs in a row", "Put the second one in brackets.", self.peek.place)
            signs.append(sign)
            if self.peek.kind == "command" and self.peek.text in DOTS and terms:
                gaps.append((len(terms), self.take()))
                terms.append(Node("number", gaps[-1][1].place, text="0"))
            else:
                terms.append(self.term())
            if not self._at("+", "-"):
                break
        for gap, dots in reversed(gaps):
            made = joined(terms, signs, gap, self.span(start))
            if made is None:
                self.fail(rf"\{dots.text} does not show how the sum goes on", r"Write a sum over an index: \sum_{i=1}^{n}.", dots.place)
            terms, signs = made
        if len(terms) == 1 and signs == ["+"]:
            return terms[0]
        return Node("sum", self.span(start), tuple(terms), ops=tuple(signs))

    def term(self) -> Node:
        start = self.peek
        factors = [self.factor()]
        ops = [""]
        while True:
            token = self.peek
            if token.text == "circ" and token.kind == "command" and len(factors) == 1 and self._composes(factors[0]):
                self.take()
                inner = self.factor()
                bracket = self.powers(self.brackets())
                call = Node("product", self.span(start), (inner, bracket), ops=("", ""))
                return Node("product", self.span(start), (factors[0], Node("paren", inner.place, (call,), "(")), ops=("", ""))
            if token.kind == "command" and token.text in JOINERS:
                op = JOINERS[self.take().text]
            elif token.kind == "op" and token.text in "*/":
                op = "star" if self.take().text == "*" else "slash"
            elif self._at_evaluation():
                whole = factors[0] if len(factors) == 1 else Node("product", self.span(start), tuple(factors), ops=tuple(ops))
                factors, ops = [self._evaluated(whole, start)], [""]
                continue
            elif self.starts_factor(token):
                op = ""
            else:
                break
            raised = self.position > 1 and self.tokens[self.position - 2].text in ("_", "^")
            beside = (self.peek,) if raised else (self.tokens[self.position - 1], self.peek)
            prose = [t for t in beside if t.kind == "word" and t.style in PROSE]
            if op == "" and prose and not self._at("(", "[") and not self._at_function():
                what = rf"\text{{{prose[0].text}}} can be read as a name and as a word between two formulas"
                self.fail(what, r"Write \cdot for a product, or \quad before words.", prose[0].place)
            if op and self._at("-"):
                minus = self.take()
                inner = self.factor()
                factor = Node("paren", self.span(minus), (Node("sum", inner.place, (inner,), ops=("-",)),), "(")
            else:
                factor = self.factor()
            self._check_neighbours(factors, ops, op, factor)
            factors.append(factor)
            ops.append(op)
        return factors[0] if len(factors) == 1 else Node("product", self.span(start), tuple(factors), ops=tuple(ops))

    def _composes(self, first: Node) -> bool:
        r"""Whether f \circ g(x) stands here, a composition of letters for functions."""
        following, bracket = (
            self.tokens[self.position + 1 : self.position + 3] if self.position + 2 < len(self.tokens) else (self.peek,) * 2
        )
        letters = first.symbol is not None and not first.symbol.primes and first.symbol.base in _FUNCTION_NAMES
        return letters and following.kind == "letter" and following.text in _FUNCTION_NAMES and bracket.text == "("

    def _at_function(self) -> bool:
        return self.peek.kind == "word" and bool(self._function_of(self.peek))

    def _check_neighbours(self, factors: list[Node], ops: list[str], op: str, factor: Node) -> None:
        """Refuse 3 4 x, x 2, 2\\frac12, 1/2x, a/bc and a/b/c."""
        before = factors[-1]
        written, then = self.written(before), self.written(factor)
        if op == "" and factor.head == "number" and before.head != "paren":
            both = f"{written}{then}" if before.head in ("number", "power") else f"{written}_{then}"
            if before.head == "power":
                both = f"{self.written(before.parts[0])}^{{{self.written(before.parts[1])}{then}}}"
            self.fail(
                f"{written} {then} can be read as {both} and as {written} times {then}",
                r"Write \cdot between the factors, or join the digits.",
                factor.place,
            )
        if op == "" and before.head == "number" and factor.head == "frac" and all(p.head == "number" for p in factor.parts):
            top, below = factor.parts[0].text, factor.parts[1].text
            what = f"{written} {top}/{below} can be read as {written} + {top}/{below} and as {written} times {top}/{below}"
            self.fail(what, r"Write \cdot or + between them.", factor.place)
        if "slash" in ops and factor.head != "big":
            k = ops.index("slash")
            top, below = self.written(factors[k - 1]), " ".join(self.written(f) for f in factors[k:])
            if op == "slash":
                what = f"{top}/{below}/{then} can be read as ({top}/{below})/{then} and as {top}/({below}/{then})"
            else:
                what = f"{top}/{below} {then} can be read as ({top}/{below}) {then} and as {top}/({below} {then})"
            self.fail(what, r"Write \frac{...}{...}, or brackets.", factor.place)

    # ------------------------------------------------------------ factors

    def starts_factor(self, token: Token) -> bool:
        if token.kind in ("number", "letter", "word", "begin", "bad"):
            return True
        if token.kind == "command":
            ends = ("\\", "quad", "qquad", "right", "evaluation", "rangle")
            return token.text not in JOINERS and token.text not in RELATIONS and token.text not in ends
        if token.kind == "op" and token.text in "|‖":
            return not self._closes_bar(token) and self.tokens[self.position + 1].text not in ("_", "^")
        return token.kind == "op" and token.text in ("(", "[", "{")

    def factor(self) -> Node:
        token = self.peek
        self.depth += 1
        if self.depth > MAX_DEPTH:
            place = token.place
            raise LimitError(
                f"the formula nests more than {MAX_DEPTH} deep", advice="Name parts of it.", place=place, source=self.source.line(place)
            )
        try:
            return self._with_factorials(self._factor(token), token)
        finally:
            self.depth -= 1

    def _with_factorials(self, node: Node, token: Token) -> Node:
        """n!, of what stands directly before the sign."""
        while self._at("!") and self.tokens[self.position + 1].text != "=":
            if node.head in ("power", "transpose"):
                inside = self.written(node)
                what = f"{inside}! can be read as the factorial of the power and as a power of a factorial"
                self.fail(what, "Put what the factorial is of in brackets.", self.peek.place)
            self.take()
            node = self.powers(Node("apply", self.span(token), (node,), "factorial", ops=("", "", "0")))
        return node

    def _factor(self, token: Token) -> Node:
        if token.kind == "number":
            self.take()
            if token.text == "1" and self._at("(", "[") and self._at_condition():
                self.position -= 1
                return self._indicator(token)
            return self.powers(Node("number", token.place, text=token.text))
        if token.kind in ("letter", "word"):
            return self._named(token)
        if token.kind == "op":
            match token.text:
                case "(" | "[":
                    return self.powers(self.brackets())
                case "{":
                    if self.tokens[self.position + 1].text == "}":
                        return self._transposed_from_the_left()
                    return self.powers(self.group())
                case "|" | "‖":
                    return self.powers(self._bars(token))
        if token.kind == "begin" and token.text in ("cases", "dcases"):
            return self._cases(token)
        if token.kind == "begin" and token.text in STACKS:
            return self.powers(self._stack(token))
        if token.kind == "command":
            return self._command(token)
        self._refuse(token)

    def _named(self, token: Token) -> Node:
        """A name, or a function written as a word."""
        slope = self.slope() if token.text == "d" else None
        if slope is not None:
            return self.powers(slope)
        self._check_run(token)
        if token.kind == "word":
            function = self._function_of(token)
            following = self.tokens[self.position + 1]
            if function and (following.text in ("(", "[", "{", "_", "^") or token.style in ("operatorname", "loose")):
                self.take()
                return self._apply(function, token)
            if token.style == "operatorname" and following.text not in ("(", "["):
                self.fail(
                    f"{token.text} is no function that is known",
                    "Call a function of the input language, or write a name in \\mathrm.",
                    token.place,
                )
        return self.symbol()

    @staticmethod
    def _function_of(token: Token) -> str:
        """The function of the input language that an upright word names, or nothing."""
        for word in (token.text, token.text.lower()):
            if word in FUNCTIONS:
                return FUNCTIONS[word]
            if word in ("Var", "Beta", "Gamma", "Power", "Index", "Cross", "Clip"):
                return ""
            if is_known_function(word):
                return word
        return ""

    def _check_run(self, token: Token) -> None:
        """log(x), written without the backslash, is l times o times g(x) in LaTeX: refuse a function's name in loose letters."""
        if not token.style.startswith("run:0:"):
            return
        run = token.style[6:]
        if len(run) == 2 and run[0] == "d":
            what = f"{run} can be read as a differential and as a product"
            self.fail(what, r"Write d \cdot x, or a derivative as a fraction.", Place(token.line, token.column, 2))
        if run.lower() in FUNCTIONS or (len(run) > 2 and is_known_function(run.lower())):
            what = f"{run} can be read as the function and as a product of letters"
            advice = rf"Write \{run}." if run in FUNCTIONS else rf"Write \operatorname{{{run}}}."
            self.fail(what, advice, Place(token.line, token.column, len(run)))

    def _command(self, token: Token) -> Node:
        name = token.text
        if name in FUNCTIONS:
            self.take()
            return self._apply(FUNCTIONS[name], token)
        if name in _BIG:
            self.take()
            return self._big(name, token)
        if name in ACCENTS:
            return self.symbol()
        match name:
            case "frac" | "tfrac" | "dfrac" | "cfrac":
                return self._fraction(token)
            case "sqrt":
                return self._root(token)
            case "nabla" | "grad":
                return self._nabla(token)
            case "partial":
                return self._slashed_partial(token)
            case "binom" | "dbinom" | "tbinom":
                self.take()
                parts = (self.inner(self.argument_tokens()), self.inner(self.argument_tokens()))
                return self.powers(Node("apply", self.span(token), parts, "binom", ops=("", "", "0")))
            case "langle":
                return self.powers(self._inner_product(token))
            case "underbrace" | "overbrace":
                return self._braced(token)
            case "evaluated":
                return self._evaluated_from(token)
        if name in _ADVICE:
            self.fail(rf"\{name} is not read", _ADVICE[name], token.place)
        self._refuse(token)

    def _refuse(self, token: Token) -> NoReturn:
        if token.error is not None:
            raise token.error
        if token.kind == "stop":
            self.fail("the formula ends too early", "Write a name, a number or a bracket here.", token.place)
        if token.kind == "text":
            self.fail(f"prose inside a formula: {token.text[:40]}", r"Put words after \quad, or outside the formula.", token.place)
        what = rf"\{token.text}" if token.kind in ("command", "begin", "end") else token.text
        if token.kind in ("begin", "end"):
            what = rf"\{token.kind}{{{token.text}}}"
        if token.kind == "command" and token.text in _ADVICE:
            self.fail(rf"\{token.text} is not read", _ADVICE[token.text], token.place)
        if token.kind == "command" and token.text not in JOINERS and token.text not in RELATIONS:
            self.fail(f"{what} is not read", "Write the formula with names, numbers, functions and sums.", token.place)
        self.fail(f"{what} where a name, a number or a bracket is expected", "Correct the formula here.", token.place)

    # ------------------------------------------------------------ functions

    def _apply(self, function: str, token: Token) -> Node:
        """A named function: its base or norm, its power, its argument in brackets or bare."""
        base: Node | None = None
        power: Node | None = None
        bounds: tuple[Bound, ...] = ()
        primes = 0
        while self._at("_", "^") or self.peek.kind == "prime":
            if self.peek.kind == "prime":
                primes += int(self.take().text)
            elif self.take().text == "_":
                if function in ("max", "min"):
                    bounds = self.bounds()
                elif function == "log":
                    base = self.single()
                else:
                    self.fail(rf"a subscript of {function} is not read", "Remove it.", token.place)
            else:
                power = self.single()
        if power is not None and power.head == "sum":
            what = f"{function}^{{-1}} can be read as the inverse function and as 1/{function}(...)"
            self.fail(what, r"Write \arcsin, say, or a fraction.", token.place)
        bare = ""
        if self._at("(", "["):
            bracket = self.brackets()
            arguments = bracket.parts
        elif self._at("{"):
            bare, arguments = "braced", (self.group(),)
        else:
            bare, arguments = "bare", (self._bare_argument(function, token),)
        if bare:
            self._check_after(function, arguments[0])
        if bounds:
            if len(arguments) != 1:
                self.fail(f"{function} over an index of several things", "Write one.", token.place)
            node = Node("big", self.span(token), arguments, function, bounds=bounds)
        else:
            parts = arguments if base is None else (*arguments, base)
            marks = (bare, "base" if base is not None else "", str(primes))
            node = Node("apply", self.span(token), parts, function, ops=marks)
        if power is not None:
            node = Node("power", self.span(token), (node, power))
        return node if bare else self.powers(node)

    def _bare_argument(self, function: str, token: Token) -> Node:
        r"""The argument of \log x: one factor, with its scripts; the brackets of \log\sigma(z) belong to sigma."""
        if not self.starts_factor(self.peek):
            self.fail(f"the argument of {function} is missing", rf"Write {function}(x).", token.place)
        start = self.peek
        node = self.factor()
        if node.head == "symbol" and self._at("(", "["):
            return Node("product", self.span(start), (node, self.powers(self.brackets())), text="call", ops=("", ""))
        return node

    def _derivative_follows(self, joined: bool) -> bool:
        r"""Whether the next factor is a derivative: in \cos u \cdot \frac{du}{dx} it is no part of the argument."""
        mark = self.position
        self.position += joined
        try:
            return self.peek.text in ("frac", "tfrac", "dfrac", "cfrac") and self._fraction(self.peek).head == "partial"
        except SymchainError:
            return False
        finally:
            self.position = mark

    def _check_after(self, function: str, argument: Node) -> None:
        r"""Refuse \log x y: log(x) y or log(x y)."""
        token = self.peek
        joined = (token.kind == "command" and token.text in JOINERS) or (token.kind == "op" and token.text in "*/")
        another = (token.kind == "command" and (token.text in FUNCTIONS or token.text in _BIG)) or (
            token.kind == "word" and self._function_of(token)
        )
        another = another or token.style == STYLE
        if (joined or (self.starts_factor(token) and not another)) and not self._derivative_follows(joined):
            rest = self.source.line(token.place)[token.column - 1 :][:12].split("$")[0].strip()
            inside = self.written(argument)
            what = f"{function} {inside} {rest} can be read as {function}({inside}) {rest} and as {function}({inside} {rest})"
            self.fail(what, "Put the argument in brackets.", token.place)

    def _big(self, name: str, token: Token) -> Node:
        r"""\sum_{i=1}^n and the product that follows, up to the next + or -."""
        bounds: tuple[Bound, ...] = ()
        last: Node | None = None
        while self._at("_", "^"):
            if self.take().text == "_":
                bounds = self.bounds()
            else:
                last = self.single()
        if last is not None:
            if len(bounds) != 1:
                self.fail("an upper bound for more than one index", "Write one sum for each index.", token.place)
            bounds = (Bound(bounds[0].letter, bounds[0].first, last, bounds[0].but),)
        elif any(b.first is not None and not b.but for b in bounds):
            self.fail("a sum with a first index and no last one", r"Write \sum_{i=1}^{n}, or \sum_i.", token.place)
        minus = self.take() if self._at("-") else None
        body = self.term()
        if minus is not None:
            body = Node("sum", self.span(minus), (body,), ops=("-",))
        return Node("big", self.span(token), (body,), name, bounds=bounds)

    def _root(self, token: Token) -> Node:
        self.take()
        degree: list[Node] = []
        if self._at("["):
            bracket = self.brackets()
            degree = [bracket.parts[0]]
        inner = self.single()
        return self.powers(Node("root", self.span(token), (inner, *degree)))

    def _braced(self, token: Token) -> Node:
        r"""\underbrace{x}_{label}: the label says nothing that is computed."""
        self.take()
        inner = self.group()
        if self._at("_", "^"):
            self.take()
            self.skip_argument()
        return inner
