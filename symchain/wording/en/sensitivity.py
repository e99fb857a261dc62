"""English for sensitivities: clauses beside a bar or in a list, without a capital or a full stop, and a few whole sentences."""

from __future__ import annotations

SENTENCES = {
    "influence.title": "Influence of the inputs on {output}",
    "influence.at": "At {point}, where {statement}.",
    "influence.here": "At the point given, where {statement}.",
    "influence.over": "Over {count} points, where {output} is {value} on average.",
    "influence.rank": "rank",
    "influence.input": "input",
    "influence.value": "value",
    "influence.slopes": "gradient",
    "influence.elasticities": "elasticity",
    "influence.panel.slope": "Gradient {symbol}: equal small changes",
    "influence.panel.slope_mean": "Gradient {symbol}: equal small changes, mean size over the points",
    "influence.panel.elasticity": "Elasticity {symbol}: equal relative changes",
    "influence.panel.elasticity_mean": "Elasticity {symbol}: equal relative changes, mean size over the points",
    # one input, one bar
    "influence.raises": "raising {input} by {step} raises {output} by about {change}",
    "influence.lowers": "raising {input} by {step} lowers {output} by about {change}",
    "influence.norm": "moving {input} by a length of {step} changes {output} by at most about {change}; strongest entry: {strongest}",
    "influence.mean": "changing {input} by {step} changes {output} by about {change} on average; "
    "raising it raises {output} at {up} of {count} points",
    "influence.mean.never": "changing {input} by {step} changes {output} by about {change} on average; "
    "raising it raises {output} at none of {count} points",
    "influence.mean_norm": "moving {input} by a length of {step} changes {output} by at most about {change}, on average over the points",
    "influence.percent.raises": "raising {input} by 1% raises {output} by about {change}%",
    "influence.percent.lowers": "raising {input} by 1% lowers {output} by about {change}%",
    "influence.percent.enlarges": "making {input} 1% larger in size makes {output} about {change}% larger in size",
    "influence.percent.shrinks": "making {input} 1% larger in size makes {output} about {change}% smaller in size",
    "influence.percent.mean": "making {input} 1% larger in size changes {output} by about {change}% on average",
    "influence.percent.none": "making {input} 1% larger in size leaves {output} as it is, to first order",
    # zeros and saturation
    "influence.unrelated": "exactly 0: {output} does not depend on {input}",
    "influence.flat": "exactly 0: every path from {input} to {output} passes through a factor that is always 0",
    "influence.killed_one": "exactly 0: {factors} cuts every path from {input} to {output}",
    "influence.killed_many": "exactly 0: {factors} cut every path from {input} to {output}",
    "influence.cancelled": "exactly 0: what comes along the paths from {input} to {output} cancels or vanishes",
    "influence.undefined": "the derivative by {input} is not defined here",
    "influence.saturated": "saturated: {factor} = {value} in {block}, so little passes through",
    "influence.saturated_off": "switched off: {factor} = 0 in {block}, so nothing passes through",
    "influence.saturated_some": "saturated: {factor} is below 0.001 in size for {count} of {total} values in {block}, so little passes "
    "there",
    # what to keep in mind
    "influence.warning": "Local, near this point: larger changes can act otherwise.",
    "influence.warning_many": "Local, near these points: larger changes can act otherwise.",
    "influence.compare": "The gradient compares equal small changes, the elasticity equal relative changes: "
    "they may rank the inputs differently.",
    "influence.no_elasticity": "There are no elasticities where {output} is 0.",
    "influence.omitted.one": "One weaker input is not shown.",
    "influence.omitted": "{count} weaker inputs are not shown.",
    "influence.arrays": "For an array the number is the length of its gradient; positive entries make the bar on the right, negative ones "
    "that on the left.",
    "influence.both": "On the right of 0: the mean where raising the input raises the output; on the left: where it lowers it.",
    "influence.labels": "Not varied, because they hold whole numbers or cannot be differentiated by: {names}.",
}
