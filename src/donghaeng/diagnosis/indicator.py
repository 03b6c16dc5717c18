"""The change of one indicator in every place, divided among causes, in points of its score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from donghaeng.diagnosis.causes import CAUSES, MEASUREMENT, MIX, OUTSIDE, UNDETERMINED
from donghaeng.diagnosis.draws import drawn
from donghaeng.diagnosis.factors import FactorPanel
from donghaeng.diagnosis.identity import Identity, Player
from donghaeng.diagnosis.revisions import Revision
from donghaeng.diagnosis.shapley import lmdi_of_product, shapley_of_product
from donghaeng.diagnosis.slope import Slope, change_of_score
from donghaeng.index.scores import Scores
from donghaeng.panel import Floats, Mask

Grouping = Literal["pack", "split", "merged"]
Way = Literal["shapley", "lmdi"]

#: Two more rows behind those of the causes: what is undetermined because a value is missing, and because it is not
#: like for like. In results both are undetermined.
MISSING, BREAK = len(CAUSES), len(CAUSES) + 1
ROWS = len(CAUSES) + 2

_WAYS: dict[str, Callable[[Floats, Floats], Floats]] = {"shapley": shapley_of_product, "lmdi": lmdi_of_product}


@dataclass(frozen=True, eq=False)
class Indicator:
    """What the division of the changes of one indicator needs.

    Attributes:
        node: its position in the tree.
        identity: what its value is made of; None where it has none.
        panel: values of the series; None without identity.
        series: drawn values, series x draws x places x periods; without identity the value itself.
        observed: drawn values of the indicator, draws x places x periods.
        values: the same as the product of its series; without identity the same as observed.
        revisions: breaks in it.
        rest: row of the causes that takes what no factor does.
    """

    node: int
    identity: Identity | None
    panel: FactorPanel | None
    series: Floats
    observed: Floats
    values: Floats
    revisions: tuple[Revision, ...]
    rest: int


@dataclass(frozen=True, eq=False)
class Division:
    """The change of an indicator between two periods, divided.

    Attributes:
        causes: points by cause, `ROWS` x draws x places; they sum to the change of the score.
        names: names of the factors.
        factors: points by factor as stated, factors x places; NaN where it is not divided.
    """

    causes: Floats
    names: tuple[str, ...]
    factors: Floats


def indicator(
    scores: Scores,
    node: int,
    identity: Identity | None,
    panel: FactorPanel | None,
    revisions: Sequence[Revision],
    is_wanted: bool,
    draws: int,
    seed: int,
) -> Indicator:
    """Draw all values of an indicator.

    Args:
        scores: the index.
        node: position of the indicator.
        identity: its identity, if it has one.
        panel: values of the series of the identity.
        revisions: all breaks of the pack.
        is_wanted: whether the pack names series that could be had; then its falls are undetermined and not outside.
        draws: number of draws.
        seed: their seed.
    """
    code = scores.structure.codes[node]
    own = (scores.prepared.values[..., node], scores.panel.half_digits[..., node])
    errors = np.nan_to_num(scores.observations.accuracy(scores.panel.rows[..., node], "standard_error"))
    observed = drawn(own[0][None], errors[None], own[1][None], [code], draws, seed)
    series = observed
    if identity is not None and panel is not None:
        names = [f"{code}/{name}" for name in identity.series]
        series = drawn(panel.values, panel.standard_errors, panel.half_digits, names, draws, seed)
    of_node = tuple(revision for revision in revisions if revision.node == code)
    rest = UNDETERMINED if is_wanted or identity is not None else OUTSIDE
    values = observed[0] if identity is None else _product(identity, series)
    return Indicator(node, identity, panel, series, observed[0], values, of_node, rest)


def _product(identity: Identity, series: Floats) -> Floats:
    """Multiply drawn series to the value of the indicator, draws x places x periods."""
    result = np.full(series.shape[1:], identity.scale)
    for name, power in identity.whole.items():
        of_name = series[identity.series.index(name)]
        if power == 1:
            result *= of_name
        elif power == -1:
            result /= of_name
        else:
            result *= of_name**power
    return result


def divide(
    scores: Scores,
    one: Indicator,
    before: int,
    period: int,
    parts: dict[int, np.ndarray],
    seed: int,
    way: Way = "shapley",
    grouping: Grouping = "pack",
) -> Division:
    """Divide the change of an indicator between two periods.

    Args:
        scores: the index.
        one: the indicator.
        before: position of the earlier period.
        period: position of the later period.
        parts: positions of the parts of each place that has any.
        seed: seed of the draws of links.
        way: how the change of a product is divided.
        grouping: factors as in the pack, every series by itself, or one factor a cause.
    """
    draws, places = one.observed.shape[:2]
    total = change_of_score(scores, one.node, before, period)
    points = np.zeros((ROWS, draws, places))
    breaks = _breaks(scores, one, before, period)
    known = np.isfinite(total)
    done = np.zeros(places, bool)
    names: tuple[str, ...] = ()
    factors = np.zeros((0, places))
    if one.identity is not None and one.panel is not None:
        players = _players(one.identity, grouping)
        step = _Step(scores, one, one.identity, one.panel, players, before, period, seed, _WAYS[way])
        terms, done = step.places()
        of_parts, made = step.wholes(parts, done)
        terms = np.where(made, of_parts, terms)
        done = (done | made) & known & ~breaks
        names = (*(player.name for player in players), "measurement", "mix")
        causes = [*(player.cause for player in players), MEASUREMENT, MIX]
        for row, term in zip(causes, terms, strict=True):
            points[row] += np.where(done, term, 0.0)
        factors = np.where(done, terms[:, 0], np.nan)
    left = known & ~done & ~breaks
    bucket = MISSING if one.identity is not None else one.rest
    if left.any() or breaks.any():
        rest, linked = _undivided(scores, one, before, period, seed)
        points[bucket] += np.where(left, rest, 0.0)
        points[MEASUREMENT] += np.where(left, linked, 0.0)
        points[BREAK] += np.where(known & breaks, rest + linked, 0.0)
    # What rounding leaves between the factors and the score, so that all sums are exact.
    left_over = np.where(known, np.nan_to_num(total) - points[:, 0].sum(axis=0), 0.0)
    points[np.where(breaks, BREAK, np.where(left, bucket, UNDETERMINED)), :, np.arange(places)] += left_over[:, None]
    return Division(points, names, factors)


def _players(identity: Identity, grouping: Grouping) -> tuple[Player, ...]:
    if grouping == "pack":
        return identity.players
    return identity.split() if grouping == "split" else identity.merged()


def _breaks(scores: Scores, one: Indicator, before: int, period: int) -> Mask:
    """Give the places in which the comparison goes across a break of unknown size."""
    result = np.zeros(len(scores.places), bool)
    for revision in one.revisions:
        if not revision.is_linked and revision.lies_between(scores.periods[before], scores.periods[period]):
            result |= _where(scores, revision)
    return result


def _where(scores: Scores, revision: Revision) -> Mask:
    return np.array([revision.place in ("", place) for place in scores.places])


def _links(scores: Scores, one: Indicator, before: int, period: int, draws: int, seed: int) -> dict[str, Floats]:
    """Give new measure / old measure of each series, draws x places; the indicator as a whole under an empty name."""
    found: dict[str, Floats] = {}
    for revision in one.revisions:
        if not revision.is_linked or not revision.lies_between(scores.periods[before], scores.periods[period]):
            continue
        link, error = np.array([[[revision.link]]]), np.array([[[revision.link_error]]])
        name = f"{revision.node}/{revision.series}/{revision.period}/{revision.place}/link"
        of_draws = drawn(link, error, np.zeros_like(link), [name], draws - 1, seed)[0, :, 0]
        here = np.where(_where(scores, revision), of_draws, 1.0)
        found[revision.series] = found.get(revision.series, np.ones((draws, len(scores.places)))) * here
    return found


@dataclass(frozen=True, eq=False)
class _Step:
    """The change of an indicator with an identity between two periods."""

    scores: Scores
    one: Indicator
    identity: Identity
    panel: FactorPanel
    players: tuple[Player, ...]
    before: int
    period: int
    seed: int
    terms: Callable[[Floats, Floats], Floats]

    @property
    def slope(self) -> Slope:
        return Slope(self.scores, self.one.node, self.before, self.period)

    def value(self, at: int) -> Floats:
        """Give the drawn values in a period, draws x places."""
        return self.one.values[..., at]

    def base(self) -> Floats:
        """Give the drawn values of the base period; as observed where the series are not complete."""
        at = self.scores.base
        if at is None:
            return np.full(self.one.observed.shape[:2], np.nan)
        value = self.value(at)
        return np.where(np.isfinite(value), value, self.one.observed[..., at])

    def factor(self, player: Player, at: int) -> Floats:
        """Give the drawn values of a factor in a period, draws x places."""
        result = np.ones(self.one.series.shape[1:3])
        for series, power in player.powers:
            values = self.one.series[self.identity.series.index(series), ..., at]
            result = result * values if power == 1 else result / values if power == -1 else result * values**power
        return result

    def ends(self) -> tuple[Floats, Floats]:
        """Give all factors before and after on the same measure, and the change of measure as the last of them."""
        old = [self.factor(player, self.before) for player in self.players]
        new = [self.factor(player, self.period) for player in self.players]
        measure = np.ones_like(new[0])
        draws = len(measure)
        links = _links(self.scores, self.one, self.before, self.period, draws, self.seed)
        for series, link in links.items():
            for at, player in enumerate(self.players):
                new[at] = new[at] / link ** dict(player.powers).get(series, 0)
            measure = measure * link ** self.identity.whole.get(series, 0)
        if not links:
            return np.stack(old), np.stack(new)
        return np.stack([*old, np.ones_like(measure)]), np.stack([*new, measure])

    def _with_measurement(self, terms: Floats) -> Floats:
        """Add the rows of measurement and mix where there are none."""
        missing = len(self.players) + 2 - len(terms)
        return np.concatenate([terms, np.zeros((missing, *terms.shape[1:]))])

    def places(self) -> tuple[Floats, Mask]:
        """Give points by factor, measurement and mix of every place with series of its own, and which these are."""
        old, new = self.ends()
        complete = self.panel.complete[:, self.before] & self.panel.complete[:, self.period]
        if self.slope.is_inverted:
            method = self.slope.ratio
            base_value = method.base_value if method is not None else 1.0
            with np.errstate(divide="ignore", invalid="ignore"):
                terms = self.terms(1.0 / old, 1.0 / new) * base_value * self.base() / self.identity.scale
        else:
            per_unit = self.slope.of_value(self.base(), self.value(self.before), self.value(self.period))
            terms = self.terms(old, new) * self.identity.scale * per_unit
        usable = complete & np.isfinite(terms[:, 0]).all(axis=0)
        return self._with_measurement(np.where(usable, terms, 0.0)), usable

    def wholes(self, parts: dict[int, np.ndarray], done: Mask) -> tuple[Floats, Mask]:
        """Give the same for places whose value is the average of their parts by a series, with the mix term.

        value = sum of w v over the parts, with w their share of the series: the change is the sum of mean w x change of
        v (divided among the factors) + mean v x change of w, which is the mix (M. K. Bennet, 1920).
        """
        draws, count = self.one.observed.shape[:2]
        result, made = np.zeros((len(self.players) + 2, draws, count)), np.zeros(count, bool)
        wholes = {place: of for place, of in parts.items() if self._is_whole(place, of, done)}
        if not wholes or not self.identity.places:
            return result, made
        old, new = self.ends()
        terms = self._with_measurement(self.terms(old, new) * self.identity.scale)
        at_old, at_new, at_base = self.value(self.before), self.value(self.period), self.base()
        series = self.one.series[self.identity.series.index(self.identity.places)]
        for place, members in wholes.items():
            share_old, share_new = (_shares(series[:, members, at]) for at in (self.before, self.period))
            own = 0.5 * ((share_old + share_new) * terms[:, :, members]).sum(axis=-1)
            mean = 0.5 * (at_old + at_new)[:, members]
            own[-1] += ((share_new - share_old) * mean).sum(axis=-1)
            base = self.scores.base
            whole_base = at_base[:, place]
            if base is not None:
                whole_base = (_shares(series[:, members, base]) * at_base[:, members]).sum(axis=-1)
            ends = [(share * v[:, members]).sum(axis=-1) for share, v in ((share_old, at_old), (share_new, at_new))]
            per_unit = self.slope.of_value(
                *(np.repeat(values[:, None], count, axis=1) for values in (whole_base, *ends))
            )[:, place]
            result[..., place] = own * per_unit
            made[place] = True
        return result, made

    def _is_whole(self, place: int, members: np.ndarray, done: Mask) -> bool:
        """Say whether a place has no series of its own, and all of its parts have theirs."""
        own = self.panel.declared[:, place].any() or place in self.scores.parts
        return bool(not own and len(members) and done[members].all())


def _shares(weights: Floats) -> Floats:
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def _undivided(scores: Scores, one: Indicator, before: int, period: int, seed: int) -> tuple[Floats, Floats]:
    """Give the change of an indicator whose value is not divided, and what of it is a change of measure."""
    old, new = one.observed[..., before], one.observed[..., period]
    slope = Slope(scores, one.node, before, period)
    base = one.observed[..., scores.base] if scores.base is not None else np.full_like(new, np.nan)
    links = _links(scores, one, before, period, len(new), seed)
    with np.errstate(invalid="ignore"):
        per_unit = slope.of_value(base, old, new)
        # Of a score whose yardstick moves, all of the change is here, and only the measure's part is the value's own.
        total = (new - old) * (slope.secant() if slope.ratio is None else per_unit)
        if "" not in links:
            return np.nan_to_num(total), np.zeros_like(total)
        ratio = links[""]
        _, measure = shapley_of_product(np.stack([old, np.ones_like(ratio)]), np.stack([new / ratio, ratio]))
        linked = np.nan_to_num(measure * per_unit)
    return np.nan_to_num(total) - linked, linked
