"""Conditions, answers and calculations of a released decision table in the words of a language.

A condition is said as its question with the answer that it asks for: "Which line? Line 2". Nobody has to read the
language that rules are written in; the rule as it is written stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from donghaeng.site.figures import Figures
from donghaeng.site.pack_view import in_language
from donghaeng.site.rule_dates import current

Plain = Mapping[str, Any]

#: The day of the decision among the facts.
ON = "on"
#: Calculations that are said in place, beside formulas of two terms; the others are named and said in the list of
#: calculated facts.
_SAID_IN_PLACE = frozenset(
    {"age", "year", "month", "days_in_month", "days_between", "last_day", "within", "table"},
)
_DENIED = {"any": "none", "all": "not_all"}
_COMPARED = {"<": "less", "<=": "at_most", ">": "more", ">=": "at_least", "=": "equal", "<>": "differs"}
_DAYS_COMPARED = {"<": "before", "<=": "until", ">": "after", ">=": "since", "=": "equal", "<>": "differs"}


class RuleWords:
    """Says the parts of one table in one language.

    Attributes:
        table: the document of the table.
        tables: the documents of all tables of the pack, by id.
    """

    def __init__(self, figures: Figures, table: Plain, tables: Mapping[str, Plain], on: str) -> None:
        """Take the table.

        Args:
            figures: figures of the language.
            table: document of the table.
            tables: documents of all tables of the pack, by id.
            on: day of the release, whose dated values are told.
        """
        self.figures, self.table, self.tables, self.on = figures, table, tables, on
        self.words = figures.words

    # ── conditions ───────────────────────────────────────────────────────────────────────────────

    def condition(self, node: Plain) -> Markup:
        """Say a condition as HTML: one line, or a list of lines."""
        return self._block(node)

    def _block(self, node: Plain, denied: bool = False) -> Markup:
        for key in ("all", "any"):
            if key in node:
                parts = node[key]
                if not parts:
                    return self.words("condition.always" if key == "all" else "condition.never")
                if len(parts) == 1:
                    return self._block(parts[0], denied)
                head = _DENIED[key] if denied else key
                lines = Markup("").join(Markup("<li>{}</li>").format(self._block(part)) for part in parts)
                return Markup("{}<ul>{}</ul>").format(self.words(f"condition.{head}"), lines)
        if "not" in node:
            return self._block(node["not"], not denied)
        return self._line(node, denied)

    def _line(self, node: Plain, denied: bool) -> Markup:
        """Say a condition without parts, or that it does not hold."""
        if "name" in node:
            return self._said(node, self.words("common.no" if denied else "common.yes"))
        if "item" in node:
            kind = self._type(node["item"])
            if "in_value" in node:
                key = "condition.not_in_list" if denied else "condition.in_list"
                return self._said(node["item"], self.words(key, title=self.value_link(node["in_value"])))
            predicate = self._either([self.constant(kind, one) for one in node["in"]])
            return self._said(node["item"], self._denied(predicate, denied))
        if "codes" in node:
            label = self.constant(self._type(node["codes"]), node["has"])
            return self._said(node["codes"], self._denied(label, denied))
        if "compare" in node:
            left, right, operator = node["left"], node["right"], node["compare"]
            if "value" in left and "value" not in right:
                left, right = right, left
                operator = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(operator, operator)
            kind = self._type(left)
            shown = self.constant(kind, right["value"]) if "value" in right else self.term(right)
            forms = _DAYS_COMPARED if kind.get("type") == "date" else _COMPARED
            predicate = self.words(f"compared.{forms[operator]}", value=shown)
            return self._said(left, self._denied(predicate, denied))
        if "value" in node:
            return (
                self.words("common.none")
                if node["value"] is None
                else self.constant({"type": "boolean"}, node["value"])
            )
        return escape(str(dict(node)))  # pragma: no cover - the release knows no other node

    def _denied(self, predicate: Markup, denied: bool) -> Markup:
        return self.words("compared.differs", value=predicate) if denied else predicate

    def _said(self, subject: Plain, predicate: Markup) -> Markup:
        name = subject.get("name", "")
        if name in self.table["inputs"]:
            return _asked(self.question(name), predicate)
        return _asked(Markup("{}:").format(self.term(subject)), predicate)

    def _either(self, items: Sequence[Markup]) -> Markup:
        return self.words("common.or").join(items)

    # ── terms ────────────────────────────────────────────────────────────────────────────────────

    def term(self, node: Plain) -> Markup:
        """Say a number, day or code that is read or computed."""
        if "value" in node:
            return self.constant({"type": "code"} if isinstance(node["value"], str) else {}, node["value"])
        if "operator" in node:
            sign = {"+": "+", "-": "−", "*": "×"}[node["operator"]]
            return Markup("{} {} {}").format(self._part(node["left"]), sign, self._part(node["right"]))
        if "name" not in node:
            return self._block(node)
        name = node["name"]
        if name == ON:
            return self.words("calculated.on")
        if name in self.table["inputs"]:
            return self.words("calculated.asked", question=self.question(name))
        if name in self.table["values"]:
            return self.value_link(name)
        if self._is_said_in_place(self.table["derived"][name]):
            return self.calculation(name)
        return Markup('<a class="fact" href="#fact-{}"><code>{}</code></a>').format(name, name)

    def _is_said_in_place(self, one: Plain) -> bool:
        if one["calculate"] != "formula":
            return one["calculate"] in _SAID_IN_PLACE
        tree = one["of"][0]
        return "operator" in tree and "operator" not in tree["left"] and "operator" not in tree["right"]

    def _part(self, node: Plain) -> Markup:
        one = self.table["derived"].get(node.get("name", ""))
        is_sum = "operator" in node or (one and one["calculate"] == "formula" and self._is_said_in_place(one))
        return Markup("({})").format(self.term(node)) if is_sum else self.term(node)

    def calculation(self, name: str) -> Markup:
        """Say how a fact is calculated."""
        one = self.table["derived"][name]
        word = one["calculate"]
        if word == "table":
            return self.words("calculated.table", title=self._table_title(one["table"]), field=self._field_of(one))
        if word in {"formula", "least", "greatest", "share"}:
            parts = [self.term(part) for part in one["of"]]
            if word == "formula":
                return parts[0]
            if word == "share":
                rounding = self.words(f"rounded.{one['round']}")
                return self.words("calculated.share", of=parts[0], part=parts[1], whole=parts[2], rounding=rounding)
            return self.words(f"calculated.{word}", parts=Markup(", ").join(parts))
        days = [self.term({"name": day}) for day in one["days"]]
        if word in {"year", "month", "days_in_month"}:
            return self.words(f"calculated.{word}", day=days[0])
        if word in {"age", "days_between"}:
            key = word if one["days"][1] == ON else f"{word}_on"
            return self.words(f"calculated.{key}", first=days[0], day=days[1])
        length = self._length(one)
        if word == "within":
            key = "within" if one["days"][1] == ON else "within_on"
            return self.words(f"calculated.{key}", first=days[0], day=days[1], length=length)
        return self.words("calculated.last_day", first=days[0], length=length)

    def _length(self, one: Plain) -> Markup:
        length = one["length"]
        shown = self.term(length)
        if not self.table["values"].get(length.get("name", ""), {}).get("unit"):
            shown = self.words(f"length.{one['unit']}", number=shown)
        notes = []
        if one["first_day"] == "included":
            notes.append(self.words("length.first_day"))
        if one["holidays"] == "move":
            notes.append(self.words("length.holidays"))
        return Markup("{} ({})").format(shown, Markup(", ").join(notes)) if notes else shown

    def _table_title(self, table_id: str) -> Markup:
        document = self.tables.get(table_id)
        return escape(self.local(document["title"]) if document else table_id)

    def _field_of(self, one: Plain) -> Markup:
        document = self.tables.get(one["table"])
        return self.field_title(one["outcome"], document) if document else escape(one["outcome"])

    # ── values, answers, facts ───────────────────────────────────────────────────────────────────

    def question(self, name: str) -> Markup:
        """Give the question of an input."""
        return escape(self.local(self.table["inputs"][name]["question"]))

    def value_title(self, name: str) -> str:
        """Give the title of a dated value."""
        return self.local(self.table["values"][name]["title"])

    def value_link(self, name: str) -> Markup:
        """Name a dated value, linked to where its entries stand, with the one of the day of the release."""
        link = Markup('<a href="#value-{}">{}</a>').format(name, self.value_title(name))
        value = self.table["values"][name]
        one = current(value, self.on)
        if one is None or value["type"] == "codes":
            return self.words("calculated.value", title=link)
        return self.words("calculated.value_now", title=link, value=self.constant(value, one["value"]))

    def constant(self, kind: Plain, value: Any) -> Markup:
        """Say a value of a type: a label, yes or no, a number with its unit, a day."""
        if value is None:
            return self.words("common.not_known")
        if isinstance(value, bool):
            return self.words("common.yes" if value else "common.no")
        if isinstance(value, list):
            labels = [self.constant(kind, one) for one in self.in_order(kind, value)]
            return Markup(", ").join(labels) if labels else self.words("common.none_of_them")
        if kind.get("type") == "date":
            return self.figures.day(str(value))
        if isinstance(value, str):
            text = (kind.get("codes") or {}).get(value)
            return escape(self.local(text)) if text else Markup("<code>{}</code>").format(value)
        return self.with_unit(self.figures.printed(str(value)), kind)

    def in_order(self, kind: Plain, codes: Sequence[Any]) -> list[Any]:
        """Give codes in the order of their type."""
        places = {code: place for place, code in enumerate(kind.get("codes") or {})}
        return sorted(codes, key=lambda one: places.get(one, len(places)))

    def with_unit(self, shown: Markup, kind: Plain) -> Markup:
        """Put the unit of a type behind a number."""
        unit = kind.get("unit")
        return self.words("common.with_unit", number=shown, unit=self.local(unit)) if unit else shown

    def given(self, name: str, given: Plain) -> Markup:
        """Say what a rule gives for a field of the answer."""
        kind = self.table["outcomes"][name]
        if "from" in given:
            least, most = self.given(name, given["from"]), self.given(name, given["to"])
            return self.words("common.between", least=least, most=most)
        if "value" in given:
            return self.constant(kind, given["value"])
        return self.term(given["tree"])

    def field_title(self, name: str, table: Plain | None = None) -> Markup:
        """Name a field of the answer."""
        title = (table or self.table)["outcomes"].get(name, {}).get("title")
        if title:
            return escape(self.local(title))
        return self.words("answer.result") if name == "result" else escape(name)

    def answer(self, outcome: Mapping[str, Any]) -> list[tuple[str, Markup, Markup]]:
        """Say the fields of an answer that are not empty: name, title and value, amounts that are ranges as one."""
        lines = []
        for name, kind in self.table["outcomes"].items():
            value = outcome.get(name)
            least, most = outcome.get(f"{name}_from"), outcome.get(f"{name}_to")
            if value == "undetermined":
                lines.append((name, self.field_title(name), self.words("answer.undetermined")))
            elif least is not None and most is not None and not isinstance(least, list):
                shown = self.words("common.between", least=self.constant(kind, least), most=self.constant(kind, most))
                lines.append((name, self.field_title(name), shown))
            elif isinstance(value, list) and kind["type"] != "codes":
                said = [self.constant(kind, one) for one in value if one is not None]
                if said:
                    lines.append((name, self.field_title(name), Markup(", ").join(said)))
            elif value is not None:
                lines.append((name, self.field_title(name), self.constant(kind, value)))
        return lines

    def fact(self, name: str, value: Any) -> Markup:
        """Say a fact of a case: its question and the answer."""
        shown = self.constant(self.table["inputs"][name], value)
        return _asked(self.question(name), shown)

    def reason(self, reason: str) -> Markup:
        """Say why a table could not decide; the id of the rule where one did."""
        key = f"reason.{reason}"
        return self.words(key) if self.words.has(key) else Markup("<code>{}</code>").format(reason)

    def local(self, text: Mapping[str, str]) -> str:
        """Give a text in the language."""
        return in_language(text, self.words.language)

    def _type(self, node: Plain) -> Plain:
        """Give the type of what a node reads, with its codes and unit."""
        name = node.get("name", "")
        if name == ON:
            return {"type": "date"}
        for group in ("inputs", "values"):
            if name in self.table[group]:
                found: Plain = self.table[group][name]
                return found
        one = self.table["derived"].get(name)
        if one is None:
            return {}
        if one["calculate"] == "table" and one["table"] in self.tables:
            outcome: Plain = self.tables[one["table"]]["outcomes"].get(one["outcome"], {})
            return outcome
        return {"type": one["type"]}


def _asked(question: Markup, answer: Markup) -> Markup:
    return Markup('<span class="asked">{}</span> <b>{}</b>').format(question, answer)
