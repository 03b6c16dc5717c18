"""The tree of an index, read from ``structure.csv``.

The level of a node is derived and never written: a leaf has level 1, an inner node one more than its
highest child, so the root has the highest.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from donghaeng.errors import Faults, listed, nearest
from donghaeng.panel import Mask
from donghaeng.sources import KIND_WORDS, source_ids
from donghaeng.table import Row, number, read_rows
from donghaeng.wording import Language

REQUIRED = ("code", "parent", "name_ko", "name_en", "unit", "direction", "weight")
OPTIONAL = (
    "unit_ko",
    "unit_kind",
    "direction_kind",
    "name_kind",
    "indicators",
    "status",
    "former_name_ko",
    "former_name_en",
    "source",
    "definition_ko",
    "definition_en",
    "note_ko",
    "note_en",
    "denominator",
    "treat",
    "target",
    "lower",
    "upper",
    "rescale",
    "same_as",
)
#: Optional columns that hold a number.
NUMBERS = ("target", "lower", "upper", "rescale")
DIRECTIONS = ("higher", "lower")
#: Codes stand in the names of files.
LONGEST_CODE = 64
#: Weights other than 0 lie between these, and their products from the root to a leaf too.
LEAST_WEIGHT, MOST_WEIGHT = 1e-100, 1e100
STATUSES = ("confirmed", "tentative")
TRANSFORMS = ("none", "log", "sqrt", "cbrt", "square", "cube", "reciprocal")


@dataclass(frozen=True)
class Node:
    """One element of an index: an indicator (leaf) or a composite.

    Attributes:
        code: its code.
        parent: code of the node it belongs to; empty for the root.
        names: name by language.
        unit: unit of the raw values; ``unknown`` where it is not public; empty for composites.
        direction: ``higher`` or ``lower`` is better; empty for composites.
        weight: weight among its siblings.
        indicators: stated number of indicators below it; None where nothing is stated.
        details: the optional columns of the structure as they were written.
    """

    code: str
    parent: str
    names: Mapping[Language, str]
    unit: str
    direction: str
    weight: float
    indicators: int | None
    details: Mapping[str, str]


@dataclass(frozen=True)
class Structure:
    """A tree of nodes, in the order of the file."""

    nodes: tuple[Node, ...]

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Codes of all nodes."""
        return tuple(node.code for node in self.nodes)

    @cached_property
    def position(self) -> dict[str, int]:
        """Position of each code in `nodes`."""
        return {code: index for index, code in enumerate(self.codes)}

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Positions of the children of each node."""
        below: list[list[int]] = [[] for _ in self.nodes]
        for index, node in enumerate(self.nodes):
            if node.parent:
                below[self.position[node.parent]].append(index)
        return tuple(tuple(children) for children in below)

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """Level of each node: leaf 1, inner node 1 + its highest child."""
        levels = [1] * len(self.nodes)
        for index in self.bottom_up:
            if self.children[index]:
                levels[index] = 1 + max(levels[child] for child in self.children[index])
        return tuple(levels)

    @cached_property
    def bottom_up(self) -> tuple[int, ...]:
        """Positions in an order in which children come before their parent."""
        order: list[int] = []
        waiting = [self.root]
        while waiting:
            index = waiting.pop()
            order.append(index)
            waiting.extend(self.children[index])
        return tuple(reversed(order))

    @cached_property
    def root(self) -> int:
        """Position of the root."""
        return next(index for index, node in enumerate(self.nodes) if not node.parent)

    @cached_property
    def leaf_counts(self) -> tuple[int, ...]:
        """Number of leaves at or below each node."""
        counts = [1] * len(self.nodes)
        for index in self.bottom_up:
            if self.children[index]:
                counts[index] = sum(counts[child] for child in self.children[index])
        return tuple(counts)

    @cached_property
    def stated_counts(self) -> tuple[int, ...]:
        """Number of indicators that each node has: as stated, else the sum of its children."""
        counts = [1] * len(self.nodes)
        for index in self.bottom_up:
            stated = self.nodes[index].indicators
            if stated is not None:
                counts[index] = stated
            elif self.children[index]:
                counts[index] = sum(counts[child] for child in self.children[index])
        return tuple(counts)

    @cached_property
    def copies(self) -> tuple[tuple[int, int], ...]:
        """Positions of the leaves that stand for another one (``same_as``), and of that one."""
        named = ((index, node.details.get("same_as", "")) for index, node in enumerate(self.nodes))
        return tuple((index, self.position[code]) for index, code in named if code)

    def without(self, nodes: Iterable[int], standing: Collection[int] = ()) -> Mask:
        """Say of each node whether it is gone when some are left out.

        Gone are these, all nodes below them, and composites of which no child is left.

        Args:
            nodes: positions of the nodes that are left out.
            standing: positions of composites that stand without their children, since they have values of their own.
        """
        gone = [False] * len(self.nodes)
        for index in nodes:
            gone[index] = True
        for index in reversed(self.bottom_up):
            for child in self.children[index]:
                gone[child] = gone[child] or gone[index]
        for index in self.bottom_up:
            if self.children[index] and index not in standing:
                gone[index] = gone[index] or all(gone[child] for child in self.children[index])
        return np.array(gone, bool)

    def is_leaf(self, index: int) -> bool:
        """Say whether the node at a position is an indicator."""
        return not self.children[index]

    def table(self) -> pa.Table:
        """Give the structure as a table, one row a node, with the derived level."""
        columns: dict[str, list[Any]] = {
            "code": list(self.codes),
            "parent": [node.parent for node in self.nodes],
            "level": list(self.levels),
            "name_ko": [node.names.get("ko", "") for node in self.nodes],
            "name_en": [node.names.get("en", "") for node in self.nodes],
            "unit": [node.unit for node in self.nodes],
            "direction": [node.direction for node in self.nodes],
            "weight": [node.weight for node in self.nodes],
            "indicators": list(self.stated_counts),
        }
        copies = any(node.details.get("same_as") for node in self.nodes)
        for name in OPTIONAL:
            if name != "indicators" and (copies or name != "same_as"):
                columns[name] = [node.details.get(name, "") for node in self.nodes]
        return pa.table(columns)


def read_structure(
    path: Path, label: str, languages: Iterable[Language], sources: Collection[str] | None, faults: Faults
) -> Structure | None:
    """Read ``structure.csv``.

    Args:
        path: the file.
        label: how faults name it.
        languages: languages in which every node needs a name.
        sources: known source ids; None when the sources could not be read, then any id will do.
        faults: where faults go.

    Returns:
        The structure, or None when it has faults.
    """
    before = len(faults.errors)
    nodes: list[Node] = []
    rows: list[Row] = []
    first_line: dict[str, int] = {}
    for row in read_rows(path, label, REQUIRED, OPTIONAL, faults):
        code = row["code"]
        if not code or any(character in "/\\;," or character.isspace() for character in code):
            row.fault(faults, "code", f'"{code}" is not a code', "a word without spaces", "give one", "wrong-value")
            continue
        if len(code) > LONGEST_CODE or code in {"place", "period"}:
            what, expected = (
                f'"{code[:40]}" cannot be a code',
                f"at most {LONGEST_CODE} characters, not place or period",
            )
            row.fault(faults, "code", what, expected, "choose another", "wrong-value")
            continue
        if code in first_line:
            what = f'the code "{code}" stands already in line {first_line[code]}'
            row.fault(faults, "code", what, "each code once", "rename or remove one", "duplicate")
            continue
        first_line[code] = row.line
        nodes.append(_node(row, languages, sources, faults))
        rows.append(row)
    if not nodes:
        return None
    _check_tree(nodes, rows, faults)
    if len(faults.errors) > before:
        return None
    structure = Structure(completed(nodes))
    _check_weights(structure, rows, faults)
    return structure if len(faults.errors) == before else None


def completed(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Give nodes that stand for another one (``same_as``) its unit, direction and other columns.

    Args:
        nodes: nodes of a tree that `tree_faults` or `read_structure` has checked.
    """
    given = tuple(nodes)
    by_code = {node.code: node for node in given}
    result = []
    for node in given:
        origin = by_code.get(node.details.get("same_as", ""))
        if origin is not None:
            own = {name: text for name, text in node.details.items() if text}
            node = replace(node, unit=origin.unit, direction=origin.direction, details={**origin.details, **own})
        result.append(node)
    return tuple(result)


def _node(row: Row, languages: Iterable[Language], sources: Collection[str] | None, faults: Faults) -> Node:
    for language in languages:
        if not row[f"name_{language}"]:
            row.fault(faults, f"name_{language}", "the name is missing", "a name", "write it", "missing-value")
    weight = 1.0
    if row["weight"]:
        given = number(row, "weight", faults)
        if given is not None and given < 0:
            row.fault(faults, "weight", f"the weight {given} is negative", "0 or more", "correct it", "wrong-value")
        elif given is not None:
            weight = float(given)
    indicators = None
    if row["indicators"]:
        if re.fullmatch(r"[0-9]{1,9}", row["indicators"]):
            indicators = int(row["indicators"])
        else:
            what = f'"{row["indicators"]}" is not a count'
            row.fault(faults, "indicators", what, "a whole number below 1,000,000,000", "write digits", "not-a-number")
    numbers = {column: number(row, column, faults) for column in NUMBERS if row[column]}
    low, high = numbers.get("lower"), numbers.get("upper")
    if low is not None and high is not None and low >= high:
        what = f"the goalposts of {row['code']} are {low} and {high}"
        remedy = "swap or correct them; the direction says which is best"
        row.fault(faults, "upper", what, f"an upper one above {low}", remedy, "wrong-value")
    for column in ("unit_kind", "direction_kind", "name_kind"):
        _one_of(row, column, tuple(KIND_WORDS), faults)
    _one_of(row, "status", STATUSES, faults)
    _one_of(row, "treat", TRANSFORMS, faults)
    for source_id in source_ids(row["source"]):
        if sources is not None and source_id not in sources:
            remedy = nearest(source_id, sources) or "add it to sources.yaml"
            row.fault(faults, "source", f'unknown source "{source_id}"', "an id of sources.yaml", remedy, "unknown-key")
    return Node(
        code=row["code"],
        parent=row["parent"],
        names={"ko": row["name_ko"], "en": row["name_en"]},
        unit=row["unit"],
        direction=row["direction"],
        weight=weight,
        indicators=indicators,
        details={name: row[name] for name in OPTIONAL},
    )


def _one_of(row: Row, column: str, words: tuple[str, ...], faults: Faults) -> None:
    if row[column] and row[column] not in words:
        remedy = nearest(row[column], words) or "choose one of them"
        what = f'"{row[column]}" is not known here'
        row.fault(faults, column, what, f"one of {listed(words)}", remedy, "wrong-value")


def _check_tree(nodes: list[Node], rows: list[Row], faults: Faults) -> None:
    position = {node.code: index for index, node in enumerate(nodes)}
    parents = {node.parent for node in nodes}
    roots = [index for index, node in enumerate(nodes) if not node.parent]
    for index in roots[1:]:
        what = f'"{nodes[index].code}" is a second node without a parent'
        rows[index].fault(faults, "parent", what, f"one root ({nodes[roots[0]].code})", "give its parent", "tree")
    if not roots:
        rows[0].fault(faults, "parent", "no node is the root", "one node without a parent", "leave it empty", "tree")
    for node, row in zip(nodes, rows, strict=True):
        if node.parent and node.parent not in position:
            remedy = nearest(node.parent, position) or "add the parent or correct its code"
            row.fault(faults, "parent", f'unknown parent "{node.parent}"', "a code of this file", remedy, "orphan")
        if node.code not in parents and not node.details["same_as"]:
            _check_leaf(node, row, faults)
        elif node.code not in parents and (node.unit or node.direction):
            column = "unit" if node.unit else "direction"
            what = f'"{node.code}" stands for {node.details["same_as"]} and has a {column} of its own'
            row.fault(faults, column, what, f"the {column} of the other one", "empty the cell", "wrong-value")
        elif node.unit or node.direction:
            column = "unit" if node.unit else "direction"
            what = f'"{node.code}" has children and a {column}'
            row.fault(faults, column, what, f"no {column} for a composite", "empty the cell", "wrong-value")
    _check_copies(nodes, rows, parents, faults)
    for cycle in _cycles(nodes, position):
        row = rows[position[cycle[0]]]
        what = f"a circle of parents: {' -> '.join([*cycle, cycle[0]])}"
        row.fault(faults, "parent", what, "a tree", "correct one of the parents", "cycle")


def _check_copies(nodes: list[Node], rows: list[Row], parents: Collection[str], faults: Faults) -> None:
    """Report ``same_as`` that names no indicator with values of its own."""
    origins = [node.code for node in nodes if node.code not in parents and not node.details["same_as"]]
    for node, row in zip(nodes, rows, strict=True):
        code = node.details["same_as"]
        if code and node.code in parents:
            what = f'"{node.code}" has children and a same_as'
            row.fault(faults, "same_as", what, "no same_as for a composite", "empty the cell", "wrong-value")
        elif code and code not in origins:
            remedy = nearest(code, origins) or "correct the code"
            what, expected = f'"{code}" is no indicator with values of its own', "another indicator of this file"
            row.fault(faults, "same_as", what, expected, remedy, "unknown-code")


def _check_weights(structure: Structure, rows: list[Row], faults: Faults) -> None:
    """Report the node at which the product of the weights from the root leaves the numbers."""
    for index, children in enumerate(structure.children):
        if children and not any(structure.nodes[child].weight for child in children):
            what = f"all weights below {structure.codes[index]} are 0"
            rows[children[0]].fault(faults, "weight", what, "a sum above 0", "give a weight to one", "wrong-value")
    products = [1.0] * len(structure.nodes)
    for index in reversed(structure.bottom_up):
        for child in structure.children[index]:
            product = products[index] * (structure.nodes[child].weight or 1.0)
            products[child] = product if LEAST_WEIGHT <= product <= MOST_WEIGHT else 1.0
            if products[child] != product:
                what = f"the weights from the root to {structure.codes[child]} multiply to {product:g}"
                expected = f"{LEAST_WEIGHT:g} to {MOST_WEIGHT:g}"
                rows[child].fault(faults, "weight", what, expected, "give weights nearer to 1", "wrong-value")


def _check_leaf(node: Node, row: Row, faults: Faults) -> None:
    if not node.unit:
        remedy = 'write it, or "unknown" where it is not public'
        row.fault(faults, "unit", f'the unit of "{node.code}" is missing', "a unit", remedy, "missing-value")
    if not node.direction:
        what = f'the direction of "{node.code}" is missing'
        row.fault(faults, "direction", what, "higher or lower", "say which is better", "missing-value")
    _one_of(row, "direction", DIRECTIONS, faults)


def tree_faults(nodes: list[Node]) -> str:
    """Say in a sentence why nodes that came without a file are no tree; empty when they are one."""
    position = {node.code: index for index, node in enumerate(nodes)}
    roots = [node.code for node in nodes if not node.parent]
    orphans = [node.code for node in nodes if node.parent and node.parent not in position]
    if len(position) < len(nodes):
        return "a code stands twice; expected each code once"
    if len(roots) != 1:
        return f"{len(roots)} nodes have no parent ({listed(roots)}); expected one root"
    if orphans:
        return f"unknown parents of {listed(orphans)}; expected codes of the structure"
    cycles = _cycles(nodes, position)
    if cycles:
        return f"a circle of parents: {' -> '.join(cycles[0])}; expected a tree"
    parents = {node.parent for node in nodes}
    origins = {node.code for node in nodes if node.code not in parents and not node.details.get("same_as")}
    copies = [node.code for node in nodes if node.details.get("same_as") and node.details["same_as"] not in origins]
    return f"same_as of {listed(copies)} names no indicator with values of its own" if copies else ""


def _cycles(nodes: list[Node], position: dict[str, int]) -> list[list[str]]:
    """Find the circles in a set of parent links, each once, starting at its first node in the file."""
    finished: set[str] = set()
    cycles: list[list[str]] = []
    for node in nodes:
        trail: dict[str, None] = {}
        code = node.code
        while code in position and code not in finished and code not in trail:
            trail[code] = None
            code = nodes[position[code]].parent
        if code in trail:
            cycle = list(trail)[list(trail).index(code) :]
            first = min(range(len(cycle)), key=lambda index: position[cycle[index]])
            cycles.append(cycle[first:] + cycle[:first])
        finished.update(trail)
    return cycles
