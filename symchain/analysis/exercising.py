"""Exercises made: questions chosen from a program or generated on a topic, by a seed; sessions taken up again; sheets to print."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from symchain.errors import ArgumentError, check_choice
from symchain.language.families import read_text
from symchain.nouns.computation import ancestors, dependents
from symchain.nouns.exercise import Exercise, Question, session_of
from symchain.nouns.program import Program
from symchain.wording import check_language, sentence

COUNT, MOST = 5, 100
_FUNCTIONS = ("exp", "sin", "cos", "tanh", "sigmoid", "sqrt", "log")


def _number(random: Random) -> int:
    return random.choice((2, 3, 4, 5, 6, 7))


def _inner(random: Random) -> str:
    return random.choice((f"{_number(random)}*x + {_number(random)}", f"x**2 + {_number(random)}", f"{_number(random)}*x**2 + 1"))


def _polynomial(random: Random) -> str:
    return f"y = {_number(random)}*x**{_number(random)} - {_number(random)}*x + {_number(random)}"


def _product(random: Random) -> str:
    return f"y = x**{_number(random)}*{random.choice(_FUNCTIONS[:4])}({_number(random)}*x)"


def _quotient(random: Random) -> str:
    return f"y = ({_inner(random)})/(x**2 + {_number(random)})"


def _chain(random: Random) -> str:
    return f"u = {_inner(random)}\nv = {random.choice(_FUNCTIONS[:5])}(u)\ny = v**{_number(random)}"


def _logarithm(random: Random) -> str:
    return f"x: () positive\ny = {random.choice(_FUNCTIONS[5:])}({_inner(random)})"


def _network(random: Random) -> str:
    return f"z = w*x + b\na = {random.choice(('tanh', 'sigmoid', 'exp'))}(z)\nC = {random.choice(('(a - t)**2', '(a - t)**2/2'))}"


def _vectors(random: Random) -> str:
    loss = random.choice(("sum(r**2)", "sum(r**2)/n", "sum(r**2)/2", "sum(exp(r))"))
    return f"X: (n, p)\nw: (p,)\ny: (n,)\nr = X @ w - y\nC = {loss}"


def _matrices(random: Random) -> str:
    loss = random.choice(("sum(E**2)", "sum(E**2)/2", f"sum(E**2) + {_number(random)}*sum(W**2)"))
    return f"X: (n, p)\nW: (p, k)\nY: (n, k)\nE = X @ W - Y\nC = {loss}"


TOPICS: Mapping[str, tuple[Callable[[Random], str], str]] = {
    "polynomials": (_polynomial, "x"), "products": (_product, "x"), "quotients": (_quotient, "x"), "chains": (_chain, "x"),
    "logarithms": (_logarithm, "x"), "networks": (_network, "w,b,x"), "vectors": (_vectors, "w,X"), "matrices": (_matrices, "W,X"),
}  # fmt: skip
"""By name, what makes a program, and by what it may be asked to be differentiated."""


def exercise(source: Any, topic: str | None, seed: int, count: int | None) -> Exercise:
    """The exercise of a program (a text or a Program), or on a topic. The same seed gives the same questions."""
    if (source is None) == (topic is None):
        raise ArgumentError("an exercise is made from a program or on a topic", advice=f"Topics are {', '.join(TOPICS)}.")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ArgumentError("the seed is no whole number", advice="Write seed=1.")
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST):
        raise ArgumentError(f"the number of questions is not between 1 and {MOST}", advice="Write count=5.")
    if topic is not None:
        check_choice("topic", topic, TOPICS)
        return Exercise(tuple(_generated(topic, seed, count or COUNT)), {"topic": topic, "count": count or COUNT}, seed)
    program = source if isinstance(source, Program) else read_text(source, shapes=None, assume=None, let=None)
    if program.recurrence is not None:
        raise ArgumentError("an exercise needs a program without families", advice="Unroll it first: program.unrolled(L=3).")
    possible = list(_questions(program))
    if not possible:
        raise ArgumentError("no block of the program depends on an input: there is nothing to ask", advice="Give a program to derive.")
    chosen = sorted(Random(seed).sample(range(len(possible)), min(count or COUNT, len(possible))))
    return Exercise(tuple(possible[k] for k in chosen), {"program": str(program), "count": count or COUNT}, seed)


def resume(text: str) -> Exercise:
    """A saved session: its questions are made again, and its answers are judged again."""
    data = session_of(text)
    try:
        source = data["source"]
        made = exercise(source.get("program"), source.get("topic"), data["seed"], source["count"])
        answers = [(str(a["claim"]), int(a["hints"])) for a in data["answers"]]
        level = int(data["level"])
    except (KeyError, TypeError, AttributeError, ValueError):
        raise ArgumentError("the saved exercise is incomplete", advice="Begin it anew.") from None
    for claim, hints in answers[: len(made.questions)]:
        made.level = min(max(hints, 0), 3)
        made.answer(claim)
    made.level = min(max(level, 0), 3)
    return made


def _generated(topic: str, seed: int, count: int) -> Iterator[Question]:
    """Different questions while there are some; of a topic with few, again from the beginning."""
    make, names = TOPICS[topic]
    random = Random(f"{topic} {seed}")
    seen: set[tuple[str, str]] = set()
    for _ in range(count):
        text, wrt = make(random), random.choice(names.split(","))
        for _ in range(20):
            if (text, wrt) not in seen:
                break
            text, wrt = make(random), random.choice(names.split(","))
        seen.add((text, wrt))
        program = read_text(text, shapes=None, assume=None, let=None)
        yield Question(program, program.last, wrt)


def _questions(program: Program) -> Iterator[Question]:
    """The local derivatives, from the first block on, then the whole ones by the inputs."""
    output = program.last
    wanted = ancestors(program, output)
    asked = set()
    for block in program.blocks.values():
        if block.name in wanted:
            for read in block.reads:
                asked.add((block.name, read))
                yield Question(program, block.name, read)
    for name in program.inputs:
        if (output, name) not in asked and output in dependents(program, name):
            yield Question(program, output, name)


def sheet(made: Exercise, lang: str, solutions: bool) -> str:
    """A LaTeX document with the questions, and with solutions where they are asked for."""
    check_language(lang)
    title = sentence(lang, "exercise.sheet.solutions" if solutions else "exercise.sheet").format(seed=made.seed)
    out = [r"\documentclass[11pt]{article}", r"\usepackage[T1]{fontenc}", r"\usepackage[utf8]{inputenc}",
           r"\usepackage{amsmath,amssymb}", r"\usepackage[margin=25mm]{geometry}", r"\begin{document}",
           rf"\section*{{{title}}}", r"\begin{enumerate}"]  # fmt: skip
    for q in made.questions:
        d = q.program.derive(q.output, q.wrt)
        asked = sentence(lang, "exercise.sheet.question").format(symbol=f"${_symbol(q)}$")
        out += [rf"\item {asked}", q.program.latex()]
        out.append(d.latex(lang=lang, detail="brief") if solutions else r"\vspace{30mm}")
    return "\n".join([*out, r"\end{enumerate}", r"\end{document}", ""])


def _symbol(question: Question) -> str:
    from symchain.render.names import typeset

    return rf"\partial {typeset(question.output)}/\partial {typeset(question.wrt)}"
