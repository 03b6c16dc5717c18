from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from donghaeng.index.methods import MethodError, weigh
from donghaeng.panel import Floats

REFERENCE = Path(__file__).parents[2] / "reference" / "asem_weights"

#: The raw values are not part of the repository's tests; where the data folder is at hand the whole way is tried.


def rows(name: str, folder: Path = REFERENCE) -> list[dict[str, str]]:
    with (folder / name).open(newline="") as file:
        return list(csv.DictReader(file))


# The reference index


class Example:
    """The ASEM example index: min-max 0-100 and arithmetic means."""

    def __init__(self) -> None:
        self.structure = rows("structure.csv")
        treated: dict[str, dict[str, float]] = defaultdict(dict)
        for row in rows("treated.csv"):
            treated[row["iCode"]][row["uCode"]] = float(row["value"])
        self.units = sorted(next(iter(treated.values())))
        self.values: dict[str, Floats] = {}
        for row in self.structure:
            level, code = int(row["Level"]), row["iCode"]
            if level == 1:
                y = float(row["Direction"]) * np.array([treated[code][unit] for unit in self.units])
                self.values[code] = 100 * (y - y.min()) / (y.max() - y.min())
        for level in (2, 3, 4):
            for row in self.structure:
                if int(row["Level"]) == level:
                    self.values[row["iCode"]] = self.table(self.children(row["iCode"])).mean(axis=1)

    def children(self, code: str) -> list[str]:
        return [row["iCode"] for row in self.structure if row["Parent"] == code]

    def level(self, level: int) -> list[str]:
        return [row["iCode"] for row in self.structure if int(row["Level"]) == level]

    def table(self, codes: list[str]) -> Floats:
        return np.column_stack([self.values[code] for code in codes])


@pytest.fixture(scope="module")
def example() -> Example:
    return Example()


def reference_weights(name: str) -> dict[str, float]:
    return {row["iCode"]: float(row["Weight"]) for row in rows("weights.csv") if row["set"] == name}


def test_the_effective_weights_of_the_reference_come_out(example):
    expected = {row["iCode"]: float(row["EffWeight"]) for row in rows("weights_effective.csv")}
    codes = [row["iCode"] for row in example.structure]
    parents = [codes.index(row["Parent"]) if row["Parent"] in codes else -1 for row in example.structure]
    computed = weigh.effective(parents, np.array([float(row["Weight"]) for row in example.structure]))
    assert len(expected) == 60
    np.testing.assert_allclose(computed, [expected[code] for code in codes], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "level"), [("PCA_L1_Normalised", 1), ("PCA_L2_Aggregated", 2), ("PCA_L3_Aggregated", 3)]
)
def test_first_components_of_the_reference_come_out_up_to_their_sign(example, name, level):
    expected = reference_weights(name)
    for parent in example.level(level + 1):
        codes = example.children(parent)
        loadings = weigh.principal_components(example.table(codes)).vectors[:, 0]
        theirs = np.array([expected[code] for code in codes])
        np.testing.assert_allclose(loadings * np.sign(loadings @ theirs), theirs, atol=1e-12)


def test_the_variances_of_the_components_come_out(example):
    for row in rows("pca_variance.csv"):
        components = weigh.principal_components(example.table(example.children(row["group"])))
        index = int(row["component"]) - 1
        assert np.sqrt(components.eigenvalues[index]) == pytest.approx(float(row["sdev"]), rel=1e-9)
        assert components.variance_shares[index] == pytest.approx(float(row["var_share"]), rel=1e-9)


def test_an_indicator_that_runs_against_the_others_gets_no_negative_weight(example):
    codes = example.children("Sust")
    with pytest.raises(MethodError, match="runs against most") as caught:
        weigh.first_component(example.table(codes))
    assert codes[caught.value.column] == "Social"
    assert (weigh.first_component(example.table(codes), squared=True) > 0).all()


def test_sub_indexes_are_balanced_exactly(example):
    x = example.table(["Conn", "Sust"])
    result = weigh.balanced(x)
    np.testing.assert_allclose(result.weights, [0.3853166, 0.6146834], atol=5e-8)
    np.testing.assert_allclose(result.shares, [0.5, 0.5], atol=1e-14)
    best = weigh.most_correlated(x)
    # Two indicators reach the highest sum where they are balanced; the reference stopped short of it.
    np.testing.assert_allclose(best.weights, result.weights, atol=1e-12)
    for name in ("opt_infomax_L3_tol1e-10", "opt_balance_L3_default_tol"):
        theirs = np.array([reference_weights(name)[code] for code in ("Conn", "Sust")])
        index = x @ theirs
        assert best.correlations.sum() >= sum(np.corrcoef(column, index)[0, 1] for column in x.T)


def test_pillars_are_balanced_as_well_as_weights_that_are_not_negative_allow(example):
    pillars, groups = example.children("Conn") + example.children("Sust"), np.repeat([0, 1], [5, 3])
    x = example.table(pillars)
    result = weigh.balanced(x, groups=groups)
    assert (result.weights >= 0).all()
    assert result.weights[groups == 0].sum() == pytest.approx(0.5)
    # Least squares under linear constraints has one best value; the reference's 0.00028 needs three negative weights.
    assert result.distance == pytest.approx(0.00772979, abs=1e-8)
    index = x @ result.weights
    np.testing.assert_allclose(result.correlations, [np.corrcoef(column, index)[0, 1] for column in x.T], atol=1e-12)
    generator = np.random.default_rng(3)
    for _ in range(300):
        w = np.concatenate([generator.dirichlet(np.full(5, 0.5)), generator.dirichlet(np.full(3, 0.5))]) / 2
        correlations = np.array([np.corrcoef(column, x @ w)[0, 1] for column in x.T])
        assert ((correlations / correlations.sum() - 1 / 8) ** 2).sum() >= result.distance
        assert correlations.sum() <= weigh.most_correlated(x, groups=groups).correlations.sum()


def test_correlations_are_brought_to_stated_ratios(example):
    result = weigh.balanced(example.table(["Conn", "Sust"]), np.array([51.0, 49.0]))
    np.testing.assert_allclose(result.shares, [0.51, 0.49], atol=1e-12)


def test_noise_is_as_in_the_reference_and_scaled():
    theirs: dict[str, list[float]] = defaultdict(list)
    for row in rows("noisy_weights_100.csv"):
        if row["Level"] in ("2", "3"):
            theirs[row["weight_set"]].append(float(row["Weight"]))
    every = np.array(list(theirs.values()))
    # The reference: a uniform number in 0.75 to 1.25 around weights of 1, not scaled.
    assert every.min() >= 0.75
    assert every.max() <= 1.25
    assert np.std(every) == pytest.approx(0.5 / np.sqrt(12), rel=0.03)
    groups = [0] * 5 + [1] * 3
    ours = weigh.noisy(np.ones(8), 0.25, np.random.default_rng(0), groups)
    np.testing.assert_allclose([ours[:5].sum(), ours[5:].sum()], 1)
    assert (ours[:5] / ours[:5].min() <= 1.25 / 0.75).all()
    np.testing.assert_array_equal(ours, weigh.noisy(np.ones(8), 0.25, np.random.default_rng(0), groups))
    np.testing.assert_allclose(weigh.noisy(np.array([1.0, 3.0]), 0, np.random.default_rng(0)), [0.25, 0.75])
    with pytest.raises(MethodError, match="the noise is 25"):
        weigh.noisy(np.ones(2), 25, np.random.default_rng(0))


# The Health Index for England


def test_one_factor_weights_of_every_subdomain_come_out():
    subdomains: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows("health_index_correlations.csv"):
        subdomains[row["subdomain"]].append(row)
    assert len(subdomains) == 17
    for group in subdomains.values():
        expected = list({row["indicator"]: float(row["weight"]) for row in group}.values())
        matrix = np.array([float(row["correlation"]) for row in group]).reshape(len(expected), len(expected))
        np.testing.assert_allclose(weigh.one_factor_of_correlations(matrix).weights, expected, atol=1e-6)


def test_one_factor_finds_the_loadings_a_model_was_made_from():
    loadings = np.array([0.9, 0.7, -0.5, 0.3])
    matrix = np.outer(loadings, loadings)
    np.fill_diagonal(matrix, 1)
    result = weigh.one_factor_of_correlations(matrix)
    np.testing.assert_allclose(result.loadings, loadings, atol=1e-6)
    np.testing.assert_allclose(result.weights, np.abs(loadings) / 2.4, atol=1e-6)
    np.testing.assert_allclose(result.uniquenesses, 1 - loadings**2, atol=1e-6)


def test_one_and_two_indicators_share_equally():
    x = np.random.default_rng(1).random((9, 2))
    np.testing.assert_array_equal(weigh.one_factor(x).weights, [0.5, 0.5])
    np.testing.assert_array_equal(weigh.one_factor(x[:, :1]).weights, [1])


def test_an_indicator_made_from_others_is_refused():
    x = np.random.default_rng(1).random((9, 3))
    with pytest.raises(MethodError, match="follows from the others"):
        weigh.one_factor(np.column_stack([x, x.sum(axis=1)]))


# Published cases: OECD/JRC 2008, Handbook on Constructing Composite Indicators


def technology() -> Floats:
    table = rows("technology_achievement_index.csv")
    return np.array([[float(value) for value in list(row.values())[1:]] for row in table])


def test_benefit_of_the_doubt_scores_of_the_technology_achievement_index_come_out():
    # Table 19, last column, in the order of table A.2; limits of endnote 29: 10 to 15 % of the total weight.
    published = """1 1 1 .87 .80 .75 .71 .73 .66 .62 .62 .86 .60 .54 .58 .52 .51 .49 .34 .38 .31 .27 .28"""
    x = technology()
    x = (x - x.min(axis=0)) / np.ptp(x, axis=0)
    result = weigh.benefit_of_the_doubt(x, 0.10, 0.15)
    # Two decimals, from data that are printed with two decimals as well.
    np.testing.assert_allclose(result.scores, [float(score) for score in published.split()], atol=0.0075)
    shares = result.weights / result.weights.sum(axis=1, keepdims=True)
    assert shares.min() >= 0.10 - 1e-7
    assert shares.max() <= 0.15 + 1e-7
    # The weights of Japan, to their two decimals; elsewhere weights need not be unique.
    expected = [0.22, 0.15, 0.15, 0.22, 0.22, 0.16, 0.21, 0.15]
    np.testing.assert_allclose(result.weights[3], expected, atol=0.0151)


def test_the_comparison_matrix_of_the_technology_achievement_index():
    # Table 20. The Handbook prints no weights of this one expert (its table 22 has means over experts), so what is
    # held is the consistency it asks for and that the eigenvector is one.
    matrix = np.array(
        [
            [1, 2, 3, 2, 5, 5, 1, 3],
            [1 / 2, 1, 2, 1 / 2, 4, 4, 1 / 2, 3],
            [1 / 3, 1 / 2, 1, 1 / 4, 2, 2, 1 / 5, 1 / 2],
            [1 / 2, 2, 4, 1, 4, 4, 1 / 2, 3],
            [1 / 5, 1 / 4, 1 / 2, 1 / 4, 1, 1, 1 / 5, 1 / 2],
            [1 / 5, 1 / 4, 1 / 2, 1 / 4, 1, 1, 1 / 5, 1 / 2],
            [1, 2, 5, 2, 5, 5, 1, 4],
            [1 / 3, 1 / 3, 2, 1 / 3, 2, 2, 1 / 4, 1],
        ]
    )
    result = weigh.analytic_hierarchy(matrix)
    np.testing.assert_allclose(matrix @ result.weights, result.eigenvalue * result.weights, rtol=1e-12)
    assert result.consistency_ratio == pytest.approx((8.2110794 - 8) / 7 / 1.41, rel=1e-6)
    assert result.consistency_ratio < 0.1
    other = weigh.analytic_hierarchy(matrix, "geometric")
    np.testing.assert_allclose(other.weights, result.weights, atol=0.003)


def test_rotated_components_of_the_technology_achievement_index_come_out():
    # Tables 16 (shares of variance), 17 (loadings, explained variance) and 18 (weights, column PC).
    components = weigh.principal_components(technology())
    shares = [41.9, 21.8, 12.3, 11.1, 6.0, 3.7, 2.2, 0.9]
    np.testing.assert_allclose(100 * components.variance_shares, shares, atol=0.13)
    result = weigh.rotated_components(technology(), factors=4)
    published = np.array(
        [
            [0.07, 0.97, 0.06, 0.06],
            [0.13, 0.07, -0.07, 0.93],
            [0.79, -0.21, 0.21, 0.42],
            [-0.64, 0.56, -0.04, 0.36],
            [0.37, 0.17, 0.38, 0.68],
            [0.82, -0.04, 0.25, 0.35],
            [0.88, 0.23, -0.09, 0.09],
            [0.08, 0.04, 0.96, 0.04],
        ]
    )
    # The Handbook's second, third and fourth factor explain 1.39, 1.19 and 1.76; ours are in descending order.
    np.testing.assert_allclose(result.loadings[:, [0, 2, 3, 1]], published, atol=0.016)
    np.testing.assert_allclose(result.explained[[0, 2, 3, 1]], [2.64, 1.39, 1.19, 1.76], atol=0.025)
    np.testing.assert_allclose(result.weights, [0.17, 0.15, 0.11, 0.07, 0.08, 0.12, 0.14, 0.16], atol=0.0052)
    # The groups below table 17, which put exports to the second factor, with the printed shares of the factors. (Table
    # 22 prints other weights for electricity and schooling than table 18; neither rule gives both.)
    products = np.array(
        [0.67 * 0.20, 0.49 * 0.25, 0.24 * 0.38, 0.23 * 0.20, 0.26 * 0.25, 0.25 * 0.38, 0.29 * 0.38, 0.77 * 0.17]
    )
    weights = weigh.weights_of_loadings(published, "share")
    np.testing.assert_allclose(weights, products / products.sum(), atol=0.003)


# Judgement


def test_given_weights_are_scaled_and_refused_when_negative_or_zero():
    np.testing.assert_allclose(weigh.given(np.array([1.0, 3.0])), [0.25, 0.75])
    np.testing.assert_allclose(weigh.equal(4), 0.25)
    with pytest.raises(MethodError, match="weight of column 1 is -3") as caught:
        weigh.given(np.array([1.0, -3.0]))
    assert caught.value.column == 1
    with pytest.raises(MethodError, match="all weights are zero"):
        weigh.given(np.zeros(3))
    with pytest.raises(MethodError, match="nothing to weigh"):
        weigh.equal(0)


def test_effective_weights_need_a_tree():
    np.testing.assert_allclose(
        weigh.effective([-1, 0, 0, 1, 1], np.array([9.0, 1, 3, 2, 2])), [1, 0.25, 0.75, 0.125, 0.125]
    )
    with pytest.raises(MethodError, match="below itself"):
        weigh.effective([-1, 2, 1], np.ones(3))
    with pytest.raises(MethodError, match="element 1 has the parent 7"):
        weigh.effective([-1, 7], np.ones(2))
    with pytest.raises(MethodError, match="all weights are zero"):
        weigh.effective([-1, 0, 0], np.array([1.0, 0, 0]))


def test_budgets_are_averaged():
    np.testing.assert_allclose(weigh.budget_allocation(np.array([[50.0, 30, 20], [10, 40, 50]])), [0.3, 0.35, 0.35])
    with pytest.raises(MethodError, match="expert 1 gave 90 points, expert 0 gave 100") as caught:
        weigh.budget_allocation(np.array([[50.0, 50], [40, 50]]))
    assert caught.value.row == 1
    with pytest.raises(MethodError, match="expert 0 gave -10 points to item 1"):
        weigh.budget_allocation(np.array([[110.0, -10]]))


def test_consistent_comparisons_give_back_their_weights():
    w = np.array([0.5, 0.3, 0.15, 0.05])
    for method in ("eigenvector", "geometric"):
        result = weigh.analytic_hierarchy(w[:, None] / w, method)
        np.testing.assert_allclose(result.weights, w)
        assert result.consistency_ratio == pytest.approx(0, abs=1e-12)
    assert weigh.analytic_hierarchy(np.array([[1, 9], [1 / 9, 1]])).consistency_ratio == 0
    np.testing.assert_allclose(
        weigh.agreed_comparisons(np.array([[[1, 2], [0.5, 1]], [[1, 8], [0.125, 1]]])), [[1, 4], [0.25, 1]]
    )


@pytest.mark.parametrize(
    ("matrix", "what"),
    [
        ([[1, 2], [2, 1]], "row 0, column 1 says 2, the reverse 2"),
        ([[1, 0], [0, 1]], "row 0, column 1 is 0"),
        ([[1, 2]], "comparisons of shape"),
    ],
)
def test_comparisons_that_contradict_themselves_are_refused(matrix, what):
    with pytest.raises(MethodError, match=what):
        weigh.analytic_hierarchy(np.array(matrix, float))


# Entropy, CRITIC


def test_entropy_weighs_what_differs():
    # By hand: shares 1/4 and 3/4 have the entropy 0.811278 bits of 1; the constant column has 1.
    x = np.array([[1.0, 5.0], [3.0, 5.0]])
    np.testing.assert_allclose(weigh.entropy(x), [1, 0])
    y = np.array([[1.0, 0.0], [3.0, 5.0]])
    np.testing.assert_allclose(weigh.entropy(y), np.array([1 - 0.8112781245, 1]) / (2 - 0.8112781245), rtol=1e-9)
    with pytest.raises(MethodError, match="row 1, column 0 is -3"):
        weigh.entropy(np.array([[1.0], [-3.0]]))
    with pytest.raises(MethodError, match="all columns are constant"):
        weigh.entropy(np.ones((3, 2)))
    with pytest.raises(MethodError, match="column 0 has no two values"):
        weigh.entropy(np.array([[np.nan, 1.0], [2.0, 3.0]]))


def test_critic_weighs_what_differs_and_disagrees():
    x = np.array([[0.0, 0, 1], [1, 2, 0], [2, 4, 1], [3, 6, 0]])
    r, s = np.corrcoef(x.T), x.std(axis=0, ddof=1) / np.ptp(x, axis=0)
    amount = s * (1 - r).sum(axis=0)
    np.testing.assert_allclose(weigh.critic(x), amount / amount.sum())
    with pytest.raises(MethodError, match="agree perfectly"):
        weigh.critic(x[:, :2])


@pytest.mark.parametrize(
    "method", [weigh.critic, weigh.first_component, weigh.one_factor, weigh.balanced, weigh.rotated_components]
)
def test_constant_columns_and_too_few_units_are_refused(method):
    x = np.random.default_rng(0).random((6, 3))
    x[:, 1] = 0.1
    with pytest.raises(MethodError, match="column 1 is constant") as caught:
        method(x)
    assert caught.value.column == 1
    x = np.random.default_rng(0).random((6, 3))
    x[1:, 2] = np.nan
    with pytest.raises(MethodError, match=r"1 units have every indicator \(column 2 has 1 values"):
        method(x)
    x[0, 0] = np.inf
    with pytest.raises(MethodError, match="row 0, column 0 is infinite"):
        method(x)


def test_indicators_that_run_against_each_other_cannot_be_balanced():
    x = np.random.default_rng(0).random(9)
    with pytest.raises(MethodError, match="run against each other"):
        weigh.balanced(np.column_stack([x, -x]))


# Benefit of the doubt


def test_the_score_is_the_same_as_from_one_program_with_all_units():
    generator = np.random.default_rng(2)
    x = generator.random((60, 5))
    result = weigh.benefit_of_the_doubt(x)
    for unit in range(0, 60, 7):
        whole = linprog(-x[unit], A_ub=x, b_ub=np.ones(60))
        assert result.scores[unit] == pytest.approx(-whole.fun, abs=1e-9)
    assert (x @ result.weights.T).max() <= 1 + 1e-12
    np.testing.assert_allclose(result.shares.sum(axis=1), 1)


def test_pie_shares_stay_in_their_limits():
    x = np.random.default_rng(4).uniform(1, 9, (30, 4))
    result = weigh.benefit_of_the_doubt(x, 0.15, 0.40, limits_on="score")
    assert result.shares.min() >= 0.15 - 1e-7
    assert result.shares.max() <= 0.40 + 1e-7
    assert (result.scores <= weigh.benefit_of_the_doubt(x).scores + 1e-9).all()


def test_equal_limits_are_equal_weights():
    x = np.random.default_rng(4).uniform(1, 9, (12, 4))
    result = weigh.benefit_of_the_doubt(x, 0.25, 0.25)
    np.testing.assert_allclose(result.scores, x.mean(axis=1) / x.mean(axis=1).max(), rtol=1e-6)


def test_a_missing_value_has_no_weight():
    x = np.array([[4.0, np.nan, 1.0], [2.0, 3.0, 2.0], [np.nan, np.nan, np.nan], [1.0, 4.0, np.nan]])
    result = weigh.benefit_of_the_doubt(x, 0.2, 0.6)
    assert result.weights[0, 1] == 0
    assert np.isnan(result.scores[2])
    # Two of three: the limits are stretched by 3 / 2 to 0.3 and 0.9.
    shares = result.weights[0] / result.weights[0].sum()
    assert shares[2] == pytest.approx(0.3, abs=1e-7)
    with pytest.raises(MethodError, match="unit 0 has values for 1 of 2") as caught:
        weigh.benefit_of_the_doubt(np.array([[1.0, np.nan], [1.0, 2.0]]), 0.1, np.array([0.2, 0.9]))
    assert caught.value.row == 0


def test_an_outside_benchmark_may_be_passed():
    x = np.array([[2.0, 2.0], [1.0, 3.0]])
    scores = weigh.benefit_of_the_doubt(x, benchmark=np.array([[1.0, 1.0]])).scores
    np.testing.assert_allclose(scores, [2, 3])
    with pytest.raises(MethodError, match="nothing limits the score of unit 0"):
        weigh.benefit_of_the_doubt(x, benchmark=np.array([[1.0, 0.0]]))


@pytest.mark.parametrize(
    ("least", "most", "what"),
    [(0.4, 0.6, "lower limits sum to 1.2"), (0.0, 0.3, "upper ones to 0.9"), (0.5, 0.2, "from 0.5 to 0.2")],
)
def test_limits_that_contradict_each_other_are_refused(least, most, what):
    with pytest.raises(MethodError, match=what):
        weigh.benefit_of_the_doubt(np.ones((3, 3)), least, most)


# Properties

METHODS = {
    "entropy": weigh.entropy,
    "critic": weigh.critic,
    "first_component": lambda x: weigh.first_component(x, squared=True),
    "one_factor": lambda x: weigh.one_factor(x).weights,
    "balanced": lambda x: weigh.balanced(x).weights,
    "most_correlated": lambda x: weigh.most_correlated(x).weights,
    "rotated_components": lambda x: weigh.rotated_components(x).weights,
}


@pytest.mark.parametrize("name", METHODS)
@given(seed=st.integers(0, 10_000), columns=st.integers(1, 6))
@settings(deadline=None, max_examples=25)
def test_weights_from_data_sum_to_one_and_follow_their_columns(name, seed, columns):
    generator = np.random.default_rng(seed)
    x = generator.random((25, 1)) + generator.random((25, columns)) * generator.uniform(0.4, 1.5, columns)
    before = x.copy()
    weights = METHODS[name](x)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    np.testing.assert_array_equal(x, before)
    if columns > 1 and name != "rotated_components":
        order = generator.permutation(columns)
        np.testing.assert_allclose(METHODS[name](x[:, order]), weights[order], atol=2e-6)


@given(arrays(np.float64, st.integers(1, 8), elements=st.floats(0, 1e6)).filter(lambda w: w.sum() > 1e-3))
def test_given_weights_sum_to_one(w):
    scaled = weigh.given(w)
    assert scaled.sum() == pytest.approx(1)
    assert (scaled >= 0).all()


@given(st.integers(0, 10_000), st.integers(2, 8))
@settings(deadline=None, max_examples=50)
def test_hierarchy_weights_follow_the_order_of_items(seed, items):
    generator = np.random.default_rng(seed)
    upper = np.triu(generator.choice([1 / 5, 1 / 3, 1 / 2, 1.0, 2, 3, 5], (items, items)), 1)
    matrix = upper + np.eye(items) + np.where(upper.T > 0, 1 / np.where(upper.T > 0, upper.T, 1), 0)
    order = generator.permutation(items)
    for method in ("eigenvector", "geometric"):
        result = weigh.analytic_hierarchy(matrix, method)
        assert result.weights.sum() == pytest.approx(1)
        assert result.consistency_index >= -1e-12
        again = weigh.analytic_hierarchy(matrix[np.ix_(order, order)], method)
        np.testing.assert_allclose(again.weights, result.weights[order], atol=1e-12)


def test_a_column_of_zeros_leaves_the_benefit_of_the_doubt_to_the_others() -> None:
    found = weigh.benefit_of_the_doubt(np.array([[2.0, 0.0], [4.0, 0.0]]), 0.1, 0.9)
    assert found.scores == pytest.approx([0.5, 1.0])
