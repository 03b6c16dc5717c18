"""Text in more than one language."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = ("ko", "en")

#: Languages of pages for travellers, who may read neither language of a pack.
PageLanguage = Literal["ko", "en", "ja", "zh"]
PAGE_LANGUAGES: tuple[PageLanguage, ...] = ("ko", "en", "ja", "zh")

#: A text by language. A pack gives it in every language that it declares.
Text = dict[Language, Annotated[str, Field(min_length=1)]]
#: A text that may also be given in the languages of travellers.
PageText = dict[PageLanguage, Annotated[str, Field(min_length=1)]]
