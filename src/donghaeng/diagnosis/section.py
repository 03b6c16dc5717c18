"""The part of a pack that a diagnosis needs: identities, values of series, revisions, counts, groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from donghaeng.diagnosis.cells import Cells
from donghaeng.diagnosis.counts import Counts, read_counts
from donghaeng.diagnosis.document import Identities
from donghaeng.diagnosis.factors import FactorPanel, Factors, factor_panels, read_factors
from donghaeng.diagnosis.groups import Groups, read_groups
from donghaeng.diagnosis.identity import Identity, check_identities, check_labels
from donghaeng.diagnosis.revisions import Revision, read_revisions
from donghaeng.documents import read_model
from donghaeng.errors import Faults, listed
from donghaeng.index.place_means import parts_of
from donghaeng.index.scores import Scores
from donghaeng.places import Place
from donghaeng.sources import Source
from donghaeng.wording import Language

IDENTITIES, FACTORS, REVISIONS, COUNTS, GROUPS = FILES = (
    *("identities.yaml", "factors.csv", "revisions.csv", "counts.csv", "groups.csv"),
)

#: Relative difference of a product and its indicator that is the rounding of floating-point numbers.
CLOSE = 1e-9
#: Products beyond these come from a wrong unit; squares of smaller ones stay numbers.
LEAST_VALUE, MOST_VALUE = 1e-100, 1e100


@dataclass(frozen=True, eq=False)
class DiagnosisSection:
    """What a pack knows of the causes of its index.

    Attributes:
        model: ``identities.yaml``.
        identities: the identity of each indicator that has one.
        factors: values of series.
        revisions: breaks in series.
        counts: monthly or weekly counts.
        groups: who is served and who is in need.
    """

    model: Identities
    identities: Mapping[str, Identity]
    factors: Factors
    revisions: tuple[Revision, ...]
    counts: Counts
    groups: Groups

    def __repr__(self) -> str:
        """Say in a line what it is."""
        return f"DiagnosisSection({len(self.identities)} identities, {len(self.factors)} values)"


def nothing_known() -> DiagnosisSection:
    """Give the section of a pack that has none: every fall lies outside, or cannot be told."""
    return DiagnosisSection(Identities(format=1), {}, Factors.empty(), (), Counts.empty(), Groups.empty())


def read_diagnosis(
    folder: Path,
    label: str,
    scores: Scores,
    places: Sequence[Place],
    sources: Mapping[str, Source] | None,
    is_invented: bool,
    languages: Sequence[Language],
    faults: Faults,
) -> DiagnosisSection | None:
    """Read the section and check it against the index.

    Args:
        folder: the folder of the pack.
        label: how faults name it.
        scores: the index.
        places: places with their tree.
        sources: the sources of the pack; None when they could not be read.
        is_invented: whether the pack is about nobody real.
        languages: languages in which labels are given.
        faults: where faults go.

    Returns:
        The section; None, with faults, where it has any.
    """
    before = len(faults.errors)
    model, document = read_model(folder / IDENTITIES, f"{label}/{IDENTITIES}", Identities, faults)
    if model is None:
        return None
    structure = scores.structure
    identities = check_identities(model, document, structure, faults)
    check_labels(model, languages, document, faults)
    codes = [place.code for place in places] or list(scores.places)
    cells = Cells(codes, sources, is_invented, faults)
    leaves = [code for at, code in enumerate(structure.codes) if structure.is_leaf(at)]
    there = {name for name in FILES if (folder / name).exists()}
    factors = Factors.empty(f"{label}/{FACTORS}")
    if FACTORS in there:
        factors = read_factors(folder / FACTORS, factors.label, model, identities, cells)
    revisions: tuple[Revision, ...] = ()
    if REVISIONS in there:
        revisions = read_revisions(folder / REVISIONS, f"{label}/{REVISIONS}", leaves, identities, cells)
    counts = read_counts(folder / COUNTS, f"{label}/{COUNTS}", model, cells) if COUNTS in there else Counts.empty()
    groups = Groups.empty()
    if GROUPS in there:
        known = set(codes)
        groups = read_groups(folder / GROUPS, f"{label}/{GROUPS}", model, structure.codes, known, cells)
    if len(faults.errors) > before:
        return None
    for code in identities:
        if code not in set(factors.columns["node"]):
            line, column = document.place(("identities", code), of_key=True)
            what, remedy = f"{code} has an identity and no row of {FACTORS}", "add its series, or move it to wanted"
            faults.add(document.label, line, column, what, "values of its series", remedy, "missing-factor")
    panels = factor_panels(factors, identities, scores.places, scores.periods)
    for code, panel in panels.items():
        _check_complete(identities[code], panel, factors, scores, faults)
        _check_product(identities[code], panel, factors, scores, places, faults)
    section = DiagnosisSection(model, identities, factors, revisions, counts, groups)
    return section if len(faults.errors) == before else None


def _check_complete(identity: Identity, panel: FactorPanel, factors: Factors, scores: Scores, faults: Faults) -> None:
    """Report series without a row where others of their node, place and period have one."""
    some, missing = panel.declared.any(axis=0), ~panel.declared
    for place, period in np.argwhere(some & missing.any(axis=0)):
        row = int(panel.rows[:, place, period].max())
        names = [identity.series[at] for at in np.flatnonzero(missing[:, place, period])]
        where = f"{identity.node}, {scores.places[place]}, {scores.periods[period]}"
        what = f"no value of {listed(names)} for {where}"
        remedy = "add the row; if it is not known, a row of kind unknown without value says so"
        line = factors.columns["line"][row]
        faults.add(factors.label, line, 1, what, "every series of the identity", remedy, "missing-factor")


def value_of(identity: Identity, panel: FactorPanel) -> tuple[np.ndarray, np.ndarray]:
    """Give the value that the factors multiply to, and how far rounding may take it, both places x periods."""
    value = np.full(panel.values.shape[1:], identity.scale)
    off = np.zeros(panel.values.shape[1:])
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        for at, name in enumerate(identity.series):
            power = identity.whole.get(name, 0)
            if power:
                value = value * panel.values[at] ** power
                off = off + abs(power) * panel.half_digits[at] / panel.values[at]
        return value, np.abs(value) * off


def _check_product(
    identity: Identity,
    panel: FactorPanel,
    factors: Factors,
    scores: Scores,
    places: Sequence[Place],
    faults: Faults,
) -> None:
    """Report places and periods in which the factors do not multiply to the value of the indicator."""
    node = scores.structure.position[identity.node]
    # As stated: what a recipe fills in or treats is no value that factors multiply to.
    observed, half = scores.panel.values[..., node], scores.panel.half_digits[..., node]
    value, off = value_of(identity, panel)
    for place, period in np.argwhere(panel.complete & ~((value > LEAST_VALUE) & (value < MOST_VALUE))):
        where = f"{identity.node}, {scores.places[place]}, {scores.periods[period]}"
        what = f"the factors of {where} multiply to {value[place, period]:g}"
        row = int(panel.rows[:, place, period].max())
        expected = f"{LEAST_VALUE:g} to {MOST_VALUE:g}"
        line = factors.columns["line"][row]
        faults.add(factors.label, line, 1, what, expected, "check the units of the factors", "identity")
        return
    with np.errstate(invalid="ignore"):
        room = (half + off) * (1 + CLOSE) + CLOSE * np.abs(observed)
        wrong = np.isfinite(observed) & np.isfinite(value) & (np.abs(value - observed) > room)
    for place, period in np.argwhere(wrong):
        row = int(panel.rows[:, place, period].max())
        file, line = scores.observations.location(int(scores.panel.rows[place, period, node]))
        where = f"{identity.node}, {scores.places[place]}, {scores.periods[period]}"
        what = f"the factors of {where} multiply to {value[place, period]:.6g}"
        expected = f"{observed[place, period]:.6g} within rounding, as at {file}:{line}"
        remedy = "correct a factor, the value, or the formula"
        faults.add(factors.label, factors.columns["line"][row], 1, what, expected, remedy, "identity")
    if identity.places:
        _check_parts(identity, panel, factors, scores, places, value, off, faults)


def _check_parts(
    identity: Identity,
    panel: FactorPanel,
    factors: Factors,
    scores: Scores,
    places: Sequence[Place],
    value: np.ndarray,
    off: np.ndarray,
    faults: Faults,
) -> None:
    """Report places whose value is not the average of their parts by the series named for it."""
    node = scores.structure.position[identity.node]
    weights = panel.values[identity.series.index(identity.places)]
    for place, members in parts_of(scores.places, places, scores.recipe.breakdown or "").items():
        if place in scores.parts or panel.declared[:, place].any():
            continue
        observed = scores.panel.values[place, :, node]
        total = weights[members].sum(axis=0)
        mean = (weights[members] * value[members]).sum(axis=0) / total
        room = scores.panel.half_digits[place, :, node] + (weights[members] * off[members]).sum(axis=0) / total
        wrong = np.abs(mean - observed) > room * (1 + CLOSE) + CLOSE * np.abs(observed)
        for period in np.flatnonzero(np.isfinite(observed) & np.isfinite(mean) & wrong):
            file, line = scores.observations.location(int(scores.panel.rows[place, period, node]))
            where = f"{identity.node}, {scores.places[place]}, {scores.periods[period]}"
            what = f"the parts of {where}, weighted by {identity.places}, average {mean[period]:.6g}"
            expected = f"{observed[period]:.6g} within rounding, as at {file}:{line}"
            remedy = "correct the value, a factor, or places in identities.yaml"
            row = int(panel.rows[:, members[0], period].max())
            faults.add(factors.label, factors.columns["line"][row], 1, what, expected, remedy, "identity")
