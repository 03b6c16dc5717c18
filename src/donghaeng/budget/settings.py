"""``budget.yaml``: years, funds, bureaus, programmes, and the choices that a plan rests on."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Annotated, Literal, get_args

from pydantic import Field

from donghaeng.documents import Day, Document, Model, formed
from donghaeng.errors import Faults, nearest
from donghaeng.wording import Language, Text

Code = Annotated[str, formed(r"^[a-z0-9][a-z0-9_-]{0,63}$", "small letters, digits, - and _")]
Year = Annotated[str, formed(r"^[0-9]{4}$", 'a year in quotes, such as "2027"')]
Won = Annotated[int, Field(ge=0, le=10**16)]
Parts = Annotated[int, Field(ge=1, le=1_000_000)]

Objective = Literal["least_unmet_need", "lift_below_base", "smallest_worst_loss", "equity_weights", "index"]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
Grade = Literal["A", "B", "C", "D"]
GRADES: tuple[Grade, ...] = get_args(Grade)
#: Relative standard error of a unit cost that states none. A choice, in the open; ``grade_errors`` has others.
GRADE_ERRORS: dict[str, float] = {"A": 0.05, "B": 0.1, "C": 0.2, "D": 0.4}


class Bureau(Model):
    """A part of the administration that spends money.

    Attributes:
        name: its name by language.
        least: least own money that it gets in a plan; None for none stated.
        most: most own money that it gets in a plan; None for none stated.
    """

    name: Text
    least: Won | None = None
    most: Won | None = None


class Programme(Model):
    """What money is voted for.

    Attributes:
        bureau: code of the bureau that runs it.
        name: its name by language.
        funding: parts that each fund pays, in whole numbers: ``{city: 1, national: 2}`` says that each won of the
            city brings two of the state.
    """

    bureau: Code
    name: Text
    funding: Annotated[dict[Code, Parts], Field(min_length=1)]


class Group(Model):
    """People who benefit.

    Attributes:
        name: its name by language.
        weight: what a met need of theirs counts under the objective ``equity_weights``; 1 for everybody else.
    """

    name: Text
    weight: Annotated[float, Field(gt=0, le=1000)] = 1.0


class Draws(Model):
    """How often unit costs, needs and limits of absorption are drawn anew to see what a plan depends on.

    Attributes:
        number: how many draws.
        seed: where the generator starts, so that the same pack gives the same numbers.
    """

    number: Annotated[int, Field(ge=2, le=10_000)] = 50
    seed: Annotated[int, Field(ge=0)] = 1


class Supplementary(Model):
    """A supplementary budget in the middle of a year.

    Attributes:
        year_left: share of a year's growth that can still be absorbed.
    """

    year_left: Annotated[float, Field(gt=0, le=1)] = 0.5


class Published(Model):
    """A plan that a release holds; at most one of the first three.

    Attributes:
        amount: own money to divide; None for the current total.
        cut: part of the current total to be saved, such as ``5%``.
        supplementary: own money of a supplementary budget.
        objective: what it is made for; None for that of the pack.
        robust: whether it is made for the worst of the parameter draws.
    """

    amount: Won | None = None
    cut: Annotated[str, formed(r"^[0-9]{1,2}(\.[0-9]{1,6})?%$", "a rate such as 5%")] | None = None
    supplementary: Won | None = None
    objective: Objective | None = None
    robust: bool = False


class BudgetSettings(Model):
    """The content of ``budget.yaml``.

    Attributes:
        format: version of the format.
        currency: ISO code of the currency; amounts are whole units of it.
        evidence_year: newest year with results.
        submission: day on which requests are handed in.
        budget_year: year in which the money is spent.
        own_fund: the fund that plans divide; the body's own money.
        funds: name of each source of money.
        fund_limits: most that another fund pays in all.
        running_limit: most running cost a year that new projects of a plan may leave; None for no limit.
        bureaus: who spends.
        groups: who benefits.
        programmes: what is paid for.
        objective: what a plan is made for when nothing else is asked.
        draws: how parameters are drawn.
        grade_errors: relative standard error of a unit cost that states none, by grade of its evidence; what is not
            here is in `GRADE_ERRORS`.
        interval: probability of the intervals that are printed.
        supplementary: what a supplementary budget can still do.
        publish: the plans that a release holds; the first is the one that pages of programmes are made from.
    """

    format: Literal[1]
    currency: Annotated[str, formed(r"^[A-Z]{3}$", "an ISO 4217 code such as KRW")]
    evidence_year: Year
    submission: Day
    budget_year: Year
    own_fund: Code
    funds: Annotated[dict[Code, Text], Field(min_length=1)]
    fund_limits: dict[Code, Won] = Field(default_factory=dict)
    running_limit: Won | None = None
    bureaus: Annotated[dict[Code, Bureau], Field(min_length=1)]
    groups: dict[Code, Group] = Field(default_factory=dict)
    programmes: Annotated[dict[Code, Programme], Field(min_length=1)]
    objective: Objective = "least_unmet_need"
    draws: Draws = Draws()
    grade_errors: dict[Grade, Annotated[float, Field(gt=0, le=3)]] = Field(default_factory=dict)
    interval: Annotated[float, Field(gt=0, lt=1)] = 0.8
    supplementary: Supplementary = Supplementary()
    publish: Annotated[tuple[Published, ...], Field(strict=False, min_length=1, max_length=8)] = (Published(),)

    @property
    def years_ahead(self) -> int:
        """Years between the newest results and the year in which money is spent."""
        return int(self.budget_year) - int(self.evidence_year)

    def unit_cost_error(self, grade: str) -> float:
        """Give the relative standard error of a unit cost that states none."""
        return next((error for stated, error in self.grade_errors.items() if stated == grade), GRADE_ERRORS[grade])


def check_settings(
    settings: BudgetSettings, document: Document, languages: tuple[Language, ...], faults: Faults
) -> None:
    """Report what the model alone cannot see: codes that name nothing, years in a wrong order, missing languages.

    Args:
        settings: the content.
        document: where each key stands.
        languages: languages in which every name is given.
        faults: where faults go.
    """
    _check_years(settings, document, faults)
    for at, one in enumerate(settings.publish):
        if sum(given is not None for given in (one.amount, one.cut, one.supplementary)) > 1:
            line, column = document.place(("publish", at))
            what, expected = "a plan of two kinds at once", "an amount, a cut or a supplementary budget"
            faults.add(document.label, line, column, what, expected, "write two plans", "wrong-value")
    known: tuple[tuple[tuple[str, ...], str, Collection[str], str], ...] = (
        (("own_fund",), settings.own_fund, settings.funds, "funds"),
        *((("fund_limits", fund), fund, settings.funds, "funds") for fund in settings.fund_limits),
        *(
            (("programmes", code, "bureau"), programme.bureau, settings.bureaus, "bureaus")
            for code, programme in settings.programmes.items()
        ),
        *(
            (("programmes", code, "funding", fund), fund, settings.funds, "funds")
            for code, programme in settings.programmes.items()
            for fund in programme.funding
        ),
    )
    for path, code, codes, key in known:
        if code not in codes:
            line, column = document.place(path)
            remedy = nearest(code, codes) or f"add it to {key}"
            faults.add(
                document.label, line, column, f'unknown code "{code}"', f"a key of {key}", remedy, "unknown-code"
            )
    for code, programme in settings.programmes.items():
        if settings.own_fund not in programme.funding:
            line, column = document.place(("programmes", code, "funding"))
            what = f'no part of {code} is paid from "{settings.own_fund}"'
            remedy = "add its parts, or leave out a programme that the plan cannot move"
            faults.add(document.label, line, column, what, f"parts of {settings.own_fund}", remedy, "wrong-value")
    for code, bureau in settings.bureaus.items():
        if bureau.least is not None and bureau.most is not None and bureau.least > bureau.most:
            line, column = document.place(("bureaus", code, "least"))
            what = f"{code} gets at least {bureau.least:,} and at most {bureau.most:,}"
            faults.add(document.label, line, column, what, "least not above most", "correct one of them", "conflict")
    texts: list[tuple[tuple[str, ...], Text]] = [(("funds", code), text) for code, text in settings.funds.items()]
    texts += [(("bureaus", code, "name"), bureau.name) for code, bureau in settings.bureaus.items()]
    texts += [(("groups", code, "name"), group.name) for code, group in settings.groups.items()]
    texts += [(("programmes", code, "name"), programme.name) for code, programme in settings.programmes.items()]
    for path, text in texts:
        for language in languages:
            if language not in text:
                line, column = document.place(path)
                what = f"the name is missing in the language {language}"
                faults.add(document.label, line, column, what, "a name in each language", "write it", "missing-value")


def _check_years(settings: BudgetSettings, document: Document, faults: Faults) -> None:
    evidence, budget = int(settings.evidence_year), int(settings.budget_year)
    if settings.submission <= date(evidence, 12, 31):
        line, column = document.place(("submission",))
        what = f"requests are handed in on {settings.submission}, before the year {evidence} is over"
        remedy = "give a later day, or an earlier evidence_year"
        faults.add(document.label, line, column, what, "a day after the evidence year", remedy, "wrong-value")
    if budget <= evidence or settings.submission > date(budget, 12, 31):
        line, column = document.place(("budget_year",))
        what = f"results of {evidence}, handed in on {settings.submission}, cannot reach the budget of {budget}"
        expected = f"a later year: results of {evidence} come in {evidence + 1} and reach the budget of {evidence + 2}"
        faults.add(document.label, line, column, what, expected, "correct the years", "wrong-value")
