"""English for the numerical check of a derivation."""

from __future__ import annotations

SENTENCES = {
    "check.at": "At {point}: {statement}, {method} {reference}; largest relative difference over {points}: {error}.",
    "check.at_one": "At {point}: {statement}, {method} {reference}; relative difference: {error}.",
    "check.array": "At {point}: {derivative} compared with {method} in {components} at {points}; largest relative difference: {error}.",
    "check.somewhere": "{derivative} compared with {method} in {components} at {points}; largest relative difference: {error}.",
    "check.shared": "At {point}: {values}; compared with {method} at {points}, largest relative difference: {error}.",
    "check.points": "{count} points",
    "check.points.one": "one point",
    "check.components": "{count} components",
    "check.components.one": "one component",
    "check.rounded": "This difference is rounding: other last digits change it as much.",
    "check.sampled": "For this check, functions whose derivative is unknown are replaced by sample functions.",
    # where the derivative is 0
    "check.zero": "At {point}: {statement}, {method} {reference}; both are 0 at {points}.",
    "check.zero.somewhere": "{derivative} compared with {method} at {points}: both are 0.",
    # where nothing is known
    "check.none": "No numerical check was possible here: {reason}",
    "check.nowhere": "No numerical check was possible here: no point was found where the computation and its derivative have finite "
    "values in double precision.",
    "check.kinks": "No numerical check was possible here: every point that was tried is on a kink, where there is no derivative.",
    "check.rounding": "Nothing is decided here: in double precision, wherever {derivative} is not 0 at the points that were tried, "
    "rounding changes it as much as a mistake would.",
    "check.flat": "Nothing is decided here: {derivative} and the {method} are 0 wherever they were tried ({points}), where a wrong formula "
    "could be 0 too.",
    "check.failed": "The check failed: the largest relative difference is {error}. This is a defect of symchain; please report it.",
    # the reader's point
    "check.asked": "the point given",
    "check.asked.outside": "At {point} the computation has no value.",
    "check.asked.steep": "At {point} the computation has no finite derivative.",
    "check.asked.singular": "At {point} the formula has no value as it is written.",
    "check.asked.rounding": "At {point} rounding decides as much as the formula, in double precision.",
    "check.asked.kink": "At {point} there is a kink, where {output} has no derivative: {statement} is the subgradient of least norm, "
    "taken by convention.",
    "check.asked.kink.array": "At {point} there is a kink, where {output} has no derivative: in the entries that it concerns, {derivative} "
    "is the subgradient of least norm, taken by convention.",
    "check.asked.branch": "At {point} a comparison is an equality: {statement} is the derivative of the branch taken there.",
    "check.asked.branch.array": "At {point} a comparison is an equality: {derivative} is the derivative of the branch taken there.",
    "check.elsewhere": "The check is made elsewhere.",
    # what the sign says
    "reading.positive": "Reading: {statement}, so raising {wrt} a little raises {output}.",
    "reading.zero": "Reading: {statement} at this point, so a small change of {wrt} leaves {output} as it is, to first order.",
    "reading.negative": "Reading: {statement}, so raising {wrt} a little lowers {output}.",
    "method.differences with many digits": "central differences with many digits",
    "method.complex step": "complex step",
    "method.complex step and central difference": "complex step and central difference",
}
