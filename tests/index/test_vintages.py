"""Two releases of one index: what the later one revised in the same years, and what that did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import donghaeng
from donghaeng.catalogue.check import check
from donghaeng.index.changes import changes
from donghaeng.index.scores import Scores
from donghaeng.index.versions import Versions, compare_versions
from tests.command import run as run_command
from tests.index.building import write_pack

#: 0.05 of the printed figure, and what rounding of the indicator scores may do on the way up.
ROUNDING = 0.12


@pytest.fixture(scope="module")
def november() -> Scores:
    return donghaeng.load("uk/ons-health-index-2022").score()


@pytest.fixture(scope="module")
def june() -> Scores:
    return donghaeng.load("uk/ons-health-index-2023").score()


@pytest.fixture(scope="module")
def compared(november: Scores, june: Scores) -> Versions:
    return compare_versions(november, june, donghaeng.load("uk/ons-health-index-2023").places)


def value(scores: Scores, place: str, period: str, node: str) -> float:
    at = scores.places.index(place), [one.text for one in scores.periods].index(period), scores.structure.position[node]
    return float(scores.values[at])


@pytest.mark.parametrize("release", ["november", "june"])
def test_every_published_composite_comes_out_of_the_published_indicators(
    release: str, request: pytest.FixtureRequest
) -> None:
    scores: Scores = request.getfixturevalue(release)
    columns = scores.observations.columns
    published = [
        (columns["node"][row], columns["place"][row], columns["period"][row], columns["value"][row])
        for row in range(len(scores.observations))
        if not columns["is_raw"][row]
    ]

    off = [abs(value(scores, place, period, node) - printed) for node, place, period, printed in published]

    # 22 places x 6 years x 18 composites; of 2021 the composites are not at hand.
    assert len(off) == 2_376
    assert max(off) < ROUNDING


def test_the_headline_of_2021_that_is_not_in_the_pack_is_the_published_one(june: Scores) -> None:
    assert value(june, "E92000001", "2021", "HI") == pytest.approx(100.8, abs=ROUNDING)


def test_a_subdomain_with_too_little_new_data_keeps_its_score_to_the_last_bit(november: Scores, june: Scores) -> None:
    places = [place for place in june.places if np.isfinite(june.prepared.values[june.places.index(place)]).any()]
    assert len(places) == 22
    for place in places:
        for node in ("Li.2", "Pl.2"):
            assert len({value(june, place, period, node) for period in ("2019", "2020", "2021")}) == 1
        assert value(november, place, "2020", "Li.2") == value(november, place, "2019", "Li.2")
    # The first release did not hold Access to services, although three of its five indicators had no data.
    assert value(november, "E92000001", "2020", "Pl.2") != value(november, "E92000001", "2019", "Pl.2")


def test_indicators_that_were_filled_in_before_publication_are_counted_as_such(june: Scores) -> None:
    """ONS: of 56 indicators 21 had no usable data in 2021. In 2019 two were filled in, in 2020 ten."""
    root, england = june.structure.root, june.places.index("E92000001")
    by_year = dict(zip([period.text for period in june.periods], june.imputed()[england, :, root], strict=True))

    assert by_year["2019"] == 2
    # What lies below a subdomain that is held takes part all the same.
    assert by_year["2020"] == 10
    assert by_year["2021"] == 21


def test_an_index_that_is_given_alone_says_how_many_indicators_are_behind_it(june: Scores) -> None:
    harrogate = june.places.index("E07000165")

    assert june.available[harrogate, :, june.structure.root].tolist() == [56] * 7
    newest = next(one for one in changes(june) if (one.comparison, one.period) == ("year", 6))
    assert newest.comparable[harrogate, june.structure.root]


def test_the_fall_of_2019_is_gone_in_the_second_release(november: Scores, june: Scores) -> None:
    def england(scores: Scores, period: str) -> float:
        return value(scores, "E92000001", period, "HI")

    assert england(november, "2019") - england(november, "2018") == pytest.approx(100.5 - 100.7, abs=0.1)
    assert england(june, "2019") - england(june, "2018") == pytest.approx(0.0, abs=0.05)


def test_the_revision_of_the_index_is_that_between_the_published_figures(compared: Versions) -> None:
    """Counted from the published index of all 307 lower-tier authorities: changed, mean and largest change."""
    published = {
        "2015": (279, 0.020, 5.6),
        "2016": (286, 0.051, 1.9),
        "2017": (275, 0.126, 2.7),
        "2018": (278, 0.130, 2.5),
        "2019": (287, 0.367, 3.5),
        "2020": (289, 0.059, 2.4),
    }
    moved = {row["period"]: row for row in compared.moved if row["node"] == "HI"}

    assert set(moved) == set(published)
    for period, (changed, mean, largest) in published.items():
        row = moved[period]
        assert row["places"] == 307
        # Twelve of the 307 are computed here, and not rounded.
        assert row["changed"] == pytest.approx(changed, abs=12)
        assert row["mean_change"] == pytest.approx(mean, abs=0.005)
        assert abs(row["largest_change"]) == pytest.approx(largest, abs=0.05)


def test_ranks_are_those_of_the_lower_tier_and_move_by_up_to_47(compared: Versions) -> None:
    ranks = {row["period"]: row for row in compared.ranks}

    assert {row["places"] for row in ranks.values()} == {307}
    assert ranks["2015"]["largest_rank_change"] == 47
    assert all(255 <= row["places"] - row["same_rank"] <= 285 for row in ranks.values())


def test_the_census_of_2021_is_the_revision_that_moves_most(compared: Versions) -> None:
    assert compared.inputs[0]["node"] == "Pl.5.2"  # household overcrowding
    assert compared.inputs[0]["mean_change"] > 5
    assert sum(row["added"] for row in compared.inputs) == 22 * 56 + 319  # the year 2021
    assert sum(row["changed"] for row in compared.inputs) == sum(row["what"] == "changed" for row in compared.revisions)


def test_factors_that_changed_are_told_as_a_change_of_structure(compared: Versions) -> None:
    assert compared.structure["Pl.rescale"] == ("2.19609", "2.06873")
    # The weights of crime changed by a rounding that six digits do not show.
    assert not [key for key in compared.structure if key.endswith(".weight")]


def test_what_the_method_did_is_the_subdomain_that_is_held_since(compared: Versions) -> None:
    assert compared.recipe == {"freeze.nodes": ('["Li.2"]', '["Li.2", "Pl.2"]')}
    effects = {(row["place"], row["period"]): row for row in compared.effects}

    england = effects["E92000001", "2020"]
    assert abs(england["by_method"]) > 0.1
    assert england["by_data"] + england["by_method"] == pytest.approx(england["difference"])
    given = effects["E07000163", "2020"]  # only its index is at hand
    assert given["by_method"] == 0


def test_the_command_sums_up_what_is_too_long_to_list(tmp_path: Path) -> None:
    shown = run_command("compare", "uk/ons-health-index-2022", "uk/ons-health-index-2023")

    assert shown.code == 0
    assert "Inputs that changed most, by indicator" in shown.out
    assert "Pl.5.2" in shown.out
    assert "Recipe, freeze.nodes" in shown.out


STRUCTURE = "total,\na,total\nx,a,higher\ny,a,higher\nz,a,higher"
METHOD = {
    "format": 1,
    "normalise": {"method": "none"},
    "aggregate": {"method": "arithmetic", "over": "children"},
    "freeze": {"level": 2, "least_observed": 0.5},
    "compare": [],
}


def with_imputed(folder: Path, marked: dict[tuple[str, str], str], **freeze: object) -> Path:
    lines = [f"{node},{year},{at + int(year) - 2020}" for year in ("2021", "2022") for at, node in enumerate("xyz")]
    write_pack(folder, STRUCTURE, "\n".join(lines), METHOD | {"freeze": {"level": 2, "least_observed": 0.5} | freeze})
    path = folder / "observations.csv"
    head, *rows = path.read_text("utf-8").splitlines()
    cells = [f"{row},{marked.get((row.split(',')[0], row.split(',')[2]), '')}" for row in rows]
    path.write_text("\n".join([f"{head},imputed", *cells]) + "\n", "utf-8")
    return folder


def test_a_value_its_publisher_filled_in_is_no_new_data_and_keeps_its_kind(tmp_path: Path) -> None:
    marked = {("x", "2022"): "yes", ("y", "2022"): "yes"}

    scores = donghaeng.load(with_imputed(tmp_path, marked)).score()

    assert value(scores, "x", "2021", "a") == value(scores, "x", "2022", "a") == 2
    rows = {(row["node"], row["period"]): row for row in scores.table().to_pylist()}
    assert rows["a", "2022"]["imputed"] == 2
    assert rows["x", "2022"]["kind"] == rows["x", "2021"]["kind"]


def test_a_rule_for_some_composites_leaves_the_others_alone(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    marked = {("x", "2022"): "yes", ("y", "2022"): "yes"}

    held = donghaeng.load(with_imputed(tmp_path / "one", marked, nodes=["a"])).score()
    moving = donghaeng.load(with_imputed(tmp_path / "other", marked, nodes=[])).score()

    assert value(held, "x", "2022", "a") == 2
    assert value(moving, "x", "2022", "a") == 3


def test_an_unknown_composite_and_a_strange_word_are_faults_at_their_place(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()

    _, named = check(with_imputed(tmp_path / "one", {}, nodes=["total"]))
    _, marked = check(with_imputed(tmp_path / "other", {("x", "2021"): "no"}))

    assert [fault.what for fault in named] == ['no composite of that level has the code "total"']
    assert [fault.file.rpartition("/")[2] for fault in named] == ["recipe.yaml"]
    assert [(fault.line, fault.what) for fault in marked] == [(2, '"no" is neither yes nor empty')]


def test_a_stretched_score_carries_the_rounding_of_its_parts_stretched(june: Scores) -> None:
    """The half digit of a composite is at least K x the mean of its children's."""
    structure, england = june.structure, june.places.index("E92000001")
    half = june.aggregated.half_digits[england, 0]

    at = structure.position["Pl"]
    factor = float(structure.nodes[at].details["rescale"])
    assert factor == pytest.approx(2.07, abs=0.005)
    below = np.mean([half[child] for child in structure.children[at]])
    assert half[at] == pytest.approx(factor * below)


def test_a_stretched_change_is_explained_by_its_parts_and_a_held_score_by_nothing(june: Scores) -> None:
    """Points of the change of the index: those of the domains sum to it, those below a held subdomain are 0."""
    england, codes = june.places.index("E92000001"), june.structure.position
    in_2019, in_2020 = (
        next(one for one in changes(june) if (one.comparison, june.periods[one.period].text) == ("year", year))
        for year in ("2019", "2020")
    )

    for change in (in_2019, in_2020):
        assert change.coverage[england] == pytest.approx(np.zeros(len(codes)), abs=1e-9)
        domains = sum(change.points[england, codes[code]] for code in ("Pe", "Li", "Pl"))
        assert domains == pytest.approx(change.total[england, codes["HI"]])
        for subdomains in (("Pe.1", "Pe.2", "Pe.3", "Pe.4", "Pe.5"), ("Li.1", "Li.2", "Li.3", "Li.4")):
            points = sum(change.points[england, codes[code]] for code in subdomains)
            assert points == pytest.approx(change.points[england, codes[subdomains[0][:2]]])
    assert (in_2019.points[england, [codes[f"Pl.2.{at}"] for at in (1, 2, 3)]] != 0).any()
    assert (in_2020.points[england, [codes[f"Pl.2.{at}"] for at in range(1, 6)]] == 0).all()
