"""From a failure in the computation to the file and line of the value that caused it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from donghaeng.errors import Fault, Faults, InputError, listed
from donghaeng.index.aggregate import Aggregated, AggregationError, Given, mixed
from donghaeng.index.normalise import CellProblem
from donghaeng.index.observations import Observations
from donghaeng.index.place_means import Parts
from donghaeng.index.prepare import StepError
from donghaeng.index.recipe import Recipe
from donghaeng.index.structure import Structure
from donghaeng.panel import Panel
from donghaeng.sources import Kind


class RecipeError(InputError):
    """A step of the recipe cannot be carried out, and no single value is to blame.

    Attributes:
        path: where the step stands in the recipe.
    """

    def __init__(self, said: str, path: tuple[str | int, ...]) -> None:
        """Keep the path."""
        super().__init__(said)
        self.path = path


@dataclass(frozen=True, eq=False)
class Locator:
    """Tells what is wrong with the values of a panel, in terms of the statements they came from.

    Attributes:
        panel: the values.
        observations: the statements.
        structure: the tree.
    """

    panel: Panel
    observations: Observations
    structure: Structure

    def missing_base(self, recipe: Recipe, faults: Faults) -> None:
        """Report that indicators have values, and none in the base period."""
        base = recipe.base_period
        leaves = np.array([self.structure.is_leaf(index) for index in range(len(self.structure.nodes))])
        has_values = np.isfinite(self.panel.values[..., leaves]).any()
        if base and has_values and base not in [period.text for period in self.panel.periods]:
            what = f"no observation in the base period {base}"
            remedy = "add the values of the base period, or change base_period in recipe.yaml"
            faults.add(self.observations.label, 1, 1, what, f"values for {base}", remedy, "no-base")

    def missing_counts(self, given: Given, faults: Faults) -> None:
        """Report given composites that do not say how many indicators are behind them."""
        for place, period, node in np.argwhere(np.isfinite(given.values) & np.isnan(given.counts)):
            what = f"the given value of {self.panel.nodes[node]} has no count"
            remedy = "write how many indicators are behind it, or average over children in recipe.yaml"
            file, line = self._location(place, period, node)
            faults.add(file, line, 1, what, "a count of indicators", remedy, "missing-value")

    def unscaled(self, problem: CellProblem, faults: Faults) -> None:
        """Report a value that no ratio could be formed with."""
        what = f"{problem.what} ({self.panel.places[problem.place]})"
        file, line = self._location(problem.place, problem.period, problem.node)
        faults.add(file, line, 1, what, problem.expected, problem.remedy, "no-ratio")

    def own_values(self, parts: Parts, faults: Faults) -> None:
        """Report places that are means of their parts and have values of their own, which nothing would use."""
        for place in parts:
            rows = self.panel.rows[place][np.isfinite(self.panel.values[place])]
            if rows.size:
                first = int(rows.min())
                file, line = self.observations.location(first)
                name, members = self.panel.places[place], listed((self.panel.places[part] for part in parts[place]), 3)
                cell = f"{self.observations.columns['node'][first]} in {self.observations.columns['period'][first]}"
                what = (
                    f"{name} has parts and {rows.size} value{'s' * (rows.size > 1)} of its own, the first {cell}; "
                    f"by places in recipe.yaml its scores are the means of its parts ({members}), so nothing uses them"
                )
                remedy = (
                    "remove them; name their nodes in compare of recipe.yaml if they are published results; or take "
                    f"places out of recipe.yaml to score {name} by itself"
                )
                faults.add(file, line, 1, what, "values of its parts only", remedy, "own-values")

    def mixed_kinds(self, aggregated: Aggregated, faults: Faults) -> None:
        """Report averages of simulated with other values."""
        for place, period, node in mixed(aggregated, self.structure):
            what = (
                f"simulated and other values meet in the average of {self.structure.codes[node]}, "
                f"{self.panel.places[place]}, {self.panel.periods[period]}"
            )
            file, line = self._first_simulated(place, period, node)
            faults.add(file, line, 1, what, "one or the other", "keep them in different nodes", "mixed")

    def step(self, error: StepError, recipe: Recipe) -> InputError:
        """Tell where a step of the recipe failed."""
        where = [
            *([self.structure.codes[error.node]] if error.node is not None else []),
            *([self.panel.places[error.place]] if error.place is not None else []),
            *([self.panel.periods[error.period].text] if error.period is not None else []),
        ]
        what = f"{error.step}{' of ' + ', '.join(where) if where else ''}: {error.error.what}"
        if error.node is None or error.place is None or error.period is None:
            parts = (what, error.error.expected and f"expected {error.error.expected}", error.error.remedy)
            return RecipeError("; ".join(part for part in parts if part), self._path(error, recipe))
        file, line = self._location(error.place, error.period, error.node)
        return InputError([Fault(file, line, 1, what, error.error.expected, error.error.remedy, "no-step")])

    def _path(self, error: StepError, recipe: Recipe) -> tuple[str | int, ...]:
        """Say where a step stands in the recipe: at the indicator, where it has a method of its own."""
        path = error.path or (error.step,)
        methods = {"treat": recipe.treat, "normalise": recipe.normalise}.get(error.step)
        if methods is None or error.node is None:
            return path
        code = self.structure.codes[error.node]
        return (*path, "indicators", code) if code in methods.indicators else path

    def _path_of_mean(self, error: AggregationError, recipe: Recipe) -> tuple[str | int, ...]:
        """Say where the mean or the weights of a composite stand in the recipe."""
        code, level = self.structure.codes[error.composite], str(self.structure.levels[error.composite])
        if error.step == "weights":
            return ("weigh", "levels", level) if level in recipe.weigh.levels else ("weigh",)
        if code in recipe.aggregate.nodes:
            return ("aggregate", "nodes", code)
        return ("aggregate", "levels", level) if level in recipe.aggregate.levels else ("aggregate",)

    def aggregation(self, error: AggregationError, recipe: Recipe) -> InputError:
        """Tell where a mean could not be formed, or the weights that it takes."""
        composite = self.structure.codes[error.composite]
        failing = "mean of" if error.step == "mean" else "weights below"
        if error.cell is None:
            at = ""
            if error.child is not None:
                at = f" fail at {self.structure.codes[self.structure.children[error.composite][error.child]]}"
            said = str(error)
            if error.unit is not None:  # the number of a unit says nothing to a reader
                where, when = self.panel.places[error.unit[0]], self.panel.periods[error.unit[1]]
                at, said = f"{at} in {where}, {when}", re.sub(r"\b(unit|row) \d+", where, said)
            return RecipeError(f"the {failing} {composite}{at}: {said}", self._path_of_mean(error, recipe))
        place, period, child = error.cell
        node = self.structure.children[error.composite][child]
        cell = f"{self.structure.codes[node]}, {self.panel.places[place]}, {self.panel.periods[period]}"
        said = re.sub(r" in row \d+, column \d+", "", error.error.what)  # positions of arrays say nothing to a reader
        what = f"the {failing} {composite} {'fails' if error.step == 'mean' else 'fail'} at {cell}: {said}"
        file, line = self._location(place, period, node)
        return InputError([Fault(file, line, 1, what, error.error.expected, error.error.remedy, "no-mean")])

    def _location(self, place: int, period: int, node: int) -> tuple[str, int]:
        return self.observations.location(int(self.panel.rows[place, period, node]))

    def _first_simulated(self, place: int, period: int, node: int) -> tuple[str, int]:
        """Give file and line of the first simulated observation below a node."""
        waiting, found = [node], []
        while waiting:
            index = waiting.pop()
            waiting += self.structure.children[index]
            if self.panel.kinds[place, period, index] == Kind.SIMULATED:
                found.append(int(self.panel.rows[place, period, index]))
        return self.observations.location(min(found, default=-1))
