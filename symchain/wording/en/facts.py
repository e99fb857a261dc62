"""English for data that lacks a fact that was declared of it."""

from __future__ import annotations

SENTENCES = {
    "fact.entry": "{name} is declared {fact}, but {entry} is {value}",
    "fact.total": "{name} is declared {fact}, but {row} adds up to {value}",
    "fact.mirror": "{name} is declared {fact}, but {entry}, which is {value}, and {mirror} differ",
    "fact.shifted": "{name} is declared {fact}, but {entry}, which is {value}, differs from the entry above it to the left",
    "fact.columns": "{name} is declared {fact}, but {columns} is {value}",
    "fact.eigenvalue": "{name} is declared {fact}, but its smallest eigenvalue is {value}",
    "fact.singular": "{name} is declared {fact}, but its smallest singular value is {value}: as far as floats tell, it is singular",
    "fact.advice": 'Give values that are {fact}, or do not declare it of {name}; of a kernel, with_options(facts="trust") does not look.',
    "fact.mirror.advice": "Give ({name} + {name}.T)/2 where rounding made the difference, or do not declare it of {name}; of a kernel, "
    'with_options(facts="trust") does not look.',
}
