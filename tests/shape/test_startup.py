"""`donghaeng --help` answers at once: the list of modules that it may import."""

import json
import subprocess
import sys

#: Typer brings its own copy of click; shellingham is imported by it for completion.
THIRD_PARTY = {"annotated_doc", "shellingham", "typer"}
OURS = {
    "donghaeng",
    "donghaeng.cli",
    "donghaeng.errors",
}
#: Parts of the standard library that take long, and that no help needs.
HEAVY = {"asyncio", "decimal", "email", "http", "multiprocessing", "sqlite3", "ssl", "tempfile", "unittest", "xml"}

SCRIPT = """
import json, sys
before = set(sys.modules)
sys.argv = ["donghaeng", *json.loads(sys.argv[1])]
from donghaeng.cli import main
try:
    main()
except SystemExit:
    pass
print("\\n" + json.dumps(sorted(set(sys.modules) - before)))
"""


def imported_by(*arguments: str) -> set[str]:
    """The modules that a command imports."""
    command = [sys.executable, "-c", SCRIPT, json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def third_party(modules: set[str]) -> set[str]:
    top = {module.split(".")[0] for module in modules}
    return {name for name in top if name not in sys.stdlib_module_names} - {"donghaeng", "__editable___donghaeng"}


def test_help_imports_the_command_line_and_nothing_heavy() -> None:
    modules = imported_by("--help")
    assert third_party(modules) == THIRD_PARTY
    assert {module for module in modules if module.startswith("donghaeng")} == OURS | {
        module for module in modules if module.startswith("donghaeng.cli.")
    }
    assert {module.split(".")[0] for module in modules} & HEAVY == set()


def test_the_list_is_of_a_command_that_needs_more_otherwise() -> None:
    assert third_party(imported_by("check", "seoul/gtsn-index")) > THIRD_PARTY | {"numpy", "pyarrow", "pydantic"}
