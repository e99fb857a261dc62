"""Named equations: which lines of a recursion textbooks know by name. Told from how the program is built, never from what it is called."""

from __future__ import annotations

from collections.abc import Sequence

from symchain.deriving.recursions.backward import active_names
from symchain.deriving.recursions.frames import Frames
from symchain.language.wanted import Wanted
from symchain.nouns.computation import Computation
from symchain.nouns.families import RANGE, SUM, Clause
from symchain.nouns.recursion import ARGUMENT, RangedLine
from symchain.support.linear import Linear
from symchain.tensors.nodes import Apply, Contraction, Leaf, Sum, Tree, leaves, postorder


def named_equations(program: Computation, wanted: Wanted, lines: Sequence[RangedLine], frames: Frames) -> dict[str, str]:
    """By what a line defines, the name of its equation: BP1 to BP4, BPTT, costate, control, smoother."""
    naming = _Naming(program, wanted, lines, frames)
    found = naming.layers() or naming.through_time() or naming.control() or naming.smoother()
    return {line.left: found[line.left] for line in lines if line.left in found}


class _Naming:
    def __init__(self, program: Computation, wanted: Wanted, lines: Sequence[RangedLine], frames: Frames) -> None:
        assert program.recurrence is not None
        self.program, self.recurrence, self.wanted, self.frames = program, program.recurrence, wanted, frames
        self.lines = lines
        self.clauses = {c.name: c for c in self.recurrence.clauses if c.kind == RANGE}
        self.last = [line for line in lines if line.role == "derivative"]

    # ------------------------------------------------------------ layers

    def layers(self) -> dict[str, str]:
        """The four equations of backpropagation, of a network whose layers have weights of their own."""
        found: dict[str, str] = {}
        for line in self.lines:
            clause = self.clauses.get(line.of.removesuffix(ARGUMENT))
            parts = self._layer(clause) if clause is not None else None
            if parts is None or clause is None or isinstance(clause.tree, Apply) != line.of.endswith(ARGUMENT):
                continue
            if line.role == "start" or (line.role == "adjoint" and not line.down):
                found[line.left] = "BP1"
            elif line.role == "adjoint":
                found[line.left] = "BP2"
            for own in self.last:
                if self.wanted.base == parts[0]:
                    found[own.left] = "BP4"
                elif self.wanted.base == parts[1]:
                    found[own.left] = "BP3"
        return found if {"BP1", "BP2"} <= set(found.values()) else {}

    def _layer(self, clause: Clause) -> tuple[str, str] | None:
        """The weights and the biases of z[l] = W[l] @ a[l-1] + b[l], or of a function of it; "" where there are no biases."""
        tree = clause.tree
        if isinstance(tree, Apply) and len(tree.args) == 1:
            tree = tree.args[0]
        here = Linear.letter(clause.var)
        weights = biases = ""
        for term in tree.args if isinstance(tree, Sum) else (tree,):
            factors = term.args if isinstance(term, Contraction) else (term,)
            reads = [clause.reads.get(n.name) if isinstance(n, Leaf) else None for n in factors]
            if len(reads) == 1 and isinstance(term, Leaf) and reads[0] is not None:
                family = self.program.families.get(reads[0].family)
                if family is None or not family.given or reads[0].index != here or len(term.shape) != 1:
                    return None
                biases = family.name
            elif len(reads) == 2 and None not in reads and isinstance(term, Contraction):
                own = [r for n, r in zip(term.args, reads, strict=True) if r is not None and len(n.shape) == 2]
                before = [r for n, r in zip(term.args, reads, strict=True) if r is not None and len(n.shape) == 1]
                known = self.program.families.get(own[0].family) if len(own) == 1 else None
                if known is None or not known.given or own[0].index != here or len(before) != 1 or weights:
                    return None
                if before[0].family not in self.clauses or before[0].index != here.plus(-1) or not self._of(before[0].family, clause):
                    return None
                weights = known.name
            else:
                return None
        return (weights, biases) if weights else None

    def _of(self, activations: str, clause: Clause) -> bool:
        """Whether activations are a function of what a layer's line defines: a[l] = sigma(z[l])."""
        if activations == clause.name:
            return True
        tree = self.clauses[activations].tree
        read = {r.family for r in self.clauses[activations].reads.values()}
        return clause.name in read and all(isinstance(n, Leaf) for n in getattr(tree, "args", ())) and isinstance(tree, Apply)

    # ------------------------------------------------------------ time

    def through_time(self) -> dict[str, str]:
        """Backpropagation through time: weights shared by the steps of a network, W @ h[t-1] within a function."""
        if not any(self._recurrent(c) for c in self.clauses.values()):
            return {}
        found = {line.left: "BPTT" for line in self.lines if line.role == "adjoint" and line.down}
        for line in self.last if found else ():
            if any(n.name in self.frames.totals for n in leaves(line.tree)):
                found[line.left] = "BPTT"
        return found

    def _recurrent(self, clause: Clause) -> bool:
        if not any(isinstance(n, Apply) for n in postorder(clause.tree)):
            return False
        now = Linear.letter(clause.var)
        read_now = [self.clauses[r.family] for r in clause.reads.values() if r.family in self.clauses and r.index == now]
        inside: list[Tree] = [clause.tree, *(c.tree for c in read_now)]
        recursive = {r.family for c in self.clauses.values() for r in c.reads.values() if r.family in self.clauses}
        for node in (n for tree in inside for n in postorder(tree)):
            if isinstance(node, Contraction):
                shared = any(isinstance(n, Leaf) and len(n.shape) == 2 and n.name in self.program.inputs for n in node.args)
                before = [self.frames.reads.get(n.name) for a in node.args for n in leaves(a) if n.shape]
                if shared and any(r is not None and r.family in recursive and r.index == now.plus(-1) for r in before):
                    return True
        return False

    # ------------------------------------------------------------ control

    def control(self) -> dict[str, str]:
        """The costate equation: states driven by inputs of their steps, and a cost that sums over the steps what both of them cost."""
        sums = [c for c in self.recurrence.clauses if c.kind == SUM]
        for clause in self.clauses.values():
            own = {r.family for r in clause.reads.values()}
            controls = {n for n in own if n in self.program.families and self.program.families[n].given}
            if clause.name not in own or self.wanted.base not in {*controls, *self._starts(clause.name)}:
                continue
            for u in controls:
                costs = [c for c in sums if u in {r.family for r in c.reads.values()}]
                together = {r.family for c in sums for r in c.reads.values()}
                if not costs or clause.name not in together or not self._apart(sums, u, clause.name):
                    continue
                found = {n.left: "costate" for n in self.lines if n.of == clause.name and n.role == "adjoint" and n.down}
                if found and self.wanted.base == u:
                    found |= {line.left: "control" for line in self.last}
                if found:
                    return found
        return {}

    @staticmethod
    def _apart(sums: Sequence[Clause], control: str, state: str) -> bool:
        """Whether what a control costs stands in terms of its own: an observation is read beside the state."""
        for c in sums:
            for term in c.tree.args if isinstance(c.tree, Sum) else (c.tree,):
                read = {c.reads[n.name].family for n in leaves(term) if n.name in c.reads}
                if {control, state} <= read:
                    return False
        return True

    def _starts(self, state: str) -> set[str]:
        return {n for c in self.recurrence.clauses if c.kind == "start" and c.name == state for n in c.plain}

    # ------------------------------------------------------------ filters

    def smoother(self) -> dict[str, str]:
        """The backward pass of the Kalman smoother: means that are affine in the data, variances that are recursive without them."""
        given = {n for n, f in self.program.families.items() if f.given}
        moved = active_names(self.program, given)
        still = {n for n, c in self.clauses.items() if n not in moved and n in {r.family for r in c.reads.values()} | self._through(c)}
        told = {r.family for c in self.recurrence.clauses if c.kind == SUM for r in c.reads.values()}
        variances = still | {n for n in self.clauses if n not in moved and still & {r.family for r in self.clauses[n].reads.values()}}
        if not still or not told & variances:
            return {}
        found: dict[str, str] = {}
        for line in self.lines:
            if line.role != "adjoint" or not line.down or line.of not in moved:
                continue
            for term in line.tree.args if isinstance(line.tree, Sum) else (line.tree,):
                read = {r.family for n in leaves(term) if (r := self.frames.reads.get(n.name)) is not None}
                if line.name in read and not (read - {line.name}) & moved and (read - {line.name}) & set(self.clauses):
                    found[line.left] = "smoother"
        return found

    def _through(self, clause: Clause) -> set[str]:
        """What the families read that a line reads."""
        return {r.family for own in clause.reads.values() if own.family in self.clauses for r in self.clauses[own.family].reads.values()}
