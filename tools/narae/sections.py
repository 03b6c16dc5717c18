"""The YAML files of the pack that follow from the world: its identities and the frame of its budget."""

from __future__ import annotations

import json

from tools.narae.early import COUNTED, GROUPS
from tools.narae.money import BUREAUS, EVIDENCE, PROGRAMMES
from tools.narae.shapes import FACTORS, SERIES, WEIGHT
from tools.narae.words import INDICATORS

_HEAD = """\
# 나래시는 지어낸 도시이며 이 파일의 모든 내용은 모의 자료임. 수치를 만드는 방법: tools/make_narae.py
# Narae is an invented city, and everything in this file is simulated. The data are written by tools/make_narae.py.
"""


def _words(ko: str, en: str) -> str:
    return f"{{ko: {json.dumps(ko, ensure_ascii=False)}, en: {json.dumps(en, ensure_ascii=False)}}}"


def identities() -> str:
    """Give ``identities.yaml``."""
    lines = [_HEAD + "format: 1"]
    lines.append("settings: {share: 0.6, stability: 0.8, draws: 200, seed: 1}")
    lines.append("series:")
    for series in SERIES.values():
        lines.append(f"  {series.name}: {{unit: {json.dumps(series.unit)}, label: {_words(series.ko, series.en)}}}")
    lines.append("identities:")
    for indicator in INDICATORS:
        if indicator.shape == "survey":
            continue
        lines.append(f"  {indicator.code}:")
        lines.append("    factors:")
        for factor in FACTORS[indicator.shape]:
            label = _words(f"{factor.ko}(가상)", f"{factor.en} (invented)")
            lines.append(f"      {factor.name}: {{formula: {factor.formula}, cause: {factor.cause}, label: {label}}}")
        lines.append(f"    places: {WEIGHT[indicator.shape]}")
    lines.append("counts:")
    for counted in COUNTED:
        label = _words(counted.ko, counted.en)
        lines.append(f"  {counted.code}: {{label: {label}, worse: {counted.worse}, node: {counted.node}}}")
    lines.append("groups:")
    lines += [f"  {group.code}: {_words(group.ko, group.en)}" for group in GROUPS]
    return "\n".join(lines) + "\n"


def budget() -> str:
    """Give ``budget.yaml``."""
    lines = [_HEAD + "# 금액의 단위는 원이며 2027년 예산을 준비하는 연습임."]
    lines.append("# Amounts are in won; the exercise prepares the budget of 2027.")
    lines += ["format: 1", "currency: KRW", f'evidence_year: "{EVIDENCE}"', "submission: 2026-05-31"]
    lines += ['budget_year: "2027"', "own_fund: city", "funds:"]
    for code, ko, en in (
        ("city", "시비(가상)", "City money (invented)"),
        ("national", "국비(가상)", "State money (invented)"),
        ("district", "구비(가상)", "District money (invented)"),
    ):
        lines.append(f"  {code}: {_words(ko, en)}")
    lines.append("running_limit: 700000000")
    lines.append("bureaus:")
    lines += [f"  {code}: {{name: {_words(ko, en)}}}" for code, ko, en in BUREAUS]
    lines.append("groups:")
    for code, ko, en, weight in (
        ("poor", "소득이 적은 사람(가상)", "People on low incomes (invented)", 1.5),
        ("older", "어르신(가상)", "Older people (invented)", 1.2),
        ("disabled", "장애인(가상)", "Disabled people (invented)", 1.4),
        ("children", "아동(가상)", "Children (invented)", 1.3),
    ):
        lines.append(f"  {code}: {{name: {_words(ko, en)}, weight: {weight}}}")
    lines.append("programmes:")
    for programme in PROGRAMMES:
        parts = zip(("city", "national", "district"), programme.funding, strict=True)
        funding = ", ".join(f"{fund}: {part}" for fund, part in parts if part)
        name = _words(f"{programme.ko}(가상)", f"{programme.en} (invented)")
        lines.append(f"  {programme.code}: {{bureau: {programme.bureau}, name: {name}, funding: {{{funding}}}}}")
    lines += ["objective: least_unmet_need", "draws: {number: 50, seed: 20270101}"]
    lines.append("grade_errors: {A: 0.05, B: 0.1, C: 0.2, D: 0.4}")
    lines.append("supplementary: {year_left: 0.5}")
    return "\n".join(lines) + "\n"
