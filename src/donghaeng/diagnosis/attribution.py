"""Attribution: the change of every score divided among causes, added up from indicators in places.

What an indicator's factors bring in each place is carried up the tree by the shares that the split of a change uses
(`donghaeng.index.changes`), and over places by mean weights, with the change of the weights as the mix. Every sum is
exact; what cannot be divided stays under `undetermined`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from donghaeng.diagnosis.causes import MEASUREMENT, MIX, UNDETERMINED
from donghaeng.diagnosis.factors import factor_panels
from donghaeng.diagnosis.indicator import (
    BREAK,
    ROWS,
    Division,
    Grouping,
    Indicator,
    Way,
    divide,
    indicator,
)
from donghaeng.diagnosis.section import DiagnosisSection
from donghaeng.diagnosis.shapley import log_mean
from donghaeng.index.changes import Change, change_between, changes
from donghaeng.index.place_means import Parts, parts_of
from donghaeng.index.scores import Scores
from donghaeng.panel import Floats
from donghaeng.places import Place


@dataclass(frozen=True, eq=False)
class Drawn:
    """All indicators of an index with their draws.

    Attributes:
        scores: the index.
        section: what is known of causes.
        indicators: by position in the tree.
        parts: positions of the parts of each place that has any.
        seed: seed of the draws.
        draws: how many.
    """

    scores: Scores
    section: DiagnosisSection
    indicators: dict[int, Indicator]
    parts: Parts
    seed: int
    draws: int


@dataclass(frozen=True, eq=False)
class Attribution:
    """The change of every score between two periods, divided among causes.

    Attributes:
        change: the change.
        shares: how far a point of each node moves its parent, places x nodes.
        causes: points of each node's own score by cause, nodes x `ROWS` x (1 + draws) x places; the first draw is the
            data as stated. They sum to the change; 0 where there is none.
        divisions: the division of each indicator, by position.
    """

    change: Change
    shares: Floats
    causes: Floats
    divisions: dict[int, Division]

    def points(self) -> Floats:
        """Give the points by cause as stated, nodes x `ROWS` x places."""
        return np.asarray(self.causes[:, :, 0])


def drawn_indicators(
    scores: Scores, section: DiagnosisSection, places: Sequence[Place], draws: int, seed: int
) -> Drawn:
    """Draw the values of all indicators.

    Args:
        scores: the index.
        section: what is known of causes.
        places: places with their tree.
        draws: number of draws; 0 for the data as stated only.
        seed: seed of the draws.
    """
    panels = factor_panels(section.factors, section.identities, scores.places, scores.periods)
    structure, wanted = scores.structure, section.model.wanted
    found = {}
    for node, code in enumerate(structure.codes):
        if structure.is_leaf(node):
            identity = section.identities.get(code)
            found[node] = indicator(
                scores, node, identity, panels.get(code), section.revisions, code in wanted, draws, seed
            )
    parts = parts_of(scores.places, places, scores.recipe.breakdown or "")
    return Drawn(scores, section, found, parts, seed, draws)


def attribute(
    drawn: Drawn, before: int, period: int, change: Change, way: Way = "shapley", grouping: Grouping = "pack"
) -> Attribution:
    """Divide the change of every score between two periods.

    Args:
        drawn: the indicators with their draws.
        before: position of the earlier period.
        period: position of the later period.
        change: the change between them, from `donghaeng.index.changes`.
        way: how the change of a product is divided.
        grouping: factors as in the pack, every series by itself, or one factor a cause.
    """
    scores, structure = drawn.scores, drawn.scores.structure
    all_shares = shares_of(scores, change)
    causes = np.zeros((len(structure.nodes), ROWS, 1 + drawn.draws, len(scores.places)))
    divisions = {}
    below_coverage = np.zeros(change.total.shape)
    for node in structure.bottom_up:
        children = list(structure.children[node])
        if not children:
            division = divide(scores, drawn.indicators[node], before, period, drawn.parts, drawn.seed, way, grouping)
            divisions[node] = division
            causes[node] = division.causes
        else:
            shares = all_shares[:, children]
            for child, share in zip(children, shares.T, strict=True):
                if share.any():
                    causes[node] += causes[child] * share
            below_coverage[:, node] = (shares * np.nan_to_num(change.coverage[:, children])).sum(axis=1)
            _close(drawn, change, node, causes[node], below_coverage[:, node], before, period)
    for place, members in scores.parts.items():
        _whole(drawn, change, causes, place, members, before, period)
    return Attribution(change, all_shares, causes, divisions)


def shares_of(scores: Scores, change: Change) -> Floats:
    """Give how far a point of each node moves its parent between two periods, places x nodes.

    Those of the split of a change, which are exact for arithmetic means. In a geometric mean G of the same children,
    each with the share w of the weights, it is w x L(G before, G after) / L(x before, x after) with logarithmic means
    L, so that the points sum exactly there too (Ang's log-mean weights). In other means what the shares leave is
    undetermined.
    """
    result = change.shares.copy()
    values, earlier = scores.values, change_base(scores, change)
    for node, children in enumerate(scores.structure.children):
        method = scores.recipe.aggregate.of(scores.structure.codes[node], scores.structure.levels[node]).method
        if method != "geometric" or not children:
            continue
        below = list(children)
        old, new, mean_old = earlier[:, below], values[:, change.period][:, below], earlier[:, node]
        both = change.shares[:, below] > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            weights = scores.shares[:, change.period][:, below] * new / values[:, change.period, node][:, None]
            exact = weights * log_mean(mean_old, values[:, change.period, node])[:, None] / log_mean(old, new)
        fits = change.comparable[:, node] & np.where(both, (old > 0) & (new > 0), True).all(axis=1)
        result[:, below] = np.where(fits[:, None] & both & np.isfinite(exact), exact, result[:, below])
    return result


def change_base(scores: Scores, change: Change) -> Floats:
    """Give the scores that a change is counted from, places x nodes."""
    old = scores.values[:, change.before]
    if change.before == scores.base and scores.recipe.base_value is not None:
        return np.where(np.isnan(old), scores.recipe.base_value, old)
    return old


def attributions(drawn: Drawn, way: Way = "shapley", grouping: Grouping = "pack") -> Iterator[Attribution]:
    """Yield all changes of an index, divided: each period against the base, and on the year before where there is one.

    Args:
        drawn: the indicators with their draws.
        way: how the change of a product is divided.
        grouping: factors as in the pack, every series by itself, or one factor a cause.
    """
    made: dict[tuple[int, int], Attribution] = {}
    for change in changes(drawn.scores):
        pair = (change.before, change.period)
        if pair in made:  # the year before may be the base
            yield replace(made[pair], change=change)
        else:
            made = {pair: attribute(drawn, *pair, change, way, grouping)}
            yield made[pair]


def attribution_between(
    drawn: Drawn, before: int, period: int, way: Way = "shapley", grouping: Grouping = "pack"
) -> Attribution:
    """Divide the change of every score between two periods, computing the change first."""
    comparison = "base" if before == drawn.scores.base else "year"
    change = change_between(drawn.scores, before, period, "base" if comparison == "base" else "year")
    return attribute(drawn, before, period, change, way, grouping)


def _close(drawn: Drawn, change: Change, node: int, causes: Floats, below: Floats, before: int, period: int) -> None:
    """Put what the children of a composite do not bring where it belongs: coverage, or undetermined."""
    scores = drawn.scores
    total = change.total[:, node]
    known = np.isfinite(total)
    given = scores.aggregated.given[:, period, node] | scores.aggregated.given[:, before, node]
    causes[..., ~known | given] = 0.0
    coverage = np.where(known & ~given, np.nan_to_num(change.coverage[:, node]) - below, 0.0)
    causes[MEASUREMENT] += coverage
    rest = np.where(known, np.nan_to_num(total) - causes[:, 0].sum(axis=0), 0.0)
    # Of a given composite on other indicators than before, nobody knows what part is coverage.
    uneven = given & ~change.comparable[:, node]
    noise = _noise_of_given(drawn, node, before, period)
    causes[UNDETERMINED] += np.where(uneven, 0.0, rest) + np.where(given & ~uneven & known, noise, 0.0)
    causes[BREAK] += np.where(uneven, rest, 0.0) + np.where(uneven & known, noise, 0.0)


def _noise_of_given(drawn: Drawn, node: int, before: int, period: int) -> Floats:
    """Give what rounding and standard errors may add to the change of a given composite, draws x places."""
    from donghaeng.diagnosis.draws import drawn as draw

    scores, code = drawn.scores, drawn.scores.structure.codes[node]
    if not drawn.draws:
        return np.zeros((1, len(scores.places)))
    halves = np.nan_to_num(scores.panel.half_digits[..., node])
    errors = np.nan_to_num(scores.observations.accuracy(scores.panel.rows[..., node], "standard_error"))
    off = draw(np.zeros((1, *halves.shape)), errors[None], halves[None], [code], drawn.draws, drawn.seed)[0]
    if before == scores.base and scores.base_is_constant:
        off[..., before] = 0.0
    return np.asarray(off[..., period] - off[..., before])


def _whole(
    drawn: Drawn,
    change: Change,
    causes: Floats,
    place: int,
    members: np.ndarray,
    before: int,
    period: int,
) -> None:
    """Divide the change of a place whose scores are means of those of its parts."""
    scores = drawn.scores
    weights = _weights(scores)[members]
    old, new = scores.values[members, before], scores.values[members, period]
    if before == scores.base and scores.recipe.base_value is not None:
        old = np.where(np.isnan(old) & np.isfinite(new), scores.recipe.base_value, old)
    for node in range(len(scores.structure.nodes)):
        causes[node, ..., place] = 0.0
        total = change.total[place, node]
        if not np.isfinite(total):
            continue
        there = np.isfinite(old[:, node]) & np.isfinite(new[:, node])
        share_old, share_new = (_normed(weights[:, at], there) for at in (before, period))
        mean = 0.5 * (share_old + share_new)
        causes[node, ..., place] = (causes[node][..., members] * mean).sum(axis=-1)
        level = np.nan_to_num(0.5 * (old[:, node] + new[:, node]))
        causes[node, MIX, :, place] += float(((share_new - share_old) * level).sum())
        rest = total - causes[node, :, 0, place].sum()
        # Parts that have a score in one of the two periods only.
        same = (np.isfinite(scores.values[members, before, node]) == np.isfinite(new[:, node])).all()
        causes[node, UNDETERMINED if same else MEASUREMENT, :, place] += rest


def _weights(scores: Scores) -> Floats:
    """Give the weight of each place in each period, for means over places."""
    name = scores.recipe.places.weights if scores.recipe.places else None
    if not name:
        return np.ones((len(scores.places), len(scores.periods)))
    return np.nan_to_num(scores.attributes.numbers(name, scores.places, scores.periods))


def _normed(weights: Floats, there: Floats) -> Floats:
    of_these = np.where(there, weights, 0.0)
    return np.asarray(of_these / of_these.sum()) if of_these.sum() > 0 else of_these
