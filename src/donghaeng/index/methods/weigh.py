"""Weigh: how much each indicator counts.

Weights of the children of one node are not negative and sum to 1. Some are somebody's judgement (`given`, `equal`,
`budget_allocation`, `analytic_hierarchy`), some are drawn from the data, which says how indicators vary together and
not how much they matter (OECD/JRC 2008, step 6). The data are a table of scores ``x[units, k]`` in which higher is
better; several periods are pooled by stacking them. Methods that need correlations use the units that have every
column. Nothing that is given is changed.

OECD/JRC 2008: Nardo, Saisana, Saltelli, Tarantola, Hoffmann and Giovannini, Handbook on Constructing Composite
Indicators, OECD, ISBN 978-92-64-04345-9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from donghaeng.index.methods import MethodError
from donghaeng.panel import Floats, Mask

# scipy is imported by the methods that optimise: it takes longer to load than the rest to run.

#: The least part of an indicator's variance that one-factor analysis leaves to the indicator itself, as in R's
#: factanal; without it the likelihood may grow without end (a Heywood case).
LEAST_UNIQUENESS = 0.005

#: Mean consistency index of random comparisons of 1, 2, ... 15 items (Saaty 1980, The Analytic Hierarchy Process).
RANDOM_INDICES = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)

Groups = Sequence[int] | npt.NDArray[np.int64]
Main = Literal["loading", "share"]


# Given, equal, noisy, effective


def equal(number: int) -> Floats:
    """Give the same weight, 1 / number, to each.

    Raises:
        MethodError: the number is below 1.
    """
    if number < 1:
        raise MethodError(
            what="there is nothing to weigh", expected="at least one indicator", remedy="give the node a child"
        )
    return np.full(number, 1.0 / number)


def given(weights: Floats) -> Floats:
    """Scale stated weights to sum to 1.

    Args:
        weights: shape (k,).

    Returns:
        Weights, shape (k,).

    Raises:
        MethodError: a weight is negative, missing or infinite, or all are zero.
    """
    w = np.asarray(weights, np.float64)
    if w.ndim != 1 or w.size == 0:
        raise MethodError(what=f"weights of shape {w.shape}", expected="a list of weights", remedy="give one list")
    bad = ~np.isfinite(w) | (w < 0)
    if bad.any():
        column = int(bad.argmax())
        raise MethodError(
            what=f"the weight of column {column} is {w[column]:g}",
            expected="a weight of 0 or more",
            remedy="turn the indicator's direction instead of its weight, or set the weight to 0",
            column=column,
        )
    if not w.any():
        raise MethodError(
            what="all weights are zero", expected="a weight above 0", remedy="give at least one column a weight"
        )
    scaled = w / w.max()
    return np.asarray(scaled / scaled.sum())


def noisy(weights: Floats, share: float, generator: np.random.Generator, groups: Groups | None = None) -> Floats:
    """Draw weights around stated ones: each times an independent uniform number in 1 -/+ share.

    Within each group they are then scaled to sum to 1. COINr (`get_noisy_weights`) draws the same way and does not
    scale; since its means divide by the sum of the weights, the scores are the same.

    Args:
        weights: nominal weights, shape (k,).
        share: largest change, as a share of the weight, 0 to 1.
        generator: source of random numbers.
        groups: number of the group of each weight, shape (k,): the children of one parent are one group. Absent for
            one group.

    Returns:
        Weights, shape (k,), that sum to 1 in each group.

    Raises:
        MethodError: the share is not between 0 and 1; or as in `given` for one of the groups.
    """
    if not 0 <= share <= 1:
        raise MethodError(what=f"the noise is {share:g}", expected="a share from 0 to 1", remedy="write 25 % as 0.25")
    w = np.asarray(weights, np.float64)
    drawn = w * generator.uniform(1 - share, 1 + share, w.shape)
    labels = np.zeros(w.shape, np.int64) if groups is None else np.asarray(groups)
    result = np.empty_like(drawn)
    for label in np.unique(labels):
        result[labels == label] = given(drawn[labels == label])
    return result


def effective(parents: Sequence[int] | npt.NDArray[np.int64], weights: Floats) -> Floats:
    """Share of every element of a tree in the top: its share among its siblings times that of its parent.

    Holds for arithmetic means with nothing missing. The shares of each level sum to 1 when all leaves are on one level.

    Args:
        parents: position of the parent of each element, shape (n,); -1 at the top.
        weights: weight of each element among its siblings, shape (n,), in any unit.

    Returns:
        Shares, shape (n,); 1 for the top.

    Raises:
        MethodError: siblings have weights that are negative or all zero, a parent is not there, or an element is below
            itself (`row` is the element).
    """
    up, w = np.asarray(parents, np.int64), np.asarray(weights, np.float64)
    outside = (up < -1) | (up >= up.size)
    if outside.any():
        row = int(outside.argmax())
        raise MethodError(
            what=f"element {row} has the parent {up[row]}",
            expected=f"a position from 0 to {up.size - 1}, or -1 for the top",
            remedy="correct the parent",
            row=row,
        )
    share = np.empty(w.shape)
    for parent in np.unique(up):
        share[up == parent] = given(w[up == parent])
    result, at = share.copy(), up.copy()
    for _ in range(up.size):
        below = at >= 0
        if not below.any():
            return result
        result[below] *= share[at[below]]
        at[below] = up[at[below]]
    row = int((at >= 0).argmax())
    raise MethodError(what=f"element {row} is below itself", expected="a tree", remedy="correct the parents", row=row)


# Judgement: budget allocation, analytic hierarchy


def budget_allocation(points: Floats) -> Floats:
    """Mean share of the points that experts gave to each item (OECD/JRC 2008, section 6.5).

    Args:
        points: shape (experts, items); each expert spreads the same number of points.

    Returns:
        Weights, shape (items,).

    Raises:
        MethodError: points are negative or missing, all zero, or an expert's do not sum to what the first one's do
            (`row` is the expert).
    """
    table = np.asarray(points, np.float64)
    if table.ndim != 2 or table.size == 0:
        raise MethodError(
            what=f"points of shape {table.shape}", expected="experts x items", remedy="give one row for each expert"
        )
    bad = ~np.isfinite(table) | (table < 0)
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise MethodError(
            what=f"expert {row} gave {table[row, column]:g} points to item {column}",
            expected="points of 0 or more",
            remedy="write 0 for no points",
            column=column,
            row=row,
        )
    totals = table.sum(axis=1)
    # Points written as rounded shares (33.3, 33.3, 33.4) may miss the total by their rounding.
    odd = np.abs(totals - totals[0]) > 1e-9 * max(totals[0], 1.0)
    if odd.any():
        row = int(odd.argmax())
        raise MethodError(
            what=f"expert {row} gave {totals[row]:g} points, expert 0 gave {totals[0]:g}",
            expected="the same budget for every expert",
            remedy="correct the points, or scale each expert's to 100",
            row=row,
        )
    return given(table.mean(axis=0))


@dataclass(frozen=True, eq=False)
class AnalyticHierarchy:
    """Weights from comparisons in pairs.

    Attributes:
        weights: shape (items,), summing to 1.
        eigenvalue: the largest eigenvalue (for the geometric method its estimate, the mean of (A w)_i / w_i).
        consistency_index: (eigenvalue - items) / (items - 1); 0 when each comparison agrees with all others.
        consistency_ratio: that over the index of random comparisons; up to 0.1 is usually accepted. 0 for one and two
            items, NaN for more than 15, for which there is no random index.
    """

    weights: Floats
    eigenvalue: float
    consistency_index: float
    consistency_ratio: float


def analytic_hierarchy(
    comparisons: Floats, method: Literal["eigenvector", "geometric"] = "eigenvector", tolerance: float = 0.02
) -> AnalyticHierarchy:
    """Weights from a matrix that says how many times as important each item is as each other one.

    ``eigenvector``: the eigenvector of the largest eigenvalue (Saaty 1977, 1980). ``geometric``: the geometric means of
    the rows, which do not depend on whether rows or columns are compared (Crawford and Williams 1985). Both
    agree when the comparisons are consistent, and always for up to three items.

    Args:
        comparisons: shape (items, items); a_ij above 0, a_ii = 1, a_ji = 1 / a_ij.
        method: how weights are taken from it.
        tolerance: how far a_ij a_ji may be from 1, for matrices written with few decimals.

    Raises:
        MethodError: the matrix is not square, not positive or not reciprocal (row and column say where), or the method
            is unknown.
    """
    matrix = _checked_comparisons(comparisons, tolerance)
    items = len(matrix)
    if method == "eigenvector":
        # By squaring the matrix, which is positive, the power method converges twice as fast each time.
        power = matrix / matrix.sum()
        for _ in range(60):
            power = power @ power
            power /= power.sum()
        weights = given(power.sum(axis=1))
    elif method == "geometric":
        weights = given(np.exp(np.log(matrix).mean(axis=1)))
    else:
        raise MethodError(
            what=f"the method is {method!r}", expected="eigenvector or geometric", remedy="use one of them"
        )
    eigenvalue = float((matrix @ weights / weights).mean())
    index = (eigenvalue - items) / (items - 1) if items > 1 else 0.0
    random_index = RANDOM_INDICES[items - 1] if items <= len(RANDOM_INDICES) else np.nan
    ratio = index / random_index if items > 2 else 0.0
    return AnalyticHierarchy(weights, eigenvalue, index, ratio)


def agreed_comparisons(comparisons: Floats) -> Floats:
    """Comparisons of a group: the geometric mean of its members' (Aczel and Saaty 1983), which stays reciprocal.

    Args:
        comparisons: shape (experts, items, items), each a matrix as in `analytic_hierarchy`.
    """
    matrices = np.stack([_checked_comparisons(matrix, 0.02) for matrix in np.asarray(comparisons, np.float64)])
    return np.asarray(np.exp(np.log(matrices).mean(axis=0)))


def _checked_comparisons(comparisons: Floats, tolerance: float) -> Floats:
    matrix = np.asarray(comparisons, np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise MethodError(
            what=f"comparisons of shape {matrix.shape}", expected="as many rows as columns", remedy="give all pairs"
        )
    bad = ~(np.isfinite(matrix) & (matrix > 0))
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise MethodError(
            what=f"the comparison in row {row}, column {column} is {matrix[row, column]:g}",
            expected="a ratio above 0",
            remedy="write 1 for equally important",
            column=column,
            row=row,
        )
    odd = np.abs(matrix * matrix.T - 1) > tolerance
    if odd.any():
        row, column = (int(i) for i in np.argwhere(odd)[0])
        raise MethodError(
            what=f"row {row}, column {column} says {matrix[row, column]:g}, the reverse {matrix[column, row]:g}",
            expected="each to be 1 divided by the other",
            remedy="correct one of the two",
            column=column,
            row=row,
        )
    return matrix


# Spread and correlation: entropy, CRITIC


def entropy(x: Floats) -> Floats:
    """Entropy weights: the more unevenly an indicator is spread over the units, the more it counts.

    p_i = x_i / sum x and E = -sum p_i ln p_i / ln n over the n units that have the indicator; the weight is
    (1 - E) / sum (1 - E) (Hwang and Yoon 1981; Zeleny 1982). The result depends on the origin of the scale, so
    normalise to ratios or to a range that starts at 0 or above.

    Args:
        x: scores of 0 or more, shape (units, k), NaN where missing.

    Returns:
        Weights, shape (k,).

    Raises:
        MethodError: a value is negative or infinite, a column has fewer than two values or only zeros, or all columns
            are constant.
    """
    values = _table(x)
    if (values < 0).any():
        row, column = (int(i) for i in np.argwhere(values < 0)[0])
        raise MethodError(
            what=f"the value in row {row}, column {column} is {values[row, column]:g}",
            expected="values of 0 or more, because entropy takes shares of a sum",
            remedy="normalise to a range from 0, or use CRITIC weights",
            column=column,
            row=row,
        )
    there = np.isfinite(values)
    filled = np.where(there, values, 0.0)
    totals, counts = filled.sum(axis=0), there.sum(axis=0)
    poor = (totals <= 0) | (counts < 2)
    if poor.any():
        column = int(poor.argmax())
        raise MethodError(
            what=f"column {column} has no two values, or only zeros",
            expected="values of at least two units, one above 0",
            remedy="leave the indicator out",
            column=column,
        )
    shares = filled / totals
    logs = np.log(np.where(shares > 0, shares, 1.0))
    diversity = 1 + (shares * logs).sum(axis=0) / np.log(counts)
    # A constant column has the entropy 1 up to rounding.
    diversity = np.where(diversity > 1e-14, diversity, 0.0)
    if not diversity.any():
        raise MethodError(what="all columns are constant", expected="columns that differ", remedy="use equal weights")
    return given(diversity)


def critic(x: Floats) -> Floats:
    """CRITIC weights: standard deviation times disagreement with the others.

    C_j = s_j sum_k (1 - r_jk), weight = C_j / sum C, with the deviations after min-max scaling of each column, as in
    the original, so that the weights do not depend on the units of measurement (Diakoulaki, Mavrotas and Papayannakis
    1995).

    Args:
        x: scores, shape (units, k), NaN where missing.

    Returns:
        Weights, shape (k,).

    Raises:
        MethodError: a value is infinite, a column is constant, fewer than three units have every column, or all columns
            agree perfectly.
    """
    values = _complete(x)
    if values.shape[1] == 1:
        return np.ones(1)
    deviations = values.std(axis=0, ddof=1) / np.ptp(values, axis=0)
    conflict = (1 - correlations(values)).sum(axis=1)
    amount = deviations * np.maximum(conflict, 0.0)
    if not (conflict > 1e-12).any():
        raise MethodError(
            what="all columns agree perfectly", expected="columns that differ", remedy="use equal weights"
        )
    return given(amount)


def correlations(x: Floats) -> Floats:
    """Pearson correlations of the columns over the units that have all of them, shape (k, k).

    Raises:
        MethodError: a value is infinite, a column is constant, or fewer than three units have every column.
    """
    values = _complete(x)
    standardised = (values - values.mean(axis=0)) / values.std(axis=0)
    matrix = standardised.T @ standardised / len(values)
    np.fill_diagonal(matrix, 1.0)
    return np.asarray(np.clip(matrix, -1.0, 1.0))


def _table(x: Floats) -> Floats:
    values = np.asarray(x, np.float64)
    if values.ndim != 2 or values.shape[1] == 0:
        raise MethodError(
            what=f"scores of shape {values.shape}", expected="units x indicators", remedy="stack periods as units"
        )
    if np.isinf(values).any():
        row, column = (int(i) for i in np.argwhere(np.isinf(values))[0])
        raise MethodError(
            what=f"the value in row {row}, column {column} is infinite",
            expected="numbers, or nothing where a value is missing",
            remedy="correct the value or leave it empty",
            column=column,
            row=row,
        )
    return values


def _complete(x: Floats) -> Floats:
    """Units that have every column, after the checks."""
    values = _table(x)
    complete = values[np.isfinite(values).all(axis=1)]
    if len(complete) < 3:
        there = np.isfinite(values).sum(axis=0)
        column = int(there.argmin())
        raise MethodError(
            what=f"{len(complete)} units have every indicator (column {column} has {there[column]} values)",
            expected="at least three units with every indicator",
            remedy="impute, or leave the indicator with the most gaps out",
            column=column,
        )
    spread = np.ptp(complete, axis=0)
    constant = spread <= 1e-13 * np.abs(complete).max(axis=0)
    if constant.any():
        column = int(constant.argmax())
        raise MethodError(
            what=f"column {column} is constant over the units that have every indicator",
            expected="values that differ",
            remedy="leave the indicator out, or give the weights",
            column=column,
        )
    return complete


# Principal components


@dataclass(frozen=True, eq=False)
class Components:
    """Principal components of the correlation matrix.

    Attributes:
        eigenvalues: variance of each component in descending order, shape (k,), summing to k.
        vectors: unit vectors, one component a column, shape (k, k). The sign of each is the one that makes most of its
            numbers positive, or their sum if that is a draw.
    """

    eigenvalues: Floats
    vectors: Floats

    @property
    def variance_shares(self) -> Floats:
        """Share of the variance of each component."""
        return np.asarray(self.eigenvalues / self.eigenvalues.sum())


def principal_components(x: Floats) -> Components:
    """Principal components of the standardised columns (Hotelling 1933).

    Args:
        x: scores, shape (units, k), NaN where missing.

    Raises:
        MethodError: as in `correlations`.
    """
    eigenvalues, vectors = np.linalg.eigh(correlations(x))
    eigenvalues, vectors = np.maximum(eigenvalues[::-1], 0.0), vectors[:, ::-1]
    return Components(eigenvalues, vectors * np.array([_sign(vector) for vector in vectors.T]))


def _sign(vector: Floats) -> float:
    balance = int((vector > 0).sum() - (vector < 0).sum())
    return -1.0 if balance < 0 or (balance == 0 and vector.sum() < 0) else 1.0


def first_component(x: Floats, squared: bool = False) -> Floats:
    """Weights in proportion to the loadings of the first principal component, or to their squares.

    Args:
        x: scores, shape (units, k), NaN where missing.
        squared: take the squares, which are the shares of the component's variance and are never negative, but hide
            that an indicator runs against the others.

    Returns:
        Weights, shape (k,).

    Raises:
        MethodError: without squares, a loading is negative (`column` says which): the indicator runs against most
            others; or as in `correlations`.
    """
    loadings = principal_components(x).vectors[:, 0]
    if squared:
        return given(loadings**2)
    # What is 0 but for rounding is not against the others.
    loadings = np.where(np.abs(loadings) < 1e-12, 0.0, loadings)
    if (loadings < 0).any():
        column = int(loadings.argmin())
        raise MethodError(
            what=f"column {column} has the loading {loadings[column]:.3g} on the first component: it runs against most",
            expected="indicators that point the same way",
            remedy="check its direction, put it into another group, or take squared loadings",
            column=column,
        )
    return given(loadings)


@dataclass(frozen=True, eq=False)
class Rotated:
    """Rotated loadings and the weights from them.

    Attributes:
        weights: shape (k,), summing to 1.
        loadings: correlations of indicators with rotated factors, shape (k, factors).
        explained: variance explained by each factor, shape (factors,).
    """

    weights: Floats
    loadings: Floats
    explained: Floats


def rotated_components(x: Floats, factors: int | None = None, main: Main = "loading") -> Rotated:
    """Weights from varimax-rotated principal components (Nicoletti, Scarpetta and Boylaud 2000; OECD/JRC 2008, 6.1).

    Components are kept whose eigenvalue is above 1 and that explain more than 10 % of the variance, at least one, and
    as many more as it takes to explain 60 %. They are rotated (varimax with Kaiser's normalisation: Kaiser 1958), and
    `weights_of_loadings` makes the weights.

    Args:
        x: scores, shape (units, k), NaN where missing.
        factors: number of components to keep instead; the Handbook's own example keeps one with an eigenvalue of 0.9.
        main: as in `weights_of_loadings`.

    Raises:
        MethodError: the number of factors is not between 1 and k; or as in `correlations`.
    """
    components = principal_components(x)
    columns = len(components.eigenvalues)
    kept = _kept(components) if factors is None else factors
    if not 1 <= kept <= columns:
        raise MethodError(
            what=f"{kept} factors of {columns} indicators", expected=f"1 to {columns} factors", remedy="ask for fewer"
        )
    loadings = varimax(components.vectors[:, :kept] * np.sqrt(components.eigenvalues[:kept]))
    explained = (loadings**2).sum(axis=0)
    order = np.argsort(-explained, kind="stable")
    loadings = loadings[:, order] * np.array([_sign(loadings[:, factor]) for factor in order])
    return Rotated(weights_of_loadings(loadings, main), loadings, explained[order])


def _kept(components: Components) -> int:
    shares = components.variance_shares
    kept = max(int(((components.eigenvalues > 1) & (shares > 0.1)).sum()), 1)
    return max(kept, int(np.argmax(np.cumsum(shares) > 0.6 - 1e-12)) + 1)


def weights_of_loadings(loadings: Floats, main: Main = "loading") -> Floats:
    """Weights from rotated loadings (Nicoletti, Scarpetta and Boylaud 2000; OECD/JRC 2008, section 6.1).

    Each indicator belongs to one factor. Squared loadings are scaled to sum to 1 within each factor; the weight is that
    on the indicator's factor times the factor's share of the explained variance, and at the end all are scaled to sum
    to 1. The Handbook says and shows two rules for the factor of an indicator, which differ for its example's exports.

    Args:
        loadings: shape (k, factors).
        main: ``loading`` takes the factor with the largest loading, whatever its sign (the words of the Handbook, and
            the weights in its table 18); ``share`` the one with the largest scaled square (the groups listed below its
            table 17).

    Returns:
        Weights, shape (k,).

    Raises:
        MethodError: the rule is unknown, or all loadings are zero.
    """
    squares = np.asarray(loadings, np.float64) ** 2
    explained = squares.sum(axis=0)
    if main not in ("loading", "share"):
        raise MethodError(what=f"the main factor by {main!r}", expected="loading or share", remedy="use one of them")
    scaled = squares / np.where(explained > 0, explained, 1.0)
    chosen = (squares if main == "loading" else scaled).argmax(axis=1)
    return given((scaled * explained)[np.arange(len(chosen)), chosen])


def varimax(loadings: Floats, rounds: int = 10_000) -> Floats:
    """Rotate loadings so that each factor has few large ones (varimax with row normalisation: Kaiser 1958).

    Args:
        loadings: shape (k, factors).
        rounds: most steps of the search; it ends when a step no longer improves the criterion.

    Returns:
        Rotated loadings, shape (k, factors); the sum of squares of each row stays what it was.
    """
    columns, factors = loadings.shape
    if factors < 2:
        return loadings.copy()
    lengths = np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    scaled = loadings / np.where(lengths > 0, lengths, 1.0)
    rotation, reached = np.eye(factors), 0.0
    for _ in range(rounds):
        turned = scaled @ rotation
        target = scaled.T @ (turned**3 - turned * (turned**2).sum(axis=0) / columns)
        left, sizes, right = np.linalg.svd(target)
        rotation = left @ right
        if sizes.sum() <= reached * (1 + 1e-15):
            break
        reached = float(sizes.sum())
    return np.asarray(lengths * (scaled @ rotation))


# One factor by maximum likelihood


@dataclass(frozen=True, eq=False)
class OneFactor:
    """A model with one common factor.

    Attributes:
        weights: |loading| / sum of |loadings|, shape (k,).
        loadings: correlations of the indicators with the factor, shape (k,); most are positive.
        uniquenesses: part of the variance of each indicator that the factor leaves, shape (k,).
    """

    weights: Floats
    loadings: Floats
    uniquenesses: Floats


def one_factor(x: Floats) -> OneFactor:
    """Weights from one-factor maximum-likelihood analysis of the correlations: |loading| / sum of |loadings|.

    As in the Health Index for England (ONS 2020). Two indicators get 0.5 each (their model has no
    single solution), one gets 1. A negative loading counts by its size, so look at `loadings` for an indicator that
    runs against the others.

    Args:
        x: scores, shape (units, k), NaN where missing; for one set of weights over several periods, all of
            them stacked.

    Raises:
        MethodError: as in `correlations`, or as in `one_factor_of_correlations`.
    """
    values = _table(x)
    return one_factor_of_correlations(correlations(values) if values.shape[1] > 1 else np.ones((1, 1)))


def one_factor_of_correlations(matrix: Floats) -> OneFactor:
    """One-factor maximum-likelihood analysis of a correlation matrix.

    Minimises over the uniquenesses the deviance that is left when the best loadings are put in (Joereskog 1967; Lawley
    and Maxwell 1971), each uniqueness between `LEAST_UNIQUENESS` and 1, from several starts.

    Args:
        matrix: correlations, shape (k, k).

    Raises:
        MethodError: the matrix is singular: an indicator follows from the others.
    """
    R = np.asarray(matrix, np.float64)
    columns = len(R)
    if columns <= 2:
        size = np.sqrt(np.abs(R[0, -1])) if columns == 2 else 1.0
        return OneFactor(equal(columns), np.full(columns, size), np.full(columns, 1 - size**2))
    values, vectors = np.linalg.eigh(R)
    if values[0] < 1e-10:
        column = int(np.abs(vectors[:, 0]).argmax())
        raise MethodError(
            what=f"column {column} follows from the others: the correlations are singular",
            expected="more units than indicators, and no indicator computed from others",
            remedy="leave that indicator out, or use the first principal component",
            column=column,
        )
    uniquenesses = _least_deviance(R)
    loadings = _factor(R, uniquenesses)[0]
    loadings = loadings * _sign(loadings)
    return OneFactor(given(np.abs(loadings)), loadings, uniquenesses)


def _factor(R: Floats, uniquenesses: Floats) -> tuple[Floats, float]:
    """Best loadings at given uniquenesses, and the deviance that is left."""
    root = np.sqrt(uniquenesses)
    values, vectors = np.linalg.eigh(R / np.outer(root, root))
    loadings = root * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.0))
    rest = np.maximum(values[:-1], np.finfo(np.float64).tiny)
    return loadings, float((rest - np.log(rest) - 1).sum())


def _least_deviance(R: Floats) -> Floats:
    from scipy.optimize import minimize

    def deviance(uniquenesses: Floats) -> tuple[float, Floats]:
        loadings, left = _factor(R, uniquenesses)
        return left, (loadings**2 + uniquenesses - 1) / uniquenesses**2

    values, vectors = np.linalg.eigh(R)
    starts = [
        (1 - 0.5 / len(R)) / np.diag(np.linalg.inv(R)),
        1 - values[-1] * vectors[:, -1] ** 2,
        np.full(len(R), 0.5),
    ]
    bounds = [(LEAST_UNIQUENESS, 1.0)] * len(R)
    options = {"maxiter": 10_000, "maxfun": 100_000, "ftol": 1e-16, "gtol": 1e-11}
    found = [
        minimize(deviance, np.clip(start, LEAST_UNIQUENESS, 1.0), jac=True, bounds=bounds, options=options)
        for start in starts
    ]
    return np.asarray(min(found, key=lambda one: one.fun).x)


# Weights that reach given correlations


@dataclass(frozen=True, eq=False)
class Correlated:
    """Weights, and how the index they make goes with its indicators.

    Attributes:
        weights: shape (k,), not negative, summing to 1 (with groups: each group's to its share).
        correlations: Pearson correlation of each indicator with the index, shape (k,).
        shares: these correlations, scaled to sum to 1.
        distance: sum of squared differences between `shares` and the targets (0 where there are none).
    """

    weights: Floats
    correlations: Floats
    shares: Floats
    distance: float


def balanced(
    x: Floats, targets: Floats | None = None, groups: Groups | None = None, group_shares: Floats | None = None
) -> Correlated:
    """Weights that bring the correlations of indicators with their index as near to given ratios as can be.

    Minimises sum_i (r_i / sum r - t_i)^2 over weights of 0 or more, where r_i is the correlation of indicator i with
    the arithmetic mean (Becker, Saisana, Paruolo and Vandecasteele 2017, in the linear version of COINr). The ratios
    are those of R u, with R the correlations and u the weights times standard deviations. With 1'Ru = 1 this is least
    squares under linear constraints, so the result is the best there is and not where a search happened to stop.
    Without groups the exact balance is u ~ R^-1 t wherever that is not negative.

    Args:
        x: scores of the indicators (or of nodes of one level), shape (units, k), NaN where missing.
        targets: wanted ratios of the correlations, shape (k,); absent for all equal.
        groups: number of the group of each column when the index is a mean of means: the share of each group
            in the index then stays what it is. Absent for one plain mean.
        group_shares: share of each group in the index, in ascending order of their numbers; absent for equal.

    Raises:
        MethodError: targets are negative or all zero, no weights give correlations with a positive sum; or as in
            `correlations`.
    """
    R, deviations = correlations(x), _complete(x).std(axis=0)
    wanted = given(np.ones(len(R)) if targets is None else targets)
    u = _best(R.T @ R, R @ wanted, R, _group_equations(groups, group_shares, deviations))
    return _correlated(R, u, deviations, wanted)


def most_correlated(x: Floats, groups: Groups | None = None, group_shares: Floats | None = None) -> Correlated:
    """Weights with the highest sum of correlations between indicators and index (``infomax`` of COINr).

    Without groups these are the weights 1 / standard deviation: the sum is 1'Ru / sqrt(u'Ru), which by Cauchy and
    Schwarz no u passes that of u ~ 1.

    Args:
        x: scores, shape (units, k), NaN where missing.
        groups: as in `balanced`.
        group_shares: as in `balanced`.

    Raises:
        MethodError: as in `balanced`.
    """
    R, deviations = correlations(x), _complete(x).std(axis=0)
    u = _best(R, np.zeros(len(R)), R, _group_equations(groups, group_shares, deviations))
    return _correlated(R, u, deviations, None)


def _correlated(R: Floats, u: Floats, deviations: Floats, wanted: Floats | None) -> Correlated:
    reached = R @ u / np.sqrt(u @ R @ u)
    shares = reached / reached.sum()
    distance = 0.0 if wanted is None else float(((shares - wanted) ** 2).sum())
    return Correlated(given(u / deviations), reached, shares, distance)


def _group_equations(groups: Groups | None, shares: Floats | None, deviations: Floats) -> Floats:
    """Equations that hold each group's sum of weights at its share of all weights; one follows from the others."""
    if groups is None:
        return np.zeros((0, len(deviations)))
    labels = np.asarray(groups)
    numbers = np.unique(labels)
    parts = equal(len(numbers)) if shares is None else given(shares)
    if labels.shape != deviations.shape or parts.shape != numbers.shape:
        raise MethodError(
            what=f"{labels.size} group numbers and {parts.size} shares for {len(deviations)} columns",
            expected="a group number for each column and a share for each group",
            remedy="correct groups and group_shares",
        )
    rows = [((labels == number) - part) / deviations for number, part in zip(numbers, parts, strict=True)]
    return np.array(rows[:-1]).reshape(len(rows) - 1, len(deviations))


def _best(H: Floats, f: Floats, R: Floats, equations: Floats) -> Floats:
    """Minimise u'Hu / 2 - f'u over u of 0 or more with 1'Ru = 1 and the group equations."""
    from scipy.optimize import linprog, minimize

    total = R.sum(axis=0)
    E = np.vstack([total, equations])
    right = np.zeros(len(E))
    right[0] = 1.0
    # A feasible start; without one the correlations of every index of this kind sum to 0 or less.
    start = linprog(np.ones(len(R)), A_eq=E, b_eq=right, bounds=(0, None))
    if start.status != 0:
        raise MethodError(
            what="the indicators run against each other: no weights make their correlations sum to more than 0",
            expected="indicators that mostly agree",
            remedy="check their directions, or split the group",
        )
    rough = minimize(
        lambda u: (0.5 * u @ H @ u - f @ u, H @ u - f),
        start.x,
        jac=True,
        bounds=[(0, None)] * len(R),
        constraints={"type": "eq", "fun": lambda u: E @ u - right, "jac": lambda _: E},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    return _polished(H, f, E, right, np.maximum(rough.x, 0.0))


def _polished(H: Floats, f: Floats, E: Floats, right: Floats, rough: Floats) -> Floats:
    """Solve the conditions of the optimum exactly on the weights above 0, exchanging weights until they hold."""
    free: Mask = rough > 1e-6 * rough.max()
    for _ in range(4 * len(rough)):
        at = np.flatnonzero(free)
        system = np.block([[H[np.ix_(at, at)], E[:, at].T], [E[:, at], np.zeros((len(E), len(E)))]])
        solution = np.linalg.lstsq(system, np.concatenate([f[at], right]), rcond=None)[0]
        u = np.zeros(len(rough))
        u[at] = solution[: len(at)]
        if (u < -1e-13 * np.abs(u).max()).any():
            free[u.argmin()] = False
            continue
        slope = H @ u - f + E.T @ solution[len(at) :]
        if np.abs(E @ u - right).max() > 1e-9:
            return rough
        wants = ~free & (slope < -1e-11 * np.abs(H).max() * np.abs(u).max())
        if not wants.any():
            return np.maximum(u, 0.0)
        free[np.where(wants, slope, np.inf).argmin()] = True
    return rough


# Benefit of the doubt


@dataclass(frozen=True, eq=False)
class BenefitOfTheDoubt:
    """Each unit with the weights that suit it best.

    Attributes:
        scores: shape (units,), from 0 to 1; 1 for those that some weights put at the top. NaN for a unit without
            values.
        weights: weights of each unit, shape (units, k); 0 where its value is missing. Weight times value sums to the
            score; the weights themselves need not sum to 1.
        shares: share of each indicator in the unit's score, weight x value / score, shape (units, k).
    """

    scores: Floats
    weights: Floats
    shares: Floats


def benefit_of_the_doubt(
    x: Floats,
    least: Floats | float = 0.0,
    most: Floats | float = 1.0,
    *,
    limits_on: Literal["weights", "score"] = "weights",
    benchmark: Floats | None = None,
) -> BenefitOfTheDoubt:
    """Score each unit with the weights under which it does best relative to all units.

    score_c = max over w >= 0 of sum_q w_q x_cq, with sum_q w_q x_kq <= 1 for every unit k (Melyn and Moesen 1991;
    Cherchye, Moesen, Rogge and Van Puyenbroeck 2007; OECD/JRC 2008, equation 22), solved as a linear program by HiGHS.
    Limits hold for shares: with ``limits_on="weights"`` least_q <= w_q / sum w <= most_q (the Handbook's example takes
    0.10 to 0.15), with ``"score"`` least_q <= w_q x_cq / score_c <= most_q (pie shares of the unit that is scored:
    Cherchye et al. 2008).

    A unit with a 0 where a pie share has a lower limit scores 0. An indicator that the unit lacks gets no weight, and
    its limits, which are stated for all k indicators, are stretched by k over the number it has. Another unit's missing
    value counts as nothing on its side, so it can never hold a unit below what the known values allow (Kuosmanen 2009).
    Scores are unique, weights often are not, so compare scores.

    Args:
        x: scores of 0 or more, shape (units, k), NaN where missing.
        least: lower limit of the shares, one for all or shape (k,).
        most: upper limit of the shares, one for all or shape (k,).
        limits_on: what the limits are shares of.
        benchmark: units to compare with instead of x itself, shape (others, k); scores may then pass 1.

    Raises:
        MethodError: a value is negative or infinite, limits contradict each other, or nothing in the benchmark
            limits a unit's score (`row` is the unit).
    """
    values = _not_negative(x)
    others = values if benchmark is None else _not_negative(benchmark)
    low, high = _limits(least, most, values.shape[1])
    if limits_on not in ("weights", "score"):
        raise MethodError(what=f"limits on {limits_on!r}", expected="weights or score", remedy="use one of them")
    units, columns = values.shape
    scores, weights, shares = np.full(units, np.nan), np.zeros((units, columns)), np.zeros((units, columns))
    peers = _Peers(np.nan_to_num(others))
    for unit in range(units):
        at = np.flatnonzero(np.isfinite(values[unit]))
        if at.size:
            own = values[unit, at]
            stretch = columns / at.size
            lower, upper = low[at] * stretch, np.minimum(high[at] * stretch, 1.0)
            if lower.sum() > 1 + 1e-12 or upper.sum() < 1 - 1e-12:
                raise MethodError(
                    what=f"unit {unit} has values for {at.size} of {columns} indicators, which cannot keep the limits",
                    expected=f"limits that leave room for {at.size} indicators",
                    remedy="widen the limits, or leave the unit out",
                    row=unit,
                )
            w = peers.best(own, at, lower, upper, limits_on, unit)
            weights[unit, at] = w
            scores[unit] = w @ own
            shares[unit, at] = w * own / scores[unit] if scores[unit] > 0 else 0.0
    return BenefitOfTheDoubt(scores, weights, shares)


class _Peers:
    """The units that a score is compared with.

    At most as many as there are indicators limit a score. Each program starts with the best of each indicator and
    those that limited the unit before, and takes in what its solution violates most, until nothing does: the result is
    that with all of them, from much smaller programs.
    """

    #: Units taken in at a time, for each indicator.
    STEP = 4

    def __init__(self, values: Floats) -> None:
        self.values = values
        self.bounding = set(values.argmax(axis=0).tolist()) if len(values) else set()
        self.before: set[int] = set()

    def best(
        self, own: Floats, at: npt.NDArray[np.int64], low: Floats, high: Floats, limits_on: str, unit: int
    ) -> Floats:
        """Best weights of the indicators `at` for a unit with the values `own` of them."""
        # Relative to the largest value of each column all coefficients are of the same size.
        scale = np.maximum(self.values[:, at].max(axis=0, initial=0.0), own)
        scale = np.where(scale > 0, scale, 1.0)  # nobody has anything of it
        measure = 1 / scale if limits_on == "weights" else own / scale
        limits = _share_rows(low, measure, lower=True) + _share_rows(high, measure, lower=False)
        peers, own = self.values[:, at] / scale, own / scale
        working = sorted(self.bounding | self.before)
        while True:
            w = _program(own, peers[working], limits, unit)
            reached = peers @ w
            over = np.flatnonzero(reached > 1 + 1e-9)
            new = set(over[np.argsort(-reached[over], kind="stable")][: self.STEP * len(own)].tolist()) - set(working)
            if not new:
                break
            working = sorted(new.union(working))
        self.before = set(np.flatnonzero(reached > 1 - 1e-7).tolist()[: 2 * len(own)])
        # HiGHS keeps constraints to 1e-7; scaled by the best of them the score is exact for these weights.
        return np.asarray(w / max(float(reached.max(initial=0.0)), np.finfo(np.float64).tiny) / scale)


def _program(own: Floats, peers: Floats, limits: list[Floats], unit: int) -> Floats:
    from scipy.optimize import linprog

    rows = np.vstack([peers, *limits])
    right = np.concatenate([np.ones(len(peers)), np.zeros(len(limits))])
    found = linprog(-own, A_ub=rows, b_ub=right, bounds=(0, None), method="highs")
    if found.status != 0:
        raise MethodError(
            what=f"nothing limits the score of unit {unit}" if found.status == 3 else f"unit {unit}: {found.message}",
            expected="a benchmark with a value above 0 in every column",
            remedy="add units to the benchmark, or leave it out to compare the units with each other",
            row=unit,
        )
    return np.asarray(np.maximum(found.x, 0.0))


def _share_rows(limits: Floats, measure: Floats, *, lower: bool) -> list[Floats]:
    """Rows a of a w <= 0 that say limit x sum (measure w) <= measure_q w_q, or >=; without those that always hold."""
    rows = []
    for column, limit in enumerate(limits):
        if (lower and limit > 0) or (not lower and limit < 1):
            row = limit * measure
            row[column] -= measure[column]
            rows.append(row if lower else -row)
    return rows


def _not_negative(x: Floats) -> Floats:
    values = _table(x)
    if (values < 0).any():
        row, column = (int(i) for i in np.argwhere(values < 0)[0])
        raise MethodError(
            what=f"the value in row {row}, column {column} is {values[row, column]:g}",
            expected="values of 0 or more",
            remedy="normalise to a range from 0",
            column=column,
            row=row,
        )
    return values


def _limits(least: Floats | float, most: Floats | float, columns: int) -> tuple[Floats, Floats]:
    low = np.broadcast_to(np.asarray(least, np.float64), (columns,))
    high = np.broadcast_to(np.asarray(most, np.float64), (columns,))
    bad = ~((low >= 0) & (low <= high) & (high <= 1))
    if bad.any():
        column = int(bad.argmax())
        raise MethodError(
            what=f"the share of column {column} is to be from {low[column]:g} to {high[column]:g}",
            expected="limits from 0 to 1, the lower one first",
            remedy="write 10 % as 0.10",
            column=column,
        )
    if low.sum() > 1 + 1e-12 or high.sum() < 1 - 1e-12:
        raise MethodError(
            what=f"the lower limits sum to {low.sum():g} and the upper ones to {high.sum():g}",
            expected="lower limits that sum to 1 or less and upper ones to 1 or more",
            remedy=f"with {columns} indicators a share is {1 / columns:.3g} on average",
        )
    return low, high
