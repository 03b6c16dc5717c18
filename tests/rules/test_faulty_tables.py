"""Every fault of a table is told at its place, with what was expected and what to do; all of them together."""

from datetime import date
from pathlib import Path

import pytest

from donghaeng.dated import Dates, change_days
from tests.rules.packs import VISIT, read, row, simple

NUMBER = "number: {type: integer, question: {en: q}}"
ROWS = row("a", "result: yes", "number > 5") + row("b", "result: no")


def only(folder: Path, table: str, values: str = "", **others: str) -> str:
    section, faults = read(folder, table, values, **others)
    assert section is None, "no fault was found"
    assert len(faults) == 1, faults
    return faults[0]


@pytest.mark.parametrize(
    ("was", "now", "fault"),
    [
        ("age < 19", "agee < 19", 'unknown name "agee"'),
        ("age < 19", "age < '19'", "a text in quotes"),
        ("result: exempt}, because: {en: Young", "result: exmpt}, because: {en: Young", "22:69: the code is not known"),
        ("{result: exempt}, because: {en: It", "{results: exempt}, because: {en: It", "the answer has no result"),
        ("amount: total", "amount: bring_by", "the formula gives a day"),
        ("hit: first", "hit: frist", "is not known here"),
        ("of: birth_date", "of: birthdate", 'unknown name "birthdate"'),
        ("of: birth_date", "of: total", '"total" is not a day'),
        ("months: 6", "months: 6, days: 3", "the length of the period"),
        ("months: 6", "months: 0", "0 months; expected a length from 1"),
        ("calculate: age", "calculate: aged", 'did you mean "age"'),
        ("id: back", "id: emergency", 'the row "emergency" stands twice'),
        ("id: back", "id: missing_facts", "is a reason that the engine gives"),
        ("from: 2024-05-20, when: emergency", "from: 2024-05-20, to: 2024-05-19, when: emergency", "is before"),
        (
            "from: 2024-05-20, when: emergency",
            "from: 2024-05-20, withdrawn: 2024-05-20, when: emergency",
            "is not after",
        ),
        ("from: 2024-05-20, when: emergency", "from: 2024-13-01, when: emergency", "is not a day"),
        ("emergency: {type: boolean,", "emergency: {type: bool,", "is not known here"),
        ("emergency: {type: boolean,", "emergency: {type: boolean, codes: {a: {en: A}},", "has no codes"),
        (
            "{exempt: {en: Exempt}, pays: {en: Pays}}",
            "{exempt: {ko: 면제}, pays: {en: Pays}}",
            'label of "exempt" is missing in en',
        ),
        ("{exempt: {en: Exempt},", "{undetermined: {en: U}, exempt: {en: Exempt},", '"undetermined" is listed'),
        ("because: {en: Young.}", "becuse: {en: Young.}", 'did you mean "because"'),
        ("reviewed: 2026-01-01", "reviewed: soon", "wrong type"),
        ("when: emergency", "when: emergency AND", "not readable"),
        (
            "then: {result: pays, amount: total,",
            "then: {result: pays, amount: total * 999999999999,",
            "more than 15 digits",
        ),
    ],
)
def test_a_fault_is_told_at_its_place(tmp_path: Path, was: str, now: str, fault: str) -> None:
    text = VISIT.replace("inputs:\n", "hit: first\ninputs:\n", 1)
    assert text.count(was) >= 1
    section, faults = read(tmp_path, text.replace(was, now, 1))
    assert section is None
    assert any(fault in one and one.startswith("pack/rules/table.yaml:") for one in faults), faults


def test_all_faults_of_a_table_are_told_together(tmp_path: Path) -> None:
    text = VISIT.replace("age < 19", "agee < 19").replace("checked AND recent", "chequed AND recent")
    _, faults = read(tmp_path, text.replace("of: birth_date", "of: birthdate"))
    assert len(faults) == 3


def test_a_name_that_the_language_reads_as_its_own_is_refused(tmp_path: Path) -> None:
    assert '"like" is a word of the language' in only(
        tmp_path, simple("like: {type: boolean, question: {en: q}}", row("a", "result: yes", "NOT like"))
    )


def test_tables_that_use_one_another_in_a_circle_are_refused(tmp_path: Path) -> None:
    one = simple(NUMBER, ROWS, derived="other: {calculate: table, table: other}")
    other = simple(NUMBER, ROWS, derived="table_result: {calculate: table, table: table}")
    section, faults = read(tmp_path, one, other=other)
    assert section is None
    assert all("in a circle" in fault for fault in faults)


def test_an_unknown_table_gets_the_nearest(tmp_path: Path) -> None:
    derived = "other: {calculate: table, table: innner}"
    fault = only(tmp_path, simple(NUMBER, ROWS, derived=derived), inner=simple(NUMBER, ROWS))
    assert 'unknown table "innner"' in fault
    assert 'did you mean "inner"' in fault


def test_division_by_zero_is_found_where_it_is_written(tmp_path: Path) -> None:
    derived = "part: {calculate: share, of: number, part: 1, whole: 0, round: down}"
    assert "a division by zero" in only(tmp_path, simple(NUMBER, row("a", "result: yes", "part > 1"), derived=derived))


def test_an_exact_amount_may_not_rest_on_what_is_not_firmly_known(tmp_path: Path) -> None:
    rows = row("a", "result: yes, fee: 500", more="kind: inferred")
    fault = only(tmp_path, simple(NUMBER, rows, outcomes="fee: {type: money}"))
    assert "an exact amount rests on something that is inferred; expected a range" in fault


def test_nor_on_a_value_that_is_not_firmly_known_behind_a_derived_fact(tmp_path: Path) -> None:
    values = "values:\n  fee_each:\n    title: {en: Fee}\n    type: money\n    dated: [{value: 5, kind: inferred}]\n"
    rows = row("a", "result: yes, fee: whole_fee")
    derived = "whole_fee: {calculate: formula, is: number * fee_each}"
    text = simple(NUMBER.replace("integer,", "integer, most: 9,"), rows, outcomes="fee: {type: money}", derived=derived)
    assert "rests on something that is inferred" in only(tmp_path, text, values)


def test_two_values_for_one_day_are_refused(tmp_path: Path) -> None:
    dated = "[{from: 2024-01-01, to: 2024-12-31, value: 1}, {from: 2024-06-01, value: 2}]"
    values = f"values:\n  most:\n    title: {{en: Most}}\n    type: integer\n    dated: {dated}\n"
    assert "two values for the same days" in only(tmp_path, simple(NUMBER, ROWS), values)


def test_an_input_that_no_row_reads_is_a_warning(tmp_path: Path) -> None:
    section, faults = read(tmp_path, simple(f"{NUMBER}\n  idle: {{type: boolean, question: {{en: q}}}}", ROWS))
    assert section is not None
    assert [fault for fault in faults if 'warning: the input "idle" is read by no row' in fault]


@pytest.mark.parametrize(
    ("example", "fault"),
    [
        ("{id: a, on: 2024-06-01, facts: {numbr: 3}, outcome: {result: no}}", 'unknown fact "numbr"'),
        ("{id: a, on: 2024-06-01, facts: {number: '3'}, outcome: {result: no}}", "a value of type text"),
        ("{id: a, on: 2024-06-01, facts: {number: 3}, outcome: {result: nope}}", 'unknown result "nope"'),
        ("{id: a, on: 2024-06-01, facts: {number: 3}, outcome: {resul: no}}", 'unknown outcome "resul"'),
        ("{id: a, on: 2024-06-01, facts: {number: 3}, outcome: {result: no}, reason: c}", 'unknown reason "c"'),
    ],
)
def test_an_example_that_fits_no_table_is_refused(tmp_path: Path, example: str, fault: str) -> None:
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "e.yaml").write_text(f"table: table\nexamples:\n  - {example}\n", "utf-8")
    _, faults = read(tmp_path, simple(NUMBER, ROWS))
    assert any(fault in one and "examples/e.yaml:3:" in one for one in faults), faults


GUESSED = "values:\n  limit: {title: {en: Limit}, type: integer, dated: [{value: 5, kind: second_hand}]}\n"
FEE = "fee: {type: money}"


def test_nor_on_a_value_that_only_the_condition_reads(tmp_path: Path) -> None:
    rows = row("a", "result: yes, fee: 500", "number > limit") + row("b", "result: no")
    fault = only(tmp_path, simple(NUMBER, rows, outcomes=FEE), GUESSED)
    assert "an exact amount rests on something that is second hand; expected a range" in fault


def test_nor_on_such_a_value_behind_a_derived_condition(tmp_path: Path) -> None:
    rows = row("a", "result: yes, fee: 500", "many") + row("b", "result: no")
    text = simple(NUMBER, rows, outcomes=FEE, derived="many: {calculate: formula, is: number > limit}")
    assert "rests on something that is second hand" in only(tmp_path, text, GUESSED)


@pytest.mark.parametrize(
    ("rows", "values"),
    [
        (row("a", "result: yes", "number > 5", "kind: inferred") + row("b", "result: no"), ""),
        (row("a", "result: yes", "number > limit") + row("b", "result: no"), GUESSED),
    ],
)
@pytest.mark.parametrize(("when", "fee"), [("other = 'yes'", "500"), ("number > 1", "looked_up")])
def test_nor_on_another_table_that_is_not_firmly_known(
    tmp_path: Path, rows: str, values: str, when: str, fee: str
) -> None:
    other = rows.replace("result: yes", "result: yes, size: 3").replace("result: no", "result: no, size: 1")
    derived = "other: {calculate: table, table: other}\n  looked_up: {calculate: table, table: other, outcome: size}"
    text = simple(NUMBER, row("a", f"result: yes, fee: {fee}", when), outcomes=FEE, derived=derived)
    fault = only_error(tmp_path, text, values, other=simple(NUMBER, other, outcomes="size: {type: integer}"))
    assert "an exact amount rests on something that is" in fault


def only_error(folder: Path, table: str, values: str = "", **others: str) -> str:
    section, faults = read(folder, table, values, **others)
    assert section is None, "no fault was found"
    errors = [fault for fault in faults if ": warning: " not in fault]
    assert len(errors) == 1, faults
    return errors[0]


def test_a_range_may_rest_on_it_and_so_may_a_code(tmp_path: Path) -> None:
    rows = row("a", "result: yes, fee: {from: 400, to: 500}", "number > limit") + row("b", "result: no")
    section, faults = read(tmp_path, simple(NUMBER, rows, outcomes=FEE), GUESSED)
    assert section is not None, faults


def test_a_table_that_sums_gives_exact_amounts(tmp_path: Path) -> None:
    rows = row("a", "result: sum, fee: {from: 1, to: 3}", "number > 5")
    fault = only(tmp_path, simple(NUMBER, rows, hit="sum", outcomes=FEE))
    assert "a range in a table that sums" in fault
    assert "a table that sums gives exact amounts" in fault


@pytest.mark.parametrize("given", ["{from: 5, to: 3}", "{from: small + 10, to: 9}"])
def test_a_range_ends_where_it_begins_or_above(tmp_path: Path, given: str) -> None:
    inputs = "small: {type: integer, least: 0, most: 9, question: {en: q}}"
    fault = only(tmp_path, simple(inputs, row("a", f"result: yes, fee: {given}", "small > 1"), outcomes=FEE))
    assert "the range ends below its start" in fault


def test_a_formula_that_may_leave_the_limits_of_its_outcome_is_a_warning(tmp_path: Path) -> None:
    inputs = "paid: {type: money, least: 1, most: 500, question: {en: q}}"
    rows = row("a", "result: yes, fee: paid - 100", "paid > 50")
    section, faults = read(tmp_path, simple(inputs, rows, outcomes="fee: {type: money, least: 0}"))
    assert section is not None, faults
    assert "warning: the formula may give from -99 to 400" in faults[0]


def test_a_constant_outside_the_limits_of_its_outcome_is_refused(tmp_path: Path) -> None:
    rows = row("a", "result: yes, fee: {from: -5, to: 3}", "number > 5")
    assert "-5 is out of range" in only(tmp_path, simple(NUMBER, rows, outcomes="fee: {type: money, least: 0}"))


@pytest.mark.parametrize("key", ["from", "to", "announced", "withdrawn"])
@pytest.mark.parametrize("day", ["9999-12-31", "1850-01-01", "2101-01-01"])
def test_days_that_no_calendar_here_knows_are_refused_where_they_stand(tmp_path: Path, key: str, day: str) -> None:
    fault = only(tmp_path, simple(NUMBER, row("a", "result: yes", "number > 5", f"{key}: {day}")))
    assert f"{day} is out of range; expected a day from 1900-01-01 to 2100-12-31" in fault
    assert ("leave it out for no end" in fault) == (key == "to")


def test_the_same_holds_for_the_days_of_a_value(tmp_path: Path) -> None:
    values = "values:\n  most: {title: {en: Most}, type: integer, dated: [{to: 9999-12-31, value: 1}]}\n"
    fault = only(tmp_path, simple(NUMBER, ROWS), values)
    assert fault.startswith("pack/values.yaml:2:")
    assert "leave it out for no end" in fault


def test_a_last_day_of_all_changes_nothing_after_it() -> None:
    assert change_days([Dates(date(2024, 1, 1), date.max)]) == (date(2024, 1, 1),)


@pytest.mark.parametrize("key", ["on", "known_on"])
def test_an_example_on_a_day_that_no_calendar_here_knows_is_refused(tmp_path: Path, key: str) -> None:
    day = {"on": "2024-06-01", "known_on": "2024-06-01"} | {key: "1850-01-01"}
    case = f"{{id: a, on: {day['on']}, known_on: {day['known_on']}, facts: {{number: 3}}, outcome: {{result: no}}}}"
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "e.yaml").write_text(f"table: table\nexamples:\n  - {case}\n", "utf-8")
    _, faults = read(tmp_path, simple(NUMBER, ROWS))
    assert len(faults) == 1
    assert "1850-01-01 is out of range" in faults[0]
    assert "examples/e.yaml:3:" in faults[0]


def test_a_set_that_is_asked_has_no_code_that_reads_as_the_empty_set(tmp_path: Path) -> None:
    inputs = "tags: {type: codes, codes: {none: {en: None}, care: {en: Care}}, question: {en: q}}"
    fault = only(tmp_path, simple(inputs, row("a", "result: yes", "'care' IN tags")))
    assert 'a set has the code "none"' in fault


@pytest.mark.parametrize("other_type", ["boolean", "code, codes: {a: {en: A}}"])
def test_a_fact_has_the_same_type_and_codes_in_a_table_that_is_used(tmp_path: Path, other_type: str) -> None:
    own = simple(
        "sort: {type: code, codes: {b: {en: B}}, question: {en: q}}",
        row("a", "result: yes", "other = 'yes'"),
        derived="other: {calculate: table, table: other}",
    )
    when = "sort" if other_type == "boolean" else "sort = 'a'"
    other = simple(f"sort: {{type: {other_type}, question: {{en: q}}}}", row("a", "result: yes", when))
    assert '"sort" has another type in the table other' in only_error(tmp_path, own, other=other)
