"""What may be recorded: kinds, their versions, and the one text of a body."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel

from donghaeng.documents import Model
from donghaeng.errors import InputError
from donghaeng.identifiers import refuse_identifiers
from donghaeng.ledger.canonical import Content, canonical_json, content_hash, entry_hash, moment
from donghaeng.ledger.faults import BodyError, RefusedError, UnknownKindError
from donghaeng.ledger.kinds import Kind, Kinds
from donghaeng.ledger.ledger import Ledger
from tests.ledger.ledgers import KINDS, Clock, Visit, VisitV1, charged, opened, visit


class Rich(Model):
    """A body with a value of each type."""

    amount: Decimal
    on: date
    at: AwareDatetime
    many: tuple[int, ...]
    inner: dict[str, bool]
    nothing: str | None = None


def test_a_body_has_one_text_whatever_the_order_of_its_keys() -> None:
    assert canonical_json({"b": 1, "a": [True, None, "가"]}) == '{"a":[true,null,"가"],"b":1}'
    kind = Kind("rich", 1, Rich)
    seoul = timezone(timedelta(hours=9))
    body = {
        "nothing": None,
        "inner": {"z": True, "a": False},
        "many": (3, 1),
        "at": datetime(2026, 5, 20, 9, tzinfo=seoul),
        "on": date(2026, 5, 20),
        "amount": Decimal("1.50"),
    }
    assert canonical_json(kind.plain(body)) == (
        '{"amount":"1.50","at":"2026-05-20T09:00:00+09:00","inner":{"a":false,"z":true},"many":[3,1],"nothing":null,'
        '"on":"2026-05-20"}'
    )
    assert kind.plain(Rich(**body)) == kind.plain(body)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [1.5, {"a": 1.0}, [float("nan")], datetime(2026, 5, 20), {1: 2}, object(), "\ud800"])
def test_what_has_no_one_text_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"float|zone|key|canonical"):
        canonical_json(value)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**64 - 1)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
        ),
        max_leaves=20,
    )
)
def test_the_text_gives_the_value_back_and_is_the_same_for_its_copy(value: Any) -> None:
    import json

    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text
    assert text == json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_the_hash_of_an_entry_is_as_it_is_written_down() -> None:
    """Computed by hand from the description, so that a change of it does not pass unseen."""
    content = Content("card/1", "card-charged", 1, "2026-05-20T09:00:00+09:00", "k", '{"won":1}', None, None)
    listed = '["card/1","card-charged",1,"2026-05-20T09:00:00+09:00","k","{\\"won\\":1}",null,null]'
    inner = sha256(b"donghaeng entry content 1\n" + listed.encode()).digest()
    assert content_hash(content) == inner
    outer = b"donghaeng entry 1\n" + bytes(32) + (7).to_bytes(8, "big") + b"2026-05-20T00:00:00.000000Z" + inner
    assert entry_hash(bytes(32), 7, "2026-05-20T00:00:00.000000Z", inner) == sha256(outer).digest()


@given(
    st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=9))])),
    st.timedeltas(timedelta(0), timedelta(days=9)),
)
def test_the_order_of_moments_is_the_order_of_their_texts(time: datetime, later: timedelta) -> None:
    if datetime(2, 1, 1, tzinfo=UTC) < time < datetime(9998, 1, 1, tzinfo=UTC):
        assert moment(time) <= moment(time + later)
        assert len(moment(time)) == 27
        assert (moment(time) == moment(time + later)) == (later == timedelta(0))


def test_an_old_body_is_read_as_the_newest_version() -> None:
    read = KINDS.upcast("visit", 1, {"person": "p", "result": "checked"})
    assert read == Visit(person="p", outcome="checked")
    with pytest.raises(UnknownKindError, match="has no version 3"):
        KINDS.upcast("visit", 3, {})
    with pytest.raises(BodyError, match="outcome: missing"):
        KINDS.upcast("visit", 2, {"person": "p"})


def test_an_entry_of_an_old_version_is_read_beside_new_ones(ledger: Ledger) -> None:
    persons = ledger.persons
    assert persons is not None
    person = persons.person("clinic/1", "chart 1")
    old = visit(person, 1)
    (old_entry,) = ledger.append(
        type(old)(
            stream=old.stream,
            kind="visit",
            kind_version=1,
            body=VisitV1(person=person, result="checked"),
            effective_at=old.effective_at,
            idempotency_key="old",
        )
    )
    (new_entry,) = ledger.append(visit(person, 1, pregnant=False))
    assert ledger.body(old_entry) == Visit(person=person, outcome="checked")
    assert ledger.body(new_entry) == Visit(person=person, outcome="checked", pregnant=False)


def model(annotation: Any) -> type[BaseModel]:
    from pydantic import create_model

    return create_model("Made", __base__=Model, person=(str, ...), value=(annotation, ...))


@pytest.mark.parametrize("annotation", [float, Any, datetime, list[float], dict[str, Any], float | None, bytes])
def test_a_kind_whose_bodies_would_have_no_one_text_is_refused(annotation: Any) -> None:
    with pytest.raises(ValueError, match="no one text"):
        Kind("made", 1, model(annotation))


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"name": "two words"}, "no space"),
        ({"version": 2}, "version 1 has no upcast"),
        ({"upcast": dict}, "version 1 has no upcast"),
        ({"facts": ("value",)}, "facts need"),
        ({"facts": ("other",), "person": "person"}, "the model has no other"),
        ({"facts": ("person",), "person": "person"}, "no fact"),
    ],
)
def test_a_kind_that_contradicts_itself_is_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Kind(**{"name": "made", "version": 1, "model": model(str), **wrong})


def test_versions_go_one_by_one() -> None:
    one, three = Kind("made", 1, model(str)), Kind("made", 3, model(str), upcast=dict)
    with pytest.raises(ValueError, match="they go 1, 2, 3"):
        Kinds([one, three])
    with pytest.raises(ValueError, match="twice"):
        Kinds([one, one])


def test_a_number_of_a_person_is_refused_wherever_it_stands(new_url: Callable[[str], str]) -> None:
    bare = opened(new_url("sqlite"))
    ledger = Ledger(bare.store, KINDS, Clock(), persons=bare.persons, check=refuse_identifiers)
    planted = "900101-1234567"
    persons = ledger.persons
    assert persons is not None
    person = persons.person("clinic/1", "chart 1")
    for wrong in (
        charged(1, body={"card": planted, "won": 1}),
        charged(1, f"card/{planted}"),
        charged(1, idempotency_key=planted),
        charged(1, decision_id=planted),
        visit(person, note=f"shown: {planted}"),
    ):
        with pytest.raises((InputError, RefusedError)) as told:
            ledger.append(wrong)
        assert planted not in str(told.value)
    ledger.append([charged(1), visit(person, note="nothing shown")])
    assert len(list(ledger.entries())) == 2
    bare.close()
