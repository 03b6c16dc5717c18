"""The pages of the desk: for clerks by language, and for patients in four languages on one page."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from donghaeng.api.live_pages import pages as shared

PACKAGE = "donghaeng.api.desk"
#: Languages of what a patient reads.
SPOKEN = ("ko", "en", "zh", "vi")


def make_pages_router(texts: Callable[[], str] = str) -> APIRouter:
    """Make the routes of the pages; they need no key, as the pages say nothing about anybody.

    Args:
        texts: gives what else the pages will show, for the font; it is asked when the font is.
    """
    return shared.make_pages_router("/desk", PACKAGE, _pages(), texts)


def words_of(name: str) -> dict[str, str]:
    """Read the phrases of a page.

    Args:
        name: ``ko`` or ``en`` for the clerk's page, ``kiosk.ko`` and so on for that of patients.
    """
    return shared.words_of(PACKAGE, name)


def _pages() -> dict[str, shared.Page]:
    """Draw every page."""
    drawn = {}
    for place, language in enumerate(shared.LANGUAGES):
        words = words_of(language)
        drawn[f"/{language}" if place else ""] = shared.draw(
            PACKAGE, "desk.html.j2", address="/desk", language=language, t=words, words=shared.as_data(words)
        )
    spoken = {language: words_of(f"kiosk.{language}") for language in SPOKEN}
    drawn["/kiosk"] = shared.draw(
        PACKAGE, "kiosk.html.j2", spoken=SPOKEN, t=spoken, words=shared.as_data(spoken), staff=words_of("ko")
    )
    return drawn
