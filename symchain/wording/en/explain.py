"""English for explanations of a derivative."""

from __future__ import annotations

SENTENCES = {
    # titles
    "explain.title": "Why {equation}",
    "explain.title_back": "Why {block} sends {back} back to {wrt}",
    "explain.recursion.title": "What {derivative} is made of",
    "explain.recursion.lines": "The lines:",
    "explain.recursion.carried": "A step passes {state} on to the next one.",
    "explain.recursion.together": "A step passes {state} on to the next one; together they are its state, {symbol}.",
    "explain.recursion.product": "From step to step the factors multiply, the last step on the left: {product}.",
    "explain.recursion.norms": "A gradient by {output} is carried back by the transpose of this product: it vanishes where the norm of the "
    "product falls with the distance, and explodes where it grows.",
    "explain.recursion.factors": "The factors of one step:",
    "explain.recursion.table": "The factors of one step, and the norm of the product (its largest singular value) by distance:",
    "explain.recursion.each": "{rate} a step",
    "explain.recursion.nothing": "At this point the last step passes nothing on: its factor is 0.",
    "explain.recursion.shrinks": "At this point the norm of the product over {count} steps is {norm}: carried back, the gradient is "
    "multiplied by about {rate} a step (the geometric mean): it vanishes.",
    "explain.recursion.shrinks.one": "At this point the norm of the factor of the one step is {norm}: a gradient is "
    "multiplied by that at most.",
    "explain.recursion.grows": "At this point the norm of the product over {count} steps is {norm}: carried back, the gradient is "
    "multiplied by about {rate} a step (the geometric mean): it explodes.",
    "explain.recursion.grows.one": "At this point the norm of the factor of the one step is {norm}: a gradient may grow by that factor.",
    "explain.recursion.keeps": "At this point the norm of the product over {count} steps is {norm}: the gradient neither vanishes nor "
    "explodes.",
    "explain.recursion.bound": "The factors by themselves have norms from {low} to {high}; the norm of a product is at most the product of "
    "the norms.",
    "explain.title_plain": "Where {derivative} comes from",
    "explain.title_paths": "Why {derivative} is a sum over {count} paths",
    # what moves
    "explain.opening": "{definition}{shaped}. Only {wrt}{wrt_shaped} moves.",
    "explain.opening_one": "{definition}{shaped}. Only {wrt}{wrt_shaped} moves; {fixed} stays fixed.",
    "explain.opening_many": "{definition}{shaped}. Only {wrt}{wrt_shaped} moves; {fixed} stay fixed.",
    "explain.shaped": ", of shape {shape}",
    "explain.shaped_inside": ", of shape {shape},",
    "explain.blank": "",
    # where we are: in a line, or in one of its terms
    "explain.whole": "In {line}, ",
    "explain.term1": "First term of {line}, {term}: ",
    "explain.term2": "Second term of {line}, {term}: ",
    "explain.term3": "Third term of {line}, {term}: ",
    "explain.term4": "Fourth term of {line}, {term}: ",
    "explain.term5": "Fifth term of {line}, {term}: ",
    "explain.term": "Term {number} of {line}, {term}: ",
    # one rule each
    "explain.self": "{place}{wrt} stands alone, its coefficient is 1: {equation}, and adding h to {wrt} adds h to {line}.",
    "explain.absent": "{place}it does not contain {wrt}, so its derivative is 0.",
    "explain.absent_many": "The terms {terms} of {line} do not contain {wrt}, so their derivatives are 0.",
    "explain.absent_count.one": "The other term of {line} does not contain {wrt}, so its derivative is 0.",
    "explain.absent_count": "The other {count} terms of {line} do not contain {wrt}, so their derivatives are 0.",
    "explain.more_terms.one": "One more term of {line} contains {wrt}; it is treated the same way, by itself.",
    "explain.more_terms": "{count} more terms of {line} contain {wrt}; each is treated the same way, by itself.",
    "explain.scale": "{place}{wrt} is multiplied by {coefficient}, which stays fixed, so {coefficient} is kept as a factor: {equation}.",
    "explain.scale_number": "{place}{wrt} is multiplied by the number {coefficient}, which is kept as a factor: {equation}.",
    "explain.scale_inner": "{place}{coefficient} stays fixed and is kept as a factor of {inner}: {equation}.",
    "explain.scale_number_inner": "{place}the number {coefficient} is kept as a factor of {inner}: {equation}.",
    "explain.power": "{place}the exponent {exponent} comes down as a factor and drops by one, which leaves {power}: {equation}.",
    "explain.power_inner": "{place}the exponent {exponent} comes down as a factor and drops by one, and since {inner} is inside, "
    "its own derivative multiplies the result: {equation}.",
    "explain.exponent": "{place}what moves is in the exponent, so the power stays as it is and gains the logarithm of its base as a "
    "factor: {equation}.",
    "explain.power_both": "{place}base and exponent both move, so each counts once while the other waits: {equation}.",
    "explain.function": "{place}the derivative of {call} is known. {reason} Hence {equation}.",
    "explain.function_inner": "{place}the function is applied to {inner}. {reason} By the chain rule, the derivative of what is inside "
    "multiplies: {equation}.",
    "explain.partial": "{place}the derivatives of {function} are not known; there is one for each argument that moves: {equation}.",
    "explain.partial_inner": "{place}{function} is applied to {inner}. Its derivatives are not known; there is one for each argument that "
    "moves, and the derivative of the argument multiplies it: {equation}.",
    "explain.abstract": "{place}the derivative of {function} is not known, so it is written with a prime: {equation}.",
    "explain.abstract_inner": "{place}{function} is applied to {inner}. The derivative of {function} is not known, so it is written with a "
    "prime, and the derivative of what is inside multiplies it: {equation}.",
    "explain.bound": "{place}{function} is {noun}. {reason} Hence {equation}.",
    "explain.bound_inner": "{place}{function} is {noun}, applied to {inner}. {reason} By the chain rule, the derivative of what is inside "
    "multiplies: {equation}.",
    "explain.kink": "{line} has a corner where {inner} is {at}: the slopes on the two sides differ there, and {value} is kept.",
    "explain.product": "{place}several factors move, so each is differentiated in turn while the others wait, and the results add up: "
    "{equation}.",
    "explain.product_inner": "{place}several factors move, {inner}, so each is differentiated in turn while the others wait, "
    "and the results add up: {equation}.",
    "explain.quotient": "{place}what moves is in the denominator; the larger it is, the smaller the quotient, hence the minus sign "
    "and the square: {equation}.",
    "explain.quotient_inner": "{place}what moves is in the denominator {inner}; the larger it is, the smaller the quotient, "
    "hence the minus sign and the square: {equation}.",
    "explain.quotient_both": "{place}numerator and denominator both move, {inner}: {equation}.",
    "explain.value": "{place}where the condition holds it only sets the value, never the slope, which is that of the other case, or its "
    "limit there: {equation}.",
    "explain.where": "{place}the condition only says which case applies, and each case is differentiated by itself: {equation}.",
    "explain.other": "{place}{equation}.",
    "explain.let": "{letter} = {value}",
    "explain.inner": "For {letter} = {value}, the same rules give {equation}.",
    "explain.total": "Total: {equation}.",
    "explain.one": "The 1 one might expect in {derivative} does exist: it is {self}, but it is multiplied by {coefficient}.",
    # arrays
    "explain.entry": "{place}its entry {index} is {entry}.",
    "explain.entry_same": "{place}its entry {index} is {entry}, the same for every {free}.",
    "explain.entry_scale": "{place}its entry {index} is {entry}; {wrt} is multiplied by {coefficient}, which stays fixed.",
    "explain.entry_scale_many": "{place}its entry {index} is {entry}; {wrt} is multiplied by {coefficient}, which stay fixed.",
    "explain.entry_scalar": "{place}entry by entry, it is {entry}.",
    "explain.entry_whole": "Entry by entry, {entry_equation}.",
    "explain.entry_whole_scale": "Entry by entry, {entry_equation}; {wrt} is multiplied by {coefficient}, which stays fixed.",
    "explain.entry_whole_scale_many": "Entry by entry, {entry_equation}; {wrt} is multiplied by {coefficient}, which stay fixed.",
    "explain.occurs": "{wrt} occurs {count} times in {block}: each occurrence moves in turn, and what they contribute adds up.",
    "explain.each": "In {block}, {function} acts on each entry by itself. {reason} Its derivative there is {equation}.",
    "explain.each_bound": "In {block}, {function} is {noun} and acts on each entry by itself. {reason} Its derivative there is {equation}.",
    "explain.each_abstract": "In {block}, {function} acts on each entry by itself; "
    "its derivative is not known and is written {derivative}.",
    "explain.each_power": "In {block}, the exponent {exponent} acts on each entry of {inner} by itself: "
    "it comes down as a factor and drops by one.",
    "explain.each_reciprocal": "In {block}, each entry of {inner} is in a denominator: the larger it is, the smaller the quotient, "
    "hence a minus sign and a square.",
    "explain.total_delta": "Total: {equation}, where {delta} is 1 for {condition} and 0 otherwise.",
    "explain.total_deltas": "Total: {equation}, where {delta} is 1 for {condition} and 0 otherwise, and likewise for the other indices.",
    "explain.back": "Going back: {adjoint}, the derivative of the final result by {block}, becomes {back} for {wrt}.",
    "explain.why_sum": "Why a sum: the entry {index} of {back} is {entry}. The same entry {element} is used for every {running}, "
    "so what comes back from each {running} is added.",
    "explain.why_sum_batch": "Why a sum: the entry {index} of {back} is {entry}. The same entry {element} is used for every {running}, "
    "so what comes back from each {running} is added; if {running} numbers the examples of a batch, this is the sum over the batch.",
    "explain.why_sum_all": "Why a sum: {back} is {entry}. The one number {element} is used for every {running}, "
    "so what comes back from each is added.",
    "explain.why_right": "Why {transposed}: in {entry} the index {running} comes last in {matrix}, whereas a matrix product sums over "
    "the first index of its right factor; transposing {matrix} puts {running} first.",
    "explain.why_left": "Why {transposed}: in {entry} the index {running} comes first in {matrix}, whereas a matrix product sums over "
    "the last index of its left factor; transposing {matrix} puts {running} last.",
    "explain.shapes": "Shapes: {adjoint} has the shape of {block}, {shape}, and {back} has the shape of {wrt}, {wrt_shape}.",
    "explain.shapes_product": "Shapes: {left} is {left_shape} and {right} is {right_shape}, so {back} is {shape}, the shape of {wrt}.",
    "explain.shape_gradient": "{derivative} has the shape of {wrt}, {shape}: one number for each entry of {wrt}.",
    # operations
    "explain.operation": "In {block}, {operation} ({noun}) is one whole, and its derivative follows a rule of its own.",
    "explain.operation_linear": "In {block}, {operation} only moves entries about or adds them ({noun}): "
    "a change of its operand goes the same way.",
    "explain.softmax_entry": "{entry_equation}: the numerator contains {own} alone, the denominator every entry of {wrt}. "
    "Moving one entry of {wrt} therefore moves all of {block}.",
    "explain.softmax_entry_batch": "{entry_equation}: the numerator contains {own} alone, the denominator every {other} with the same "
    "{batch}. "
    "Different {batch} do not act on each other in {block}.",
    "explain.softmax_numerator": "Through its numerator, {entry} rises with {own} only, at the rate {entry}: this gives {matrix}.",
    "explain.softmax_denominator": "Through its denominator, {entry} falls when any {other} rises, at the rate {rate}: "
    "this gives {matrix}.",
    "explain.softmax_numerator_batch": "Through its numerator, {entry} rises with {own} only, at the rate {entry}.",
    "explain.softmax_denominator_batch": "Through its denominator, {entry} falls when any {other} rises, at the rate {rate}.",
    "explain.softmax_sum": "The entries of {block} always add up to 1: what one gains the others lose, and each column of {derivative} "
    "adds up to 0.",
    "explain.softmax_sum_batch": "For each {batch} the entries of {block} add up to 1: what one gains the others lose, "
    "and the derivatives of {block} by {own} add up to 0.",
    # whole gradients
    "explain.through": "{definition} does not contain {wrt}; {wrt} acts on {block} through {names}.",
    "explain.through_plain": "{block} does not contain {wrt}; {wrt} acts on {block} through {names}.",
    "explain.through_also": "{definition} contains {wrt} itself; {wrt} also acts on {block} through {names}.",
    "explain.through_also_plain": "{block} contains {wrt} itself; {wrt} also acts on {block} through {names}.",
    "explain.path_fixed": "Path {path}, {fixed}: {equation}.",
    "explain.path_fixed_plain": "Path {path}, {fixed}.",
    "explain.why_paths_direct": "Why a sum: {wrt} acts on {block} directly and through {names}; these effects add up.",
    "explain.start_fixed": "The way back begins with {equation}, {fixed}.",
    "explain.fixed": "with {names} fixed",
    "explain.fixed_many": "with {names} fixed",
    "explain.fixed_also": "{note}, {fixed}",
    "explain.path_one": "There is one path, {path}: {equation}.",
    "explain.path_one_plain": "There is one path, {path}.",
    "explain.path": "Path {path}: {equation}.",
    "explain.path_plain": "Path {path}.",
    "explain.paths_more.one": "One more path leads from {wrt} to {block}; it is not written out.",
    "explain.paths_more": "{count} more paths lead from {wrt} to {block}; they are not written one by one.",
    "explain.why_product": "Why products: along a path from {wrt} to {block}, a small change is multiplied by each local derivative in "
    "turn.",
    "explain.why_maps": "Why maps: along a path from {wrt} to {block} a small change passes through each local derivative in turn; "
    "the gradient goes the same way back, from {block} to {wrt}.",
    "explain.why_paths": "Why a sum: when {wrt} moves, {names} move at the same time; "
    "{block} receives all their effects, and these add up.",
    "explain.why_paths_later": "Why a sum: {names} is read by {readers}; when it moves, these move at the same time, and their effects on "
    "{block} add up.",
    "explain.why_paths_grouped": "Nothing is computed twice: {names} collects what comes back from its readers once, then passes it on "
    "towards {wrt}.",
    "explain.back_step": "Back from {block} to {wrt}: {before} becomes {back}.",
    "explain.start": "The way back begins with {equation}.",
    "explain.zero": "{block} does not depend on {wrt}: no path leads from {wrt} to {block}, so {derivative} = 0.",
    "explain.itself": "{block} is the variable itself: adding h to {block} adds h to {block}, so {derivative} = 1.",
    "explain.factors_more": "{count} more local derivatives between {wrt} and {block} are not listed.",
    # numbers
    "explain.example": "Example: {values}. If {wrt} goes {from_to}, {moved}.",
    "explain.example_bare": "Example: if {wrt} goes {from_to}, {moved}.",
    "explain.counted": "{element}, counting from 1,",
    "explain.from_to": "from {before} to {after}",
    "explain.moves": "{block} goes {from_to}{change}",
    "explain.moves_all": "all {total} entries of {array} move; {block} goes {from_to}{change}",
    "explain.moves_some": "{count} of the {total} entries of {array} move; {block} goes {from_to}{change}",
    "explain.moves_not": "{block} does not move",
    "explain.change_equal": ", the same change as {wrt}",
    "explain.change_opposite": ", the opposite change to that of {wrt}",
    "explain.change": ": a change of {change}, {ratio} times that of {wrt}",
    "explain.change_about": ": a change of {change}, about {ratio} times that of {wrt}. The derivative at the starting point is {slope}; "
    "the smaller the step, the closer the two",
    "explain.shares": "Of this derivative, {shares}: with a single path, part of {derivative} would be missing.",
    "explain.share": "{value} comes by {path}",
    "explain.share_next": "{value} by {path}",
    # the table, and what constant means
    "explain.compare": "Compare:",
    "explain.factors": "The factors:",
    "explain.coefficient": "{wrt} moves; its coefficient is {coefficient}",
    "explain.coefficient_not_one": "{wrt} moves; its coefficient is {coefficient}, not 1",
    "explain.alone": "{wrt} moves and stands alone: adding h to {wrt} adds h to {line}",
    "explain.alone_minus": "{wrt} moves and is subtracted: adding h to {wrt} takes h from {line}",
    "explain.nonlinear": "{wrt} moves; the slope depends on where {wrt} is",
    "explain.unrelated": "{name} appears in {line} but does not depend on {wrt}",
    "explain.from": "from {definition}",
    "explain.own_entry": "raising {own} raises {entry}",
    "explain.other_entry": "raising {own} lowers every other {entry}",
    "explain.constant": '"Constant" means "does not move during this calculation": {name} stays fixed in {derivative}, '
    "but in {other} it is {name} that moves.",
    "explain.subtotal": "Taken together, {equation}.",
    "explain.moves_one": "only one of the {total} entries of {array} moves; {block} goes {from_to}{change}",
    "explain.change_near": ": a change of {change}, about {ratio} times that of {wrt}",
    "explain.back_same": "Back from {block} to {wrt}: {before} is passed on unchanged.",
    "explain.each_number": "In {block}, {function} is a function of one number. {reason} Its derivative there is {equation}.",
    "explain.each_bound_number": "In {block}, {function} is {noun}, of one number. {reason} Its derivative there is {equation}.",
}
