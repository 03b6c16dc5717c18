"""Diagnosis: speed against a loop over draws, and how often causes are right.

Speed: falls of 50 indicators of five factors in 25 places and 5 periods, each against the base and on the year before,
with 200 draws of the data's own error, to causes, shares and stability. The plain loop does the same in Python for one
of the 50 indicators, draw by draw, with the Shapley value over subsets; the NumPy loop goes draw by draw over all cells
at once. Accuracy: 1,500 made-up changes a row, one of three causes of -15 to -40 %, 2 % of noise behind; then the
invented city, with noise added to its series. `--full` repeats the noise of the city ten times.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from math import factorial
from pathlib import Path

import numpy as np

from benchmarks import Row, best_of, table, title_of
from donghaeng import load
from donghaeng.catalogue.pack import Pack
from donghaeng.diagnosis.attribution import attributions, drawn_indicators
from donghaeng.diagnosis.causes import CAUSES, POSITION
from donghaeng.diagnosis.classify import classify
from donghaeng.diagnosis.diagnose import diagnose
from donghaeng.diagnosis.document import FactorModel, Identities, IdentityModel, SeriesModel, Settings
from donghaeng.diagnosis.factors import Factors, factor_panels
from donghaeng.diagnosis.finding import Finding
from donghaeng.diagnosis.formula import parse_formula
from donghaeng.diagnosis.identity import Identity, Player
from donghaeng.diagnosis.indicator import ROWS
from donghaeng.diagnosis.section import DiagnosisSection, nothing_known, value_of
from donghaeng.diagnosis.shapley import shapley_of_product
from donghaeng.index.changes import changes
from donghaeng.index.place_means import parts_of
from donghaeng.index.recipe import Recipe
from donghaeng.index.score import score, score_panel
from donghaeng.index.scores import Scores
from donghaeng.index.structure import Node, Structure
from donghaeng.panel import Panel
from donghaeng.periods import parse

INDICATORS, PLACES, PERIODS, DRAWS = 50, 25, 5, 200
NOISE = 0.05
CITY = "example/narae"
TRUTH = Path(__file__).resolve().parents[1] / "tests" / "reference" / "narae_causes.csv"
LEVELS = (0.0, 0.02, 0.05, 0.10)

#: Budget x execution x units for the money x quality / need, as in the facts; three classes.
FORMULAS = {
    "voted": ("a", "funding"),
    "spent": ("b", "execution"),
    "units": ("c", "execution"),
    "quality": ("d", "execution"),
    "need": ("1 / e", "demand"),
}


# --- speed -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class World:
    """An index whose indicators are products of five series."""

    scores: Scores
    section: DiagnosisSection
    values: np.ndarray  # series x indicators x places x periods
    pairs: list[tuple[int, int]]


def world() -> World:
    """Make one; the same every time."""
    generator = np.random.default_rng(11)
    values = generator.uniform(0.8, 1.2, (5, INDICATORS, PLACES, PERIODS))
    product = values[:4].prod(axis=0) / values[4]
    codes = [f"i{at}" for at in range(INDICATORS)]
    nodes = [Node("index", "", {"en": "Index"}, "", "", 1.0, None, {})]
    nodes += [Node(code, "index", {"en": code}, "1", "higher", 1.0, None, {}) for code in codes]
    structure = Structure(tuple(nodes))
    places = tuple(f"p{at}" for at in range(PLACES))
    periods = tuple(parse(str(2021 + at)) for at in range(PERIODS))
    panel = Panel.empty(places, periods, structure.codes)
    panel.values[..., 1:] = product.transpose(1, 2, 0)
    panel.kinds[..., 1:] = 0
    recipe = Recipe.model_validate(
        {
            "format": 1,
            "normalise": {"method": "base_period_ratio", "base_period": "2021", "lower_is_better": "inverted_ratio"},
            "aggregate": {"method": "arithmetic", "over": "children"},
        }
    )
    scores = score_panel(structure, recipe, panel)
    players = tuple(
        Player(name, parse_formula(formula), POSITION[cause]) for name, (formula, cause) in FORMULAS.items()
    )
    series = tuple("abcde")
    identities = {code: Identity(code, series, (False,) * 5, players, 1.0, "", {}) for code in codes}
    columns: dict[str, list[object]] = {name: [] for name in Factors.empty().columns}
    for at in np.ndindex(values.shape):
        one, indicator, place, period = at
        value = float(values[at])
        cells = (codes[indicator], series[one], places[place], periods[period].text, value, 0.0, NOISE * value)
        for name, cell in zip(columns, (*cells, 0, "", "", 1), strict=True):
            columns[name].append(cell)
    model = Identities(
        format=1,
        settings=Settings(draws=DRAWS),
        series={name: SeriesModel(unit="1", label={"en": name}) for name in series},
        identities={
            code: IdentityModel(factors={name: FactorModel(formula=f, cause=c) for name, (f, c) in FORMULAS.items()})
            for code in codes
        },
    )
    section = replace(nothing_known(), model=model, identities=identities, factors=Factors("factors.csv", columns))
    pairs = [(change.before, change.period) for change in changes(scores)]
    return World(scores, section, values, pairs)


def ours(made: World) -> int:
    """Divide and classify everything; the number of answers."""
    drawn = drawn_indicators(made.scores, made.section, (), DRAWS, 1)
    answers = 0
    for attribution in attributions(drawn):
        for node in range(len(made.scores.structure.nodes)):
            answers += int(classify(attribution.causes[node], made.section.model.settings).answered.sum())
    return answers


def by_subsets(before: list[float], after: list[float]) -> list[float]:
    """The Shapley value as its definition over subsets says."""
    n = len(before)
    found = []
    for k in range(n):
        others = [j for j in range(n) if j != k]
        total = 0.0
        for size in range(n):
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            for subset in combinations(others, size):
                product = 1.0
                for j in others:
                    product *= after[j] if j in subset else before[j]
                total += weight * product
        found.append(total * (after[k] - before[k]))
    return found


def plain_loop(made: World, indicator: int = 0) -> int:
    """The same for one indicator in plain Python, draw by draw."""
    generator = random.Random(1)  # noqa: S311 - draws, not secrets
    causes = [POSITION[cause] for _, cause in FORMULAS.values()]
    answers = 0
    for place in range(PLACES):
        for before, period in made.pairs:
            ends = [[float(v) for v in made.values[:, indicator, place, at]] for at in (before, period)]
            counts: Counter[int] = Counter()
            for _ in range(DRAWS):
                old, new = ([value * (1 + NOISE * generator.gauss(0, 1)) for value in end] for end in ends)
                old[4], new[4] = 1 / old[4], 1 / new[4]
                points = dict.fromkeys(causes, 0.0)
                for cause, part in zip(causes, by_subsets(old, new), strict=True):
                    points[cause] += part
                negative = sum(-part for part in points.values() if part < 0)
                lowest = min(points, key=points.__getitem__)
                if sum(points.values()) < 0 and -points[lowest] >= 0.6 * negative:
                    counts[lowest] += 1
            answers += bool(counts) and max(counts.values()) >= 0.8 * DRAWS
    return answers


def numpy_loop(made: World) -> int:
    """The same draw by draw, every draw over all cells at once."""
    generator = np.random.default_rng(1)
    causes = np.array([POSITION[cause] for _, cause in FORMULAS.values()])
    rows = np.unique(causes)
    before, after = (np.stack([made.values[..., pair[end]] for pair in made.pairs], axis=-1) for end in (0, 1))
    counts = np.zeros((len(rows), *before.shape[1:]))
    for _ in range(DRAWS):
        old, new = (end * (1 + NOISE * generator.standard_normal(end.shape)) for end in (before, after))
        old[4], new[4] = 1 / old[4], 1 / new[4]
        parts = np.stack([_subset_sum(old, new, k) for k in range(5)])
        points = np.stack([parts[causes == row].sum(axis=0) for row in rows])
        negative = np.maximum(-points, 0)
        share = negative / np.maximum(negative.sum(axis=0), 1e-300)
        counts += (share >= 0.6) & (points.sum(axis=0) < 0)
    return int((counts >= 0.8 * DRAWS).any(axis=0).sum())


def _subset_sum(old: np.ndarray, new: np.ndarray, k: int) -> np.ndarray:
    n = len(old)
    others = [j for j in range(n) if j != k]
    total = np.zeros(old.shape[1:])
    for size in range(n):
        weight = factorial(size) * factorial(n - size - 1) / factorial(n)
        for subset in combinations(others, size):
            product = np.ones(old.shape[1:])
            for j in others:
                product = product * (new[j] if j in subset else old[j])
            total += weight * product
    return total * (new[k] - old[k])


def speed() -> list[Row]:
    """Time of everything, and of the loops."""
    made = world()
    ours(made)
    seconds, loop, arrays = best_of(3, partial(ours, made), partial(plain_loop, made), partial(numpy_loop, made))
    cells = f"{INDICATORS} x {PLACES} x {PERIODS} x {DRAWS} draws"
    return [
        Row(case=f"{cells}", value=seconds, unit="s"),
        Row(
            case="plain loop over draws (1 of 50, scaled)",
            value=loop * INDICATORS,
            unit="s",
            ratio=loop * INDICATORS / seconds,
            target=50,
            at_least=True,
        ),
        Row(case="NumPy loop over draws, all cells at once", value=arrays, unit="s", ratio=arrays / seconds),
    ]


# --- accuracy on made-up changes -------------------------------------------------------------------------------------

#: Of the facts: right, wrong (%) of 1,500 cases by share alone; answers given, right among them with 80 % stability.
FACTS = {0.0: (99.8, 0.0, None, None), 0.02: (98.2, 0.1, 94, 99.3), 0.05: (84.9, 2.6, 62, 98.9)}
FACTS |= {0.10: (67.5, 11.2, 31, 96.8)}
CASES = 1_500


@dataclass(frozen=True)
class Tried:
    """What came of the cases, in percent."""

    right: float
    wrong: float
    stable: float
    right_of_stable: float
    given: float
    right_of_given: float


def tried(noise: float, cases: int = CASES, seed: int = 1) -> Tried:
    """Diagnose made-up changes with one known cause each."""
    generator = np.random.default_rng([seed, round(1000 * noise)])
    before = generator.uniform(0.5, 2.0, (5, cases))
    after = before * (1 + 0.02 * generator.standard_normal((5, cases)))
    hit = generator.integers(0, 3, cases)
    factor = np.array([4, 0, 1])[hit]  # need (as its inverse), budget, execution
    after[factor, np.arange(cases)] *= 1 - generator.uniform(0.15, 0.40, cases)
    truth = np.array([POSITION["demand"], POSITION["funding"], POSITION["execution"]])[hit]
    old, new = (end * (1 + noise * generator.standard_normal((5, cases))) for end in (before, after))
    # Draws add noise to what already carries it: more is not known.
    shape = (5, DRAWS, cases)
    olds, news = (
        np.concatenate([end[:, None], end[:, None] * (1 + noise * generator.standard_normal(shape))], axis=1)
        for end in (old, new)
    )
    points = np.zeros((ROWS, 1 + DRAWS, cases))
    for (_, cause), part in zip(FORMULAS.values(), shapley_of_product(olds, news), strict=True):
        points[POSITION[cause]] += part
    settings = Settings()
    answers = classify(points, settings)
    by_share, right = answers.share >= settings.share, answers.leading == truth
    stable = by_share & (answers.stability >= settings.stability)
    given = answers.answered
    return Tried(
        100 * float((by_share & right).mean()),
        100 * float((by_share & ~right).mean()),
        *(100 * float(share) for share in (stable.mean(), right[stable].mean(), given.mean(), right[given].mean())),
    )


def synthetic() -> list[Row]:
    """Right and wrong shares beside those of the facts."""
    rows = []
    for noise in LEVELS:
        found = tried(noise)
        right, wrong, stable, of_stable = FACTS[noise]
        name = f"made-up, {noise:.0%} noise"
        rows.append(Row(case=f"{name}: right (facts {right} %)", value=found.right, unit="%"))
        rows[-1] = replace(rows[-1], ratio=found.right - right, target=-2, at_least=True)
        rows.append(Row(case=f"{name}: wrong (facts {wrong} %)", value=found.wrong, unit="%"))
        rows[-1] = replace(rows[-1], ratio=found.wrong - wrong, target=2)
        beside = f" (facts {stable} %)" if stable is not None else ""
        rows.append(Row(case=f"{name}: same cause in 80 % of draws{beside}", value=found.stable, unit="%"))
        beside = f" (facts {of_stable} %)" if of_stable is not None else ""
        rows.append(Row(case=f"{name}: right of these{beside}", value=found.right_of_stable, unit="%"))
        rows.append(Row(case=f"{name}: and a fall in 80 % of draws", value=found.given, unit="%"))
        rows.append(Row(case=f"{name}: right of these", value=found.right_of_given, unit="%"))
    return rows


# --- accuracy on the invented city -----------------------------------------------------------------------------------

Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Confusion:
    """Answers by planted cause, and how stable answers were and whether right.

    Attributes:
        noise: noise added to every series.
        counts: number of cases by planted cause and answer; ``no fall`` for none found, ``nothing`` for none planted.
        held: of the answers by band of stability, how many there were and how many were right.
    """

    noise: float
    counts: Counter[tuple[str, str]]
    held: dict[str, tuple[int, int]]

    @property
    def falls(self) -> int:
        """Falls with a planted cause that was found to be there."""
        return sum(count for (planted, answer), count in self.counts.items() if planted != "nothing" != answer)

    @property
    def planted(self) -> int:
        """Falls found that have a planted cause that can be named."""
        return sum(
            count
            for (planted, answer), count in self.counts.items()
            if planted not in {"nothing", "undetermined"} and answer != "no fall"
        )

    @property
    def answered(self) -> int:
        """Those of them that were given a cause."""
        return sum(
            count
            for (planted, answer), count in self.counts.items()
            if planted not in {"nothing", "undetermined"} and answer not in {"undetermined", "no fall"}
        )

    @property
    def wrong(self) -> int:
        """Answers that name another cause than the planted one."""
        return sum(
            count
            for (planted, answer), count in self.counts.items()
            if planted != "nothing" and answer not in {planted, "undetermined", "no fall"}
        )


def with_noise(pack: Pack, noise: float, seed: int) -> tuple[Scores, DiagnosisSection]:
    """Give the index and its series with relative errors, stated as such; indicators follow their series."""
    section = pack.diagnosis or nothing_known()
    scores = pack.score()
    if not noise:
        return scores, section
    generator = np.random.default_rng([seed, round(1000 * noise)])
    columns = {name: list(cells) for name, cells in section.factors.columns.items()}
    values = np.array(columns["value"], np.float64)
    columns["value"] = (values * np.maximum(1 + noise * generator.standard_normal(len(values)), 0.05)).tolist()
    stated = np.nan_to_num(np.array(columns["standard_error"], np.float64))
    columns["standard_error"] = np.hypot(stated, noise * values).tolist()
    noisy = replace(section, factors=Factors(section.factors.label, columns))
    observed = {name: list(cells) for name, cells in scores.observations.columns.items()}
    panels = factor_panels(noisy.factors, noisy.identities, scores.places, scores.periods)
    parts = parts_of(scores.places, pack.places, scores.recipe.breakdown or "")
    structure = scores.structure
    for node, code in enumerate(structure.codes):
        if not structure.is_leaf(node):
            continue
        rows = scores.panel.rows[..., node]
        if code not in panels:
            for row in rows[rows >= 0]:
                plain = observed["value"][row]
                observed["value"][row] = plain * max(1 + noise * float(generator.standard_normal()), 0.05)
                stated = observed["standard_error"][row]
                observed["standard_error"][row] = float(np.hypot(np.nan_to_num(stated), noise * plain))
            continue
        identity, panel = noisy.identities[code], panels[code]
        made, _ = value_of(identity, panel)
        if identity.places:
            weight = panel.values[identity.series.index(identity.places)]
            for place, members in parts.items():
                if not panel.declared[:, place].any():
                    made[place] = (weight[members] * made[members]).sum(axis=0) / weight[members].sum(axis=0)
        for place, period in np.argwhere((rows >= 0) & np.isfinite(made)):
            observed["value"][rows[place, period]] = float(made[place, period])
    observations = replace(scores.observations, columns=observed)
    again = score(structure, scores.recipe, observations, scores.attributes, pack.places)
    return again, noisy


def city(noise: float, pack: Pack, truth: dict[Key, str], seed: int = 1) -> Confusion:
    """Diagnose the invented city with noise and compare with what was planted."""
    scores, section = with_noise(pack, noise, seed)
    quiet = replace(section, counts=type(section.counts).empty())
    found: dict[Key, Finding] = {
        (one.place, one.node, one.period, one.comparison): one for one in diagnose(scores, quiet, pack.places).findings
    }
    leaves = {code for at, code in enumerate(scores.structure.codes) if scores.structure.is_leaf(at)}
    counts: Counter[tuple[str, str]] = Counter()
    held: dict[str, tuple[int, int]] = {}
    for key, planted in truth.items():
        answer = found[key].cause if key in found else "no fall"
        counts[planted, answer] += 1
    for key, one in found.items():
        if key not in truth and one.node in leaves:
            counts["nothing", one.cause] += 1
        if key in truth and one.cause != "undetermined" and one.stability is not None:
            band = f"{min(int(20 * one.stability) / 20, 0.95):.0%}"
            number, right = held.get(band, (0, 0))
            held[band] = number + 1, right + (one.cause == truth[key])
    return Confusion(noise, counts, dict(sorted(held.items())))


def cities(times: int) -> list[Confusion]:
    """The invented city at every level of noise, so many times each; nothing where it is not there."""
    if not TRUTH.exists():
        return []
    with TRUTH.open(encoding="utf-8") as file:
        truth = {
            (row["place"], row["node"], row["period"], row["comparison"]): row["cause"] for row in csv.DictReader(file)
        }
    pack = load(CITY)
    found = []
    for noise in LEVELS:
        one = city(noise, pack, truth)
        for again in range(2, 1 + (times if noise else 1)):
            other = city(noise, pack, truth, again)
            one.counts.update(other.counts)
            for band, (number, right) in other.held.items():
                old = one.held.get(band, (0, 0))
                one.held[band] = old[0] + number, old[1] + right
        found.append(one)
    return found


def of_city(found: list[Confusion]) -> list[Row]:
    """Wrong answers, the answer rate and how many answers were right."""
    rows = []
    for one in found:
        name = f"invented city, {one.noise:.0%} noise"
        wrong = Row(case=f"{name}: planted causes answered wrongly", value=one.wrong, unit="of all")
        if not one.noise:
            wrong = replace(wrong, ratio=float(one.wrong), target=0)
        rows.append(wrong)
        rows.append(Row(case=f"{name}: answered", value=100 * one.answered / max(one.planted, 1), unit="% of falls"))
        number, right = (sum(pair[at] for pair in one.held.values()) for at in (0, 1))
        rows.append(
            Row(case=f"{name}: right of those held in 80 % of draws", value=100 * right / max(number, 1), unit="%")
        )
    return rows


def confusion_text(one: Confusion) -> str:
    """The table of planted causes by answers, and how right answers were by their stability."""
    answers = [*CAUSES, "no fall"]
    answers = [answer for answer in answers if any(one.counts[planted, answer] for planted in (*CAUSES, "nothing"))]
    shown = [planted for planted in (*CAUSES, "nothing") if any(one.counts[planted, answer] for answer in answers)]
    wide = [max(len(answer), 5) for answer in answers]
    lines = [f"Invented city, {one.noise:.0%} noise: planted (down) by answered (across)"]
    lines.append(" " * 14 + "  ".join(answer.rjust(width) for answer, width in zip(answers, wide, strict=True)))
    for planted in shown:
        cells = (
            str(one.counts[planted, answer] or ".").rjust(width) for answer, width in zip(answers, wide, strict=True)
        )
        lines.append(planted.ljust(14) + "  ".join(cells))
    lines.append("Held in (share of draws): answers, right")
    lines += [f"  {band} and more: {number}, {right / number:.1%}" for band, (number, right) in one.held.items()]
    return "\n".join(lines)


def measure() -> list[Row]:
    """Speed and accuracy."""
    return [*speed(), *synthetic(), *of_city(cities(1))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--full", action="store_true", help="repeat the noise of the city ten times")
    options = parser.parse_args()
    tables = cities(10 if options.full else 1)
    rows = [*speed(), *synthetic(), *of_city(tables)]
    if options.json:
        confusions = [
            {
                "noise": one.noise,
                "counts": [[*pair, count] for pair, count in sorted(one.counts.items())],
                "held": one.held,
            }
            for one in tables
        ]
        sys.stdout.write(json.dumps({"rows": [row.fields() for row in rows], "confusion": confusions}, indent=2) + "\n")
    else:
        print(table(title_of(__doc__), rows))
        for one in tables:
            print(f"\n{confusion_text(one)}")
