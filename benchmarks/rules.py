"""Rules: decisions a second, in bulk and one by one, against openfisca-core and zen-engine.

The rules are those of an identity check as a table of ten rows, first hit, with nine plain inputs and no dates. Every
engine decides the same random people: outcome and reason code. Ours reads Parquet and gives Arrow, refuses wrong
values, and answers `undetermined` where a fact that matters is missing (2 % of two inputs are); the peers are given
arrays or dicts in memory, without gaps. Times of openfisca-core hold building the simulation and setting its inputs.

Then tables of 10 to 3,700 random rows (two equalities and a range each), each way to decide in bulk by itself and as
it is chosen. `--full` decides 100 million rows from Parquet to Parquet in a process of its own, with its peak memory.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import Row, best_of, main
from donghaeng.errors import Faults
from donghaeng.rules import bulk
from donghaeng.rules.closure import compiled
from donghaeng.rules.decision import DecisionTable
from donghaeng.rules.placing import PackFacts
from donghaeng.rules.reading import read_rules
from donghaeng.rules.table import Table

THREADS = 2
PEOPLE = 1_000_000
ON = "2025-07-01"

CARE = ("visit", "prescription", "referral", "return")
STATUS = ("none", "severe_disability", "long_term_care", "pregnant", "postpartum")
HOSPITAL = ("clinic", "hospital", "general", "tertiary")
SHOWN = ("none", "resident_card", "driving_licence", "passport", "mobile_card", "copy", "expired")
RESULTS = ("covered_verified", "covered_exempt", "self_pay_refundable")

INPUTS: dict[str, Any] = {
    "is_emergency": None,
    "age": (0, 110),
    "months_since_check": (0, 240),
    "care": CARE,
    "status": STATUS,
    "mental_health_admission": None,
    "hospital": HOSPITAL,
    "special_copayment": None,
    "shown": SHOWN,
}
RULES = {
    "emergency": ("is_emergency", "covered_exempt"),
    "under_19": ("age < 19", "covered_exempt"),
    "checked": ("months_since_check < 6", "covered_exempt"),
    "prescription": ("care = 'prescription'", "covered_exempt"),
    "referral": ("care IN ('referral', 'return')", "covered_exempt"),
    "status": ("status <> 'none'", "covered_exempt"),
    "mental_health": ("mental_health_admission", "covered_exempt"),
    "special": ("hospital IN ('general', 'tertiary') AND special_copayment", "covered_exempt"),
    "identified": ("shown IN ('resident_card', 'driving_licence', 'passport', 'mobile_card')", "covered_verified"),
    "not_identified": ("", "self_pay_refundable"),
}


def words(text: str) -> dict[str, str]:
    """A text in the one language of these tables."""
    return {"en": text}


def read(inputs: dict[str, Any], results: tuple[str, ...], rows: list[dict[str, Any]]) -> Table:
    """Write a table as a pack has it, and read it."""
    document = {
        "title": words("table"),
        "question": words("what holds?"),
        "reviewed": "2026-11-23",
        "inputs": inputs,
        "outcomes": {"result": {"type": "code", "codes": {code: words(code) for code in results}}},
        "rows": [row | {"because": words("it is so")} for row in rows],
    }
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "rules").mkdir()
        (Path(name) / "rules" / "table.yaml").write_text(json.dumps(document), "utf-8")
        faults = Faults()
        section = read_rules(Path(name), "benchmark", PackFacts("benchmark/rules", "1", "KR", ("en",), None), faults)
        faults.raise_errors()
    if section is None:
        raise AssertionError("the table has faults")
    return section.tables["table"]


def identity() -> Table:
    """The ten rows."""
    inputs: dict[str, Any] = {}
    for name, one in INPUTS.items():
        if one is None:
            inputs[name] = {"type": "boolean"}
        elif isinstance(one[0], int):
            inputs[name] = {"type": "integer", "least": 0, "most": 1_000}
        else:
            inputs[name] = {"type": "code", "codes": {code: words(code) for code in one}}
        inputs[name]["question"] = words(name)
    rows = [
        {"id": name, "then": {"result": result}} | ({"when": when} if when else {})
        for name, (when, result) in RULES.items()
    ]
    return read(inputs, RESULTS, rows)


def people(number: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Random people: whole numbers, truth values, and codes as their places in the list."""
    rng = np.random.default_rng(seed)
    rare = {"is_emergency": 0.03, "mental_health_admission": 0.01, "special_copayment": 0.05}
    found: dict[str, np.ndarray] = {}
    for name, one in INPUTS.items():
        if one is None:
            found[name] = rng.random(number) < rare[name]
        elif isinstance(one[0], int):
            found[name] = rng.integers(*one, number).astype(np.int32)
        else:
            shares = np.ones(len(one))
            shares[0] += 3
            found[name] = rng.choice(len(one), number, p=shares / shares.sum()).astype(np.uint8)
    return found


def as_arrow(facts: dict[str, np.ndarray], gaps: float = 0.02, seed: int = 2) -> pa.Table:
    """The people as a table with text codes, and gaps in two inputs."""
    rng = np.random.default_rng(seed)
    columns = {}
    for name, values in facts.items():
        one = INPUTS[name]
        mask = rng.random(len(values)) < gaps if name in {"age", "is_emergency"} else None
        if one is not None and isinstance(one[0], str):
            columns[name] = pa.DictionaryArray.from_arrays(pa.array(values.astype(np.int8)), pa.array(one)).cast(
                pa.string()
            )
        else:
            columns[name] = pa.array(values, mask=mask)
    return pa.table(columns)


def write(rows: pa.Table, path: Path) -> Path:
    """Write a Parquet file with row groups as engines write them."""
    pq.write_table(rows, path, row_group_size=122_880, compression="snappy")
    return path


# --- peers ------------------------------------------------------------------------------------------------------


def zen_loop(trace: bool = False) -> Callable[[list[dict[str, Any]]], list[Any]]:
    """A loop over `engine.evaluate` of zen-engine, with the same table as a JDM document."""
    import zen

    cells = {
        "is_emergency": "true",
        "age < 19": "< 19",
        "months_since_check < 6": "< 6",
    }
    fields = {name: f"in_{name}" for name in INPUTS}
    rows = []
    for name, (when, result) in RULES.items():
        row: dict[str, str] = {"_id": name, "out_result": json.dumps(result), "out_reason": json.dumps(name)}
        row |= dict.fromkeys(fields.values(), "")
        for part in filter(None, when.split(" AND ")):
            fact = part.split()[0]
            listed = [text for number, text in enumerate(part.split("'")) if number % 2]
            cell = cells.get(part) or ", ".join(json.dumps(text) for text in listed) or "true"
            row[fields[fact]] = f"not in [{cell}]" if "<>" in part else cell
        rows.append(row)
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": own, "name": name, "field": name, "type": "expression"} for name, own in fields.items()],
        "outputs": [{"id": f"out_{name}", "name": name, "field": name} for name in ("result", "reason")],
        "rules": rows,
    }
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", "position": {"x": 0, "y": 0}},
        {"id": "table", "type": "decisionTableNode", "name": "table", "content": table, "position": {"x": 1, "y": 0}},
        {"id": "out", "type": "outputNode", "name": "out", "position": {"x": 2, "y": 0}},
    ]
    edges = [
        {"id": "a", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "b", "sourceId": "table", "targetId": "out", "type": "edge"},
    ]
    document = json.dumps({"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges})
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"table": json.loads(document)}}})
    engine.evaluate("table", {})
    if trace:
        return lambda cases: [engine.evaluate("table", case, {"trace": True})["trace"] for case in cases]
    return lambda cases: [engine.evaluate("table", case)["result"] for case in cases]


def openfisca(number: int) -> Callable[[dict[str, Any]], tuple[Any, Any]]:
    """The same rules as variables of openfisca-core: build, set inputs, calculate reason and result."""
    from openfisca_core import entities, indexed_enums, periods, simulation_builder, taxbenefitsystems, variables

    person = entities.Entity("person", "people", "", "")

    def listed(name: str, codes: tuple[str, ...]) -> Any:
        return indexed_enums.Enum(name, {code: code for code in codes})

    lists = {name: listed(name, one) for name, one in INPUTS.items() if one is not None and isinstance(one[0], str)}
    reasons, results = listed("reason", tuple(RULES)), listed("result", RESULTS)

    def variable(name: str, value_type: Any, codes: Any = None, formula: Any = None) -> Any:
        body: dict[str, Any] = {
            "value_type": value_type,
            "entity": person,
            "definition_period": periods.DateUnit.DAY,
            "label": name,
        }
        if codes is not None:
            body |= {"possible_values": codes, "default_value": next(iter(codes))}
        if formula is not None:
            body["formula"] = formula
        return type(name, (variables.Variable,), body)

    def reason(people: Any, period: Any) -> Any:
        get = partial(people, period=period)
        care, hospital, shown = get("care"), get("hospital"), get("shown")
        code = {name: {item.name: item.index for item in one} for name, one in lists.items()}
        conditions = [
            get("is_emergency"),
            get("age") < 19,
            get("months_since_check") < 6,
            care.view(np.ndarray) == code["care"]["prescription"],
            care.view(np.ndarray) >= code["care"]["referral"],
            get("status").view(np.ndarray) != code["status"]["none"],
            get("mental_health_admission"),
            (hospital.view(np.ndarray) >= code["hospital"]["general"]) & get("special_copayment"),
            (shown.view(np.ndarray) >= 1) & (shown.view(np.ndarray) <= 4),
        ]
        found = np.select(conditions, range(len(conditions)), len(conditions)).astype(np.uint8)
        return indexed_enums.EnumArray(found, reasons)

    of_reason = np.array([RESULTS.index(result) for _, result in RULES.values()], np.uint8)

    def result(people: Any, period: Any) -> Any:
        return indexed_enums.EnumArray(of_reason[people("reason", period).view(np.ndarray)], results)

    system = taxbenefitsystems.TaxBenefitSystem([person])
    for name, one in INPUTS.items():
        kind: Any = bool if one is None else int if isinstance(one[0], int) else indexed_enums.Enum
        system.add_variable(variable(name, kind, lists.get(name)))
    system.add_variable(variable("reason", indexed_enums.Enum, reasons, reason))
    system.add_variable(variable("result", indexed_enums.Enum, results, result))

    def run(facts: dict[str, Any]) -> tuple[Any, Any]:
        simulation = simulation_builder.SimulationBuilder().build_default_simulation(system, number)
        for name, values in facts.items():
            given = indexed_enums.EnumArray(values, lists[name]) if values.dtype == np.uint8 else values
            simulation.set_input(name, ON, given)
        return simulation.calculate("result", ON), simulation.calculate("reason", ON)

    return run


def as_dicts(facts: dict[str, np.ndarray], number: int) -> list[dict[str, Any]]:
    """The first people as the dicts that zen-engine takes."""
    columns = []
    for name, values in facts.items():
        one = INPUTS[name]
        own = values[:number].tolist()
        columns.append([one[value] for value in own] if one is not None and isinstance(one[0], str) else own)
    return [dict(zip(facts, row, strict=True)) for row in zip(*columns, strict=True)]


def with_texts(facts: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The people with codes as texts."""
    return {
        name: np.array(INPUTS[name])[values] if values.dtype == np.uint8 else values for name, values in facts.items()
    }


# --- measurements -----------------------------------------------------------------------------------------------


def measure_bulk(folder: Path, turns: int) -> list[Row]:
    """The identity rules in bulk."""
    table, on = identity(), date.fromisoformat(ON)
    facts = people(PEOPLE)
    gaps = write(as_arrow(facts), folder / "gaps.parquet")
    whole = write(as_arrow(facts, 0), folder / "whole.parquet")
    texts = with_texts(facts)
    loop, cases = zen_loop(), as_dicts(facts, 20_000)
    fisca = openfisca(PEOPLE)
    ours = bulk.decide_bulk(table, whole, on=on)
    reasons = np.array(list(RULES))[np.asarray(fisca(facts)[1])]
    if ours["reason"].to_pylist() != reasons.tolist():
        raise AssertionError("openfisca-core decides otherwise")
    if [one["reason"] for one in loop(cases)] != reasons[: len(cases)].tolist():
        raise AssertionError("zen-engine decides otherwise")
    seconds = best_of(
        turns,
        lambda: bulk.decide_bulk(table, gaps, on=on, threads=THREADS),
        lambda: bulk.decide_bulk(table, whole, on=on, threads=THREADS),
        lambda: fisca(facts),
        lambda: fisca(texts),
        lambda: loop(cases),
    )
    with_gaps, without, coded, text, zen = (
        count / own for count, own in zip([PEOPLE] * 4 + [len(cases)], seconds, strict=True)
    )
    rows = [
        Row(case="zen-engine, loop of engine.evaluate", value=zen, unit="1/s"),
        Row(case="openfisca-core, codes as numbers, inputs loaded", value=coded, unit="1/s"),
        Row(case="openfisca-core, codes as texts, inputs loaded", value=text, unit="1/s"),
    ]
    peers = (("zen-engine", zen, 50), ("openfisca-core, numbers", coded, 1.2), ("openfisca-core, texts", text, 3))
    for name, own in (("no gaps", without), ("2 % gaps in two inputs", with_gaps)):
        for peer, other, target in peers:
            rows.append(
                Row(
                    case=f"Parquet to Arrow, {name}, to {peer}",
                    value=own,
                    unit="1/s",
                    ratio=own / other,
                    target=target,
                    at_least=True,
                )
            )
    return rows


def by_hand(
    is_emergency: bool,
    age: int,
    months_since_check: int,
    care: str,
    status: str,
    mental_health_admission: bool,
    hospital: str,
    special_copayment: bool,
    shown: str,
) -> int:
    """The ten rules as a function in Python that takes every fact for known."""
    if is_emergency:
        return 0
    if age < 19:
        return 1
    if months_since_check < 6:
        return 2
    if care == "prescription":
        return 3
    if care in ("referral", "return"):
        return 4
    if status != "none":
        return 5
    if mental_health_admission:
        return 6
    if hospital in ("general", "tertiary") and special_copayment:
        return 7
    if shown in ("resident_card", "driving_licence", "passport", "mobile_card"):
        return 8
    return 9


def measure_single(turns: int) -> list[Row]:
    """The identity rules, one case at a time."""
    table, on = DecisionTable(identity()), date.fromisoformat(ON)
    leaf = compiled(table.table.segment(on)).leaf
    cases = as_dicts(people(2_000), 2_000)
    values = [tuple(case.values()) for case in cases]
    zen, traced = zen_loop(), zen_loop(trace=True)
    reasons = [table.decide(on, **case).reason for case in cases]
    if [list(RULES)[by_hand(*one)] for one in values] != reasons or [one["reason"] for one in zen(cases)] != reasons:
        raise AssertionError("the engines decide otherwise")
    seconds = best_of(
        turns,
        lambda: [by_hand(*one) for one in values],
        lambda: [leaf(on, *one) for one in values],
        lambda: [table.decide(on, **case) for case in cases],
        lambda: [table.decide(on, **case).explain() for case in cases],
        lambda: zen(cases),
        lambda: traced(cases),
    )
    hand, closure, public, explained, evaluated, trace = (own / len(cases) * 1e6 for own in seconds)
    return [
        Row(case="one case, function written by hand", value=hand, unit="us"),
        Row(case="one case, closure, to the hand", value=closure, unit="us", ratio=closure / hand, target=4),
        Row(case="one case, table.decide, to the hand", value=public, unit="us", ratio=public / hand, target=20),
        Row(
            case="one case, table.decide, to zen-engine", value=public, unit="us", ratio=public / evaluated, target=0.5
        ),
        Row(case="one case, explained, to its trace", value=explained, unit="us", ratio=explained / trace, target=1),
    ]


def random_rows(number: int) -> tuple[Table, pa.Table]:
    """A table of two equalities and a range in each row, and 100,000 cases."""
    rng = np.random.default_rng(number)
    codes = tuple(f"c{at}" for at in range(10))
    inputs = {
        name: {"type": "code", "codes": {code: words(code) for code in codes}, "question": words(name)}
        for name in ("one", "two")
    } | {"size": {"type": "integer", "least": 0, "most": 10_000, "question": words("size")}}
    rows = []
    for at in range(number):
        one, two = rng.choice(codes, 2)
        low = int(rng.integers(0, 9_000))
        when = f"one = '{one}' AND two = '{two}' AND size BETWEEN {low} AND {low + int(rng.integers(100, 2_000))}"
        rows.append({"id": f"row_{at}", "when": when, "then": {"result": RESULTS[at % 3]}})
    cases = 100_000
    data = {name: pa.array(np.array(codes)[rng.integers(0, 10, cases)]) for name in ("one", "two")}
    data["size"] = pa.array(rng.integers(0, 10_000, cases), mask=rng.random(cases) < 0.02)
    return read(inputs, RESULTS, rows), pa.table(data)


def measure_sizes(turns: int, *, full: bool) -> list[Row]:
    """Tables of more and more rows: as bits, as CASE, and as it is chosen."""
    rows = []
    for number in (10, 30, 100, 300, 1_000, 3_700):
        table, data = random_rows(number)
        works: dict[str, Callable[[], object]] = {
            "chosen": partial(decided_as, table, data, bulk.RULES_PER_FACT),
            "as bits": partial(decided_as, table, data, 0),
        }
        if number <= 300 or full:
            works["as CASE"] = partial(decided_as, table, data, 10**9)
        for work in works.values():
            work()
        seconds = dict(zip(works, best_of(turns, *works.values()), strict=True))
        best = min(own for name, own in seconds.items() if name != "chosen")
        for name, own in seconds.items():
            ratio = {"ratio": own / best, "target": 1.15} if name == "chosen" else {}
            case = f"{number:,} random rows, {name}{', time to the better way' if ratio else ''}"
            rows.append(Row(case=case, value=data.num_rows / own, unit="1/s", **ratio))
    return rows


def decided_as(table: Table, data: pa.Table, least: int) -> object:
    """Decide in bulk with another number of rules for each fact from which on they are taken as bits."""
    before = bulk.RULES_PER_FACT
    bulk.RULES_PER_FACT = least
    try:
        return bulk.decide_bulk(table, data, on=date.fromisoformat(ON), threads=THREADS)
    finally:
        bulk.RULES_PER_FACT = before


HUNDRED_MILLION = 100


def large_file() -> Row:
    """Peak memory of a process that decides 100 million rows from Parquet to Parquet."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "people.parquet"
        part = as_arrow(people(PEOPLE))
        with pq.ParquetWriter(path, part.schema) as writer:
            for _ in range(HUNDRED_MILLION):
                writer.write_table(part, row_group_size=122_880)
        code = "import sys; from benchmarks import rules; rules.decide_large(sys.argv[1], sys.argv[2])"
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code, str(path), str(Path(name) / "out.parquet")],
            check=True,
            capture_output=True,
            text=True,
        )
        seconds = time.perf_counter() - start
    gib = float(done.stdout) / 2**30
    case = f"100 million rows, Parquet to Parquet, {HUNDRED_MILLION / seconds:.1f} million a second: memory, to 4 GiB"
    return Row(case=case, value=gib, unit="GiB", ratio=gib / 4, target=1.0)


def decide_large(source: str, out: str) -> None:
    """Decide a file, and print the bytes used at most."""
    bulk.decide_file(identity(), Path(source), Path(out), on=date.fromisoformat(ON), threads=THREADS)
    status = Path("/proc/self/status")
    if status.exists():
        print(int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024)
    else:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def measure(*, full: bool = False) -> list[Row]:
    """The table; a minute or two, with `full` some minutes."""
    with tempfile.TemporaryDirectory() as name:
        rows = measure_bulk(Path(name), 15 if full else 7)
    rows = [*measure_single(15), *rows, *measure_sizes(5, full=full)]
    return [*rows, large_file()] if full else rows


if __name__ == "__main__":
    full_run = "--full" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--full"]
    os.environ.setdefault("OMP_NUM_THREADS", str(THREADS))
    main(__doc__, lambda: measure(full=full_run))
