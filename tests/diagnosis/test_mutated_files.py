"""Hypothesis breaks the files of a diagnosis: they are read and diagnosed, or their faults are located."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from donghaeng.catalogue.check import check
from tests.diagnosis.test_early_signals import counts, series
from tests.diagnosis.worlds import World

NAMES = ("identities.yaml", "factors.csv", "revisions.csv", "counts.csv", "groups.csv")
PIECES = (
    "",
    "0",
    "-1",
    "1e99",
    "1e-99",
    "nan",
    "%",
    ",",
    "\n",
    '"',
    ":",
    "{",
    "need",
    "meals",
    "town",
    "2023",
    "1 / need",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack with every file of the section."""
    world = World(tmp_path_factory.mktemp("town") / "town")
    world.cut_budget(0.7)
    world.errors = {"need": 0.02}
    added = "format: 1\ncounts: {calls: {label: {ko: 전화, en: Calls}, worse: higher, node: meals}}\n"
    added += (
        "groups: {young: {ko: 청년, en: Young}}\nwanted: {trust: [{series: a, unit: '1', label: {ko: 값, en: A}}]}\n"
    )
    world.replaced["identities.yaml"] = ("format: 1\n", added)
    one = series(counts(4))
    rows = (f"calls,town,{at},{value:.0f},simulated,made-up" for at, value in zip(one.periods, one.values, strict=True))
    world.files["counts.csv"] = "\n".join(["series,place,period,value,kind,source", *rows]) + "\n"
    head = "node,period,what,kind,source,place,series,link,link_error,note_ko,note_en\n"
    world.files["revisions.csv"] = f"{head}meals,2023,definition,simulated,made-up,,need,0.9,0.01,가,a\n"
    head = "place,period,group,served,need,kind,source,node,served_error,need_error,note\n"
    world.files["groups.csv"] = (
        f"{head}town,2023,young,10,100,simulated,made-up,,1,2,a\ntown,2023,west,9,9,simulated,made-up,,,,\n"
    )
    assert world.faults() == []
    return world.folder


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_change_of_a_file_is_an_accident(folder: Path, tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    text = (folder / name).read_text("utf-8")
    start = data.draw(st.integers(0, len(text)))
    stop = min(len(text), start + data.draw(st.integers(0, 12)))
    mutated = text[:start] + data.draw(st.sampled_from(PIECES)) + text[stop:]
    try:
        (folder / name).write_text(mutated, "utf-8")
        pack, faults = check(folder)
        if pack is None:
            assert faults.errors
            assert all(fault.line >= 1 and fault.what for fault in faults.errors)
        else:
            result = pack.diagnose()
            assert all(abs(sum(one.causes.values()) - one.points) < 1e-6 for one in result.findings)
    finally:
        (folder / name).write_text(text, "utf-8")
