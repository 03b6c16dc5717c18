"""Imports point one way: cli, api, site -> catalogue -> engines -> floor."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import donghaeng

SRC = Path(donghaeng.__file__).parent

FLOOR = {
    *("errors", "periods", "textfile", "documents", "table"),
    *("sources", "wording", "places", "statements", "panel", "rounding", "dated"),
    *("civil_calendar", "identifiers"),
}
ENGINES = {"rules", "ledger", "index", "release"}
#: Rooms that stand on engines, and below the room that reads packs.
ON_ENGINES = {
    "access": {"ledger"},
    "services": {"rules", "ledger", "access"},
    "measures": {"rules"},
    "diagnosis": {"index"},
    "budget": {"index", "diagnosis"},
}
#: What each room may import beside itself. `catalogue/outcome` ties the engines together.
MAY_IMPORT = {
    **dict.fromkeys(FLOOR, FLOOR),
    **dict.fromkeys(ENGINES, FLOOR),
    **{name: FLOOR | below for name, below in ON_ENGINES.items()},
    "catalogue": FLOOR | ENGINES | ON_ENGINES.keys(),
    "site": FLOOR | {"release"},
    "api": FLOOR | ENGINES | ON_ENGINES.keys() | {"catalogue", "site", "__init__"},
    "cli": FLOOR | ENGINES | ON_ENGINES.keys() | {"catalogue", "site", "api", "__init__"},
    "__init__": {"catalogue", *ENGINES, *ON_ENGINES},
}


def modules() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> Iterator[tuple[int, str]]:
    """The rooms that a module imports, anywhere in it, with the line."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            # `from donghaeng import periods` names a module; `from donghaeng.x import y` lies in x either way.
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "donghaeng":
                known = len(parts) > 1 and (parts[1] in MAY_IMPORT or (SRC / parts[1]).is_dir())
                yield node.lineno, parts[1] if known else "__init__"


def test_every_room_is_known() -> None:
    assert {room(path) for path in modules()} <= MAY_IMPORT.keys()
    assert {module for module in FLOOR if (SRC / f"{module}.py").is_file() or (SRC / module).is_dir()} == FLOOR


def test_no_room_imports_what_stands_above_or_beside_it() -> None:
    wrong = [
        f"{path.relative_to(SRC)}:{line}: {room(path)} imports {target}"
        for path in modules()
        for line, target in imported_rooms(path)
        if target != room(path) and target not in MAY_IMPORT[room(path)]
    ]
    assert wrong == []


def test_only_the_demo_names_a_shipped_pack() -> None:
    """The room that reads packs knows no city. Docstrings may give examples."""
    from donghaeng.catalogue.find import shipped_ids

    ids = set(shipped_ids())
    named = ids | {pack_id.split("/")[0] for pack_id in ids} - {"example"}  # the owner of what is invented
    wrong = [
        f"{path.relative_to(SRC)}:{text.lineno}: {text.value}"
        for path in modules()
        if path != SRC / "cli" / "demo.py"
        for text in strings(ast.parse(path.read_text("utf-8")))
        if named & set(str(text.value).lower().split())
    ]
    assert wrong == []


def strings(tree: ast.Module) -> list[ast.Constant]:
    """The texts of a module that are no docstrings."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    ]


def test_everything_public_explains_itself() -> None:
    silent = []
    for path in modules():
        tree = ast.parse(path.read_text("utf-8"))
        if ast.get_docstring(tree) is None:
            silent.append(f"{path.relative_to(SRC)}:1")
        owners: list[ast.Module | ast.ClassDef] = [tree]
        for owner in owners:
            for node in owner.body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                    if ast.get_docstring(node) is None:
                        silent.append(f"{path.relative_to(SRC)}:{node.lineno}: {node.name}")
                    if isinstance(node, ast.ClassDef):
                        owners.append(node)
    assert silent == []


CLOCKS = {"today", "now", "utcnow", "time_ns", "perf_counter", "monotonic", "gmtime", "localtime"}
CHANCE = {"random", "secrets", "uuid", "time"}


def chance_and_clocks(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where a module reads a clock, or draws a number without a seed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            yield from ((node.lineno, f"import {name}") for name in names if name.split(".")[0] in CHANCE)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            of_numpy = isinstance(node.func.value, ast.Attribute) and node.func.value.attr == "random"
            if name in CLOCKS or (name == "default_rng" and not (node.args or node.keywords)):
                yield node.lineno, name
            elif of_numpy and name not in {"default_rng", "Generator", "PCG64", "Philox", "SeedSequence"}:
                yield node.lineno, f"random.{name}"


#: A seed is drawn where none was given, and kept with the result.
DRAWS_A_SEED = {"index/robustness/noise.py: import secrets"}


def test_results_depend_on_no_clock_and_no_chance() -> None:
    found = {
        f"{path.relative_to(SRC)}: {name}"
        for path in modules()
        if room(path) not in {"cli", "api"}
        for _, name in chance_and_clocks(ast.parse(path.read_text("utf-8")))
    }
    assert found - DRAWS_A_SEED == set()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import random", ["import random"]),
        ("from time import time", ["import time"]),
        ("from datetime import date\ndate.today()", ["today"]),
        ("np.random.rand(3)", ["random.rand"]),
        ("np.random.default_rng()", ["default_rng"]),
        ("np.random.default_rng(7)", []),
        ("import datetime", []),
    ],
)
def test_the_search_for_clocks_and_chance_finds_them(code: str, found: list[str]) -> None:
    assert [name for _, name in chance_and_clocks(ast.parse(code))] == found
