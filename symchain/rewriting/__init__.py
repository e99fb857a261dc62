"""Named simplifications with a price, the operations of the printed form: each shortens, each is a step, each is checked."""

from symchain.rewriting.expansion import multiplied_out
from symchain.rewriting.reduction import is_large, price_of, reduced, simplify
from symchain.rewriting.steps import steps_between, steps_from

__all__ = ["is_large", "multiplied_out", "price_of", "reduced", "simplify", "steps_between", "steps_from"]
