"""What holds for every pack that is shipped."""

import csv
import json
from functools import lru_cache
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from donghaeng.catalogue.check import check
from donghaeng.catalogue.find import shipped_folder, shipped_ids
from donghaeng.catalogue.index_section import IndexSection
from donghaeng.catalogue.outcome import STATUS_NOTES
from donghaeng.catalogue.pack import Pack
from donghaeng.catalogue.schemas import schemas
from donghaeng.documents import parse_document
from donghaeng.errors import Faults
from donghaeng.index.contributions import contributions
from donghaeng.sources import Kind
from tests.small_pack import SmallPack


@lru_cache
def checked_once(pack_id: str) -> tuple[Pack | None, Faults]:
    return check(pack_id)


def ids_with_an_index() -> list[str]:
    return [pack_id for pack_id in shipped_ids() if (shipped_folder() / pack_id / "structure.csv").exists()]


@pytest.fixture(scope="module", params=shipped_ids())
def checked(request: pytest.FixtureRequest) -> tuple[str, Pack | None, Faults]:
    """Each shipped pack, read and checked once."""
    return (request.param, *checked_once(request.param))


@pytest.fixture
def pack(checked: tuple[str, Pack | None, Faults]) -> Pack:
    assert checked[1] is not None
    return checked[1]


@pytest.fixture(scope="module", params=ids_with_an_index())
def index(request: pytest.FixtureRequest) -> IndexSection:
    """The index of each shipped pack that describes one."""
    pack, _ = checked_once(request.param)
    assert pack is not None
    return pack.index_section()


def test_it_is_valid(checked: tuple[str, Pack | None, Faults]) -> None:
    _, pack, faults = checked
    assert [str(fault) for fault in faults.errors] == []
    assert pack is not None


def test_it_lies_in_the_folder_of_its_id(checked: tuple[str, Pack | None, Faults], pack: Pack) -> None:
    assert pack.id == checked[0]


def test_it_says_whose_it_is(pack: Pack) -> None:
    assert pack.manifest.status in STATUS_NOTES
    assert pack.manifest.licence
    assert all(pack.manifest.owner[language] for language in pack.manifest.languages)


@pytest.mark.parametrize("pack_id", ids_with_an_index())
def test_every_statement_of_a_value_names_its_sources(pack_id: str) -> None:
    pack, _ = checked_once(pack_id)
    assert pack is not None
    for cell in set(pack.index_section().observations.columns["source"]):
        assert cell
        assert all(source_id in pack.sources for source_id in cell.split(";"))


def test_an_index_has_scores_and_every_one_says_how_it_is_known(index: IndexSection) -> None:
    scores = index.scores
    known = np.isfinite(scores.values)
    assert known[..., scores.structure.root].any()
    assert not np.isinf(scores.values).any()
    assert ((scores.kinds >= 0) == known).all()


def test_what_is_not_firm_heads_no_total(index: IndexSection) -> None:
    scores = index.scores
    roots = scores.kinds[..., scores.structure.root]
    allowed = [int(kind) for kind in (Kind.PUBLISHED, Kind.DERIVED, Kind.SIMULATED)]
    assert np.isin(roots[roots >= 0], allowed).all()


def test_contributions_to_every_composite_sum_to_its_score(index: IndexSection) -> None:
    """Of a mean that is not linear too, by Euler's theorem."""
    parents = {node.code: node.parent for node in index.structure.nodes}
    sums: dict[tuple[str, str, str], float] = {}
    for row in contributions(index.scores).to_pylist():
        if parents[row["part"]] == row["node"]:
            cell = (row["place"], row["period"], row["node"])
            sums[cell] = sums.get(cell, 0.0) + row["points"]
    values = {(row["place"], row["period"], row["node"]): row["value"] for row in index.scores.table().to_pylist()}
    assert sums
    assert max(abs(values[cell] - total) for cell, total in sums.items()) < 1e-9


def folders() -> list[str]:
    return [*shipped_ids(), "template"]


@pytest.mark.parametrize("pack_id", folders())
def test_its_files_are_those_that_the_json_schemas_describe(pack_id: str, tmp_path: Path) -> None:
    folder = SmallPack(tmp_path / "pack").folder if pack_id == "template" else shipped_folder() / pack_id
    checked = 0
    for name, schema in schemas().items():
        validator = jsonschema.Draft202012Validator(schema)
        for path in [folder / f"{name}.yaml", *(folder / name).glob("*.yaml")]:
            if path.exists():
                document = parse_document(path.read_text("utf-8"), path.name, Faults())
                assert document is not None
                assert [error.message for error in validator.iter_errors(document.value)] == []
                checked += 1
        table = folder / f"{name}.csv"
        if name in {"structure", "observations", "places", "statements"} and table.exists():
            with table.open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file, restval=""))
            errors = [error.message for row in rows[:500] for error in validator.iter_errors(row)]
            assert errors == []
            checked += len(rows)
    assert checked > 10


@pytest.mark.parametrize("section", sorted(schemas()))
def test_each_json_schema_is_a_schema(section: str) -> None:
    schema = schemas()[section]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["type"] == "object"


@pytest.mark.parametrize("section", ["pack", "sources", "recipe", "wording"])
def test_a_wrong_key_is_found_by_the_schema_too(section: str, tmp_path: Path) -> None:
    name = "wording/en.yaml" if section == "wording" else f"{section}.yaml"
    document = parse_document(SmallPack(tmp_path / "pack").path(name).read_text("utf-8"), name, Faults())
    assert document is not None
    validator = jsonschema.Draft202012Validator(schemas()[section])
    assert validator.is_valid(document.value)
    assert not validator.is_valid({**document.value, "nonsense": 1})


@pytest.mark.parametrize(
    ("section", "change"),
    [("structure", {"level": "1"}), ("structure", {"direction": "lowr"}), ("observations", {"kind": "simulatd"})],
)
def test_a_wrong_cell_is_found_by_the_schema_too(section: str, change: dict[str, str], tmp_path: Path) -> None:
    with SmallPack(tmp_path / "pack").path(f"{section}.csv").open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    validator = jsonschema.Draft202012Validator(schemas()[section])
    assert validator.is_valid(row)
    assert not validator.is_valid({**row, **change})


def test_the_schemas_beside_a_new_pack_are_the_generated_ones(tmp_path: Path) -> None:
    folder = SmallPack(tmp_path / "pack").path(".schemas")
    written = {path.name: json.loads(path.read_bytes()) for path in folder.iterdir()}
    assert written == {f"{name}.schema.json": schema for name, schema in schemas().items()}
