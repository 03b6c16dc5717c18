"""Reading ``examples/*.yaml``: cases with the answer that is expected of a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from donghaeng.documents import read_model
from donghaeng.errors import Faults, listed, nearest
from donghaeng.rules import document as written
from donghaeng.rules.document import Examples
from donghaeng.rules.placing import PackFacts, Path_, Places, check_texts, read_value
from donghaeng.rules.table import ENGINE_REASONS, UNDETERMINED, Table, answer_fields


@dataclass(frozen=True)
class ReadExample:
    """An example, with its place.

    Attributes:
        table: id of its table.
        example: the case as it is written.
        label: how faults name its file.
        line: line of the file.
    """

    table: str
    example: written.Example
    label: str
    line: int


def read_examples(
    folder: Path,
    label: str,
    tables: Mapping[str, Table],
    known: Collection[str],
    pack: PackFacts,
    faults: Faults,
) -> tuple[ReadExample, ...]:
    """Read ``examples/*.yaml`` and hold every case to its table.

    Args:
        folder: folder of the pack.
        label: how faults name the folder.
        tables: the tables without faults.
        known: ids of all tables, those with faults included.
        pack: what the rules must know of their pack.
        faults: where faults go.
    """
    examples: list[ReadExample] = []
    seen: set[tuple[str, str]] = set()
    for path in sorted((folder / "examples").glob("*.yaml")):
        model, document = read_model(path, f"{label}/examples/{path.name}", Examples, faults)
        if model is None:
            continue
        places = Places(document, faults)
        if model.table not in known:
            remedy = nearest(model.table, known) or "correct the id"
            what = f'unknown table "{model.table}"'
            places.fault(("table",), what, "the name of a file of rules/", remedy, "unknown-table")
            continue
        table = tables.get(model.table)
        for number, example in enumerate(model.examples):
            here: Path_ = ("examples", number)
            if (model.table, example.id) in seen:
                places.fault(
                    (*here, "id"), f'the example "{example.id}" stands twice', "each id once", "rename", "twice"
                )
            seen.add((model.table, example.id))
            check_texts(places, example, pack.languages, here, ("about",))
            places.check_day(example.on, (*here, "on"))
            places.check_day(example.known_on, (*here, "known_on"))
            if pack.sources is not None:
                places.check_known(example.cite, (*here, "cite"), pack.sources)
            if table is not None:
                _check_example(places, table, example, here)
            examples.append(ReadExample(model.table, example, document.label, places.line(here)))
    return tuple(examples)


def _check_example(places: Places, table: Table, example: written.Example, path: Path_) -> None:
    for name, given in example.facts.items():
        item = table.all_inputs.get(name)
        if item is None:
            remedy = nearest(name, table.all_inputs) or "correct the name"
            what = f'unknown fact "{name}"'
            places.fault(
                (*path, "facts", name), what, f"one of {listed(table.all_inputs)}", remedy, "unknown-name", True
            )
        elif given is not None:
            read_value(places, given, item.type, (*path, "facts", name))
    fields = answer_fields(table)
    for name in example.outcome:
        if name not in fields:
            remedy = nearest(name, fields) or "correct the name"
            what = f'unknown outcome "{name}"'
            places.fault((*path, "outcome", name), what, f"one of {listed(fields)}", remedy, "unknown-name", True)
    result = example.outcome.get("result")
    codes = [*table.outcomes["result"].type.codes, UNDETERMINED]
    if isinstance(result, str) and result not in codes:
        remedy = nearest(result, codes) or "correct it"
        places.fault(
            (*path, "outcome", "result"),
            f'unknown result "{result}"',
            f"one of {listed(codes)}",
            remedy,
            "unknown-code",
        )
    if example.reason is not None and example.reason not in {*(row.id for row in table.rows), *ENGINE_REASONS}:
        remedy = nearest(example.reason, [row.id for row in table.rows]) or "correct it"
        places.fault((*path, "reason"), f'unknown reason "{example.reason}"', "the id of a row", remedy, "unknown-code")
