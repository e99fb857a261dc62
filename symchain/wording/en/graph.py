"""English for the picture of a graph."""

from __future__ import annotations

SENTENCES = {
    "graph.title": "Values and gradients of {output}",
    "graph.legend.value": "value (forward pass)",
    "graph.legend.gradient": "∂{output}/∂· (backpropagation)",
    "graph.legend.wire": "the thicker the wire, the larger the gradient (largest input: full width)",
    "graph.legend.array": "[4×3] ‖2.31‖ : shape and norm of an array",
    "graph.legend.time": "an arrow back in time: what a step defines is what a later one reads; the gradient comes back along it",
    "graph.legend.shared": "{names}: the same at every step; their gradients are sums over the steps",
    "graph.legend.shared_one": "{names}: the same at every step; its gradient is a sum over the steps",
    "graph.next": "{source} is {target} of the next step",
    "graph.later": "{source} is {target} {steps} steps later",
    "graph.legend.summed": "{output}: the sum of the entries of {block}",
    "graph.hover.value": "value: {value}",
    "graph.hover.shape": "shape: {shape}",
    "graph.hover.wire": "{source} → {target}",
    "graph.hover.product": "received {received} × local {local} = passed on {sent}",
    "graph.hover.map": "passed on: {map}",
    "graph.hover.norms": "received {received}, passed on {sent}",
    "graph.hover.none": "no gradient passes here",
    "graph.hover.blocked": "{output} is not differentiated by {name}",
    "graph.hover.use": "{sent} (through {name})",
    "graph.hover.sum": "{derivative} = {terms} = {total}",
    "graph.hover.arrays": "{derivative} = {total}, the sum of {terms}",
    "graph.hover.terms": "{derivative} = {terms}",
}
