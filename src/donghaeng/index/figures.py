"""Published figures that belong to no index: what was counted (``figures.yaml``), and who said how many (``.csv``).

Each figure has a definition of its own, so that numbers that count different things never stand in one row. A figure
whose definition changed is another one. Values are observations with sources, as in ``observations.csv``; nothing is
computed from them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import Field

from donghaeng.documents import Document, Model, formed, read_model
from donghaeng.errors import Faults, listed, nearest
from donghaeng.index.observations import OPTIONAL, REQUIRED, Observations, read_observations
from donghaeng.index.structure import Node, Structure
from donghaeng.sources import Kind, Source
from donghaeng.wording import Language, Text

FILES = ("figures.yaml", "figures.csv")
#: Columns of ``figures.csv``: those of observations, without the number of indicators behind a composite.
COLUMNS = tuple(name for name in REQUIRED if name != "count")
MORE_COLUMNS = tuple(name for name in OPTIONAL if name not in {"count_kind", "imputed"})

FigureCode = Annotated[str, formed(r"^[a-z][a-z0-9_]{0,59}$", "a code of small letters, digits and underscores")]


class FigureModel(Model):
    """A figure.

    Attributes:
        group: the group under which it is shown.
        title: what it is called, by language.
        unit: what is counted, by language.
        definition: what counts and what does not, and what it must not be taken for.
    """

    group: FigureCode
    title: Text
    unit: Text
    definition: Text


class FiguresModel(Model):
    """The content of ``figures.yaml``.

    Attributes:
        format: version of this form.
        groups: name of each group, in the order in which they are shown.
        figures: the figures by code, in that order too.
    """

    format: Literal[1]
    groups: Annotated[dict[FigureCode, Text], Field(min_length=1)]
    figures: Annotated[dict[FigureCode, FigureModel], Field(min_length=1)]


@dataclass(frozen=True, repr=False)
class FiguresSection:
    """The published figures of a pack.

    Attributes:
        model: what is counted.
        values: who said how many.
    """

    model: FiguresModel
    values: Observations

    def definitions_table(self) -> pa.Table:
        """Give the figures: ``node`` (code), ``group``, and group, title, unit and definition by language."""
        languages: tuple[Language, ...] = ("ko", "en")
        rows = []
        for code, one in self.model.figures.items():
            texts = {"group": self.model.groups[one.group], "title": one.title, "unit": one.unit}
            texts["definition"] = one.definition
            row = {
                f"{name}_{language}": text.get(language, "") for name, text in texts.items() for language in languages
            }
            rows.append({"node": code, "group": one.group, **row})
        return pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in rows[0]]))

    def values_table(self) -> pa.Table:
        """Give the values: columns as of `Observations.table`, without what only an index has."""
        return self.values.table().drop_columns(["count", "count_kind"])


def read_figures(
    folder: Path,
    label: str,
    languages: tuple[Language, ...],
    places: Collection[str] | None,
    sources: Mapping[str, Source] | None,
    is_invented: bool,
    faults: Faults,
) -> FiguresSection | None:
    """Read ``figures.yaml`` and ``figures.csv``.

    Args:
        folder: folder of the pack.
        label: how faults name it.
        languages: languages in which every text is given.
        places: known place codes; None when the pack lists none, then any code will do.
        sources: the sources of the pack; None when they could not be read, then any id will do.
        is_invented: whether the pack is about nobody real; its values are then all simulated.
        faults: where faults go.

    Returns:
        The figures; None when they have faults.
    """
    before = len(faults.errors)
    definitions, values = FILES
    model, document = read_model(folder / definitions, f"{label}/{definitions}", FiguresModel, faults)
    if model is not None:
        _check(model, document, languages, faults)
    tree = Structure(tuple(_node(code, one) for code, one in model.figures.items()) if model else ())
    found = read_observations(
        *(folder / values, f"{label}/{values}", tree, places, sources, faults),
        check_nodes=model is not None,
        columns=(COLUMNS, MORE_COLUMNS),
        codes_of=definitions,
    )
    if found is not None and is_invented:
        for row, kind in enumerate(found.columns["kind"]):
            if kind != Kind.SIMULATED:
                file, line = found.location(row)
                what, remedy = f"a value of kind {Kind(kind).word} in an invented pack", "write simulated"
                faults.add(file, line, 1, what, "simulated", remedy, "evidence")
    if model is None or found is None or len(faults.errors) > before:
        return None
    return FiguresSection(model, found)


def _node(code: str, one: FigureModel) -> Node:
    return Node(code, "", one.title, one.unit.get("en", ""), "", 1.0, None, {})


def _check(model: FiguresModel, document: Document, languages: tuple[Language, ...], faults: Faults) -> None:
    texts: dict[tuple[str, ...], Text] = {("groups", code): text for code, text in model.groups.items()}
    for code, one in model.figures.items():
        texts |= {("figures", code, key): getattr(one, key) for key in ("title", "unit", "definition")}
        if one.group not in model.groups:
            line, column = document.place(("figures", code, "group"))
            remedy = nearest(one.group, model.groups) or "add it under groups"
            what, expected = f'unknown group "{one.group}"', f"one of {listed(model.groups)}"
            faults.add(document.label, line, column, what, expected, remedy, "unknown-code")
    for path, text in texts.items():
        for language in languages:
            if language not in text:
                line, column = document.place(path, of_key=True)
                what, expected = f"{path[-1]} is missing in {language}", "every text in every language of the pack"
                faults.add(document.label, line, column, what, expected, "write it", "missing-value")
