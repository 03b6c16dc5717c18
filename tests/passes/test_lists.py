"""Lists that gates hold: small, signed, never older than before; issued in stages and taken back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from donghaeng.errors import UsageError
from donghaeng.services.passes.cards import block_card, stop_medium
from donghaeng.services.passes.gate import Gate
from donghaeng.services.passes.lists import (
    CAUSES,
    NO_END,
    ListError,
    MediaList,
    empty,
    merged,
    read_list,
    take,
    whole,
    write_delta,
    write_whole,
)
from donghaeng.services.passes.medium import VerifyKey, seconds
from donghaeng.services.passes.rollout import GateLists, Signer, place_in_rollout
from tests.passes.gates import KEY, KEYS, OTHER_KEY, RULES, a_gate, a_list, carried
from tests.passes.riding import WHO, Riding, at

NOW = seconds(at("08:00"))
STOPPED = {"cause": 0, "until": NO_END, "charged_up_to": NO_END}


def big(count: int, seed: int = 1, number: int = 1) -> MediaList:
    chance = np.random.default_rng(seed)
    media = np.unique(chance.integers(0, 2**63, 2 * count, dtype=np.int64))[:count]
    columns = {"product": chance.integers(0, 10, count), "category": chance.integers(0, 6, count)}
    columns |= {"addons": chance.integers(0, 4, count), "starts": np.full(count, 5), "ends": np.full(count, 9)}
    return whole("full", number, RULES, NOW, media, columns)


def test_a_full_list_takes_twenty_bytes_a_card() -> None:
    media = big(200_000)
    data = write_whole(media, 1, KEY)
    assert len(data) / len(media) < 20.01
    read = read_list(data, KEYS, NOW).content
    assert len(read) == len(media)
    some = int(media.media[123_456])
    assert read.at(some) == media.at(some)
    assert read.at(some + 1) is None


def test_a_delta_for_one_in_a_hundred_takes_less_than_half_a_byte_a_card() -> None:
    base = big(200_000)
    chance = np.random.default_rng(2)
    changed = {name: column.copy() for name, column in base.columns.items()}
    places = chance.choice(len(base), 1_000, replace=False)
    changed["ends"][places] += 1
    kept = np.ones(len(base), dtype=bool)
    kept[chance.choice(len(base), 500, replace=False)] = False
    new_media = np.unique(chance.integers(0, 2**63, 500, dtype=np.int64)).astype(np.uint64)
    media = np.concatenate([base.media[kept], new_media])
    columns = {name: np.concatenate([column[kept], column[: len(new_media)]]) for name, column in changed.items()}
    new = whole("full", 2, RULES, NOW, media, columns)
    data = write_delta(base, new, 1, KEY)
    assert len(data) < len(base) / 2  # so less than a megabyte for two million
    taken = take(base, data, KEYS, NOW)
    assert np.array_equal(taken.media, new.media)
    assert all(np.array_equal(taken.columns[name], new.columns[name]) for name in new.columns)


Rows = st.dictionaries(
    st.integers(0, 30),
    st.fixed_dictionaries(
        {"cause": st.integers(0, 7), "until": st.integers(0, NO_END), "charged_up_to": st.integers(0, NO_END)}
    ),
    max_size=12,
)


@given(Rows, Rows)
def test_a_delta_brings_one_list_to_the_other(
    before: dict[int, dict[str, int]], after: dict[int, dict[str, int]]
) -> None:
    base, new = a_list("deny", before, 1), a_list("deny", after, 2)
    taken = take(base, write_delta(base, new, 1, KEY), KEYS, NOW)
    assert {medium: taken.at(medium) for medium in range(31)} == {medium: after.get(medium) for medium in range(31)}
    assert (taken.number, taken.rules) == (2, RULES)


def refusal(held: MediaList | None, data: bytes, keys: dict[int, VerifyKey] | None = None, now: int = NOW) -> str:
    with pytest.raises(ListError) as refused:
        take(held, data, KEYS if keys is None else keys, now)
    return refused.value.reason


def test_a_gate_keeps_its_list_when_another_is_forged_older_torn_or_from_the_future() -> None:
    first, second = a_list("deny", {5: STOPPED}, 1), a_list("deny", {6: STOPPED}, 2)
    good = write_whole(second, 1, KEY)
    assert take(first, good, KEYS, NOW).number == 2
    assert refusal(first, write_whole(second, 1, OTHER_KEY)) == "forged"
    for at_byte in range(len(good)):
        torn = good[:at_byte] + bytes([good[at_byte] ^ 1]) + good[at_byte + 1 :]
        assert refusal(first, torn) in {"forged", "unreadable", "unknown_key"}
    assert refusal(second, write_whole(first, 1, KEY)) == "older"
    assert refusal(second, good) == "older"
    assert refusal(first, good[:-1]) == "forged"
    assert refusal(first, b"") == "unreadable"
    assert refusal(first, good, {}) == "unknown_key"
    assert refusal(first, good, {1: VerifyKey(KEY.public_key(), NOW)}) == "expired_key"
    assert refusal(first, good, now=NOW - 86_400) == "ahead"
    assert refusal(empty("full"), good) == "other_kind"
    third = write_delta(second, a_list("deny", {}, 3), 1, KEY)
    assert refusal(first, third) == "gap"
    assert refusal(None, third) == "gap"


def test_a_list_that_says_two_things_of_a_medium_is_not_made() -> None:
    with pytest.raises(UsageError, match="twice"):
        whole("deny", 1, RULES, NOW, [5, 5], {"cause": [0, 1], "until": [9, 9], "charged_up_to": [9, 9]})
    with pytest.raises(UsageError, match="does not fit"):
        whole("deny", 1, RULES, NOW, [5], {"cause": [256], "until": [9], "charged_up_to": [9]})
    with pytest.raises(UsageError, match="needs the column until"):
        whole("deny", 1, RULES, NOW, [5], {"cause": [1]})
    columns = {"cause": [1, 0], "until": [50, NO_END], "charged_up_to": [NO_END, NO_END]}
    media, kept = merged(np.array([5, 5]), {name: np.array(column) for name, column in columns.items()})
    assert (list(media), [int(column[0]) for column in kept.values()]) == ([5], [0, NO_END, NO_END])


# Lists of a service.


def lists_of(riding: Riding, tmp_path: Path) -> GateLists:
    return GateLists(riding.service, tmp_path / "lists", Signer(1, KEY))


def test_a_list_says_who_is_stopped_blocked_or_refunded(tmp_path: Path) -> None:
    riding = Riding(tmp_path)
    (lost, lost_number), (blocked, blocked_number), (refunded, refunded_number), (_, good) = (
        riding.card() for _ in range(4)
    )
    stop_medium(riding.service, WHO, "1", card=lost, cause="lost")
    block_card(riding.service, WHO, "2", card=blocked, cause="misuse", ends=at("20:00"))
    stop_medium(riding.service, WHO, "3", card=refunded, cause="refund")
    lists = lists_of(riding, tmp_path)
    lists.issue("deny", RULES)
    data = lists.file_for("deny", "gate-1", 0)
    assert data is not None
    held = take(None, data, KEYS, seconds(riding.clock()))
    assert held.at(lost_number) == {"cause": CAUSES.index("lost"), "until": NO_END, "charged_up_to": NO_END}
    assert held.at(blocked_number) == {
        "cause": CAUSES.index("blocked"),
        "until": seconds(at("20:00")),
        "charged_up_to": NO_END,
    }
    assert held.at(refunded_number) == {
        "cause": CAUSES.index("refunded"),
        "until": NO_END,
        "charged_up_to": seconds(riding.clock()),
    }
    assert held.at(good) is None
    # What was charged after the refund is not meant.
    gate = a_gate(deny=held)
    now = seconds(at("09:00"))
    before = carried(medium=refunded_number, charged=at("07:00"))
    after = carried(medium=refunded_number, charged=at("08:59"))
    assert gate.decide(refunded_number, [before], "board", now).reason == "stopped"
    assert gate.decide(refunded_number, [after], "board", now + 20).open
    riding.close()


def test_a_list_goes_to_some_gates_first_and_can_be_taken_back(tmp_path: Path) -> None:
    riding = Riding(tmp_path)
    lists = lists_of(riding, tmp_path)
    card, number = riding.card()
    devices = [f"gate-{n}" for n in range(200)]
    lists.issue("deny", RULES)
    gates = {
        device: take(None, lists.file_for("deny", device, 0) or b"", KEYS, seconds(riding.clock()))
        for device in devices
    }
    stop_medium(riding.service, WHO, "1", card=card, cause="lost")
    riding.clock.now += timedelta(minutes=1)
    second = lists.issue("deny", "11" * 8, share=10)
    now = seconds(riding.clock())

    def fetch() -> None:
        for device, held in gates.items():
            data = lists.file_for("deny", device, held.number)
            if data is not None:
                gates[device] = take(held, data, KEYS, now)
            lists.report(device, "a-station", gates[device].number, gates[device].rules)

    fetch()
    first = {device for device in devices if place_in_rollout(device) < 10}
    assert {device for device, held in gates.items() if held.number == 2} == first
    assert 5 < len(first) < 40
    assert {(one.list, one.rules) for one in lists.fleet()} == {(1, RULES), (2, "11" * 8)}
    assert all(one.behind == 0 and not one.stale for one in lists.fleet())
    lists.stage("deny", second.number, 50, staged_by="simulated gate office")
    instead = lists.withdraw("deny", second.number, reason="the wrong card", withdrawn_by="simulated gate office")
    assert instead is not None
    assert (instead.number, instead.media) == (3, 0)
    assert {one.behind for one in lists.fleet()} == {1, 2}
    fetch()
    assert {(held.number, held.rules, len(held)) for held in gates.values()} == {(3, RULES, 0)}
    with pytest.raises(UsageError, match="was withdrawn"):
        lists.stage("deny", second.number, 100, staged_by="simulated gate office")
    riding.clock.now += timedelta(hours=25)
    assert all(one.stale for one in lists.fleet())
    assert number not in gates["gate-1"].sorted_media
    kinds = [entry.kind for entry in riding.ledger.entries() if entry.kind.startswith("gate-list")]
    assert kinds == [
        "gate-list-issued",
        "gate-list-issued",
        "gate-list-staged",
        "gate-list-issued",
        "gate-list-withdrawn",
    ]
    riding.close()


def test_a_gate_with_an_old_list_goes_on_and_raises_an_alarm() -> None:
    gate: Gate = a_gate(deny=a_list("deny", {}, issued=at("04:00")))
    now = seconds(at("04:00"))
    one = carried()
    assert gate.decide(one.medium, [one], "board", now + 86_400).alarm == ""
    answer = gate.decide(one.medium, [one], "board", now + 86_401 + 60)
    assert (answer.open, answer.alarm) == (True, "stale_list")
