"""The words of the site: complete in both languages, and all in use."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path
from string import Formatter

import pytest

from donghaeng.site import words
from donghaeng.site.words import phrases_of, words_of

ROOM = Path(words.__file__).parent


def test_both_languages_have_the_same_keys() -> None:
    assert list(phrases_of("ko")) == list(phrases_of("en"))


def test_both_languages_take_the_same_values() -> None:
    for key, phrase in phrases_of("en").items():
        wanted = _fields(phrase) - {"count"}
        assert _fields(phrases_of("ko")[key]) - {"count"} == wanted, key


def test_pages_for_travellers_have_the_same_words_in_japanese_and_chinese() -> None:
    english = phrases_of("en")
    assert list(phrases_of("ja")) == list(phrases_of("zh"))
    for language in ("ja", "zh"):
        said = phrases_of(language)
        assert {key for key in english if key.startswith("traveller.")} - said.keys() == {"traveller.see"}
        for key, phrase in said.items():
            assert _fields(phrase) == _fields(english[key]), f"{language} {key}"


def _fields(phrase: object) -> set[str]:
    forms = phrase.values() if isinstance(phrase, dict) else [phrase]
    return {name for form in forms for _, name, _, _ in Formatter().parse(str(form)) if name}


def test_every_phrase_is_used() -> None:
    sources = [*ROOM.rglob("*.py"), *ROOM.rglob("*.j2")]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    literal = set(re.findall(r'"([a-z_]+\.[a-z_0-9]+)"', text))
    prefixes = set(re.findall(r'"([a-z_]+\.[a-z_]*)" ~', text)) | set(re.findall(r'f"([a-z_]+\.[a-z_]*)\{', text))
    unused = [
        key for key in phrases_of("en") if key not in literal and not any(key.startswith(prefix) for prefix in prefixes)
    ]
    assert not unused


def test_every_phrase_that_is_asked_for_is_there() -> None:
    sources = [*ROOM.rglob("*.py"), *ROOM.rglob("*.j2")]
    call = re.compile(r'\b(?:t|words|text|phrase|say)\("([a-z_]+\.[a-z_]+)"(?! ~)')
    asked = {key for path in sources for key in call.findall(path.read_text("utf-8"))}
    assert asked <= set(phrases_of("en"))


def test_one_and_several() -> None:
    say = words_of("en")
    assert say("sources.text", count=1, shown=1).startswith("1 source,")
    assert say("sources.text", count=2, shown=2).startswith("2 sources,")


def test_values_are_escaped() -> None:
    assert words_of("en")("headline.nothing", name="<b>").startswith("&lt;b&gt;")


@pytest.mark.parametrize("name", ["site.links", "site.prose", "rounding"])
def test_examples_in_the_code_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"donghaeng.{name}"))
    assert result.attempted
    assert not result.failed
