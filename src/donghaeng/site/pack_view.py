"""A released pack as pages need it, whatever it describes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from donghaeng.release.read import ReleasedPack, Row
from donghaeng.wording import Language, PageLanguage


class PackView:
    """One pack of a release: what every pack has."""

    def __init__(self, pack: ReleasedPack) -> None:
        """Take a released pack."""
        self.pack = pack
        self.id = pack.id
        self.description = pack.description
        self.languages: tuple[Language, ...] = tuple(pack.description["languages"])
        self.places = {str(row["place"]): row for row in self.rows("places")}
        self.sources = {str(row["id"]): row for row in self.rows("sources")}

    def rows(self, table: str) -> tuple[Row, ...]:
        """Give the rows of a table; none when the release has no such table."""
        return self.pack.tables.get(table, ())

    def path(self, page: str) -> str:
        """Give the path of one of the pages of the pack, below the folder of the language."""
        return f"{self.id}/{page}"

    def title(self, language: PageLanguage) -> str:
        """Give the title of the pack."""
        return in_language(self.description["title"], language)

    def place_name(self, code: str, language: PageLanguage) -> str:
        """Give the name of a place."""
        return named(self.places[code], "name", language) or code if code in self.places else code

    @cached_property
    def articles(self) -> tuple[str, ...]:
        """Names of its articles in addresses, sorted."""
        return tuple(sorted({slug for slug, _ in self.pack.articles}))


def in_language(text: Mapping[str, str], language: PageLanguage) -> str:
    """Give a text in a language, else in English for readers from elsewhere, else in the first it has."""
    fallback = text.get("en") if language != "ko" else None
    return text.get(language) or fallback or next(iter(text.values()), "")


def named(row: Row, column: str, language: PageLanguage) -> str:
    """Give a text column of a row in a language, else in another."""
    found = (row.get(f"{column}_{one}") for one in (language, "en", "ko"))
    return str(next(filter(None, found), ""))
