"""What a release is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

State = Literal["draft", "reviewed", "published", "corrected"]
STATES: tuple[State, ...] = ("draft", "reviewed", "published", "corrected")


@dataclass(frozen=True)
class PackContent:
    """The results of one pack, ready to be written.

    Attributes:
        id: id of the pack, which is also its folder in the release.
        description: plain values that describe it (written as ``pack.json``).
        recipe: the method as plain values (``recipe.json``); None for a pack without an index.
        wording: its own words by language (``wording.json``).
        inputs: SHA-256 of the files it was read from.
        tables: results and inputs by name. A table with a column ``kind`` is split: rows of kind ``simulated``
            go to a file of their own with ``simulated`` in its name.
        texts: further text files by name, such as ``articles/what-it-is.en.md``.
        documents: further plain values by file name, such as ``rules/identity.json``.
    """

    id: str
    description: Mapping[str, Any]
    recipe: Mapping[str, Any] | None
    wording: Mapping[str, Any]
    inputs: Mapping[str, str]
    tables: Mapping[str, pa.Table]
    texts: Mapping[str, str]
    documents: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Label:
    """How a release is called. Given by people, never read from a clock.

    Attributes:
        id: name of the release, such as ``2026-11``.
        date: ISO day of the release.
        state: draft, reviewed, published or corrected.
        replaces: id of the release that a corrected one replaces; empty otherwise.
        reason: why it was corrected; empty otherwise.
    """

    id: str
    date: str
    state: State
    replaces: str = ""
    reason: str = ""
