"""The section on poverty of a pack: read with located faults, measured for all and by group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from donghaeng.errors import Faults, InputError
from donghaeng.index import poverty
from donghaeng.index.frames import structure_of
from donghaeng.index.poverty.report import PovertyReport, index_values, poverty_report
from donghaeng.index.poverty.survey import PovertySection, read_poverty
from donghaeng.sources import Source

#: Alkire and Foster 2011, Journal of Public Economics 95(7-8), section 5: four persons; income, years of schooling,
#: self-assessed health and health insurance, with the cut-offs 13, 12, 3 and 1.
PERSONS = """person,income,schooling,health,insurance
1,13.1,14,4,1
2,15.2,7,5,0
3,12.5,10,1,0
4,20.0,11,3,1
"""
DEFINITION = """format: 1
tables:
  - {file: persons.csv, period: "2011", kind: simulated, source: [paper]}
rows: persons
indicators:
  - {code: income, dimension: income, deprived: {below: 13}}
  - {code: schooling, dimension: schooling, deprived: {below: 12}}
  - {code: health, dimension: health, deprived: {below: 3}}
  - {code: insurance, dimension: insurance, deprived: {below: 1}}
cutoffs: [1/2]
"""
SOURCES = {
    "paper": Source.model_validate(
        {
            "title": {"en": "T"},
            "publisher": {"en": "P"},
            "read_on": "2026-01-01",
            "extent": "part",
            "licence": "not stated",
            "grade": "publisher",
        }
    )
}


def read(
    folder: Path, definition: str = DEFINITION, is_invented: bool = False, **tables: str
) -> tuple[PovertySection | None, list[str]]:
    """Read a section, and give its faults as lines."""
    (folder / "poverty.yaml").write_text(definition, "utf-8")
    for name, text in (tables or {"persons": PERSONS}).items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    faults = Faults()
    section = read_poverty(folder, "pack", SOURCES, faults, is_invented)
    return section, [str(fault) for fault in faults]


def report_of(folder: Path, definition: str = DEFINITION, **tables: str) -> PovertyReport:
    section, faults = read(folder, definition, **tables)
    assert faults == []
    assert section is not None
    return poverty_report(section)


def values(report: PovertyReport, **where: Any) -> dict[str, float]:
    """Values by measure and part, of the rows that a condition picks."""
    frame = report.to_pandas()
    for name, wanted in ({"by": ""} | where).items():
        frame = frame[frame[name] == wanted]
    return {f"{row.measure} {row.part}".strip(): row.value for row in frame.itertuples()}


def test_the_example_of_alkire_and_foster_comes_out_of_its_table(tmp_path: Path) -> None:
    """Deprivations are (0, 2, 4, 1); with k = 2 the second and third are poor: H = 1/2, A = 3/4, M0 = 3/8."""
    report = report_of(tmp_path)
    (survey,) = (measured.survey for measured in report.periods)
    assert survey.deprivations.sum(axis=1).tolist() == [0, 2, 4, 1]
    found = values(report)
    assert [found[name] for name in ("headcount", "intensity", "adjusted_headcount")] == [0.5, 0.75, 0.375]
    assert [found[f"censored {name}"] for name in ("income", "schooling", "health", "insurance")] == [
        *(0.25, 0.5, 0.25, 0.5)
    ]
    assert found["contributions insurance"] == pytest.approx(1 / 3)
    assert sum(found[f"contributions_of_dimensions {name}"] for name in ("income", "schooling")) == pytest.approx(0.5)


HOUSEHOLDS = """year,household,weight,members,urban,village,district,years,floor,power
2023,1,120,4,u,1,north,3,brick,1
2023,2,90,3,u,1,north,9,brick,1
2023,3,200,6,u,2,south,2,earth,0
2023,4,150,5,u,2,south,6,earth,99
2023,5,210,7,r,3,north,1,earth,0
2023,6,80,2,r,3,north,8,brick,1
2023,7,160,5,r,4,south,5,earth,1
2023,8,95,4,r,4,south,9,,1
2024,1,100,4,u,1,north,9,brick,1
2024,2,100,4,r,2,south,2,earth,0
2024,3,100,4,r,3,south,9,brick,1
"""
SURVEY = """format: 1
tables:
  - {file: households.csv, kind: simulated, source: [paper]}
period: year
weight: weight
size: members
stratum: urban
cluster: village
lone_clusters: certainty
missing: reweight
indicators:
  - {code: schooling, dimension: education, column: years, deprived: {below: 6}}
  - {code: floor, dimension: living, deprived: {one_of: [earth, sand]}}
  - {code: power, dimension: living, deprived: {at_or_below: 0}, unknown: [99]}
cutoffs: [1/3, 0.6]
groups: [district]
"""


def test_words_unknown_answers_periods_and_groups_give_what_the_functions_give(tmp_path: Path) -> None:
    report = report_of(tmp_path, SURVEY, households=HOUSEHOLDS)
    assert [measured.survey.period.text for measured in report.periods] == ["2023", "2024"]
    nan = np.nan
    matrix = [
        *([1, 0, 0], [0, 0, 0], [1, 1, 1], [0, 1, nan]),
        *([1, 1, 1], [0, 0, 0], [1, 1, 0], [0, nan, 0]),
    ]
    np.testing.assert_array_equal(report.periods[0].survey.deprivations, matrix)
    design = poverty.survey_design(
        8,
        weights=[120, 90, 200, 150, 210, 80, 160, 95],
        strata=["u"] * 4 + ["r"] * 4,
        clusters=[1, 1, 2, 2, 3, 3, 4, 4],
        size=[4, 3, 6, 5, 7, 2, 5, 4],
        lone_clusters="certainty",
    )
    wanted = poverty.measure_poverty(
        matrix, [0.5, 0.25, 0.25], [1 / 3, 0.6], design, "reweight", groups=["north", "north", "south", "south"] * 2
    )
    frame = report.to_pandas()
    for k, overall, groups in zip((1 / 3, 0.6), wanted.overall, wanted.groups, strict=True):
        rows = frame[(frame["period"] == "2023") & np.isclose(frame["cutoff"], k)]
        for group, by, found in [("", "", overall), *((str(name), "district", one) for name, one in groups.items())]:
            own = rows[(rows["by"] == by) & (rows["group"] == group)].set_index("measure")
            for measure in ("headcount", "intensity", "adjusted_headcount"):
                estimate = getattr(found, measure)
                assert own.loc[measure, "value"] == pytest.approx(estimate.value, nan_ok=True)
                assert own.loc[measure, "standard_error"] == pytest.approx(estimate.standard_error, nan_ok=True)
    assert report.periods[0].reweighted == 2


def test_groups_add_up_to_the_whole(tmp_path: Path) -> None:
    report = report_of(tmp_path, SURVEY, households=HOUSEHOLDS)
    whole = values(report, period="2023", cutoff=0.6)["adjusted_headcount"]
    parts = [values(report, period="2023", cutoff=0.6, by="district", group=name) for name in ("north", "south")]
    assert sum(one["population_share"] for one in parts) == pytest.approx(1)
    assert sum(one["contribution"] for one in parts) == pytest.approx(1)
    assert sum(one["population_share"] * one["adjusted_headcount"] for one in parts) == pytest.approx(whole)


def test_estimates_on_few_rows_are_withheld_and_marked(tmp_path: Path) -> None:
    report = report_of(tmp_path, SURVEY + "least_cases: 4\n", households=HOUSEHOLDS)
    frame = report.to_pandas()
    small = frame[frame["withheld"]]
    assert small["value"].isna().all()
    assert small["cases"].isna().all()
    assert set(small[small["measure"] == "headcount"]["period"]) == {"2024"}  # three rows in all
    # Four rows of the north are enough for a share of all, and the two poor among them are not for their intensity.
    north = frame[(frame["period"] == "2023") & (frame["group"] == "north") & (frame["cutoff"] == 0.6)]
    assert not north[north["measure"] == "headcount"]["withheld"].any()
    assert north[north["measure"] == "intensity"]["withheld"].all()


def test_measures_are_values_of_an_index_with_their_standard_errors(tmp_path: Path) -> None:
    definition = SURVEY + (
        "index:\n"
        "  - {node: poor, measure: headcount, group: district, scale: 100, cutoff: 0.6}\n"
        "  - {node: dark, measure: censored, indicator: power, place: city}\n"
    )
    report = report_of(tmp_path, definition, households=HOUSEHOLDS)
    tree = structure_of(
        pd.DataFrame({"code": ["t", "poor", "dark"], "parent": ["", "t", "t"], "direction": ["", "lower", "lower"]})
    )
    faults = Faults()
    found = index_values(report, tree, "pack/poverty.yaml", faults)
    assert not faults.errors
    cells = {
        (node, place, period): (value, error)
        for node, place, period, value, error in zip(
            *(found.columns[name] for name in ("node", "place", "period", "value", "standard_error")), strict=True
        )
    }
    north = values(report, period="2023", cutoff=0.6, by="district", group="north")
    assert cells["poor", "north", "2023"][0] == pytest.approx(100 * north["headcount"])
    assert cells["poor", "north", "2023"][1] > 0
    assert ("dark", "city", "2023") in cells
    assert set(found.columns["kind"]) == {4}  # simulated answers give simulated measures

    odd = structure_of(pd.DataFrame({"code": ["t", "pour"], "parent": ["", "t"], "direction": ["", "lower"]}))
    index_values(report, odd, "pack/poverty.yaml", faults)
    first, second = map(str, faults.errors)
    assert first.startswith('pack/poverty.yaml:18:12: no indicator has the code "poor"')
    assert 'did you mean "pour"?' in first
    assert 'no indicator has the code "dark"' in second


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("deprived: {below: 13}", "deprived: {below: 13, above: 2}", "pack/poverty.yaml:6:49: below, above together"),
        ("deprived: {below: 13}", "deprived: {}", "no cut-off; expected exactly one of below"),
        ("cutoffs: [1/2]", "cutoffs: [1/0]", '"1/0" divides by 0'),
        ("cutoffs: [1/2]", "cutoffs: [1.5]", "1.5 is not possible here"),
        ("cutoffs: [1/2]", "cutoffs: [1/2, 0.5]", "cutoff 0.5 stands twice"),
        ("code: health,", "code: income,", "the indicator income stands twice"),
        (
            "dimension: income,",
            "dimension: income, weight: 1/4,",
            "no weight for schooling, health, insurance; expected a weight for every indicator, or for none",
        ),
        ("code: health,", "code: healt,", 'persons.csv has no column "healt"; expected a column of the table; did you'),
        ("rows: persons", "rows: persons\nweight: income\nstratum: area", 'persons.csv has no column "area"'),
        (', period: "2011"', "", "no period for persons.csv; expected period in each table, or a column period"),
        ("source: [paper]", "source: [papers]", 'unknown source "papers"'),
        ("file: persons.csv", "file: ../persons.csv", "leads out of the pack"),
        ("file: persons.csv", "file: person.csv", "pack/person.csv:1:1: the file is missing"),
        (
            "cutoffs: [1/2]",
            "cutoffs: [1/2]\nindex: [{node: a, measure: headcount}]",
            "group and place are both given, or none of them",
        ),
        (
            "cutoffs: [1/2]",
            "cutoffs: [1/2]\nindex: [{node: a, measure: censored, place: x}]",
            "censored and indicator do not fit",
        ),
        (
            "cutoffs: [1/2]",
            "cutoffs: [1/2]\nindex: [{node: a, measure: headcount, group: sex}]",
            'the group "sex" of index is not measured',
        ),
        (
            "cutoffs: [1/2]",
            "cutoffs: [1/2]\nindex: [{node: a, measure: headcount, place: x, cutoff: 1/3}]",
            "the cutoff 0.333333 of index is not measured",
        ),
    ],
)
def test_a_faulty_definition_says_where_and_what(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in DEFINITION
    section, faults = read(tmp_path, DEFINITION.replace(old, new, 1))
    assert section is None
    assert any(fault in line for line in faults), faults


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("12.5,10", "12.5,ten", 'pack/persons.csv:4:8: "ten" is not a number'),
        ("2,15.2", "2,1 520", '"1 520" is not a number'),
        ("4,20.0,11,3,1", "4,20.0,11,3", "4 cells in this row"),
        ("person,income", "person;income", 'persons.csv has no column "income"'),
    ],
)
def test_a_faulty_cell_is_told_with_its_place(tmp_path: Path, old: str, new: str, fault: str) -> None:
    section, faults = read(tmp_path, persons=PERSONS.replace(old, new, 1))
    assert section is None
    assert any(fault in line for line in faults), faults


def test_weights_strata_and_periods_are_checked_row_by_row(tmp_path: Path) -> None:
    broken = HOUSEHOLDS.replace("2023,1,120", "2023,1,-1").replace("2023,2,90,3,u", "2023,2,90,3,")
    section, faults = read(tmp_path, SURVEY, households=broken.replace("2023,3,", "23,3,"))
    assert section is None
    assert [line.partition(";")[0] for line in faults] == [
        "pack/households.csv:2:8: -1 is negative",
        "pack/households.csv:3:13: a row without a stratum",
        'pack/households.csv:4:1: "23" is not a period',
    ]


def test_no_weight_at_all_is_refused_by_period(tmp_path: Path) -> None:
    nobody = HOUSEHOLDS.replace(",100,4,", ",0,4,")
    _, faults = read(tmp_path, SURVEY, households=nobody)
    assert faults == [
        "pack/poverty.yaml:5:9: 2024: the weights sum to 0; expected a weight above 0; check the column of weights"
    ]


def test_answers_of_an_invented_pack_are_simulated(tmp_path: Path) -> None:
    _, faults = read(tmp_path, DEFINITION.replace("simulated", "published"), is_invented=True)
    assert "answers of kind published in an invented pack; expected simulated" in faults[0]


def test_a_lone_cluster_that_is_refused_is_told_with_its_period(tmp_path: Path) -> None:
    section, _ = read(
        tmp_path, SURVEY.replace("lone_clusters: certainty", "lone_clusters: refuse"), households=HOUSEHOLDS
    )
    assert section is not None
    with pytest.raises(InputError, match=r"poverty.yaml: 2024: 1 of 2 strata have a single cluster"):
        poverty_report(section)
