"""The reference pages name everything there is: commands, options, keys, columns, kinds, tables."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
import typer
from pydantic import BaseModel

from donghaeng import load, places, statements
from donghaeng.catalogue.find import shipped_folder
from donghaeng.catalogue.manifest import Manifest, Wording
from donghaeng.catalogue.outcome import outcome
from donghaeng.catalogue.read import OPTIONAL_FILES, REQUIRED_FILES
from donghaeng.catalogue.schemas import schemas
from donghaeng.cli import app
from donghaeng.documents import read_model
from donghaeng.errors import Faults
from donghaeng.index import observations, structure
from donghaeng.index.alternatives import Alternatives
from donghaeng.index.poverty.definition import PovertyDefinition
from donghaeng.index.recipe import Recipe
from donghaeng.index.tables import Tables
from donghaeng.measures import publish
from donghaeng.measures.document import Measures
from donghaeng.release.content import STATES
from donghaeng.rules import document as rules
from donghaeng.rules import proofs
from donghaeng.rules.table import ENGINE_REASONS
from donghaeng.rules.what_if import WhatIf
from donghaeng.sources import KIND_WORDS, Grade, Source
from tests.docs.pages import DOCS, PAGES, ROOT


def commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """All commands by name, those of groups too, such as ``import coin``."""
    for name, command in group.commands.items():
        yield f"{before}{name}", command
        if hasattr(command, "commands"):
            yield from commands(command, f"{before}{name} ")


COMMANDS = dict(commands(typer.main.get_command(app)))


def section(page: Path, heading: str) -> str:
    """The text below a heading, up to the next one of the same depth or less."""
    text = page.read_text("utf-8")
    start = re.search(rf"^(#+) {re.escape(heading)}(?: \{{.*\}})?$", text, re.MULTILINE)
    assert start, f"{page.relative_to(ROOT)} has no heading {heading}"
    rest = text[start.end() :]
    end = re.search(rf"^#{{1,{len(start[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def coded(text: str) -> set[str]:
    """All that stands in `code`, and the first word of it."""
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    return {*spans, *(span.split()[0] for span in spans)}


def keys(model: type[BaseModel], seen: set[type[BaseModel]] | None = None) -> Iterator[str]:
    """The keys of a model and of the models in it, as they are written."""
    seen = set() if seen is None else seen
    if model in seen:
        return
    seen.add(model)
    for name, field in model.model_fields.items():
        yield field.alias or name
        for inner in models(field.annotation):
            yield from keys(inner, seen)


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models(part)


def words(model: Any, seen: set[Any] | None = None) -> Iterator[str]:
    """The words that the keys of a model and of the models in it take."""
    seen = set() if seen is None else seen
    for field in model.model_fields.values():
        yield from (word for word in literals(field.annotation) if isinstance(word, str))
        for inner in models(field.annotation):
            if inner not in seen:
                seen.add(inner)
                yield from words(inner, seen)


def literals(annotation: Any) -> Iterator[Any]:
    """The values of the literals in an annotation."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
        return
    for part in get_args(annotation):
        yield from literals(part)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_of_a_command_is_described(name: str) -> None:
    text = coded(section(DOCS / "reference" / "cli.md", f"`donghaeng {name}`"))
    wanted = {
        option
        for parameter in COMMANDS[name].params
        for option in (
            [*parameter.opts, *parameter.secondary_opts]
            if parameter.param_type_name == "option"
            else [parameter.metavar or parameter.name.upper()]
        )
    }
    assert wanted - {"--help"} <= text


def test_no_option_is_described_that_is_not_there() -> None:
    for name, command in COMMANDS.items():
        if hasattr(command, "commands"):
            continue
        there = {option for parameter in command.params for option in [*parameter.opts, *parameter.secondary_opts]}
        rows = re.findall(r"^\| `(--[a-z-]+)`", section(DOCS / "reference" / "cli.md", f"`donghaeng {name}`"), re.M)
        assert set(rows) <= there, name


def test_every_exit_code_is_described() -> None:
    assert re.findall(r"^\| (\d) \|", section(DOCS / "reference" / "cli.md", "Exit codes"), re.M) == list("0123")


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("The folder", {*REQUIRED_FILES, *OPTIONAL_FILES}),
        ("`pack.yaml`", {*keys(Manifest), "official", "unofficial", "invented"}),
        ("`sources.yaml`", {*keys(Source), *get_args(Grade)}),
        ("`places.csv`", {*places.COLUMNS, *places.OPTIONAL}),
        ("`structure.csv`", {*structure.REQUIRED, *structure.OPTIONAL, *structure.DIRECTIONS, *structure.STATUSES}),
        ("`recipe.yaml`", {*keys(Recipe), *words(Recipe)}),
        ("`tables.yaml`", set(keys(Tables))),
        ("`robustness.yaml`", set(keys(Alternatives))),
        ("`poverty.yaml`", {*keys(PovertyDefinition), *words(PovertyDefinition)}),
        ("`observations.csv`", {*observations.REQUIRED, *observations.OPTIONAL, *KIND_WORDS}),
        ("`statements.csv`", {*statements.COLUMNS, *statements.TYPES, *statements.STATUSES}),
        ("`wording/`", set(keys(Wording))),
    ],
)
def test_every_key_column_and_word_of_a_pack_is_described(heading: str, words: set[str]) -> None:
    assert words - coded(section(DOCS / "write-a-pack.md", heading)) == set()


@pytest.mark.parametrize("model", [rules.Values, rules.TableModel, rules.Examples], ids=lambda model: model.__name__)
def test_every_key_and_word_of_rules_is_described(model: type[BaseModel]) -> None:
    assert {*keys(model), *words(model)} - coded((DOCS / "rules" / "write.md").read_text()) == set()


def test_every_calculation_of_rules_is_described_with_its_keys() -> None:
    text = section(DOCS / "rules" / "write.md", "Facts out of facts")
    models_of_calculations = list(models(rules.Derivation))
    assert len(models_of_calculations) == 9
    wanted = {word for model in models_of_calculations for word in (*keys(model), *words(model))} - {"calculate"}
    assert wanted - coded(text) == set()


def test_every_reason_of_the_engine_and_every_key_of_a_decision_is_described() -> None:
    text = coded((DOCS / "rules" / "use.md").read_text())
    assert set(ENGINE_REASONS) <= text
    decision = load("seoul/climate-card").table("postpaid-cap").decide(on=date(2026, 2, 10), category="teen")
    assert decision.as_json().keys() <= coded(section(DOCS / "rules" / "use.md", "JSON of a decision"))
    explained = [key for row in decision.explain() for key in row.as_json()]
    assert set(explained) <= coded(section(DOCS / "rules" / "use.md", "JSON of a decision"))


def test_every_key_word_and_table_of_measures_is_described() -> None:
    text = coded((DOCS / "measures.md").read_text())
    assert {*keys(Measures), *words(Measures)} - {"ko", "en"} - text == set()
    section_text = coded((DOCS / "reference" / "release.md").read_text())
    assert {*publish.DEFINITION, *publish.CODE, *publish.NUMBERS, *publish.ENTRIES} - section_text == set()


def test_every_key_of_a_what_if_is_described() -> None:
    assert set(keys(WhatIf)) <= coded(section(DOCS / "rules" / "use.md", "What if"))


def test_every_fault_that_a_proof_finds_is_described() -> None:
    found = set(re.findall(r'"(gap|[a-z]+-[a-z]+|overlap)"', inspect.getsource(proofs)))
    assert {"gap", "overlap", "dead-row"} <= found <= coded(section(DOCS / "rules" / "meaning.md", "What is proved"))


def test_every_example_of_a_step_is_a_recipe(tmp_path: Path) -> None:
    plain = {"format": "1", "normalise": "{method: none}", "aggregate": "{method: arithmetic}"}
    text = section(DOCS / "write-a-pack.md", "`recipe.yaml`")
    examples = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    for example in examples:
        rest = "".join(f"{key}: {value}\n" for key, value in plain.items() if not re.search(rf"^{key}:", example, re.M))
        (tmp_path / "recipe.yaml").write_text(rest + example, "utf-8")
        faults = Faults()
        read_model(tmp_path / "recipe.yaml", "recipe.yaml", Recipe, faults)
        assert not faults.errors, f"{example}\n{faults.errors}"
    steps = {key for example in examples for key in re.findall(r"^(\w+):", example, re.MULTILINE)}
    assert steps | {"format"} == set(Recipe.model_fields)


def test_every_table_and_column_of_a_release_is_described() -> None:
    pack = load("seoul/gtsn-index")
    for name, table in outcome(pack, pack.score()).tables.items():
        text = coded(section(DOCS / "reference" / "release.md", f"`{name}`"))
        assert set(table.column_names) - text == set(), name


def test_every_state_of_a_release_is_described() -> None:
    assert set(STATES) <= coded(section(DOCS / "reference" / "release.md", "States"))


def test_every_schema_is_listed() -> None:
    assert {f"{name}.schema.json" for name in schemas()} <= coded((DOCS / "reference" / "schemas.md").read_text())


def test_the_font_and_the_packs_that_the_readme_speaks_of_are_there() -> None:
    assert (shipped_folder() / "seoul" / "gtsn-index" / "pack.yaml").is_file()


def test_the_changelog_has_the_version() -> None:
    version = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    assert f"\n## {version[1]}\n" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("*.md")), ids=lambda page: page.stem)
def test_a_decision_has_its_parts(page: Path) -> None:
    text = page.read_text()
    assert re.match(rf"# {int(page.name[:4])}\. ", text)
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_decisions_are_numbered_in_order() -> None:
    numbers = [int(page.name[:4]) for page in sorted((DOCS / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """mkdocs checks those between its own pages and their headings; this also those of the pages outside docs/."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = (target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text))
    paths = [target for target in targets if target and not target.startswith(("http:", "https:", "mailto:"))]
    reach = DOCS if page.is_relative_to(DOCS) else ROOT
    for path in paths:
        target = (page.parent / path).resolve()
        assert target.exists(), path
        assert target.is_relative_to(reach), path
