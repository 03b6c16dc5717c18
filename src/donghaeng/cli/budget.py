"""``donghaeng budget``: where money goes, what binds it, and how the plan stands next to simple rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from donghaeng.cli.output import JsonOption, PackArgument, console, plain, print_json, print_table, working

if TYPE_CHECKING:
    from donghaeng.budget.plan import Plan, Refused
    from donghaeng.catalogue.pack import Pack

#: More rows than this are not listed to a person; `--json` gives all of them.
MOST_ROWS = 60
MOST_PRICES = 8
#: Below so many columns what binds an option stands under the table, so that no amount is broken.
WIDE = 110
#: There is no plan: the evidence for one is missing.
NO_PLAN = 1


def budget(
    pack: PackArgument,
    amount: Annotated[
        str | None, typer.Option(help="Own money to divide, such as 500e8 or 500억; default: the current total.")
    ] = None,
    objective: Annotated[
        str | None,
        typer.Option(
            help="least_unmet_need, lift_below_base, smallest_worst_loss, equity_weights or index; "
            "default: that of the pack."
        ),
    ] = None,
    cut: Annotated[str | None, typer.Option(help="Save this part of the current total, such as 5%.")] = None,
    supplementary: Annotated[
        str | None, typer.Option(help="Own money of a supplementary budget, on top of the current total.")
    ] = None,
    robust: Annotated[bool, typer.Option("--robust", help="Plan for the worst of the parameter draws.")] = False,
    programme: Annotated[str | None, typer.Option(help="Print the page of one programme.")] = None,
    language: Annotated[str, typer.Option(help="Language of sentences and pages: ko or en.")] = "en",
    as_json: JsonOption = False,
) -> None:
    """Divide money among the options of a pack, to the won, and say what binds the plan."""
    from donghaeng.budget.plan import Refused
    from donghaeng.budget.request import read_request
    from donghaeng.catalogue.read import load
    from donghaeng.errors import UsageError
    from donghaeng.wording import LANGUAGES

    if language not in LANGUAGES:
        raise UsageError(f'no words in "{language}"; expected one of {", ".join(LANGUAGES)}')
    request = read_request(amount, objective, cut, supplementary, robust)
    with working(f"Planning {pack}"):
        loaded = load(pack)
        made = loaded.plan(request)
    if isinstance(made, Refused):
        _refuse(loaded, made, language, as_json)
        raise typer.Exit(NO_PLAN)
    if programme is not None:
        _page(loaded, made, programme, language, as_json)
    elif as_json:
        print_json(document(loaded, made))
    else:
        _print(loaded, made, language)


def document(pack: Pack, made: Plan | Refused) -> dict[str, Any]:
    """Give what ``--json`` prints."""
    from donghaeng.budget.document import plan_document
    from donghaeng.catalogue.outcome import STATUS_NOTES

    note = STATUS_NOTES[pack.manifest.status]
    return {"pack": pack.id, "version": pack.version, "status_note": note, **plan_document(made)}


def _refuse(pack: Pack, made: Refused, language: str, as_json: bool) -> None:
    if as_json:
        print_json(document(pack, made))
        return
    from donghaeng.catalogue.outcome import STATUS_NOTES

    screen = console()
    screen.print(f"{plain(pack.id)} {pack.version}\n[dim]{STATUS_NOTES[pack.manifest.status][_code(language)]}[/dim]\n")
    why = {
        "ko": "실측 단가 없이 실제 기관의 예산 배분안을 만들지 않습니다. 먼저 모아야 할 자료:",
        "en": "No plan is made for a real body from assumed unit costs. To collect first:",
    }
    screen.print(why[language])
    for one in made.missing:
        screen.print(f"- {plain(one.where)}: {plain(one.words[_code(language)])}")


def _code(language: str) -> Any:
    return language


def _page(pack: Pack, made: Plan, programme: str, language: str, as_json: bool) -> None:
    from donghaeng.budget.page import page_document, page_markdown, programme_page
    from donghaeng.catalogue.outcome import STATUS_NOTES

    page = programme_page(made, programme)
    note = STATUS_NOTES[pack.manifest.status][_code(language)]
    if as_json:
        print_json({"pack": pack.id, "version": pack.version, "status_note": note, **page_document(page)})
    else:
        text = page_markdown(page, _code(language), made.section.settings.currency)
        typer.echo(f"{text}\n{note}")


def _print(pack: Pack, made: Plan, language: str) -> None:
    from donghaeng.budget.document import CAUTION
    from donghaeng.budget.words import MEASURE, OBJECTIVE, PLANS, headline, prices, timing
    from donghaeng.catalogue.outcome import STATUS_NOTES

    code = _code(language)
    screen = console()
    title = pack.manifest.title.get(code) or next(iter(pack.manifest.title.values()))
    screen.print(f"[bold]{plain(title)}[/bold] ({pack.id} {pack.version})")
    screen.print(f"[dim]{STATUS_NOTES[pack.manifest.status][code]}[/dim]\n")
    screen.print(f"{plain(timing(made)[code])}\n{OBJECTIVE[made.objective][code]}\n{plain(headline(made)[code])}\n")
    _print_options(made, language)
    _print_needs(made)
    rows = []
    for one in made.comparison:
        better = "" if one.plan_better is None else f"{one.plan_better:.0%}"
        numbers = [_measure(value, one.measure) for value in (one.value, one.low, one.high)]
        rows.append([PLANS[one.plan][code], MEASURE[one.measure][code], *numbers, better])
    headings = [("plan", "left"), ("measure", "left"), ("as stated", "right"), ("low", "right"), ("high", "right")]
    number = made.section.settings.draws.number
    print_table(
        f"Next to other ways to divide the same money, over {number} parameter draws",
        [*headings, ("this plan better", "right")],
        rows,
    )
    found = prices(made)
    for price in found[:MOST_PRICES]:
        screen.print(f"- {plain(price.words[code])}")
    if len(found) > MOST_PRICES:
        more = {
            "ko": "한도가 {} 개 더 있음: --json으로 모두 볼 수 있음",
            "en": "{} more limits bind: --json gives all of them",
        }
        screen.print(f"[dim]{more[language].format(len(found) - MOST_PRICES)}[/dim]")
    for node in made.unmended:
        words = {
            "ko": f"{made.node_name(node, code)}: 결함을 고치는 비용이 options.csv에 없음. 먼저 산출할 것",
            "en": f"{made.node_name(node, code)}: find out what mending its fault costs; options.csv does not say",
        }
        screen.print(f"- {plain(words[language])}")
    if made.smallest_bases is not None:
        share, nodes = made.smallest_bases
        small = {
            "ko": f"새 돈의 {share:.0%}가 기준값이 가장 작은 지표({', '.join(nodes)})로 갑니다. "
            "적은 실적으로 점수가 크게 오르는 지표입니다.",
            "en": f"{share:.0%} of the new money goes to the indicators with the smallest bases ({', '.join(nodes)}), "
            "where little makes many points.",
        }
        screen.print(plain(small[language]))
    screen.print(f"\n[dim]{CAUTION[code]}[/dim]")


def _measure(value: float, measure: str) -> str:
    if measure == "worst_unmet":
        return f"{value:.1%}"
    return f"{value:,.0f}" if measure == "people_unmet" else f"{value:,.2f}"


def _print_options(made: Plan, language: str) -> None:
    from donghaeng.budget.document import plan_rows
    from donghaeng.budget.words import bound_words

    code, screen = _code(language), console()
    is_wide = screen.width >= WIDE
    rows: list[list[str]] = []
    bound: dict[str, list[str]] = {}
    unmeasured: set[str] = set()
    for row in plan_rows(made)[:MOST_ROWS]:
        cost = f"– {row['grade']}"
        if row["unit_cost"] is not None:
            marked = "" if row["cost_basis"] == "marginal" else "*"
            unmeasured |= {row["cost_basis"]} - {"marginal"}
            cost = f"{row['unit_cost']:,.0f} {row['grade']}{marked or ' '}"
        words = bound_words(row, code)
        if words:
            bound.setdefault(words, []).append(row["option"])
        before = [f"{row['current'] / 1e6:,.0f} m"] if is_wide else []
        change, people = f"{row['change'] / 1e6:+,.1f} m", f"{row['people']:+,.0f}"
        after = [plain(words)] if is_wide else []
        rows.append([plain(row["option"]), *before, f"{row['amount']:,}", change, people, cost, *after])
    columns = [("option", "id"), *([("now", "right")] if is_wide else []), ("plan", "right"), ("change", "right")]
    columns += [("people", "right"), ("unit cost", "right"), *([("bound by", "left")] if is_wide else [])]
    title = (
        f"Own money in {made.section.settings.currency}, to the unit: {int(made.amounts.sum()):,} of {made.amount:,}"
    )
    print_table(title, columns, rows)
    if not is_wide:
        for words, options in bound.items():
            screen.print(f"[dim]{plain(words)}: {plain(', '.join(options))}[/dim]")
    if unmeasured:
        screen.print(f"[dim]* {' or '.join(sorted(unmeasured))}: no marginal cost is known[/dim]")
    if unmeasured or not is_wide:
        screen.print()
    if len(made.amounts) > MOST_ROWS:
        console().print(f"[dim]{len(made.amounts) - MOST_ROWS} more options: --json gives all of them[/dim]\n")


def _print_needs(made: Plan) -> None:
    from donghaeng.budget.document import cell_rows

    found = sorted(cell_rows(made), key=lambda row: (-row["unmet"], row["node"], row["place"]))
    rows = []
    for row in found[:MOST_ROWS]:
        known = row["low"] is not None
        interval = f"{row['low']:,.0f} – {row['high']:,.0f}" if known else "too few years"
        shares = [f"{row[name]:.1%}" for name in ("unmet_now", "unmet")]
        rows.append(
            [
                plain(row["node"]),
                plain(row["place"]),
                f"{row['need']:,.0f}",
                f"{row['projected']:,.0f}",
                interval,
                *shares,
            ]
        )
    settings = made.section.settings
    headings = [("node", "left"), ("place", "left"), (f"need {settings.evidence_year}", "right")]
    headings += [(f"{settings.budget_year}", "right"), (f"{settings.interval:.0%} interval", "right")]
    print_table("Need, and the share of it that stays unmet", [*headings, ("now", "right"), ("plan", "right")], rows)
    if len(found) > MOST_ROWS:
        console().print(f"[dim]{len(found) - MOST_ROWS} more: --json gives all of them[/dim]\n")
