"""Donghaeng: software on which a city's policies run.

``donghaeng.load(pack)`` reads a pack, by path or by id; ``.score()`` gives its index.
``donghaeng.compute(values, structure, recipe)`` computes an index from data frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from donghaeng.catalogue.pack import Pack
    from donghaeng.index.recipe import Recipe
    from donghaeng.index.scores import Scores

__all__ = ["__version__", "compute", "load"]


def load(pack: str | Path) -> Pack:
    """Read a pack that is free of faults.

    Args:
        pack: path of its folder, or the id of a shipped pack such as ``seoul/gtsn-index``.

    Raises:
        donghaeng.errors.InputError: when it is not found or has faults; all of them, each with its place.
    """
    # Imported here so that `donghaeng --help` answers at once.
    from donghaeng.catalogue.read import load as load_pack

    return load_pack(pack)


def compute(
    values: Any, structure: Any, recipe: Recipe | Mapping[str, Any], attributes: Any = None, kind: str = "published"
) -> Scores:
    """Compute an index from data frames of pandas, polars or pyarrow; see `donghaeng.index.frames.compute`."""
    from donghaeng.index.frames import compute as compute_frames

    return compute_frames(values, structure, recipe, attributes, kind)


def __getattr__(name: str) -> str:
    """Give the version of the installed package without reading metadata at import."""
    if name == "__version__":
        from importlib.metadata import version

        return version("donghaeng")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
