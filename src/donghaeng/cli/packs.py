"""``donghaeng packs``: the packs that come with Donghaeng."""

from __future__ import annotations

from donghaeng.cli.output import JsonOption, plain, print_json, print_table


def packs(as_json: JsonOption = False) -> None:
    """List the shipped packs."""
    from donghaeng.catalogue.read import shipped_manifests

    manifests = shipped_manifests()
    if as_json:
        print_json({"packs": [manifest.model_dump(mode="json") for manifest in manifests]})
        return
    print_table(
        "Shipped packs",
        [("pack", "left"), ("version", "left"), ("status", "left"), ("title", "left")],
        [
            (manifest.id, manifest.version, manifest.status, plain(" / ".join(manifest.title.values())))
            for manifest in manifests
        ],
    )
