"""The release that the pages of a site are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from donghaeng.site.pack_view import PackView
from donghaeng.site.view import IndexView


@dataclass(frozen=True)
class Edition:
    """What every page says about the release.

    Attributes:
        manifest: the manifest of the release.
        digest: SHA-256 of the manifest.
        views: the packs of the release.
        paths: pages that exist, as paths from the top of the site.
    """

    manifest: Mapping[str, Any]
    digest: str
    views: tuple[PackView, ...]
    paths: frozenset[str]

    @property
    def only_indices(self) -> bool:
        """Say whether every pack of the release describes an index, so that the site may be called after them."""
        return all(isinstance(view, IndexView) for view in self.views)
