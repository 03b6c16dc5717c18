"""``donghaeng study``: the reference numbers by code, and what people and machines are shown."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from donghaeng.catalogue.read import load
from donghaeng.catalogue.study_report import SECTIONS, study_report
from donghaeng.index.recipe import Weigh
from tests.coin.workbooks import workbook
from tests.command import run

FOLDER = Path(__file__).resolve().parents[1] / "reference" / "asem_study"
ASEM, PANEL = "eu/asem-connectivity", "eu/asem-panel"


@cache
def scores(pack: str) -> Any:
    return load(pack).score()


def section(name: str, pack: str = ASEM, **options: Any) -> dict[str, Any]:
    """One section of a study."""
    found: dict[str, Any] = study_report(scores(pack), sections=[name], **options)["sections"][name]
    return found


def reference(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(text: str) -> float | None:
    return float(text) if text not in ("", "NA") else None


def near(text: str) -> Any:
    wanted = number(text)
    return None if wanted is None else pytest.approx(wanted, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("name", "stage"), [("stats_raw", "raw"), ("stats_treated", "prepared")])
def test_statistics_are_those_of_the_reference(name: str, stage: str) -> None:
    ours = {row["node"]: row for row in section("statistics", stage=stage)["rows"]}
    columns = {"Min": "minimum", "Max": "maximum", "Mean": "mean", "Median": "median", "Std": "deviation"}
    columns |= {"Skew": "skew", "Kurt": "kurtosis", "N.Avail": "available", "N.Unique": "unique"}
    for row in reference(name):
        for theirs, column in columns.items():
            assert ours[row["iCode"]][column] == near(row[theirs]), (row["iCode"], column)
        assert ("outliers" in ours[row["iCode"]]["flags"]) == (row["Flag.SkewKurt"] == "OUT")


def test_statistics_are_of_raw_values_unless_asked() -> None:
    assert section("statistics") == section("statistics", stage="raw")


def test_availability_is_that_of_the_reference() -> None:
    found = section("availability")
    places = {row["place"]: row for row in found["places"]}
    for row in reference("data_avail_units"):
        assert places[row["uCode"]]["missing"] == int(row["N_missing"])
        assert places[row["uCode"]]["share_non_zero"] == near(row["Non_Zero"])
    groups = {(row["place"], row["node"]): row["share_available"] for row in found["groups"]}
    for row in reference("data_avail_groups"):
        for node, share in row.items():
            assert node == "uCode" or groups[row["uCode"], node] == near(share)


def test_correlations_with_parents_are_those_of_the_reference() -> None:
    ours = {frozenset((row["node"], row["parent"])): row["value"] for row in section("correlations")["with_parents"]}
    wanted = [row for row in reference("correlations") if "parent" in row["type"]]
    assert len(wanted) == 51
    for row in wanted:
        assert ours[frozenset((row["Var1"], row["Var2"]))] == near(row["Correlation"])


def test_correlations_within_groups_are_those_of_the_reference() -> None:
    """The reference lists the pairs of a pillar above 0.75."""
    pairs = section("correlations")["within_groups"]
    ours = {
        (row["group"], frozenset((row["first"], row["second"])), round(row["value"], 3))
        for row in pairs
        if row["value"] > 0.75 and row["of"] == "scaled"
    }
    wanted = {
        (row["Group"], frozenset((row["Ind1"], row["Ind2"])), float(row["Corr"]))
        for row in reference("correlation_flags_075")
    }
    assert ours == wanted
    assert {row["flag"] for row in pairs if row["value"] < -0.4} == {"against"}


def test_alpha_is_that_of_the_reference() -> None:
    ours = {row["node"]: row["alpha"] for row in section("consistency")["rows"]}
    rows = [row for row in reference("cronbach") if row["dset"] == "Normalised"]
    assert len(rows) == 10
    for row in rows:
        assert ours[row["iCode"]] == near(row["alpha"])


def test_alpha_of_raw_values_is_that_of_the_reference_where_directions_agree() -> None:
    """COINr takes raw values as they are; here those with lower is better are turned round first."""
    tree = scores(ASEM).structure
    ours = {row["node"]: row for row in section("consistency", stage="raw")["rows"]}
    compared = 0
    for row in reference("cronbach"):
        codes = ours[row["iCode"]]["indicators"]
        if row["dset"] == "Raw" and len({tree.nodes[tree.position[code]].direction for code in codes}) == 1:
            assert ours[row["iCode"]]["alpha"] == near(row["alpha"])
            compared += 1
    assert compared == 4


def test_components_are_those_of_the_reference() -> None:
    ours = {row["node"]: row for row in section("components")["rows"]}
    for row in reference("pca_variance"):
        at = int(row["component"]) - 1
        assert ours[row["group"]]["deviations"][at] == near(row["sdev"])
        assert ours[row["group"]]["shares"][at] == near(row["var_share"])


def test_denominators_are_those_of_the_reference() -> None:
    ours = {
        (row["node"], row["denominator"], round(row["value"], 2))
        for row in section("denominators")["rows"]
        if row["value"] is not None and abs(row["value"]) > 0.7
    }
    assert ours == {(row["Ind"], row["Denom"], float(row["Corr"])) for row in reference("denominator_corr_07")}


def test_taking_elements_out_moves_the_ranks_as_in_the_reference() -> None:
    ours = {row["node"]: row for row in section("removal")["rows"]}
    places = {(node, one["place"]): one for node, row in ours.items() for one in row["places"]}
    rows = [row for row in reference("remove_elements") if row["removed"] != "Nominal"]
    assert {row["removed"] for row in rows} == set(ours)
    for row in rows:
        one = places[row["removed"], row["uCode"]]
        assert one["score"] == near(row["score"])
        assert one["rank"] == int(row["rank"])
        assert ours[row["removed"]]["mean_change_of_rank"] == near(row["mean_abs_rank_diff"])


def test_weights_that_a_method_found_stay_as_they_are_when_an_element_goes() -> None:
    pack = load(ASEM)
    recipe = pack.index.recipe.model_copy(update={"weigh": Weigh(levels={"3": Weigh(method="equal")})})
    found = study_report(pack.score_with(recipe), sections=["removal"])["sections"]["removal"]["rows"]
    assert found == section("removal")["rows"]


def test_growth_is_that_of_the_reference() -> None:
    ours = {(row["place"], row["node"]): row for row in section("growth", PANEL)["places"]}
    rows = [row for row in reference("panel_trends_CAGR") if number(row["CAGR"]) is not None]
    for row in rows:
        one = ours[row["uCode"], row["iCode"]]
        if not one["undefined"]:
            assert one["rate"] == near(row["CAGR"])
        assert one["first"] == row["t_first"]
    assert len(rows) > 200


def test_strengths_and_weaknesses_are_those_of_the_reference() -> None:
    found = section("place", place="ESP")
    for name in ("strengths", "weaknesses"):
        wanted = sorted(int(row["Rank"]) for row in reference(f"{name}_ESP"))
        assert sorted(row["rank"] for row in found[name]) == wanted
    assert found["similar"][0]["place"] == "ITA"
    assert next(row for row in found["scores"] if row["node"] == "Index")["rank"] == 19


def test_targets_count_who_meets_them() -> None:
    found = section("targets")
    tariff = next(row for row in found["rows"] if row["node"] == "Tariff")
    met = [row for row in found["places"] if row["node"] == "Tariff" and row["met"]]
    assert tariff["lower_is_better"]
    assert tariff["met"] == len(met) == sum(row["value"] <= row["target"] for row in met)
    assert section("targets", place="ESP")["places"][0]["place"] == "ESP"


def test_a_period_is_studied_when_asked() -> None:
    first, last = (study_report(scores(PANEL), period, sections=["statistics"]) for period in ("2018", "2022"))
    assert first["period"] == "2018"
    assert first["sections"] != last["sections"]
    assert first["sections"]["statistics"]["rows"][0]["mean"] == section("statistics")["rows"][0]["mean"]


def test_places_that_are_means_of_their_parts_are_not_studied(tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    run("import", "coin", workbook(tmp_path / "book.xlsx"), "--out", folder)
    places = (folder / "places.csv").read_text("utf-8").replace(",,,", ",ALL,,")
    (folder / "places.csv").write_text(f"{places}ALL,,,All\n", "utf-8")
    with (folder / "recipe.yaml").open("a", encoding="utf-8") as recipe:
        recipe.write("places: {weights: Pop}\n")
    found = load(folder).score()
    assert found.places == ("AA", "BB", "CC", "ALL")
    report = study_report(found)
    assert report["places"] == 3
    assert [row["place"] for row in report["sections"]["availability"]["places"]] == ["AA", "BB", "CC"]


def test_one_place_has_nobody_to_be_compared_with() -> None:
    report = study_report(scores("seoul/gtsn-index"))["sections"]
    alone = [name for name, content in report.items() if "needs several places" in content.get("reason", "")]
    assert alone == ["statistics", "correlations", "consistency", "components", "denominators", "removal", "place"]
    assert report["availability"]["places"][0]["missing"] > 0
    assert report["growth"]["rows"]


def test_what_cannot_be_computed_says_why_by_code() -> None:
    rows = {row["node"]: row for row in section("consistency", "undp/hdi")["rows"]}
    assert rows["health"]["reason"] == "a group of one indicator"
    assert section("targets", "undp/hdi")["reason"] == "no indicator has a target in structure.csv"
    assert section("growth")["reason"] == "needs several periods; this pack has one"
    assert section("place")["reason"] == "name a place with --place"


def test_machines_get_one_document_with_everything() -> None:
    done = run("study", ASEM, "--json")
    document = json.loads(done.out)
    assert done.code == 0
    assert list(document) == ["pack", "version", "period", "places", "indicators", "sections"]
    assert list(document["sections"]) == list(SECTIONS)
    assert (document["period"], document["places"], document["indicators"]) == ("2018", 51, 49)


def test_people_get_the_most_telling_rows_and_all_of_one_section() -> None:
    few, removal = run("study", ASEM).out, run("study", ASEM, "--section", "removal").out
    assert "Conn" in few
    assert len(few.splitlines()) < 140
    assert "(first 5 of 59)" in few
    assert "first 5" not in removal
    assert len([line for line in removal.splitlines() if line.startswith(" ")]) > 59
    assert "Statistics" not in removal


@pytest.mark.parametrize("pack", ["seoul/gtsn-index", "undp/hdi"])
def test_every_section_can_be_shown(pack: str) -> None:
    for name in SECTIONS:
        done = run("study", pack, "--section", name, "--place", scores(pack).places[0])
        assert (done.code, done.err) == (0, "")
        assert done.out.count("\n") > 2


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        (("--period", "2030"), "expected 2018"),
        (("--stage", "log"), "expected raw, prepared, scaled"),
        (("--place", "ESPX"), 'did you mean "ESP"?'),
        (("--section", "remov"), 'did you mean "removal"?'),
    ],
)
def test_unknown_words_are_usage(option: tuple[str, str], hint: str) -> None:
    done = run("study", ASEM, *option)
    assert (done.code, hint in done.err) == (2, True)
