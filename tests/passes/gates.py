"""Keys, media and gates for tests of gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from donghaeng.services.passes.gate import Gate, GateRules, GateSettings, Signals, code_book, signals_of
from donghaeng.services.passes.lists import COLUMNS, MediaList, whole
from donghaeng.services.passes.medium import Carried, VerifyKey, medium_number, seconds, write_slot
from donghaeng.services.passes.station_rights import BOTH, PlaceRights
from tests.passes.riding import DAY, DAYS, at, section

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEYS = {1: VerifyKey(KEY.public_key())}
BOOK = code_book(section())
MEDIUM = medium_number("a-card")
RULES = "00" * 8


def signals() -> Signals:
    return signals_of(section())


def carried(
    product: str = "d30_transit",
    category: str = "general",
    addons: Sequence[str] = (),
    first: int = 0,
    last: int = 29,
    medium: int = MEDIUM,
    charged: datetime | None = None,
) -> Carried:
    """A period from so many days after `DAY` to so many."""
    starts, ends = DAYS.start(DAY + timedelta(days=first)), DAYS.end(DAY + timedelta(days=last))
    when = charged if charged is not None else at("04:30")
    return Carried(
        1,
        medium,
        BOOK.product(product),
        BOOK.category(category),
        BOOK.bits(addons),
        seconds(starts),
        seconds(ends),
        seconds(when),
    )


def slot(one: Carried) -> bytes:
    return write_slot(one, KEY)


def a_list(
    kind: str, rows: Mapping[int, Mapping[str, int]], number: int = 1, issued: datetime | None = None
) -> MediaList:
    names = COLUMNS[kind]  # type: ignore[index]
    columns = {name: [row[name] for row in rows.values()] for name in names}
    return whole(kind, number, RULES, seconds(issued or at("04:00")), list(rows), columns)  # type: ignore[arg-type]


def a_gate(
    right: int = BOTH,
    *,
    fullest: int | None = None,
    settings: GateSettings | None = None,
    deny: MediaList | None = None,
    full: MediaList | None = None,
    rights: PlaceRights | None = None,
    place_known: bool = True,
) -> Gate:
    if rights is None and place_known:
        sets = dict.fromkeys(range(1 << len(BOOK.addons)), right)
        days = 60
        rights = PlaceRights("a-station", DAY, (sets,) * days, (right if fullest is None else fullest,) * days)
    return Gate(GateRules(RULES, DAYS, BOOK, rights, signals(), settings or GateSettings(), KEYS), deny, full)
