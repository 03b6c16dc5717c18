"""YAML documents: version 1.2, plain values only, every fault at its place."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from donghaeng.documents import DEEPEST_NESTING, LARGEST_DOCUMENT, Day, Model, parse_document, read_model
from donghaeng.errors import Faults


def parsed(text: str) -> Any:
    faults = Faults()
    document = parse_document(text, "a.yaml", faults)
    assert document is not None, "\n".join(map(str, faults))
    return document.value


def fault_of(text: str) -> str:
    faults = Faults()
    assert parse_document(text, "a.yaml", faults) is None
    (fault,) = faults
    return str(fault)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("Off", "Off"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("12", 12),
        ("-12", -12),
        ("012", 12),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ('"12"', "12"),
        ("'NO'", "NO"),
        ('""', ""),
        ("|\n  two\n  lines\n", "two\nlines\n"),
        (">-\n  one\n  line\n", "one line"),
        ("1e999", "1e999"),
        ("9" * 31, 1e31),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    read = parsed(f"key: {text}")["key"]
    assert (read, type(read)) == (value, type(value))


def test_keys_are_texts() -> None:
    assert parsed("1: a\ntrue: b\n~: c\n2024-01-01: d\nNO: e\n") == {
        "1": "a",
        "true": "b",
        "~": "c",
        "2024-01-01": "d",
        "NO": "e",
    }


def test_the_place_of_every_key_and_value_is_known() -> None:
    faults = Faults()
    document = parse_document("# note\na: 1\nb:\n  - x\n  - {c: 한글, d: [1, 2]}\n", "a.yaml", faults)
    assert document is not None
    assert document.place(("a",), of_key=True) == (2, 1)
    assert document.place(("a",)) == (2, 4)
    assert document.place(("b", 0)) == (4, 5)
    assert document.place(("b", 1, "c")) == (5, 9)
    assert document.place(("b", 1, "d", 1)) == (5, 20)
    assert document.place(("b", 1, "nothing")) == (5, 5)
    assert document.place(("nothing",)) == (2, 1)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: &x 1\nb: *x\n", "a.yaml:1:4: an anchor or alias; expected plain values; "),
        ("a: *x\n", "a.yaml:1:4: an anchor or alias; expected plain values; "),
        ("&a key: 1\n", "a.yaml:1:1: an anchor or alias; expected plain values; "),
        ("a: !!python/object/apply:os.system [ls]\n", "a.yaml:1:4: a tag tag:yaml.org,2002:python/object/apply"),
        ("a: !!binary aGk=\n", "a.yaml:1:4: a tag tag:yaml.org,2002:binary; expected plain values; remove the tag"),
        ("a: !own 1\n", "a.yaml:1:4: a tag !own; expected plain values; remove the tag"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document in the file; expected one document; remove the line ---"),
        ("a: 1\nb: 2\na: 3\n", 'a.yaml:3:1: the key "a" stands twice; expected each key once; remove one of them'),
        ("a: {b: 1, b: 2}\n", 'a.yaml:1:11: the key "b" stands twice'),
        ("? [a, b]\n: 1\n", "a.yaml:1:3: a key that is not a word; expected a plain key"),
        ("a: .nan\n", "a.yaml:1:4: .nan is not a number that can be used; expected a finite number"),
        ("a: -.inf\n", "a.yaml:1:4: -.inf is not a number that can be used; expected a finite number"),
        ("a: [1, 2\nb: 3\n", "a.yaml:2:2: not readable as YAML: "),
        ("a: 'x\n", "not readable as YAML: "),
        ("a: b: c\n", "a.yaml:1:5: not readable as YAML: mapping values are not allowed here"),
        ("\tb: 1\n", "a.yaml:1:1: not readable as YAML: "),
        ("a: @b\n", "a.yaml:1:4: not readable as YAML: "),
        ("a: \x01\n", "not readable as YAML: "),
        ('a: "\\UFFFFFFFF"\n', "not readable as YAML: "),
        ('a: "\\ud800"\n', "a.yaml:1:4: half of a character"),
        ("%YAML 3.0\n---\na: 1\n", "not readable as YAML: "),
    ],
)  # fmt: skip
def test_what_is_no_plain_document_is_refused_at_its_place(text: str, fault: str) -> None:
    assert fault in fault_of(text)


def test_nesting_is_limited() -> None:
    assert parsed("[" * DEEPEST_NESTING + "]" * DEEPEST_NESTING)
    deep = DEEPEST_NESTING + 2
    assert f"a.yaml:1:{deep}: more than {DEEPEST_NESTING} levels" in fault_of("[" * deep + "]" * deep)


class Part(Model):
    name: str
    size: float = 1.0


class Whole(Model):
    day: Day
    parts: dict[str, Part]
    count: int = 0


def faults_of_model(folder: Path, text: str | bytes) -> list[str]:
    path = folder / "whole.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    faults = Faults()
    model, _ = read_model(path, "whole.yaml", Whole, faults)
    assert (model is None) == bool(len(faults))
    return [str(fault) for fault in faults]


def test_a_document_becomes_a_frozen_model(tmp_path: Path) -> None:
    path = tmp_path / "whole.yaml"
    path.write_text("day: 2024-03-01\nparts: {a: {name: NO, size: 2}}\n")
    whole, _ = read_model(path, "whole.yaml", Whole, Faults())
    assert whole == Whole(day=date(2024, 3, 1), parts={"a": Part(name="NO", size=2.0)})


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["whole.yaml:1:1: the file has no content; expected the keys day, parts, count; write it"]),
        ("# only a note\n", ["whole.yaml:1:1: the file has no content; expected the keys day, parts, count; write it"]),
        ("- a\n", ["whole.yaml:1:1: ['a'] has the wrong type; expected a mapping of keys to values; correct it"]),
        (
            "day: 2024-02-30\nparts: {}\n",
            [
                'whole.yaml:1:6: "2024-02-30" is not a day: day is out of range for month; '
                "expected a day such as 2024-03-01; correct it"
            ],
        ),
        (
            "day: 2024-03-01\nparts:\n  a: {nmae: x}\n  b: 5\n  c: {name: 5, size: x}\ncount: 1.5\n",
            [
                'whole.yaml:3:6: the key "name" is missing; expected a key name; add it',
                'whole.yaml:3:7: unknown key "nmae"; expected one of name, size; did you mean "name"?',
                "whole.yaml:4:6: 5 has the wrong type; expected a mapping of keys to values; correct it",
                "whole.yaml:5:13: 5 has the wrong type; expected a text (in quotes if it looks like a number); "
                "correct it",
                'whole.yaml:5:22: "x" has the wrong type; expected a number; correct it',
                "whole.yaml:6:8: 1.5 has the wrong type; expected a whole number; correct it",
            ],
        ),
    ],
)  # fmt: skip
def test_all_faults_of_a_document_are_told_together(tmp_path: Path, text: str, faults: list[str]) -> None:
    assert faults_of_model(tmp_path, text) == faults


def test_a_document_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    (fault,) = faults_of_model(tmp_path, b"#" * (LARGEST_DOCUMENT + 1))
    assert fault == "whole.yaml:1:1: the file has 1,000,001 bytes; expected at most 1,000,000 bytes; " + (
        "split it, or move tables to CSV"
    )


FINITE = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers(-(10**29), 10**29) | FINITE | st.text(max_size=9)
PLAIN = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
def test_what_json_writes_is_read_back(value: Any) -> None:
    """JSON is YAML 1.2, so every JSON document means the same here."""
    import json

    assert parsed(json.dumps({"a": value})) == {"a": value}


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from(list("ab: -\n[]{},&*!|>'\"#%@`?~\\u0\t.1é\ufeff")), max_size=40))
@example('"\\U00110000"')
@example("? ")
@example("!<")
def test_any_text_is_a_document_or_a_located_fault(text: str) -> None:
    faults = Faults()
    document = parse_document(text, "a.yaml", faults)
    assert (document is None) == (len(faults) == 1)
    for fault in faults:
        assert 1 <= fault.line <= text.count("\n") + 2
        assert fault.column >= 1
