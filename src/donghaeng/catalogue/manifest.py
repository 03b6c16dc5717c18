"""``pack.yaml``: what a pack is, and ``wording/``: its own words on the site."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from donghaeng.documents import Day, Model, formed
from donghaeng.wording import Language, Text

PACK_ID = r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$"

PackId = Annotated[str, formed(PACK_ID, "two segments in small letters, such as my-city/my-index")]


class Manifest(Model):
    """The content of ``pack.yaml``.

    Attributes:
        format: version of the pack format.
        id: two segments, ``owner/name``; the folder of the pack may have another name.
        version: version of the content, such as ``1.0.0``.
        date: day of this version.
        title: title by language.
        summary: one or two sentences by language.
        owner: the body whose policy it is, by language.
        jurisdiction: code of the place whose law applies (ISO 3166).
        languages: languages of the pack; every text is given in each of them.
        licence: licence of the pack's own words and compilation (SPDX identifier).
        status: ``official`` (its owner has adopted the pack), ``unofficial`` (about a real body that has not) or
            ``invented`` (about nobody real; every value is simulated).
        uses: ids of packs whose values it reads.
    """

    format: Literal[1]
    id: PackId
    version: Annotated[str, formed(r"^\d+\.\d+\.\d+$", "three numbers, such as 1.0.0")]
    date: Day
    title: Text
    summary: Text
    owner: Text
    jurisdiction: Annotated[
        str, formed(r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$|^none$|^world$", "a code of ISO 3166 such as KR-11, none or world")
    ]
    languages: Annotated[tuple[Language, ...], Field(strict=False, min_length=1)]
    licence: Annotated[str, formed(r"^[A-Za-z0-9][A-Za-z0-9 .+-]{0,63}$", "an SPDX identifier such as CC-BY-4.0")]
    status: Literal["official", "unofficial", "invented"]
    uses: Annotated[tuple[PackId, ...], Field(strict=False)] = ()


class Wording(Model):
    """The content of ``wording/LANGUAGE.yaml``: Markdown that the site shows in its place.

    Attributes:
        about: what the policy is and what it is for.
        reading: how to read the numbers.
        method_note: what a reader must know about the method, shown on the method page.
        coverage_note: what is known and what is not.
    """

    about: str | None = None
    reading: str | None = None
    method_note: str | None = None
    coverage_note: str | None = None
