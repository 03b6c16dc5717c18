"""Day files in backups, in restores and under `ledger verify`; with faults injected."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from donghaeng.errors import InputError, UsageError
from donghaeng.ledger import files as ledger_files
from donghaeng.ledger.backup import FILES, Backup, back_up, check_backup, restore
from donghaeng.ledger.faults import DamagedError, UnavailableError
from donghaeng.ledger.files import check_files
from donghaeng.ledger.open import make_tables, open_store
from donghaeng.ledger.schema import PERSONS
from donghaeng.ledger.statement import Statement
from donghaeng.services.passes.rollout import GateLists, Signer
from donghaeng.services.registry import TABLE_SETS, all_files
from tests.command import run
from tests.passes.gates import KEY, RULES
from tests.passes.riding import DAY, Riding, Tap, at

NOW = "2026-05-21T00:00:00.000000Z"


@pytest.fixture
def riding(tmp_path: Path) -> Iterator[Riding]:
    """A ledger in which a file of taps was received, rides were made, and a list was issued."""
    found = Riding(tmp_path / "live")
    url = f"sqlite:///{found.folder}/ledger.db"
    make_tables(url.replace("ledger.db", "ledger.persons.db"), PERSONS)
    found.receive([Tap("gate-1", 0, 5, "board", at("08:00")), Tap("gate-2", 0, 5, "alight", at("08:30"))])
    found.settle(at("09:00"))
    GateLists(found.service, found.files.folder / "lists", Signer(1, KEY)).issue("deny", RULES)
    yield found
    found.close()


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder}/ledger.db"


def backed_up(riding: Riding, folder: Path, earlier: Path | None = None) -> Backup:
    return back_up(
        url_of(riding.folder), folder, NOW, more=TABLE_SETS, names=all_files, files=riding.files.folder, earlier=earlier
    )


def day_files(folder: Path) -> dict[str, bytes]:
    return {path: (folder / path).read_bytes() for path in ledger_files.files_in(folder)}


def taps_file(folder: Path) -> Path:
    (path,) = folder.glob(f"{DAY}/taps-*.parquet")
    return path


def flip_a_byte(path: Path) -> bytes:
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
    return whole


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_what_the_copied_tables_name_is_copied_with_them_and_brought_back(
    riding: Riding, store: str, new_url: Callable[[str], str], tmp_path: Path
) -> None:
    before = day_files(riding.files.folder)
    (riding.files.folder / str(DAY) / "left-by-a-crash.parquet").write_bytes(b"nobody names it")
    made = backed_up(riding, tmp_path / "backup")
    assert (len(made.files), made.copied, made.left_out) == (3, 3, 0)
    assert day_files(tmp_path / "backup" / FILES) == before
    assert check_backup(tmp_path / "backup").files == made.files

    there, folder = new_url(store), tmp_path / "there.days"
    with pytest.raises(UsageError, match="say where they go"):
        restore(tmp_path / "backup", there, more=TABLE_SETS)
    restore(tmp_path / "backup", there, more=TABLE_SETS, files=folder)
    assert day_files(folder) == before
    again = open_store(there)
    assert check_files(again, all_files, folder) == ledger_files.Checked(3, (), ())
    again.close()


def test_files_that_an_earlier_backup_has_are_not_copied_again(riding: Riding, tmp_path: Path) -> None:
    backed_up(riding, tmp_path / "one")
    riding.receive([Tap("gate-1", 1, 6, "board", at("10:00"))])
    two = backed_up(riding, tmp_path / "two", tmp_path / "one")
    assert (len(two.files), two.copied) == (4, 1)
    shared = [path for path in (tmp_path / "two" / FILES / str(DAY)).glob("taps-*") if path.stat().st_nlink == 2]
    assert len(shared) == 1

    # One that is damaged there is copied from the folder, and stays what it is there.
    flip_a_byte(shared[0])
    three = backed_up(riding, tmp_path / "three", tmp_path / "two")
    assert (len(three.files), three.copied) == (4, 1)
    check_backup(tmp_path / "three")
    with pytest.raises(InputError, match="not as it was written"):
        check_backup(tmp_path / "two")
    with pytest.raises(UsageError, match="is no backup"):
        backed_up(riding, tmp_path / "four", tmp_path / "live")


def test_a_file_that_is_missing_or_altered_stops_the_backup_and_is_named(riding: Riding, tmp_path: Path) -> None:
    path = taps_file(riding.files.folder)
    whole = flip_a_byte(path)
    with pytest.raises(DamagedError, match=f"{path.name} .*was altered"):
        backed_up(riding, tmp_path / "backup")
    path.unlink()
    with pytest.raises(DamagedError, match=f"{path.name} is missing"):
        backed_up(riding, tmp_path / "backup")
    assert list(tmp_path.glob("*backup*")) == []
    path.write_bytes(whole)
    backed_up(riding, tmp_path / "backup")


def test_who_is_stopped_in_the_middle_starts_again(
    riding: Riding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, calls = ledger_files._copy, [0]

    def full_at_the_second(file: ledger_files.NamedFile, source: Path, path: Path) -> None:
        calls[0] += 1
        if calls[0] == 2:
            raise OSError(28, "No space left on device")
        copy(file, source, path)

    with monkeypatch.context() as patch:
        patch.setattr(ledger_files, "_copy", full_at_the_second)
        with pytest.raises(UnavailableError, match="No space left"):
            backed_up(riding, tmp_path / "backup")
        assert list(tmp_path.glob("*backup*")) == []
        backed_up(riding, tmp_path / "backup")
        calls[0] = 0
        with pytest.raises(UnavailableError):
            restore(tmp_path / "backup", url_of(tmp_path), more=TABLE_SETS, files=tmp_path / "ledger.days")
        assert not (tmp_path / "ledger.db").exists()
    # What came already and is not whole is written anew.
    (came,) = ledger_files.files_in(tmp_path / "ledger.days")
    flip_a_byte(tmp_path / "ledger.days" / came)
    restore(tmp_path / "backup", url_of(tmp_path), more=TABLE_SETS, files=tmp_path / "ledger.days")
    assert day_files(tmp_path / "ledger.days") == day_files(riding.files.folder)


def test_the_commands_compare_copy_and_bring_back_day_files(riding: Riding, tmp_path: Path) -> None:
    days = ("--days", riding.files.folder)
    ledger = ("--ledger", url_of(riding.folder))
    done = run("ledger", "verify", *ledger)
    assert (done.code, done.out.splitlines()[1]) == (0, "3 day files, not compared: give --days FOLDER")
    assert "without 3 day files (give --days)" in run("ledger", "backup", tmp_path / "bare", *ledger).out
    done = run("ledger", "backup", tmp_path / "backup", *ledger, *days)
    assert done.out.splitlines()[-1] == "3 day files copied, 0 shared with an earlier backup"
    done = run("ledger", "restore", tmp_path / "backup", "--ledger", url_of(tmp_path), "--no-erasures")
    assert (done.code, "hold, 3 day files," in done.out) == (0, True), done
    # Beside the file of the ledger they are found.
    done = run("ledger", "verify", "--ledger", url_of(tmp_path))
    assert (done.code, "3 day files, compared with" in done.out) == (0, True)


def test_verify_finds_a_day_file_that_is_missing_altered_or_put_in_its_place(riding: Riding) -> None:
    days = riding.files.folder
    arguments = ("ledger", "verify", "--ledger", url_of(riding.folder), "--days", days)
    path = taps_file(days)
    whole = flip_a_byte(path)
    done = run(*arguments)
    assert (done.code, f"{DAY}/{path.name} was altered" in done.out) == (1, True)
    # With a name that fits, and the table rewritten so that it counts: the entry names another.
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    other = path.rename(path.with_name(f"taps-{DAY}-{digest}.parquet"))
    rename = Statement(text("UPDATE pass_tap_parts SET part = :new WHERE part = :old"))
    riding.ledger.store.write(lambda work: work.execute(rename, {"new": other.stem, "old": path.stem}))
    document = json.loads(run(*arguments, "--json").out)
    found = [one["what"] for one in document["findings"]]
    assert f"{DAY}/{path.name} is missing; restore it from a copy" in found
    assert f"{DAY}/{other.name} counts by the tables, and no entry names it; the tables were altered" in found
    assert document["day_files_of_nobody"] == [f"{DAY}/{other.name}"]
    # All as it was, but for a file that nobody names: it does not count, and is no fault.
    riding.ledger.store.write(lambda work: work.execute(rename, {"new": path.stem, "old": other.stem}))
    path.write_bytes(whole)
    done = run(*arguments)
    assert (done.code, "1 file there that nobody names" in done.out) == (0, True)
