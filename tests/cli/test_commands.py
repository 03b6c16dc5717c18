"""What the commands print, and their exit codes: 0 well, 1 faults in the input, 2 usage, 3 our own failure."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from donghaeng.catalogue.find import shipped_ids
from tests.command import Done, run, run_installed
from tests.small_pack import SmallPack

COMMANDS = ["demo", "packs", "new", "check", "index", "release", "verify", "site", "serve", "schema"]


def document(done: Done) -> Any:
    """The one JSON document of a command that went well."""
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def test_help_lists_every_command_and_the_exit_codes() -> None:
    done = run_installed("--help")
    assert done.code == 0
    for command in COMMANDS:
        assert f" {command} " in done.out
    assert "Exit codes: 0 well, 1 faults in the input, 2 usage, 3 our own failure." in done.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    done = run(command, "--help")
    assert done.code == 0
    assert "Usage: " in done.out


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert run("--version") == Done(0, f"donghaeng {version('donghaeng')}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["check"],
        ["index", "seoul/gtsn-index", "--nonsense"],
        ["new", "rulez", "a/b"],
        ["new", "index", "One/Two"],
        ["new", "index", "one"],
        ["release", "seoul/gtsn-index", "--out", "x", "--state", "finished"],
        ["release", "seoul/gtsn-index", "--out", "x", "--date", "2024-13-01"],
        ["release", "seoul/gtsn-index", "--out", "x", "--date", "20240301"],
        ["release", "seoul/gtsn-index", "--out", "x", "--id", "../up"],
        ["release", "seoul/gtsn-index", "--out", "x", "--state", "corrected"],
        ["release", "seoul/gtsn-index", "seoul/gtsn-index", "--out", "x"],
        ["serve", "x", "--port", "70000"],
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_a_command_called_in_a_way_it_does_not_take_exits_with_2(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.strip()
    assert "Traceback" not in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["index", "seoul/gtsn"], 'no pack "seoul/gtsn": neither a folder nor a shipped pack'),
        (["verify", "."], ". is not a release: it has no manifest.json"),
        (["site", ".", "--out", "x"], ". is not a release: it has no manifest.json"),
        (["serve", "."], ". is not a site: it has no index.html"),
        (["release", "nowhere/nothing", "--out", "x"], 'no pack "nowhere/nothing"'),
        (["index", "a-file"], '"a-file" is a file; give the folder of the pack'),
        (["index", "."], "./pack.yaml:1:1: the file is missing; expected a file pack.yaml; give the folder of a pack"),
        (["new", "index", "a/b", "--out", "a-file"], "a-file exists; give another id, or another folder with --out"),
        (["index", "x" * 300], "file name too long; check the path"),
    ],
)
def test_a_fault_in_the_input_is_one_line_with_what_to_do_and_exits_with_1(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a-file").touch()
    done = run(*arguments)
    assert (done.code, done.out) == (1, "")
    assert told in done.err
    assert done.err.count("\n") == 1


def test_our_own_failure_is_one_line_and_exits_with_3(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("this is\nour fault")

    monkeypatch.delenv("DONGHAENG_DEBUG", raising=False)
    monkeypatch.setattr(sys.modules["donghaeng.catalogue.read"], "load", fail)
    done = run("index", "seoul/gtsn-index")
    assert (done.code, done.out) == (3, "")
    assert done.err == (
        "our own failure: RuntimeError: this is; run again with DONGHAENG_DEBUG=1 and report what it prints\n"
    )
    monkeypatch.setenv("DONGHAENG_DEBUG", "1")
    with pytest.raises(RuntimeError, match="our fault"):
        run("index", "seoul/gtsn-index")


def test_a_reader_who_leaves_early_is_no_failure() -> None:
    command = f"{Path(sys.executable).with_name('donghaeng')} index seoul/gtsn-index --json | head -c 10"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


SCORE_FIELDS = {
    *("place", "period", "node", "level", "value", "rank"),
    *("available", "of", "change_from_base", "change_on_year"),
}
PUBLISHED_FIELDS = {"node", "place", "period", "published", "computed", "agrees"}


def test_index_gives_one_document_with_every_node() -> None:
    result = document(run_installed("index", "seoul/gtsn-index", "--json"))
    assert {"pack", "version", "scores", "published", "conflicts"} <= result.keys()
    assert "contributions" not in result
    assert result["pack"] == "seoul/gtsn-index"
    assert all(row.keys() >= SCORE_FIELDS for row in result["scores"])
    assert all(row.keys() >= PUBLISHED_FIELDS for row in result["published"])
    cells = {(row["place"], row["period"], row["node"]): row for row in result["scores"]}
    assert len(cells) == len(result["scores"]) == 4 * (1 + 6 + 31)
    assert cells["seoul", "2024", "gtsn"]["value"] == pytest.approx(130.578, abs=1e-12)
    assert cells["seoul", "2023", "gtsn"]["change_on_year"] == pytest.approx(10.957142857142856, abs=1e-12)
    assert cells["seoul", "2025", "gtsn"]["value"] is None
    assert {node for _, _, node in cells} >= {
        *("gtsn", "livelihood", "housing", "health", "education", "safety", "integration"),
        *("H02", "L01", "I03"),
    }


def test_index_adds_contributions_and_changes_when_asked() -> None:
    result = document(run("index", "seoul/gtsn-index", "--json", "--contributions", "--changes"))
    points = [row["points"] for row in result["contributions"] if (row["node"], row["period"]) == ("gtsn", "2024")]
    assert sum(points) == pytest.approx(130.578, abs=1e-9)
    assert {row["comparison"] for row in result["changes"]} == {"base", "year"}


@pytest.mark.parametrize("options", [[], ["--contributions"], ["--changes"]])
def test_index_tells_a_person_what_agrees(options: list[str]) -> None:
    done = run("index", "seoul/gtsn-index", *options)
    assert (done.code, done.err) == (0, "")
    assert "130.6" in done.out
    assert "3 of 4 published figures agree, 0 differ, 1 cannot be computed" in done.out
    assert "Unofficial, compiled from public reports" in done.out


def test_packs_lists_the_shipped_packs() -> None:
    result = document(run("packs", "--json"))
    assert tuple(pack["id"] for pack in result["packs"]) == shipped_ids()
    told = run("packs")
    assert (told.code, told.err) == (0, "")
    assert "seoul/gtsn-index" in told.out


def test_check_gives_faults_as_a_document(pack: SmallPack) -> None:
    pack.replace("observations.csv", "12000", '"12,000"')
    done = run("check", pack.folder, "seoul/gtsn-index", "--json")
    assert (done.code, done.err) == (1, "")
    broken, sound = json.loads(done.out)["packs"]
    assert (broken["valid"], sound["valid"], sound["pack"]) == (False, True, "seoul/gtsn-index")
    (fault,) = broken["faults"]
    assert fault == {
        "file": f"{pack.folder}/observations.csv",
        "line": 2,
        "column": 20,
        "what": '"12,000" is not a number',
        "expected": "a number such as 1234.5",
        "remedy": "write 12000",
        "code": "not-a-number",
        "severity": "error",
    }
    assert {fault["severity"] for fault in sound["faults"]} == {"warning"}


def test_a_new_pack_checks_and_computes_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = run("new", "index", "our-town/well-being")
    assert (made.code, made.err) == (0, "")
    assert "our-town/well-being" in made.out
    assert run("check", "our-town/well-being").out == "our-town/well-being: well, 0 errors, 0 warnings\n"
    result = document(run("index", "our-town/well-being", "--json"))
    totals = {row["period"]: row["value"] for row in result["scores"] if row["node"] == "total"}
    assert result["pack"] == "our-town/well-being"
    homes, burden, visits, smoking = 112.5, 100 * 20 / 19, 126.25, 100 * 18.4 / 16.9
    assert totals["2024"] == pytest.approx((homes + burden + visits + smoking) / 4)


def test_a_new_pack_is_never_written_over_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("new", "index", "a/b").code == 0
    (tmp_path / "a/b/observations.csv").write_text("mine")
    done = run("new", "index", "a/b")
    assert (done.code, done.out) == (1, "")
    assert (tmp_path / "a/b/observations.csv").read_text() == "mine"


def test_release_verify_and_site_follow_each_other(pack: SmallPack, tmp_path: Path) -> None:
    release, site = tmp_path / "release", tmp_path / "site"
    written = document(run("release", pack.folder, "--out", release, "--id", "r1", "--date", "2026-11-23", "--json"))
    assert (written["release"], written["folder"]) == ("r1", str(release))
    verified = document(run("verify", release, "--expect", written["manifest_sha256"], "--json"))
    assert (verified["intact"], verified["manifest_sha256"]) == (True, written["manifest_sha256"])
    built = document(run("site", release, "--out", site, "--json"))
    assert built["pages"] > 10
    assert (site / "index.html").is_file()
    again = run("release", pack.folder, "--out", release)
    assert (again.code, again.out) == (1, "")
    assert "a release is never overwritten" in again.err


def test_an_altered_release_makes_no_site(pack: SmallPack, tmp_path: Path) -> None:
    assert run("release", pack.folder, "--out", tmp_path / "release").code == 0
    (tmp_path / "release" / "README.txt").write_text("other")
    done = run("site", tmp_path / "release", "--out", tmp_path / "site")
    assert (done.code, done.out) == (1, "")
    assert "README.txt:1:1: the file was changed" in done.err
    assert not (tmp_path / "site").exists()


def test_id_and_date_of_a_release_come_from_the_pack_and_no_clock(pack: SmallPack, tmp_path: Path) -> None:
    assert run("release", pack.folder, "--out", tmp_path / "release").code == 0
    manifest = json.loads((tmp_path / "release" / "manifest.json").read_bytes())
    assert (manifest["id"], manifest["date"], manifest["state"]) == ("2026-01-01", "2026-01-01", "draft")


def test_schemas_are_printed_or_written(tmp_path: Path) -> None:
    schemas = document(run("schema"))
    assert {"pack", "sources", "recipe", "wording", "structure", "observations"} <= schemas.keys()
    assert run("schema", "--out", tmp_path).code == 0
    for name, schema in schemas.items():
        assert json.loads((tmp_path / f"{name}.schema.json").read_bytes()) == schema


def test_words_in_square_brackets_are_printed_as_they_are(pack: SmallPack) -> None:
    """A pack's own words are no markup for the terminal."""
    pack.replace("pack.yaml", "en: My city's index", 'en: "Index [/bold] of [red]my city"')
    pack.replace("structure.csv", "Housing,,,", "Housing [/per 1000],,,")
    pack.replace("structure.csv", "Total,,,", "Total [dim],,,")
    for options in ([], ["--contributions"], ["--changes"]):
        done = run("index", pack.folder, *options)
        assert (done.code, done.err) == (0, "")
        assert "Index [/bold] of [red]my city" in done.out
        assert "Housing [/per 1000]" in done.out
        assert "Total [dim]" in done.out


def test_a_folder_in_square_brackets_is_printed_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "a[b] [/c]"
    made = run("new", "index", "a/b", "--out", folder)
    assert (made.code, made.err) == (0, "")
    assert str(folder) in made.out
    released = run("release", folder, "--out", tmp_path / "r[/d]")
    assert (released.code, released.err) == (0, "")
    assert str(tmp_path / "r[/d]") in released.out


def test_a_pack_in_one_language_is_shown(pack: SmallPack) -> None:
    pack.replace("pack.yaml", "[ko, en]", "[ko]")
    pack.replace("pack.yaml", ", en: My city's index", "")
    pack.path("articles/what-it-is.en.md").unlink()
    pack.replace("structure.csv", "Housing", "")
    done = run("index", pack.folder)
    assert (done.code, done.err) == (0, "")
    assert "우리 시 지수" in done.out
    assert "주거" in done.out


def test_output_for_a_person_has_colour_only_on_a_terminal() -> None:
    assert "\x1b" not in run("index", "seoul/gtsn-index").out
    assert "\x1b" not in run_installed("check", "seoul/gtsn-index").out


def test_output_does_not_depend_on_the_terminal_s_encoding() -> None:
    """Words outside the encoding are escaped, and a document stays a document."""
    told = subprocess.run(
        [str(Path(sys.executable).with_name("donghaeng")), "packs"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        check=False,
    )
    assert told.returncode == 0
    assert told.stderr == b""
    document_ = subprocess.run(
        [str(Path(sys.executable).with_name("donghaeng")), "packs", "--json"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        check=False,
    )
    assert document_.returncode == 0
    assert "서울" in json.dumps(json.loads(document_.stdout), ensure_ascii=False)
