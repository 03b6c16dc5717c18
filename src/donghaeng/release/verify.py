"""Verifying a release: is every byte as it was when the manifest was written?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from donghaeng.errors import Faults, InputError
from donghaeng.release.manifest import parse_manifest
from donghaeng.release.write import MANIFEST, MANIFEST_DIGEST

_CHUNK = 1 << 20


def verify(folder: Path, expected_digest: str | None = None) -> tuple[str, Faults]:
    """Hold every file of a release against its manifest.

    Args:
        folder: the release.
        expected_digest: SHA-256 of the manifest as it was kept elsewhere. Without it, somebody who rewrites
            files, manifest and ``manifest.sha256`` together is not found.

    Returns:
        SHA-256 of the manifest, and a fault for each file that is changed, missing or added.

    Raises:
        InputError: when the folder is not a release.
    """
    manifest_path = folder / MANIFEST
    if not manifest_path.is_file():
        raise InputError(f"{folder} is not a release: it has no {MANIFEST}")
    faults = Faults()
    digest = sha256_of(manifest_path)
    _check_manifest_digest(folder, digest, expected_digest, faults)
    manifest, _ = parse_manifest(manifest_path, f"{folder}/{MANIFEST}", faults)
    if manifest is None:
        return digest, faults
    listed = {file.path: file.sha256 for file in manifest.files}
    for path, wanted in listed.items():
        if _has_link(folder, path):
            _altered(faults, folder, path, "the path is a link")
        elif not (folder / path).is_file():
            _altered(faults, folder, path, "the file is missing")
        elif sha256_of(folder / path) != wanted:
            _altered(faults, folder, path, "the file was changed")
    for path in _files_in(folder):
        if path not in listed and path not in {MANIFEST, MANIFEST_DIGEST}:
            _altered(faults, folder, path, "the file was added")
    return digest, faults


def read_manifest(folder: Path) -> dict[str, Any]:
    """Verify a release and give its manifest.

    Raises:
        InputError: when the folder is not a release or a file is not as its manifest says.
    """
    _, faults = verify(folder)
    faults.raise_errors()
    _, plain = parse_manifest(folder / MANIFEST, f"{folder}/{MANIFEST}", faults)
    return plain


def _has_link(folder: Path, path: str) -> bool:
    """Say whether a file is reached over a link, which could lead anywhere."""
    here = folder
    for part in PurePosixPath(path).parts:
        here = here / part
        if here.is_symlink():
            return True
    return False


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _check_manifest_digest(folder: Path, digest: str, expected: str | None, faults: Faults) -> None:
    kept = folder / MANIFEST_DIGEST
    if not kept.is_file():
        _altered(faults, folder, MANIFEST_DIGEST, "the file is missing")
    elif kept.read_bytes() != f"{digest}  {MANIFEST}\n".encode():
        _altered(faults, folder, MANIFEST, f"the manifest is not the one that {MANIFEST_DIGEST} was written for")
    if expected is not None and expected.lower() != digest:
        _altered(faults, folder, MANIFEST, f"the manifest has the SHA-256 {digest}, expected {expected}")


def _altered(faults: Faults, folder: Path, path: str, what: str) -> None:
    remedy = "take the release from its publisher again"
    faults.add(f"{folder}/{path}", 1, 1, what, "the release as it was written", remedy, "altered")


def _files_in(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() or path.is_symlink():
            yield path.relative_to(folder).as_posix()
