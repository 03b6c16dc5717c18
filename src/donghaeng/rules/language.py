"""The small language of conditions and formulas: words of SQL, parsed by sqlglot, held to a white list.

``AND``, ``OR``, ``NOT``, comparisons, ``IN``, ``BETWEEN``, ``+ - *``, names, numbers, texts in single quotes, days
in single quotes, ``true`` and ``false``. There is no ``IS NULL``: what is absent is unknown. There is no division:
``calculate: share`` divides and says how it rounds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from donghaeng.errors import listed, nearest
from donghaeng.rules.tree import (
    And,
    Arithmetic,
    Compare,
    Constant,
    Contains,
    Expression,
    Member,
    Name,
    Not,
    OneOf,
    Or,
)
from donghaeng.rules.types import BOOLEAN, DATE, INTEGER, LARGEST_NUMBER, FactError, Type

LONGEST_TEXT = 2_000
DEEPEST_NESTING = 20
#: Additions, subtractions and multiplications of one text; each is a bracket in the code that engines print.
MOST_OPERATIONS = 50

TEXT = Type("code", {"text": {}})
"""The type of a quoted text before it is known what it is compared with."""

WORDS = "AND, OR, NOT, comparisons, IN, BETWEEN, + - *, names, numbers and texts in single quotes"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a text, and where in it.

    Attributes:
        offset: characters before the place.
        what: what is wrong.
        expected: what was expected.
        remedy: what to do.
        code: a word for programs.
    """

    offset: int
    what: str
    expected: str
    remedy: str
    code: str = "condition"


def parse_condition(
    text: str, scope: Mapping[str, Type], lists: Collection[str] = ()
) -> tuple[Expression | None, list[Problem]]:
    """Read a condition; None, with what is wrong, when it is not one.

    Args:
        text: the condition.
        scope: type by name of everything that it may read.
        lists: names among them of dated lists of codes, which a fact is looked up in.
    """
    node, problems = parse_any(text, scope, lists)
    if node is not None and not problems:
        kind = type_of(node)
        if kind.kind != "boolean":
            what = f"a condition is yes or no, this is {_article(kind)}"
            problems.append(Problem(0, what, "a comparison or a yes/no fact", "compare it with something"))
    return (None if problems else node), problems


def parse_formula(
    text: str, scope: Mapping[str, Type], expected: Type, lists: Collection[str] = ()
) -> tuple[Expression | None, list[Problem]]:
    """Read a formula whose value fits a type; None, with what is wrong, when it does not."""
    node, problems = parse_any(text, scope, lists)
    if node is None or problems:
        return None, problems
    fitted = fitted_to(node, expected)
    if isinstance(fitted, Problem):
        return None, [fitted]
    return fitted, []


def fitted_to(node: Expression, expected: Type) -> Expression | Problem:
    """Hold a formula to the type that is wanted of it."""
    given = type_of(node)
    if isinstance(node, Constant) and (given is TEXT or not expected.is_number):
        return _constant_of(node, expected, 0)
    whole = {"integer", "money"}
    if expected.kind == given.kind or (expected.kind in whole and given.kind in whole):
        if expected.kind in {"code", "codes"} and not set(given.codes) <= set(expected.codes):
            return Problem(0, "the code lists differ", expected.phrase, "use a fact with the same codes")
        return node
    if expected.kind == "decimal" and given.is_number:
        return node
    remedy = "round it with calculate: share" if given.kind == "decimal" else "use another formula"
    return Problem(0, f"the formula gives {_article(given)}", expected.phrase, remedy, "wrong-type")


def type_of(node: Expression) -> Type:
    """Give the type of a checked tree."""
    if isinstance(node, Name | Constant | Arithmetic):
        return node.type
    return BOOLEAN


def parse_any(
    text: str, scope: Mapping[str, Type], lists: Collection[str] = ()
) -> tuple[Expression | None, list[Problem]]:
    """Read a condition or a formula of any type; what is wrong is told."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    if len(text) > LONGEST_TEXT:
        what = f"longer than {LONGEST_TEXT:,} characters"
        return None, [Problem(0, what, "a short condition", "split it over derived facts")]
    if '"' in text or "`" in text:
        offset = max(text.find('"'), text.find("`"))
        return None, [_outside("a double quote", offset, "write texts in single quotes and names without any")]
    depth = deepest = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    if deepest > DEEPEST_NESTING:
        what = f"more than {DEEPEST_NESTING} brackets inside one another"
        return None, [Problem(0, what, "a flat condition", "split it over derived facts")]
    try:
        tokens = sqlglot.tokenize(text)
        if any(token.comments for token in tokens):
            return None, [_outside("a comment", 0, "write it under note")]
        if not tokens:
            return None, [Problem(0, "the text is empty", "a condition or formula", "write it, or leave the key out")]
        quoted, offsets = _quoted_names(text, scope)
        parsed = sqlglot.parse_one(quoted)
    except SqlglotError as error:
        details = (getattr(error, "errors", None) or [{}])[0]
        column = int(details.get("col") or 1)
        what = f'not readable near "{details.get("highlight") or text[:20]}"'
        return None, [Problem(max(column - 1, 0), what, WORDS, "check brackets, quotes and the words")]
    except RecursionError:
        return None, [Problem(0, "too many words inside one another", "a flat condition", "split it")]
    reader = _Reader(scope, lists, text, offsets)
    try:
        reader.count_operations(parsed)
        node = None if reader.problems else reader.read(parsed)
    except RecursionError:
        return None, [Problem(0, "too many words inside one another", "a flat condition", "split it")]
    return None if reader.problems else node, [
        replace(problem, offset=offsets[min(problem.offset, len(offsets) - 1)]) for problem in reader.problems
    ]


_PIECES = re.compile(r"'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_]*|.", re.DOTALL)


def _quoted_names(text: str, scope: Mapping[str, Type]) -> tuple[str, list[int]]:
    """Quote the names that are known, so that none is taken for a word of SQL such as GRANT.

    Returns:
        The text, and for each of its characters where it stood before.
    """
    pieces: list[str] = []
    offsets: list[int] = []
    for match in _PIECES.finditer(text):
        piece = f'"{match[0]}"' if match[0] in scope else match[0]
        pieces.append(piece)
        offsets += [match.start()] * len(piece)
    return "".join(pieces), [*offsets, len(text)]


#: What a part of the tree of sqlglot may say besides ``this`` and ``expression``. Anything else that is said, such as
#: SYMMETRIC of BETWEEN, is no word of the language.
_PARTS: Mapping[str, frozenset[str]] = {
    "Between": frozenset({"low", "high"}),
    "In": frozenset({"expressions", "field", "query", "unnest"}),
    "Literal": frozenset({"is_string"}),
    "Cast": frozenset({"to"}),
    "Column": frozenset({"table"}),
    "Div": frozenset({"typed", "safe"}),
}


@dataclass
class _Reader:
    """Reads the tree of sqlglot.

    Attributes:
        scope: type by name.
        lists: names of dated lists of codes.
        text: the text as it was written.
        offsets: for each character of the text that was parsed, where it stands in the text as written.
        problems: what is wrong, its places in the text that was parsed.
    """

    scope: Mapping[str, Type]
    lists: Collection[str]
    text: str
    offsets: list[int]
    problems: list[Problem] = field(default_factory=list)

    def add(self, offset: int, what: str, expected: str, remedy: str = "", code: str = "condition") -> None:
        self.problems.append(Problem(offset, what, expected, remedy or "correct it", code))

    def read(self, node: Any) -> Expression | None:
        word = type(node).__name__
        method = getattr(self, f"_read_{word.lower()}", None)
        said = {key for key, value in node.args.items() if value is not None and value != []} - {"this", "expression"}
        if method is None or said - _PARTS.get(word, frozenset()):
            self.problems.append(_outside(self._word(node), _offset(node)))
            return None
        result: Expression | None = method(node)
        return result

    def count_operations(self, node: Any) -> None:
        """Refuse a text with too many calculations."""
        from sqlglot import exp

        found = [
            _offset(one.args.get("expression") or one.this)
            for one in node.find_all(exp.Add, exp.Sub, exp.Mul, exp.Neg)
            if not (isinstance(one, exp.Neg) and isinstance(one.this, exp.Literal))
        ]
        if len(found) > MOST_OPERATIONS:
            what = f"more than {MOST_OPERATIONS} operations in one text"
            self.add(sorted(found)[MOST_OPERATIONS], what, "a short calculation", "split it over derived facts")

    def _quoted(self, node: Any) -> str:
        """Quote a part as it was written."""
        start, end = _span(node)
        written = self.text[self.offsets[start] : self.offsets[end]] if end else node.sql()
        return f'"{written[:40]}"'

    def _word(self, node: Any) -> str:
        name = type(node).__name__
        if name != "Case" and hasattr(node, "sql_names"):
            return f"the function {node.name if name == 'Anonymous' else node.sql_names()[0].lower()}"
        words = {"Is": "IS", "Subquery": "a query", "Select": "a query", "Null": "NULL", "Case": "CASE"}
        return words.get(name) or self._quoted(node)

    def _read_paren(self, node: Any) -> Expression | None:
        return self.read(node.this)

    def _read_column(self, node: Any) -> Expression | None:
        name = node.name
        if node.args.get("table"):
            self.problems.append(_outside(self._quoted(node), _offset(node), "write the plain name of a fact"))
            return None
        if name not in self.scope:
            known = f"one of {listed(self.scope)}" if self.scope else "a declared fact"
            self.add(_offset(node), f'unknown name "{name}"', known, nearest(name, self.scope), "unknown-name")
            return None
        return Name(name, self.scope[name])

    def _read_literal(self, node: Any) -> Expression | None:
        if node.is_string:
            return Constant(node.this, TEXT)
        text = node.this
        if text.isdigit() and len(text) <= 18:
            return Constant(int(text), INTEGER)
        try:
            number = Decimal(text)
        except ArithmeticError:
            self.add(_offset(node), f'"{text}" is not a number', "a number such as 12 or 0.5")
            return None
        places = max(0, -int(number.as_tuple().exponent))
        if places > 6 or abs(number) > LARGEST_NUMBER:
            self.add(_offset(node), f"{text} is too large or too fine", "at most 15 digits and 6 decimal places")
            return None
        return Constant(number, Type("decimal", places=places))

    def _read_boolean(self, node: Any) -> Expression | None:
        return Constant(bool(node.this), BOOLEAN)

    def _read_cast(self, node: Any) -> Expression | None:
        inner = node.this
        if node.to.sql() == "DATE" and getattr(inner, "is_string", False):
            return self._constant(Constant(inner.this, TEXT), DATE, _offset(node))
        self.problems.append(_outside("a conversion", _offset(node), "write a day as '2024-03-01'"))
        return None

    def _read_and(self, node: Any) -> Expression | None:
        return self._joined(node, And)

    def _read_or(self, node: Any) -> Expression | None:
        return self._joined(node, Or)

    def _joined(self, node: Any, joint: type[And] | type[Or]) -> Expression | None:
        given = []
        rest = node
        while type(rest) is type(node):  # a long chain is no deep tree
            given.append(rest.right)
            rest = rest.left
        parts = [self.condition(part) for part in (rest, *reversed(given))]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        flat: list[Expression] = []
        for part in known:
            flat.extend(part.parts if isinstance(part, joint) else [part])
        return joint(tuple(flat))

    def _read_not(self, node: Any) -> Expression | None:
        part = self.condition(node.this)
        if isinstance(part, Not):
            return part.part
        return None if part is None else Not(part)

    def condition(self, node: Any) -> Expression | None:
        """Read a part that must be yes or no."""
        part = self.read(node)
        if part is not None and type_of(part).kind != "boolean":
            what = f"{_article(type_of(part))} stands where yes or no is wanted"
            self.add(_offset(node), what, "a comparison or a yes/no fact", code="wrong-type")
            return None
        return part

    def _compared(self, node: Any, operator: Any) -> Expression | None:
        left, right = self.read(node.left), self.read(node.right)
        if left is None or right is None:
            return None
        return self._comparison(operator, left, right, _offset(node))

    def _comparison(self, operator: Any, left: Expression, right: Expression, offset: int) -> Expression | None:
        matched = self._matched(left, right, offset)
        if matched is None:
            return None
        left, right = matched
        kind = type_of(left).kind
        if kind == "codes":
            self.add(offset, "a set is compared", "'code' IN the_set", "ask for each code", "wrong-type")
            return None
        if operator not in {"=", "<>"} and kind not in {"integer", "money", "decimal", "date"}:
            self.add(
                offset, f"{_article(type_of(left))} has no order", "= or <>", "list the codes with IN", "wrong-type"
            )
            return None
        return Compare(operator, left, right)

    def _matched(self, left: Expression, right: Expression, offset: int) -> tuple[Expression, Expression] | None:
        """Bring two sides to one type."""
        if any(type_of(side).kind == "boolean" and not isinstance(side, Name | Constant) for side in (left, right)):
            remedy = "join conditions with AND, OR and NOT, or name it under derived"
            self.add(offset, "a condition is compared", "a yes/no fact, true or false", remedy, "wrong-type")
            return None
        if isinstance(left, Constant) and type_of(left) is TEXT:
            fitted = self._constant(left, type_of(right), offset)
            return None if fitted is None else (fitted, right)
        if isinstance(right, Constant) and type_of(right) is TEXT:
            fitted = self._constant(right, type_of(left), offset)
            return None if fitted is None else (left, fitted)
        one, other = type_of(left), type_of(right)
        fits = one.kind == other.kind or (one.is_number and other.is_number)
        if fits and one.kind == "code" and set(one.codes) != set(other.codes):
            fits = False
        if not fits:
            what = f"{_article(one)} is compared with {_article(other)}"
            self.add(offset, what, "two values of one type", "compare it with a value of its type", "wrong-type")
            return None
        return left, right

    def _constant(self, constant: Constant, wanted: Type, offset: int) -> Constant | None:
        fitted = _constant_of(constant, wanted, offset)
        if isinstance(fitted, Problem):
            self.problems.append(fitted)
            return None
        return fitted

    def _read_is(self, node: Any) -> Expression | None:
        remedy = "leave it out: an absent fact is unknown; what is known to be absent is a fact of its own"
        self.problems.append(_outside("IS", _offset(node), remedy))
        return None

    def _read_eq(self, node: Any) -> Expression | None:
        return self._compared(node, "=")

    def _read_neq(self, node: Any) -> Expression | None:
        return self._compared(node, "<>")

    def _read_lt(self, node: Any) -> Expression | None:
        return self._compared(node, "<")

    def _read_lte(self, node: Any) -> Expression | None:
        return self._compared(node, "<=")

    def _read_gt(self, node: Any) -> Expression | None:
        return self._compared(node, ">")

    def _read_gte(self, node: Any) -> Expression | None:
        return self._compared(node, ">=")

    def _read_between(self, node: Any) -> Expression | None:
        parts = [self.read(node.this), self.read(node.args["low"]), self.read(node.args["high"])]
        item, low, high = parts
        if item is None or low is None or high is None:
            return None
        left = self._comparison(">=", item, low, _offset(node))
        right = self._comparison("<=", item, high, _offset(node))
        return None if left is None or right is None else And((left, right))

    def _read_in(self, node: Any) -> Expression | None:
        item = self.read(node.this)
        if item is None:
            return None
        if field_ := node.args.get("field"):
            return self._read_contains(item, field_, _offset(node))
        if node.args.get("query") or node.args.get("unnest") or not node.expressions:
            self.problems.append(_outside("a query", _offset(node), "list the values in brackets"))
            return None
        options = []
        for given in node.expressions:
            option = self.read(given)
            if option is None:
                return None
            if not isinstance(option, Constant):
                self.add(_offset(given), "a name stands in the list of IN", "constants", "write x = a OR x = b")
                return None
            matched = self._matched(item, option, _offset(node))
            if matched is None:
                return None
            options.append(matched[1])
        if type_of(item).kind == "codes":
            self.add(_offset(node), "a set stands before IN", "'code' IN the_set", "ask for each code", "wrong-type")
            return None
        return OneOf(item, tuple(option for option in options if isinstance(option, Constant)))

    def _read_contains(self, item: Expression, field_: Any, offset: int) -> Expression | None:
        codes = self.read(field_)
        if codes is None:
            return None
        kind = type_of(codes)
        if kind.kind == "codes" and isinstance(codes, Name) and codes.name in self.lists:
            if type_of(item).kind != "code" or set(type_of(item).codes) != set(kind.codes):
                self.add(
                    offset, "the code lists differ", "a fact with the codes of the list", "use codes_of", "wrong-type"
                )
                return None
            return Member(item, codes)
        if kind.kind != "codes" or not isinstance(item, Constant) or type_of(item) is not TEXT:
            self.add(offset, "IN without brackets asks a set for a code", "'code' IN the_set", code="wrong-type")
            return None
        code = str(item.value)
        if code not in kind.codes:
            self.add(offset, f'unknown code "{code}"', kind.phrase, nearest(code, kind.codes), "unknown-code")
            return None
        return Contains(codes, code)

    def _read_add(self, node: Any) -> Expression | None:
        return self._arithmetic(node, "+")

    def _read_sub(self, node: Any) -> Expression | None:
        return self._arithmetic(node, "-")

    def _read_mul(self, node: Any) -> Expression | None:
        return self._arithmetic(node, "*")

    def _read_div(self, node: Any) -> Expression | None:
        right = node.right
        while type(right).__name__ == "Paren":
            right = right.this
        by_zero = (
            type(right).__name__ == "Literal" and not right.is_string and not any(c in "123456789" for c in right.this)
        )
        what = "a division by zero" if by_zero else "a division"
        remedy = "correct it" if by_zero else "multiply the other side, or use calculate: share, which rounds"
        self.problems.append(_outside(what, _offset(node), remedy))
        return None

    def _read_neg(self, node: Any) -> Expression | None:
        part = self.read(node.this)
        if isinstance(part, Constant) and type_of(part).is_number:
            return Constant(-part.value, part.type)  # type: ignore[operator]
        return None if part is None else self._combined("-", Constant(0, INTEGER), part, _offset(node))

    def _arithmetic(self, node: Any, operator: Any) -> Expression | None:
        left, right = self.read(node.left), self.read(node.right)
        return None if left is None or right is None else self._combined(operator, left, right, _offset(node))

    def _combined(self, operator: Any, left: Expression, right: Expression, offset: int) -> Expression | None:
        one, other = type_of(left), type_of(right)
        for kind in (one, other):
            if not kind.is_number:
                remedy = "calculate days with calculate: last_day or days_between" if kind.kind == "date" else ""
                self.add(offset, f"{_article(kind)} in a calculation", "numbers", remedy, "wrong-type")
                return None
        kinds = {one.kind, other.kind}
        if operator == "*" and kinds == {"money"}:
            self.add(offset, "money is multiplied by money", "money and a number", code="wrong-type")
            return None
        if "decimal" in kinds:
            places = (one.places if one.kind == "decimal" else 0, other.places if other.kind == "decimal" else 0)
            total = sum(places) if operator == "*" else max(places)
            if total > 12:
                self.add(offset, "the product has more than 12 decimal places", "fewer", "declare fewer places")
                return None
            result = Type("decimal", places=total)
        else:
            result = Type("money") if "money" in kinds else INTEGER
        return Arithmetic(operator, left, right, result)


def _constant_of(constant: Constant, wanted: Type, offset: int) -> Constant | Problem:
    """Read a constant as a value of a type."""
    value: Any = constant.value
    if wanted is TEXT:
        return Problem(offset, "two texts are compared", "a fact and a text", "name a fact")
    try:
        if wanted.kind == "codes":
            raise FactError("a set is compared", "'code' IN the_set", f"write '{value}' IN the_set")
        if type_of(constant) is TEXT and wanted.kind not in {"code", "date"}:
            raise FactError("a text in quotes", wanted.phrase, "write numbers and yes/no facts without quotes")
        return Constant(wanted.from_json(value), wanted)
    except FactError as error:
        what = f'unknown code "{value}"' if wanted.kind == "code" else error.what
        code = "unknown-code" if wanted.kind == "code" else "wrong-type"
        return Problem(offset, what, error.expected, error.remedy, code)


def _outside(what: str, offset: int, remedy: str = "write it with the words of the language") -> Problem:
    return Problem(offset, f"{what} is outside the language", WORDS, remedy, "language")


def _article(kind: Type) -> str:
    if kind is TEXT:
        return "a text"
    return {
        "boolean": "a yes/no fact",
        "integer": "a whole number",
        "decimal": "a decimal",
        "money": "an amount of money",
        "date": "a day",
        "code": "a code",
        "codes": "a set of codes",
    }[kind.kind]


def _span(node: Any) -> tuple[int, int]:
    """Give where a node starts and ends, by the names and constants in it; 0 and 0 where it has none."""
    places = [found.meta for found in node.walk() if "start" in found.meta]
    return min((place["start"] for place in places), default=0), max((place["end"] + 1 for place in places), default=0)


def _offset(node: Any) -> int:
    return _span(node)[0]
