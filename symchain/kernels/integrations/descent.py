"""Descent: the methods of course texts, step by step, on a kernel: gradient descent, momentum, Nesterov, Adam, Newton."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite, sqrt
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, ShapeError, UnsupportedError, check_choice
from symchain.kernels.integrations.parameters import Parameters, of_order
from symchain.kernels.integrations.parts import Parts
from symchain.kernels.kernel import Kernel
from symchain.kernels.partners import needed

Vector = Any
Slope = Callable[[Vector], Vector]
Step = Callable[[Vector, Vector, int], Vector]
"""From the point, the gradient there and the number of the step (from 1) to the next point."""


def gd(rate: float, slope: Slope) -> Step:
    """Gradient descent: theta <- theta - rate*g."""
    return lambda theta, g, t: theta - rate * g


def momentum(rate: float, slope: Slope, beta: float = 0.9) -> Step:
    """Momentum (Polyak 1964): v <- beta*v - rate*g; theta <- theta + v."""
    v: Any = 0.0

    def step(theta: Vector, g: Vector, t: int) -> Vector:
        nonlocal v
        v = beta * v - rate * g
        return theta + v

    return step


def nesterov(rate: float, slope: Slope, beta: float = 0.9) -> Step:
    """Nesterov's accelerated gradient (1983): v <- beta*v - rate*g(theta + beta*v); theta <- theta + v."""
    v: Any = 0.0

    def step(theta: Vector, g: Vector, t: int) -> Vector:
        nonlocal v
        v = beta * v - rate * (g if t == 1 else slope(theta + beta * v))
        return theta + v

    return step


def adam(rate: float, slope: Slope, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Step:
    """Adam (Kingma and Ba 2015, algorithm 1): m <- beta1*m + (1 - beta1)*g; v <- beta2*v + (1 - beta2)*g**2;
    theta <- theta - rate*(m/(1 - beta1**t))/(sqrt(v/(1 - beta2**t)) + epsilon)."""
    m: Any = 0.0
    v: Any = 0.0

    def step(theta: Vector, g: Vector, t: int) -> Vector:
        nonlocal m, v
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        return theta - rate * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon)

    return step


def newton(rate: float, slope: Slope, hessian: Callable[[Vector], Any]) -> Step:
    """Newton's method: theta <- theta - rate*H**-1*g, with the Hessian of a kernel of order 2; rate is 1 unless given.

    Raises ArgumentError where the Hessian has no inverse.
    """

    def step(theta: Vector, g: Vector, t: int) -> Vector:
        try:
            return theta - rate * np.linalg.solve(hessian(theta), g)
        except np.linalg.LinAlgError as error:
            raise ArgumentError(f"the Hessian has no inverse at step {t}", advice='Use another method, such as "gd".') from error

    return step


METHODS: Mapping[str, tuple[Callable[..., Step], float]] = {
    "gd": (gd, 0.01),
    "momentum": (momentum, 0.01),
    "nesterov": (nesterov, 0.01),
    "adam": (adam, 0.001),
    "newton": (newton, 1.0),
}
"""Each method with the rate it has unless one is given."""

REASONS = {
    "gradient": "the gradient is no longer than the tolerance",
    "steps": "all steps were made",
    "diverged": "the value or the gradient is not finite",
    "asked": "the callback returned True",
}


@dataclass(frozen=True)
class Descent:
    """What became of a descent: where it ended, why, and the values and lengths of gradients on the way."""

    method: str
    point: Mapping[str, Any]
    value: float
    steps: int
    reason: str
    """gradient, steps, diverged or asked."""
    values: Any
    """The value before each step, and the last one; with mini-batches that of the batch."""
    lengths: Any
    """The length of the gradient at the same places."""
    points: Any = field(repr=False, default=None)
    """The flat vectors of parameters, where they were asked for."""

    def plot(self, axes: Any = None) -> Any:
        """Value and length of the gradient over the steps, drawn with Matplotlib. Returns the axes; needs the extra `plot`."""
        pyplot = needed("matplotlib.pyplot")
        axes = pyplot.subplots()[1] if axes is None else axes
        steps = np.arange(len(self.values))
        (line,) = axes.plot(steps, self.values, color="C0", label="value")
        axes.set_xlabel("step")
        axes.set_ylabel("value")
        beside = axes.twinx()
        (other,) = beside.plot(steps, self.lengths, color="C1", label="length of the gradient")
        if np.all(np.asarray(self.lengths) > 0):
            beside.set_yscale("log")
        beside.set_ylabel("length of the gradient")
        axes.set_title(f"{self.method}: {self.steps} steps")
        axes.legend(handles=[line, other], loc="upper right")
        return axes


def descend(
    kernel: Kernel,
    start: Mapping[str, Any],
    method: str = "gd",
    *,
    rate: float | None = None,
    steps: int = 1000,
    tolerance: float = 1e-8,
    batch: int | None = None,
    samples: str | None = None,
    seed: int = 0,
    callback: Callable[[int, float], Any] | None = None,
    keep_points: bool = False,
    progress: bool = True,
    **constants: float,
) -> Descent:
    """Walk down from `start`, which holds a value for every input: parameters (what the kernel was compiled with respect to) move.

    Methods: gd, momentum, nesterov, adam, newton (a kernel of order 2); `rate` and the other `constants` (beta, beta1, beta2, epsilon)
    are those of the formula in each method's docstring. It stops where the gradient is no longer than `tolerance`, after `steps` steps,
    where something is not finite, or where `callback(step, value)` returns True. With `batch`, each step reads so many samples,
    drawn anew in every pass (`seed`): the inputs with the dimension `samples` are cut, and the loss is to be a mean over them.
    Raises ArgumentError for unknown names, UnsupportedError for values that are no numbers or a loss that is no such mean.

    >>> import symchain
    >>> kernel = symchain.parse("C = (x - 3)**2 + 1").compile(wrt=["x"], order=2)
    >>> found = symchain.descend(kernel, {"x": 0.0}, "gd", rate=0.25)
    >>> found.reason, round(found.point["x"], 6)
    ('gradient', 3.0)
    >>> symchain.descend(kernel, {"x": 0.0}, "newton").steps
    1
    """
    check_choice("method", method, METHODS)
    _check_counts(steps, batch)
    parameters = Parameters(kernel, start)
    make, usual = METHODS[method]
    evaluated = _Evaluation(kernel, parameters, batch, samples, seed)
    theta = parameters.x0
    if np.ndim(evaluated(theta)[0]):
        what = "the value is an array, and only a number has a way down"
        raise UnsupportedError(what, advice="Sum it in the program, or give single numbers.")
    if method == "newton":
        if kernel.plan.order != 2 or batch is not None:
            what = "Newton's method needs second derivatives, over all samples"
            raise UnsupportedError(what, advice="Compile the kernel with order=2, and leave batch out.")
        second = of_order(kernel, 2).positional
        constants["hessian"] = lambda p: parameters.hessian(second(*parameters.arguments(p))[2])  # type: ignore[assignment]
    try:
        advance = make(usual if rate is None else rate, lambda point: evaluated(point)[1].copy(), **constants)
    except TypeError:
        raise ArgumentError(
            f"{method} has no constant {', '.join(sorted(constants))}", advice=(make.__doc__ or "").split("\n")[0]
        ) from None
    values_seen, lengths_seen, points = [], [], []
    reason, bar = "steps", _Bar(steps, progress)
    step = 0
    silent = np.errstate(over="ignore", invalid="ignore")
    silent.__enter__()
    try:
        while True:
            value, g = evaluated(theta)
            value, length = float(value), sqrt(g.dot(g))
            values_seen.append(value)
            lengths_seen.append(length)
            if keep_points:
                points.append(theta)
            if not (isfinite(length) and isfinite(value)):
                reason = "diverged"
                break
            if length <= tolerance and batch is None:
                reason = "gradient"
                break
            if step == steps:
                break
            if callback is not None and callback(step, value) is True:
                reason = "asked"
                break
            step += 1
            theta = advance(theta, g, step)
            evaluated.advance()
            bar.at(step, value)
    finally:
        silent.__exit__(None, None, None)
        bar.close()
    kept = np.array(points) if keep_points else None
    return Descent(method, parameters.unpack(theta), values_seen[-1], step, reason, np.array(values_seen), np.array(lengths_seen), kept)


def _check_counts(steps: Any, batch: Any) -> None:
    for name, count in (("steps", steps), ("batch", batch)):
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
            raise ArgumentError(f"{name} is {count!r}", advice=f"Give {name} as a whole number from 1.")


class _Evaluation:
    """Value and flat gradient at a point; with batches, of the samples drawn last, weighed so that they are right on average."""

    def __init__(self, kernel: Kernel, parameters: Parameters, batch: int | None, samples: str | None, seed: int) -> None:
        self.parameters = parameters
        self.pairs = list(zip(parameters.names, parameters.slices, strict=True))
        self.buffer = np.empty(parameters.size)
        self.numbers = not any(parameters.shapes)
        self.first = of_order(kernel, 1).positional
        self.draws: Iterator[tuple[list[int], list[Any]]] | None = None
        if batch is None:
            return
        parts = Parts(of_order(kernel, 1), samples)
        if not parts.split.affine or parts.split.rows:
            what = "a batch says nothing of the loss on average: it is no sum or mean over samples, with terms without them"
            raise UnsupportedError(what, advice="Leave batch out.")
        self.draws = self._drawn(parts, batch, seed)
        self.advance()

    def _drawn(self, parts: Parts, batch: int, seed: int) -> Iterator[tuple[list[int], list[Any]]]:
        """Makes `first` the kernel over one batch after the other; every pass in another order."""
        axes = parts.split.axes
        counts = {np.shape(self.parameters.values[k])[a] for k, a in axes.items()}
        if len(counts) != 1 or min(counts) < batch:
            raise ShapeError(f"a batch of {batch} is more than there are samples: {min(counts)}", advice="Give a smaller batch.")
        (count,) = counts
        known = parts.counted(self.parameters.values, count)

        def of_batch(*values: Any) -> Any:
            given = list(values)
            for k, piece in zip(self.cut, self.data, strict=True):
                given[k] = piece
            totals, _ = parts.chunk(given, known)
            return parts.formed(parts.finish(given, [t * (count / batch) for t in totals], known), [])

        self.first = of_batch
        random = np.random.default_rng(seed)
        while True:
            order = random.permutation(count)
            for low in range(0, count - batch + 1, batch):
                rows = order[low : low + batch]
                yield list(axes), [np.take(self.parameters.values[k], rows, axis) for k, axis in axes.items()]

    def advance(self) -> None:
        """Draw the next batch, where there are any."""
        if self.draws is not None:
            self.cut, self.data = next(self.draws)

    def __call__(self, theta: Vector) -> tuple[Any, Vector]:
        value, gradient = self.first(*self.parameters.arguments(theta))
        if self.numbers:
            self.buffer[:] = list(gradient.values())
        else:
            for name, part in self.pairs:
                self.buffer[part] = np.ravel(gradient[name])
        return value, self.buffer


class _Bar:
    """A progress bar on standard error, where a terminal waits for more than a second."""

    def __init__(self, steps: int, wanted: bool) -> None:
        self.steps, self.began = steps, time.monotonic()
        self.bar: Any = None
        self.wanted = wanted and sys.stderr.isatty()

    def at(self, step: int, value: float) -> None:
        if not self.wanted or step % 16:
            return
        if self.bar is None and time.monotonic() - self.began > 1:
            from rich.console import Console
            from rich.progress import Progress

            self.bar = Progress(console=Console(stderr=True), transient=True)
            self.task = self.bar.add_task("descent", total=self.steps)
            self.bar.start()
        if self.bar is not None:
            self.bar.update(self.task, completed=step, description=f"value {value:.6g}")

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()


__all__ = ["METHODS", "REASONS", "Descent", "descend"]
