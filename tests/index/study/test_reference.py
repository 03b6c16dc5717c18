"""The studies give what COINr gives for its own example, where COINr is right."""

from __future__ import annotations

import numpy as np
import pytest

from donghaeng.index import study
from donghaeng.panel import Floats
from tests.index.study import reference as asem

EXACT = {"rtol": 1e-9, "atol": 1e-12}

STATISTICS = {
    "Min": "minimum",
    "Max": "maximum",
    "Mean": "mean",
    "Median": "median",
    "Std": "deviation",
    "Skew": "skew",
    "Kurt": "kurtosis",
    "N.Avail": "available",
    "N.NonZero": "non_zero",
    "N.Unique": "unique",
    "N.Same": "same",
    "Frc.Avail": "share_available",
    "Frc.NonZero": "share_non_zero",
    "Frc.Unique": "share_unique",
    "Frc.Same": "share_same",
}
FLAGS = {
    "Flag.Avail": "flag_available",
    "Flag.NonZero": "flag_non_zero",
    "Flag.Unique": "flag_unique",
    "Flag.SkewKurt": "flag_outliers",
}


@pytest.mark.parametrize(("expected", "source"), [("stats_raw", "iData"), ("stats_treated", "treated")])
def test_statistics_and_flags(expected: str, source: str) -> None:
    codes = [row["iCode"] for row in asem.rows(expected)]
    columns = study.describe(asem.table(source, codes)).columns()
    for theirs, ours in STATISTICS.items():
        wanted = [asem.number(row[theirs]) for row in asem.rows(expected)]
        np.testing.assert_allclose(columns[ours], wanted, **EXACT, err_msg=theirs)
    for theirs, ours in FLAGS.items():
        assert columns[ours].tolist() == [row[theirs] != "ok" for row in asem.rows(expected)], theirs


def test_availability_of_units_and_groups() -> None:
    units = [row["uCode"] for row in asem.rows("data_avail_units")]
    raw = asem.table("iData", asem.indicators(), units)
    found = study.availability_of_units(raw)
    for theirs, ours in {
        "N_missing": found.missing,
        "N_zero": found.zero,
        "N_miss_or_zero": found.missing_or_zero,
        "Dat_Avail": found.share_available,
        "Non_Zero": found.share_non_zero,
    }.items():
        wanted = [asem.number(row[theirs]) for row in asem.rows("data_avail_units")]
        np.testing.assert_allclose(ours, wanted, **EXACT, err_msg=theirs)
    groups = [name for name in asem.rows("data_avail_groups")[0] if name != "uCode"]
    members = [[asem.indicators().index(code) for code in asem.below(group)] for group in groups]
    np.testing.assert_allclose(
        study.availability_of_groups(raw, members), asem.table("data_avail_groups", groups, units), **EXACT
    )


@pytest.mark.parametrize("coefficient", ["pearson", "spearman", "kendall"])
def test_correlations(coefficient: study.correlation.Coefficient) -> None:
    wanted = [row for row in asem.rows("correlations") if row["type"].endswith(coefficient)]
    codes = sorted({row["Var1"] for row in wanted} | {row["Var2"] for row in wanted})
    found = study.correlate(asem.table("aggregated", codes), coefficient=coefficient)
    ours = [found.values[codes.index(row["Var1"]), codes.index(row["Var2"])] for row in wanted]
    assert wanted
    np.testing.assert_allclose(ours, [asem.number(row["Correlation"]) for row in wanted], **EXACT)


def test_correlations_of_nodes_with_their_parents() -> None:
    codes = [node["iCode"] for node in asem.nodes()]
    parents = [codes.index(node["Parent"]) if node["Parent"] else None for node in asem.nodes()]
    found = study.correlate_with_parents(asem.table("aggregated", codes), parents)
    ours = {(codes[pair.second], codes[pair.first]): pair.value for pair in found}
    wanted = [row for row in asem.rows("correlations") if "parent" in row["type"]]
    assert len(ours) == 59
    for row in wanted:
        pair = (row["Var1"], row["Var2"])
        assert ours.get(pair, ours.get(pair[::-1])) == pytest.approx(asem.number(row["Correlation"]), rel=1e-9)


def test_flags_within_groups_to_their_rounding() -> None:
    codes = asem.indicators()
    groups = [asem.ancestors()[code][1] for code in codes]
    flags = study.flagged_within_groups(study.correlate(asem.table("aggregated", codes)), groups, 0.75, -1.0)
    ours = {
        (groups[flag.first], frozenset((codes[flag.first], codes[flag.second])), round(flag.value, 3)) for flag in flags
    }
    wanted = {
        (row["Group"], frozenset((row["Ind1"], row["Ind2"])), asem.number(row["Corr"]))
        for row in asem.rows("correlation_flags_075")
    }
    assert ours == wanted


def test_denominators_to_their_rounding() -> None:
    codes, denominators = asem.indicators(), ["Area", "Energy", "GDP", "Population"]
    found = study.correlate(asem.table("iData", codes), asem.table("iData", denominators))
    ours = {
        (codes[pair.first], denominators[pair.second], round(pair.value, 2))
        for pair in study.flagged_denominators(found, 0.7)
    }
    assert ours == {(row["Ind"], row["Denom"], asem.number(row["Corr"])) for row in asem.rows("denominator_corr_07")}


def test_cronbach_alpha() -> None:
    for row in asem.rows("cronbach"):
        source = {"Raw": "iData", "Normalised": "aggregated"}[row["dset"]]
        found = study.cronbach_alpha(asem.table(source, asem.below(row["iCode"])))
        assert found.alpha == pytest.approx(asem.number(row["alpha"]), rel=1e-9), row


def test_principal_components() -> None:
    for group in dict.fromkeys(row["group"] for row in asem.rows("pca_variance")):
        wanted = [row for row in asem.rows("pca_variance") if row["group"] == group]
        members = [node["iCode"] for node in asem.nodes() if node["Parent"] == group]
        found = study.principal_components(asem.table("aggregated", members))
        np.testing.assert_allclose(found.deviations, [asem.number(row["sdev"]) for row in wanted], **EXACT)
        np.testing.assert_allclose(found.shares, [asem.number(row["var_share"]) for row in wanted], **EXACT)


def test_strengths_and_weaknesses_of_spain() -> None:
    codes = asem.indicators()
    lower = [node["Direction"] == "-1" for node in asem.nodes() if node["Type"] == "Indicator"]
    found = study.strengths_and_weaknesses(asem.table("iData", codes), asem.units().index("ESP"), lower)
    # COINr lists weaknesses from better to worse, and ties in the alphabetical order of their groups.
    for name, standings in (("strengths_ESP", found.strengths), ("weaknesses_ESP", found.weaknesses[::-1])):
        wanted = [(row["Code"], int(row["Rank"]), asem.number(row["Value"])) for row in asem.rows(name)]
        ours = [(codes[one.column], one.rank, float(f"{one.value:.3g}")) for one in standings]
        assert [rank for _, rank, _ in ours] == [rank for _, rank, _ in wanted]
        assert sorted(ours) == sorted(wanted)


def score_of_the_tree(normalised: Floats, weights: Floats) -> Floats:
    """Weighted arithmetic means up the tree, as the nominal index takes them."""
    nodes = asem.nodes()
    codes = [node["iCode"] for node in nodes]
    scores = np.full((len(normalised), len(nodes)), np.nan)
    scores[:, : normalised.shape[1]] = normalised
    for at in range(normalised.shape[1], len(nodes)):
        children = [child for child, node in enumerate(nodes) if node["Parent"] == codes[at]]
        mass = weights[children]
        scores[:, at] = scores[:, children] @ mass / mass.sum()
    return scores[:, -1]


def nominal_weights() -> Floats:
    return np.array([asem.number(node["Weight"]) for node in asem.nodes()])


def test_comparison_with_percentile_ranks() -> None:
    codes, units = asem.indicators(), asem.units("compare_minmax_vs_prank")
    signs = np.array([asem.number(node["Direction"]) for node in asem.nodes() if node["Type"] == "Indicator"])
    treated = asem.table("treated", codes, units) * signs
    ascending = (treated[None, :, :] < treated[:, None, :]).sum(axis=1)
    shares = ascending / (len(units) - 1)
    first = score_of_the_tree(asem.table("aggregated", codes, units), nominal_weights())
    found = study.compare(first, score_of_the_tree(shares, nominal_weights()))
    rows = asem.rows("compare_minmax_vs_prank")
    assert found.first.tolist() == [asem.number(row["coin.1"]) for row in rows]
    assert found.second.tolist() == [asem.number(row["coin.2"]) for row in rows]
    assert found.change.tolist() == [asem.number(row["Diff"]) for row in rows]
    assert found.mean_absolute_change == pytest.approx(np.mean([asem.number(row["Abs.diff"]) for row in rows]))
    assert found.compared == 51


def test_effect_of_removing_every_element() -> None:
    codes = [node["iCode"] for node in asem.nodes()]
    wanted: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
    for row in asem.rows("remove_elements"):
        wanted.setdefault((row["Level"], row["removed"]), {})[row["uCode"]] = row
    units = list(wanted["1", "Nominal"])
    normalised = asem.table("aggregated", asem.indicators(), units)
    elements = [codes.index(name) for _, name in wanted if name != "Nominal"]
    found = study.effect_of_removal(lambda weights: score_of_the_tree(normalised, weights), nominal_weights(), elements)
    assert len(found) == 49 + 8 + 2
    levels = {node["iCode"]: node["Level"] for node in asem.nodes()}
    for one in found:
        theirs = wanted[levels[codes[one.element]], codes[one.element]]
        np.testing.assert_allclose(one.scores, [asem.number(theirs[unit]["score"]) for unit in units], **EXACT)
        assert one.comparison.second.tolist() == [asem.number(theirs[unit]["rank"]) for unit in units]
        change = asem.number(theirs[units[0]]["mean_abs_rank_diff"])
        assert one.comparison.mean_absolute_change == pytest.approx(change, rel=1e-9)


def test_growth_of_the_panel() -> None:
    wanted = asem.rows("panel_trends_CAGR")
    values = {(row["uCode"], row["iCode"], row["Time"]): asem.number(row["value"]) for row in asem.rows("panel")}
    years = sorted({key[2] for key in values})
    series = np.array([[values[row["uCode"], row["iCode"], year] for year in years] for row in wanted])
    found = study.compound_growth(series, [float(year) for year in years])
    for theirs, ours in {
        "CAGR": found.rate,
        "Avail": found.available,
        "t_first": found.first,
        "t_latest": found.latest,
    }.items():
        np.testing.assert_allclose(ours, [asem.number(row[theirs]) for row in wanted], **EXACT, err_msg=theirs)
