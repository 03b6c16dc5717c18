"""Names in a recipe that stand for nothing, and steps that fail, are told at their key; and nothing else is."""
# ruff: noqa: E501 - one mistake a line

from __future__ import annotations

from pathlib import Path

import pytest

from tests.index.building import PACK, SOURCES
from tests.index.packs import faults, write
from tests.small_pack import SmallPack

STRUCTURE = """code,parent,name_ko,name_en,unit,direction,weight,denominator,lower,upper
t,,,T,,,,,,
alpha,t,,A,x,higher,,,0,50
beta,t,,B,x,lower,,,0,5
"""
OBSERVATIONS = "node,place,period,value,count,used,kind,source,note\n" + "".join(
    f"{node},{place},{period},{value},,yes,published,s,\n"
    for node, place, period, value in [
        ("alpha", "x", 2023, 1),
        ("alpha", "y", 2023, 4),
        ("alpha", "x", 2024, 2),
        ("alpha", "y", 2024, 2),
        ("beta", "x", 2024, 3),
        ("beta", "y", 2024, 5),
    ]
)
TABLES = "attributes:\n  - {file: people.csv, layout: wide, source: [s]}\n"
PEOPLE = "place,people,region\nx,3,north\ny,4,north\n"
FILES = {"structure": STRUCTURE, "observations": OBSERVATIONS, "tables__yaml": TABLES, "people": PEOPLE}
RECIPE = """format: 1
{step}
normalise: {{method: {scale}}}
aggregate: {{method: {mean}}}
compare: []
"""


def told(folder: Path, step: str = "", scale: str = "z_score", mean: str = "arithmetic", **files: str) -> list[str]:
    recipe = RECIPE.format(step=step, scale=scale, mean=mean)
    return faults(folder, {}, **(FILES | {"recipe__yaml": recipe} | files))


ATTRIBUTES = "one of the attributes of tables.yaml (people, region)"
SETTING = "period: '2024', weights: population"


@pytest.mark.parametrize(
    ("step", "scale", "place", "what"),
    [
        ("impute: [{method: mean, indicators: [alpa]}]", "z_score", "2:38", 'unknown indicator alpa; * "alpha"?'),
        ("impute: [{method: group_mean, group: regoin}]", "z_score", "2:38", 'unknown attribute "regoin"; * "region"?'),
        ("link: [{indicator: alpha, old: poeple, at: '2024'}]", "z_score", "2:32", 'unknown attribute "poeple"; * "people"?'),
        ("treat: {method: none, indicators: {beat: {method: log}}}", "z_score", "2:36", 'unknown indicator beat; * "beta"?'),
        ("places: {weights: peopl}", "z_score", "2:19", f'unknown attribute "peopl"; expected {ATTRIBUTES}; did you mean "people"?'),
        ("rebase: {period: '2024', place: w}", "z_score", "2:33", 'unknown place "w"; expected a place of the pack (x, y); correct the code'),
        ("", "min_max, indicators: {betta: {method: z_score}}", "3:43", 'unknown indicator betta; * "beta"?'),
        ("", f"z_score_reference, {SETTING}", "3:65", f'unknown attribute "population"; expected {ATTRIBUTES}; add it or correct the name'),
        ("", "z_score, over: period", "3:1", "normalise of alpha, 2024: all values of the reference are 2; *"),
        ("impute: [{method: panel_latest}, {method: mean}]", "z_score", "2:34", "impute of beta, 2023: the indicator has no value; *"),
        ("chain: {at: '2020'}", "z_score", "2:1", "chain: no values in 2020; expected a period of the data; choose another period"),
    ],
)  # fmt: skip
def test_a_name_or_a_step_is_told_where_it_stands(tmp_path: Path, step: str, scale: str, place: str, what: str) -> None:
    (fault,) = told(tmp_path, step, scale)
    start, _, end = what.partition("*")
    assert fault.startswith(f"recipe.yaml:{place}: {start}")
    assert fault.endswith(end)


def test_a_denominator_that_nothing_defines_is_told_in_the_structure(tmp_path: Path) -> None:
    wrong = STRUCTURE.replace("higher,,,0", "higher,,pepole,0")
    assert told(tmp_path, "denominate: {by: column}", structure=wrong) == [
        f'structure.csv:3:22: unknown attribute "pepole"; expected {ATTRIBUTES}; did you mean "people"?'
    ]


def test_goalposts_the_wrong_way_round_are_a_fault(tmp_path: Path) -> None:
    wrong = STRUCTURE.replace("lower,,,0,5", "lower,,,5,0")
    assert told(tmp_path, scale="goalposts", structure=wrong) == [
        "structure.csv:4:23: the goalposts of beta are 5 and 0; expected an upper one above 5; "
        "swap or correct them; the direction says which is best"
    ]


def test_a_row_of_a_wide_table_that_ends_early_is_a_fault(tmp_path: Path) -> None:
    short = "place,people,region\nx,3\ny,4,north\n"
    assert told(tmp_path, people=short) == [
        "people.csv:2:3: 2 cells in this row; expected 3 as in the header; add the missing cells"
    ]


FACTOR = """format: 1
factors:
  - name: x
    label: {en: X}
    choices:
      - label: {en: A}
      - label: {en: B}
        set:
"""


@pytest.mark.parametrize(
    ("keys", "what", "remedy"),
    [
        ("aggregate.levels.9.method: geometric", 'no composite has the level "9" (aggregate.levels.9)', "2 to 2"),
        (
            "weigh: {method: budget_allocation, points: {alpa: [1], beta: [1]}}",
            'unknown node "alpa" (weigh.points.alpa)',
            'did you mean "alpha"?',
        ),
        (
            "impute: [{method: mean, indicators: [bet]}]",
            "unknown indicator bet (impute.0.indicators.0)",
            'did you mean "beta"?',
        ),
    ],
)
def test_a_choice_that_names_nothing_is_told_at_its_key(tmp_path: Path, keys: str, what: str, remedy: str) -> None:
    (fault,) = told(tmp_path, robustness__yaml=f"{FACTOR}          {keys}\n")
    assert fault.startswith(f"robustness.yaml:9:11: {what}; expected ")
    assert remedy in fault


def test_a_fault_in_pack_yaml_brings_no_others(pack: SmallPack) -> None:
    pack.replace("pack.yaml", "format: 1", "format: 2")
    assert [fault.file for fault in pack.faults()] == ["pack.yaml"]


def test_a_pack_in_one_language_is_not_asked_for_the_other_after_a_fault(tmp_path: Path) -> None:
    folder = write(tmp_path, {"normalise": {"method": "z_score"}, "aggregate": {"method": "arithmetic"}}, **FILES)
    for text in (PACK.replace("version: 1.0.0", "version: one"), PACK + "  title: {en: [}\n"):
        (folder / "pack.yaml").write_text(text, "utf-8")
        from donghaeng.catalogue.check import check

        assert {Path(fault.file).name for fault in check(folder)[1]} == {"pack.yaml"}
    assert "title: {en: S}" in SOURCES  # in English alone


def test_a_fault_in_tables_yaml_brings_no_others(tmp_path: Path) -> None:
    wrong = TABLES.replace("wide", "wild") + "values:\n  - {file: v.csv, layout: wide, kind: published, source: [s]}\n"
    recipe = "impute: [{method: group_mean, group: region}]"
    found = told(tmp_path, recipe, tables__yaml=wrong, v="place,period,alpha\nx,2022,1\n")
    assert [fault.split(":")[0] for fault in found] == ["tables.yaml"]


def test_a_mean_that_needs_a_scale_refuses_an_indicator_on_another(tmp_path: Path) -> None:
    (fault,) = told(
        tmp_path,
        scale="min_max, to: [70, 130], indicators: {beta: {method: z_score}}",
        mean="adjusted_mazziotta_pareto",
    )
    assert fault.startswith(
        "recipe.yaml:3:58: adjusted_mazziotta_pareto does not fit the way to normalise of beta; expected goalposts to"
    )


def test_a_value_that_was_turned_is_told_as_it_stands_in_the_file(tmp_path: Path) -> None:
    same = OBSERVATIONS.replace("beta,y,2024,5", "beta,y,2024,3")
    (fault,) = told(tmp_path, observations=same)
    assert "normalise of beta: all values of the reference are 3; expected at least two different values" in fault
    far = STRUCTURE.replace("lower,upper", "lower,upper,target").replace("0,50", "0,50,9").replace("0,5\n", "0,5,20\n")
    (fault,) = told(tmp_path, scale="distance_to_target", structure=far)
    assert "the target 20 is not below the highest value 5; expected a target below the highest value" in fault


def test_a_table_that_cannot_be_read_is_no_table_without_values(tmp_path: Path) -> None:
    tables = "values:\n  - {file: values.csv, layout: wide, kind: published, source: [s]}\n"
    files = FILES | {"tables__yaml": tables, "values": "place,period,alpha,alpha\nx,2024,1,2\n"}
    del files["observations"], files["people"]
    recipe = {"normalise": {"method": "z_score"}, "aggregate": {"method": "arithmetic"}}
    assert [fault.split(":")[0] for fault in faults(tmp_path, recipe, **files)] == ["values.csv"]


def test_an_attribute_table_that_cannot_be_read_brings_no_unknown_names(tmp_path: Path) -> None:
    recipe = RECIPE.format(step="places: {weights: people}", scale="z_score", mean="arithmetic")
    found = faults(
        tmp_path, {}, **{name: text for name, text in FILES.items() if name != "people"} | {"recipe__yaml": recipe}
    )
    assert [fault.split(":")[0] for fault in found] == ["people.csv"]


def test_weights_of_parts_that_sum_to_nothing_are_a_fault(tmp_path: Path) -> None:
    places = "place,parent,name_ko,name_en\nland,,,L\nx,land,,X\ny,land,,Y\n"
    nothing = "place,people,region\nx,0,north\ny,0,north\n"
    (fault,) = told(tmp_path, "places: {weights: people}", places=places, people=nothing)
    assert fault.startswith('recipe.yaml:2:10: places: "people" is 0 for every part of land in 2023 that has a score;')


def test_every_choice_that_does_not_fit_is_told_at_its_key(tmp_path: Path) -> None:
    text = """format: 1
factors:
  - name: x
    label: {en: X}
    choices:
      - {label: {en: A}, leave_out: [alpha, gamma]}
      - {label: {en: B}, set: {normalise.methd: rank}}
      - {label: {en: C}, use: [{node: alpha, place: x, period: "2024", value: "7"}]}
  - name: y
    label: {en: Y}
    noise: {of: weights, levels: [1, 4]}
"""
    assert [fault.split(": ")[0] for fault in told(tmp_path, robustness__yaml=text)] == [
        f"robustness.yaml:{place}" for place in ("6:45", "7:31", "8:31", "11:38")
    ]


def test_limits_and_lists_that_do_not_go_together_are_told_in_words(tmp_path: Path) -> None:
    (fault,) = told(tmp_path, mean="benefit_of_the_doubt, least_share: 0.8, most_share: 0.2")
    assert "least_share 0.8 is above most_share 0.2; expected the lower limit below the upper one" in fault
    (fault,) = told(tmp_path, "weigh: {method: ahp, comparisons: [[alpha, beta]]}")
    assert "the list ends after 2; expected at least 3 items; add it" in fault
