"""Gates decide alone: every refusal has its reason, and who paid a minute ago is let in though no list says so."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import pytest

from donghaeng.errors import UsageError
from donghaeng.services.passes.gate import REASONS, GateSettings, Signals, settings_of
from donghaeng.services.passes.lists import CAUSES, NO_END
from donghaeng.services.passes.medium import medium_number, seconds, write_slot
from donghaeng.services.passes.policy import Policy
from donghaeng.services.passes.station_rights import (
    ALIGHT,
    BOTH,
    CLOSED,
    NONE,
    UNDETERMINED,
    Coverage,
    Place,
    coverage_of,
    place_rights,
)
from tests.passes.gates import BOOK, MEDIUM, OTHER_KEY, a_gate, a_list, carried, signals, slot
from tests.passes.riding import DAY, at, section

NOW = seconds(at("08:00"))


def test_a_pass_opens_the_gate_and_says_how_many_days_are_left() -> None:
    answer = a_gate().answer(MEDIUM, slot(carried()), "board", NOW)
    assert (answer.open, answer.reason, answer.remaining_days, answer.colour) == (True, "ok", 30, "green")
    assert set(answer.words) == {"ko", "en", "ja", "zh"}
    last = a_gate().answer(MEDIUM, slot(carried(first=-29, last=0)), "board", seconds(at("27:59:59")))
    assert (last.open, last.remaining_days) == (True, 1)


def test_a_card_charged_a_minute_ago_is_let_in_by_a_gate_with_a_day_old_list() -> None:
    charged = at("08:00") - timedelta(seconds=60)
    yesterday = a_list("deny", {}, issued=at("08:00") - timedelta(days=1))
    gate = a_gate(deny=yesterday)
    assert gate.answer(MEDIUM, slot(carried(charged=charged)), "board", NOW).open
    # Even where the list still says that the medium was refunded.
    until = seconds(charged - timedelta(hours=2))
    refunded = {MEDIUM: {"cause": CAUSES.index("refunded"), "until": NO_END, "charged_up_to": until}}
    gate = a_gate(deny=a_list("deny", refunded, issued=at("08:00") - timedelta(days=1)))
    assert gate.answer(MEDIUM, slot(carried(charged=charged)), "board", NOW).open


@pytest.mark.parametrize(("category", "colour"), [("general", "green"), ("youth", "purple"), ("teen", "blue")])
def test_the_light_is_that_of_the_category(category: str, colour: str) -> None:
    assert a_gate().answer(MEDIUM, slot(carried(category=category)), "board", NOW).colour == colour


def test_what_is_wrong_with_a_medium_is_said() -> None:
    gate = a_gate()
    good = slot(carried())
    cases = {
        "no_pass": b"",
        "unreadable": good[:-1],
        "forged": write_slot(carried(), OTHER_KEY),
        "unknown_medium": slot(carried()._replace(key=9)),
        "not_started": slot(carried(first=1)),
        "expired": slot(carried(first=-30, last=-1)),
        "rules_too_old": slot(carried()._replace(product=200)),
    }
    for number, (reason, data) in enumerate(cases.items()):
        answer = gate.answer(MEDIUM, data, "board", NOW + 60 * number)
        assert (answer.open, answer.reason, answer.colour, answer.remaining_days) == (False, reason, "red", None)
    copied = gate.answer(medium_number("another"), good, "board", NOW)
    assert (copied.open, copied.reason) == (False, "forged")


@pytest.mark.parametrize(
    ("when", "last", "opens"), [("27:59:59", 0, True), ("28:00", 0, False), ("04:00", 0, True), ("03:59:59", 0, False)]
)
def test_a_pass_opens_and_closes_at_the_turn_of_the_service_day(when: str, last: int, opens: bool) -> None:
    assert a_gate().answer(MEDIUM, slot(carried(last=last)), "board", seconds(at(when))).open is opens


def test_who_boarded_before_the_end_may_alight_after_it_for_as_long_as_a_ride_lasts() -> None:
    data = slot(carried(last=0))
    closes = seconds(at("28:00"))
    gate = a_gate()
    assert not gate.answer(MEDIUM, data, "board", closes + 60).open
    assert gate.answer(MEDIUM, data, "alight", closes + 5 * 3600 - 1).reason == "ok_alight"
    assert gate.answer(MEDIUM, data, "alight", closes + 5 * 3600 + 20).reason == "expired"
    strict = a_gate(settings=GateSettings(longest_ride=0))
    assert strict.answer(MEDIUM, data, "alight", closes).reason == "expired"


@pytest.mark.parametrize(
    ("right", "fullest", "direction", "reason"),
    [
        (BOTH, BOTH, "board", "ok"),
        (BOTH, BOTH, "alight", "ok_alight"),
        (ALIGHT, ALIGHT, "board", "no_boarding_here"),
        (ALIGHT, ALIGHT, "alight", "ok_alight"),
        (NONE, NONE, "board", "no_boarding_here"),
        (NONE, NONE, "alight", "out_of_area"),
        (NONE, BOTH, "board", "addon_missing"),
        (ALIGHT, BOTH, "board", "addon_missing"),
        (ALIGHT, BOTH, "alight", "ok_alight"),
        (NONE, BOTH, "alight", "addon_missing"),
        (CLOSED, CLOSED, "board", "closed"),
        (CLOSED, CLOSED, "alight", "ok_alight"),
        (UNDETERMINED, UNDETERMINED, "board", "right_unknown"),
        (UNDETERMINED, UNDETERMINED, "alight", "ok_alight"),
    ],
)
def test_boarding_and_alighting_are_rights_of_their_own(right: int, fullest: int, direction: str, reason: str) -> None:
    gate = a_gate(right, fullest=fullest)
    answer = gate.answer(MEDIUM, slot(carried()), direction, NOW)  # type: ignore[arg-type]
    assert (answer.reason, answer.open) == (reason, reason.startswith("ok"))


def test_a_gate_that_does_not_know_its_place_opens_for_nobody() -> None:
    answer = a_gate(place_known=False).answer(MEDIUM, slot(carried()), "board", NOW)
    assert (answer.open, answer.reason) == (False, "unknown_place")


def test_rights_that_ran_out_go_on_as_they_were_with_an_alarm() -> None:
    late = seconds(at("08:00") + timedelta(days=70))
    answer = a_gate().answer(MEDIUM, slot(carried(first=60, last=89)), "board", late)
    assert (answer.open, answer.alarm) == (True, "stale_rights")


def test_a_medium_held_twice_to_one_reader_gets_its_first_answer_again() -> None:
    gate = a_gate()
    data = slot(carried())
    first = gate.answer(MEDIUM, data, "board", NOW)
    again = gate.answer(MEDIUM, data, "board", NOW + 9)
    assert again == first._replace(repeated=True)
    assert not gate.answer(MEDIUM, data, "board", NOW + 10).repeated
    assert not gate.answer(MEDIUM, data, "alight", NOW + 11).repeated


def test_one_card_lets_one_person_in_where_the_setting_says_so() -> None:
    gate = a_gate(settings=GateSettings(repeat=5, pass_back=600))
    data = slot(carried())
    assert gate.answer(MEDIUM, data, "board", NOW).open
    for later in (30, 60, 599):
        assert gate.answer(MEDIUM, data, "board", NOW + later).reason == "pass_back"
    assert gate.answer(MEDIUM, data, "board", NOW + 600).open
    assert gate.answer(MEDIUM, data, "alight", NOW + 660).open
    assert gate.answer(MEDIUM, data, "board", NOW + 700).open


def test_a_block_ends_by_itself() -> None:
    until = seconds(at("12:00"))
    blocked = {MEDIUM: {"cause": CAUSES.index("blocked"), "until": until, "charged_up_to": NO_END}}
    gate = a_gate(deny=a_list("deny", blocked))
    data = slot(carried())
    assert gate.answer(MEDIUM, data, "board", until - 1).reason == "blocked"
    assert gate.answer(MEDIUM, data, "board", until).reason == "blocked"  # held again within seconds
    assert gate.answer(MEDIUM, data, "board", until + 10).open


def test_a_medium_that_carries_nothing_is_looked_up_in_the_full_list() -> None:
    one = carried("postpaid_month", category="any") if "any" in BOOK.categories else carried()
    row = {"product": one.product, "category": one.category, "addons": 0, "starts": one.starts, "ends": one.ends}
    gate = a_gate(full=a_list("full", {MEDIUM: row}))
    answer = gate.answer(MEDIUM, b"", "board", NOW)
    assert (answer.open, answer.remaining_days) == (True, 30)
    assert gate.answer(MEDIUM + 1, b"", "board", NOW).reason == "no_pass"


def test_signals_without_words_for_a_reason_are_refused() -> None:
    words = {reason: {"ko": reason} for reason in REASONS if reason != "pass_back"}
    with pytest.raises(UsageError, match="no words for pass_back"):
        Signals(words, {})
    assert all(set(signals().words[reason]) == {"ko", "en", "ja", "zh"} for reason in REASONS)
    assert settings_of(section()) == GateSettings()


# Rights from the table of the pack.


@cache
def coverage() -> Coverage | None:
    return coverage_of(Policy(section()))


def rights(day: date, addons: tuple[str, ...] = (), **facts: str) -> int:
    found = place_rights(coverage(), Place("a-place", facts), BOOK, [BOOK.bits(addons)], day, 1)
    return found.days[0][BOOK.bits(addons)]


@pytest.mark.parametrize(
    ("day", "facts", "right"),
    [
        (date(2024, 3, 29), {"mode": "rail", "line": "gimpo_goldline"}, ALIGHT),
        (date(2024, 3, 30), {"mode": "rail", "line": "gimpo_goldline"}, BOTH),
        (date(2024, 9, 13), {"mode": "rail", "line": "airport_railroad", "station_group": "incheon_airport"}, ALIGHT),
        (date(2026, 5, 20), {"mode": "rail", "line": "sinbundang"}, NONE),
        (date(2024, 1, 26), {"mode": "rail", "line": "line_2"}, NONE),
        (date(2026, 5, 20), {"mode": "rail", "station_group": "agreed_city", "line": "line_1"}, UNDETERMINED),
        (date(2026, 5, 20), {"mode": "bus", "licence": "seoul", "bus_kind": "night"}, BOTH),
        (date(2026, 5, 20), {"mode": "bus", "licence": "seoul", "bus_kind": "wide_area"}, NONE),
    ],
)
def test_rights_of_a_place_are_those_of_the_table(day: date, facts: dict[str, str], right: int) -> None:
    assert rights(day, **facts) == right


def test_a_gate_of_the_river_bus_asks_for_the_add_on() -> None:
    sets = [BOOK.bits(["river"]), BOOK.bits(["bike"])]
    found = place_rights(coverage(), Place("a-pier", {"mode": "river"}), BOOK, sets, DAY, 3)
    gate = a_gate(rights=found)
    assert gate.answer(MEDIUM, slot(carried()), "board", NOW).reason == "addon_missing"
    other = carried("d30_transit_river", addons=("river",), medium=MEDIUM + 1)
    assert gate.answer(MEDIUM + 1, slot(other), "board", NOW).open


def test_a_station_that_is_not_open_yet_or_closed_for_a_day_is_closed() -> None:
    facts = {"mode": "rail", "line": "line_2"}
    place = Place("new", facts, opens=DAY, closed=frozenset({DAY + timedelta(days=1)}), closes=DAY + timedelta(days=2))
    found = place_rights(coverage(), place, BOOK, [], DAY - timedelta(days=1), 5)
    assert [day[0] for day in found.days] == [CLOSED, BOTH, CLOSED, BOTH, CLOSED]
    assert found.last == DAY + timedelta(days=3)
    with pytest.raises(UsageError, match="at least one day"):
        place_rights(coverage(), place, BOOK, [], DAY, 0)
