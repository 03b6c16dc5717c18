"""The pages of the desk as they go out: HTML by language, scripts and style sheets. None has data of anybody."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from donghaeng.api.observe import PART
from donghaeng.api.problems import refused
from donghaeng.documents import parse_document
from donghaeng.errors import Faults
from donghaeng.site.fonts import FILE_NAME, LICENCE_NAME, licence_text, subset_font

#: Languages of the clerk's page, in the order in which they are offered; the first is that of ``/desk``.
LANGUAGES = ("ko", "en")
#: Languages of what a patient reads.
SPOKEN = ("ko", "en", "zh", "vi")
NAMES = {"ko": "한국어", "en": "English", "zh": "中文", "vi": "Tiếng Việt"}

#: Scripts, styles and requests come from here and nowhere else. Nothing in a page is run, and no page is framed.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "cache-control": "no-cache",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # A page of which nothing is kept: not even in the memory of the way back.
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_HTML = "text/html; charset=utf-8"
#: The log and the counts have this in place of a route.
LOGGED_AS = "desk"


@dataclass(frozen=True)
class Page:
    """A file as it goes out.

    Attributes:
        body: its bytes.
        media_type: its type.
        tag: changes with the bytes.
    """

    body: bytes
    media_type: str
    tag: str


def make_pages_router(texts: Callable[[], str] = str) -> APIRouter:
    """Make the routes of the pages; they need no key, as the pages say nothing about anybody.

    Args:
        texts: gives what else the pages will show, for the font; it is asked when the font is.
    """
    router = APIRouter()
    pages = _pages()
    assets = _assets()
    # Cutting the font takes seconds, so that it waits until a browser wants it.
    font = lru_cache(lambda: _page(subset_font(_characters(texts())), "font/woff2"))

    @router.get("/desk", include_in_schema=False)
    async def desk(request: Request) -> Response:
        return _answer(pages[LANGUAGES[0]], request)

    @router.get("/desk/en", include_in_schema=False)
    async def desk_in_english(request: Request) -> Response:
        return _answer(pages["en"], request)

    @router.get("/desk/kiosk", include_in_schema=False)
    async def kiosk(request: Request) -> Response:
        return _answer(pages["kiosk"], request)

    @router.get("/desk/assets/{name}", include_in_schema=False)
    async def asset(name: str, request: Request) -> Response:
        if name == FILE_NAME:
            return _answer(await anyio.to_thread.run_sync(font), request)
        if name not in assets:
            raise refused("not-found", "the page has no such part; load it again")
        return _answer(assets[name], request)

    return router


def _characters(texts: str) -> str:
    """Give every character that the pages can show."""
    spoken = [words_of(name) for name in (*LANGUAGES, *(f"kiosk.{language}" for language in SPOKEN))]
    return "".join(sorted({*texts, *"".join(phrase for words in spoken for phrase in words.values()), *NAMES["ko"]}))


def _answer(page: Page, request: Request) -> Response:
    request.scope[PART] = LOGGED_AS
    headers = {**HEADERS, "etag": page.tag}
    if request.headers.get("if-none-match") == page.tag:
        return Response(status_code=304, headers=headers)
    return Response(page.body, media_type=page.media_type, headers=headers)


def _page(body: bytes, media_type: str) -> Page:
    return Page(body, media_type, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _pages() -> dict[str, Page]:
    """Draw every page."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("donghaeng.api.desk"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawn = {}
    for language in LANGUAGES:
        words = words_of(language)
        page = environment.get_template("desk.html.j2").render(
            language=language, languages=LANGUAGES, spoken=SPOKEN, names=NAMES, t=words, words=_data(words)
        )
        drawn[language] = _page(page.encode(), _HTML)
    spoken = {language: words_of(f"kiosk.{language}") for language in SPOKEN}
    kiosk = environment.get_template("kiosk.html.j2").render(
        spoken=SPOKEN, names=NAMES, t=spoken, words=_data(spoken), staff=words_of("ko")
    )
    drawn["kiosk"] = _page(kiosk.encode(), _HTML)
    return drawn


def words_of(name: str) -> dict[str, str]:
    """Read the phrases of a page: a file of ``words/``.

    Args:
        name: ``ko`` or ``en`` for the clerk's page, ``kiosk.ko`` and so on for that of patients.
    """
    faults = Faults()
    text = files("donghaeng.api.desk").joinpath(f"words/{name}.yaml").read_text("utf-8")
    document = parse_document(text, f"words/{name}.yaml", faults)
    faults.raise_errors()
    return {str(key): str(phrase) for key, phrase in (document.value if document else {}).items()}


def _data(words: Mapping[str, Any]) -> Any:
    """Give words as JSON that can stand in a page: a script reads it, and nothing in it ends the element."""
    from markupsafe import Markup

    text = json.dumps(words, ensure_ascii=False, sort_keys=True)
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S704, escaped here


def _assets() -> dict[str, Page]:
    """Read every script and style sheet."""
    folder = files("donghaeng.api.desk").joinpath("assets")
    found = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        suffix = file.name[file.name.rfind(".") :]
        if suffix in _TYPES:
            found[file.name] = _page(file.read_bytes(), _TYPES[suffix])
    found[LICENCE_NAME] = _page(licence_text(), "text/plain; charset=utf-8")
    return found
