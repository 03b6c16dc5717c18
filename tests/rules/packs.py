"""Small packs of rules written where a test needs them."""

from pathlib import Path

from donghaeng.errors import Faults
from donghaeng.rules.decision import DecisionTable
from donghaeng.rules.placing import PackFacts
from donghaeng.rules.reading import RulesSection, read_rules

HEAD = """
title: {en: A table}
question: {en: What holds?}
reviewed: 2026-01-01
"""

#: A table of the kind the tests need most: small, with a rule in force from 2024-05-20.
VISIT = """
title: {en: Visit}
question: {en: Is it covered?}
reviewed: 2026-01-01
inputs:
  birth_date: {type: date, question: {en: Born?}}
  emergency: {type: boolean, question: {en: Emergency?}}
  checked: {type: boolean, question: {en: Checked here before?}}
  last_check: {type: date, question: {en: When?}}
  total: {type: money, least: 0, question: {en: How much?}}
derived:
  age: {calculate: age, of: birth_date}
  recent: {calculate: within, months: 6, after: last_check}
  bring_by: {calculate: last_day, days: 14, after: on}
outcomes:
  result: {type: code, codes: {exempt: {en: Exempt}, pays: {en: Pays}}}
  amount: {type: money}
  bring_by: {type: date}
rows:
  - {id: emergency, from: 2024-05-20, when: emergency, then: {result: exempt}, because: {en: It is one.}}
  - {id: under_19, from: 2024-05-20, when: age < 19, then: {result: exempt}, because: {en: Young.}}
  - {id: back, from: 2024-05-20, when: checked AND recent, then: {result: exempt}, because: {en: Known here.}}
  - {id: pays, from: 2024-05-20, then: {result: pays, amount: total, bring_by: bring_by}, because: {en: No reason.}}
"""


def read(folder: Path, table: str = "", values: str = "", **others: str) -> tuple[RulesSection | None, list[str]]:
    """Read a table called ``table`` and others, and give what is wrong."""
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    for name, text in {"table": table, **others}.items():
        if text:
            (folder / "rules" / f"{name.replace('_', '-')}.yaml").write_text(text, "utf-8")
    if values:
        (folder / "values.yaml").write_text(values, "utf-8")
    faults = Faults()
    section = read_rules(folder, "pack", PackFacts("test/pack", "1.0.0", "KR", ("en",), None), faults)
    return section, [str(fault) for fault in faults]


def table_of(folder: Path, table: str, values: str = "", **others: str) -> DecisionTable:
    """Read a table that has no faults."""
    section, faults = read(folder, table, values, **others)
    assert section is not None, faults
    return DecisionTable(section.tables["table"])


def simple(inputs: str, rows: str, *, hit: str = "first", outcomes: str = "", derived: str = "") -> str:
    """Write a table with the results yes, no and maybe."""
    more = f"\n  {outcomes}" if outcomes else ""
    calculated = f"derived:\n  {derived}\n" if derived else ""
    codes = "{yes: {en: Yes}, no: {en: No}, maybe: {en: Maybe}}"
    if hit == "sum":
        codes = "{sum: {en: Sum}}"
    return (
        f"{HEAD}hit: {hit}\ninputs:\n  {inputs}\n{calculated}outcomes:\n"
        f"  result: {{type: code, codes: {codes}}}{more}\nrows:\n{rows}"
    )


def row(name: str, then: str, when: str = "", more: str = "") -> str:
    """Write a row."""
    condition = f', when: "{when}"' if when else ""
    added = f", {more}" if more else ""
    return f"  - {{id: {name}{condition}, then: {{{then}}}, because: {{en: So.}}{added}}}\n"
