"""A value rests on sources that can carry it."""

import pytest

from tests.small_pack import SmallPack

SOURCE = """\
  {id}:
    title: {{ko: 글, en: Text}}
    publisher: {{ko: {publisher}, en: {publisher}}}
    read_on: 2026-01-01
    extent: whole
    licence: not stated
    grade: {grade}
"""


def with_sources(pack: SmallPack, *sources: tuple[str, str, str]) -> None:
    """Make the pack one about a real body, with further sources (id, publisher, grade)."""
    pack.replace("pack.yaml", "status: invented", "status: unofficial")
    for id_, publisher, grade in sources:
        pack.append("sources.yaml", SOURCE.format(id=id_, publisher=publisher, grade=grade))


def set_first_value(pack: SmallPack, kind: str, source: str) -> None:
    """Set kind and source of the first observation; the others become second hand."""
    text = pack.path("observations.csv").read_text("utf-8").replace("simulated", "second_hand")
    pack.write("observations.csv", text.replace("second_hand,made-up", f"{kind},{source}", 1))


@pytest.mark.parametrize(
    ("sources", "named", "enough"),
    [
        ([("a", "City", "publisher")], "a", True),
        ([("a", "Daily", "report")], "a", False),
        ([("a", "Daily", "report"), ("b", "Times", "report")], "a;b", True),
        ([("a", "Daily", "report"), ("b", "Daily", "report")], "a; b", False),
        ([("a", "Daily", "report"), ("b", "Blog", "copy")], "a;b", False),
        ([("a", "Daily", "report"), ("b", "Spam", "unsafe")], "a;b", False),
        ([("a", "Blog", "copy"), ("b", "Forum", "copy")], "a;b", False),
    ],
)
def test_published_needs_its_publisher_or_two_independent_reports(
    pack: SmallPack, sources: list[tuple[str, str, str]], named: str, enough: bool
) -> None:
    with_sources(pack, *sources)
    set_first_value(pack, "published", named)
    whats = [fault.what for fault in pack.faults() if fault.severity == "error"]
    assert whats == ([] if enough else ["too little evidence for kind published"])


def test_second_hand_may_rest_on_one_report(pack: SmallPack) -> None:
    with_sources(pack, ("a", "Daily", "report"))
    set_first_value(pack, "second_hand", "a")
    assert pack.faults() == []


def test_an_unsafe_source_is_never_the_only_evidence(pack: SmallPack) -> None:
    with_sources(pack, ("spam", "Nobody", "unsafe"))
    set_first_value(pack, "second_hand", "spam")
    fault = pack.fault()
    assert (fault.line, fault.column, fault.what) == (2, 43, "only unsafe sources")


def test_an_unsafe_source_has_no_address(pack: SmallPack) -> None:
    with_sources(pack, ("spam", "Nobody", "unsafe"))
    pack.append("sources.yaml", "    url: https://example.org/hijacked\n")
    fault = pack.fault()
    assert (fault.file, fault.line, fault.column) == ("sources.yaml", 22, 10)
    assert fault.what == '"spam" is unsafe and has an address'


def test_a_statement_needs_a_source_that_can_be_shown(pack: SmallPack) -> None:
    with_sources(pack, ("spam", "Nobody", "unsafe"))
    set_first_value(pack, "second_hand", "made-up")
    pack.write(
        "statements.csv",
        "id,type,node,period,by_ko,by_en,said_on,said_ko,said_en,source,printed,corrected,status,"
        "outcome_ko,outcome_en,outcome_on,outcome_source\n"
        "a,promise,,,시,City,2024-02,약속,A promise,spam,,,unknown,,,,\n"
        "b,promse,total,,시,City,2024-02-30,약속,A promise,,5 of 6,,,,,,\n"
        "a,figure,totl,2024,시,,2024,말,Said,made-up,,,,,,,mad-up\n",
    )
    assert [(fault.line, fault.column, fault.what) for fault in pack.faults()] == [
        (2, 41, "only unsafe sources"),
        (3, 3, '"promse" is not known here'),
        (3, 24, '"2024-02-30" is not a day, month or year'),
        (3, 48, "the source is missing"),
        (3, 56, "corrected is missing"),
        (4, 1, 'the id "a" is empty or used before'),
        (4, 10, 'unknown node "totl"'),
        (4, 22, "by_en is missing"),
        (4, 49, 'unknown source "mad-up"'),
    ]


def test_a_promise_says_what_came_of_it(pack: SmallPack) -> None:
    header = (
        "id,type,node,period,by_ko,by_en,said_on,said_ko,said_en,source,printed,corrected,status,"
        "outcome_ko,outcome_en,outcome_on,outcome_source\n"
    )
    pack.write("statements.csv", f"{header}a,promise,,,시,City,2024,약속,A promise,made-up,,,,,,,\n")
    fault = pack.fault()
    assert (fault.what, fault.expected) == ('"" is not known here', "one of kept, late, changed, not_kept, unknown")
