"""The words of the site: ``words/ko.yaml`` and ``words/en.yaml``, one entry a phrase, the same keys in both.

``ja.yaml`` and ``zh.yaml`` have those that pages for travellers need.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from babel import Locale
from markupsafe import Markup, escape

from donghaeng.documents import parse_document
from donghaeng.errors import Faults
from donghaeng.wording import PageLanguage


class Words:
    """The phrases of one language.

    A phrase may have forms for one and for several; the argument ``count`` chooses.
    """

    def __init__(self, language: PageLanguage, phrases: Mapping[str, Any]) -> None:
        """Take the phrases of a language by key."""
        self.language = language
        self.phrases = phrases
        self._plural = Locale.parse(language).plural_form

    def __call__(self, key: str, **values: object) -> Markup:
        """Give a phrase with its values filled in; values that are not markup are escaped.

        Raises:
            KeyError: when there is no such phrase.
        """
        phrase = self.phrases[key]
        if isinstance(phrase, dict):
            count = values["count_of"] if "count_of" in values else values["count"]
            phrase = phrase.get(self._plural(count), phrase["other"])  # type: ignore[arg-type]
        return escape(phrase).format(**values) if values else escape(phrase)

    def text(self, key: str, **values: object) -> str:
        """Give a phrase as plain text, for images and data files."""
        return self(key, **values).unescape()

    def has(self, key: str) -> bool:
        """Say whether there is such a phrase."""
        return key in self.phrases


@lru_cache
def words_of(language: PageLanguage) -> Words:
    """Read the phrases of a language."""
    return Words(language, phrases_of(language))


@lru_cache
def phrases_of(language: PageLanguage) -> dict[str, Any]:
    """Read the file of a language: phrases by key, ``group.name`` for those in groups."""
    name = f"words/{language}.yaml"
    faults = Faults()
    document = parse_document(files("donghaeng.site").joinpath(name).read_text("utf-8"), name, faults)
    faults.raise_errors()
    flat: dict[str, Any] = {}
    for group, entries in (document.value if document else {}).items():
        for key, phrase in entries.items():
            flat[f"{group}.{key}"] = phrase
    return flat
