"""The tree of an index as the fast evaluation wants it: numbers instead of names, leaves first, the root last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from donghaeng.errors import UsageError, listed

#: Means, and the scale in which each is a weighted sum: as it is, in logarithms, in reciprocals.
MEANS = ("arithmetic", "geometric", "harmonic")


@dataclass(frozen=True)
class Tree:
    """Indicators and composites.

    Attributes:
        codes: codes of all nodes: the indicators, then the composites bottom-up, the root last. The children of a
            composite stand together, and so do all indicators below it, so that the fast evaluation runs straight
            through memory.
        parents: position of the parent of each node; -1 for the root.
        indicators: how many of the nodes are indicators.
    """

    codes: tuple[str, ...]
    parents: tuple[int, ...]
    indicators: int

    @classmethod
    def of(cls, parents: Mapping[str, str]) -> Tree:
        """Make a tree from the parent of each node.

        Args:
            parents: code of the parent by code; empty for the root. Siblings keep this order.

        Raises:
            UsageError: there is no root or more than one, or a parent that is not a node.
        """
        roots = [code for code, parent in parents.items() if not parent]
        strange = {parent for parent in parents.values() if parent and parent not in parents}
        if len(roots) != 1 or strange:
            raise UsageError(
                f"a tree has one root and known parents; here the roots are {listed(roots) or 'none'}"
                + (f" and unknown parents {listed(sorted(strange))}" if strange else "")
            )
        children: dict[str, list[str]] = {}
        for code, parent in parents.items():
            children.setdefault(parent, []).append(code)
        codes = _leaves(children, roots[0])
        indicators = len(codes)
        codes += _composites(children, roots[0])
        if len(codes) != len(parents):
            lost = sorted(set(parents) - set(codes))
            raise UsageError(f"{listed(lost)} hang in a circle of parents and never reach the root {roots[0]}")
        position = {code: number for number, code in enumerate(codes)}
        return cls(tuple(codes), tuple(position.get(parents[code], -1) for code in codes), indicators)

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Positions of the children of each node."""
        below: list[list[int]] = [[] for _ in self.codes]
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                below[parent].append(node)
        return tuple(tuple(children) for children in below)

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """Level of each node: an indicator has 1, a composite one more than its highest child."""
        levels = [1] * len(self.codes)
        for node in range(self.indicators, len(self.codes)):
            levels[node] = 1 + max(levels[child] for child in self.children[node])
        return tuple(levels)

    @property
    def composites(self) -> range:
        """Positions of the composites, children before parents."""
        return range(self.indicators, len(self.codes))

    def means_by_level(self, means: Sequence[str]) -> tuple[str, ...]:
        """Spread one mean a level (lowest first; a single one for all) over the composites.

        Raises:
            UsageError: another number of means than levels.
        """
        top = self.levels[-1] - 1
        if len(means) not in (1, top):
            raise UsageError(f"{len(means)} means for {top} levels; give one for each, lowest first, or one for all")
        return tuple(means[0] if len(means) == 1 else means[self.levels[node] - 2] for node in self.composites)


def _leaves(children: Mapping[str, list[str]], root: str) -> list[str]:
    """Indicators depth first, those of a composite before those of the composites below it."""
    found, waiting = [], [root]
    while waiting:
        code = waiting.pop()
        below = children.get(code, [])
        found += [child for child in below if child not in children]
        waiting += [child for child in reversed(below) if child in children]
    return found


def _composites(children: Mapping[str, list[str]], root: str) -> list[str]:
    """Composites level by level from the bottom, siblings together, children before their parents."""
    order = [root]
    for code in order:
        order += [child for child in reversed(children.get(code, [])) if child in children]
    return order[::-1]
