"""Going through every case of a table, or of two tables side by side.

The search takes the first rule that is not yet settled, splits one fact that it reads into the stretches that the
rules tell apart (`donghaeng.rules.partition`), and goes on; what a certain rule has settled is not split further, and
what the search has met before, with all that still matters alike, is not gone through again. Where a rule compares
calculated amounts with one another, or a period between two days that are both open, the calculation is split as a
fact of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor, gcd, lcm
from typing import Any

from donghaeng.rules import tree
from donghaeng.rules.decide import derive
from donghaeng.rules.partition import MONOTONE, between, boundaries, conditions, crossings, months_after, samples
from donghaeng.rules.table import ON, Calendar, Derived, Segment, direct_reads, inputs_behind
from donghaeng.rules.tree import Arithmetic, Compare, Contains, Expression, Name, OneOf
from donghaeng.rules.types import FIRST_DAY, Type

#: So many states of the search are met before it gives up: some seconds.
MOST_STATES = 150_000


@dataclass(frozen=True)
class Split:
    """A fact that is split: an input, a derived fact or a calculation.

    Attributes:
        key: how the search names it.
        values: a value of each stretch.
        input: name of the input, empty where it is none.
        code: for a set of codes, the code asked for.
    """

    key: str
    values: tuple[Any, ...]
    input: str = ""
    code: str = ""


@dataclass(frozen=True)
class _Step:
    """A rule, of one side or the same in several.

    Attributes:
        places: its place among the rules in force, by side; None where a side has no such rule.
        condition: when it applies, formulas of derived facts written out.
        certain: whether its own text is known.
        keys: what it reads.
    """

    places: tuple[int | None, ...]
    condition: Expression
    certain: bool
    keys: frozenset[str]


@dataclass(frozen=True)
class _Form:
    """A sum of several facts that a comparison rests on, split as a fact of its own, in whole units.

    Attributes:
        key: how the search names the sum; alike for all comparisons that differ in the constant only.
        terms: what is summed, with factors.
        constant: what is added to the sum before it is compared with 0.
        unit: so much is one unit of the sum.
    """

    key: str
    terms: tuple[tuple[Expression, Fraction], ...]
    constant: Fraction
    unit: Fraction


#: Called at the end of every case with what is assigned and, for each side, the places of the rules that hold or may
#: hold; of a table with hit first, up to the first that certainly holds.
Leaf = Callable[[Mapping[str, Any], tuple[tuple[int, ...], ...]], None]


class Search:
    """A search through every case of one segment, or of several at once.

    Attributes:
        cases: how many cases were gone through.
        exact: whether every split was of a fact that is asked.
        reached: for each side, the places of the rules that hold in a case, or may.
    """

    def __init__(self, sides: Sequence[Segment], on: date, leaf: Leaf) -> None:
        """Prepare the search.

        Args:
            sides: what is in force; two for a comparison.
            on: the day of the cases.
            leaf: called at the end of every case.
        """
        self.sides, self.on, self.leaf = tuple(sides), on, leaf
        self.cases, self.exact = 0, True
        self.reached: tuple[set[int], ...] = tuple(set() for _ in sides)
        #: Values of each input, one of every stretch that the rules tell apart.
        self.values: dict[str, tuple[Any, ...]] = dict.fromkeys(
            (name for side in sides for name in side.table.all_inputs), ()
        )
        self.splits: dict[str, Split] = {}
        self._states: set[Any] = set()
        #: The comparisons that rest on each sum which is split as a fact of its own.
        self._calculated: dict[str, list[_Form]] = {}
        self._compared_with: dict[str, list[Any]] = {}
        self._forms: dict[int, tuple[Compare, _Form | None]] = {}
        self._of_months: set[str] = set()
        self._entered = 0
        self._derived_of: dict[tuple[str, str, Any], Any] = {}
        #: By name as the search knows it, where a derived fact belongs, and the input that settles it, if one does.
        self._derived: dict[str, tuple[Segment, Derived, str]] = {}
        self._names = [self._own_names(number) for number in range(len(self.sides))]
        self._of_months = {
            source
            for _, one, source in self._derived.values()
            if isinstance(one.calculation, Calendar) and one.calculation.function in {"month", "days_in_month"}
        }
        written = self._written()
        self.values = self._samples([condition for rows in written for _, condition, _ in rows])
        self._steps = self._merged(written)
        self._reads = [frozenset[str]()] * (len(self._steps) + 1)
        for index in range(len(self._steps) - 1, -1, -1):
            self._reads[index] = self._reads[index + 1] | self._steps[index].keys
        #: What a rule is the last to read.
        self._last_reads = [one - following for one, following in pairwise(self._reads)]

    @property
    def complete(self) -> bool:
        """Whether all cases were gone through."""
        return max(len(self._states), self._entered) < MOST_STATES

    def run(self) -> None:
        """Go through all cases."""
        self._go(0, {}, ((),) * len(self.sides), frozenset(range(len(self.sides))))

    def case(self, assigned: Mapping[str, Any]) -> dict[str, Any]:
        """Give the facts of a case, and beside them what was split as a fact of its own."""
        facts: dict[str, Any] = {}
        for key, value in assigned.items():
            split = self.splits[key]
            if split.code and split.input:
                held = facts.get(split.input, frozenset())
                facts[split.input] = held | {split.code} if value else held
            else:
                facts[key] = value
        return facts

    def _own_names(self, number: int) -> dict[str, str]:
        """Name the derived facts of a side: alike where they are calculated alike, apart where not."""
        side = self.sides[number]
        behind = inputs_behind(side.table)
        names = {}
        for name, one in side.derived.items():
            known = name
            while known in self._derived and self._derived[known][1] != one:
                known += "'"
            inputs = behind.get(name, ())
            settles = isinstance(one.calculation, Calendar) and len(inputs) <= 1
            settles = settles and set(direct_reads(one.calculation)) <= {ON, *inputs}
            source = (inputs[0] if inputs else ON) if settles else ""
            self._derived.setdefault(known, (side, one, source))
            names[name] = known
        return names

    def _written(self) -> list[list[tuple[str, Expression, bool]]]:
        """Give the rules of each side in the names of the search, facts that rest on no input written as constants."""
        written = []
        for number, side in enumerate(self.sides):
            behind = inputs_behind(side.table)
            settled = derive(side, self.on, {})
            constants = {
                name: tree.Constant(settled[name], one.type)
                for name, one in side.derived.items()
                if not behind.get(name)
            }
            trees = [
                tree.rebuilt(self._renamed(tree.substituted(one, constants), self._names[number]), _plain)
                for one in conditions(side)
            ]
            rows = zip(side.rows, trees, strict=True)
            written.append([(row.row.id, condition, row.row.certain) for row, condition in rows])
        return written

    def _samples(self, trees: Sequence[Expression]) -> dict[str, tuple[Any, ...]]:
        """Give the values of each input that are tried, beside those at which a sum may cross its constants."""
        inputs = {name: item for side in self.sides for name, item in side.table.all_inputs.items()}
        constants: dict[str, list[Any]] = {name: [] for name in inputs}
        together: dict[str, set[str]] = {name: {name} for name in inputs}

        def at(name: str, value: Any) -> None:
            if name in inputs:
                constants[name].append(value)
            elif name in self._derived:
                side, one, source = self._derived[name]
                self._compared_with.setdefault(name, []).append(value)
                calculation = one.calculation
                if source in inputs and isinstance(calculation, Calendar) and calculation.function in MONOTONE:
                    constants[source] += crossings(side, one, source, [value], {ON: self.on})

        def walked(node: Expression) -> None:
            if isinstance(node, OneOf) and isinstance(node.item, Name):
                for option in node.options:
                    at(node.item.name, option.value)
            elif isinstance(node, Compare) and not _of_truths(node):
                form = self._form(node)
                if form is not None:
                    self._calculated.setdefault(form.key, []).append(form)
                    return
                found = linear(node)
                names = tree.names(node)
                if found is None:
                    values = [one.value for one in (node.left, node.right) if isinstance(one, tree.Constant)]
                    for name in names:
                        for value in values:
                            at(name, value)
                elif len(found[0]) == 1:
                    ((term, factor),) = found[0].values()
                    if isinstance(term, Name):
                        crossing = -found[1] / factor
                        at(term.name, date.fromordinal(int(crossing)) if term.type.kind == "date" else crossing)
                if len(names) == 2 and set(names) <= inputs.keys() and (found is None or len(found[0]) == 2):
                    joined = together[names[0]] | together[names[1]]
                    for name in joined:
                        together[name] = joined
            elif isinstance(node, Name) and node.name in self._derived:
                at(node.name, True)
            for part in tree.children(node):
                walked(part)

        for node in trees:
            walked(node)
        found = {}
        for name in inputs:
            kinds = [side.table.all_inputs[name].type for side in self.sides if name in side.table.all_inputs]
            group = sorted(together[name])
            near = [value for other in group for value in constants[other] if value is not None]
            for other in group if len(group) > 1 else ():
                kind = inputs[other].type
                if kind.is_number:
                    near += [value for value in (kind.least, kind.most) if value is not None]
            if name in self._of_months:
                near += months_after([*near, FIRST_DAY])
            tried = [around(kind, near, len(group), near) for kind in kinds]
            found[name] = tuple(dict.fromkeys(value for one in tried for value in one))
        return found

    def _merged(self, written: Sequence[Sequence[tuple[str, Expression, bool]]]) -> list[_Step]:
        """Put the rules of all sides in one order that keeps the order of each."""
        steps: list[_Step] = []
        positions = [0] * len(written)
        while any(position < len(rows) for position, rows in zip(positions, written, strict=True)):
            heads = [
                rows[position] if position < len(rows) else None
                for position, rows in zip(positions, written, strict=True)
            ]
            chosen = next((one for one in heads if one is not None and self._is_next(one, written, positions)), None)
            chosen = chosen or next(one for one in heads if one is not None)
            places = tuple(
                position if head == chosen else None for position, head in zip(positions, heads, strict=True)
            )
            steps.append(_Step(places, chosen[1], chosen[2], self._keys(chosen[1])))
            positions = [position + (place is not None) for position, place in zip(positions, places, strict=True)]
        return steps

    @staticmethod
    def _is_next(one: Any, written: Sequence[Sequence[Any]], positions: Sequence[int]) -> bool:
        """Say whether no other side has the same rule further down, which would have to wait for it."""
        return not any(one in rows[position + 1 :] for rows, position in zip(written, positions, strict=True))

    @staticmethod
    def _renamed(node: Expression, names: Mapping[str, str]) -> Expression:
        def change(part: Expression) -> Expression:
            return Name(names[part.name], part.type) if isinstance(part, Name) and part.name in names else part

        return tree.rebuilt(node, change)

    def _keys(self, node: Expression) -> frozenset[str]:
        if isinstance(node, Contains):
            return frozenset(f"{name} has {node.code}" for name in tree.names(node))
        if isinstance(node, Compare | OneOf):
            if isinstance(node, Compare) and _of_truths(node):
                return self._keys(node.left) | self._keys(node.right)
            form = self._form(node)
            if form is not None:
                return frozenset([form.key])
            return frozenset(self._key(name) for name in tree.names(node)) - {ON}
        if isinstance(node, Name):
            return frozenset([self._key(node.name)]) - {ON}
        return frozenset(key for part in tree.children(node) for key in self._keys(part))

    def _form(self, node: Compare | OneOf) -> _Form | None:
        """Give the sum that a comparison rests on, where no samples of the inputs alone settle it."""
        if not isinstance(node, Compare):
            return None
        # By identity: types with code lists have no hash. The node is kept, so that its identity stays its own.
        if id(node) not in self._forms:
            self._forms[id(node)] = (node, self._formed(node))
        return self._forms[id(node)][1]

    def _formed(self, node: Compare) -> _Form | None:
        found = linear(node)
        if found is None or not found[0]:
            return None
        terms, constant = list(found[0].values()), found[1]
        first, factor = terms[0]
        if len(terms) == 1 and isinstance(first, Name):
            return None
        names = {one.name for one, _ in terms if isinstance(one, Name)}
        plain = len(names) == len(terms) == 2 and names <= self.values.keys() and not constant
        steps = {_step_of(one) for one, _ in terms}
        if plain and sum(value for _, value in terms) == 0 and len(steps) == 1 and not self._of_months & names:
            return None  # the samples of both are tried in every order
        terms.sort(key=lambda term: repr(term[0]))
        first, factor = terms[0]
        unit = _common_unit([value * _step_of(one) for one, value in terms]) * (1 if factor > 0 else -1)
        parts = [f"{value / unit}*{one!r}" for one, value in terms]
        return _Form(f"calculated {' + '.join(parts)}", tuple(terms), constant, unit)

    def _key(self, name: str) -> str:
        return (self._derived[name][2] or name) if name in self._derived else name

    def _seen(
        self, index: int, assigned: Mapping[str, Any], met: tuple[tuple[int, ...], ...], still: frozenset[int]
    ) -> bool:
        """Say whether the search has been here with the same facts, as far as they still matter."""
        reads = self._reads[index]
        state = (index, met, still, frozenset((key, value) for key, value in assigned.items() if key in reads))
        if state in self._states:
            return True
        self._states.add(state)
        return False

    def _go(
        self, first: int, assigned: dict[str, Any], met: tuple[tuple[int, ...], ...], still: frozenset[int]
    ) -> None:
        """Go on from a rule.

        Args:
            first: its place among the steps.
            assigned: what is known of the case.
            met: for each side, the rules before that hold or may hold.
            still: the sides that are not decided.
        """
        self._entered += 1
        for index in range(first, len(self._steps)):
            step = self._steps[index]
            if not any(place is not None and side in still for side, place in enumerate(step.places)):
                continue
            value, open_key = self._holds(step.condition, assigned)
            if value is False:
                # Only what has just stopped mattering can make one case like another.
                if not self._last_reads[index].isdisjoint(assigned) and self._seen(index + 1, assigned, met, still):
                    return
                continue
            if open_key is not None:
                for given in self.splits[open_key].values:
                    if not self.complete:
                        return
                    self._go(index, {**assigned, open_key: given}, met, still)
                return
            for side, place in enumerate(step.places):
                if place is None or side not in still:
                    continue
                self.reached[side].add(place)
                met = tuple((*own, place) if number == side else own for number, own in enumerate(met))
                if value is True and step.certain and self.sides[side].table.hit == "first":
                    still -= {side}
            if not still:
                break
            if not self._last_reads[index].isdisjoint(assigned) and self._seen(index + 1, assigned, met, still):
                return
        self.cases += 1
        self.leaf(assigned, met)

    def _holds(self, node: Expression, assigned: Mapping[str, Any]) -> tuple[bool | None, str | None]:
        """Give the truth of a condition, and the key of a fact that would settle it."""
        if isinstance(node, tree.And | tree.Or):
            settles = isinstance(node, tree.Or)
            unknown, key = False, None
            for part in node.parts:
                value, open_key = self._holds(part, assigned)
                if value is settles:
                    return settles, None
                if value is None:
                    unknown, key = True, key or open_key
            return (None, key) if unknown else (not settles, None)
        if isinstance(node, tree.Not):
            value, key = self._holds(node.part, assigned)
            return (None if value is None else not value), key
        if isinstance(node, Contains):
            return self._contained(node, assigned)
        return self._compared(node, assigned)

    def _compared(self, node: Expression, assigned: Mapping[str, Any]) -> tuple[bool | None, str | None]:
        if isinstance(node, Compare) and _of_truths(node):
            sides = [self._holds(part, assigned) for part in (node.left, node.right)]
            if any(value is None for value, _ in sides):
                return None, next((key for value, key in sides if value is None and key), None)
            return bool(tree.OPERATIONS[node.operator](sides[0][0], sides[1][0])), None
        form = self._form(node) if isinstance(node, Compare) else None
        if isinstance(node, Compare) and form is not None:
            if form.key not in self.splits:
                self._make(form.key)
            if form.key not in assigned:
                return None, form.key
            return bool(tree.OPERATIONS[node.operator](assigned[form.key] * form.unit + form.constant, 0)), None
        values: dict[str, Any] = {}
        for name in tree.names(node):
            key, value = self._value(name, assigned)
            if key is not None:
                return None, key
            values[name] = value
        found = tree.evaluate(node, values)
        return (found if isinstance(found, bool) else None), None

    def _contained(self, node: Contains, assigned: Mapping[str, Any]) -> tuple[bool | None, str | None]:
        names = tree.names(node)
        if not names:
            found = tree.evaluate(node, {})
            return (found if isinstance(found, bool) else None), None
        key = f"{names[0]} has {node.code}"
        if key not in self.splits:
            is_input = names[0] in self.values
            self.exact &= is_input
            self.splits[key] = Split(key, (True, False), names[0] if is_input else "", node.code)
        return (assigned[key], None) if key in assigned else (None, key)

    def _value(self, name: str, assigned: Mapping[str, Any]) -> tuple[str | None, Any]:
        """Give the value of a name, or the key of what must be split for it."""
        if name in self._derived and self._derived[name][2]:
            side, one, source = self._derived[name]
            key, value = (None, self.on) if source == ON else self._value(source, assigned)
            if key is not None:
                return key, None
            if (name, source, value) not in self._derived_of:
                self._derived_of[name, source, value] = derive(side, self.on, {} if source == ON else {source: value})[
                    one.name
                ]
            return None, self._derived_of[name, source, value]
        if name not in self.splits:
            self._make(name)
        return (None, assigned[name]) if name in assigned else (name, None)

    def _make(self, name: str) -> None:
        if name in self.values:
            self.splits[name] = Split(name, self.values[name], name)
            return
        self.exact = False
        if name in self._calculated:
            self.splits[name] = Split(name, _around(self._calculated[name]))
            return
        side, one, _ = self._derived[name]
        constants = [*self._compared_with.get(name, ()), *boundaries(side).constants.get(one.name, ())]
        values: tuple[Any, ...]
        if one.type.kind == "boolean":
            values = (True, False)
        elif one.type.kind == "code":
            values = tuple(one.type.codes)
        else:
            wanted = date if one.type.kind == "date" else int | Decimal | Fraction
            given = [value for value in constants if isinstance(value, wanted) and not isinstance(value, bool)]
            given = given if one.type.kind == "date" else [end for value in given for end in _ends(value, one.type)]
            values = between(given, one.type)
        self.splits[name] = Split(name, values)


def _of_truths(node: Compare) -> bool:
    """Say whether a comparison is of two truth values."""
    sides = (node.left, node.right)
    return any(
        not isinstance(side, Arithmetic) and (not isinstance(side, Name | tree.Constant) or side.type.kind == "boolean")
        for side in sides
    )


def _plain(node: Expression) -> Expression:
    """Write a list that a calculated number may be in as comparisons."""
    if isinstance(node, OneOf) and isinstance(node.item, Arithmetic):
        return tree.Or(tuple(Compare("=", node.item, option) for option in node.options))
    return node


#: Factors of terms, by their text, and a constant.
Sum = tuple[dict[str, tuple[Expression, Fraction]], Fraction]


def linear(node: Compare) -> Sum | None:
    """Give left less right of a comparison of numbers or days as factors of terms and a constant.

    None for other comparisons, and where a constant is unknown. A product of two facts is a term of its own.
    """
    left, right = _sum_of(node.left), _sum_of(node.right)
    return None if left is None or right is None else _added(left, right, -1)


def _sum_of(part: Expression) -> Sum | None:
    if isinstance(part, tree.Constant):
        value = part.value
        if isinstance(value, date):
            return {}, Fraction(value.toordinal())
        return None if isinstance(value, bool) or not isinstance(value, int | Decimal) else ({}, Fraction(value))
    if isinstance(part, Name):
        numeric = part.type.is_number or part.type.kind == "date"
        return ({part.name: (part, Fraction(1))}, Fraction(0)) if numeric else None
    if not isinstance(part, Arithmetic):
        return None
    left, right = _sum_of(part.left), _sum_of(part.right)
    if left is None or right is None:
        return None
    if part.operator != "*":
        return _added(left, right, 1 if part.operator == "+" else -1)
    if left[0] and right[0]:
        return {repr(part): (part, Fraction(1))}, Fraction(0)
    (terms, constant), factor = (left, right[1]) if left[0] else (right, left[1])
    scaled = {key: (one, value * factor) for key, (one, value) in terms.items() if factor}
    return scaled, constant * factor


def _added(left: Sum, right: Sum, sign: int) -> Sum:
    terms = dict(left[0])
    for key, (one, value) in right[0].items():
        terms[key] = (one, (terms[key][1] if key in terms else Fraction(0)) + sign * value)
    return {key: term for key, term in terms.items() if term[1]}, left[1] + sign * right[1]


def _step_of(term: Expression) -> Fraction:
    """Give the number that all values of a term are multiples of."""
    if isinstance(term, Name | Arithmetic) and term.type.kind == "decimal":
        return Fraction(1, 10 ** (term.type.places if isinstance(term, Name) else 12))
    return Fraction(1)


def _common_unit(values: Sequence[Fraction]) -> Fraction:
    """Give the largest number of which all are multiples."""
    below = lcm(*(value.denominator for value in values))
    return Fraction(gcd(*(abs(int(value * below)) for value in values)), below)


def _ends(value: Any, kind: Type) -> tuple[Any, ...]:
    """Give the values of a type on either side of a number."""
    step = Fraction(1, 10**kind.places) if kind.kind == "decimal" else Fraction(1)
    near = [floor(Fraction(value) / step), ceil(Fraction(value) / step)]
    if kind.kind == "decimal":
        return tuple(Decimal(one).scaleb(-kind.places) for one in near)
    return tuple(near)


def _around(forms: Sequence[_Form]) -> tuple[Any, ...]:
    """Give a value of each stretch of a sum, in its units, inside its limits."""
    least = most = Fraction(0)
    bounded = True
    for term, factor in forms[0].terms:
        if not isinstance(term, Name) or not term.type.is_number or term.type.least is None or term.type.most is None:
            bounded = False
            break
        ends = sorted(Fraction(end) * factor / forms[0].unit for end in (term.type.least, term.type.most))
        least, most = least + ends[0], most + ends[1]
    found = {0}
    for one in forms:
        at = -one.constant / one.unit
        found |= {end + shift for end in (floor(at), ceil(at)) for shift in (-1, 0, 1)}
    if bounded:
        found = {value for value in found if least <= value <= most} or {ceil(least)}
    return tuple(sorted(found))


def around(kind: Type, near: Sequence[Any], reach: int, codes: Sequence[Any] = ()) -> tuple[Any, ...]:
    """Give a value of each stretch of an input between its boundaries, several where it is compared with others."""
    if kind.kind == "boolean":
        return (True, False)
    if kind.kind == "codes":
        return (frozenset[str](),)
    if kind.kind == "code":
        named = [code for code in kind.codes if code in codes]
        others = [code for code in kind.codes if code not in named]
        return (*named, *others[:reach]) if named or reach > 1 else (next(iter(kind.codes)),)
    if kind.kind == "date":
        return between([one for one in near if isinstance(one, date)], kind, reach)
    given = {end for value in near if not isinstance(value, date | str) for end in _ends(value, kind)}
    if given:  # boundaries outside the limits of the type are all alike
        given = {min(max(value, kind.lowest), kind.highest) for value in given}
    return between(given, kind, reach)


def cases(segment: Segment, on: date, most: int = 10_000) -> Iterator[dict[str, Any]]:
    """Give cases of the boundary partition, every combination of samples up to a number, evenly spread.

    Args:
        segment: what is in force.
        on: the day of the decision.
        most: so many cases at most; where there are more, every n-th is given.
    """
    found = samples(segment, on)
    total = 1
    for values in found.values():
        total *= len(values)
    step = max(1, -(-total // most))
    # A step that shares no factor with the numbers of samples meets every sample.
    while step > 1 and any(_common(step, len(values)) > 1 for values in found.values() if len(values) > 1):
        step += 1
    for number in range(0, total, step):
        facts, rest = {}, number
        for name, values in found.items():
            rest, place = divmod(rest, len(values))
            facts[name] = values[place]
        yield facts


def _common(one: int, other: int) -> int:
    while other:
        one, other = other, one % other
    return one
