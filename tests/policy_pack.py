"""A small invented pack that describes a policy and no index: sources, statements, articles, words, places."""

from __future__ import annotations

from pathlib import Path

from donghaeng.statements import COLUMNS

PACK_YAML = """\
format: 1
id: {pack_id}
version: 0.2.0
date: 2025-03-01
title: {{ko: 강변시 밤 버스, en: Riverton night bus}}
summary: {{ko: 밤에 다니는 버스를 한 노선 두는 정책입니다., en: A policy of one bus line that runs at night.}}
owner: {{ko: 강변시, en: City of Riverton}}
jurisdiction: none
languages: [ko, en]
licence: CC-BY-4.0
status: invented
"""
SOURCES_YAML = """\
sources:
  notice:
    title: {ko: 밤 버스 안내, en: Notice on the night bus}
    publisher: {ko: 강변시, en: City of Riverton}
    url: https://example.org/night-bus
    date: 2025-02-10
    read_on: 2025-02-20
    extent: whole
    licence: not stated
    grade: publisher
"""
STATEMENT = {
    "id": "s1",
    "type": "promise",
    "by_ko": "강변시장",
    "by_en": "Mayor of Riverton",
    "said_on": "2025-02-10",
    "said_ko": "여름까지 밤 버스를 운행하겠습니다.",
    "said_en": "The night bus will run by summer.",
    "source": "notice",
    "status": "unknown",
}


def policy_pack(folder: Path, pack_id: str = "riverton/night-bus") -> Path:
    """Write the pack with every file that a pack without an index may have."""
    files = {
        "pack.yaml": PACK_YAML.format(pack_id=pack_id),
        "sources.yaml": SOURCES_YAML,
        "places.csv": "place,parent,name_ko,name_en\nriverton,,강변시,Riverton\n",
        "statements.csv": ",".join(COLUMNS) + "\n" + ",".join(STATEMENT.get(name, "") for name in COLUMNS) + "\n",
        "articles/the-line.ko.md": "# 노선\n\n강을 따라 다닙니다 [@notice].\n",
        "articles/the-line.en.md": "# The line\n\nIt follows the river [@notice].\n",
        "wording/ko.yaml": "about: 밤에 일하는 사람을 위한 버스입니다 [@notice].\n",
        "wording/en.yaml": "about: A bus for those who work at night [@notice].\n",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def bare_pack(folder: Path, pack_id: str = "riverton/one-article") -> Path:
    """Write a pack that has nothing but an article, and no source."""
    policy_pack(folder, pack_id)
    for name in ("places.csv", "statements.csv", "wording/ko.yaml", "wording/en.yaml"):
        (folder / name).unlink()
    (folder / "wording").rmdir()
    (folder / "sources.yaml").write_text("sources: {}\n", "utf-8")
    for name in ("articles/the-line.ko.md", "articles/the-line.en.md"):
        path = folder / name
        path.write_text(path.read_text("utf-8").replace(" [@notice]", ""), "utf-8")
    return folder
