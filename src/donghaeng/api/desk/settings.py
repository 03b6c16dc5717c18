"""What each institution sets for its own desks: a YAML file, and the route that gives a desk its part of it.

.. code-block:: yaml

    institutions:
      clinic-1:                     # organisation of the key, as `donghaeng keys create` was told
        barcode_prefix: "HD-"       # what the institution's own barcodes begin with
        memory_is_complete: true    # all its earlier checks are in this ledger
        facts: {facility: clinic}   # facts that are the same for every patient
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
from donghaeng.errors import Faults
from donghaeng.identifiers import refuse_identifiers
from donghaeng.rules.types import FactError
from donghaeng.services.identity.section import FactValue

Desk = Annotated[Caller, Depends(needs("identity:desk"))]


class InstitutionSettings(Model):
    """The settings of one institution.

    Attributes:
        barcode_prefix: what its own barcodes begin with; empty where it has none, and then nothing is read by scanner.
        memory_is_complete: whether all its earlier checks are in this ledger, so that no record means no check.
        facts: facts of the table of visits that are the same for each of its patients, such as what kind it is.
        idle_seconds: after so many seconds without a key or touch a desk forgets the patient and the key.
        kiosk_seconds: after so many seconds a kiosk is back at its start.
    """

    barcode_prefix: Annotated[str, formed(r"^([!-~]{1,20})?$", "at most 20 characters of ASCII, without blanks")] = ""
    memory_is_complete: bool = False
    facts: dict[str, FactValue] = Field(default_factory=dict)
    idle_seconds: Annotated[int, Field(ge=30, le=3600)] = 300
    kiosk_seconds: Annotated[int, Field(ge=5, le=300)] = 25


class DeskModel(Model):
    """The content of the file of settings.

    Attributes:
        institutions: settings by organisation.
    """

    institutions: dict[str, InstitutionSettings]


#: Settings by organisation; one that is not there has the defaults.
Institutions = Mapping[str, InstitutionSettings]
NO_SETTINGS: Institutions = MappingProxyType({})


def read_settings(path: Path, pack: Pack) -> Institutions:
    """Read the file of settings.

    Args:
        path: the file.
        pack: the pack whose identity check runs; facts are held against its table of visits.

    Raises:
        InputError: all faults of the file.
    """
    faults = Faults()
    model, document = read_model(path, path.name, DeskModel, faults)
    if model is not None:
        refuse_identifiers(model.model_dump(mode="json"), path.name)
        table = pack.table(pack.identity_section().settings.tables["visit"]).table
        for organisation, one in model.institutions.items():
            for name, value in one.facts.items():
                place = document.place(("institutions", organisation, "facts", name))
                if name not in table.all_inputs:
                    expected = f"an input of {table.id}: {', '.join(table.all_inputs)}"
                    faults.add(path.name, *place, f'"{name}" is no fact', expected, "write one of them", "unknown-name")
                    continue
                try:
                    table.all_inputs[name].type.from_json(value)
                except FactError as error:
                    faults.add(path.name, *place, error.what, error.expected, error.remedy, "wrong-value")
    faults.raise_errors()
    return model.institutions if model else NO_SETTINGS


def make_settings_router(prefix: str, pack: Pack, institutions: Institutions) -> APIRouter:
    """Make the route ``/desk/settings``.

    Args:
        prefix: what every path of the API begins with.
        pack: the pack whose identity check runs.
        institutions: settings by organisation.
    """
    router = APIRouter(prefix=prefix, route_class=KeyedRoute)
    of_the_pack = _of_the_pack(pack)

    @router.get("/desk/settings", operation_id="desk_settings")
    def settings(caller: Desk) -> dict[str, Any]:
        """Give what the page of a desk needs beside the service: what results mean, and what the institution sets."""
        own = institutions.get(caller.organisation, InstitutionSettings())
        return {**of_the_pack, "institution": {"name": caller.organisation, **own.model_dump(mode="json")}}

    return router


def _of_the_pack(pack: Pack) -> dict[str, Any]:
    """Give what the pack says: the meaning of codes, and titles of sources."""
    settings = pack.identity_section().settings
    return {
        "zone": settings.zone,
        "results": settings.results.model_dump(mode="json"),
        "lookup": {"fact": settings.facts.lookup, **settings.lookup.model_dump(mode="json")},
        "means": {"fact": settings.facts.means, "nothing": settings.facts.nothing},
        "amount": settings.outcomes.amount,
        "pack": {
            "id": pack.id,
            "version": pack.manifest.version,
            "title": dict(pack.manifest.title),
            "status": pack.manifest.status,
        },
        "sources": {
            name: {"title": source.title, "publisher": source.publisher, "url": source.url}
            for name, source in pack.sources.items()
        },
    }
