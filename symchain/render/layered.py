"""A layered layout: boxes in columns from left to right, long wires through free rows, deep graphs folded into several bands.

Longest-path layering, fewer crossings by sweeps of barycentres, rows by weighted least squares under a least distance (Sugiyama,
Tagawa and Toda, "Methods for visual understanding of hierarchical system structures", 1981).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field

from symchain.support.walks import depth_first

ROW = 90.0
"""Least distance between the middles of two boxes of one column."""
STUB = 84.0
"""Least length of the straight wire that leaves a box and carries its labels."""
_GAP, _WIDEST_GAP = 46.0, 130.0
_LANE, _CLEAR = 20.0, 14.0
_SWEEPS = 24
_PORT = 13.0
_LEAD = 12.0
"""Wires arrive level for this long."""


@dataclass(frozen=True)
class Box:
    """What is to be placed: its size, the length of its stub, and whether its wires arrive in the order given."""

    width: float
    height: float
    stub: float = STUB
    ordered: bool = False


@dataclass
class _Spot:
    """A place in a column: a box, a long wire passing by, or a wire's reappearance at the start of a band."""

    box: int
    kind: str
    column: int
    y: float = 0.0
    above: list[int] = field(default_factory=list)
    """Spots in the column before."""
    below: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """Where a box stands: its left edge, its middle height, and the ends of its stub."""

    x: float
    y: float
    end: float


@dataclass(frozen=True)
class Ghost:
    """A wire's reappearance: the box it comes from, the middle of its left end."""

    box: int
    x: float
    y: float


@dataclass(frozen=True)
class Layout:
    """Coordinates. Between two points of a route of different height the wire bends, else it is straight."""

    places: tuple[Place, ...]
    trunks: tuple[tuple[tuple[tuple[float, float], ...], ...], ...]
    """For each box the pieces of its wire beyond its stub, shared by all that read it."""
    routes: tuple[tuple[tuple[float, float], ...], ...]
    """For each edge its last piece, into the box that reads."""
    ghosts: tuple[Ghost, ...]
    breaks: tuple[tuple[int, float, float], ...]
    """Where a wire leaves a band: box, x, y."""
    width: float
    height: float


def arrange(boxes: Sequence[Box], edges: Sequence[tuple[int, int]], widest: float = 1700.0, ghost: Sequence[float] = ()) -> Layout:
    """The layout of a graph without cycles; `ghost` is the width of a box's name where its wire reappears in a new band."""
    return _Arrangement(boxes, edges, widest, ghost or [40.0] * len(boxes)).layout()


def layers(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The column of every box: one right of its last operand; inputs, and what moves without longer wires, stand before their user."""
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for a, b in edges:
        before[b].append(a)
        after[a].append(b)
    waiting = [len(b) for b in before]
    ready = [k for k in range(count) if not waiting[k]]
    column = [0] * count
    for k in ready:  # grows while it is read
        for b in after[k]:
            column[b] = max(column[b], column[k] + 1)
            waiting[b] -= 1
            if not waiting[b]:
                ready.append(b)
    free = [True] * count
    """Boxes with one operand, and those that only inputs of their own lead to: they move up to where they are used."""
    for k in ready:
        free[k] = len(before[k]) == 1 or all(free[a] and len(after[a]) == 1 for a in before[k])
    for k in reversed(ready):
        if free[k] and after[k]:
            column[k] = min(column[b] for b in after[k]) - 1
    return column


class _Arrangement:
    def __init__(self, boxes: Sequence[Box], edges: Sequence[tuple[int, int]], widest: float, ghost: Sequence[float]) -> None:
        self.boxes, self.edges, self.ghost = boxes, edges, ghost
        self.spots: list[_Spot] = []
        self._place_in_columns(layers(len(boxes), edges), widest)
        self._order()
        self._rows()

    # ------------------------------------------------------------ columns

    def _place_in_columns(self, column: list[int], widest: float) -> None:
        """Spots for boxes, passing wires and ghosts, connected column by column."""
        count = max(column, default=0) + 1
        widths = [[(b.width, b.stub) for b, c in zip(self.boxes, column, strict=True) if c == k] for k in range(count)]
        sizes = [max((w for w, _ in each), default=0.0) + max((s for _, s in each), default=STUB) + 1.6 * _GAP for each in widths]
        starts = _bands(sizes, widest)
        shift = [sum(1 for s in starts if 0 < s <= k) for k in range(count)]  # one more column before each new band
        self.band_of = [0] * (count + len(starts) - 1)
        self.ghost_columns = {s + k for k, s in enumerate(starts[1:])}
        for k in range(len(self.band_of)):
            self.band_of[k] = sum(1 for g in self.ghost_columns if g <= k)
        self.columns: list[list[int]] = [[] for _ in self.band_of]
        at = [c + shift[c] for c in column]
        users: dict[int, int] = {}
        for a, b in self.edges:
            users[a] = min(users.get(a, at[b]), at[b])
        for a in set(users) - {b for _, b in self.edges}:  # an input of a band's first boxes stands in that band
            at[a] = users[a] - 1
        for k in range(len(self.boxes)):
            self._add(_Spot(k, "box", at[k]))
        self.tails: dict[tuple[int, int], int] = {}
        """(box, column) -> the spot at which its wire stands there."""
        self.arrivals: list[int] = []
        self.breaks: dict[int, int] = {}
        """Box -> the last spot of its wire in its own band, where it goes on in another."""
        for a, b in self.edges:
            spot, first = a, at[a] + 1
            if self.band_of[at[a]] != self.band_of[at[b]]:  # to the end of the band, and from the start of the other
                first = max(g for g in self.ghost_columns if g <= at[b])
                self.breaks[a] = self._along(a, a, at[a] + 1, min(g for g in self.ghost_columns if g > at[a]))
                if (a, first) not in self.tails:
                    self.tails[a, first] = self._add(_Spot(a, "ghost", first))
                spot, first = self.tails[a, first], first + 1
            spot = self._along(a, spot, first, at[b])
            self._connect(spot, b)
            self.arrivals.append(spot)

    def _along(self, box: int, spot: int, first: int, end: int) -> int:
        """The wire of a box through some columns; its last spot."""
        for c in range(first, end):
            if (box, c) not in self.tails:
                self.tails[box, c] = self._add(_Spot(box, "lane", c))
                self._connect(spot, self.tails[box, c])
            spot = self.tails[box, c]
        return spot

    def _add(self, spot: _Spot) -> int:
        self.spots.append(spot)
        self.columns[spot.column].append(len(self.spots) - 1)
        return len(self.spots) - 1

    def _connect(self, a: int, b: int) -> None:
        if b not in self.spots[a].below:
            self.spots[a].below.append(b)
            self.spots[b].above.append(a)

    # ------------------------------------------------------------ order within columns

    def _order(self) -> None:
        """Start in the order of reading, then sweep; the order with fewest crossings wins."""
        self._depth_first()
        best, fewest = [list(c) for c in self.columns], self._crossings()
        for sweep in range(_SWEEPS):
            if not fewest:
                break
            down = sweep % 2 == 0
            for k in range(1, len(self.columns)) if down else range(len(self.columns) - 2, -1, -1):
                beside = {s: n for n, s in enumerate(self.columns[k - 1 if down else k + 1])}
                weights = {}
                for n, s in enumerate(self.columns[k]):
                    near = [beside[t] for t in (self.spots[s].above if down else self.spots[s].below)]
                    weights[s] = sum(near) / len(near) if near else float(n)
                self.columns[k].sort(key=weights.__getitem__)
            self._exchange()
            now = self._crossings()
            if now < fewest:
                best, fewest = [list(c) for c in self.columns], now
        self.columns = best

    def _depth_first(self) -> None:
        roots = [k for k, s in enumerate(self.spots) if not s.below]
        order = depth_first(reversed(roots), lambda s: reversed(self.spots[s].above))
        rank = {s: n for n, s in enumerate(order)}
        for c in self.columns:
            c.sort(key=rank.__getitem__)

    def _exchange(self) -> None:
        """Neighbours change places where that saves crossings."""
        for k, column in enumerate(self.columns):
            left = {s: n for n, s in enumerate(self.columns[k - 1])} if k else {}
            right = {s: n for n, s in enumerate(self.columns[k + 1])} if k + 1 < len(self.columns) else {}
            for n in range(len(column) - 1):
                a, b = self.spots[column[n]], self.spots[column[n + 1]]
                now = _between(a.above, b.above, left) + _between(a.below, b.below, right)
                then = _between(b.above, a.above, left) + _between(b.below, a.below, right)
                if then < now:
                    column[n], column[n + 1] = column[n + 1], column[n]

    def _crossings(self) -> int:
        total = 0
        for k in range(len(self.columns) - 1):
            place = {s: n for n, s in enumerate(self.columns[k + 1])}
            seen: list[int] = []
            for s in self.columns[k]:
                ends = sorted(place[t] for t in self.spots[s].below)
                total += sum(len(seen) - bisect_right(seen, e) for e in ends)
                for e in ends:
                    insort(seen, e)
        return total

    # ------------------------------------------------------------ heights

    def _half(self, spot: _Spot) -> float:
        return max(self.boxes[spot.box].height / 2 + _CLEAR, 30.0) if spot.kind == "box" else _LANE

    def _distance(self, a: _Spot, b: _Spot) -> float:
        least = self._half(a) + self._half(b)
        return max(ROW, least) if a.kind == b.kind == "box" else least

    def _rows(self) -> None:
        """Every spot close to the middle of its neighbours, long wires straight, nothing closer than allowed."""
        for column in self.columns:
            y = 0.0
            for n, s in enumerate(column):
                y += self._distance(self.spots[column[n - 1]], self.spots[s]) if n else 0.0
                self.spots[s].y = y
        steps = 60 if len(self.spots) < 400 else 20
        for step in range(steps):
            forward = step % 2 == 0
            for column in self.columns if forward else self.columns[::-1]:
                wishes, weights = [], []
                for s in column:
                    wish, weight = self._wish(s, both=step >= steps // 2, forward=forward)
                    wishes.append(wish)
                    weights.append(weight)
                gaps = [self._distance(self.spots[a], self.spots[b]) for a, b in zip(column, column[1:], strict=False)]
                for s, y in zip(column, _spread(wishes, weights, gaps), strict=True):
                    self.spots[s].y = y
        self._straighten()

    def _straighten(self) -> None:
        """Wires that can run level do: a spot takes the height of the only one before it, a long wire one height all along."""
        for _ in range(2):
            for column in self.columns[1:]:
                for s in column:
                    if len(self.spots[s].above) == 1:
                        self._level([s], self.spots[self.spots[s].above[0]].y)
            for s, spot in enumerate(self.spots):
                if spot.kind == "box" or (spot.above and self.spots[spot.above[0]].kind != "box"):
                    continue
                chain = [s]
                while more := [t for t in self.spots[chain[-1]].below if self.spots[t].kind != "box"]:
                    chain.append(more[0])
                ends = [self.spots[t].y for t in (*spot.above, *self.spots[chain[-1]].below)]
                for wish in (*ends, self.spots[chain[len(chain) // 2]].y):
                    if self._level(chain, wish):
                        break
                else:
                    self._level(chain, None)

    def _level(self, chain: Sequence[int], wish: float | None) -> bool:
        """Give spots of neighbouring columns one height, where their neighbours leave room for it."""
        low, high = -1e9, 1e9
        for s in chain:
            spot = self.spots[s]
            column = self.columns[spot.column]
            n = column.index(s)
            if n:
                other = self.spots[column[n - 1]]
                low = max(low, other.y + self._distance(other, spot))
            if n + 1 < len(column):
                other = self.spots[column[n + 1]]
                high = min(high, other.y - self._distance(spot, other))
        if low > high + 1e-6 or (wish is not None and not low - 1e-6 <= wish <= high + 1e-6):
            return False
        y = wish if wish is not None else min(max(self.spots[chain[0]].y, low), high)
        for s in chain:
            self.spots[s].y = y
        return True

    def _wish(self, s: int, both: bool, forward: bool) -> tuple[float, float]:
        spot = self.spots[s]
        near = spot.above + spot.below if both else (spot.above if forward else spot.below) or spot.above + spot.below
        if not near:
            return spot.y, 0.1
        pulls = [(self.spots[t].y, self._pull(spot, self.spots[t])) for t in near]
        total = sum(w for _, w in pulls)
        return sum(y * w for y, w in pulls) / total, total

    def _pull(self, spot: _Spot, other: _Spot) -> float:
        """How much two neighbours want to be level: long wires most."""
        if spot.kind != "box" and other.kind != "box":
            return 8.0
        return 3.0 if len(other.below) == 1 else 1.0

    # ------------------------------------------------------------ coordinates

    def layout(self) -> Layout:
        if not self.boxes:
            return Layout((), (), (), (), (), 0.0, 0.0)
        left, inner, right = self._horizontally()
        self._vertically()
        ports = self._ports()
        places = tuple(Place(inner[s.column] - self.boxes[s.box].width, s.y, right[s.column]) for s in self.spots[: len(self.boxes)])
        trunks: list[list[tuple[tuple[float, float], ...]]] = [[] for _ in self.boxes]
        ghosts = []
        for spot in self.spots[len(self.boxes) :]:
            end = (right[spot.column], spot.y)
            if spot.kind == "ghost":
                ghosts.append(Ghost(spot.box, left[spot.column], spot.y))
                trunks[spot.box].append(((left[spot.column] + self.ghost[spot.box], spot.y), end))
            else:
                start = (right[spot.column - 1], self.spots[spot.above[0]].y)
                trunks[spot.box].append((start, (left[spot.column], spot.y), end))
        routes = []
        for n, (_, b) in enumerate(self.edges):
            tail, head = self.spots[self.arrivals[n]], self.spots[b]
            y = head.y + ports[n]
            edge = inner[head.column] - self.boxes[b].width
            routes.append(((right[tail.column], tail.y), (left[head.column] - _LEAD, y), (edge, y)))
        bottom = max(s.y + self._half(s) for s in self.spots)
        breaks = tuple((box, right[self.spots[s].column], self.spots[s].y) for box, s in self.breaks.items())
        return Layout(places, tuple(map(tuple, trunks)), tuple(routes), tuple(ghosts), breaks, max(right), bottom)

    def _horizontally(self) -> tuple[list[float], list[float], list[float]]:
        """For each column where it begins, where its boxes end and where its stubs end."""
        left, inner, right = [], [], []
        x = 0.0
        for k, column in enumerate(self.columns):
            if k and self.band_of[k] != self.band_of[k - 1]:
                x = 0.0
            elif k:
                drops = [abs(self.spots[s].y - self.spots[t].y) for s in column for t in self.spots[s].above]
                x += min(_WIDEST_GAP, _GAP + 0.16 * max(drops, default=0.0))
            here = [self.spots[s] for s in column]
            wide = max((self.boxes[s.box].width for s in here if s.kind == "box"), default=0.0)
            stub = max((self.boxes[s.box].stub for s in here if s.kind == "box"), default=0.0)
            if k in self.ghost_columns:
                wide, stub = max([wide, *(self.ghost[s.box] for s in here if s.kind == "ghost")]), max(stub, 12.0)
            left.append(x)
            inner.append(x + wide)
            x += wide + stub
            right.append(x)
        return left, inner, right

    def _vertically(self) -> None:
        """Bands one below the other."""
        y = 0.0
        for band in range(max(self.band_of) + 1):
            here = [self.spots[s] for k, column in enumerate(self.columns) if self.band_of[k] == band for s in column]
            top = min(s.y - self._half(s) for s in here)
            tall = max(s.y + self._half(s) for s in here) - top
            for s in here:
                s.y += y - top
            y += tall + 40.0

    def _ports(self) -> list[float]:
        """How far from the middle of its box each edge arrives."""
        arriving: dict[int, list[int]] = {}
        for n, (_, b) in enumerate(self.edges):
            arriving.setdefault(b, []).append(n)
        offsets = [0.0] * len(self.edges)
        for b, found in arriving.items():
            if not self.boxes[b].ordered:
                found.sort(key=lambda n: self.spots[self.arrivals[n]].y)
            pitch = min(_PORT, (self.boxes[b].height - 12.0) / max(1, len(found) - 1))
            for k, n in enumerate(found):
                offsets[n] = (k - (len(found) - 1) / 2) * pitch
        return offsets


def _bands(sizes: Sequence[float], widest: float) -> list[int]:
    """The columns at which bands begin, of about equal width."""
    total = sum(sizes)
    count = 1 if total <= 1.2 * widest else -int(-total // widest)
    starts, used = [0], 0.0
    for k, size in enumerate(sizes):
        if used + size / 2 > total / count * len(starts) and len(starts) < count and k > starts[-1]:
            starts.append(k)
        used += size
    return starts


def _between(first: Sequence[int], second: Sequence[int], place: dict[int, int]) -> int:
    """Crossings between the wires of two neighbours, the first one above."""
    ends = sorted(place[t] for t in second)
    return sum(bisect_right(ends, place[t] - 1) for t in first)


def _spread(wishes: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The heights closest to the wishes (weighted squares) that keep the distances: pool adjacent violators."""
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    pools: list[tuple[float, float, int]] = []  # (mean, weight, how many)
    for wish, weight, offset in zip(wishes, weights, offsets, strict=False):
        mean, total, count = wish - offset, weight, 1
        while pools and pools[-1][0] > mean:
            other, heavy, many = pools.pop()
            mean = (mean * total + other * heavy) / (total + heavy)
            total, count = total + heavy, count + many
        pools.append((mean, total, count))
    flat = [mean for mean, _, count in pools for _ in range(count)]
    return [y + offset for y, offset in zip(flat, offsets, strict=False)]
