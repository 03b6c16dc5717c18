"""Prepare: raw values of indicators to values that can be put on one scale: denominate, impute, screen, treat."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from donghaeng.errors import listed, nearest
from donghaeng.index import recipe as recipes
from donghaeng.index.methods import MethodError, denominate, impute, screen, treat
from donghaeng.index.recipe import Recipe
from donghaeng.index.recipe_names import expected_attribute, near
from donghaeng.index.structure import Structure
from donghaeng.index.tables import Attributes
from donghaeng.panel import NO_KIND, Floats, Kinds, Mask, Panel
from donghaeng.periods import Period
from donghaeng.sources import Kind


@dataclass(frozen=True, eq=False)
class Prepared:
    """Values of the indicators, shape places x periods x nodes; composites are missing.

    Attributes:
        values: the values; NaN where there is none.
        half_digits: half-width that the rounding of the raw value allows, to first order.
        imputed: where the value was filled in.
        kinds: kind of each value; that of a linked value is the one it has in the period of the link, that of a value
            filled in is the least firm one of its indicator, and neither is firmer than ``derived``.
        treated: where a treatment changed the value.
        steps: what each treated indicator went through, by node position: ``winsorised``, ``log`` and so on.
        screened: positions of the indicators that were left out for too little data.
    """

    values: Floats
    half_digits: Floats
    imputed: Mask
    kinds: Kinds
    treated: Mask
    steps: dict[int, str]
    screened: tuple[int, ...] = ()


class StepError(ValueError):
    """A step of the recipe cannot be carried out.

    Attributes:
        step: the verb of the recipe.
        path: where it stands in the recipe.
        place: position of the place it fails at; None for no single one.
        period: position of the period; None for no single one.
        node: position of the node; None for no single one.
        error: what the method says.
    """

    def __init__(
        self,
        step: str,
        error: MethodError,
        place: int | None = None,
        period: int | None = None,
        node: int | None = None,
    ) -> None:
        """Keep the place of the failure."""
        super().__init__(f"{step}: {error}")
        self.step = step
        self.path: tuple[str | int, ...] = (step,)
        self.error = error
        self.place = place
        self.period = period
        self.node = node


@dataclass(frozen=True, eq=False)
class Frame:
    """What the steps work on: places with own values x periods x indicators, and how to find the way back.

    Attributes:
        panel: the panel it was cut from.
        structure: the tree.
        attributes: what is known of the places.
        places: positions of its places in the panel.
        nodes: positions of its indicators among the nodes, without those that stand for another one.
        main: its places that scales are taken from: those of the breakdown that the index is made for.
    """

    panel: Panel
    structure: Structure
    attributes: Attributes
    places: tuple[int, ...]
    nodes: tuple[int, ...]
    main: Mask

    @classmethod
    def of(cls, panel: Panel, structure: Structure, attributes: Attributes, breakdown: str = "") -> Frame:
        """Cut out the indicators, and the places that have values of their own.

        Raises:
            StepError: no such place is of the breakdown.
        """
        copies = {copy for copy, _ in structure.copies}
        nodes = tuple(at for at in range(len(structure.nodes)) if structure.is_leaf(at) and at not in copies)
        has_values = np.isfinite(panel.values[..., list(nodes)]).any(axis=(1, 2))
        places = tuple(np.flatnonzero(has_values).tolist())
        main = attributes.of_breakdown(breakdown, [panel.places[place] for place in places])
        if places and not main.any():
            known = listed(sorted({attributes.breakdowns.get(place, "") for place in panel.places}))
            what = f'no place with values is of the breakdown "{breakdown}"'
            raise StepError("breakdown", MethodError(what, f"one of {known}", "name it in breakdown of recipe.yaml"))
        return cls(panel, structure, attributes, places, nodes, main)

    def main_only(self, table: Floats, period: int | None) -> Floats:
        """Give a table of `by_table` with the places that scales are taken from; others are missing."""
        if self.main.all():
            return table
        rows = self.main if period is not None else np.repeat(self.main, len(self.panel.periods))
        return np.where(rows[:, None], table, np.nan)

    def cut(self, array: Floats) -> Floats:
        """Cut its places and indicators out of an array of the shape of the panel."""
        return array[np.ix_(self.places, range(array.shape[1]), self.nodes)]

    def spread(self, array: Floats, filling: float = np.nan) -> Floats:
        """Put an array of its shape back into one of the shape of the panel."""
        result = np.full(self.panel.values.shape, filling)
        result[np.ix_(self.places, range(array.shape[1]), self.nodes)] = array
        return result

    def spread_mask(self, mask: Mask) -> Mask:
        """Put a mask of its shape back into one of the shape of the panel; False elsewhere."""
        return self.spread(mask.astype(np.float64), 0.0) > 0

    @property
    def place_codes(self) -> tuple[str, ...]:
        """Codes of its places."""
        return tuple(self.panel.places[place] for place in self.places)

    @property
    def times(self) -> Floats:
        """Time of each period in years."""
        return np.array([_years(period) for period in self.panel.periods])

    def numbers(self, name: str, step: str) -> Floats:
        """Give an attribute of its places, shape places x periods.

        Raises:
            StepError: when it is not known, or not a number.
        """
        if name not in self.attributes.values:
            known = self.attributes.values.keys()
            what, expected = f'unknown attribute "{name}"', expected_attribute(known)
            raise StepError(step, MethodError(what, expected, near(name, known)))
        try:
            return self.attributes.numbers(name, self.place_codes, self.panel.periods)
        except ValueError as error:
            what = f'the attribute "{name}": {error}'
            raise StepError(step, MethodError(what, "numbers", "correct the value")) from None

    def groups(self, name: str, step: str) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int64]], list[str]]:
        """Give the group of each place and period as whole numbers (-1 for none), and the names of the groups."""
        if name not in self.attributes.values:
            self.numbers(name, step)
        labels = [self.attributes.labels(name, self.place_codes, period.text) for period in self.panel.periods]
        names = sorted({label for column in labels for label in column if label})
        number = {label: index for index, label in enumerate(names)}
        return np.array([[number.get(label, -1) for label in column] for column in labels], np.int64).T, names

    def located(self, step: str, error: MethodError, columns: Sequence[int], period: int | None) -> StepError:
        """Say where in the panel a method failed.

        Args:
            step: the verb of the recipe.
            error: names a column of the table that the method was given, and perhaps a row.
            columns: indicator (position in the frame) of each column of that table.
            period: the period whose places are the rows; None when the rows are places x periods.
        """
        node = self.nodes[columns[error.column]] if error.column is not None else None
        if error.row is None:
            return StepError(step, error, None, period, node)
        if period is not None:
            return StepError(step, error, self.places[error.row], period, node)
        place, at = divmod(error.row, len(self.panel.periods))
        return StepError(step, error, self.places[place], at, node)

    def by_table(
        self,
        step: str,
        x: Floats,
        columns: Sequence[int],
        over: recipes.Over,
        method: Callable[[Floats, int | None], Floats],
    ) -> Floats:
        """Apply a method to the chosen indicators, to all periods together or to each by itself.

        Args:
            step: the verb of the recipe, for errors.
            x: places x periods x indicators.
            columns: positions of the chosen indicators.
            over: ``pooled`` or ``period``.
            method: takes units x indicators and the period (None when pooled).

        Returns:
            The chosen indicators, places x periods x columns.

        Raises:
            StepError: when the method cannot be applied.
        """
        chosen = x[..., list(columns)]
        result = np.full(chosen.shape, np.nan)
        for period, table, target in _tables(chosen, result, over):
            try:
                target[...] = method(table, period).reshape(target.shape)
            except MethodError as error:
                raise self.located(step, error, columns, period) from None
        return result


def _tables(x: Floats, result: Floats, over: recipes.Over) -> Iterator[tuple[int | None, Floats, Floats]]:
    if over == "pooled":
        yield None, x.reshape(-1, x.shape[-1]), result
        return
    for period in range(x.shape[1]):
        if np.isfinite(x[:, period]).any():
            yield period, x[:, period], result[:, period]


def _years(period: Period) -> float:
    day = period.first_day
    return day.year + (day.month - 1) / 12 + (day.day - 1) / 372


def prepare(panel: Panel, structure: Structure, recipe: Recipe, attributes: Attributes) -> Prepared:
    """Carry out the steps of a recipe before normalising.

    Args:
        panel: raw values; those of composites are passed over.
        structure: the tree.
        recipe: the method.
        attributes: what is known of the places.

    Raises:
        StepError: a step cannot be carried out; says where.
    """
    frame = Frame.of(panel, structure, attributes, recipe.breakdown or "")
    among = {mean.method for mean in recipe.aggregate.all} & {"copeland", "kemeny_young", "benefit_of_the_doubt"}
    if among and not frame.main.all():
        what = f"{min(among)} compares places with each other, and groups of another breakdown are no peers"
        raise StepError("aggregate", MethodError(what, "places of one breakdown", "take another mean"))
    x, half = frame.cut(panel.values), frame.cut(panel.half_digits)
    kinds = frame.cut(panel.kinds.astype(np.float64))
    for link in recipe.link:
        linked = _link(frame, x, link)
        kinds = _linked_kinds(frame, kinds, np.isnan(x) & np.isfinite(linked), link)
        x = linked
    if recipe.denominate:
        x, half = _denominate(frame, x, half)
    filled = x
    for at, step in enumerate(recipe.impute):
        try:
            filled = _impute(frame, filled, step)
        except StepError as error:
            error.path = ("impute", at)
            raise
    imputed = np.isnan(x) & np.isfinite(filled)
    least_firm = np.maximum(kinds.max(axis=(0, 1), keepdims=True, initial=NO_KIND), float(Kind.DERIVED))
    kinds = np.where(imputed, least_firm, kinds)
    x, screened = _screen(frame, filled, recipe.screen) if recipe.screen else (filled, ())
    treatment = _treat(frame, x, half, recipe.treat) if recipe.treat else _Treatment(x, half, {})
    changed = np.isfinite(x) & (treatment.values != x)
    return Prepared(
        frame.spread(treatment.values),
        frame.spread(np.where(imputed, 0.0, treatment.half_digits), 0.0),
        frame.spread_mask(imputed & np.isfinite(treatment.values)),
        frame.spread(kinds, float(NO_KIND)).astype(np.int8),
        frame.spread_mask(changed),
        treatment.steps,
        screened,
    )


def _link(frame: Frame, x: Floats, link: recipes.Link) -> Floats:
    (column,) = _columns(frame, (link.indicator,), "link")
    old = frame.numbers(link.old, "link")
    periods = [period.text for period in frame.panel.periods]
    if link.at not in periods:
        raise StepError("link", MethodError(f"no values in {link.at}", "a period of the data", "correct at"))
    at = periods.index(link.at)
    both = (old[:, at] != 0) & np.isfinite(old[:, at]) & np.isfinite(x[:, at, column])
    factor = np.divide(x[:, at, column], old[:, at], out=np.full(len(old), np.nan), where=both)
    result = x.copy()
    result[:, :at, column] = np.where(np.isnan(x[:, :at, column]), old[:, :at] * factor[:, None], x[:, :at, column])
    return result


def _linked_kinds(frame: Frame, kinds: Floats, linked: Mask, link: recipes.Link) -> Floats:
    """Give linked values the kind of the value that they are linked to, and never a firmer one than derived."""
    at = [period.text for period in frame.panel.periods].index(link.at)
    return np.where(linked, np.maximum(kinds[:, at : at + 1], float(Kind.DERIVED)), kinds)


def _denominate(frame: Frame, x: Floats, half: Floats) -> tuple[Floats, Floats]:
    names = [frame.structure.nodes[node].details.get("denominator", "") for node in frame.nodes]
    known = sorted({name for name in names if name})
    if not known:
        expected, remedy = "an attribute in the column denominator of structure.csv", "name it, or leave denominate out"
        raise StepError("denominate", MethodError("no indicator has a denominator", expected, remedy))
    sizes = np.stack([frame.numbers(name, "denominate") for name in known], axis=-1)
    of = [known.index(name) if name else denominate.NO_DENOMINATOR for name in names]
    columns = range(len(frame.nodes))
    flat = sizes.reshape(-1, len(known))
    divided = frame.by_table("denominate", x, columns, "pooled", lambda t, _: denominate.denominate(t, flat, of))
    halves = frame.by_table("denominate", half, columns, "pooled", lambda t, _: denominate.denominate(t, flat, of))
    return divided, np.nan_to_num(halves)


def _impute(frame: Frame, x: Floats, step: recipes.ImputeStep) -> Floats:
    columns = _columns(frame, step.indicators, "impute")
    result = x.copy()
    result[..., columns] = _IMPUTERS[type(step)](frame, x, columns, step)
    return result


def _impute_mean(frame: Frame, x: Floats, columns: Sequence[int], step: recipes.ImputeStep) -> Floats:
    method = impute.median if getattr(step, "method", "") == "median" else impute.mean

    def of_period(table: Floats, period: int | None) -> Floats:
        # The mean of the main breakdown says nothing of groups of another one, whose gaps stay.
        return np.where(frame.main[:, None], method(frame.main_only(table, period)), table)

    return frame.by_table("impute", x, columns, "period", of_period)


def _impute_group(frame: Frame, x: Floats, columns: Sequence[int], step: recipes.ImputeStep) -> Floats:
    if not isinstance(step, recipes.GroupImputation):
        raise TypeError(step)
    groups, _ = frame.groups(step.group, "impute")
    method = impute.group_mean if step.method == "group_mean" else impute.group_median

    def of_period(table: Floats, period: int | None) -> Floats:
        # A column without any value in a period has nothing to fill from; other steps may fill it.
        known = frame.main_only(table, period)
        filled, some = known.copy(), np.isfinite(known).any(axis=0)
        filled[:, some] = method(known[:, some], groups[:, period or 0])
        return np.where(frame.main[:, None], filled, table)

    return frame.by_table("impute", x, columns, "period", of_period)


def _impute_constant(frame: Frame, x: Floats, columns: Sequence[int], step: recipes.ImputeStep) -> Floats:
    if not isinstance(step, recipes.ConstantImputation):
        raise TypeError(step)
    values = np.full(len(columns), step.value)
    return frame.by_table("impute", x, columns, "pooled", lambda table, _: impute.constant(table, values))


def _impute_neighbours(frame: Frame, x: Floats, columns: Sequence[int], step: recipes.ImputeStep) -> Floats:
    if not isinstance(step, recipes.NeighbourImputation):
        raise TypeError(step)
    if step.attribute not in frame.attributes.values:
        frame.numbers(step.attribute, "impute")  # says which attributes there are
    position = {code: index for index, code in enumerate(frame.place_codes)}

    def of_period(table: Floats, period: int | None) -> Floats:
        when = frame.panel.periods[period or 0].text
        words = [label.split() for label in frame.attributes.labels(step.attribute, frame.place_codes, when)]
        near = [[position[word] for word in row if word in position] for row in words]
        filled, some = table.copy(), np.isfinite(table).any(axis=0)
        filled[:, some] = impute.neighbours_mean(table[:, some], near)
        return filled

    return frame.by_table("impute", x, columns, "period", of_period)


def _impute_panel(frame: Frame, x: Floats, columns: Sequence[int], step: recipes.ImputeStep) -> Floats:
    if not isinstance(step, recipes.PanelImputation):
        raise TypeError(step)
    chosen = x[..., list(columns)]
    return (
        impute.panel_constant(chosen) if step.method == "panel_constant" else impute.panel_linear(chosen, frame.times)
    )


def _impute_latest(frame: Frame, x: Floats, columns: Sequence[int], step: recipes.ImputeStep) -> Floats:
    if not isinstance(step, recipes.LatestImputation):
        raise TypeError(step)
    return impute.panel_latest(x[..., list(columns)], frame.times, step.most_years)


_Imputer = Callable[[Frame, Floats, Sequence[int], recipes.ImputeStep], Floats]
_IMPUTERS: dict[type, _Imputer] = {
    recipes.MeanImputation: _impute_mean,
    recipes.GroupImputation: _impute_group,
    recipes.ConstantImputation: _impute_constant,
    recipes.PanelImputation: _impute_panel,
    recipes.LatestImputation: _impute_latest,
    recipes.NeighbourImputation: _impute_neighbours,
}


def _columns(frame: Frame, codes: Sequence[str] | None, step: str) -> list[int]:
    """Give the positions in the frame of the indicators that a step names; all when it names none."""
    if codes is None:
        return list(range(len(frame.nodes)))
    position = {frame.structure.codes[node]: index for index, node in enumerate(frame.nodes)}
    unknown = [code for code in codes if code not in position]
    if unknown:
        what, remedy = f"unknown indicator {listed(unknown)}", nearest(unknown[0], position) or "correct the code"
        raise StepError(step, MethodError(what, "codes of indicators of structure.csv", remedy))
    return [position[code] for code in codes]


def _screen(frame: Frame, x: Floats, rule: recipes.Screen) -> tuple[Floats, tuple[int, ...]]:
    """Give the values that are kept, and the positions of the indicators that are not."""
    result = x.copy()
    for period in range(x.shape[1]):
        if not np.isfinite(x[:, period]).any():
            continue
        available = screen.unit_availability(x[:, period])
        keep = np.ones(len(x), bool)
        if rule.places_available is not None:
            keep &= screen.kept(available, "missing", least_available=rule.places_available)
        if rule.places_nonzero is not None:
            keep &= screen.kept(available, "zeros", least_nonzero=rule.places_nonzero)
        result[~keep, period] = np.nan
    if np.isfinite(x).any() and not np.isfinite(result).any():
        expected = "at least one place that reaches them in some period"
        raise StepError("screen", MethodError("no place has enough data", expected, "lower the shares, or add data"))
    table = result[np.isfinite(result).any(axis=-1)]
    available = screen.indicator_availability(table)
    keep = np.ones(len(frame.nodes), bool)
    if rule.indicators_available is not None:
        keep &= screen.kept(available, "missing", least_available=rule.indicators_available)
    if rule.indicators_nonzero is not None:
        keep &= screen.kept(available, "zeros", least_nonzero=rule.indicators_nonzero)
    result[..., ~keep] = np.nan
    # An indicator that nobody has is no matter of screening: the next step says so.
    had: Mask = np.asarray(np.isfinite(x).any(axis=(0, 1)), bool)
    return result, tuple(node for node, kept, some in zip(frame.nodes, keep, had, strict=True) if some and not kept)


@dataclass(frozen=True, eq=False)
class _Treatment:
    values: Floats
    half_digits: Floats
    steps: dict[int, str]


def _treat(frame: Frame, x: Floats, half: Floats, rule: recipes.TreatMethod) -> _Treatment:
    result = _Treatment(x.copy(), half.copy(), {})
    own = _columns(frame, tuple(rule.indicators), "treat")
    rest = [column for column in range(len(frame.nodes)) if column not in own]
    for columns, method in [(rest, rule), *(([at], rule.indicators[_code(frame, at)]) for at in own)]:
        if columns:
            result = _treat_columns(frame, x, result, columns, method)
    return result


def _code(frame: Frame, column: int) -> str:
    return frame.structure.codes[frame.nodes[column]]


def _treat_columns(
    frame: Frame, x: Floats, so_far: _Treatment, columns: Sequence[int], rule: recipes.TreatMethod
) -> _Treatment:
    over: recipes.Over = "pooled"
    steps = dict(so_far.steps)
    if isinstance(rule, recipes.WinsoriseThenLog):
        if not frame.main.all():
            what = "winsorise_then_log does not know places of another breakdown"
            remedy = "name a transform for each indicator in the column treat"
            raise StepError("treat", MethodError(what, "treatments that hold for every place", remedy))
        over = rule.over
        limits = treat.Limits(rule.skew, rule.kurtosis)
        most_points = rule.most_points

        def method(table: Floats, _: int | None) -> Floats:
            treated = treat.winsorise(table, most_points, limits)
            for column, report in zip(columns, treated.reports, strict=True):
                if report.done != "none":
                    steps[frame.nodes[column]] = report.done
            return treated.values

    elif isinstance(rule, recipes.BoxCox):
        power = rule.power

        def method(table: Floats, _: int | None) -> Floats:
            main = frame.main_only(table, None)
            return treat.apply(table, treat.fit_box_cox(main, np.full(table.shape[1], power)))

        steps |= {frame.nodes[column]: "box_cox" for column in columns}
    else:
        names = _transform_names(frame, columns, rule)

        def method(table: Floats, _: int | None) -> Floats:
            return treat.transform(table, names)

        steps |= {frame.nodes[at]: name for at, name in zip(columns, names, strict=True) if name != "none"}
    values, half = so_far.values.copy(), so_far.half_digits.copy()
    values[..., columns] = frame.by_table("treat", x, columns, over, method)
    half[..., columns] = half[..., columns] * _slope(x[..., list(columns)], values[..., columns])
    return replace(so_far, values=values, half_digits=half, steps=steps)


def _slope(before: Floats, after: Floats) -> Floats:
    """Estimate how much a rounding of the raw value moves the treated one, from the neighbouring units.

    A treatment keeps the order of the units, so the rise between neighbours is its slope there; exact for none, and
    good enough for a tolerance elsewhere.
    """
    if np.array_equal(before, after, equal_nan=True):
        return np.ones(before.shape)
    slopes = np.ones(before.shape)
    for column in range(before.shape[-1]):
        x, y = before[..., column].ravel(), after[..., column].ravel()
        order = np.argsort(x, kind="stable")
        order = order[np.isfinite(x[order])]
        if len(order) < 2:
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            rises = np.abs(np.gradient(y[order]) / np.gradient(x[order]))
        flat = slopes[..., column].ravel()
        flat[order] = np.where(np.isfinite(rises), rises, 0.0)
        slopes[..., column] = flat.reshape(before.shape[:-1])
    return slopes


def _transform_names(frame: Frame, columns: Sequence[int], rule: recipes.TreatMethod) -> list[str]:
    if isinstance(rule, recipes.ColumnTransform):
        return [frame.structure.nodes[frame.nodes[column]].details.get("treat") or "none" for column in columns]
    return [rule.method] * len(columns)
