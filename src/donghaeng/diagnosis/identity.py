"""Identities, checked against the series and the indicators that they speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from donghaeng.diagnosis.causes import POSITION
from donghaeng.diagnosis.document import Identities, IdentityModel
from donghaeng.diagnosis.formula import Powers, product
from donghaeng.diagnosis.units import BARE, FORM, Unit, parse_unit, scale_between
from donghaeng.documents import Document
from donghaeng.errors import Faults, listed, nearest
from donghaeng.index.structure import Structure
from donghaeng.wording import Language, Text


@dataclass(frozen=True)
class Player:
    """What changes in one step: a factor, or a part of one.

    Attributes:
        name: name of the factor.
        powers: the series it is made of.
        cause: position of its cause.
    """

    name: str
    powers: Powers
    cause: int


@dataclass(frozen=True)
class Identity:
    """The value of an indicator as scale x product of the factors.

    Attributes:
        node: code of the indicator.
        series: names of the series, in the order in which they first stand.
        counted: whether whole numbers of each series are counts, and so exact: those that have a unit.
        players: the factors.
        scale: what the product is multiplied by to be in the unit of the indicator.
        places: series that averages the values of parts; empty for none.
        labels: name of each factor for readers.
    """

    node: str
    series: tuple[str, ...]
    counted: tuple[bool, ...]
    players: tuple[Player, ...]
    scale: float
    places: str
    labels: Mapping[str, Text]

    @property
    def whole(self) -> dict[str, int]:
        """Power of each series in the value; those that cancel are missing."""
        return dict(product(player.powers for player in self.players))

    def split(self) -> tuple[Player, ...]:
        """Give the players when every series of a factor counts as one of its own."""
        return tuple(
            Player(player.name, ((name, power),), player.cause)
            for player in self.players
            for name, power in player.powers
        )

    def merged(self) -> tuple[Player, ...]:
        """Give the players when all factors of a cause are one."""
        causes = dict.fromkeys(player.cause for player in self.players)
        return tuple(
            Player(
                "+".join(player.name for player in self.players if player.cause == cause),
                product(player.powers for player in self.players if player.cause == cause),
                cause,
            )
            for cause in causes
        )


def check_identities(
    model: Identities, document: Document, structure: Structure, faults: Faults
) -> dict[str, Identity]:
    """Check all identities of a pack: codes, series, units.

    Args:
        model: ``identities.yaml``.
        document: its places.
        structure: the tree of the index.
        faults: where faults go.

    Returns:
        The identity of each indicator that has a sound one.
    """
    found = {}
    for code, identity in model.identities.items():
        before = len(faults.errors)
        position = structure.position.get(code)
        if position is None:
            _unknown_node(("identities", code), code, document, structure, faults)
        elif not structure.is_leaf(position):
            line, column = document.place(("identities", code), of_key=True)
            what, expected = f'"{code}" is a composite', "an indicator: composites are added up from theirs"
            faults.add(document.label, line, column, what, expected, "give its indicators identities", "wrong-value")
        _check_series(code, identity, model, document, faults)
        if len(faults.errors) > before or position is None:
            continue
        scale = _scale(code, identity, model, structure.nodes[position].unit, document, faults)
        if scale is not None:
            found[code] = _identity(code, identity, model, float(scale))
    for section in ("wanted", "counts"):
        _check_nodes(section, model, document, structure, faults)
    for code in model.wanted:
        if code in model.identities:
            line, column = document.place(("wanted", code), of_key=True)
            what = f'"{code}" has an identity and a list of what is wanted for one'
            faults.add(document.label, line, column, what, "one of them", "remove one", "wrong-value")
    return found


def check_labels(model: Identities, languages: Sequence[Language], document: Document, faults: Faults) -> None:
    """Report labels that are missing in a language of the pack.

    Args:
        model: ``identities.yaml``.
        languages: the languages of the pack.
        document: its places.
        faults: where faults go.
    """
    labels: list[tuple[tuple[str | int, ...], Text | None]] = [
        *((("series", name, "label"), one.label) for name, one in model.series.items()),
        *((("identities", code, "label"), one.label) for code, one in model.identities.items()),
        *((("counts", name, "label"), one.label) for name, one in model.counts.items()),
        *((("groups", name), label) for name, label in model.groups.items()),
    ]
    for code, identity in model.identities.items():
        labels += [(("identities", code, "factors", name, "label"), of.label) for name, of in identity.factors.items()]
    for code, wanted in model.wanted.items():
        for at, one in enumerate(wanted):
            labels += [(("wanted", code, at, "label"), one.label), (("wanted", code, at, "why"), one.why)]
    for path, label in labels:
        for language in languages:
            if label is not None and language not in label:
                line, column = document.place(path)
                what, expected = f"a text is missing in {language}", "every text in every language of the pack"
                faults.add(document.label, line, column, what, expected, "write it", "missing-value")


def _check_nodes(section: str, model: Identities, document: Document, structure: Structure, faults: Faults) -> None:
    for key, value in getattr(model, section).items():
        code = key if section == "wanted" else value.node
        path = (section, key) if section == "wanted" else (section, key, "node")
        if code is not None and code not in structure.position:
            _unknown_node(path, code, document, structure, faults)


def _unknown_node(path: tuple[str, ...], code: str, document: Document, structure: Structure, faults: Faults) -> None:
    line, column = document.place(path, of_key=path[-1] == code)
    remedy = nearest(code, structure.codes) or "correct the code"
    faults.add(
        document.label, line, column, f'unknown node "{code}"', "a code of structure.csv", remedy, "unknown-code"
    )


def _check_series(code: str, identity: IdentityModel, model: Identities, document: Document, faults: Faults) -> None:
    named: list[tuple[str, tuple[str, ...]]] = [
        (name, ("factors", factor, "formula")) for factor, of in identity.factors.items() for name, _ in of.powers
    ]
    if identity.places:
        named.append((identity.places, ("places",)))
        if identity.places not in {name for name, _ in named[:-1]}:
            line, column = document.place(("identities", code, "places"))
            what, expected = f'"{identity.places}" stands in no formula of {code}', "a series of its formulas"
            faults.add(document.label, line, column, what, expected, "name the series it is divided by", "wrong-value")
    for name, path in named:
        if name not in model.series:
            line, column = document.place(("identities", code, *path))
            remedy = nearest(name, model.series) or "add it under series, with its unit"
            what, expected = f'unknown series "{name}"', f"one of {listed(model.series) or 'the series of this file'}"
            faults.add(document.label, line, column, what, expected, remedy, "unknown-series")


def _scale(
    code: str, identity: IdentityModel, model: Identities, of_node: str, document: Document, faults: Faults
) -> Fraction | None:
    """Give what the product is multiplied by; None, with a fault, where the units do not fit."""
    result: Unit = BARE
    for factor in identity.factors.values():
        for name, power in factor.powers:
            result = result.times(model.series[name].parsed, power)
    path = ("identities", code, "unit") if identity.unit else ("identities", code)
    line, column = document.place(path, of_key=not identity.unit)
    stated = identity.unit or of_node
    try:
        wanted = parse_unit(stated)
    except ValueError:
        what = f'the unit of {code} in structure.csv, "{stated}", cannot be compared'
        remedy = f"write unit: {result} here if that is what the indicator is in"
        faults.add(document.label, line, column, what, FORM, remedy, "unit")
        return None
    scale = scale_between(result, wanted)
    if scale is None:
        what = f"the factors of {code} multiply to {result}, and the indicator is in {stated}"
        remedy = f"correct a formula or a unit, or write unit: {result} if it is the same by another name"
        faults.add(document.label, line, column, what, f"factors that multiply to {wanted}", remedy, "unit")
    return scale


def _identity(code: str, model: IdentityModel, whole: Identities, scale: float) -> Identity:
    series = dict.fromkeys(name for factor in model.factors.values() for name, _ in factor.powers)
    return Identity(
        node=code,
        series=tuple(series),
        counted=tuple(bool(whole.series[name].parsed.powers) for name in series),
        players=tuple(Player(name, of.powers, POSITION[of.cause]) for name, of in model.factors.items()),
        scale=scale,
        places=model.places or "",
        labels={name: of.label for name, of in model.factors.items() if of.label},
    )
