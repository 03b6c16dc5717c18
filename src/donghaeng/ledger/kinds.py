"""What may be recorded: each kind of entry with a model a version, and how older bodies are read as the newest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from donghaeng.errors import listed, nearest
from donghaeng.ledger.canonical import encoded
from donghaeng.ledger.faults import BodyError, UnknownKindError

#: Key in the text of a body under which encrypted facts stand.
SEALED = "sealed"


@dataclass(frozen=True)
class Kind:
    """One version of a kind of entry.

    Attributes:
        name: words of the field with hyphens, such as ``identity-checked``.
        version: from 1 without gaps.
        model: pydantic model of the body. It has no float (money is whole units or `Decimal`), no value of any type
            and no time without zone, so that a body has one text.
        upcast: from the body of the version before, as plain values, to this one's; None for version 1.
        person: key of the body that holds a person's pseudonym; empty when it is about nobody.
        facts: keys of the body that are facts about that person and are encrypted.
        names: keys of the body with ids that follow somebody from entry to entry, such as that of a card; an extract
            gives them other names in each period.
        about: key of the body with the id of an earlier thing, such as a visit, that an entry of this kind is about;
            empty for none. The id is the same in all periods, so an extract gives neither person nor stream beside it:
            they would lead from the person's name in one period to that in another.
    """

    name: str
    version: int
    model: type[BaseModel]
    upcast: Callable[[dict[str, Any]], Mapping[str, Any]] | None = None
    person: str = ""
    facts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    about: str = ""
    fact_keys: frozenset[str] = field(init=False, repr=False, compare=False)
    _validate: Callable[[object], Any] = field(init=False, repr=False, compare=False)
    _dump: Callable[[object], Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a kind whose bodies would have no one text, or whose facts belong to nobody."""
        where = f"kind {self.name} version {self.version}"
        if not self.name or not self.name.isprintable() or " " in self.name:
            raise ValueError(f"{where}: a name has printable characters and no space")
        if (self.upcast is None) != (self.version == 1):
            raise ValueError(f"{where}: version 1 has no upcast, and every later one has")
        fields = self.model.model_fields
        own = {name for name in (self.person, self.about) if name}
        if unknown := {*self.facts, *self.names, *own} - fields.keys():
            raise ValueError(f"{where}: the model has no {listed(sorted(unknown))}")
        if self.facts and not self.person:
            raise ValueError(f"{where}: facts need the key of the person they are about")
        if SEALED in fields or self.person in self.facts:
            raise ValueError(f'{where}: the key "{SEALED}" is taken, and the pseudonym itself is no fact')
        if wrong := sorted(set(_ambiguous(self.model.__pydantic_core_schema__))):
            raise ValueError(f"{where}: {listed(wrong)} in the model; such values have no one text")
        object.__setattr__(self, "fact_keys", frozenset(self.facts))
        # What `model_validate` and `model_dump` call, looked up once: this is where entries are made by the thousand.
        object.__setattr__(self, "_validate", self.model.__pydantic_validator__.validate_python)
        object.__setattr__(self, "_dump", self.model.__pydantic_serializer__.to_python)

    def plain(self, body: Mapping[str, Any] | BaseModel) -> dict[str, Any]:
        """Give a body as plain values that its model has checked.

        Raises:
            BodyError: the body does not fit the model. The message names keys, never values: they may be of a person.
        """
        # An instance check of a model takes longer than all the rest, and nearly every body is a dict.
        if type(body) is not dict and isinstance(body, BaseModel) and not isinstance(body, self.model):
            body = body.model_dump()
        try:
            plain: dict[str, Any] = self._dump(self._validate(body))
        except ValidationError as error:
            raise BodyError(f"body of {self.name} version {self.version}: {_without_values(error)}") from None
        return plain


def _without_values(error: ValidationError) -> str:
    details = error.errors(include_url=False, include_input=False, include_context=False)
    places = (".".join(str(part) for part in detail["loc"]) or "the whole" for detail in details)
    kinds = (detail["type"].replace("_", " ") for detail in details)
    return listed([f"{place}: {kind}" for place, kind in zip(places, kinds, strict=True)])


def _ambiguous(schema: Any) -> Iterator[str]:
    """Types in a model's core schema of which a value has no one text."""
    if isinstance(schema, Mapping):
        kind = schema.get("type")
        if kind in {"float", "any", "complex", "time", "bytes"}:
            yield f"a value of type {kind}"
        if kind == "datetime" and schema.get("tz_constraint") != "aware":
            yield "a time that may lack its zone"
        for key, inner in schema.items():
            if key not in {"metadata", "serialization", "ref"}:
                yield from _ambiguous(inner)
    elif isinstance(schema, list | tuple):
        for inner in schema:
            yield from _ambiguous(inner)


class Kinds:
    """The registered kinds of a ledger."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        """Register kinds.

        Raises:
            ValueError: a version is registered twice, or one is missing.
        """
        self._versions: dict[str, dict[int, Kind]] = {}
        for kind in kinds:
            versions = self._versions.setdefault(kind.name, {})
            if kind.version in versions:
                raise ValueError(f"kind {kind.name} version {kind.version} is registered twice")
            versions[kind.version] = kind
        for name, versions in self._versions.items():
            if sorted(versions) != list(range(1, len(versions) + 1)):
                raise ValueError(f"kind {name}: versions {listed(map(str, sorted(versions)))}; they go 1, 2, 3, ...")
        self._newest = {name: versions[len(versions)] for name, versions in self._versions.items()}

    def __iter__(self) -> Iterator[Kind]:
        """Give all versions of all kinds."""
        for versions in self._versions.values():
            yield from versions.values()

    def get(self, name: str, version: int | None = None) -> Kind:
        """Give a version of a kind, the newest for None.

        Raises:
            UnknownKindError: it is not registered.
        """
        kind = self._newest.get(name) if version is None else self._versions.get(name, {}).get(version)
        if kind is None:
            if name in self._versions:
                raise UnknownKindError(f"kind {name} has no version {version}; it has 1 to {len(self._versions[name])}")
            raise UnknownKindError(f"no kind {name} is registered; {nearest(name, self._versions) or 'register it'}")
        return kind

    def upcast(self, name: str, version: int, body: Mapping[str, Any]) -> BaseModel:
        """Read a body of any version as the newest.

        Args:
            name: name of the kind.
            version: version that the body is written in.
            body: the body as plain JSON values, with all its facts.

        Raises:
            UnknownKindError: the version is not registered.
            BodyError: the body does not fit the newest model.
        """
        newest = self.get(name)
        plain = dict(body)
        for step in range(self.get(name, version).version + 1, newest.version + 1):
            upcast = self.get(name, step).upcast
            plain = dict(upcast(plain)) if upcast else plain  # only version 1 has none
        try:
            # As JSON, so that a strict model takes dates, Decimals and tuples from their texts and lists.
            return newest.model.model_validate_json(encoded(plain))
        except ValidationError as error:
            raise BodyError(f"body of {name} version {version}: {_without_values(error)}") from None
