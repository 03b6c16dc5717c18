"""Faults of ``measures.yaml``: each with its place, all of them together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from donghaeng.catalogue.check import check
from donghaeng.catalogue.ledger_tables import table_of
from donghaeng.catalogue.schemas import schemas
from donghaeng.documents import Day, Model
from donghaeng.ledger.kinds import Kind
from donghaeng.measures.expression import type_name
from donghaeng.measures.measure import RatioMeasure
from donghaeng.services import registry
from tests.measures.clinic import COLUMNS, KINDS, RICH, VISITED, clinic_pack, measure, measures_yaml, read


def told(folder: Path, *measures: str, columns: str = COLUMNS) -> list[str]:
    """What is wrong with some measures: the line among the measures, the column, what and the remedy."""
    section, faults = read(measures_yaml(*measures, columns=columns), folder)
    assert section is None
    above = columns.count("\n") + 1  # the measures begin below
    return [f"{fault.line - above}:{fault.column}: {fault.what}; {fault.remedy}" for fault in faults]


def count(**keys: object) -> str:
    """A count of visits with some keys."""
    return measure("all", **({"calculate": "count", "table": "visited"} | keys))


def test_the_columns_of_a_kind_are_those_of_its_extract() -> None:
    from donghaeng.ledger.extract import schema

    shape = table_of(VISITED)
    assert set(shape.columns) == set(schema(VISITED, facts=True).names) - {"sequence", "corrects"}
    assert {name: column.type.kind for name, column in shape.columns.items() if column.type} == {
        "effective_on": "date",
        "recorded_on": "date",
        "outcome": "code",
        "shown": "codes",
        "urgent": "boolean",
        "paid_won": "integer",
    }
    assert [name for name, column in shape.columns.items() if column.is_name] == ["stream", "person"]
    assert [name for name, column in shape.columns.items() if column.is_fact] == ["reason"]


class Dated(Model):
    """A body with types that carry conditions, alone and with None."""

    on: Day
    until: Day | None = None
    won: Annotated[int, Field(ge=0)] | None = None
    papers: Annotated[tuple[Literal["card", "phone"], ...], Field(strict=False)] | None = None


@pytest.mark.parametrize("kind", [Kind("dated", 1, Dated), *KINDS, *registry.all_kinds()], ids=lambda kind: kind.name)
def test_the_types_of_columns_are_those_of_the_extract(kind: Kind) -> None:
    from donghaeng.ledger.extract import schema

    arrow = schema(kind, facts=True)
    for name, column in table_of(kind).columns.items():
        wanted = {"boolean": "bool", "int64": "int64", "date": "date32[day]", "string": "string"}[type_name(column)]
        assert str(arrow.field(name).type) == wanted, name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (count(table="visitd"), '5:12: unknown table "visitd"; did you mean "visited"?'),
        (count(filter="outcme = 'exempt'"), '6:13: unknown name "outcme"; did you mean "outcome"?'),
        (count(filter="outcome = 'exemp'"), '6:13: unknown code "exemp"; did you mean "exempt"?'),
        (
            count(filter="paid_won"),
            "6:13: a condition is yes or no, this is a whole number; compare it with something",
        ),
        (count(filter="urgent AND 'bus' IN shown"), '6:24: unknown code "bus"; correct it'),
        (count(groups="[person]"), "6:14: nothing says what person is called; write it"),
        (count(groups="[outcme]"), '6:14: unknown column "outcme"; did you mean "outcome"?'),
        (count(groups="[desk, desk]"), "6:13: a column is named twice; remove one"),
        (count(period="week"), '6:13: "week" is not known here; choose one of them'),
        (
            measure("all", calculate="sum", table="visited", column="person"),
            "6:13: person is a text; name another column",
        ),
        (
            measure("all", calculate="sum", table="visited", column="outcome"),
            "6:13: outcome is one of covered, exempt, refused; name another column",
        ),
        (measure("all", calculate="total", table="visited"), '4:16: "total" is not known here; choose one of them'),
        (measure("all", calculate="sum", table="visited"), '2:5: the key "column" is missing; add it'),
        (count(colour="red"), '6:5: unknown key "colour"; did you mean "column"?'),
    ],
)
def test_a_fault_says_where_it_is_and_what_to_do(tmp_path: Path, text: str, said: str) -> None:
    assert told(tmp_path, text) == [said]


def test_all_faults_are_told_together(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        count(filter="nothing", groups="[nowhere]"),
        measure("share", calculate="ratio", of="al", to="share"),
        measure("bare", calculate="count", table="refunded").replace(", en: Name", ""),
    )
    assert [one.partition(";")[0].partition(": ")[2] for one in found] == [
        'unknown name "nothing"',
        'unknown column "nowhere"',
        'unknown measure "al"',
        '"share" is a ratio itself',
        "title is missing in en",
    ]


def test_measures_of_one_table_have_one_period(tmp_path: Path) -> None:
    [said] = told(tmp_path, count(), measure("year", calculate="count", table="visited", period="year"))
    assert said.endswith("another measure of visited has the period month; write month")


def test_a_ratio_of_measures_that_do_not_fit_is_refused(tmp_path: Path) -> None:
    [said] = told(
        tmp_path,
        measure("by", calculate="count", table="visited", groups="[outcome]"),
        count(),
        measure("share", calculate="ratio", of="all", to="by"),
    )
    assert "by is told apart by outcome, all is not" in said


def test_every_value_of_a_column_has_a_label(tmp_path: Path) -> None:
    [said] = told(tmp_path, count(), columns=COLUMNS.replace("          refused: {ko: 거절, en: Refused}\n", ""))
    assert "outcome has no label for refused" in said
    [said] = told(tmp_path, count(), columns=COLUMNS.replace("          refused:", "          refusal:"))
    assert "outcome has no label for refused" in said
    [said] = told(tmp_path, count(), columns=COLUMNS.replace("{ko: 동쪽, en: East}", "{ko: 동쪽}"))
    assert 'the label of "east" is missing in en' in said


def test_labels_may_come_from_a_decision_table(tmp_path: Path) -> None:
    columns = COLUMNS.replace(
        "codes: {east: {ko: 동쪽, en: East}, west: {ko: 서쪽, en: West}}", "codes_of: identity.outcome"
    )
    section, faults = read(measures_yaml(count(groups="[desk]"), columns=columns), tmp_path)
    assert section is not None, list(faults)
    assert section.labels["visited", "desk"].codes == {"covered": {"ko": "적용", "en": "Covered"}}
    [said] = told(tmp_path, count(), columns=columns.replace("identity.outcome", "identity.outcom"))
    assert '"identity.outcom" is no list of codes; did you mean "identity.outcome"?' in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "[judged, judged-again]",
            "[judged, judged-agin]",
            'unknown table "judged-agin"; did you mean "judged-again"?',
        ),
        ("last_of: claim", "last_of: before", 'unknown column "before"; correct it'),  # of one kind only
        ("day: on", "day: claim", "claim is no day; name another column"),
        ("day: on", "day: onn", 'unknown column "onn"; '),
        (", en: Not yet known", "", "unknown is missing in en"),
    ],
)
def test_a_table_of_several_kinds_is_held_to_their_columns(tmp_path: Path, old: str, new: str, said: str) -> None:
    found = told(tmp_path, measure("all", calculate="count", table="claims"), columns=COLUMNS.replace(old, new))
    assert any(said in one for one in found), found


def test_names_of_persons_are_no_groups(tmp_path: Path) -> None:
    columns = COLUMNS.replace("      reason:", "      person:")
    [said] = told(tmp_path, count(), columns=columns)
    assert "person names persons or things" in said


def test_a_pack_of_measures_alone_is_a_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("donghaeng.services.registry.KINDS", KINDS)
    folder = clinic_pack(tmp_path, RICH)
    for name in ("statements.csv", "articles/the-line.ko.md", "articles/the-line.en.md"):
        (folder / name).unlink()
    pack, faults = check(folder)
    assert pack is not None, list(faults)
    section = pack.measures_section()
    assert [measure_id for measure_id, one in section.measures.items() if isinstance(one, RatioMeasure)] == ["share"]
    assert "measures.yaml" in pack.files


def test_there_is_a_schema_for_editors() -> None:
    schema = schemas()["measures"]
    assert schema["properties"]["measures"]
    assert {"CountModel", "DistinctModel", "SumModel", "RatioModel"} <= schema["$defs"].keys()
