"""From the measures of a pack to what a release says of them: definitions, and numbers where there are entries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from donghaeng.measures.measure import MeasuresSection

if TYPE_CHECKING:
    from donghaeng.measures.compute import Computed


def measures_tables(section: MeasuresSection, computed: Computed | None = None) -> dict[str, pa.Table]:
    """Give the tables of measures.

    ``measures`` (definitions) and ``measure_codes`` (what codes mean) always; ``statistics`` (numbers that may be
    published) and ``statistics_entries`` (what they are made of) where they were computed.

    Args:
        section: the measures.
        computed: their numbers.
    """
    from donghaeng.measures.publish import codes_table, definitions_table, entries_table, statistics_table

    tables = {"measures": definitions_table(section), "measure_codes": codes_table(section)}
    if computed is not None:
        tables |= {"statistics": statistics_table(computed), "statistics_entries": entries_table(computed)}
    return tables


def measure_extract(section: MeasuresSection, folder: Path) -> Computed:
    """Compute measures over an extract of a ledger.

    Args:
        section: the measures.
        folder: the extract.

    Raises:
        InputError: the folder is no extract, a file was changed, or real and made-up entries stand in it together.
        UsageError: the entries were extracted without what a measure reads.
    """
    from donghaeng.catalogue.ledger_tables import read_extract
    from donghaeng.measures.compute import compute

    return compute(section, read_extract(folder))
