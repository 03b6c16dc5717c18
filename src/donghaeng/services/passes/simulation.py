"""What a made-up month of passes is drawn from: ``service/passes-simulation.yaml``.

Nothing drawn says anything about a real person, line or place. Shares and means that are taken from published
figures are named under ``calibrated`` with their sources: what was put in is no finding when it comes out again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from donghaeng.documents import Day, Document, Model, read_model
from donghaeng.errors import Faults, listed, nearest
from donghaeng.rules.document import Citation, Code, Name
from donghaeng.rules.types import FactError
from donghaeng.services.passes.policy import Policy
from donghaeng.services.passes.section import PassesSection
from donghaeng.services.passes.station_rights import BOTH, coverage_of
from donghaeng.wording import Text

FILE = "service/passes-simulation.yaml"
#: What the names of made-up readers, places, organisations and accounts begin with.
MADE_UP = "simulated"

Weight = Annotated[int, Field(ge=0, le=1_000_000)]
Share = Annotated[float, Field(ge=0, le=1)]
Citations = Annotated[tuple[Citation, ...], Field(strict=False)]
FactValue = str | int | bool | Annotated[tuple[str, ...], Field(strict=False)]


class Calibrated(Model):
    """A published figure that the month is made to look like; it is no result of the month.

    Attributes:
        title: what it is.
        value: the figure.
        cite: where it stands.
    """

    title: Text
    value: float
    cite: Citations


class Arrivals(Model):
    """When cards are sold.

    Attributes:
        first_days: days at the beginning that count apart.
        share: share of cards sold on these days; the others are spread over the rest.
    """

    first_days: Annotated[int, Field(ge=1)]
    share: Share


class SaleMix(Model):
    """One way in which cards are sold.

    Attributes:
        weight: how often, among all.
        product: product.
        category: category of the rider; None for the usual one.
        medium: kind of medium.
        channel: where.
        payment: means of payment.
        told: what the table of channels asks beside.
        facts: what is shown for a category that must be verified.
        registered: whether the card is registered to somebody.
        start_days: most days from the charge to the first day, where the day may be chosen.
        days_used: share of the days of the period on which the pass is used, on average.
        again: share that charges the same again when the period is over.
    """

    weight: Weight
    product: Code
    category: Code | None = None
    medium: Code
    channel: Code
    payment: Code
    told: Annotated[dict[Name, FactValue], Field(default_factory=dict)]
    facts: Annotated[dict[Name, FactValue], Field(default_factory=dict)]
    registered: bool = False
    start_days: Annotated[int, Field(ge=0, le=30)] = 0
    days_used: Share
    again: Share = 0.0


class DrawnLine(Model):
    """A made-up line with made-up places at equal distances, known by the name of a real one or not.

    Attributes:
        weight: how many rides, among all.
        places: number of its places.
        metres: made-up distance between two places that follow one another.
        minutes: made-up time between them.
        readers: readers at each place, or on each vehicle.
        vehicles: number of vehicles that carry the readers; 0 where they stand at places.
        source: who sends the taps.
        facts: what the table of coverage asks of its places.
    """

    weight: Weight
    places: Annotated[int, Field(ge=2, le=200)]
    metres: Annotated[int, Field(ge=1)]
    minutes: Annotated[float, Field(gt=0)]
    readers: Annotated[int, Field(ge=1, le=100)] = 1
    vehicles: Annotated[int, Field(ge=0, le=1_000)] = 0
    source: Name
    facts: Annotated[dict[Name, FactValue], Field(default_factory=dict)]


class Riding(Model):
    """How passes are used.

    Attributes:
        rides: weights of one ride on a day of use, of two, and so on.
        spread: how far cards differ in their days of use; 0 not at all, near 1 very much.
        weekend: how often a pass is used on Saturday and Sunday, as a multiple of the other days.
        hours: weights of the hours, from that in which the service day begins.
        transfers: share of rides that go on within minutes of the ride before.
    """

    rides: Annotated[tuple[Weight, ...], Field(strict=False, min_length=1, max_length=20)]
    spread: Annotated[float, Field(ge=0, lt=1)] = 0.0
    weekend: Annotated[float, Field(ge=0, le=2)] = 1.0
    hours: Annotated[tuple[Weight, ...], Field(strict=False, min_length=1, max_length=22)]
    transfers: Share = 0.0


class Trouble(Model):
    """What goes wrong, as shares. All of it is invented.

    Attributes:
        missing: rides without an alighting tap.
        after_end: passes that are over, tried once on the day after.
        late_readers: readers whose taps of a day arrive days later.
        late_days: most days later.
        twice: taps that are sent again in the next file.
        file_again_every: days after which a whole file is sent again.
        list_minutes: minutes from one deny list to the next at the gates.
        lost: of cards a day: the medium is lost, stopped and replaced.
        refunds: of cards a day: a refund is asked for.
        claims: of cards a day: a claim is opened.
        claim_amount: what is granted to an upheld claim.
        strange_payments: of sales: a payment for an order that nobody knows.
        unmatched: of payments: the provider does not know it, or says another amount.
        stuck_line: a line on which readers fail for an hour.
        stuck_day: the day on which they do, from 1; None for never. A waiver lifts what follows.
    """

    missing: Share = 0.0
    after_end: Share = 0.0
    late_readers: Share = 0.0
    late_days: Annotated[int, Field(ge=1, le=10)] = 3
    twice: Share = 0.0
    file_again_every: Annotated[int, Field(ge=1)] = 7
    list_minutes: Annotated[int, Field(ge=1, le=1440)] = 60
    lost: Share = 0.0
    refunds: Share = 0.0
    claims: Share = 0.0
    claim_amount: Annotated[int, Field(ge=1)] = 1
    strange_payments: Share = 0.0
    unmatched: Share = 0.0
    stuck_line: str | None = None
    stuck_day: Annotated[int, Field(ge=1)] | None = None


class FixedRule(Model):
    """What a made-up role fixes of a rule that is open, so that refunds can be paid.

    Attributes:
        rule: role and row, such as ``refund/lost_or_defective``.
        choose: ``least`` or ``most``.
    """

    rule: str
    choose: Code


class PassSimulation(Model):
    """The content of ``service/passes-simulation.yaml``.

    Attributes:
        note: says that it is made up, and from what.
        calibrated: published figures that it is made to look like, by name.
        last_day: last service day, when the call does not say.
        days: how many service days, when the call does not say.
        cards: how many cards, when the call does not say.
        arrivals: when cards are sold.
        sales: how they are sold.
        lines: what is ridden, by the name of the line as gates give it.
        riding: how.
        trouble: what goes wrong.
        fixed: rules that are fixed on the first day.
    """

    note: Text
    calibrated: Annotated[dict[Name, Calibrated], Field(default_factory=dict)]
    last_day: Day
    days: Annotated[int, Field(ge=1, le=366)]
    cards: Annotated[int, Field(ge=1, le=1_000_000)]
    arrivals: Arrivals
    sales: Annotated[dict[Name, SaleMix], Field(min_length=1)]
    lines: Annotated[dict[str, DrawnLine], Field(min_length=1)]
    riding: Riding
    trouble: Trouble
    fixed: Annotated[tuple[FixedRule, ...], Field(strict=False)] = ()


def read_pass_simulation(
    folder: Path, label: str, section: PassesSection, faults: Faults, sources: Mapping[str, object] | None = None
) -> PassSimulation | None:
    """Read ``service/passes-simulation.yaml``.

    Args:
        folder: folder of the pack.
        label: how faults name the folder.
        section: the passes that its codes and facts are held against.
        faults: where faults go.
        sources: sources of the pack by id; None where they are not looked at.

    Returns:
        What it says; None where it has faults.
    """
    before = len(faults.errors)
    model, document = read_model(folder / FILE, f"{label}/{FILE}", PassSimulation, faults)
    if model is None:
        return None
    checks = _Checks(section, document, faults)
    checks.check(model)
    if sources is not None:
        checks.check_sources(model, sources)
    return None if len(faults.errors) > before else model


class _Checks:
    """Holds the file to the section and the tables of its pack."""

    def __init__(self, section: PassesSection, document: Document, faults: Faults) -> None:
        self.section, self.document, self.faults = section, document, faults
        self.policy = Policy(section)

    def check(self, model: PassSimulation) -> None:
        """Check everything; faults go where the constructor said."""
        for name, mix in model.sales.items():
            self._sale(name, mix)
        routes = self.section.model.fares.routes if self.section.model.fares is not None else {}
        for name, line in model.lines.items():
            if routes and name not in routes:
                self._fault(("lines", name), f'no line "{name}"', "a line of fares.routes", nearest(name, routes) or "")
            self._line(name, line)
        stuck = model.trouble.stuck_line
        if stuck is not None and stuck not in model.lines:
            hint = nearest(stuck, model.lines) or ""
            self._fault(("trouble", "stuck_line"), f'no line "{stuck}"', "a line of this file", hint)
        weights = {
            ("sales",): sum(one.weight for one in model.sales.values()),
            ("lines",): sum(one.weight for one in model.lines.values()),
            ("riding", "rides"): sum(model.riding.rides),
            ("riding", "hours"): sum(model.riding.hours),
        }
        for path, weight in weights.items():
            if not weight:
                self._fault(path, "all weights are 0", "a weight above 0", "")
        if model.arrivals.share < 1 and model.arrivals.first_days >= model.days:
            self._fault(("arrivals", "first_days"), "no day is left for the other cards", f"less than {model.days}", "")

    def check_sources(self, model: PassSimulation, sources: Mapping[str, object]) -> None:
        """Hold what is calibrated to the sources of the pack."""
        for name, one in model.calibrated.items():
            for cited in one.cite:
                if cited.source not in sources:
                    hint = nearest(cited.source, sources) or "add it to sources.yaml"
                    self._fault(("calibrated", name, "cite"), f'no source "{cited.source}"', "a source", hint)

    def _sale(self, name: str, mix: SaleMix) -> None:
        model, path = self.section.model, ("sales", name)
        groups: tuple[tuple[str, Any], ...] = (
            ("product", model.products),
            ("category", model.categories),
            ("medium", model.media),
            ("channel", model.channels),
            ("payment", model.payments),
        )
        for group, known in groups:
            code = getattr(mix, group)
            if code is not None and code not in known:
                self._fault((*path, group), f'no {group} "{code}"', listed(known), nearest(code, known) or "")
        if mix.category in model.categories and model.categories[mix.category].verified and not mix.registered:
            self._fault((*path, "category"), "must be verified", "registered: true", "register the card")
        for role, facts in (("eligibility", mix.facts), ("channel", mix.told)):
            if facts and not self.policy.has(role):  # type: ignore[arg-type]
                self._fault(path, f"facts for {role}, of which the pack has no table", "no such facts", "remove them")
            elif facts:
                key = "facts" if role == "eligibility" else "told"
                self._facts((*path, key), facts, self.policy.tables[role].table.all_inputs)  # type: ignore[index]

    def _line(self, name: str, line: DrawnLine) -> None:
        coverage = coverage_of(self.policy)
        if coverage is None:
            if line.facts:
                self._fault(("lines", name, "facts"), "the pack has no table of coverage", "no facts", "remove them")
            return
        self._facts(("lines", name, "facts"), line.facts, coverage.table.table.all_inputs)

    def _facts(self, path: tuple[str, ...], facts: dict[str, Any], inputs: Any) -> None:
        for name, value in facts.items():
            if name not in inputs:
                self._fault((*path, name), f'unknown fact "{name}"', listed(inputs), nearest(name, inputs) or "")
                continue
            try:
                inputs[name].type.from_json(value)
            except FactError as error:
                self._fault((*path, name), error.what, error.expected, error.remedy)

    def _fault(self, path: tuple[str, ...], what: str, expected: str, remedy: str) -> None:
        line, column = self.document.place(path)
        self.faults.add(self.document.label, line, column, what, expected, remedy or "change it", "wrong-value")


def lines_open(policy: Policy, model: PassSimulation, day: Any, rights: tuple[str, ...]) -> list[bool]:
    """Say for each line, in order, whether a pass with such rights boards and alights on it on a service day."""
    coverage = coverage_of(policy)
    if coverage is None:
        return [True] * len(model.lines)
    found = []
    for line in model.lines.values():
        facts = coverage.table.facts_from_json(dict(line.facts))
        found.append(coverage.right(day, facts, rights)[0] == BOTH)
    return found
