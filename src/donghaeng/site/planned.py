"""The budget of a released pack as pages need it: plans, what each programme gets, and what is missing for a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from donghaeng.release.read import Row
from donghaeng.site.links import file_names
from donghaeng.site.pack_view import PackView, in_language
from donghaeng.wording import PageLanguage

#: Name of the document beside the tables.
DOCUMENT = "budget.json"
#: Ways to divide the money, as columns of the table ``plan`` name them.
WAYS = ("plan", "status_quo", "proportional_to_need", "expand_what_fell")


@dataclass(frozen=True)
class Share:
    """Own money of a programme: now, and under each way to divide it.

    Attributes:
        programme: its code.
        current: money now.
        ways: money by way.
        people: people served because of the plan's changes; fewer than none when it serves fewer.
    """

    programme: str
    current: int
    ways: Mapping[str, int]
    people: float

    @property
    def change(self) -> int:
        """What the plan gives it beyond what it has now."""
        return self.ways["plan"] - self.current


class PlanView:
    """One plan of a release."""

    def __init__(self, budget: Planned, document: Mapping[str, Any]) -> None:
        """Take a plan by its document."""
        self.budget = budget
        self.document = document
        self.number = int(document["plan_number"])
        self.rows = budget.rows("plan", self.number)
        self.needs = budget.rows("plan_needs", self.number)
        self.comparison = budget.rows("plan_comparison", self.number)
        self.prices = budget.rows("plan_prices", self.number)
        self.by_option = {str(row["option"]): row for row in self.rows}

    @property
    def kind(self) -> str:
        """How firm all of it is."""
        return str(self.rows[0]["kind"]) if self.rows else ""

    @cached_property
    def shares(self) -> tuple[Share, ...]:
        """The money of each programme, in the order of the pack."""
        found = []
        for code in self.budget.programmes:
            own = [row for row in self.rows if row["programme"] == code]
            if own:
                ways = {way: sum(int(row["amount" if way == "plan" else way]) for row in own) for way in WAYS}
                people = sum(float(row["people"]) for row in own)
                found.append(Share(code, sum(int(row["current"]) for row in own), ways, people))
        return tuple(found)

    @property
    def measures(self) -> tuple[str, ...]:
        """What the ways are compared by."""
        return tuple(dict.fromkeys(str(row["measure"]) for row in self.comparison))

    def compared(self, way: str, measure: str) -> Row | None:
        """Give the row of a way and a measure."""
        return next((row for row in self.comparison if (row["plan"], row["measure"]) == (way, measure)), None)

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways that are compared, the plan first."""
        return tuple(dict.fromkeys(str(row["plan"]) for row in self.comparison))

    def bound(self, row: Row, language: PageLanguage) -> str:
        """Say which limit an option stands at; empty for an amount between its limits."""
        if row["at"] == "between":
            return ""
        lower = self.budget.word("lower", str(row["lower_because"]), language)
        upper = self.budget.word("upper", str(row["upper_because"]), language)
        if row["at"] == "fixed" and row["lower_because"] == "nothing":
            return upper
        if row["at"] == "fixed":
            return lower if row["lower_because"] == "mend" or not row["upper"] < row["current"] else upper
        return lower if row["at"] == "lower" else upper


class Planned:
    """The budget of a pack: its plans, or what is missing for one."""

    def __init__(self, view: PackView) -> None:
        """Take a pack whose release has a budget, or says why there is no plan."""
        self.view = view
        self.document: Mapping[str, Any] = view.pack.documents[DOCUMENT]
        self.settings: Mapping[str, Any] = self.document.get("settings") or {}
        self.programmes: Mapping[str, Any] = self.settings.get("programmes") or {}
        self.pages = tuple(self.document.get("pages", ()))
        self.missing = tuple(self.document.get("missing", ()))
        self.currency = str(self.settings.get("currency", ""))

    @cached_property
    def plans(self) -> tuple[PlanView, ...]:
        """The plans, the one that the pages of programmes are made from first."""
        return tuple(PlanView(self, one) for one in self.document.get("plans", ()))

    def rows(self, table: str, number: int) -> tuple[Row, ...]:
        """Give the rows of a table for a plan."""
        return tuple(row for row in self.view.rows(table) if row["plan_number"] == number)

    def word(self, group: str, code: str, language: PageLanguage) -> str:
        """Give what a code is called."""
        return in_language(self.document["words"].get(group, {}).get(code, {}), language) or code

    def programme_name(self, code: str, language: PageLanguage) -> str:
        """Give the name of a programme."""
        return in_language(self.programmes.get(code, {}).get("name", {}), language) or code

    def fund_name(self, code: str, language: PageLanguage) -> str:
        """Give the name of a source of money."""
        return in_language((self.settings.get("funds") or {}).get(code, {}), language) or code

    def option_name(self, code: str, language: PageLanguage) -> str:
        """Give the name of an option; its code where the plan has none of it."""
        row = self._options.get(code)
        return str(row.get(f"name_{language}") or code) if row else code

    @cached_property
    def _options(self) -> Mapping[str, Row]:
        return {str(row["code"]): row for row in self.view.rows("options")}

    @cached_property
    def _files(self) -> dict[str, str]:
        return file_names(self.programmes, taken=["index"])

    def path(self, programme: str) -> str:
        """Give the path of the page of a programme."""
        return self.view.path(f"budget/{self._files[programme]}.html")


def planned(view: PackView) -> Planned | None:
    """Give the budget of a pack; None where its release has none."""
    return Planned(view) if DOCUMENT in view.pack.documents else None
