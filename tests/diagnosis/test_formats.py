"""Units, formulas, and what is wrong in the files of a diagnosis, each with its place."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from donghaeng.diagnosis.formula import parse_formula, product
from donghaeng.diagnosis.units import parse_unit, scale_between
from tests.diagnosis.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "town")


@pytest.mark.parametrize(
    ("given", "wanted", "scale"),
    [
        ("persons", "persons", 1),
        ("persons/persons", "%", 100),
        ("million KRW", "KRW", 1_000_000),
        ("cases per 1,000 persons", "cases/person", None),
        ("cases/person", "cases per 1,000 person", 1000),
        ("KRW*persons/KRW", "persons", 1),
        ("KRW", "persons", None),
        ("1", "%", 100),
    ],
)
def test_units_are_compared_as_products(given: str, wanted: str, scale: int | None) -> None:
    found = scale_between(parse_unit(given), parse_unit(wanted))
    assert found == (None if scale is None else Fraction(scale))


@pytest.mark.parametrize("text", ["", "persons/", "(a)", "a+b", "0 KRW"])
def test_what_is_no_unit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"unit|scale"):
        parse_unit(text)


@pytest.mark.parametrize("text", ["", "a b", "2 * a", "a + b", "a / 1", "a * (b)", "A", "a / a"])
def test_what_is_no_product_of_names_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"formula|names no series"):
        parse_formula(text)


def test_series_cancel_in_a_product_of_formulas() -> None:
    chain = [parse_formula(text) for text in ("voted", "spent / voted", "served / spent", "1 / need")]
    assert product(chain) == (("served", 1), ("need", -1))


def test_a_town_without_faults_has_none(world: World) -> None:
    assert world.faults() == []


def line_of(world: World, name: str, text: str) -> int:
    return next(at for at, line in enumerate((world.folder / name).read_text().splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("delivered / approved, cause: quality", "delivered / aproved, cause: quality", 'did you mean "approved"?'),
        ("  visits:\n    places", "  vists:\n    places", 'unknown node "vists"'),
        ("  visits:\n    places", "  care:\n    places", '"care" is a composite'),
        ("need:      {unit: persons", "need:      {unit: KRW", "the factors of meals multiply to persons/KRW"),
        ("need:      {unit: persons", "need:      {unit: '(persons)'", "is not a unit"),
        ("label: {ko: 승인자, en: Approved}", "label: {ko: 승인자}", "a text is missing in en"),
        ("cause: demand", "cause: weather", '"weather" is not known here'),
        ("cause: demand", "cause: mix", '"mix" is not known here'),
        ("1 / need", "1 - need", "is not a formula"),
        ("places: eligible", "places: voted", '"voted" stands in no formula of visits'),
        ("{draws: 100", "{draw: 100", 'unknown key "draw"'),
        ("{draws: 100", "{share: 60, draws: 100", "60"),
    ],
)
def test_a_fault_of_the_identities_is_told_with_its_place(world: World, old: str, new: str, told: str) -> None:
    world.replaced["identities.yaml"] = (old, new)
    first = next(fault for fault in world.faults() if fault.file.endswith("identities.yaml"))
    assert told in str(first)
    if "multiply" not in told:  # units are told where the identity stands
        mended = new.split("\n", maxsplit=1)[0].strip()
        assert abs(first.line - line_of(world, "identities.yaml", mended)) <= 1


def test_an_identity_that_does_not_give_the_indicator_is_named(world: World) -> None:
    old = "meals,served,south,2022,1200,"
    world.replaced["factors.csv"] = (old, old.replace("1200", "1400"))
    faults = [str(fault) for fault in world.faults()]
    assert any("the factors of meals, south, 2022 multiply to 63; expected 54 within rounding" in one for one in faults)
    assert any("observations.csv:" in one for one in faults)
    assert any("the parts of meals, town, 2022, weighted by need, average" in one for one in faults)


def test_rounding_of_what_is_printed_is_allowed(world: World) -> None:
    world.change("meals", "quality", 0.9, ("2022",))
    world.write()
    path = world.folder / "observations.csv"
    kept = []
    for line in path.read_text().splitlines():
        cells = line.split(",")
        if cells[0] in {"meals", "visits"}:
            cells[3] = f"{float(cells[3]):.1f}"
        kept.append(",".join(cells))
    world.files["observations.csv"] = "\n".join(kept) + "\n"
    assert world.faults() == []


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("0", "0 is zero; expected a factor above 0"),
        ("-5", "-5 is negative; expected a factor above 0"),
        ("", '"" is not a number'),
        ("12%", '"12%" is not a number'),
    ],
)
def test_a_factor_that_is_not_above_zero_is_told_with_its_cell(world: World, value: str, told: str) -> None:
    old = "meals,need,west,2023,500,"
    world.replaced["factors.csv"] = (old, f"meals,need,west,2023,{value},")
    fault = world.fault()
    line = line_of(world, "factors.csv", f"meals,need,west,2023,{value},")
    assert fault.startswith(f"factors.csv:{line}:22: {told}")


def test_a_missing_factor_is_told_beside_those_that_are_there(world: World) -> None:
    world.replaced["factors.csv"] = ("meals,need,west,2023,500,simulated,made-up,\n", "")
    assert "no value of need for meals, west, 2023; expected every series of the identity" in world.fault()


def test_a_declared_gap_is_no_fault(world: World) -> None:
    old = "meals,need,west,2023,500,simulated,made-up,"
    world.replaced["factors.csv"] = (old, "meals,need,west,2023,,unknown,made-up,")
    assert world.faults() == []


def test_an_identity_without_values_is_told(world: World) -> None:
    world.write()
    rows = [row for row in (world.folder / "factors.csv").read_text().splitlines() if not row.startswith("visits")]
    world.files["factors.csv"] = "\n".join(rows) + "\n"
    assert "visits has an identity and no row of factors.csv" in world.fault()


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("meals,need,north,2023,1000,simulated,made-up,,,", "a second value for meals, need, north, 2023"),
        ("meals,applied,north,2023,1,simulated,made-up,,,", 'unknown series "applied"'),
        ("meal,need,north,2023,1,simulated,made-up,,,", 'unknown node "meal"'),
        ("meals,need,nort,2023,1,simulated,made-up,,,", 'unknown place "nort"'),
        ("meals,need,north,2o23,1,simulated,made-up,,,", '"2o23" is not a period'),
        ("meals,need,north,2020,1,published,made-up,,,", "a value of kind published in an invented pack"),
        ("meals,need,north,2020,1,simulated,made-upp,,,", 'unknown source "made-upp"'),
        ("meals,need,north,2020,1,simulated,made-up,-1,,", "-1 is negative"),
        ("meals,need,north,2020,1,simulated,made-up,,KRW,", '"KRW" does not measure what need is in'),
    ],
)
def test_a_faulty_row_of_factors_is_told(world: World, row: str, told: str) -> None:
    world.write()
    text = (world.folder / "factors.csv").read_text().replace(",standard_error\n", ",standard_error,unit,note\n")
    world.files["factors.csv"] = f"{text}{row}\n"
    fault = world.fault()
    assert told in fault
    assert fault.startswith(f"factors.csv:{len(text.splitlines()) + 1}:")


def test_a_value_in_a_multiple_of_the_unit_is_scaled(world: World) -> None:
    world.write()
    text = (world.folder / "factors.csv").read_text().replace(",standard_error\n", ",standard_error,unit,note\n")
    old = "meals,voted,north,2023,40000000,simulated,made-up,\n"
    assert old in text
    world.files["factors.csv"] = text.replace(old, "meals,voted,north,2023,40,simulated,made-up,,million KRW,\n")
    assert world.diagnose().findings == ()


HEADER = "node,period,what,kind,source,place,series,link,link_error,note_ko,note_en\n"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("care,2023,definition,simulated,made-up,,,,,,", 'unknown node "care"'),
        ("giving,2023,wording,simulated,made-up,,,,,,", '"wording" is not known here'),
        ("giving,2023,definition,simulated,made-up,,need,,,,", "giving has no identity"),
        ("meals,2023,definition,simulated,made-up,,,0.9,,,", "the link of no series"),
        ("meals,2023,definition,simulated,made-up,,ned,0.9,,,", 'did you mean "need"?'),
        ("giving,2023,definition,simulated,made-up,,,0,,,", "0 is zero"),
    ],
)
def test_a_faulty_revision_is_told(world: World, row: str, told: str) -> None:
    world.files["revisions.csv"] = f"{HEADER}{row}\n"
    fault = world.fault()
    assert fault.startswith("revisions.csv:2:")
    assert told in fault


def test_yearly_counts_are_refused_with_the_reason(world: World) -> None:
    world.replaced["identities.yaml"] = (
        "format: 1\n",
        "format: 1\ncounts: {calls: {label: {ko: 전화, en: Calls}, worse: higher}}\n",
    )
    world.files["counts.csv"] = "series,place,period,value,kind,source\ncalls,town,2023,12,simulated,made-up\n"
    assert "they give no early signal" in world.fault()


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (("calls,town,2023-01,1.5",), "1.5 is not a count"),
        (("calls,town,2023-01,1", "calls,town,2023-03,1"), "no count of calls, town from 2023-02-01 on"),
        (("calls,town,2023-01,1", "calls,town,2023-01,2"), "a second count of calls, town for 2023-01"),
        (("calls,town,2023-01,1", "calls,town,2023-W06,2"), "2023-W06 among months"),
        (("cals,town,2023-01,1",), 'did you mean "calls"?'),
    ],
)
def test_faulty_counts_are_told(world: World, rows: tuple[str, ...], told: str) -> None:
    world.replaced["identities.yaml"] = (
        "format: 1\n",
        "format: 1\ncounts: {calls: {label: {ko: 전화, en: Calls}, worse: higher}}\n",
    )
    world.files["counts.csv"] = "series,place,period,value,kind,source\n" + "".join(
        f"{row},simulated,made-up\n" for row in rows
    )
    assert told in world.fault()


def test_causes_without_an_index_are_told(tmp_path: Path) -> None:
    world = World(tmp_path / "town")
    folder = world.write()
    for name in ("structure.csv", "recipe.yaml", "observations.csv"):
        (folder / name).unlink()
    from donghaeng.catalogue.check import check

    _, faults = check(folder)
    assert "causes of an index that the pack does not have" in [fault.what for fault in faults.errors]


def test_values_without_identities_are_told(world: World) -> None:
    folder = world.write()
    (folder / "identities.yaml").unlink()
    from donghaeng.catalogue.check import check

    _, faults = check(folder)
    assert [str(fault).removeprefix(f"{folder}/") for fault in faults.errors] == [
        "identities.yaml:1:1: the file is missing; expected a file identities.yaml; add it"
    ]
