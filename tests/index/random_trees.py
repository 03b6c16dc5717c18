"""Random indices for property tests, and a plain recursive computation to hold the engine against."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.index.building import recipe

PERIODS = ("2022", "2023", "2024")
COUNTED = {"published", "derived"}
FIRMNESS = ("published", "derived", "second_hand", "inferred")


@dataclass(frozen=True)
class Tree:
    """A random index.

    Attributes:
        parents: parent of each node; None for the root, which is the first.
        directions: of each node; only leaves use theirs.
        weights: of each node.
        values: value and kind by (node, period), for leaves.
        given: value, count and kind by (node, period), for composites.
        over: what averages run over.
        lower_is_better: the treatment of direction.
        cap: highest score of an indicator, or None.
    """

    parents: tuple[int | None, ...]
    directions: tuple[str, ...]
    weights: tuple[float, ...]
    values: Mapping[tuple[int, str], tuple[float, str]]
    given: Mapping[tuple[int, str], tuple[float, int, str]] = field(default_factory=dict)
    over: str = "indicators"
    lower_is_better: str = "inverted_ratio"
    cap: float | None = None

    def children(self, node: int) -> list[int]:
        return [child for child, parent in enumerate(self.parents) if parent == node]

    def leaves(self, node: int) -> list[int]:
        below = [leaf for child in self.children(node) for leaf in self.leaves(child)]
        return below or [node]

    @property
    def composites(self) -> list[int]:
        return [node for node in range(len(self.parents)) if self.children(node)]

    @property
    def structure(self) -> str:
        lines = []
        for node, parent in enumerate(self.parents):
            third = "" if self.children(node) else self.directions[node]
            lines.append(f"n{node},{'' if parent is None else f'n{parent}'},{third},{self.weights[node]!r}")
        return "\n".join(lines)

    @property
    def observations(self) -> str:
        rows = [f"n{node},{period},{value!r},,{kind}" for (node, period), (value, kind) in self.values.items()]
        rows += [
            f"n{node},{period},{value!r},{count},{kind}" for (node, period), (value, count, kind) in self.given.items()
        ]
        return "\n".join(rows)  # fmt: skip

    @property
    def recipe(self) -> dict[str, Any]:
        more = {} if self.cap is None else {"cap": self.cap}
        return recipe(self.over, lower_is_better=self.lower_is_better, **more)


@dataclass(frozen=True)
class Result:
    """What the plain computation finds for one node in one period."""

    score: float
    kind: str
    available: int
    reach: float


def plain(tree: Tree, node: int, period: str) -> Result | None:
    """Compute one score by recursion, as the documentation says it."""
    if not tree.children(node):
        return _plain_leaf(tree, node, period)
    if (node, period) in tree.given:
        value, count, kind = tree.given[node, period]
        return Result(value, kind, count, count)
    parts = []
    for child in tree.children(node):
        below = plain(tree, child, period)
        if below and below.kind in COUNTED and tree.weights[child] > 0:
            parts.append((tree.weights[child] * (below.reach if tree.over == "indicators" else 1), below))
    if not parts:
        return None
    total = sum(mass for mass, _ in parts)
    return Result(
        score=sum(mass * below.score for mass, below in parts) / total,
        kind=max(["derived", *(below.kind for _, below in parts)], key=FIRMNESS.index),
        available=sum(below.available for _, below in parts),
        reach=total,
    )


def _plain_leaf(tree: Tree, node: int, period: str) -> Result | None:
    if (node, period) not in tree.values or (node, "2022") not in tree.values:
        return None
    (value, kind), (base, base_kind) = tree.values[node, period], tree.values[node, "2022"]
    if tree.directions[node] == "higher":
        score = 100 * value / base
    elif tree.lower_is_better == "mirror":
        score = 200 - 100 * value / base
    else:
        score = 100 * base / value
    if tree.cap is not None:
        score = min(score, tree.cap)
    return Result(score, max(["derived", kind, base_kind], key=FIRMNESS.index), 1, 1)


@st.composite
def trees(
    draw: st.DrawFn,
    missing: bool = True,
    given: bool = True,
    kinds: tuple[str, ...] = ("published", "published", "published", "second_hand", "inferred"),
) -> Tree:
    """Draw a tree of two to ten nodes with values for three years."""
    size = draw(st.integers(2, 10))
    parents = (None, *(draw(st.integers(0, node - 1)) for node in range(1, size)))
    tree = Tree(parents, (), (), {})
    numbers = st.integers(1, 9999).map(lambda number: number / 10)
    values = {
        (leaf, period): (draw(numbers), draw(st.sampled_from(kinds)))
        for leaf in tree.leaves(0)
        for period in PERIODS
        if not missing or (leaf, period) == (tree.leaves(0)[0], "2022") or draw(st.integers(0, 3))
    }
    givens = {
        (node, period): (
            100.0 if period == "2022" else draw(numbers),  # anything else in the base period is a warning
            draw(st.integers(1, len(tree.leaves(node)))),
            draw(st.sampled_from(kinds)),
        )
        for node in tree.composites
        for period in PERIODS
        if given and draw(st.integers(0, 3)) == 0
    }
    # The first child of a composite has a weight: weights that sum to nothing are a fault.
    first_children = {parents.index(parent) for parent in parents if parent is not None}
    weights = tuple(
        draw(st.sampled_from([1.0, 2.0, 0.5] if node in first_children else [1.0, 1.0, 2.0, 0.5, 0.0]))
        for node in range(size)
    )
    return Tree(
        parents=parents,
        directions=tuple(draw(st.sampled_from(["higher", "lower"])) for _ in parents),
        weights=weights,
        values=values,
        given=givens,
        over=draw(st.sampled_from(["indicators", "children"])),
        lower_is_better=draw(st.sampled_from(["inverted_ratio", "mirror"])),
        cap=draw(st.sampled_from([None, None, 100.0, 150.0])),
    )
