"""What is published: no small count, and nothing that it could be computed from, over all measures together."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from donghaeng.catalogue.measures_outcome import measure_extract
from donghaeng.errors import InputError
from donghaeng.ledger import suppression
from donghaeng.measures import protection
from donghaeng.measures.compute import TOTAL, Computed
from donghaeng.measures.expression import UNKNOWN
from donghaeng.measures.protection import Part, suppressed
from donghaeng.measures.publish import codes_table, definitions_table, entries_table, hidden_figures, statistics_table
from tests.measures.clinic import (
    computed,
    extracted,
    ledger_at,
    measure,
    record,
    section_of,
    simulation_entry,
)


def visits(**counts: int) -> list[dict[str, Any]]:
    """So many visits of each outcome in a month."""
    return [
        {"day": "2026-01-05", "person": number, "outcome": outcome, "paid_won": 1000}
        for outcome, count in counts.items()
        for number in range(count)
    ]


def published(result: Computed) -> dict[tuple[str, ...], Any]:
    """Each number by measure and groups of the first month, None where it is left out."""
    found = {}
    for row in statistics_table(result).to_pylist():
        codes = [code for name, code in row.items() if name.startswith("by_") and code is not None]
        assert row["suppressed"] == (row["value"] is None and row["ratio"] is None)
        found[row["measure"], *codes] = row["value"] if row["ratio"] is None else row["ratio"]
    return found


def test_the_floor_is_that_of_the_ledger() -> None:
    assert protection.THRESHOLD == suppression.THRESHOLD == 10


def test_small_counts_and_the_smallest_beside_them_are_left_out(tmp_path: Path) -> None:
    section = section_of(tmp_path, measure("all", calculate="count", table="visited", groups="[outcome]"))
    numbers = published(computed(section, visits(covered=90, exempt=15, refused=4), tmp_path))
    assert numbers == {
        ("all", TOTAL): 109,
        ("all", "covered"): 90,
        ("all", "exempt"): None,
        ("all", "refused"): None,
    }


def test_a_measure_that_would_give_another_one_back_is_left_out_too(tmp_path: Path) -> None:
    """Refused are 4: all less covered or exempt would tell, though each of the two is large."""
    section = section_of(
        tmp_path,
        measure("all", calculate="count", table="visited"),
        measure("well", calculate="count", table="visited", filter="outcome IN ('covered', 'exempt')"),
        measure("refused", calculate="count", table="visited", filter="outcome = 'refused'"),
    )
    numbers = published(computed(section, visits(covered=90, exempt=15, refused=4), tmp_path))
    assert numbers["refused",] is None
    assert [numbers["all",], numbers["well",]].count(None) == 1


def test_a_group_and_a_filter_that_mean_the_same_are_left_out_together(tmp_path: Path) -> None:
    section = section_of(
        tmp_path,
        measure("by", calculate="count", table="visited", groups="[outcome]"),
        measure("exempt", calculate="count", table="visited", filter="outcome = 'exempt'"),
    )
    numbers = published(computed(section, visits(covered=90, exempt=15, refused=4), tmp_path))
    assert numbers["by", "exempt"] is None
    assert numbers["exempt",] is None


def test_nothing_at_all_is_small_too_and_not_given_back(tmp_path: Path) -> None:
    section = section_of(
        tmp_path,
        measure("by", calculate="count", table="visited", groups="[outcome]"),
        measure("refused", calculate="count", table="visited", filter="outcome = 'refused'"),
    )
    numbers = published(computed(section, visits(covered=90, exempt=15), tmp_path))
    assert numbers["refused",] is None
    assert numbers["by", "refused"] is None
    assert numbers["by", "exempt"] is None  # or 105 less 90 less 15 would tell


def test_sums_and_persons_go_with_the_entries_they_are_made_of(tmp_path: Path) -> None:
    section = section_of(
        tmp_path,
        measure("won", calculate="sum", column="paid_won", table="visited", groups="[outcome]"),
        measure("persons", calculate="distinct", column="person", table="visited"),
    )
    numbers = published(computed(section, visits(covered=90, exempt=15, refused=4), tmp_path))
    assert numbers["won", "refused"] is numbers["won", "exempt"] is None
    assert numbers["won", TOTAL] == 109_000
    assert numbers["persons",] is None  # seven, of many visits


def test_a_ratio_is_left_out_with_either_of_its_measures(tmp_path: Path) -> None:
    section = section_of(
        tmp_path,
        measure("all", calculate="count", table="visited"),
        measure("by", calculate="count", table="visited", groups="[outcome]"),
        measure("share", calculate="ratio", of="by", to="all"),
    )
    numbers = published(computed(section, visits(covered=90, exempt=15, refused=4), tmp_path))
    assert numbers["share", "covered"] == pytest.approx(90 / 109)
    assert numbers["share", TOTAL] == 1
    assert numbers["share", "exempt"] is numbers["share", "refused"] is None


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_what_is_published_leaves_every_small_count_wide_bounds(seed: int) -> None:
    chance = random.Random(seed)
    portions = [chance.choice([0, 1, 3, 8, 12, 40, 200]) for _ in range(chance.randint(2, 8))]
    parts = {}
    for number in range(chance.randint(2, 9)):
        inside = frozenset(at for at in range(len(portions)) if chance.random() < 0.5)
        if inside:
            count = sum(portions[at] for at in inside)
            parts[number] = Part(inside, count, count < 10)
    hidden = suppressed(parts)
    assert {number for number, part in parts.items() if part.small} <= hidden
    left = np.array([[float(at in part.portions) for at in range(len(portions))] for part in parts.values()])
    shown = [at for at, number in enumerate(parts) if number not in hidden]
    right = [parts[number].count for number in parts if number not in hidden]
    for at, (_, part) in enumerate(parts.items()):
        if not part.small or not shown:
            continue
        ends = [
            linprog(sign * left[at], A_eq=left[shown], b_eq=right, bounds=(0, None), method="highs") for sign in (1, -1)
        ]
        low, high = ends[0].fun, -ends[1].fun if ends[1].status == 0 else np.inf
        assert high - low >= 9 - 1e-4, (parts, hidden)


@given(st.lists(st.integers(0, 60), min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_one_table_with_its_total_is_left_out_as_the_ledger_does_it(counts: list[int]) -> None:
    cells = {(f"c{number}",): count for number, count in enumerate(counts)} | {(suppression.TOTAL,): sum(counts)}
    parts = {
        key: Part(
            frozenset({int(key[0][1:])} if key[0] else set(range(len(counts)))),
            count,
            count < 10,
        )
        for key, count in cells.items()
    }
    theirs = {key for key, cell in suppression.suppress(cells).items() if cell.count is None}
    ours = suppressed(parts)
    assert len(ours) == len(theirs), (ours, theirs)


def test_every_number_of_random_visits_keeps_small_counts_unknown(tmp_path: Path) -> None:
    chance = random.Random(5)
    given_visits = [
        {
            "day": f"2026-0{chance.randint(1, 3)}-10",
            "person": chance.randint(0, 6),
            "outcome": chance.choices(["covered", "exempt", "refused"], [60, 20, 3])[0],
            "desk": chance.choice(["east", "west", None]),
            "urgent": chance.choices([True, False], [1, 9])[0],
        }
        for _ in range(600)
    ]
    section = section_of(
        tmp_path,
        measure("all", calculate="count", table="visited", groups="[outcome, desk]"),
        measure("urgent", calculate="count", table="visited", filter="urgent", groups="[outcome]"),
        measure("calm", calculate="count", table="visited", filter="NOT urgent AND outcome = 'covered'"),
        measure("east", calculate="count", table="visited", filter="desk = 'east'"),
    )
    result = computed(section, given_visits, tmp_path)
    hidden = hidden_figures(result)
    # An outsider's system, made anew from the visits themselves: unknowns are all combinations of values.
    kinds = [
        (outcome, desk, urgent)
        for outcome in ("covered", "exempt", "refused")
        for desk in ("east", "west", UNKNOWN)
        for urgent in (True, False)
    ]

    def counts_in(name: str, codes: tuple[str, ...], kind: tuple[str, str, bool]) -> bool:
        outcome, desk, urgent = kind
        if name == "all":
            return codes[0] in (TOTAL, outcome) and codes[1] in (TOTAL, desk)
        if name == "urgent":
            return urgent and codes[0] in (TOTAL, outcome)
        return (not urgent and outcome == "covered") if name == "calm" else desk == "east"

    loose = defaultdict(list)
    for period in ("2026-01", "2026-02", "2026-03"):
        figures = {
            (name, key): figure
            for name, own in result.figures.items()
            for key, figure in own.items()
            if key[0] == period
        }
        rows = {one: [float(counts_in(one[0], one[1][1:], kind)) for kind in kinds] for one in figures}
        shown = [one for one in figures if one not in hidden]
        assert shown
        assert all(figures[one].rows >= 10 for one in shown)
        for one in figures:
            if figures[one].rows >= 10:
                continue
            ends = [
                linprog(
                    [sign * weight for weight in rows[one]],
                    A_eq=[rows[other] for other in shown],
                    b_eq=[figures[other].rows for other in shown],
                    method="highs",
                )
                for sign in (1, -1)
            ]
            assert ends[0].status == 0
            if ends[1].status == 0 and -ends[1].fun - ends[0].fun < 9 - 1e-4:
                loose[period].append(one)
    assert dict(loose) == {}


def test_numbers_of_a_simulation_say_so_in_every_row(tmp_path: Path) -> None:
    section = section_of(tmp_path, measure("all", calculate="count", table="visited"))
    result = computed(section, visits(covered=20), tmp_path, simulated=True)
    for table in (statistics_table(result), entries_table(result)):
        assert set(table["kind"].to_pylist()) == {"simulated"}
    (tmp_path / "real").mkdir()
    real = computed(section, visits(covered=20), tmp_path / "real")
    assert set(statistics_table(real)["kind"].to_pylist()) == {"published"}


def test_a_ledger_with_real_and_made_up_entries_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    record(url, visits(covered=2))
    ledger = ledger_at(url)
    ledger.append([simulation_entry()])
    ledger.close()
    section = section_of(tmp_path, measure("all", calculate="count", table="visited"))
    with pytest.raises(InputError, match="real and made-up entries in one"):
        measure_extract(section, extracted(url, tmp_path / "extract"))


def test_definitions_and_codes_say_what_the_numbers_mean(tmp_path: Path) -> None:
    section = section_of(
        tmp_path,
        measure("all", calculate="count", table="visited", filter="urgent", groups="[outcome, desk]"),
        measure("won", calculate="sum", column="paid_won", table="visited"),
        measure("share", calculate="ratio", of="all", to="won"),
    )
    rows = definitions_table(section).to_pylist()
    assert [row["groups"] for row in rows] == ["outcome;desk", "", "outcome;desk"]
    assert rows[0]["filter"] == "urgent"
    codes = codes_table(section).to_pylist()
    assert [row["label_en"] for row in codes if row["column"] == "desk"] == ["All", "East", "West", "Not known"]
