"""``donghaeng measure`` and ``donghaeng release --ledger``: from a ledger to a release, with its faults."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from donghaeng.release.read import read_release
from donghaeng.release.verify import verify
from tests.command import run
from tests.measures.clinic import (
    KINDS,
    RICH,
    clinic_pack,
    extracted,
    four_months,
    keys,
    measure,
    measures_yaml,
    record,
)

pytestmark = pytest.mark.usefixtures("clinic_kinds")


@pytest.fixture
def clinic_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clinic's kinds are those of a service."""
    monkeypatch.setattr("donghaeng.services.registry.KINDS", KINDS)


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A made-up ledger, and one that does not say so."""
    folder = tmp_path_factory.mktemp("ledgers")
    urls = {name: f"sqlite:///{folder / name}.db" for name in ("simulated", "real")}
    for name, url in urls.items():
        record(url, four_months(), simulated=name == "simulated", persons=60)
    return urls


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


def test_a_release_of_a_simulated_ledger_says_so_in_every_row_and_file(ledgers: dict[str, str], tmp_path: Path) -> None:
    pack = clinic_pack(tmp_path / "pack", RICH)
    extract_key, master_key = keys(tmp_path)
    options = ("--ledger", ledgers["simulated"], "--extract-key", extract_key, "--master-key", master_key)
    done = run("release", pack, "--out", tmp_path / "release", *options)
    assert (done.code, done.err) == (0, "")
    tables = tmp_path / "release" / "riverton" / "clinic" / "tables"
    for name in ("statistics", "statistics_entries"):
        rows = rows_of(tables / f"{name}-simulated.csv")
        assert rows
        assert {row["kind"] for row in rows} == {"simulated"}
        assert rows_of(tables / f"{name}.csv") == []
        assert json.loads((tables / f"{name}-simulated.json").read_text("utf-8"))
        assert (tables / f"{name}-simulated.parquet").is_file()
    package = json.loads((tmp_path / "release" / "datapackage.json").read_text("utf-8"))
    assert any(one["path"].endswith("statistics-simulated.csv") for one in package["resources"])
    assert not verify(tmp_path / "release")[1].errors


def test_the_same_ledger_gives_the_same_release(ledgers: dict[str, str], tmp_path: Path) -> None:
    pack = clinic_pack(tmp_path / "pack", RICH)
    extract_key, master_key = keys(tmp_path)
    options = ("--ledger", ledgers["real"], "--extract-key", extract_key, "--master-key", master_key, "--json")
    digests = [
        json.loads(run("release", pack, "--out", tmp_path / name, *options).out)["manifest_sha256"]
        for name in ("one", "two")
    ]
    assert digests[0] == digests[1]
    rows = read_release(tmp_path / "one").packs[0].tables["statistics"]
    assert {row["kind"] for row in rows} == {"published"}
    assert all(row["value"] is None or row["value"] >= 10 for row in rows)


def test_without_a_ledger_a_release_has_definitions_and_no_numbers(tmp_path: Path) -> None:
    pack = clinic_pack(tmp_path / "pack", RICH)
    assert run("release", pack, "--out", tmp_path / "release").code == 0
    tables = read_release(tmp_path / "release").packs[0].tables
    assert [row["measure"] for row in tables["measures"]][:2] == ["visits", "exempt"]
    assert "statistics" not in tables


def test_measure_prints_what_may_be_published(ledgers: dict[str, str], tmp_path: Path) -> None:
    pack = clinic_pack(
        tmp_path / "pack",
        measures_yaml(measure("visits", calculate="count", table="visited", groups="[outcome, urgent]")),
    )
    folder = extracted(ledgers["simulated"], tmp_path / "extract")
    done = run("measure", pack, "--extract", folder)
    assert (done.code, done.err) == (0, "")
    assert "2026-01-01 to 2026-04-28, simulated" in done.out
    assert "left out, simulated" in done.out
    document = json.loads(run("measure", pack, "--extract", folder, "--json").out)
    assert document["entries"]["kind"] == "simulated"
    assert {row["by_outcome"] for row in document["statistics"]} == {"_T", "covered", "exempt", "refused"}


def test_options_that_belong_together_are_asked_for(ledgers: dict[str, str], tmp_path: Path) -> None:
    pack = clinic_pack(tmp_path / "pack", RICH)
    extract_key, master_key = keys(tmp_path)
    out = ("--out", tmp_path / "release")
    for options, said in (
        (("--ledger", ledgers["real"]), "--extract-key"),
        (("--extract-key", extract_key), "give --ledger"),
        (("--ledger", ledgers["real"], "--extract-key", extract_key), "--master-key"),
        (("--ledger", "mysql://x", "--extract-key", extract_key, "--master-key", master_key), "sqlite:///FILE"),
    ):
        done = run("release", pack, *out, *options)
        assert done.code == 2
        assert said in done.err
    (pack / "measures.yaml").unlink()
    done = run("release", pack, *out, "--ledger", ledgers["real"], "--extract-key", extract_key)
    assert (done.code, "declares measures" in done.err) == (2, True)
    assert not (tmp_path / "release").exists()


def test_a_ledger_that_is_not_there_is_a_fault_and_not_a_failure(tmp_path: Path) -> None:
    pack = clinic_pack(tmp_path / "pack", measures_yaml(measure("all", calculate="count", table="visited")))
    extract_key, _ = keys(tmp_path)
    url = f"sqlite:///{tmp_path / 'none.db'}"
    done = run("release", pack, "--out", tmp_path / "release", "--ledger", url, "--extract-key", extract_key)
    assert done.code == 1
    assert not (tmp_path / "none.db").exists()


def test_a_folder_that_is_no_extract_and_a_pack_without_measures_are_told(tmp_path: Path) -> None:
    pack = clinic_pack(tmp_path / "pack", measures_yaml(measure("all", calculate="count", table="visited")))
    done = run("measure", pack, "--extract", tmp_path)
    assert (done.code, "is no extract" in done.err) == (1, True)
    (pack / "measures.yaml").unlink()
    done = run("measure", pack, "--extract", tmp_path)
    assert (done.code, "declares no measures" in done.err) == (2, True)
