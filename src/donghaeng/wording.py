"""Text in more than one language."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = ("ko", "en")

#: A text by language. A pack gives it in every language that it declares.
Text = dict[Language, Annotated[str, Field(min_length=1)]]
