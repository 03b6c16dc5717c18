"""The release that the pages of a site are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from donghaeng.site.view import IndexView


@dataclass(frozen=True)
class Edition:
    """What every page says about the release.

    Attributes:
        manifest: the manifest of the release.
        digest: SHA-256 of the manifest.
        views: the indices of the release.
        paths: pages that exist, as paths from the top of the site.
    """

    manifest: Mapping[str, Any]
    digest: str
    views: tuple[IndexView, ...]
    paths: frozenset[str]
