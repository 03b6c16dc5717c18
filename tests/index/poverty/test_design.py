"""Standard errors against formulas written out by hand, the jackknife and repeated sampling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from donghaeng.index import poverty
from donghaeng.index.methods import MethodError
from donghaeng.panel import Floats, Rows


def sample(seed: int, strata: int = 4, clusters: int = 12, households: int = 8) -> tuple[Floats, Floats, Rows, Rows]:
    """Draw deprivations that are alike within clusters, with unequal weights."""
    random = np.random.default_rng(seed)
    number = strata * clusters * households
    cluster = np.repeat(np.arange(strata * clusters), households)
    hardship = random.normal(size=strata * clusters)[cluster] + random.normal(size=number)
    matrix = (hardship[:, None] + random.normal(size=(number, 5)) > 0.6).astype(float)
    return matrix, random.uniform(0.5, 3, number), cluster // clusters, cluster


def by_loops(design: poverty.SurveyDesign, y: Floats, x: Floats, strata: Rows, clusters: Rows) -> float:
    """The variance of a ratio as it stands in the books, cluster by cluster."""
    w = design.weights
    ratio = sum(w * y) / sum(w * x)
    variance = 0.0
    for stratum in sorted(set(strata.tolist())):
        totals = []
        for cluster in sorted(set(clusters[strata == stratum].tolist())):
            inside = (strata == stratum) & (clusters == cluster)
            totals.append(sum(w[inside] * (y[inside] - ratio * x[inside])))
        mean = sum(totals) / len(totals)
        variance += len(totals) / (len(totals) - 1) * sum((total - mean) ** 2 for total in totals)
    return float(np.sqrt(variance) / sum(w * x))


def test_standard_errors_follow_the_formula_cluster_by_cluster() -> None:
    matrix, mass, strata, clusters = sample(1)
    design = poverty.survey_design(len(matrix), mass, strata, clusters)
    result = poverty.measure_poverty(matrix, [0.2] * 5, [0.4], design, dimensions=list("aabbb"), groups=strata % 2)
    found, scores = result.overall[0], result.counted.scores
    poor = (scores >= 0.4 - 1e-9).astype(float)
    ones = np.ones(len(matrix))
    expected = {
        "headcount": (poor, ones),
        "intensity": (scores * poor, poor),
        "adjusted_headcount": (scores * poor, ones),
    }
    for name, (y, x) in expected.items():
        estimate = getattr(found, name)
        assert estimate.standard_error == pytest.approx(by_loops(design, y, x, strata, clusters), rel=1e-10), name
    for column in range(5):
        deprived = matrix[:, column]
        for estimate, y, x in (
            (found.uncensored[column], deprived, ones),
            (found.censored[column], deprived * poor, ones),
            (found.contributions[column], 0.2 * deprived * poor, scores * poor),
        ):
            assert estimate.standard_error == pytest.approx(by_loops(design, y, x, strata, clusters), rel=1e-10)
    here = (strata % 2 == 1).astype(float)
    part = result.groups[0][1]
    wanted = by_loops(design, scores * poor * here, here, strata, clusters)
    assert part.adjusted_headcount.standard_error == pytest.approx(wanted, rel=1e-10)
    wanted = by_loops(design, scores * poor * here, scores * poor, strata, clusters)
    assert part.contribution.standard_error == pytest.approx(wanted, rel=1e-10)


def test_a_simple_random_sample_has_the_binomial_standard_error() -> None:
    matrix = np.array([[1.0]] * 30 + [[0.0]] * 70)
    found = poverty.measure_poverty(matrix, [1], [1]).overall[0].headcount
    error = np.sqrt(0.3 * 0.7 / 99)
    assert found.standard_error == pytest.approx(error, rel=1e-12)
    reach = stats.t.ppf(0.975, 99) * error
    assert (found.lower, found.upper) == pytest.approx((0.3 - reach, 0.3 + reach), rel=1e-9)


def test_intervals_on_the_logit_scale_stay_inside() -> None:
    matrix = np.array([[1.0]] * 2 + [[0.0]] * 38)
    design = poverty.survey_design(40, interval="logit", level=0.99)
    found = poverty.measure_poverty(matrix, [1], [1], design).overall[0].headcount
    half = stats.t.ppf(0.995, 39) * found.standard_error / (0.05 * 0.95)
    odds = 0.05 / 0.95 * np.exp([-half, half])
    assert (found.lower, found.upper) == pytest.approx(tuple(odds / (1 + odds)), rel=1e-9)
    symmetric = poverty.measure_poverty(matrix, [1], [1], poverty.survey_design(40)).overall[0].headcount
    assert symmetric.lower == 0


def jackknife(matrix: Floats, mass: Floats, strata: Rows, clusters: Rows, k: float) -> dict[str, float]:
    """Delete one cluster at a time and weight up the others of its stratum (JKn)."""
    names = ("headcount", "intensity", "adjusted_headcount")

    def estimates(weights: Floats) -> Floats:
        scores = matrix.mean(axis=1)
        poor = scores >= k - 1e-9
        censored = weights @ (scores * poor)
        return np.array([weights @ poor / weights.sum(), censored / (weights @ poor), censored / weights.sum()])

    full, variance = estimates(mass), np.zeros(3)
    for stratum in np.unique(strata):
        own = np.unique(clusters[strata == stratum])
        for cluster in own:
            scale = np.where(strata == stratum, len(own) / (len(own) - 1), 1.0)
            scale[clusters == cluster] = 0.0
            variance += (len(own) - 1) / len(own) * (estimates(mass * scale) - full) ** 2
    return dict(zip(names, np.sqrt(variance), strict=True))


def test_linearisation_agrees_with_the_jackknife() -> None:
    matrix, mass, strata, clusters = sample(2, strata=5, clusters=40)
    found = poverty.measure_poverty(
        matrix, [0.2] * 5, [0.4], poverty.survey_design(len(matrix), mass, strata, clusters)
    ).overall[0]
    for name, error in jackknife(matrix, mass, strata, clusters, 0.4).items():
        assert getattr(found, name).standard_error == pytest.approx(error, rel=0.01), name


@given(st.integers(0, 1000), st.integers(2, 6), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_linearisation_is_the_jackknife_where_a_mean_is_linear(seed: int, clusters: int, households: int) -> None:
    """With equal weights and clusters of equal size the denominator never changes."""
    matrix, mass, strata, cluster = sample(seed, 3, clusters, households)
    equal = np.ones_like(mass)
    design = poverty.survey_design(len(matrix), equal, strata, cluster)
    found = poverty.measure_poverty(matrix, [0.2] * 5, [0.2], design).overall[0]
    if found.poor_households:
        with np.errstate(invalid="ignore", divide="ignore"):
            wanted = jackknife(matrix, equal, strata, cluster, 0.2)
        assert found.headcount.standard_error == pytest.approx(wanted["headcount"], rel=1e-9, abs=1e-12)
        assert found.adjusted_headcount.standard_error == pytest.approx(
            wanted["adjusted_headcount"], rel=1e-9, abs=1e-12
        )


def test_standard_errors_match_the_spread_of_repeated_samples() -> None:
    random = np.random.default_rng(3)
    values, errors, covered = [], [], 0
    for _ in range(400):
        hardship = random.normal(size=30)[:, None] + random.normal(size=(30, 6))
        matrix = (hardship.ravel()[:, None] + random.normal(size=(180, 3)) > 0.5).astype(float)
        design = poverty.survey_design(180, clusters=np.repeat(np.arange(30), 6))
        counted = poverty.count_deprivations(matrix, [1 / 3] * 3, design)
        poor = poverty.identify_poor(counted, 1 / 3)
        estimate = design.ratio(np.where(poor, counted.scores, 0), poor)
        values.append(estimate.value)
        errors.append(estimate.standard_error)
    middle = np.mean(values)
    for value, error in zip(values, errors, strict=True):
        covered += abs(value - middle) <= stats.t.ppf(0.975, 29) * error
    # 400 samples know a standard deviation to about 3.5 %, and a coverage to about 1.1 points.
    assert np.mean(errors) == pytest.approx(np.std(values, ddof=1), rel=0.12)
    assert 0.91 <= covered / 400 <= 0.985


@given(st.floats(0.1, 100))
@settings(max_examples=20, deadline=None)
def test_the_scale_of_weights_does_not_matter(scale: float) -> None:
    matrix, mass, strata, clusters = sample(4, 2, 4, 3)
    one, other = (
        poverty.measure_poverty(
            matrix, [0.2] * 5, [0.4], poverty.survey_design(len(matrix), mass * factor, strata, clusters)
        ).overall[0]
        for factor in (1.0, scale)
    )
    assert other.intensity.standard_error == pytest.approx(one.intensity.standard_error, rel=1e-9)
    assert other.headcount.upper == pytest.approx(one.headcount.upper, rel=1e-9)


def test_a_part_of_the_sample_keeps_clusters_without_its_members() -> None:
    matrix, mass, strata, clusters = sample(5, 2, 5, 4)
    design = poverty.survey_design(len(matrix), mass, strata, clusters)
    here = clusters < 2
    found = poverty.measure(poverty.count_deprivations(matrix, [0.2] * 5, design), design, 0.4, domain=here)
    poor = (matrix.mean(axis=1) >= 0.4 - 1e-9) & here
    wanted = by_loops(design, poor.astype(float), here.astype(float), strata, clusters)
    assert found.headcount.standard_error == pytest.approx(wanted, rel=1e-10)
    assert found.clusters == 2
    assert design.degrees_of_freedom == 8


@pytest.mark.parametrize(("rule", "extra"), [("certainty", 0.0), ("centred", 1.0)])
def test_strata_with_one_cluster_follow_the_stated_rule(rule: poverty.design.LoneClusters, extra: float) -> None:
    matrix = np.array([[1.0], [0], [1], [1], [0]])
    design = poverty.survey_design(5, strata=list("aaaab"), clusters=[1, 1, 2, 2, 3], lone_clusters=rule)
    found = poverty.measure_poverty(matrix, [1], [1], design).overall[0].headcount
    # H = 3/5; the sums of y - H by cluster are -0.2, 0.8 and, alone in its stratum, -0.6.
    wanted = 2 * 2 * 0.5**2 + extra * 0.6**2
    assert found.standard_error == pytest.approx(np.sqrt(wanted) / 5, rel=1e-12)
    assert (design.strata, design.clusters, design.lone) == (2, 3, 1)


def test_strata_with_one_cluster_can_be_refused() -> None:
    design = poverty.survey_design(3, strata=list("aab"), lone_clusters="refuse")
    with pytest.raises(MethodError, match="1 of 2 strata"):
        poverty.measure_poverty([[1], [0], [1]], [1], [1], design)


def test_equal_cluster_codes_in_two_strata_are_two_clusters() -> None:
    design = poverty.survey_design(4, strata=["u", "u", "r", "r"], clusters=[1, 2, 1, 2])
    assert (design.clusters, design.strata, design.degrees_of_freedom) == (4, 2, 2)


def test_one_household_has_no_standard_error() -> None:
    found = poverty.measure_poverty([[1]], [1], [1]).overall[0].headcount
    assert found.value == 1
    assert np.isnan([found.standard_error, found.lower, found.upper]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"households": 0}, "no households"),
        ({"weights": [1, 2]}, "shape"),
        ({"weights": [1, -2, 1]}, "weight -2"),
        ({"weights": [1, np.nan, 1]}, "weight nan"),
        ({"size": [0, 0, 0]}, "sum to 0"),
        ({"strata": ["a", None, "b"]}, "without a stratum"),
        ({"clusters": [1.0, np.nan, 2.0]}, "without a cluster"),
        ({"clusters": [1]}, "shape"),
        ({"lone_clusters": "average"}, "average"),
        ({"interval": "wilson"}, "wilson"),
        ({"level": 95}, "0.95 for 95 %"),
    ],
)
def test_bad_designs_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        poverty.survey_design(**{"households": 3, **arguments})  # type: ignore[arg-type]
