"""YAML documents that are read into models, with the place of every fault.

YAML 1.2 core schema: ``NO`` is a text, ``2024-01-01`` is a text that a `Day` reads. Anchors, aliases, tags
and second documents are refused, so a document is a tree no larger than its file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, NoReturn, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from donghaeng.errors import Faults, listed, nearest
from donghaeng.textfile import lines, size_fault

LARGEST_DOCUMENT = 1_000_000
DEEPEST_NESTING = 40

Place = tuple[int, int]
Path_ = tuple[str | int, ...]


class Model(BaseModel):
    """Base of everything read from a pack: frozen, no unknown keys, no silent conversion."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII) else value
        except ValueError as error:
            raise ValueError(f'"{value}" is not a day: {error}', "a day such as 2024-03-01") from None
    return value


#: A calendar day, written as ``2024-03-01``.
Day = Annotated[date, BeforeValidator(_day)]

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass
class Document:
    """A parsed document: plain values, and where each of them stands.

    Attributes:
        label: how faults name the file.
        value: the content as dict, list, str, int, float, bool or None.
        keys: place of the key (or list item) at a path.
        values: place of the value at a path.
    """

    label: str
    value: Any = None
    keys: dict[Path_, Place] = field(default_factory=dict)
    values: dict[Path_, Place] = field(default_factory=dict)

    def place(self, path: Path_, of_key: bool = False) -> Place:
        """Give line and column of the value (or key) at a path, or of its nearest parent."""
        marks = self.keys if of_key else self.values
        while path and path not in marks:
            path = path[:-1]
        return marks.get(path) or self.values.get((), (1, 1))


def read_model(path: Path, label: str, model: type[ModelT], faults: Faults) -> tuple[ModelT | None, Document]:
    """Read a YAML file into a model.

    Args:
        path: the file.
        label: how faults name it.
        model: the pydantic model of its content.
        faults: where faults go.

    Returns:
        The model, or None when there are faults, and the document for later checks that need places.
    """
    document = read_document(path, label, faults)
    if document is None:
        return None, Document(label)
    if document.value is None:
        faults.add(label, 1, 1, "the file has no content", _keys_phrase(model), "write it", "empty-file")
        return None, document
    return validated(document.value, model, document, faults), document


def validated(value: Any, model: type[ModelT], document: Document, faults: Faults) -> ModelT | None:
    """Read plain values into a model; None, with faults at their places in the document, when they do not fit."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _add_validation_fault(detail, document, model, faults)
        return None


def read_document(path: Path, label: str, faults: Faults) -> Document | None:
    """Parse a YAML file; None when it has faults."""
    if size_fault(path, label, LARGEST_DOCUMENT, faults, "split it, or move tables to CSV"):
        return None
    before = len(faults)
    text = "".join(lines(path, label, faults))
    if len(faults) > before:
        return None
    return parse_document(text, label, faults)


def parse_document(text: str, label: str, faults: Faults) -> Document | None:
    """Parse YAML text; None when it has faults."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        document = _Composer(label, faults).compose(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = f"not readable as YAML: {error.problem or error.context}"
        faults.add(label, line, column, what, "YAML 1.2", "check indentation, colons and quotes", "yaml")
        return None
    except YAMLError as error:
        what = f"not readable as YAML: {str(error).splitlines()[0]}"
        faults.add(label, 1, 1, what, "YAML 1.2", "check the characters of the file", "yaml")
        return None
    except (ValueError, OverflowError):  # from the parser, on escapes such as "\\UFFFFFFFF"
        what = "not readable as YAML: an escape that is not a character"
        faults.add(label, 1, 1, what, "YAML 1.2", "look for a backslash in double quotes", "yaml")
        return None
    except _RefusedYAMLError:
        return None
    return document


class _RefusedYAMLError(Exception):
    pass


class _Composer:
    """Builds plain values from parser events; own code because positions and limits are needed at once."""

    def __init__(self, label: str, faults: Faults) -> None:
        self.document = Document(label)
        self.faults = faults

    def compose(self, events: Iterator[Any]) -> Document:
        documents = 0
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    self._refuse(event, "a second document in the file", "one document", "remove the line ---")
            elif kind in {"ScalarEvent", "SequenceStartEvent", "MappingStartEvent", "AliasEvent"}:
                self.document.value = self._value(event, events, ())
        return self.document

    def _value(self, event: Any, events: Iterator[Any], path: Path_) -> Any:
        self._check(event, path)
        place = (event.start_mark.line + 1, event.start_mark.column + 1)
        self.document.values[path] = place
        self.document.keys.setdefault(path, place)
        kind = type(event).__name__
        if kind == "ScalarEvent":
            return self._scalar(event)
        if kind == "SequenceStartEvent":
            items: list[Any] = []
            while type(event := next(events)).__name__ != "SequenceEndEvent":
                items.append(self._value(event, events, (*path, len(items))))
            return items
        mapping: dict[str, Any] = {}
        while type(event := next(events)).__name__ != "MappingEndEvent":
            key = self._key(event, mapping)
            self.document.keys[(*path, key)] = (event.start_mark.line + 1, event.start_mark.column + 1)
            mapping[key] = self._value(next(events), events, (*path, key))
        return mapping

    def _key(self, event: Any, mapping: Mapping[str, Any]) -> str:
        if type(event).__name__ != "ScalarEvent":
            self._refuse(event, "a key that is not a word", "a plain key", "write a word before the colon")
        self._check(event, ())
        key = self._whole(event)
        if key in mapping:
            self._refuse(event, f'the key "{key}" stands twice', "each key once", "remove one of them")
        return key

    def _check(self, event: Any, path: Path_) -> None:
        if type(event).__name__ == "AliasEvent" or event.anchor:
            self._refuse(event, "an anchor or alias", "plain values", "write the value out where it is needed")
        tag = getattr(event, "tag", None)
        if tag and str(tag) != "!":
            self._refuse(event, f"a tag {tag}", "plain values", "remove the tag")
        if len(path) > DEEPEST_NESTING:
            self._refuse(event, f"more than {DEEPEST_NESTING} levels", "a flat document", "remove levels")

    def _scalar(self, event: Any) -> Any:
        text = self._whole(event)
        if event.style is not None:  # quoted or block
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if re.fullmatch(r"[-+]?[0-9]{1,30}", text):
            return int(text)
        if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?", text):
            number = float(text)
            if number not in {float("inf"), float("-inf")}:
                return number
        if re.fullmatch(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", text):
            self._refuse(event, f"{text} is not a number that can be used", "a finite number", "leave the key out")
        return text

    def _whole(self, event: Any) -> str:
        """Join the halves of characters that JSON escapes in two parts, and refuse halves that stay alone."""
        text = str(event.value)
        if text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text):
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._refuse(event, "half of a character (a surrogate)", "whole characters", "write the character itself")

    def _refuse(self, event: Any, what: str, expected: str, remedy: str) -> NoReturn:
        mark = event.start_mark
        self.faults.add(self.document.label, mark.line + 1, mark.column + 1, what, expected, remedy, "yaml")
        raise _RefusedYAMLError


_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

#: What a pattern asks for, in words; models that use one add it.
FORMS: dict[str, str] = {}


def formed(pattern: str, phrase: str) -> Any:
    """Give a pydantic field that holds text to a pattern, and the phrase that says so to people."""
    FORMS[pattern] = phrase
    return Field(pattern=pattern)


_TYPE_NAMES = {
    "string_type": "a text (in quotes if it looks like a number)",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "list_type": "a list",
    "tuple_type": "a list",
    "date_type": "a day such as 2024-03-01",
    "is_instance_of": "another type",
    "finite_number": "a finite number",
}


def _add_validation_fault(detail: ErrorDetails, document: Document, model: type[BaseModel], faults: Faults) -> None:
    kind = detail["type"]
    path, known = _resolve(detail["loc"], document.value, model)
    last = str(detail["loc"][-1]) if detail["loc"] else ""
    given = _shown(detail["input"])
    context = detail.get("ctx", {})
    expected, remedy, code = "", "correct it", "wrong-value"
    of_key = False
    if kind == "missing":
        line, column = document.place(path)
        what, expected = f'the key "{last}" is missing', f"a key {last}"
        if isinstance(detail["loc"][-1], int):
            what, expected = f"the list ends after {last}", f"at least {int(last) + 1} items"
        faults.add(document.label, line, column, what, expected, "add it", "missing-key")
        return
    if kind == "extra_forbidden":
        what, expected, of_key, code = f'unknown key "{last}"', f"one of {listed(known)}", True, "unknown-key"
        remedy = nearest(last, known) or "remove it"
    elif kind in _TYPE_NAMES:
        what, expected, code = f"{given} has the wrong type", _TYPE_NAMES[kind], "wrong-type"
    elif kind in {"literal_error", "enum", "union_tag_invalid"}:
        what, expected = f"{given} is not known here", str(context.get("expected") or context.get("expected_tags"))
        words = re.findall(r"'([^']*)'", expected)
        remedy = nearest(str(detail["input"]), words) or "choose one of them"
        if last == "[key]":
            remedy += "; a text that holds a comma, or a colon and a blank, stands in quotes"
        if kind == "union_tag_invalid":
            key = str(context["discriminator"]).strip("'")
            what = f'"{context["tag"]}" is not known here'
            remedy = nearest(str(context["tag"]), words) or "choose one of them"
            path = (*path, key)
    elif kind == "union_tag_not_found":
        key = str(context["discriminator"]).strip("'")
        what, expected, remedy, code = f'the key "{key}" is missing', f"a key {key}", "add it", "missing-key"
    elif kind == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        what, expected = f"{given} has the wrong form", FORMS.get(pattern, f"text of the form {pattern}")
    elif kind == "value_error":
        # Own checks raise ValueError(what), ValueError(what, expected), or with a path below as a third part.
        args = context["error"].args
        what, expected = (*(str(part) for part in args[:2]), "another value")[:2]
        if len(args) > 2:
            path, of_key = (*path, *args[2]), True
    else:
        what = f"{given} is not possible here"
        expected = re.sub(r"^\w+ should (be|have) ", "", detail["msg"])
    if last == "[key]":
        of_key = True
    line, column = document.place(path, of_key)
    faults.add(document.label, line, column, what, expected, remedy, code)


def _shown(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _keys_phrase(model: type[BaseModel]) -> str:
    return f"the keys {listed(_fields(model))}"


def _resolve(location: tuple[str | int, ...], value: Any, model: Any) -> tuple[Path_, list[str]]:
    """Follow a pydantic location through the document and the annotations.

    Pydantic puts the tag of a chosen union member into the location; such parts are not in the document and
    are passed over.

    Returns:
        The path in the document, and the keys known at its last mapping.
    """
    path: Path_ = ()
    known = _known_keys(model, value)
    for index, part in enumerate(location):
        inside = isinstance(value, Mapping) and part in value
        inside = inside or (isinstance(value, list) and isinstance(part, int) and part < len(value))
        if not inside:
            continue
        model = _inner(model, part, value)
        value = value[part]
        path = (*path, part)
        if index < len(location) - 1:
            known = _known_keys(model, value)
    return path, known


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models that an annotation admits."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in {Union, UnionType, Annotated}:
        return [model for part in get_args(annotation) for model in _models(part)]
    return []


def _chosen(annotation: Any, value: Any) -> list[type[BaseModel]]:
    """The models that fit a value: by its discriminating words where there are several."""
    models = _models(annotation)
    if len(models) < 2 or not isinstance(value, Mapping):
        return models
    fitting = [
        model
        for model in models
        if all(
            value.get(name, field.default) in get_args(field.annotation)
            for name, field in model.model_fields.items()
            if "Literal" in str(field.annotation) and name == "method"
        )
    ]
    return fitting or models


def _known_keys(annotation: Any, value: Any) -> list[str]:
    return [key for model in _chosen(annotation, value) for key in _fields(model)]


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the key that stands in a file."""
    return {field_.alias or name: field_ for name, field_ in model.model_fields.items()}


def _inner(annotation: Any, part: str | int, value: Any) -> Any:
    """The annotation of one key or item of a value."""
    for model in _chosen(annotation, value):
        if part in (fields := _fields(model)):
            field_ = fields[str(part)]
            return Annotated[(field_.annotation, *field_.metadata)] if field_.metadata else field_.annotation
    if get_origin(annotation) in {Union, UnionType, Annotated}:
        for option in get_args(annotation):
            inner = _inner(option, part, value)
            if inner is not None:
                return inner
    if get_origin(annotation) in {dict, list, tuple}:
        return get_args(annotation)[-1 if get_origin(annotation) is dict else 0]
    return None
