"""The command line: one file a command. Heavy parts are imported inside the commands, so help answers at once."""

from __future__ import annotations

import io
import os
import sys

import typer

from donghaeng.cli import (
    budget,
    check,
    compare,
    decide,
    demo,
    diagnose,
    diff,
    examples,
    export,
    import_,
    index,
    keys,
    ledger,
    ledger_backup,  # noqa: F401, adds its commands to those of ledger
    measure,
    new,
    packs,
    pass_,
    pass_cards,  # noqa: F401, adds its commands to those of pass_
    pass_settle,  # noqa: F401, adds its commands to those of pass_
    pass_tap,  # noqa: F401, adds its commands to those of pass_
    poverty,
    release,
    robustness,
    schema,
    serve,
    simulate,
    site,
    study,
    verify,
)
from donghaeng.errors import InputError, UsageError

EXIT_WELL, EXIT_FAULTS, EXIT_USAGE, EXIT_OURS = 0, 1, 2, 3

app = typer.Typer(
    name="donghaeng",
    help="Run a city's policies from packs of data: check, decide, compute, release, publish.",
    epilog="Exit codes: 0 well, 1 faults in the input, 2 usage, 3 our own failure.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from donghaeng import __version__

        typer.echo(f"donghaeng {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    """Run a city's policies from packs of data: check, decide, compute, release, publish."""


# In the order of the work; the line that `donghaeng --help` shows of each.
app.command("demo", short_help="Run the main job from end to end on shipped packs.")(demo.demo)
app.command("packs", short_help="List the shipped packs.")(packs.packs)
app.command("new", short_help="Start a small pack of your own.")(new.new)
app.command("check", short_help="Report all faults of packs, each with its place.")(check.check)
app.command("test", short_help="Decide the examples of packs, their own tests.")(examples.examples)
app.command("decide", short_help="Decide a case, or every row of a file, with reasons.")(decide.decide)
app.command("ask", short_help="Ask only for the facts that are still needed.")(decide.ask)
app.command("describe", short_help="Say what a decision table asks and answers.")(decide.describe)
app.command("diff", short_help="Say for which cases the answer changes.")(diff.diff)
app.command("index", short_help="Compute an index beside published figures.")(index.index)
app.command("diagnose", short_help="Find what fell, and why as far as the data say.")(diagnose.diagnose)
app.command("budget", short_help="Divide money where the need is, to the won.")(budget.budget)
app.command("robustness", short_help="Try every combination of choices of method.")(robustness.robustness)
app.command("compare", short_help="Compare two versions of an index.")(compare.compare)
app.command("study", short_help="Look at indicators, groups and places.")(study.study)
app.command("poverty", short_help="Count the poor from household tables.")(poverty.poverty)
app.add_typer(import_.app, name="import", short_help="Make a pack from the form of another tool.")
app.add_typer(export.app, name="export", short_help="Write a pack in the form of another tool.")
app.add_typer(ledger.app, name="ledger", short_help="Keep, verify, seal and restore the ledger.")
app.add_typer(keys.app, name="keys", short_help="Make, list and revoke keys of the API.")
app.command("measure", short_help="Compute statistics from a ledger.")(measure.measure)
app.add_typer(pass_.app, name="pass", short_help="Run passes: prices, cards, charges, refunds.")
app.command("simulate", short_help="Play made-up days through a service.")(simulate.simulate)
app.command("release", short_help="Write results as an immutable release.")(release.release)
app.command("verify", short_help="Find any changed byte of a release.")(verify.verify)
app.command("site", short_help="Build the public site of a release.")(site.site)
app.command("serve", short_help="Show a site on this machine.")(serve.serve)
app.command("schema", short_help="Give JSON Schemas for editors.")(schema.schema)


def main() -> None:
    """Run the command line and exit with a documented code; a failure is told in one line."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr does: a character is no reason to fail
    try:
        app()
    except InputError as error:
        _say(*(str(fault) for fault in error.faults) if error.faults else (str(error),))
        sys.exit(EXIT_FAULTS)
    except UsageError as error:
        _say(str(error))
        sys.exit(EXIT_USAGE)
    except BrokenPipeError:
        # The reader of our output has gone; what is left to say has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_WELL)
    except OSError as error:
        what = (error.strerror or str(error)).lower()
        _say(f"{error.filename or 'system'}: {what}; check the path and its permissions")
        sys.exit(EXIT_FAULTS)
    except Exception as error:
        if os.environ.get("DONGHAENG_DEBUG"):
            raise
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        _say(f"our own failure: {what}; run again with DONGHAENG_DEBUG=1 and report what it prints")
        sys.exit(EXIT_OURS)


def _say(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)
