"""What an entry can count in: every combination of values, and nothing that cannot be."""

from __future__ import annotations

from pathlib import Path

from donghaeng.measures.expression import UNKNOWN
from donghaeng.measures.measure import RowMeasure
from donghaeng.measures.patterns import Pattern, combinations, possible_patterns
from tests.measures.clinic import COLUMNS, measure, measures_yaml, read, section_of


def patterns_of(folder: Path, *measures: str, always_known: tuple[str, ...] = ()) -> tuple[Pattern, ...]:
    """The patterns of some measures of visits."""
    return possible_patterns(section_of(folder, *measures).of_rows, always_known)


def test_a_filter_and_a_group_of_one_column_cannot_contradict_each_other(tmp_path: Path) -> None:
    found = patterns_of(
        tmp_path,
        measure("by", calculate="count", table="visited", groups="[outcome]"),
        measure("exempt", calculate="count", table="visited", filter="outcome = 'exempt'"),
        always_known=("outcome",),
    )
    assert {(dict(one.groups)["outcome"], "exempt" in one.measures) for one in found} == {
        ("covered", False),
        ("exempt", True),
        ("refused", False),
    }


def test_an_unknown_value_is_possible_where_an_entry_has_none(tmp_path: Path) -> None:
    found = patterns_of(
        tmp_path,
        measure("by", calculate="count", table="visited", groups="[desk]"),
        measure("not_east", calculate="count", table="visited", filter="desk <> 'east'"),
    )
    # A value that is not listed is not east; one that is absent is neither east nor not east.
    assert {"not_east" in one.measures for one in found if dict(one.groups)["desk"] == UNKNOWN} == {True, False}


def test_comparisons_of_amounts_and_days_may_hold_or_not(tmp_path: Path) -> None:
    found = patterns_of(
        tmp_path,
        measure("much", calculate="count", table="visited", filter="paid_won > 100"),
        measure("more", calculate="count", table="visited", filter="paid_won > 100 AND effective_on < '2026-02-01'"),
    )
    assert {one.measures for one in found} == {frozenset(), frozenset({"much"}), frozenset({"much", "more"})}


def test_more_combinations_than_can_be_looked_at_are_a_fault(tmp_path: Path) -> None:
    codes = ", ".join(f"c{number}: {{ko: 값, en: Value}}" for number in range(300))
    columns = COLUMNS.replace("codes: {east: {ko: 동쪽, en: East}, west: {ko: 서쪽, en: West}}", f"codes: {{{codes}}}")
    columns = columns.replace(
        "codes: {child: {ko: 아이, en: Child}, pregnant: {ko: 임신, en: Pregnant}}", f"codes: {{{codes}}}"
    )
    text = measure("all", calculate="count", table="visited", groups="[desk, reason]")
    section, faults = read(measures_yaml(text, columns=columns), tmp_path)
    assert section is None
    assert [fault.what for fault in faults] == ["the measures of visited tell apart 91,204 combinations of values"]
    small = [one for one in section_of(tmp_path, text).of_rows if isinstance(one, RowMeasure)]
    assert combinations(small) == 4 * 4
