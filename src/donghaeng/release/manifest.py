"""``manifest.json``: what it must look like before anything that it names is opened."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from donghaeng.documents import Document, Model, formed, validated
from donghaeng.errors import Faults
from donghaeng.release.content import State


def _inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or PurePosixPath(path).is_absolute() or ".." in parts or "\\" in path or "\0" in path:
        raise ValueError(f'the path "{path}" leads out of the release', "a path inside the release")
    return path


InnerPath = Annotated[str, AfterValidator(_inside)]
Digest = Annotated[str, formed(r"^[0-9a-f]{64}$", "a SHA-256 in small hexadecimal digits")]


class ManifestFile(Model):
    """A file of the release."""

    path: InnerPath
    bytes: Annotated[int, Field(ge=0)]
    sha256: Digest


class ManifestInput(Model):
    """A file of a pack that the release was made from."""

    path: str
    sha256: Digest


class ManifestPack(Model):
    """A pack of the release; its files lie in the folder of its id."""

    id: Annotated[str, formed(r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$", "two segments, such as my-city/my-index")]
    version: str
    status: str
    inputs: list[ManifestInput]


class ManifestSoftware(Model):
    """What wrote the release."""

    name: str
    version: str


class ReleaseManifest(Model):
    """The content of ``manifest.json``."""

    format: int
    id: str
    date: str
    state: State
    replaces: str
    reason: str
    software: ManifestSoftware
    packs: list[ManifestPack]
    files: list[ManifestFile]


def parse_manifest(path: Path, label: str, faults: Faults) -> tuple[ReleaseManifest | None, dict[str, Any]]:
    """Read a manifest; None, with faults, when it is not one. Its plain content stands beside it."""
    try:
        plain = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        faults.add(label, 1, 1, "the manifest is not readable", "JSON", "take the release again", "altered")
        return None, {}
    manifest = validated(plain, ReleaseManifest, Document(label, plain), faults)
    return manifest, plain if manifest else {}
