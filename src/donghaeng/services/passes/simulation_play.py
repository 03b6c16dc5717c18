"""A made-up month, played through the real service: sales in bulk, desks one by one, taps as files, then the books.

A service day runs so: desks stop, replace, refund and decide; what was sold is recorded; people ride, and gates answer
by lists of a certain age. On the next morning the files of the readers arrive, rides are made, missing tags counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import bindparam, select

from donghaeng.ledger.statement import Statement
from donghaeng.services.passes.bulk import Sale, sell_many
from donghaeng.services.passes.cards import replace_medium, stop_medium
from donghaeng.services.passes.charging import receive_payment, return_payment
from donghaeng.services.passes.claims import decide_claim, fix_rule, open_claim
from donghaeng.services.passes.day_files import DayFiles
from donghaeng.services.passes.fares import FareRules
from donghaeng.services.passes.gate import code_book
from donghaeng.services.passes.medium import medium_number, seconds
from donghaeng.services.passes.missing_alights import count_missing
from donghaeng.services.passes.refunds import ask_refund, pay_refund
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.rides import RideSettings, update_rides
from donghaeng.services.passes.schema import periods
from donghaeng.services.passes.service import PassService, Who
from donghaeng.services.passes.simulation import MADE_UP, PassSimulation, SaleMix
from donghaeng.services.passes.simulation_files import TapSending
from donghaeng.services.passes.simulation_rides import NEVER, Media, RideDraw
from donghaeng.services.passes.taps import Taps
from donghaeng.services.passes.use_figures import values_of
from donghaeng.services.passes.waivers import waive

if TYPE_CHECKING:
    from numpy.random import Generator

SELLER = Who(f"{MADE_UP}-machines", f"{MADE_UP}-machine")
RETURNER = Who(SELLER.organisation, f"{MADE_UP}-payer")
DESK = Who(f"{MADE_UP}-desk", f"{MADE_UP}-desk")
PAYER = Who(f"{MADE_UP}-desk", f"{MADE_UP}-payer")

#: Sales in one commit.
AT_ONCE = 1_000

_CHARGED = Statement(
    select(periods.c.charge, periods.c.starts, periods.c.ends, periods.c.category, periods.c.price).where(
        periods.c.charged_on == bindparam("day")
    )
)


@dataclass
class PlayedPasses:
    """What was played.

    Attributes:
        counts: how often each thing happened.
        refused: what the service refused, by code of the refusal.
        answers: taps by answer of the gate.
        days: last service day played.
    """

    counts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    days: tuple[date, date] = (date.min, date.min)


@dataclass(slots=True)
class _Held:
    """A card as it is played."""

    card: str
    mix: SaleMix
    person: str | None
    place: int
    row: int = -1
    charge: str = ""


class PassPlay:
    """Plays service days one after the other."""

    def __init__(
        self,
        model: PassSimulation,
        service: PassService,
        files: DayFiles,
        folder: Path,
        *,
        seed: int,
        last_day: date,
        days: int,
        set_clock: Callable[[datetime], object],
    ) -> None:
        """Put it together.

        Args:
            model: what is drawn.
            service: where it is recorded; its ledger has persons, and is empty but for the entry that says so.
            files: the day files of that ledger.
            folder: for tap files on their way.
            seed: other seeds draw other months; the same seed the same.
            last_day: last service day.
            days: how many service days.
            set_clock: told the time before each report.
        """
        self.model, self.service, self.files, self._folder = model, service, files, folder
        self._set_clock = set_clock
        self._draw: Generator = np.random.default_rng([seed, 1])
        self.first, self.last = last_day - timedelta(days=days - 1), last_day
        self._days = days
        section = service.section
        self.rides = RideDraw(model, section, np.random.default_rng([seed, 2]))
        self._sending = TapSending(self.rides, folder, np.random.default_rng([seed, 3]))
        self._taps = Taps(
            service.ledger, files, tolerance=timedelta(minutes=section.setting("clock_tolerance_minutes", 10))
        )
        self._ride_settings = RideSettings(longest=timedelta(hours=section.setting("longest_ride_hours", 5)))
        self._book = code_book(section)
        self.fares = FareRules(service.policy)
        self.distances = self.rides.distances()
        self.media = Media()
        self._cards: list[_Held] = []
        self._by_card: dict[str, _Held] = {}
        self._known_blocks: dict[str, int] = {}
        self._mixes = list(model.sales.values())
        self._number = 0
        self.played = PlayedPasses(days=(self.first, self.last))

    def run(self, cards: int, progress: Callable[[int, int], object] | None = None) -> PlayedPasses:
        """Play the days.

        Args:
            cards: how many cards are sold.
            progress: told how many days are done.
        """
        arrivals = self._arrivals(cards)
        for number in range(self._days):
            self._day(number, arrivals[number])
            if progress is not None:
                progress(number + 1, self._days)
        self._at(self.service.section.days.end(self.last) + self._ride_settings.longest + timedelta(hours=1))
        self._receive(self._days, None)
        self._count()
        return self.played

    def _arrivals(self, cards: int) -> list[int]:
        """Spread sales over days."""
        arrivals = self.model.arrivals
        first = min(arrivals.first_days, self._days)
        shares = np.zeros(self._days)
        shares[:first] = (arrivals.share if self._days > first else 1.0) / first
        if self._days > first:
            shares[first:] = (1 - arrivals.share) / (self._days - first)
        return [int(count) for count in self._draw.multinomial(cards, shares)]

    def _day(self, number: int, cards: int) -> None:
        day = self.first + timedelta(days=number)
        days = self.service.section.days
        self._desk(day)
        if number == 0:
            self._at(days.start(day) + timedelta(minutes=1))
            self._fix()
        self._at(days.end(day) - timedelta(minutes=1))
        self._sell([*self._new(day, cards), *self._later(day, again=False)], day)
        stuck = self.model.trouble.stuck_day == number + 1
        taps, answered = self.rides.day(day, self.media, stuck)
        self._sell(self._later(day, again=True), day)
        self._strange_payments(cards)
        self._at(days.end(day) + timedelta(hours=1))
        self._receive(number, taps)
        self._count()
        if stuck:
            self._waive(day)
        counts = self.played.counts
        counts["gates asked"] += answered.sampled
        counts["gates answered otherwise"] += answered.differing
        counts["boarding taps"] += answered.boardings
        counts["wrong refusals"] += answered.wrong_refusals
        counts["wrong acceptances"] += answered.wrong_acceptances
        counts["rides without an alighting tap"] += answered.missing
        self.played.answers.update({name: count for name, count in answered.answers.items() if count})

    def _at(self, at: datetime) -> None:
        self._set_clock(at)

    def _key(self) -> str:
        self._number += 1
        return f"{MADE_UP} {self._number}"

    def _fix(self) -> None:
        for rule in self.model.fixed:
            fix_rule(
                self.service,
                PAYER,
                self._key(),
                setting=rule.rule,
                choose=rule.choose,
                fixed_by=f"{MADE_UP} head of passes",
                reason=f"{MADE_UP}, so that refunds can be paid",
            )

    # Sales

    def _new(self, day: date, cards: int) -> list[tuple[_Held, Sale]]:
        weights = np.array([mix.weight for mix in self._mixes], dtype=float)
        found = []
        for number in self._draw.choice(len(weights), size=cards, p=weights / weights.sum()):
            mix = self._mixes[int(number)]
            # Nobody stands behind a made-up pseudonym, so no map leads to it.
            person = self.service.new_id() if mix.registered else None
            held = _Held(self.service.new_id(), mix, person, len(self._cards))
            self._cards.append(held)
            self._by_card[held.card] = held
            found.append((held, self._sale(held, day, self.service.new_id())))
        return found

    def _sale(self, held: _Held, day: date, medium: str) -> Sale:
        mix = held.mix
        opens = self.service.section.days.start(day)
        at = opens + timedelta(seconds=int(self._draw.integers(2 * 3600, 18 * 3600)))
        start = None
        if self.service.section.model.products[mix.product].start == "chosen" and mix.start_days and held.row < 0:
            start = day + timedelta(days=int(self._draw.integers(mix.start_days + 1)))
        return Sale(
            self.service.new_id(),
            held.card,
            medium,
            mix.medium,
            mix.product,
            mix.channel,
            mix.payment,
            at,
            start,
            mix.category,
            held.person,
            mix.facts,
            mix.told,
        )

    def _later(self, day: date, *, again: bool) -> list[tuple[_Held, Sale]]:
        """Give the sales to those whose period is over: charged again on its last day where the product allows it."""
        media, products = self.media, self.service.section.model.products
        over = day.toordinal() - (0 if again else 1)
        found = []
        for row in np.flatnonzero((media["ends"] == over) & (media["stopped"] == NEVER)).tolist():
            held = self._cards[int(media["card"][row])]
            if products[held.mix.product].again == again and self._draw.random() < held.mix.again:
                found.append((held, self._sale(held, day, "")))
        return found

    def _sell(self, sales: list[tuple[_Held, Sale]], day: date) -> None:
        if not sales:
            return
        sales.sort(key=lambda pair: (pair[1].at, pair[1].sale))
        refused = sell_many(self.service, SELLER, [sale for _, sale in sales], AT_ONCE)
        self.played.refused.update(f"sale: {one.code}" for one in refused)
        gone = {one.sale for one in refused}
        self.played.counts["sales"] += len(sales) - len(gone)
        rows = {row[0]: row[1:] for row in self.service.ledger.store.query(_CHARGED, {"day": day.isoformat()})}
        for held, sale in sales:
            if sale.sale in gone:
                continue
            starts, ends, category, _ = rows[sale.sale]
            held.charge = sale.sale
            values: dict[str, int | float] = {
                "starts": date.fromisoformat(starts).toordinal(),
                "ends": date.fromisoformat(ends).toordinal(),
                "charged": seconds(sale.at),
                "category": self._book.category(category),
            }
            if held.row < 0:
                product = self.service.section.model.products[held.mix.product]
                values |= {
                    "number": medium_number(sale.medium),
                    "card": held.place,
                    "rights": self.rides.rights.index(product.rights),
                    "product": self._book.product(held.mix.product),
                    "used": self._used(held.mix),
                }
                held.row = self.media.add(**values)
            else:
                for name, value in values.items():
                    self.media[name][held.row] = value

    def _used(self, mix: SaleMix) -> float:
        """Draw how often a pass is used, around the mean of its mix."""
        spread, mean = self.model.riding.spread, mix.days_used
        if not spread or not 0 < mean < 1:
            return mean
        size = (1 - spread) / spread
        return float(self._draw.beta(mean * size, (1 - mean) * size))

    def _strange_payments(self, cards: int) -> None:
        """Tell payments for orders that nobody knows; most of them are given back."""
        for _ in range(int(self._draw.binomial(max(cards, 1), self.model.trouble.strange_payments))):
            payment = self.service.new_id()
            receive_payment(
                self.service, SELLER, payment=payment, order=self.service.new_id(), amount=1000, means=self._means()
            )
            self.played.counts["payments for unknown orders"] += 1
            if self._draw.random() < 0.8:
                return_payment(self.service, RETURNER, self._key(), payment=payment)
                self.played.counts["payments returned"] += 1

    def _means(self) -> str:
        return self._mixes[0].payment

    # Desks

    def _desk(self, day: date) -> None:
        """Let desks work, from the third hour of the service day to the thirteenth."""
        trouble, ordinal = self.model.trouble, day.toordinal()
        media = self.media
        running = (media["starts"] <= ordinal) & (ordinal <= media["ends"]) & (media["stopped"] == NEVER)
        chance = self._draw.random(media.size)
        lost = np.flatnonzero(running & (chance < trouble.lost)).tolist()
        registered = np.array([self._cards[int(card)].mix.registered for card in media["card"]], dtype=bool)
        limit = trouble.lost + trouble.refunds
        refunded = np.flatnonzero(running & registered & (chance >= trouble.lost) & (chance < limit)).tolist()
        claimed = np.flatnonzero(running & (chance >= limit) & (chance < limit + trouble.claims)).tolist()
        work: list[tuple[str, int]] = [("lost", row) for row in lost]
        work += [("refund", row) for row in refunded] + [("claim", row) for row in claimed]
        charges = {self._cards[int(media["card"][row])].charge for row in (*lost, *refunded)}
        until = day - timedelta(days=1)
        used = (
            values_of(self.service, self.files, self.fares, charges, until, self.distances)
            if until >= self.first
            else {}
        )
        opens = self.service.section.days.start(day) + timedelta(hours=3)
        for at, (what, row) in self._spread(opens, work):
            held = self._cards[int(media["card"][row])]
            try:
                if what == "lost":
                    self._lost(held, at, used.get(held.charge, 0))
                elif what == "refund":
                    self._refund(held, at, used.get(held.charge, 0))
                else:
                    self._claim(held, at)
            except PassRefusedError as error:
                self.played.refused[f"{what}: {error.code}"] += 1

    def _spread(self, opens: datetime, work: list[tuple[str, int]]) -> Iterator[tuple[datetime, tuple[str, int]]]:
        """Give each piece of work its own minutes of the day."""
        self._draw.shuffle(work)
        step = timedelta(hours=10) / max(len(work), 1)
        for number, one in enumerate(work):
            yield (opens + number * step).replace(microsecond=0), one

    def _stop(self, held: _Held, at: datetime, cause: str) -> None:
        self._at(at)
        stop_medium(self.service, DESK, self._key(), card=held.card, cause=cause, place=f"{MADE_UP}-desk")
        self.media["stopped"][held.row] = seconds(at)
        self.media["used"][held.row] *= 0.05

    def _pay_back(self, held: _Held, cause: str, used: int) -> None:
        refund = self.service.new_id()
        ask_refund(
            self.service,
            DESK,
            self._key(),
            charge=held.charge,
            cause=cause,
            used_transit=used,
            bike_days=0,
            refund=refund,
        )
        self.media["stopped"][held.row] = min(self.media["stopped"][held.row], seconds(self.service.clock()))
        self.played.counts["refunds asked"] += 1
        paid = pay_refund(self.service, PAYER, self._key(), refund=refund)
        self.played.counts["refunds paid"] += 1
        self.played.counts["refunds paid, amount"] += paid.paid or 0

    def _refund(self, held: _Held, at: datetime, used: int) -> None:
        if self.service.policy.medium(held.mix.medium).stop_first:
            self._stop(held, at, "refund")
        else:
            self._at(at)
        self._pay_back(held, "other", used)

    def _lost(self, held: _Held, at: datetime, used: int) -> None:
        self._stop(held, at, "lost")
        self.played.counts["media lost"] += 1
        if held.mix.registered:
            try:
                self._pay_back(held, "lost", used)
            except PassRefusedError as error:
                self.played.refused[f"refund of a lost medium: {error.code}"] += 1
        old = held.row
        if self._draw.random() < 0.5:
            self.media["tried"][old] = seconds(at) + int(self._draw.integers(60, 6 * 3600))
        self.media["used"][old] = 0
        card = replace_medium(self.service, DESK, self._key(), card=held.card, medium=held.mix.medium, cause="lost")
        self.played.counts["media replaced"] += 1
        values = {name: int(self.media[name][old]) for name in ("card", "rights", "product", "category")}
        held.row = self.media.add(
            number=medium_number(card.medium),
            starts=NEVER,
            ends=0,
            used=self._used(held.mix),
            charged=seconds(at),
            **values,
        )
        # The period does not go over to the new medium, so most buy a new one on the same day.
        if self._draw.random() < max(held.mix.again, 0.5):
            self._waiting_sale(held)

    def _waiting_sale(self, held: _Held) -> None:
        """Let a card be charged again on the day that is played."""
        day = self.service.day().toordinal()
        products = self.service.section.model.products
        self.media["ends"][held.row] = day - (0 if products[held.mix.product].again else 1)

    def _claim(self, held: _Held, at: datetime) -> None:
        self._at(at)
        subject = f"{MADE_UP}: the gate read the card twice"
        claim = open_claim(self.service, DESK, self._key(), card=held.card, subject=subject, charge=held.charge or None)
        self.played.counts["claims"] += 1
        upheld = bool(self._draw.random() < 0.6)
        decided = decide_claim(
            self.service,
            DESK,
            self._key(),
            claim=claim.claim,
            upheld=upheld,
            reason=f"{MADE_UP}: by the evidence of the card",
            amount=self.model.trouble.claim_amount if upheld else 0,
        )
        if upheld and decided.refund:
            pay_refund(self.service, PAYER, self._key(), refund=decided.refund)
            self.played.counts["claims paid"] += 1

    # Taps

    def _receive(self, number: int, taps: Any) -> None:
        counts = self.played.counts
        again = number % self.model.trouble.file_again_every == 0
        for path, source in self._sending.files(number, taps):
            for time in range(2 if again else 1):
                found = self._taps.receive(path, source)
                counts["tap files"] += 1
                if time:
                    counts["tap files received before"] += found.known
                    continue
                counts["taps"] += found.new
                counts["taps repeated"] += found.repeated
                counts["taps disputed"] += found.disputed
                counts["taps refused"] += sum(found.refused.values())
            path.unlink()

    def _count(self) -> None:
        """Make rides, count missing tags, and let gates know the blocks that follow."""
        now = self.service.clock()
        update_rides(self.files, now, self._ride_settings)
        self._take_blocks(count_missing(self.service, self.files))

    def _take_blocks(self, cards: list[str]) -> None:
        now = seconds(self.service.clock())
        for card in sorted(set(cards)):
            held = self._by_card.get(card)
            if held is None:
                continue
            latest = None
            for block in self.service.state.blocks_of(card):
                if block.block not in self._known_blocks:
                    self._known_blocks[block.block] = now
                    self.played.counts["blocks"] += 1
                if block.lifted_at is not None and f"lifted {block.block}" not in self._known_blocks:
                    self._known_blocks[f"lifted {block.block}"] = now
                    self.played.counts["blocks lifted"] += 1
                if latest is None or block.starts >= latest.starts:
                    latest = block
            if latest is not None and latest.ends is not None:
                self.media["blocked"][held.row] = self._known_blocks[latest.block]
                self.media["block_ends"][held.row] = seconds(datetime.fromisoformat(latest.ends))
                self.media["lifted"][held.row] = self._known_blocks.get(f"lifted {latest.block}", NEVER)

    def _waive(self, day: date) -> None:
        """Lift what the hour in which readers failed came to."""
        line = self.model.trouble.stuck_line
        if line is None:
            return
        begins = self.service.section.days.start(day)
        lifted = waive(
            self.service,
            f"{MADE_UP}-waiver-{day.isoformat()}",
            begins + timedelta(hours=4),
            begins + timedelta(hours=5),
            reason=f"{MADE_UP}: readers of the line failed",
            granted_by=f"{MADE_UP} operator",
            line=line,
        )
        self.played.counts["missing tags waived"] += lifted
        cards = [one.card for one in self._cards if one.row >= 0 and self.media["blocked"][one.row] < NEVER]
        self._take_blocks(cards)
