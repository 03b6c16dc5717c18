"""Reading ``values.yaml``: the dated values of a pack."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from donghaeng.documents import read_model
from donghaeng.errors import Faults
from donghaeng.rules.document import Values
from donghaeng.rules.placing import PackFacts, Path_, Places, check_name, check_texts, read_type, read_value
from donghaeng.rules.table import DatedConstant, DatedSeries


def read_values(folder: Path, label: str, pack: PackFacts, faults: Faults) -> dict[str, DatedSeries]:
    """Read ``values.yaml``; nothing where a pack has none."""
    if not (folder / "values.yaml").exists():
        return {}
    model, document = read_model(folder / "values.yaml", f"{label}/values.yaml", Values, faults)
    if model is None:
        return {}
    places = Places(document, faults)
    series: dict[str, DatedSeries] = {}
    for name, one in model.values.items():
        path: Path_ = ("values", name)
        check_name(places, name, path)
        check_texts(places, one, pack.languages, path, ("title", "unit"))
        kind = read_type(places, one, path, pack, {name: item.type for name, item in series.items()})
        if kind is None:
            continue
        dated = []
        for number, given in enumerate(one.dated):
            here = (*path, "dated", number)
            places.check_dates(given, here)
            check_texts(places, given, pack.languages, here, ("note",))
            places.check_cited(given, here, pack)
            value = read_value(places, given.value, kind, (*here, "value"))
            if value is None and given.value is None and given.kind != "unknown":
                remedy = "write it, or give kind: unknown"
                places.fault(here, "the value is missing", f"a value, {kind.phrase}", remedy, "missing-key")
            dated.append(DatedConstant(given.dates, value, given.kind, given.cite, given.statements, given.note))
        _check_overlaps(places, dated, path)
        series[name] = DatedSeries(name, kind, one.title, one.unit, tuple(dated))
    return series


def _check_overlaps(places: Places, dated: list[DatedConstant], path: Path_) -> None:
    """Refuse two values for one day, unless the earlier ends only because the later begins."""
    for number, one in enumerate(dated):
        for earlier in range(number):
            before = dated[earlier]
            both_known = before.dates.withdrawn is None and one.dates.withdrawn is None
            same_start = before.dates.start == one.dates.start
            inside = (
                before.dates.end is not None and one.dates.start is not None and one.dates.start <= before.dates.end
            )
            backwards = (one.dates.start or date.min) < (before.dates.start or date.min)
            if both_known and (same_start or inside or backwards):
                what = "two values for the same days"
                expected = "values in order of time, each after the one before"
                remedy = "correct from and to, or give withdrawn to the one that was replaced"
                places.fault((*path, "dated", number), what, expected, remedy, "dates")
                break
