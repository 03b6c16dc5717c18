"""Donghaeng: software on which a city's policies run.

``donghaeng.load(pack)`` reads a pack, by path or by id; ``.score()`` gives its index.
``donghaeng.diagnose(pack)`` finds the falls of its index and their causes.
``donghaeng.plan(pack, amount)`` divides money where the need is.
``donghaeng.compute(values, structure, recipe)`` computes an index from data frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from donghaeng.budget.plan import Plan, Refused
    from donghaeng.catalogue.pack import Pack
    from donghaeng.diagnosis.diagnose import Diagnosis
    from donghaeng.index.recipe import Recipe
    from donghaeng.index.scores import Scores

__all__ = ["__version__", "compute", "diagnose", "load", "plan"]


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


def diagnose(pack: Pack | str | Path) -> Diagnosis:
    """Find the falls of the index of a pack, and their causes.

    Args:
        pack: the pack, or the path of its folder, or the id of a shipped pack.

    Raises:
        donghaeng.errors.InputError: when it is not found or has faults.
        donghaeng.errors.UsageError: when it describes no index.
    """
    from donghaeng.catalogue.pack import Pack as LoadedPack

    return (pack if isinstance(pack, LoadedPack) else load(pack)).diagnose()


def plan(
    pack: Pack | str | Path,
    amount: int | str | None = None,
    objective: str | None = None,
    *,
    cut: str | None = None,
    supplementary: int | str | None = None,
    robust: bool = False,
) -> Plan | Refused:
    """Divide the money of a pack's budget among its options, to the won.

    Args:
        pack: the pack, or the path of its folder, or the id of a shipped pack.
        amount: own money to divide, such as ``50_000_000_000`` or ``"500e8"``; default the current total.
        objective: what the plan is made for; default that of the pack.
        cut: part of the current total to be saved, such as ``"5%"``.
        supplementary: own money of a supplementary budget, on top of the current total.
        robust: whether the plan is made for the worst of the parameter draws.

    Returns:
        The plan; for a real body without measured unit costs, what has to be collected first.

    Raises:
        donghaeng.errors.InputError: when the pack is not found or has faults, or its limits contradict each other.
        donghaeng.errors.UsageError: for what is no money, rate or objective, and packs without a budget.
    """
    from donghaeng.budget.request import read_request
    from donghaeng.catalogue.pack import Pack as LoadedPack

    request = read_request(amount, objective, cut, supplementary, robust)
    return (pack if isinstance(pack, LoadedPack) else load(pack)).plan(request)


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
