"""Reading the rules of a pack: documents to checked tables, all faults together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from donghaeng.documents import read_model
from donghaeng.errors import Faults, listed
from donghaeng.rules.document import TableModel
from donghaeng.rules.placing import PackFacts
from donghaeng.rules.reading_examples import ReadExample, read_examples
from donghaeng.rules.reading_table import TableReading
from donghaeng.rules.reading_values import read_values
from donghaeng.rules.table import DatedSeries, Table


@dataclass(frozen=True)
class RulesSection:
    """The rules of a pack.

    Attributes:
        tables: the decision tables by id.
        values: the dated values by name.
        examples: the pack's own tests.
    """

    tables: Mapping[str, Table]
    values: Mapping[str, DatedSeries]
    examples: tuple[ReadExample, ...]


def read_rules(folder: Path, label: str, pack: PackFacts, faults: Faults) -> RulesSection | None:
    """Read ``values.yaml``, ``rules/*.yaml`` and ``examples/*.yaml`` of a pack.

    Args:
        folder: folder of the pack.
        label: how faults name the folder.
        pack: what the rules must know of their pack.
        faults: where faults go.

    Returns:
        The rules; None when they have faults.
    """
    before = len(faults.errors)
    values = read_values(folder, label, pack, faults)
    readings: dict[str, TableReading] = {}
    for path in sorted((folder / "rules").glob("*.yaml")):
        name = f"{label}/rules/{path.name}"
        model, document = read_model(path, name, TableModel, faults)
        if model is not None:
            readings[path.stem] = TableReading(path.stem, model, document, pack, values, faults)
    tables = _in_order_of_use(readings)
    known = [path.stem for path in (folder / "rules").glob("*.yaml")]  # those with faults too
    examples = read_examples(folder, label, tables, known, pack, faults)
    if len(faults.errors) > before:
        return None
    return RulesSection({table_id: tables[table_id] for table_id in sorted(tables)}, values, examples)


def _in_order_of_use(readings: Mapping[str, TableReading]) -> dict[str, Table]:
    """Read tables after those whose outcomes they use."""
    tables: dict[str, Table] = {}
    waiting = dict(readings)
    while waiting:
        ready = [name for name, reading in waiting.items() if not reading.uses() & waiting.keys()]
        if not ready:
            for name, reading in waiting.items():
                circle = listed(sorted(reading.uses() & waiting.keys()))
                what = f"tables use one another in a circle: {name} uses {circle}"
                reading.fault(("derived",), what, "no circles", "decide which table comes first", "circle")
            break
        for name in ready:
            reading = waiting.pop(name)
            unknown = reading.uses() - readings.keys()
            if not unknown and not reading.uses() <= tables.keys():
                continue  # that table has faults of its own
            table = reading.read(tables, readings.keys())
            if table is not None:
                tables[name] = table
    return tables
