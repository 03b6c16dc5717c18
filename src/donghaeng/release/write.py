"""Writing a release: all files or none, and never over an existing one."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from donghaeng.errors import InputError, UsageError
from donghaeng.release.content import Label, PackContent
from donghaeng.release.datapackage import data_package
from donghaeng.release.formats import as_json, in_all_formats

MANIFEST = "manifest.json"
MANIFEST_DIGEST = "manifest.sha256"
SIMULATED = "simulated"
DESCRIPTION, RECIPE, WORDING = "pack.json", "recipe.json", "wording.json"


def write_release(folder: Path, label: Label, packs: Sequence[PackContent], software_version: str) -> str:
    """Write a release.

    The folder is built beside its place under another name and then renamed, so that a release is there
    completely or not at all.

    Args:
        folder: where the release will lie; must not exist.
        label: name, date and state.
        packs: what it is made of.
        software_version: version of Donghaeng, kept in the manifest.

    Returns:
        SHA-256 of the manifest, which stands for the whole release.

    Raises:
        UsageError: a correction without what it replaces and why, or these without a correction.
        InputError: when the folder exists.
    """
    check_label(label)
    _check_free(folder)
    files = release_files(label, list(packs), software_version)
    write_files(folder, files)
    return hashlib.sha256(files[MANIFEST]).hexdigest()


def _check_free(folder: Path) -> None:
    if os.path.lexists(folder):
        raise InputError(f"{folder} exists; a release is never overwritten: give another folder")


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of a release, by path, into a new folder: all of them or none.

    Raises:
        InputError: when the folder exists.
    """
    _check_free(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for path, content in files.items():
            target = partial / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        partial.chmod(0o755)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def check_label(label: Label) -> None:
    """Refuse a label that says half of what it must."""
    if label.state == "corrected" and not (label.replaces and label.reason):
        raise UsageError("a corrected release names what it replaces and why: give --replaces and --reason")
    if label.state != "corrected" and (label.replaces or label.reason):
        raise UsageError("--replaces and --reason belong to a correction: give --state corrected")


def release_files(label: Label, packs: list[PackContent], software_version: str) -> dict[str, bytes]:
    """Give every file of a release by path, manifest last."""
    files: dict[str, bytes] = {}
    tables: dict[str, pa.Table] = {}
    for pack in packs:
        recipe = {RECIPE: pack.recipe} if pack.recipe is not None else {}
        documents = {DESCRIPTION: pack.description, **recipe, WORDING: pack.wording, **pack.documents}
        files |= {f"{pack.id}/{name}": as_json(value) for name, value in documents.items()}
        files |= {f"{pack.id}/{name}": text.encode("utf-8") for name, text in pack.texts.items()}
        for name, table in pack.tables.items():
            for part, rows in split_simulated(table).items():
                path = f"{pack.id}/tables/{name}{part}"
                files |= in_all_formats(path, rows)
                tables[f"{path}.csv"] = rows
    files["datapackage.json"] = as_json(data_package(label, packs, tables, files))
    files["README.txt"] = _readme(label, packs).encode("utf-8")
    files[MANIFEST] = as_json(_manifest(label, packs, software_version, files))
    digest = hashlib.sha256(files[MANIFEST]).hexdigest()
    files[MANIFEST_DIGEST] = f"{digest}  {MANIFEST}\n".encode()
    return files


def split_simulated(table: pa.Table) -> dict[str, pa.Table]:
    """Part a table into published and simulated rows, by the ending of their file names.

    A table without a column ``kind`` has no values to tell apart and stays whole; the part without simulated
    rows is always there, so that a reader finds the file.
    """
    if "kind" not in table.column_names:
        return {"": table}
    simulated = pc.fill_null(pc.equal(table["kind"], SIMULATED), False)
    parts = {"": table.filter(pc.invert(simulated))}
    if pc.any(simulated).as_py():
        parts[f"-{SIMULATED}"] = table.filter(simulated)
    return parts


def _manifest(
    label: Label, packs: list[PackContent], software_version: str, files: Mapping[str, bytes]
) -> dict[str, Any]:
    return {
        "format": 1,
        "id": label.id,
        "date": label.date,
        "state": label.state,
        "replaces": label.replaces,
        "reason": label.reason,
        "software": {"name": "donghaeng", "version": software_version},
        "packs": [
            {
                "id": pack.id,
                "version": pack.description["version"],
                "status": pack.description["status"],
                "inputs": [{"path": path, "sha256": digest} for path, digest in sorted(pack.inputs.items())],
            }
            for pack in packs
        ],
        "files": [
            {"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for path, content in sorted(files.items())
        ],
    }


def _readme(label: Label, packs: list[PackContent]) -> str:
    lines = [f"Release {label.id} of {label.date}, state: {label.state}."]
    if label.replaces:
        lines.append(f"It replaces release {label.replaces}: {label.reason}")
    for pack in packs:
        lines += ["", f"{pack.id} {pack.description['version']}: {' / '.join(pack.description['title'].values())}"]
        lines += [f"Licence: {pack.description['licence']}", *pack.description["status_note"].values()]
    lines += ["", f"{MANIFEST} lists every file with its SHA-256. Check all of them with: donghaeng verify FOLDER", ""]
    return "\n".join(lines)
