"""An invented pack of rules with everything that a table may have: every type, kind, hit policy and standing."""

from __future__ import annotations

from pathlib import Path

from tests.policy_pack import policy_pack

#: On this day one rule and one value are coming, one rule is former, and one was replaced by another text.
DAY = "2024-05-01"

VALUES = """\
values:
  fare:
    title: {ko: "밤 버스 요금", en: "Night fare"}
    type: money
    unit: {ko: 원, en: won}
    dated:
      - {to: 2023-12-31, value: 2000, cite: [{source: notice, reviewed: 2024-04-01}]}
      - {from: 2024-01-01, to: 2024-12-31, value: 2150, cite: [{source: notice, at: "2쪽", reviewed: 2024-04-01}]}
      - from: 2025-01-01
        announced: 2024-04-20
        value: 2300
        cite: [{source: notice, reviewed: 2024-04-01}]
        note: {ko: "조례가 의회를 지난 다음입니다.", en: "Once the council has passed it."}
  bring_days:
    title: {ko: "증명을 가져올 날수", en: "Days to bring the proof"}
    type: integer
    unit: {ko: 일, en: days}
    dated:
      - {value: 14, cite: [{source: notice}]}
  stops_at_night:
    title: {ko: "밤에 서는 곳", en: "Stops served at night"}
    type: codes
    codes:
      river: {ko: "강가", en: "River side"}
      market: {ko: "시장", en: "Market"}
      hill: {ko: "언덕", en: "Hill"}
    dated:
      - {from: 2024-01-01, value: [river, market], cite: [{source: notice}]}
  rebate:
    title: {ko: "환급액", en: "Rebate"}
    type: money
    unit: {ko: 원, en: won}
    dated:
      - kind: unknown
        statements:
          - {says: {ko: "시는 500원이라고 합니다.", en: "The city says 500 won."}, cite: [{source: notice}]}
          - {says: {ko: "신문은 700원이라고 합니다.", en: "A paper says 700 won."}, cite: [{source: notice, at: "1쪽"}]}
"""

_LINES = "\n".join(f'      line_{n}: {{ko: "{n}호선", en: "Line {n}"}}' for n in range(1, 15))

#: Named like the overview, so that its page must get another name.
INDEX = f"""\
title: {{ko: "밤 버스를 탈 수 있나", en: "Who may ride the night bus"}}
question: {{ko: "오늘 밤 버스를 <b>탈</b> 수 있습니까?", en: "May this person ride the night bus <b>tonight</b>?"}}
about: {{ko: "타는 날에 따라 판단합니다.", en: "Decided by the day of the ride."}}
reviewed: 2024-04-10
hit: first
inputs:
  birth_date: {{type: date, question: {{ko: "생년월일은 언제입니까?", en: "What is the date of birth?"}}}}
  stop:
    type: code
    codes_of: stops_at_night
    question: {{ko: "어디에서 탑니까?", en: "At which stop?"}}
  line:
    type: code
    question: {{ko: "어느 노선입니까?", en: "Which line?"}}
    codes:
{_LINES}
  needs:
    type: codes
    personal: social
    question: {{ko: "다음 가운데 해당하는 것이 있습니까?", en: "Does any of these apply?"}}
    help: {{ko: "없으면 ‘해당 없음’을 고릅니다.", en: "If none does, choose none of these."}}
    codes:
      wheelchair: {{ko: "휠체어", en: "Wheelchair"}}
      stroller: {{ko: "유모차", en: "Stroller"}}
  has_pass: {{type: boolean, question: {{ko: "정기권이 있습니까?", en: "Is there a pass?"}}}}
  pass_from: {{type: date, question: {{ko: "정기권은 언제 샀습니까?", en: "When was the pass bought?"}}}}
  bags: {{type: integer, least: 0, most: 40, question: {{ko: "가방은 몇 개입니까?", en: "How many bags?"}}}}
  weight:
    type: decimal
    places: 1
    unit: {{ko: kg, en: kg}}
    question: {{ko: "가방은 모두 몇 kg입니까?", en: "What do they weigh together?"}}
derived:
  age: {{calculate: age, of: birth_date}}
  pass_valid: {{calculate: within, days: 30, after: pass_from}}
  bring_by: {{calculate: last_day, days: bring_days, after: on, holidays: stay}}
outcomes:
  result:
    type: code
    title: {{ko: "탈 수 있나", en: "Ride"}}
    codes:
      free: {{ko: "무료로 탐", en: "Rides free"}}
      paid: {{ko: "요금을 내고 탐", en: "Pays the fare"}}
      refused: {{ko: "탈 수 없음", en: "Not taken"}}
  amount: {{type: money, title: {{ko: "요금", en: "Fare"}}, unit: {{ko: 원, en: won}}}}
  bring_by: {{type: date, title: {{ko: "증명을 가져올 마지막 날", en: "Last day to bring the proof"}}}}
rows:
  - id: no_stop
    when: NOT stop IN stops_at_night
    then: {{result: refused}}
    because: {{ko: "밤에는 서지 않는 곳입니다.", en: "The bus does not stop there at night."}}
    cite: [{{source: notice, at: "1쪽", reviewed: 2024-04-01}}]
  - id: heavy
    when: bags > 4 OR weight >= 32.5
    then: {{result: refused}}
    because: {{ko: "짐이 너무 많습니다.", en: "Too much to carry."}}
    cite: [{{source: notice, reviewed: 2024-04-02}}]
  - id: child.under_7
    when: age < 7
    then: {{result: free, amount: 0}}
    because: {{ko: "7세 미만은 무료입니다.", en: "Children under 7 ride free."}}
    cite: [{{source: notice, at: "3쪽", reviewed: 2024-04-01}}]
  - id: pass_holder
    when: has_pass AND pass_valid
    then: {{result: free, amount: 0, bring_by: bring_by}}
    because: {{ko: "정기권이 있으면 무료입니다.", en: "Pass holders ride free."}}
    cite: [{{source: notice}}]
  - id: wheelchair
    when: "'wheelchair' IN needs"
    kind: unknown
    then: {{result: free, amount: 0}}
    because: {{ko: "휠체어를 쓰는 사람은 자료마다 다릅니다.", en: "The sources differ on wheelchair users."}}
    statements:
      - {{says: {{ko: "안내문에는 무료라고 되어 있습니다.", en: "The leaflet says free."}}, cite: [{{source: notice}}]}}
      - {{says: {{ko: "조례에는 없습니다.", en: "The by-law does not say so."}}, cite: [{{source: notice, at: "5조"}}]}}
  - id: line_14
    when: line = 'line_14'
    kind: second_hand
    then: {{result: paid, amount: {{from: 1000, to: 3000}}}}
    because: {{ko: "14호선은 요금이 확인되지 않았습니다.", en: "The fare of line 14 is not certain."}}
    cite: [{{source: notice}}]
  - id: trial
    to: 2023-12-31
    then: {{result: paid, amount: fare}}
    because: {{ko: "시범 운행 요금입니다.", en: "The fare of the trial."}}
    cite: [{{source: notice}}]
  - id: replaced
    from: 2024-01-01
    to: 2024-12-31
    announced: 2023-11-01
    withdrawn: 2023-12-01
    then: {{result: paid, amount: 2050}}
    because: {{ko: "처음에 발표한 요금입니다.", en: "The fare as first announced."}}
    cite: [{{source: notice}}]
  - id: fare
    from: 2024-01-01
    announced: 2024-02-01
    then: {{result: paid, amount: fare}}
    because: {{ko: "요금을 냅니다.", en: "The fare is paid."}}
    cite: [{{source: notice}}]
"""

PENALTIES = """\
title: {ko: "요금을 내지 않으면", en: "Riding without paying"}
question: {ko: "무엇을 냅니까?", en: "What is due?"}
reviewed: 2024-04-10
hit: collect
inputs:
  paid: {type: boolean, question: {ko: "요금을 냈습니까?", en: "Was the fare paid?"}}
  again: {type: boolean, question: {ko: "두 번째입니까?", en: "Is it the second time?"}}
outcomes:
  result:
    type: code
    codes: {fine: {ko: 부가금, en: Surcharge}, ban: {ko: "승차 금지", en: Ban}}
  amount: {type: money, unit: {ko: 원, en: won}}
rows:
  - id: fine
    when: NOT paid
    then: {result: fine, amount: 20000}
    because: {ko: "부가금을 냅니다.", en: "A surcharge is due."}
    cite: [{source: notice}]
  - id: ban
    from: 2024-09-01
    announced: 2024-04-15
    when: NOT paid AND again
    then: {result: ban}
    because: {ko: "두 번째부터는 타지 못합니다.", en: "From the second time on there is a ban."}
    cite: [{source: notice}]
"""

TICKET = """\
title: {ko: "표값", en: "Ticket"}
question: {ko: "표는 얼마입니까?", en: "What does the ticket cost?"}
reviewed: 2024-04-10
hit: first
inputs:
  has_pass: {type: boolean, question: {ko: "정기권이 있습니까?", en: "Is there a pass?"}}
outcomes:
  result:
    type: code
    codes: {free: {ko: 무료, en: Free}, paid: {ko: 유료, en: Paid}}
  amount: {type: money, unit: {ko: 원, en: won}}
rows:
  - id: pass
    when: has_pass
    then: {result: free, amount: 0}
    because: {ko: "정기권이 있으면 무료입니다.", en: "Free with a pass."}
    cite: [{source: notice}]
  - id: fare
    then: {result: paid, amount: fare}
    because: {ko: "요금을 냅니다.", en: "The fare is paid."}
    cite: [{source: notice}]
"""

REFUND = """\
title: {ko: "환급", en: "Refund"}
question: {ko: "얼마를 돌려받습니까?", en: "How much is paid back?"}
reviewed: 2024-04-10
hit: first
inputs:
  has_pass: {type: boolean, question: {ko: "정기권이 있습니까?", en: "Is there a pass?"}}
  late: {type: boolean, question: {ko: "버스가 늦었습니까?", en: "Was the bus late?"}}
derived:
  ride: {calculate: table, table: ticket}
  fare_paid: {calculate: table, table: ticket, outcome: amount}
  half: {calculate: share, of: fare_paid, part: 1, whole: 2, round: down}
  most: {calculate: least, of: [half, 1000]}
outcomes:
  result:
    type: code
    codes: {some: {ko: "일부 환급", en: Part}, none: {ko: "환급 없음", en: Nothing}}
  amount: {type: money, unit: {ko: 원, en: won}}
rows:
  - id: not_paid
    when: ride <> 'paid'
    then: {result: none}
    because: {ko: "낸 요금이 없습니다.", en: "Nothing was paid."}
    cite: [{source: notice}]
  - id: late
    when: late
    then: {result: some, amount: most}
    because: {ko: "요금의 반을 돌려받습니다.", en: "Half of the fare is paid back."}
    cite: [{source: notice}]
  - id: rebate
    when: fare_paid > rebate
    then: {result: none}
    because: {ko: "환급액이 확인되지 않았습니다.", en: "The rebate is not known."}
    cite: [{source: notice}]
"""

EXAMPLES = """\
table: index
examples:
  - id: grown_up
    about: {ko: "어른이 강가에서 탑니다.", en: "A grown-up boards at the river."}
    on: 2024-05-03
    facts: {birth_date: 1990-01-01, stop: river, line: line_2, needs: [], has_pass: false, bags: 1, weight: 3.5}
    outcome: {result: paid, amount: 2150}
    reason: fare
  - id: child
    about: {ko: "여섯 살 아이", en: "A child of six"}
    on: 2024-05-03
    facts: {birth_date: 2018-01-01, stop: market, bags: 0, weight: 0}
    outcome: {result: free, amount: 0}
    reason: child.under_7
  - id: pass
    on: 2024-05-03
    facts: {birth_date: 1990-01-01, stop: river, has_pass: true, pass_from: 2024-05-01, bags: 0, weight: 0}
    outcome: {result: free, bring_by: 2024-05-17}
    reason: pass_holder
  - id: wheelchair_user
    on: 2024-05-03
    facts: {birth_date: 1990-01-01, stop: river, line: line_2, needs: [wheelchair], has_pass: false, bags: 0, weight: 1}
    outcome: {result: undetermined}
    reason: unknown_rule
  - id: line_14_in_a_range
    on: 2024-05-03
    facts: {birth_date: 1990-01-01, stop: river, line: line_14, needs: [], has_pass: false, bags: 0, weight: 1}
    outcome: {result: paid, amount_from: 1000, amount_to: 3000}
    reason: line_14
  - id: too_heavy
    on: 2024-05-03
    facts: {stop: river, weight: 32.5}
    outcome: {result: refused}
    reason: heavy
  - id: at_the_hill
    on: 2024-05-03
    facts: {stop: hill}
    outcome: {result: refused}
    reason: no_stop
  - id: nothing_known
    on: 2024-05-03
    outcome: {result: undetermined}
    reason: missing_facts
  - id: trial_fare
    on: 2023-06-01
    facts: {birth_date: 1990-01-01, stop: river, line: line_2, needs: [], has_pass: false, bags: 0, weight: 0}
    outcome: {result: undetermined}
  - id: as_first_announced
    on: 2024-02-01
    known_on: 2023-11-15
    facts: {birth_date: 1990-01-01, stop: river, line: line_2, needs: [], has_pass: false, bags: 0, weight: 0}
    outcome: {result: undetermined}
"""

EXAMPLES_PENALTIES = """\
table: penalties
examples:
  - {id: both, on: 2024-10-01, facts: {paid: false, again: true}, outcome: {result: [fine, ban]}}
  - {id: paid, on: 2024-05-01, facts: {paid: true}, outcome: {result: []}}
  - {id: open, on: 2024-10-01, facts: {paid: false}, outcome: {result: undetermined}, missing: [again]}
"""

EXAMPLES_REFUND = """\
table: refund
examples:
  - id: half
    on: 2024-05-03
    facts: {has_pass: false, late: true}
    outcome: {result: some, amount: 1000}
  - {id: free, on: 2024-05-03, facts: {has_pass: true}, outcome: {result: none}, reason: not_paid}
  - id: rebate_unknown
    on: 2024-05-03
    facts: {has_pass: false, late: false}
    outcome: {result: undetermined}
    reason: unknown_value
"""


EXAMPLES_TICKET = """\
table: ticket
examples:
  - {id: pass, on: 2024-05-03, facts: {has_pass: true}, outcome: {result: free, amount: 0}}
  - {id: later, on: 2025-05-03, facts: {has_pass: false}, outcome: {result: paid, amount: 2300}}
"""


def rules_pack(folder: Path, pack_id: str = "riverton/night-rules") -> Path:
    """Write the pack."""
    policy_pack(folder, pack_id)
    files = {
        "values.yaml": VALUES,
        "rules/index.yaml": INDEX,
        "rules/penalties.yaml": PENALTIES,
        "rules/refund.yaml": REFUND,
        "rules/ticket.yaml": TICKET,
        "examples/index.yaml": EXAMPLES,
        "examples/penalties.yaml": EXAMPLES_PENALTIES,
        "examples/refund.yaml": EXAMPLES_REFUND,
        "examples/ticket.yaml": EXAMPLES_TICKET,
    }
    return _written(folder, files)


def values_pack(folder: Path, pack_id: str = "riverton/night-values") -> Path:
    """Write a pack that has dated values and no table."""
    policy_pack(folder, pack_id)
    return _written(folder, {"values.yaml": VALUES})


def with_rules(folder: Path, source: str) -> Path:
    """Put a table and the values into a pack that describes something else, citing one of its sources."""
    files = {"values.yaml": VALUES, "rules/ticket.yaml": TICKET}
    return _written(folder, {name: text.replace("source: notice", f"source: {source}") for name, text in files.items()})


def _written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder
