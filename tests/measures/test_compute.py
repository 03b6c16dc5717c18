"""The numbers of measures: those of plain Python over the entries, and of a query written by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from donghaeng.catalogue.ledger_tables import read_extract
from donghaeng.errors import InputError, UsageError
from donghaeng.ledger.entry import NewEntry
from donghaeng.measures.compute import TOTAL, Figure, compute, is_possible
from donghaeng.measures.expression import UNKNOWN
from donghaeng.measures.measure import RowMeasure
from donghaeng.rules.tree import evaluate
from tests.measures.clinic import computed, extracted, ledger_at, measure, record, section_of

CONDITIONS = (
    "outcome = 'exempt'",
    "outcome <> 'refused' AND urgent",
    "NOT urgent OR paid_won > 1000",
    "'phone' IN shown",
    "NOT ('card' IN shown) AND desk IN ('east')",
    "paid_won * 2 - 100 >= 3000 OR desk = 'west'",
    "paid_won BETWEEN 500 AND 1500",
    "effective_on < '2026-02-10'",
    "urgent = true AND NOT (outcome IN ('covered', 'refused'))",
    "desk <> 'east'",
)

VISITS = st.lists(
    st.fixed_dictionaries(
        {
            "day": st.sampled_from(["2026-01-05", "2026-01-31", "2026-02-01", "2026-02-15", "2026-04-01"]),
            "person": st.integers(0, 6),
            "outcome": st.sampled_from(["covered", "exempt", "refused"]),
            "desk": st.sampled_from(["east", "west", "north", None]),
            "shown": st.lists(st.sampled_from(["card", "phone", "passport"]), unique=True, max_size=2).map(tuple),
            "urgent": st.sampled_from([True, False, None]),
            "paid_won": st.sampled_from([None, 0, 700, 1500, 90_000]),
            "corrects": st.one_of(st.none(), st.integers(0, 30)),
        }
    ),
    min_size=1,
    max_size=30,
)


def chains(visits: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Let each correction be of an entry before it."""
    found = []
    for number, visit in enumerate(visits):
        corrects = visit["corrects"]
        found.append({**visit, "corrects": corrects if corrects is not None and corrects < number else None})
    return found


def counting(visits: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The visits that count: the last of each chain, by plain following."""
    root = list(range(len(visits)))
    for number, visit in enumerate(visits):
        if visit["corrects"] is not None:
            root[number] = root[visit["corrects"]]
    return [visits[max(other for other in range(len(visits)) if root[other] == own)] for own in sorted(set(root))]


def by_hand(one: RowMeasure, visits: Sequence[Mapping[str, Any]]) -> dict[tuple[str, ...], tuple[int, int | None]]:
    """The rows and the value of each period and group, in plain Python."""
    rows = [
        visit | {"effective_on": date.fromisoformat(visit["day"]), "shown": frozenset(visit["shown"])}
        for visit in counting(visits)
    ]
    months = [visit["day"][:7] for visit in counting(visits)]
    found = {}
    code_of = {
        column.name: (lambda value, column=column: value if value in column.codes else UNKNOWN)
        if column.type is None or column.type.kind == "code"
        else (lambda value: UNKNOWN if value is None else str(value).lower())
        for column in one.groups
    }
    values = [(TOTAL, *column.codes, UNKNOWN) for column in one.groups]
    every = [f"2026-{month:02}" for month in range(1, 13)]
    for period, *codes in product([month for month in every if min(months) <= month <= max(months)], *values):
        own = [
            row
            for row in rows
            if row["day"][:7] == period
            and (one.filter is None or evaluate(one.filter, row) is True)
            and all(
                code in (TOTAL, code_of[column.name](row[column.name]))
                for column, code in zip(one.groups, codes, strict=True)
            )
        ]
        present = [row[one.column.name] for row in own if row[one.column.name] is not None] if one.column else own
        value = len(set(map(str, present))) if one.calculate == "distinct" else len(own)
        if one.calculate == "sum":
            value = sum(present) if present else None  # type: ignore[assignment]
        found[period, *codes] = (len(own), value)
    return found


@given(VISITS, st.sampled_from(CONDITIONS), st.sampled_from(CONDITIONS))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_measures_are_those_of_plain_python(visits: list[dict[str, Any]], first: str, second: str) -> None:
    visits = chains(visits)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        section = section_of(
            folder,
            measure("all", calculate="count", table="visited", groups="[outcome, urgent]"),
            measure("some", calculate="count", table="visited", filter=f'"{first}"', groups="[desk]"),
            measure("persons", calculate="distinct", column="person", table="visited", filter=f'"{second}"'),
            measure("won", calculate="sum", column="paid_won", table="visited", filter=f'"{first}"', groups="[urgent]"),
        )
        result = computed(section, visits, folder, part=8)
    for one in section.of_rows:
        expected = by_hand(one, visits)
        own = result.figures[one.id]
        for key, figure in own.items():
            rows, value = expected[key]
            # No entry at all gives 0 and not an absent sum.
            assert (figure.rows, figure.value) == (rows, value if rows else 0), (one.id, key)
        left_out = {key for key, (rows, _) in expected.items() if rows and key not in own}
        assert not left_out
        assert all(is_possible(one, key[1:]) for key in own)


def visit(day: str, **more: Any) -> dict[str, Any]:
    """One visit."""
    return {"day": day, "person": 1, "outcome": "covered"} | more


def test_measures_are_those_of_a_query_written_by_hand(tmp_path: Path) -> None:
    visits = [
        visit(f"2026-0{1 + number % 3}-1{number % 7}", person=number % 5, urgent=number % 2 == 0, paid_won=number * 100)
        for number in range(40)
    ]
    section = section_of(
        tmp_path,
        measure("won", calculate="sum", column="paid_won", table="visited", filter='"urgent AND paid_won < 3000"'),
        measure("persons", calculate="distinct", column="person", table="visited"),
    )
    result = computed(section, visits, tmp_path)
    rows = duckdb.sql(f"""
        SELECT strftime(effective_on, '%Y-%m'), count(DISTINCT person),
               sum(paid_won) FILTER (WHERE urgent AND paid_won < 3000)
        FROM read_parquet('{tmp_path}/extract/visited/*/*.parquet') GROUP BY 1
    """).fetchall()
    assert len(rows) == 3
    for period, persons, won in rows:
        assert result.figures["persons"][period,].value == persons
        assert result.figures["won"][period,].value == won


def test_a_chain_of_corrections_counts_once_by_its_last_entry(tmp_path: Path) -> None:
    visits = [
        visit("2026-01-05", outcome="refused"),
        visit("2026-01-05", outcome="exempt", corrects=0),
        visit("2026-02-05", outcome="covered", corrects=1),
        visit("2026-01-06", outcome="refused"),
    ]
    section = section_of(tmp_path, measure("all", calculate="count", table="visited", groups="[outcome]"))
    figures = computed(section, visits, tmp_path).figures["all"]
    assert {key: figure.rows for key, figure in figures.items() if figure.rows} == {
        ("2026-01", TOTAL): 1,
        ("2026-01", "refused"): 1,
        ("2026-02", TOTAL): 1,
        ("2026-02", "covered"): 1,
    }


def test_of_two_corrections_of_one_entry_the_later_counts(tmp_path: Path) -> None:
    visits = [
        visit("2026-01-05", outcome="refused"),
        visit("2026-01-05", outcome="exempt", corrects=0),
        visit("2026-01-05", outcome="covered", corrects=0),
    ]
    section = section_of(tmp_path, measure("all", calculate="count", table="visited", groups="[outcome]"))
    figures = computed(section, visits, tmp_path).figures["all"]
    assert [key[1] for key, figure in figures.items() if figure.rows] == [TOTAL, "covered"]


def test_a_correction_in_a_later_part_of_the_extract_is_found(tmp_path: Path) -> None:
    visits = [visit("2026-01-05") for _ in range(9)] + [visit("2026-01-05", corrects=0)]
    section = section_of(tmp_path, measure("all", calculate="count", table="visited"))
    assert computed(section, visits, tmp_path, part=4).figures["all"]["2026-01",].rows == 9


def test_months_without_entries_have_their_zero(tmp_path: Path) -> None:
    section = section_of(tmp_path, measure("all", calculate="count", table="visited", groups="[outcome]"))
    figures = computed(section, [visit("2026-01-05"), visit("2026-03-05")], tmp_path).figures["all"]
    assert figures["2026-02", TOTAL] == Figure(0, 0)
    assert len(figures) == 3 * 4


def test_a_condition_that_is_unknown_does_not_count(tmp_path: Path) -> None:
    visits = [visit("2026-01-05", urgent=given) for given in (True, False, None)]
    section = section_of(
        tmp_path,
        measure("yes", calculate="count", table="visited", filter="urgent"),
        measure("no", calculate="count", table="visited", filter="NOT urgent"),
        measure("either", calculate="count", table="visited", filter="urgent OR outcome = 'covered'"),
    )
    figures = computed(section, visits, tmp_path).figures
    assert [figures[name]["2026-01",].rows for name in ("yes", "no", "either")] == [1, 1, 3]


def test_a_sum_that_lacks_a_value_says_so(tmp_path: Path) -> None:
    visits = [visit("2026-01-05", paid_won=5), visit("2026-01-06"), visit("2026-02-06")]
    section = section_of(tmp_path, measure("won", calculate="sum", column="paid_won", table="visited"))
    figures = computed(section, visits, tmp_path).figures["won"]
    assert figures["2026-01",] == Figure(2, 5, incomplete=True)
    assert figures["2026-02",] == Figure(1, None, incomplete=True)


def test_groups_that_the_filter_rules_out_are_no_groups(tmp_path: Path) -> None:
    section = section_of(
        tmp_path,
        measure(
            "some", calculate="count", table="visited", filter="outcome IN ('exempt', 'refused')", groups="[outcome]"
        ),
    )
    figures = computed(section, [visit("2026-01-05", outcome="exempt")], tmp_path).figures["some"]
    assert [key[1] for key in figures] == [TOTAL, "exempt", "refused"]


def test_a_year_of_persons_needs_names_that_hold_a_year(tmp_path: Path) -> None:
    section = section_of(
        tmp_path, measure("persons", calculate="distinct", column="person", table="visited", period="year")
    )
    visits = [visit("2026-01-05"), visit("2026-02-05")]
    with pytest.raises(UsageError, match="extract with --period year"):
        computed(section, visits, tmp_path)
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    result = compute(section, read_extract(extracted(url, tmp_path / "by-year", period="year")))
    assert result.figures["persons"]["2026",].value == 1


def test_facts_about_persons_are_measured_only_where_they_were_extracted(tmp_path: Path) -> None:
    section = section_of(tmp_path, measure("all", calculate="count", table="visited", groups="[reason]"))
    visits = [visit("2026-01-05", reason="child"), visit("2026-01-05", reason="pregnant"), visit("2026-01-05")]
    assert section.needs_facts
    with pytest.raises(UsageError, match="reason"):
        computed(section, visits, tmp_path)
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    figures = compute(section, read_extract(extracted(url, tmp_path / "facts", facts=True))).figures["all"]
    assert {key[1]: figure.rows for key, figure in figures.items()} == {TOTAL: 3, "child": 1, "pregnant": 1, UNKNOWN: 1}


def test_of_several_kinds_the_last_entry_about_a_thing_counts_by_its_own_day(tmp_path: Path) -> None:
    section = section_of(
        tmp_path,
        measure("claims", calculate="count", table="claims", groups="[outcome]"),
        measure("won", calculate="sum", column="won", table="claims", filter="outcome <> 'refused'"),
    )
    judged = [
        ("judged", "a", "refused", "2026-01-05", 10),
        ("judged", "b", "covered", "2026-01-06", 100),
        ("judged-again", "a", "covered", "2026-01-05", 1_000),
        ("judged", "c", "exempt", "2026-02-01", None),
        ("judged-again", "a", "exempt", "2026-02-05", 10_000),
    ]
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger = ledger_at(url)
    ledger.append(
        NewEntry(
            stream=f"claim/{claim}",
            kind=kind,
            body={"claim": claim, "outcome": outcome, "on": day, "won": won}
            | ({"before": "refused"} if kind == "judged-again" else {}),
            # Recorded long after the days that they are about.
            effective_at=datetime.fromisoformat(f"2026-05-0{number + 1}T10:00:00+09:00"),
            idempotency_key=f"claim-{number}",
        )
        for number, (kind, claim, outcome, day, won) in enumerate(judged)
    )
    ledger.close()
    result = compute(section, read_extract(extracted(url, tmp_path / "extract")))
    assert {key: figure.rows for key, figure in result.figures["claims"].items() if figure.rows} == {
        ("2026-01", TOTAL): 1,
        ("2026-01", "covered"): 1,
        ("2026-02", TOTAL): 2,
        ("2026-02", "exempt"): 2,
    }
    assert [figure.value for figure in result.figures["won"].values()] == [100, 10_000]
    assert (result.first_day, result.last_day) == (date(2026, 1, 6), date(2026, 2, 5))


def test_an_empty_ledger_has_no_numbers(tmp_path: Path) -> None:
    section = section_of(tmp_path, measure("all", calculate="count", table="visited", groups="[outcome]"))
    result = computed(section, [], tmp_path)
    assert (result.figures["all"], result.first_day, result.last_sequence) == ({}, None, 0)


def test_a_changed_file_of_an_extract_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    record(url, [visit("2026-01-05")])
    folder = extracted(url, tmp_path / "extract")
    file = next((folder / "visited").rglob("*.parquet"))
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(InputError, match="was changed"):
        read_extract(folder)
    with pytest.raises(InputError, match="no extract"):
        read_extract(tmp_path)
