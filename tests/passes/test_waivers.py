"""Waivers: an interval for whose missing tags nobody is held to account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from donghaeng.errors import UsageError
from donghaeng.services.passes.waivers import waive
from tests.passes.riding import Riding, Tap, at

WHY = {"reason": "gates stood open after an alarm", "granted_by": "simulated control room"}


@pytest.fixture
def riding(tmp_path: Path) -> Iterator[Riding]:
    found = Riding(tmp_path)
    yield found
    found.close()


def blocked(riding: Riding) -> tuple[str, int]:
    card, medium = riding.card()
    times = [("08:00", "one"), ("12:00", "two"), ("18:00", "one")]
    riding.receive(
        [Tap("gate-1", number, medium, "board", at(when), place) for number, (when, place) in enumerate(times)]
    )
    riding.settle(at("19:00"))
    assert len(riding.blocks(card)) == 1
    return card, medium


def test_a_waiver_lifts_missing_tags_and_the_block_that_rested_on_them(riding: Riding) -> None:
    card, _ = blocked(riding)
    assert waive(riding.service, "w-1", at("11:00"), at("13:00"), match="boarded", **WHY) == 1
    assert riding.blocks(card) == []
    assert [entry.kind for entry in riding.ledger.stream("waiver/w-1")] == ["missing-alights-waived"]
    # The ride of 18:00 has no tag either; with that of 08:00 it is the second.
    riding.settle(at("24:00"))
    assert [block[0] for block in riding.blocks(card)] == ["missing-alight/gate-1/2"]


@pytest.mark.parametrize(
    ("interval", "more", "lifted"),
    [
        (("11:00", "13:00"), {"place": "two"}, 1),
        (("11:00", "13:00"), {"place": "one"}, 1),
        (("11:00", "13:00"), {"place": "three"}, 0),
        (("11:00", "13:00"), {"line": "line_9"}, 0),
        (("11:00", "13:00"), {"line": "line_2"}, 2),
        (("16:00", "17:00"), {}, 1),
        (("16:00", "17:00"), {"match": "boarded"}, 0),
        (("08:00", "08:00"), {"match": "boarded"}, 1),
        (("13:00", "13:00"), {}, 2),
    ],
)
def test_what_a_waiver_covers(riding: Riding, interval: tuple[str, str], more: dict[str, str], lifted: int) -> None:
    card, _ = blocked(riding)
    starts, ends = map(at, interval)
    assert waive(riding.service, "w-1", starts, ends, **more, **WHY) == lifted  # type: ignore[arg-type]
    assert bool(riding.blocks(card)) == (lifted == 0)


def test_a_waiver_covers_taps_that_arrive_after_it_was_granted(riding: Riding) -> None:
    assert waive(riding.service, "w-1", at("07:00"), at("13:00"), **WHY) == 0
    card, medium = riding.card()
    riding.receive(
        [Tap("gate-1", number, medium, "board", at(when)) for number, when in enumerate(["08:00", "12:00", "14:00"])]
    )
    riding.settle(at("15:00"))
    assert riding.blocks(card) == []


def test_the_same_waiver_again_changes_nothing_and_its_id_stands_for_no_other(riding: Riding) -> None:
    blocked(riding)
    assert waive(riding.service, "w-1", at("11:00"), at("13:00"), **WHY) == 2
    before = len(list(riding.ledger.entries()))
    assert waive(riding.service, "w-1", at("11:00"), at("13:00"), **WHY) == 0
    assert len(list(riding.ledger.entries())) == before
    with pytest.raises(UsageError, match="for something else"):
        waive(riding.service, "w-1", at("11:00"), at("14:00"), **WHY)
    with pytest.raises(UsageError, match="ends before it starts"):
        waive(riding.service, "w-2", at("14:00"), at("11:00"), **WHY)
