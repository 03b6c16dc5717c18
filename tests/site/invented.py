"""Invented packs with the longest, emptiest and most conflicting content that a template may meet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

LONG_EN = (
    "Households that asked for help, were found eligible after an interview, and had still not been reached by any "
    "service on the last day of the period <script>alert('x')</script> & \"others\""
)
LONG_KO = (
    "상담을 신청하여 자격이 확인되었으나 기간의 마지막 날까지 어떤 지원도 닿지 않은 가구의 비율과 "
    "그 밖의 매우 긴 이름을 가진 지표 <b>굵게</b>"
)
STRUCTURE = (
    "code,parent,name_ko,name_en,unit,direction,weight,unit_ko,unit_kind,direction_kind,name_kind,status,"
    "former_name_ko,former_name_en,note_ko,note_en"
)
OBSERVATIONS = ("node", "place", "period", "value", "count", "used", "kind", "source", "note")


def long_pack(folder: Path) -> Path:
    """A pack with very long names, six levels, values above and below the base, and conflicts in every cell."""
    rows = [STRUCTURE]
    rows.append(_line("root", "", LONG_KO, LONG_EN, *[""] * 12))
    parent = "root"
    for level in range(4):
        rows.append(_line(f"level-{level}", parent, f"{LONG_KO} {level}", f"{LONG_EN} {level}", *[""] * 12))
        parent = f"level-{level}"
        for twin in ("A", "a"):
            code = f"{twin}{level}"
            row = [
                code,
                parent,
                f"{LONG_KO} {code}",
                f"{LONG_EN} {code}",
                "persons per 100,000 of the population",
                "lower",
            ]
            rows.append(
                _line(
                    *row,
                    "",
                    "인구 10만 명당 명",
                    "inferred",
                    "inferred",
                    "inferred",
                    "tentative",
                    LONG_KO,
                    LONG_EN,
                    LONG_KO,
                    LONG_EN,
                )
            )
    observations = []
    for at, leaf in enumerate(f"{twin}{level}" for level in range(4) for twin in ("A", "a")):
        for period, value in (("2019", 1234567.25), ("2020", 1034567.5), ("2022", 1334567.75), ("2023", 1500000)):
            if leaf == "a3" and period == "2023":
                continue
            value += at * 70_000.5 * (period != "2019")
            observations.append(
                [leaf, "city", period, value, "", "yes", "simulated", "one;two", f"{LONG_KO} / {LONG_EN}"]
            )
            observations.append(
                [leaf, "city", period, value + 1, "", "no", "simulated", "two", f"{LONG_KO} / {LONG_EN}"]
            )
    observations.append(["root", "city", "2023", "83.2", "", "yes", "simulated", "one", ""])
    statements = [
        [
            f"s{at}",
            kind,
            "root" if at % 2 else "A0",
            "2023" if at % 3 else "",
            LONG_KO,
            LONG_EN,
            "2023-11",
            LONG_KO,
            LONG_EN,
            *("one;two", LONG_EN, LONG_EN, status, LONG_KO, LONG_EN, "2024-02-01", "two"),
        ]
        for at, (kind, status) in enumerate(
            (kind, status)
            for kind in ("promise", "target", "claim", "figure")
            for status in ("kept", "late", "changed", "not_kept", "unknown")
        )
    ]
    wording = {
        language: "\n".join(f"{key}: {text!r}" for key in ("about", "reading", "method_note", "coverage_note"))
        for language, text in (("ko", "아주 긴 설명 " * 60), ("en", "A long explanation " * 60))
    }
    files = {
        "structure.csv": "\n".join(rows) + "\n",
        "observations.csv": _table(OBSERVATIONS, observations),
        "statements.csv": _table(_STATEMENTS, statements),
        "articles/long.ko.md": _article(LONG_KO),
        "articles/long.en.md": _article(LONG_EN),
        **{f"wording/{language}.yaml": text for language, text in wording.items()},
        "robustness.yaml": alternatives(LONG_KO, LONG_EN, parts=False),
    }
    recipe = (
        'format: 1\nnormalise: {method: base_period_ratio, base_period: "2019", base_value: 100, '
        "lower_is_better: mirror, cap: 250}\naggregate: {method: arithmetic, over: children}\ncompare: [root]\n"
    )
    return _write(folder, "test/long", ("ko", "en"), "invented", recipe, files)


def empty_pack(folder: Path) -> Path:
    """A pack of one language with one indicator, of which nothing firm is known."""
    files = {
        "structure.csv": "code,parent,name_ko,name_en,unit,direction,weight\nr,,,R,,,\ni,r,,I,unknown,higher,\n",
        "observations.csv": _table(OBSERVATIONS, [["i", "p", "2020-Q1", "1", "", "yes", "unknown", "two", ""]]),
    }
    recipe = (
        'format: 1\nnormalise: {method: base_period_ratio, base_period: "2020-Q1", lower_is_better: inverted_ratio}\n'
        "aggregate: {method: arithmetic, over: indicators}\ncompare: []\n"
    )
    return _write(folder, "test/empty", ("en",), "unofficial", recipe, files)


def places_pack(folder: Path, pack_id: str, count: int, languages: Sequence[str], quarters: int) -> Path:
    """A simulated pack of several places, against a base where there are several quarters.

    The place that holds all others has no value.
    """
    structure = ["code,parent,name_ko,name_en,unit,direction,weight", "r,,종합,Total,,,"]
    for area in ("x", "y"):
        structure.append(f"{area},r,영역 {area},Area {area},,,")
        structure += [f"{area}{at},{area},지표 {area}{at},Indicator {area}{at},%,higher," for at in range(2)]
    periods = [f"{year}-Q{quarter}" for year in (2021, 2022, 2023) for quarter in (1, 2, 3, 4)][:quarters]
    observations = []
    for place in range(count):
        for area in ("x", "y"):
            for at in range(2):
                for turn, period in enumerate(periods):
                    if (place + turn + at) % 31 == 5 and turn:
                        continue
                    value = (
                        40
                        + (place * 7 % 23)
                        + (place * 13 % 17 if area == "y" else 0)
                        + turn * ((place % 5) - 2) * 0.7
                        + at
                    )
                    row = [f"{area}{at}", f"p{place}", period, f"{value:.1f}", "", "yes", "simulated", "one", ""]
                    observations.append(row)
    places = [
        ["whole", "", "전체", "Whole"],
        *([f"p{at}", "whole", f"{at}번 지역", f"Place number {at}"] for at in range(count)),
    ]
    files = {
        "structure.csv": "\n".join(structure) + "\n",
        "observations.csv": _table(OBSERVATIONS, observations),
        "places.csv": _table(("place", "parent", "name_ko", "name_en"), places),
        "robustness.yaml": alternatives("가중치", "Weights"),
    }
    scale = '{method: base_period_ratio, base_period: "2021-Q1", lower_is_better: inverted_ratio}'
    if quarters == 1:
        scale = "{method: min_max, to: [0, 100], over: pooled}"
    recipe = f"format: 1\nnormalise: {scale}\naggregate: {{method: arithmetic, over: indicators}}\ncompare: []\n"
    return _write(folder, pack_id, languages, "invented", recipe, files)


def alternatives(ko: str, en: str, parts: bool = True) -> str:
    """Other choices for any pack: weights with noise, a part left out where there are several, another mean."""
    left_out = (
        f"  - name: left_out\n    label: {{ko: {json.dumps(ko)}, en: {json.dumps(en)}}}\n    leave_out_each: children\n"
    )
    return (
        "format: 1\nfactors:\n"
        f"  - name: weights\n    label: {{ko: {json.dumps(ko)}, en: {json.dumps(en)}}}\n"
        "    noise: {of: weights, share: 0.4, draws: 12, seed: 1}\n"
        f"{left_out if parts else ''}"
        "  - name: mean\n    label: {ko: 평균, en: Mean}\n    choices:\n"
        f"      - label: {{ko: {json.dumps(ko)}, en: {json.dumps(en)}}}\n"
        "      - label: {ko: 중앙값, en: median}\n        set: {aggregate.method: median}\n"
    )


def _article(title: str) -> str:
    return (
        f"# {title}\n\n## {title}\n\n[@one] <img src=x> ![x](http://example.org/x.png)\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n"
    )


_STATEMENTS = [
    "id",
    "type",
    "node",
    "period",
    "by_ko",
    "by_en",
    "said_on",
    "said_ko",
    "said_en",
    "source",
    "printed",
    "corrected",
    "status",
    "outcome_ko",
    "outcome_en",
    "outcome_on",
    "outcome_source",
]


def _write(
    folder: Path, pack_id: str, languages: Sequence[str], status: str, recipe: str, files: dict[str, str]
) -> Path:
    def text(ko: str, en: str) -> str:
        given = {"ko": ko, "en": en}
        return "{" + ", ".join(f'{language}: "{given[language]}"' for language in languages) + "}"

    files = {
        "pack.yaml": (
            f"format: 1\nid: {pack_id}\nversion: 1.0.0\ndate: 2024-05-01\ntitle: {text('시험 지수', 'Test index')}\n"
            f"summary: {text('시험.', 'A test.')}\nowner: {text('없음', 'Nobody')}\njurisdiction: none\n"
            f"languages: [{', '.join(languages)}]\nlicence: CC0-1.0\nstatus: {status}\n"
        ),
        "sources.yaml": (
            f"sources:\n  one:\n    title: {text('첫째', 'First')}\n    publisher: {text('발행', 'Publisher')}\n"
            "    url: https://example.org/one?a=1&b=2\n    date: 2024-02\n    read_on: 2024-05-01\n    extent: whole\n"
            f"    licence: CC0-1.0\n    grade: publisher\n  two:\n    title: {text('둘째', 'Second')}\n"
            f"    publisher: {text('사본', 'Copy')}\n    read_on: 2024-05-01\n    extent: part\n"
            "    licence: not stated\n    grade: copy\n"
        ),
        "recipe.yaml": recipe,
        **files,
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, "utf-8")
    return folder


def _line(*cells: object) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    return "\n".join([",".join(columns), *(_line(*row) for row in rows)]) + "\n"
