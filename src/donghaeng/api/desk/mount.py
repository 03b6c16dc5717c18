"""The desk on the live side: its pages, and the routes that only its pages use."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import APIRouter

from donghaeng.api.desk.pages import make_pages_router
from donghaeng.api.desk.patient_visits import make_patient_router
from donghaeng.api.desk.settings import NO_SETTINGS, make_settings_router, read_settings
from donghaeng.api.live_pages.pages import texts_of
from donghaeng.catalogue.pack import Pack
from donghaeng.ledger.ledger import Ledger

#: Names the file of settings of institutions.
SETTINGS_VARIABLE = "DONGHAENG_DESK_SETTINGS"


def desk_routers(ledger: Ledger, pack: Pack, prefix: str, settings: Path | None = None) -> list[APIRouter]:
    """Make the routes of the desk.

    Args:
        ledger: the ledger on which the identity check runs.
        pack: the pack whose identity check it is.
        prefix: what every path of the API begins with.
        settings: file of the settings of institutions; None for the one that `SETTINGS_VARIABLE` names, if any.

    Raises:
        InputError: faults of the file of settings.
        UsageError: the pack has no identity check.
    """
    named = os.environ.get(SETTINGS_VARIABLE, "")
    file = settings or (Path(named) if named else None)
    institutions = read_settings(file, pack) if file else NO_SETTINGS
    return [
        make_pages_router(lambda: texts_of(pack)),
        make_settings_router(prefix, pack, institutions),
        make_patient_router(prefix, ledger, pack.identity_section().settings.zone),
    ]
