"""Files of a budget: what is wrong is said with its place, and nothing of it is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from donghaeng.budget.needs import project
from donghaeng.errors import UsageError
from tests.budget.building import (
    LINES,
    LINKS,
    MORE_MEALS,
    MORE_VISITS,
    NEEDS,
    SETTINGS,
    options_csv,
    read,
    section_of,
    the_fault,
)


def test_a_budget_without_faults_is_read_whole(tmp_path: Path) -> None:
    section = section_of(tmp_path)
    assert [option.code for option in section.options] == ["more-meals", "more-visits"]
    assert section.lines.executed("visits") == {"2024": 40_000_000, "2025": 100_000_000}
    assert section.lines.available("meals", "2025") == 100_000_000
    assert section.lines.absorbed("visits", "city", 2) == 70_000_000
    assert section.links.of_node("A01")[0].programme == "meals"
    assert section.needs.series("B01", "town")["2025"].people == 1000
    assert section.lines.table().num_rows == 6
    assert section.needs.table()["standard_error"].null_count == 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"unit_cost": -5}, "no unit cost"),
        ({"unit_cost": 0}, "more than 0"),
        ({"unit_cost": ""}, "unit cost is missing"),
        ({"current": "1e9x"}, "not a number"),
        ({"current": "1000.5"}, "not an amount of money"),
        ({"floor": "-1"}, "less than nothing"),
        ({"ceiling": "1e17"}, "not an amount of money"),
        ({"programme": "meal"}, 'did you mean "meals"?'),
        ({"node": "B01"}, "meals is not linked to B01"),
        ({"unit": "meals"}, "one unit"),
        ({"type": "grow"}, '"grow" is no type'),
        ({"steps": "1000:90000"}, "the steps do not rise"),
        ({"steps": "1000;2"}, "no step"),
        ({"benefits": "children:1.5"}, "no share"),
        ({"grade": "E"}, '"E" is no grade'),
        ({"kind": "published"}, "in an invented pack"),
        ({"source": "nobody"}, 'unknown source "nobody"'),
        ({"whole": "yes"}, "all or nothing"),
    ],
)
def test_a_wrong_cell_of_an_option_is_told_with_its_place(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    text = options_csv(MORE_MEALS | change, MORE_VISITS)
    fault = the_fault(tmp_path, options=text)
    assert words in str(fault)
    header, row = (line.split(",") for line in text.splitlines()[:2])
    at = header.index("current" if "whole" in change else next(iter(change)))
    assert (fault.file, fault.line, fault.column) == ("pack/options.csv", 2, 1 + len(",".join(row[:at])) + (at > 0))


def test_all_faults_of_a_file_are_told_together(tmp_path: Path) -> None:
    text = options_csv(MORE_MEALS | {"unit_cost": -1, "floor": "x"}, MORE_VISITS | {"grade": "Z"})
    section, faults = read(tmp_path, options=text)
    assert section is None
    assert len(faults.errors) == 3


def test_shares_of_a_programme_above_one_are_money_counted_twice(tmp_path: Path) -> None:
    fault = the_fault(tmp_path, programme_links=LINKS + "meals,B01,0.5,no,simulated,made-up,\n")
    assert fault.code == "double-count"
    assert (fault.file, fault.line) == ("pack/programme_links.csv", 4)
    section = section_of(tmp_path, programme_links=LINKS + "meals,B01,0.5,yes,simulated,made-up,\n")
    assert section.links.of_programme("meals")[1].joint


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("2025,meals,executed,city,current,1,simulated,made-up,\n", "duplicate"),
        ("2025,meals,spent,city,current,1,simulated,made-up,\n", "wrong-value"),
        ("2023,meals,executed,town,current,1,simulated,made-up,\n", "unknown-code"),
        ("2023,meals,executed,city,current,12.5,simulated,made-up,\n", "not-money"),
        ("2023,meals,executed,city,current,-5,simulated,made-up,\n", "not-money"),
    ],
)
def test_a_wrong_line_of_money_is_told(tmp_path: Path, line: str, code: str) -> None:
    fault = the_fault(tmp_path, budget_lines=LINES + line)
    assert (fault.line, fault.code) == (8, code)


def test_money_spent_that_nobody_voted_is_doubted(tmp_path: Path) -> None:
    _, faults = read(tmp_path, budget_lines=LINES.replace("city,current,95000000", "city,current,195000000"))
    assert [fault.code for fault in faults.warnings] == ["implausible"]
    assert "had 100,000,000" in str(faults.warnings[0])


def test_a_supplementary_budget_may_take_money_back(tmp_path: Path) -> None:
    lines = LINES + "2025,meals,supplementary,city,current,-2000000,simulated,made-up,\n"
    assert section_of(tmp_path, budget_lines=lines).lines.available("meals", "2025") == 98_000_000


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("A01,town,2023,0,5,persons,simulated,made-up,\n", "wrong-value"),
        ("A01,town,2026,10,5,persons,simulated,made-up,\n", "wrong-value"),
        ("A01,town,2023,10,5,homes,simulated,made-up,\n", "unit"),
        ("A01,town,2025,10,5,persons,simulated,made-up,\n", "duplicate"),
        ("C01,town,2024,10,5,persons,simulated,made-up,\n", "missing-value"),
    ],
)
def test_a_wrong_need_is_told(tmp_path: Path, line: str, code: str) -> None:
    fault = the_fault(tmp_path, needs=NEEDS + line)
    assert (fault.file, fault.line, fault.code) == ("pack/needs.csv", 6, code)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"submission": "2025-06-01"}, "before the year 2025 is over"),
        ({"budget_year": "2025"}, "cannot reach the budget of 2025"),
        ({"own_fund": "cty"}, 'did you mean "city"?'),
        ({"fund_limits": {"federal": 5}}, "a key of funds"),
        ({"objective": "fairness"}, "is not known here"),
        ({"draws": {"number": 1}}, "greater than or equal to 2"),
    ],
)
def test_wrong_settings_are_told(tmp_path: Path, change: dict[str, object], words: str) -> None:
    _, faults = read(tmp_path, SETTINGS | change)
    assert words in "\n".join(map(str, faults.errors))
    assert all(fault.file == "pack/budget.yaml" for fault in faults.errors)


def test_a_missing_table_is_told(tmp_path: Path) -> None:
    section_of(tmp_path)
    (tmp_path / "needs.csv").unlink()
    from donghaeng.budget.section import Surroundings, read_budget
    from donghaeng.errors import Faults

    faults = Faults()
    assert read_budget(tmp_path, "pack", Surroundings(("ko", "en"), None, (), None, True), faults) is None
    assert [fault.code for fault in faults] == ["missing-file"]


def test_an_average_cost_that_is_not_written_is_all_money_over_all_units(tmp_path: Path) -> None:
    visits = MORE_VISITS | {"unit_cost": "", "cost_basis": "average"}
    option = section_of(tmp_path, options=options_csv(MORE_MEALS, visits)).options[1]
    assert option.unit_cost == 100_000_000 / 800
    assert option.cost_basis == "average"


def test_districts_are_taken_before_the_town(tmp_path: Path) -> None:
    rows = "".join(
        f"A01,{place},{year},{need},{met},persons,simulated,made-up,\n"
        for place, need, met in (("east", 800, 300), ("west", 1200, 700))
        for year in ("2024", "2025")
    )
    section = section_of(tmp_path, needs=NEEDS + rows)
    cells = section.needs.cells("2025", section.above)
    assert [(cell.node, cell.place) for cell in cells] == [("B01", "town"), ("A01", "east"), ("A01", "west")]


def test_a_need_that_grew_evenly_grows_on_without_doubt(tmp_path: Path) -> None:
    rows = "".join(
        f"C01,town,{year},{1000 * 1.1**at},500,persons,simulated,made-up,\n"
        for at, year in enumerate(("2022", "2023", "2024", "2025"))
    )
    series = section_of(tmp_path, needs=NEEDS + rows).needs.series("C01", "town")
    later = project(series, "2027", 0.8)
    assert later.need == pytest.approx(1000 * 1.1**5)
    assert later.high - later.low < 1e-6 * later.need


def test_a_need_of_two_years_is_kept_and_has_no_interval(tmp_path: Path) -> None:
    later = project(section_of(tmp_path).needs.series("A01", "town"), "2027", 0.8)
    assert later.need == 2000
    assert later.low != later.low


def test_the_interval_of_a_need_is_that_of_a_random_walk_with_drift(tmp_path: Path) -> None:
    """Growth of 10, 20 and 30 % in logarithms: drift 0.2, spread 0.1, two years ahead of three steps."""
    from math import exp, log, sqrt

    needs, at = [1000.0], 1000.0
    for growth in (0.1, 0.2, 0.3):
        at *= exp(growth)
        needs.append(at)
    rows = "".join(f"C01,town,{2022 + year},{need},1,persons,simulated,made-up,\n" for year, need in enumerate(needs))
    later = project(section_of(tmp_path, needs=NEEDS + rows).needs.series("C01", "town"), "2027", 0.8)
    assert later.need == pytest.approx(needs[-1] * exp(0.4))
    assert later.error == pytest.approx(0.1 * sqrt(2 * (1 + 2 / 3)))
    assert log(later.high / later.need) == pytest.approx(1.8856 * later.error, rel=1e-4)  # t(2) at 0.9


def test_decisions_are_kept_with_what_came_of_them(tmp_path: Path) -> None:
    from donghaeng.budget.decisions import COLUMNS, decisions_table

    row = "d1,2025,more-meals,120000000,100000000,partly,돈이 모자람,Too little,예산 담당관,Budget officer,2024-12-13"
    text = ",".join(COLUMNS) + f"\n{row},A01,town,1200,,simulated,made-up,\n"
    section = section_of(tmp_path, decisions=text)
    table = decisions_table(section.decisions).to_pylist()
    assert table[0]["actual"] == 1000  # delivered in 2025, from needs.csv
    assert table[0]["difference"] == -200
    fault = the_fault(tmp_path, decisions=text.replace("partly", "forgotten"))
    assert fault.file == "pack/decisions.csv"


@pytest.mark.parametrize(
    "text", ["", "x", "-5", "5%", "1.5", "1,00", "억", "1e99", "5 million", "1,5억", "1,2,3조", "1,00억"]
)
def test_what_is_no_money_is_refused(text: str) -> None:
    from donghaeng.budget.amounts import read_amount

    with pytest.raises(UsageError, match="not an amount of money"):
        read_amount(text)


@pytest.mark.parametrize("text", ["5", "0%", "100%", "-5%", "five%"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    from donghaeng.budget.amounts import read_rate

    with pytest.raises(UsageError, match="not a rate"):
        read_rate(text)


def test_every_key_column_and_word_is_described() -> None:
    import re

    from pydantic import BaseModel

    from donghaeng.budget import decisions, lines, links, needs, options
    from donghaeng.budget.settings import GRADES, OBJECTIVES, BudgetSettings, Published

    page = (Path(__file__).parents[2] / "docs" / "methods" / "budget.md").read_text("utf-8")
    described = {word for code in re.findall(r"`([^`]+)`", page) for word in re.split(r"[^\w]+", code)}

    def keys(model: type[BaseModel]) -> set[str]:
        return set(model.model_fields)

    tables = (lines.COLUMNS, links.COLUMNS, needs.REQUIRED, needs.OPTIONAL, options.REQUIRED, options.OPTIONAL)
    words = {name for table in (*tables, decisions.COLUMNS) for name in table} | keys(BudgetSettings) | keys(Published)
    words |= {*lines.PHASES, *lines.PURPOSES, *options.TYPES, *options.BASES, *decisions.OUTCOMES, *OBJECTIVES, *GRADES}
    assert words - described == set()
