"""Live pages as they go out: HTML by language, scripts and style sheets. None has data of anybody.

A page stands in a package of its own with ``templates/``, ``assets/`` and ``words/``. What is not there is taken from
this package, which has what all of them share.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from donghaeng.api.observe import PART
from donghaeng.api.problems import refused
from donghaeng.catalogue.pack import Pack
from donghaeng.documents import parse_document
from donghaeng.errors import Faults
from donghaeng.site.fonts import FILE_NAME, LICENCE_NAME, licence_text, subset_font

#: Languages of pages for staff, in the order in which they are offered; the first is that of the shortest address.
LANGUAGES = ("ko", "en")
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
#: What browsers write of days and hours in Korean.
_CALENDAR = "년월일화수목금토오전후시분"
_SHARED = "donghaeng.api.live_pages"
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


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


def make_pages_router(
    address: str, package: str, pages: Mapping[str, Page], texts: Callable[[], str] = str
) -> APIRouter:
    """Make the routes of pages and their parts; they need no key, as the pages say nothing about anybody.

    Args:
        address: what the address of every page begins with, such as ``/desk``; the log and the counts have it too.
        package: the package in which the parts stand.
        pages: page by the rest of its address: ``""`` or such as ``/en``.
        texts: gives what the pages will show beside themselves, for the font; it is asked when the font is.
    """
    router = APIRouter()
    assets = _assets(package)
    logged_as = address.strip("/")
    # Cutting the font takes seconds, so that it waits until a browser wants it.
    font = lru_cache(lambda: _page(subset_font(_characters(pages, texts())), "font/woff2"))

    def answer(page: Page, request: Request) -> Response:
        request.scope[PART] = logged_as
        headers = {**HEADERS, "etag": page.tag}
        if request.headers.get("if-none-match") == page.tag:
            return Response(status_code=304, headers=headers)
        return Response(page.body, media_type=page.media_type, headers=headers)

    def serve(page: Page) -> Callable[[Request], Response]:
        async def shown(request: Request) -> Response:
            return answer(page, request)

        return shown  # type: ignore[return-value]

    for rest, page in pages.items():
        router.add_api_route(f"{address}{rest}", serve(page), methods=["GET"], include_in_schema=False)

    @router.get(f"{address}/assets/{{name}}", include_in_schema=False)
    async def asset(name: str, request: Request) -> Response:
        if name == FILE_NAME:
            return answer(await anyio.to_thread.run_sync(font), request)
        if name not in assets:
            raise refused("not-found", "the page has no such part; load it again")
        return answer(assets[name], request)

    return router


def draw(package: str, template: str, **values: Any) -> Page:
    """Draw a page.

    Args:
        package: the package in which it stands.
        template: name of its template; it may build on those that all pages share.
        values: what the template shows.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(_SHARED)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    values = {"languages": LANGUAGES, "names": NAMES} | values
    return _page(environment.get_template(template).render(**values).encode(), "text/html; charset=utf-8")


def words_of(package: str, name: str) -> dict[str, str]:
    """Read the phrases of a page: a file of ``words/``, and the phrases that pages share under the same name.

    Args:
        package: the package in which the page stands.
        name: name of the file without its ending, such as ``ko``.
    """
    found: dict[str, str] = {}
    for place in (_SHARED, package):
        file = files(place).joinpath(f"words/{name}.yaml")
        if not file.is_file():
            continue
        faults = Faults()
        document = parse_document(file.read_text("utf-8"), f"words/{name}.yaml", faults)
        faults.raise_errors()
        found |= {str(key): str(phrase) for key, phrase in (document.value if document else {}).items()}
    return found


def as_data(words: Mapping[str, Any]) -> Any:
    """Give words as JSON that can stand in a page: a script reads it, and nothing in it ends the element."""
    from markupsafe import Markup

    text = json.dumps(words, ensure_ascii=False, sort_keys=True)
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S704, escaped here


def texts_of(pack: Pack) -> str:
    """Give all that a pack can bring onto a page."""
    return "".join(file.read_text("utf-8") for file in sorted(Path(pack.folder).rglob("*.yaml")))


def _characters(pages: Mapping[str, Page], texts: str) -> str:
    """Give every character that the pages can show."""
    return "".join(sorted({*texts, *_CALENDAR, *"".join(page.body.decode() for page in pages.values())}))


def _page(body: bytes, media_type: str) -> Page:
    return Page(body, media_type, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _assets(package: str) -> dict[str, Page]:
    """Read every script and style sheet."""
    found = {}
    for place in (_SHARED, package):
        for file in sorted(files(place).joinpath("assets").iterdir(), key=lambda one: one.name):
            suffix = file.name[file.name.rfind(".") :]
            if suffix in _TYPES:
                found[file.name] = _page(file.read_bytes(), _TYPES[suffix])
    found[LICENCE_NAME] = _page(licence_text(), "text/plain; charset=utf-8")
    return found
