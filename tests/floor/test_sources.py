"""Which sources carry a value, and how firm a value made from several is."""

from datetime import date

import pytest

from donghaeng.sources import CITABLE, Grade, Kind, Source, source_ids, supports_published


def source(publisher: str, grade: Grade) -> Source:
    return Source(
        title={"en": "Text"},
        publisher={"en": publisher},
        read_on=date(2026, 1, 1),
        extent="whole",
        licence="not stated",
        grade=grade,
    )


SOURCES = {
    "city": source("City", "publisher"),
    "daily": source("Daily", "report"),
    "daily-again": source("Daily", "report"),
    "times": source("Times", "report"),
    "blog": source("Blog", "copy"),
    "spam": source("Nobody", "unsafe"),
}


@pytest.mark.parametrize(
    ("ids", "enough"),
    [
        (["city"], True),
        (["spam", "city"], True),
        (["daily"], False),
        (["daily", "times"], True),
        (["daily", "daily-again"], False),
        (["daily", "blog", "spam"], False),
        (["times", "nowhere"], False),
        ([], False),
    ],
)
def test_a_published_value_needs_its_publisher_or_two_independent_reports(ids: list[str], enough: bool) -> None:
    assert supports_published(ids, SOURCES) is enough


def test_only_published_values_and_arithmetic_on_them_are_citable() -> None:
    assert {kind.word for kind in CITABLE} == {"published", "derived"}


def test_a_value_made_from_several_is_as_firm_as_the_least_firm() -> None:
    firmest_first = ["published", "derived", "second_hand", "inferred", "simulated", "unknown"]
    assert [kind.word for kind in sorted(Kind)] == firmest_first


@pytest.mark.parametrize(
    ("cell", "ids"), [("", ()), ("a", ("a",)), ("a;b", ("a", "b")), (" a ; b ;", ("a", "b")), (";", ())]
)
def test_source_ids_are_parted_by_semicolons(cell: str, ids: tuple[str, ...]) -> None:
    assert source_ids(cell) == ids


@pytest.mark.parametrize("written", ["2024-13", "2024-06-31", "24", "June 2024", "2024-Q2"])
def test_a_date_of_publication_exists(written: str) -> None:
    with pytest.raises(ValueError, match="date"):
        Source.model_validate({**SOURCES["city"].model_dump(), "date": written})
