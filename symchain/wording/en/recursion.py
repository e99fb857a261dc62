"""English for derivations of programs with families: recursions of adjoints, and sums over steps."""

from __future__ import annotations

SENTENCES = {
    "recursion.written_once": "Each line with an index is written once and stands for every step; the bounds stay letters, and so they do "
    "in the derivative.",
    "recursion.variable": "The output is {output}; the variable is {wrt}, everything else held fixed.",
    "recursion.variable.family": "The output is {output}; the variable is {wrt}, one member at a time, for {indices}.",
    "recursion.moving": "Here {rate} is how {output} moves as {wrt} moves along the vector {vector}, worked out by a recursion that runs "
    "forward beside the program's; its gradient, by a recursion that runs back, is the product of the Hessian and that vector.",
    "recursion.moving.number": "Here {rate} is the derivative of {output} by {wrt}, worked out by a recursion that runs forward beside the "
    "program's; its own derivative, by a recursion that runs back, is the second derivative.",
    "recursion.columns": "The Hessian of {output} by {wrt} is not written at once, for it has the axes of {wrt} twice: with a unit vector "
    "for {vector} this is one of its columns, and all unit vectors give all columns.",
    "section.reading": "Who reads what",
    "recursion.readers": "{member} is read by {readers}.",
    "recursion.unrolled": "Written out for a few steps, this shows the pattern: what a member receives is the sum of what its readers send "
    "back, at shifted indices; a reader outside of its range sends nothing.",
    "section.forward": "Recursion of the sensitivities",
    "recursion.forward.why": "The derivative is carried forward beside the values: one recursion gives that of all entries of {output}, "
    "and its cost grows with the entries of {wrt}; the way back would need a recursion for each entry of {output}.",
    "recursion.forward.step": "A step adds what {wrt} does in the step itself to what it did before, multiplied by the Jacobian of the "
    "step.",
    "recursion.forward.once": "{wrt} acts on {output} without a recursion.",
    "section.recursion": "Recursion of the adjoints",
    "recursion.adjoint.whole": "The adjoint {adjoint} is the derivative of {output} by {member}, all that follows included.",
    "recursion.adjoint.argument": "The adjoint {adjoint} is the derivative of {output} by the argument of the function whose value is "
    "{member}.",
    "recursion.adjoint.later": "The adjoint {adjoint} is what {member} receives from the lines that read it at other steps.",
    "recursion.truncated": "The recursion is truncated: the steps of each range are cut into windows of length {steps}, counted from the "
    "last step, and what an earlier window defines is held fixed in a later one, like a constant (truncated backpropagation through time, "
    "a window at a time; Williams and Peng, 1990). Starts are not held fixed.",
    "recursion.carry": "The factor {carries} is 0 where a window ends, so that nothing is carried back, and 1 elsewhere.",
    "recursion.not_whole": "{result} is not the derivative of {output} by {wrt}, but a truncated one: what acts across the ends of windows "
    "is left out. Where one window holds all steps, both are the same.",
    "recursion.adjoint.truncated": "{adjoint} is what {member} receives from {output} within its window.",
    "recursion.adjoint.truncated_argument": "{adjoint} is what the argument of the function whose value is {member} receives from {output} "
    "within its window.",
    "recursion.starts": "The recursion starts at the end, with {starts}: no later step reads that member.",
    "recursion.past": "Past the last step nothing is read: {starts} is zero, and the recursion starts from there.",
    "recursion.runs": "It runs down, from {first} to {last}, because each adjoint needs those of later steps.",
    "recursion.none": "No step reads an earlier one here, so each adjoint is known at once, without a recursion.",
    "recursion.none.truncated": "Nothing comes back from later steps here, so each adjoint is known at once, without a recursion.",
    "recursion.shared": "{wrt} is the same at every step, and every step contributes: its derivative is the sum over the steps.",
    "recursion.own": "{wrt} is read at its own step alone: nothing is summed over the steps.",
    "recursion.start": "{wrt} enters before the first step: its derivative is what the recursion brings back there.",
    "recursion.once": "{wrt} is read by single lines alone: their contributions are added.",
    "recursion.check": "The lines, written out for {lengths}, agree with the complex step through the program written out; largest "
    "relative difference at {points} points: {error}.",
    "recursion.check.truncated": "The lines, written out for {lengths}, agree with the complex step through the program written out, in "
    "which the members of earlier windows are held fixed (stop_gradient); largest relative difference at {points} points: {error}.",
    "recursion.check.second": "The lines, written out at several lengths, agree with central differences of complex steps through the "
    "program written out; largest relative difference at {points} points: {error}.",
    "recursion.check.fixed": "The lines, written out, agree with the complex step through the program written out; largest relative "
    "difference at {points} points: {error}.",
    "recursion.check.failed": "The check failed: the largest relative difference is {error}. This is a defect of symchain, please report "
    "it.",
    "recursion.check.none": "No numerical check was possible here: {reason}.",
    "recursion.role.start": "start",
    "recursion.role.end": "past the end",
    "recursion.role.named": "{name}",
    "recursion.role.named_start": "start, {name}",
    "recursion.equation": "This is equation {name}.",
    "recursion.named.bp": "These are the equations of backpropagation: BP1 is the error of the output layer, BP2 brings the error back by "
    "one layer, BP3 is the gradient by the biases, the error itself, and BP4 that by the weights, the error times what enters the layer.",
    "recursion.named.bptt": "This is backpropagation through time (BPTT): the error comes back step by step, and the weights that all "
    "steps share receive something from each of them. Each step back multiplies the error by the transposed Jacobian of that step: over "
    "many steps the product vanishes where these factors have norms below 1, and may explode where they are above 1.",
    "recursion.named.costate": "This is the costate equation of optimal control: the adjoint is the costate, the derivative of the cost "
    "still to come by the state, and the gradient by the controls is the derivative of the Hamiltonian.",
    "recursion.named.smoother": "This is the backward pass of the Kalman smoother (Bryson and Frazier): the smoothed mean is the "
    "filtered mean minus its variance times what the adjoint of the mean brings back from later steps.",
}
