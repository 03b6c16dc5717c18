"""The decision of a gate: open or not, alone, from what the medium carries, its lists and the rights of its place.

The first question that is answered with no decides: can the medium be read and is it signed for itself; was it held to
this reader just now (then the first answer counts again); is it denied or blocked; is there a pass, has it started, is
it over; is the place known and open, and may one board, or alight, here with these add-ons; has the card let somebody
in just now. Cities publish no such order; this one follows from the rules.

No rule is run and nothing is asked of anybody: what depends on rules was decided beforehand (`station_rights`), what
depends on people stands in signed lists (`lists`) or on the medium (`medium`). A list that is too old is an alarm and
no reason to close a gate: the medium itself says what was paid.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Literal, NamedTuple

from donghaeng.errors import UsageError, listed
from donghaeng.services.passes.lists import CAUSES, MediaList, age
from donghaeng.services.passes.medium import Carried, CodeBook, MediumError, VerifyKey, check_slot, moment_of, slots
from donghaeng.services.passes.medium import seconds as seconds_of
from donghaeng.services.passes.section import PassesSection
from donghaeng.services.passes.service_day import ServiceDays
from donghaeng.services.passes.station_rights import ALIGHT, BOTH, CLOSED, NONE, UNDETERMINED, PlaceRights

Direction = Literal["board", "alight"]

#: Every reason that a gate gives; each needs words.
REASONS = (
    *("ok", "ok_alight", "unknown_medium", "unreadable", "forged", "stopped", "blocked", "no_pass", "not_started"),
    *("expired", "no_boarding_here", "out_of_area", "addon_missing", "right_unknown", "unknown_place", "closed"),
    *("pass_back", "rules_too_old"),
)
#: What is wrong with a slot of a medium, as a gate says it.
SAID: Mapping[str, str] = {
    "unreadable": "unreadable",
    "copied": "forged",
    "forged": "forged",
    "unknown_key": "unknown_medium",
    "expired_key": "unknown_medium",
}
#: Causes on a deny list that say "blocked, for a time"; all others are "stopped".
BLOCKED = CAUSES.index("blocked")
#: Media that a gate remembers, for repeated taps and passing back.
MOST_REMEMBERED = 20_000


class GateAnswer(NamedTuple):
    """What a gate answers to a tap.

    Attributes:
        open: whether it opens.
        reason: code of the reason.
        colour: colour of its light.
        sound: code of its sound.
        words: what it shows, by language.
        remaining_days: service days that are left, today included; None without a running period.
        alarm: ``stale_list`` or ``stale_rights`` when the gate itself must be looked after; empty otherwise.
        repeated: whether this is the first answer again, to a medium held twice to the same reader.
    """

    open: bool
    reason: str
    colour: str
    sound: str
    words: Mapping[str, str]
    remaining_days: int | None
    alarm: str
    repeated: bool


@dataclass(frozen=True)
class Signals:
    """What gates show and say.

    Attributes:
        words: words by reason and language.
        colours: colour by category of the rider, when the gate opens.
        usual: colour when it opens, of a category without one of its own.
        refused: colour when it does not.
        accepted_sound: code of the sound when it opens.
        refused_sound: code of the sound when it does not.
    """

    words: Mapping[str, Mapping[str, str]]
    colours: Mapping[str, str]
    usual: str = "green"
    refused: str = "red"
    accepted_sound: str = "accepted"
    refused_sound: str = "refused"

    def __post_init__(self) -> None:
        """Refuse signals that leave a reason without words."""
        if silent := [reason for reason in REASONS if not self.words.get(reason)]:
            raise UsageError(f"gates have no words for {listed(silent, 20)}; write them under gates.words of the pack")


@dataclass(frozen=True)
class GateSettings:
    """What a gate must know beside rules; times in seconds.

    Attributes:
        repeat: a medium that is held to the same reader again within this gets the first answer again.
        pass_back: a medium that boarded here and boards here again within this is refused; 0 is off.
        list_alarm: age of a list from which on it is an alarm.
        longest_ride: a ride that began inside the period may end so long after it; 0 for not at all.
    """

    repeat: int = 10
    pass_back: int = 0
    list_alarm: int = 86_400
    longest_ride: int = 5 * 3600


@dataclass(frozen=True)
class GateRules:
    """What a gate is given, beside the lists: made by the office, the same for all gates but for `rights`.

    Attributes:
        version: 16 hexadecimal digits that stand for pack, tables and settings.
        days: how moments become service days.
        book: what the small numbers on media stand for.
        rights: what its place allows.
        signals: what it shows and says.
        settings: what else it must know.
        keys: keys that it trusts, by number.
    """

    version: str
    days: ServiceDays
    book: CodeBook
    rights: PlaceRights | None
    signals: Signals
    settings: GateSettings = field(default_factory=GateSettings)
    keys: Mapping[int, VerifyKey] = field(default_factory=dict)

    @cached_property
    def refusals(self) -> Mapping[str, GateAnswer]:
        """What is answered where the gate stays closed, by reason."""
        show = self.signals
        return {
            reason: GateAnswer(False, reason, show.refused, show.refused_sound, show.words[reason], None, "", False)
            for reason in REASONS
        }

    @cached_property
    def openings(self) -> Mapping[tuple[Direction, int], GateAnswer]:
        """What is answered where it opens, by direction and number of the category, without remaining days."""
        show = self.signals
        ways: tuple[tuple[Direction, str], ...] = (("board", "ok"), ("alight", "ok_alight"))
        return {
            (way, number): GateAnswer(
                True,
                reason,
                show.colours.get(code, show.usual),
                show.accepted_sound,
                show.words[reason],
                None,
                "",
                False,
            )
            for number, code in enumerate(self.book.categories)
            for way, reason in ways
        }


def code_book(section: PassesSection) -> CodeBook:
    """Give the code book of a pack: its products, categories and rights in their order, to which new ones are added."""
    model = section.model
    return CodeBook(tuple(model.products), tuple(model.categories), tuple(model.rights))


def addon_sets(section: PassesSection) -> list[int]:
    """Give the bits of the sets of add-ons that the products of a pack carry."""
    book = code_book(section)
    return sorted({book.bits(product.rights) for product in section.model.products.values()})


def rules_version(section: PassesSection) -> str:
    """Give the version of the rules that gates of a pack run: 16 digits that stand for pack, version and section."""
    text = f"{section.pack}@{section.version}\n{section.model.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def gate_rules(section: PassesSection, rights: PlaceRights | None, keys: Mapping[int, VerifyKey]) -> GateRules:
    """Put the rules of a gate together.

    Args:
        section: the passes of a pack.
        rights: what its place allows; None for a place that nobody knows.
        keys: keys that it trusts, by number.

    Raises:
        UsageError: gates have no words for a reason.
    """
    return GateRules(
        rules_version(section),
        section.days,
        code_book(section),
        rights,
        signals_of(section),
        settings_of(section),
        keys,
    )


def signals_of(section: PassesSection) -> Signals:
    """Give what the gates of a pack show and say.

    Raises:
        UsageError: a reason has no words.
    """
    gates, categories = section.model.gates, section.model.categories
    colours = {code: gates.signals[one.label] for code, one in categories.items() if one.label in gates.signals}
    usual = colours.get(section.usual_category) or next(iter(gates.signals.values()), "green")
    words = {
        reason: {str(language): text for language, text in spoken.items()} for reason, spoken in gates.words.items()
    }
    sounds = {"accepted": "accepted", "refused": "refused"} | dict(gates.sounds)
    return Signals(words, colours, usual, gates.refused, sounds["accepted"], sounds["refused"])


def settings_of(section: PassesSection) -> GateSettings:
    """Give the settings of gates that a pack names, and the usual ones for the others."""
    return GateSettings(
        repeat=section.setting("gate_repeat_seconds", 10),
        pass_back=section.setting("gate_pass_back_minutes", 0) * 60,
        list_alarm=section.setting("gate_list_alarm_hours", 24) * 3600,
        longest_ride=section.setting("longest_ride_hours", 5) * 3600 * section.setting("ride_may_end_after_pass", 1),
    )


class _Remembered(NamedTuple):
    at: int
    direction: Direction
    answer: GateAnswer


class Gate:
    """One gate, or one reader of a bus: its rules, its lists, and the media it saw last.

    It is not for several threads at once: a gate reads one medium at a time.
    """

    def __init__(self, rules: GateRules, deny: MediaList | None = None, full: MediaList | None = None) -> None:
        """Take rules and lists; a list may come later."""
        self._seen: dict[int, _Remembered] = {}
        self._from = self._until = 0
        self._late = ""
        self._allowed: Mapping[int, int] | None = None
        self._fullest = NONE
        self.run(rules, deny, full)

    def run(self, rules: GateRules, deny: MediaList | None, full: MediaList | None = None) -> None:
        """Go over to other rules or lists, between two taps."""
        self.rules, self.deny, self.full = rules, deny, full
        self._until = 0
        self._refused, self._opened = rules.refusals, rules.openings

    def answer(self, medium: int, data: bytes, direction: Direction, now: int) -> GateAnswer:
        """Answer a tap from what was read of the medium, signatures checked.

        Args:
            medium: number of the medium, from the id that its chip has proved.
            data: its slots; empty for a medium that carries none.
            direction: boarding or alighting.
            now: seconds since the epoch of `medium`, by the clock of the gate.
        """
        found: list[Carried] = []
        wrong = ""
        try:
            parts = slots(data) if data else ()
        except MediumError as error:
            parts, wrong = (), error.reason
        for part in parts:
            try:
                found.append(check_slot(part, medium, self.rules.keys, now))
            except MediumError as error:
                wrong = error.reason
        if wrong and not found:
            return self._refuse(SAID[wrong], now)
        return self.decide(medium, found, direction, now)

    def decide(
        self,
        medium: int,
        carried: Sequence[Carried],
        direction: Direction,
        now: int,
        denied: Literal["", "stopped", "blocked"] = "",
    ) -> GateAnswer:
        """Answer a tap from slots whose signatures are checked already; see `answer`.

        Args:
            medium: number of the medium.
            carried: its slots.
            direction: boarding or alighting.
            now: seconds since the epoch of `medium`.
            denied: what is known of the medium beside the lists, where the gate can ask.
        """
        settings = self.rules.settings
        before = self._seen.get(medium)
        if before is not None and 0 <= now - before.at < settings.repeat and before.direction == direction:
            return before.answer._replace(repeated=True)
        if now >= self._until or now < self._from:
            self._turn(now)
        if denied:
            return self._keep(medium, direction, now, self._refuse(denied, now))
        slot = _counting(carried, direction, now)
        charged = -1 if slot is None else slot.charged
        deny = self.deny
        if deny is not None:
            place = deny.find(medium)
            if place >= 0:
                cause, until, charged_up_to = (column[place] for column in deny.values)
                if now < until and charged <= charged_up_to:
                    reason = "blocked" if cause == BLOCKED else "stopped"
                    return self._keep(medium, direction, now, self._refuse(reason, now))
        if slot is None and self.full is not None:
            slot = self._listed(medium)
        if slot is None:
            return self._keep(medium, direction, now, self._refuse("no_pass", now))
        answer = self._with_period(slot, direction, now, before)
        # Who is refused for passing back stays remembered as who boarded.
        return answer if answer.reason == "pass_back" else self._keep(medium, direction, now, answer)

    def forget(self, medium: int) -> None:
        """Forget the last answer to a medium, which was overruled."""
        self._seen.pop(medium, None)

    def _with_period(self, slot: Carried, direction: Direction, now: int, before: _Remembered | None) -> GateAnswer:
        settings, book = self.rules.settings, self.rules.book
        if slot.category >= len(book.categories) or slot.product >= len(book.products):
            return self._refuse("rules_too_old", now)
        if now < slot.starts:
            return self._refuse("not_started", now)
        if now >= slot.ends + (0 if direction == "board" else settings.longest_ride):
            return self._refuse("expired", now)
        allowed = self._allowed
        if allowed is None:
            return self._refuse("unknown_place", now)
        right = allowed.get(slot.addons, UNDETERMINED)
        if right != BOTH:
            if direction == "board":
                return self._refuse(self._why_not(right), now)
            if right == NONE:
                return self._refuse("addon_missing" if self._fullest in {BOTH, ALIGHT} else "out_of_area", now)
            # Nobody is kept inside a station that closed, or whose right is not known.
        elif (
            direction == "board"
            and settings.pass_back
            and before is not None
            and before.answer.open
            and before.direction == "board"
            and 0 <= now - before.at < settings.pass_back
        ):
            return self._refuse("pass_back", now)
        # Rounded: where clocks change, a service day may be an hour longer or shorter.
        left = max(0, (slot.ends - self._from + 43_200) // 86_400)
        opened = self._opened[direction, slot.category]
        return opened._replace(remaining_days=left, alarm=self._alarm(now))

    def _why_not(self, right: int) -> str:
        if right == CLOSED:
            return "closed"
        if right == UNDETERMINED:
            return "right_unknown"
        if self._fullest == BOTH:
            return "addon_missing"
        return "no_boarding_here"

    def _listed(self, medium: int) -> Carried | None:
        full = self.full
        place = -1 if full is None else full.find(medium)
        if full is None or place < 0:
            return None
        product, category, addons, starts, ends = (column[place] for column in full.values)
        return Carried(0, medium, product, category, addons, starts, ends, starts)

    def _refuse(self, reason: str, now: int) -> GateAnswer:
        answer = self._refused[reason]
        alarm = self._alarm(now)
        return answer._replace(alarm=alarm) if alarm else answer

    def _alarm(self, now: int) -> str:
        limit = self.rules.settings.list_alarm
        if (self.deny is not None and age(self.deny, now) > limit) or (
            self.full is not None and age(self.full, now) > limit
        ):
            return "stale_list"
        return self._late

    def _keep(self, medium: int, direction: Direction, now: int, answer: GateAnswer) -> GateAnswer:
        seen = self._seen
        seen.pop(medium, None)
        seen[medium] = _Remembered(now, direction, answer)
        if len(seen) > MOST_REMEMBERED:
            del seen[next(iter(seen))]
        return answer

    def _turn(self, now: int) -> None:
        """Take the rights of the service day that has begun."""
        days, rights = self.rules.days, self.rules.rights
        day = days.day(moment_of(now))
        self._from, self._until = seconds_of(days.start(day)), seconds_of(days.end(day))
        at = -1 if rights is None else (day - rights.first) // timedelta(days=1)
        self._late = ""
        if rights is None or at < 0:
            self._allowed, self._fullest = None, UNDETERMINED
            return
        if at >= len(rights.days):
            # Nothing newer has come for weeks. What held on the last day that is known is nearer than nothing.
            self._late, at = "stale_rights", -1
        self._allowed, self._fullest = rights.days[at], rights.fullest[at]


def _counting(carried: Sequence[Carried], direction: Direction, now: int) -> Carried | None:
    """Give the slot that counts: one that runs; else, to board, the next one, and to alight, the last that ended."""
    if not carried:
        return None
    if len(carried) == 1:
        return carried[0]
    running = [slot for slot in carried if slot.starts <= now < slot.ends]
    if running:
        return max(running, key=lambda slot: slot.charged)
    coming = [slot for slot in carried if slot.starts > now]
    over = [slot for slot in carried if slot.ends <= now]
    if coming and (direction == "board" or not over):
        return min(coming, key=lambda slot: slot.starts)
    return max(over, key=lambda slot: slot.ends)
