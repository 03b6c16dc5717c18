"""A real browser for the tests, and a visitor who notes what should not be seen."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    executable = next((found for name in CANDIDATES if (found := shutil.which(name))), None)
    if executable is None:
        reason = "no Chromium here: install it, or let tools/system-packages do so"
        pytest.fail(reason) if os.environ.get("CI", "").lower() == "true" else pytest.skip(reason)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield running
        running.close()


class Visitor:
    """A page of the browser that notes what it should not see."""

    def __init__(self, browser: Any, **settings: Any) -> None:
        self.context = browser.new_context(**settings)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        self.page.on("request", self._request)

    def _request(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.complaints.append(f"left the site: {request.url}")

    def open(self, path: Path) -> Any:
        self.page.goto(path.as_uri())
        return self.page

    def close(self) -> None:
        self.context.close()


@pytest.fixture
def wide(browser: Any) -> Iterator[Visitor]:
    visitor = Visitor(browser, viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield visitor
    visitor.close()


@pytest.fixture
def dark(browser: Any) -> Iterator[Visitor]:
    visitor = Visitor(browser, viewport={"width": 390, "height": 844}, color_scheme="dark")
    yield visitor
    visitor.close()


@pytest.fixture
def narrow(browser: Any) -> Iterator[Visitor]:
    visitor = Visitor(browser, viewport={"width": 320, "height": 640})
    yield visitor
    visitor.close()


def violations(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(
        page, options={"runOnly": {"type": "tag", "values": TAGS}, "preload": False, "resultTypes": ["violations"]}
    )
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found.response["violations"]]
