"""English for verdicts: whole sentences that say what is wrong with a claimed derivative, where, and what is right."""

from __future__ import annotations

SENTENCES = {
    "check.proved": "Right: {symbol} = {claim} is proved by algebra.",
    "check.agrees": "Right as far as numbers tell: {symbol} = {claim} agrees with the derivative at {points} points "
    "(largest relative difference {error}).",
    "check.agrees.one": "Right as far as numbers tell: {symbol} = {claim} agrees with the derivative at one point "
    "(relative difference {error}).",
    "check.wrong": "Wrong: {symbol} is not {claim}.",
    "check.undecided": "Undecided: no point was found where both {symbol} and {claim} have a value.",
    "check.undecided.rounding": "Undecided: no number of digits tried tells {symbol} and {claim} apart from rounding.",
    "check.undecided.condition": "Undecided: {claim} is right for {symbol} where {condition}, but nothing says that this is so. Declare "
    "it: {declare}.",
    "check.undecided.condition.point": "Undecided: {claim} is right for {symbol} where {condition}; where that fails, its value is not "
    "that of the derivative.",
    "check.undecided.condition.function": "Undecided: {claim} is right for {symbol} for {function}, but nothing says that this function is "
    "meant. Say so: {declare}.",
    "check.undecided.circular": "Undecided: {claim} says what is to be shown, namely {symbol}; work the derivative out.",
    "check.undecided.used": "Undecided: {symbol} = {claim} is right, but it uses {used}, and {using} may be used. Write it out.",
    "check.using.inputs": "only the inputs",
    "check.using.blocks": "only inputs and blocks, no derivatives",
    "check.function.sigmoid": "the logistic function",
    "check.function.tanh": "the hyperbolic tangent",
    "check.function.relu": "the rectifier (ReLU)",
    "check.function.softplus": "the function softplus",
    "check.derivatives": "It still holds derivatives that have to be worked out: {derivatives}.",
    "check.corrected": "The derivative is {corrected}.",
    "check.several": "There are {count} mistakes in it.",
    "check.row": "  at {at}: claimed {claim}, derivative {derivative}",
    # one mistake each
    "check.shape": "It has the shape {found}, but the derivative has the shape {wanted}: a gradient has the shape of its variable.",
    "check.shape.inside": "Its operands do not fit together: {wanted}.",
    "check.sign": "The sign is the wrong one: everything should be multiplied by -1. Look for a difference taken the other way round, "
    "or an inner derivative -1 that was lost.",
    "check.sign.path": "What comes along {path} has the wrong sign.",
    "check.constant": "It is {ratio} times the derivative: a constant factor is wrong. Look for a 2 that comes down from a square, or a "
    "1/2 that should cancel it.",
    "check.constant.zero": "It is 0, but the output does change with the variable.",
    "check.constant.path": "What comes along {path} is {ratio} times what it should be: a constant factor is wrong there.",
    "check.batch_mean": "It is {ratio} times the derivative: a mean and a sum over the examples were confused. The 1/N of a mean "
    "appears exactly once.",
    "check.batch_mean.part": "A mean and a sum were confused: in one term the factor {wanted} is missing. The 1/N of a mean appears "
    "exactly once.",
    "check.missing_factor": "The factor {factor} = {wanted} is missing: the chain rule multiplies the local derivatives of all steps.",
    "check.missing_factor.somewhere": "The factor {factor} is missing: the chain rule multiplies the local derivatives of all steps.",
    "check.missing_factor.part": "In {factor}, the factor {wanted} is missing.",
    "check.extra_factor": "There is a factor {wanted} too many, from {factor}: every step of the chain gives its local derivative "
    "exactly once.",
    "check.derivative_at_output": "In {factor}, the derivative of the activation is taken at its output, {found}; it is taken at its "
    "input: {wanted}.",
    "check.derivative_at_output.somewhere": "In {factor}, the derivative of the activation is taken at its output instead of its input.",
    "check.function_for_derivative": "In {factor}, the function itself, {found}, stands where its derivative belongs: {wanted}.",
    "check.function_for_derivative.somewhere": "In {factor}, the function stands where its derivative belongs.",
    "check.other_variable": "This is the derivative by {variable}: the right formula for another variable.",
    "check.missing_path": "A path is missing: {path}. Where a variable acts in several ways, what comes back along all of them is added.",
    "check.extra_path": "A path is too much: {path}. Every path from the variable to the output counts once, and no other does.",
    "check.transposed": "A transpose is missing or too much: {found} should be {wanted}.",
    "check.transposed.somewhere": "A transpose is missing or too much.",
    "check.wrong_order": "The matrices are multiplied in the wrong order: {found} should be {wanted}. A matrix product does not commute.",
    "check.wrong_order.somewhere": "The matrices are multiplied in the wrong order.",
    "check.elementwise_for_matmul": "An elementwise product stands where a matrix product belongs: {found} should be {wanted}.",
    "check.elementwise_for_matmul.somewhere": "An elementwise product stands where a matrix product belongs.",
    "check.matmul_for_elementwise": "A matrix product stands where an elementwise product belongs: {found} should be {wanted}.",
    "check.matmul_for_elementwise.somewhere": "A matrix product stands where an elementwise product belongs.",
    "check.missing_sum": "A sum is missing: {variable} acts on every example, so what comes back from all of them is added. The claim has "
    "the shape {found}, the derivative {wanted}.",
    "check.index_shifted": "{found} stands where {wanted} belongs: the index is shifted by one.",
    "check.steps": "A step is missing, or there is one too many: '{found}' should be '{wanted}'.",
    "check.missing_steps": "The sum over the steps is missing: {variable} acts at every step, so what comes back from all of them "
    "is added.",
    "check.start_missing": "The claim does not say what {variable} is: a start is missing.",
    "check.wrong_operand": "{found} stands where {wanted} belongs.",
    "check.wrong_operand.somewhere": "One variable stands in the place of another.",
    "check.constant_kept": "The term {found} does not depend on {variable}: its derivative is 0, so it must not stay.",
    "check.constant_kept.somewhere": "A term that does not depend on {variable} was kept: its derivative is 0.",
    "check.answer_one": "The 1 is the derivative of {variable} by itself; it is multiplied by the coefficient of {variable}, which is "
    "{wanted}.",
    "check.missing_factor.only": "The factor {wanted} is missing.",
    "check.extra_factor.only": "The factor {wanted} is there once too often.",
    "check.missing_path.term": "The term {wanted} is missing: every way in which the variable acts adds a term.",
    "check.missing_path.diagonal": "Along {path}, each entry was differentiated by the one entry in its own place: every entry of "
    "{found} acts on all of them.",
    "check.extra_path.term": "The term {found} is too much.",
    "check.unknown.antiderivative": "It is an antiderivative: differentiating it gives {wanted}. The derivative of {wanted} is asked for.",
    "check.unknown": "It is none of the usual mistakes.",
    # before each verdict of a whole text
    "check.line": "line {line}: {said}",
}
