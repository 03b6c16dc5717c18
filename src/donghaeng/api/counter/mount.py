"""The counter on the live side: its pages, and the route that only its pages use."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter

from donghaeng.api.counter.settings import NO_SETTINGS, make_settings_router, read_settings
from donghaeng.api.live_pages import pages
from donghaeng.catalogue.pack import Pack
from donghaeng.services.passes.service import PassService

#: Names the file of settings of counters.
SETTINGS_VARIABLE = "DONGHAENG_COUNTER_SETTINGS"
PACKAGE = "donghaeng.api.counter"
ADDRESS = "/counter"


def counter_routers(service: PassService, pack: Pack, prefix: str, settings: Path | None = None) -> list[APIRouter]:
    """Make the routes of the counter.

    Args:
        service: the service whose passes are sold.
        pack: its pack.
        prefix: what every path of the API begins with.
        settings: file of the settings of counters; None for the one that `SETTINGS_VARIABLE` names, if any.

    Raises:
        InputError: faults of the file of settings.
    """
    named = os.environ.get(SETTINGS_VARIABLE, "")
    file = settings or (Path(named) if named else None)
    counters = read_settings(file, service) if file else NO_SETTINGS
    return [
        pages.make_pages_router(ADDRESS, PACKAGE, _pages(pack), lambda: pages.texts_of(pack) + _words_of_the_service()),
        make_settings_router(prefix, service, pack, counters),
    ]


def _words_of_the_service() -> str:
    """Give what the service says by itself, such as refusals and warnings: it stands in its modules."""
    modules = files("donghaeng.services.passes").iterdir()
    return "".join(one.read_text("utf-8") for one in modules if one.name.endswith(".py"))


#: Phrases of what a buyer takes home begin with this; the page has them in every language.
_TAKEN_HOME = "receipt_"


def _pages(pack: Pack) -> dict[str, pages.Page]:
    """Draw the page in each language; it names its pack, and says where that is invented."""
    drawn = {}
    for place, language in enumerate(pages.LANGUAGES):
        words = pages.words_of(PACKAGE, language)
        title = {str(name): text for name, text in pack.manifest.title.items()}
        words["unofficial"] = words["invented" if pack.manifest.status == "invented" else "unofficial"].format(
            pack=title.get(language) or next(iter(title.values())), id=pack.id, version=pack.manifest.version
        )
        for spoken in pages.LANGUAGES:
            phrases = pages.words_of(PACKAGE, spoken).items()
            words |= {f"{spoken}.{key}": phrase for key, phrase in phrases if key.startswith(_TAKEN_HOME)}
        drawn[f"/{language}" if place else ""] = pages.draw(
            PACKAGE, "counter.html.j2", address=ADDRESS, language=language, t=words, words=pages.as_data(words)
        )
    return drawn
