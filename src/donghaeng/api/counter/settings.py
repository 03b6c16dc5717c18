"""What each organisation sets for its own counters: a YAML file, and the route that gives a counter its part of it.

.. code-block:: yaml

    organisations:
      line-2:                       # organisation of the key, as `donghaeng keys create` was told
        card_prefix: "PC-"          # what the barcodes of cards begin with, before the number of the card
        channel: station_machine    # where it sells; asked at the counter where it is left out
        payment: domestic_credit    # the usual means of payment
        facts: {line: line_9}       # what the table of channels asks beside
        agent: kiosk-7              # the agent who sells here
        idle_seconds: 300
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from donghaeng.api.access import Caller, KeyedRoute, needs
from donghaeng.catalogue.pack import Pack
from donghaeng.documents import Model, formed, read_model
from donghaeng.errors import Faults, listed, nearest
from donghaeng.identifiers import refuse_identifiers
from donghaeng.rules.types import FactError
from donghaeng.services.passes.roles import Role
from donghaeng.services.passes.service import PassService

Seller = Annotated[Caller, Depends(needs("passes:seller", "passes:desk", "passes:operator"))]

#: Questions that a counter puts to who stands before it, by the table that asks them.
ASKED: tuple[Role, ...] = ("channel", "eligibility", "refund")


class CounterSettings(Model):
    """The settings of the counters of one organisation.

    Attributes:
        card_prefix: what the barcodes of cards begin with; empty where a scanner types the number alone.
        channel: where it sells; None to ask who signs in.
        payment: the usual means of payment; None for the first of the pack.
        facts: what the table of channels asks beside.
        agent: the agent who sells here.
        idle_seconds: after so many seconds without a key or touch a counter forgets the card and the key.
    """

    card_prefix: Annotated[str, formed(r"^([!-~]{1,20})?$", "at most 20 characters of ASCII, without blanks")] = ""
    channel: str | None = None
    payment: str | None = None
    facts: dict[str, bool | int | str] = Field(default_factory=dict)
    agent: Annotated[str, formed(r"^[A-Za-z0-9-]{1,60}$", "at most 60 letters, digits and hyphens")] | None = None
    idle_seconds: Annotated[int, Field(ge=30, le=3600)] = 300


class CountersModel(Model):
    """The content of the file of settings.

    Attributes:
        organisations: settings by organisation.
    """

    organisations: dict[str, CounterSettings]


#: Settings by organisation; one that is not there has the defaults.
Counters = Mapping[str, CounterSettings]
NO_SETTINGS: Counters = MappingProxyType({})


def read_settings(path: Path, service: PassService) -> Counters:
    """Read the file of settings.

    Args:
        path: the file.
        service: the service; channels, means of payment and facts are held against its pack.

    Raises:
        InputError: all faults of the file.
    """
    faults = Faults()
    model, document = read_model(path, path.name, CountersModel, faults)
    if model is not None:
        refuse_identifiers(model.model_dump(mode="json"), path.name)
        passes = service.section.model
        asked = service.policy.asked("channel") if service.policy.has("channel") else ()
        for organisation, one in model.organisations.items():
            of_one = ("organisations", organisation)
            codes: dict[str, tuple[str | None, Mapping[str, Any]]] = {
                "channel": (one.channel, passes.channels),
                "payment": (one.payment, passes.payments),
            }
            for name, (code, known) in codes.items():
                if code is not None and code not in known:
                    what, remedy = f'"{code}" is no {name} of the pack', nearest(code, known) or "write one of them"
                    place = document.place((*of_one, name))
                    faults.add(path.name, *place, what, listed(known), remedy, "unknown-name")
            for name, value in one.facts.items():
                place = document.place((*of_one, "facts", name))
                if name not in asked:
                    expected = listed(asked) or "nothing"
                    faults.add(path.name, *place, f'"{name}" is no fact', expected, "write one of them", "unknown-name")
                    continue
                try:
                    service.policy.table("channel").all_inputs[name].type.from_json(value)
                except FactError as error:
                    faults.add(path.name, *place, error.what, error.expected, error.remedy, "wrong-value")
    faults.raise_errors()
    return model.organisations if model else NO_SETTINGS


def make_settings_router(prefix: str, service: PassService, pack: Pack, counters: Counters) -> APIRouter:
    """Make the route ``/counter/settings``.

    Args:
        prefix: what every path of the API begins with.
        service: the service whose passes are sold.
        pack: its pack.
        counters: settings by organisation.
    """
    router = APIRouter(prefix=prefix, route_class=KeyedRoute)
    of_the_pack = _of_the_pack(service, pack)

    @router.get("/counter/settings", operation_id="counter_settings")
    def settings(caller: Seller) -> dict[str, Any]:
        """Give what the page of a counter needs beside the catalogue: questions, sources, and what is set for it."""
        own = counters.get(caller.organisation, CounterSettings())
        today = service.day()
        return {
            **of_the_pack,
            "media_prices": {code: service.policy.medium_price(code, today) for code in service.section.model.media},
            "counter": {"name": caller.organisation, **own.model_dump(mode="json")},
            "scopes": sorted(caller.scopes),
        }

    return router


def _of_the_pack(service: PassService, pack: Pack) -> dict[str, Any]:
    """Give what the pack says: what is asked, the unit of money, and titles of sources."""
    policy = service.policy
    # By the name of the service; `fact` is what the table calls it, and what refusals call missing.
    asked = {}
    for role in ASKED:
        if policy.has(role):
            inputs = policy.tables[role].describe()["inputs"]
            own = (*policy.asked(role), *(("used_transit", "bike_days") if role == "refund" else ()))
            names = {name: service.section.model.tables[role].facts.get(name, name) for name in own}
            asked[role] = {
                name: {**inputs[theirs], "fact": theirs} for name, theirs in names.items() if theirs in inputs
            }
    money = policy.table("price").outcomes.get(service.section.model.tables["price"].outcomes.get("amount", "amount"))
    return {
        "zone": service.section.model.timezone,
        "asked": asked,
        "unit": dict(money.unit) if money is not None and money.unit else {},
        "has_refunds": policy.has("refund"),
        "pack": {
            "id": pack.id,
            "version": pack.manifest.version,
            "title": dict(pack.manifest.title),
            "status": pack.manifest.status,
        },
        "sources": {
            name: {"title": source.title, "publisher": source.publisher} for name, source in pack.sources.items()
        },
    }
