"""From Python: load a pack, score it, and take the result into any data frame."""

from pathlib import Path

import pytest

import donghaeng
from donghaeng.errors import InputError
from tests.small_pack import SmallPack


def test_a_shipped_pack_is_loaded_by_its_id() -> None:
    pack = donghaeng.load("seoul/gtsn-index")
    assert (pack.id, pack.manifest.status) == ("seoul/gtsn-index", "unofficial")


@pytest.mark.parametrize("as_path", [str, Path])
def test_a_pack_is_loaded_by_its_path_whatever_its_folder_is_called(pack: SmallPack, as_path: type) -> None:
    assert donghaeng.load(as_path(pack.folder)).id == "my-city/my-index"


def test_all_faults_are_raised_together(pack: SmallPack) -> None:
    pack.replace("observations.csv", "12000", "NaN")
    pack.replace("structure.csv", "homes,housing", "homes,hosing")
    with pytest.raises(InputError) as raised:
        donghaeng.load(pack.folder)
    assert [fault.line for fault in raised.value.faults] == [2, 5]


def test_arrow_pandas_and_polars_hold_the_same_rows() -> None:
    scores = donghaeng.load("seoul/gtsn-index").score()
    rows = scores.to_arrow().to_pylist()
    assert scores.to_polars().to_dicts() == rows
    frame = scores.to_pandas()
    assert [list(map(str, row)) for row in frame.astype(object).where(frame.notna(), None).values.tolist()] == [
        [str(float(cell)) if name in FLOATS and cell is not None else str(cell) for name, cell in row.items()]
        for row in rows
    ]


#: Whole numbers with gaps are floats in pandas.
FLOATS = {"value", "rank", "change_from_base", "change_on_year"}


def test_a_notebook_shows_the_composites_of_the_newest_period() -> None:
    shown = donghaeng.load("seoul/gtsn-index").score()._repr_html_()
    assert "<caption>Scores 2024</caption>" in shown
    assert "<td>seoul</td><td>gtsn</td><td>GTSN Index</td><td>130.6</td><td>50 of 50</td>" in shown
    assert "H02" not in shown


def test_a_notebook_escapes_names(pack: SmallPack) -> None:
    pack.replace("structure.csv", "Housing,,,", "<script>,,,")
    assert "<td>&lt;script&gt;</td>" in donghaeng.load(pack.folder).score()._repr_html_()


def test_a_result_keeps_what_it_was_made_of() -> None:
    scores = donghaeng.load("seoul/gtsn-index").score()
    assert scores.recipe.compare == ("root",)
    assert scores.structure.codes[0] == "gtsn"
    assert len(scores.observations) == 41


def test_names_that_are_not_there_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = donghaeng.nothing
