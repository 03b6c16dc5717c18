"""Values that look wrong are shown, and stop nothing."""

import pytest

from tests.command import run
from tests.small_pack import SmallPack


@pytest.mark.parametrize(
    ("old", "new", "line", "code", "what"),
    [
        ("12600", "37000", 3, "jump", "homes goes from 12000 to 37000 in my-city, more than a factor of 3"),
        ("13500", "4000", 4, "jump", "homes goes from 12600 to 4000 in my-city, more than a factor of 3"),
        ("13500", "126000", 4, "unit-slip", "homes goes from 12600 to 126000 in my-city, about a factor of 10"),
        ("13500", "1260000", 4, "unit-slip", "homes goes from 12600 to 1.26e+06 in my-city, about a factor of 100"),
        ("13500", "13.1", 4, "unit-slip", "homes goes from 12600 to 13.1 in my-city, about a factor of 1000"),
        ("19.0", "101", 7, "jump", "burden goes from 21.5 to 101 in my-city, more than a factor of 3"),
    ],
)
def test_a_jump_or_a_slip_of_the_unit_is_a_warning(
    pack: SmallPack, old: str, new: str, line: int, code: str, what: str
) -> None:
    pack.replace("observations.csv", old, new)
    fault = next(fault for fault in pack.faults() if fault.line == line)
    assert (fault.file, fault.severity, fault.code, fault.what) == ("observations.csv", "warning", code, what)
    done = run("check", pack.folder)
    assert (done.code, done.err) == (0, "")
    assert f"observations.csv:{line}:" in done.out
    assert "warning: " in done.out


@pytest.mark.parametrize(("value", "warned"), [("100", False), ("100.1", True)])
def test_a_share_above_100_percent_is_a_warning(pack: SmallPack, value: str, warned: bool) -> None:
    text = pack.path("observations.csv").read_text("utf-8")
    pack.write("observations.csv", text.replace("18.4", value).replace("16.9", "99"))
    assert [(fault.line, fault.severity, fault.code) for fault in pack.faults()] == (
        [(11, "warning", "above-100")] if warned else []
    )


def test_a_past_that_was_printed_differently_is_a_warning(pack: SmallPack) -> None:
    pack.append("observations.csv", "smoking,my-city,2022,18.9,,no,simulated,made-up,\n")
    fault = pack.fault()
    assert (fault.line, fault.severity, fault.code) == (13, "warning", "revised")
    assert fault.what.startswith("smoking, my-city, 2022 was printed as 18.9 and 18.4")


def test_the_same_value_printed_again_is_no_warning(pack: SmallPack) -> None:
    pack.append("observations.csv", "smoking,my-city,2022,18.40,,no,simulated,made-up,\n")
    assert pack.faults() == []


def test_a_given_base_that_is_not_100_is_a_warning(pack: SmallPack) -> None:
    pack.append("observations.csv", "health,my-city,2022,99,2,yes,simulated,made-up,\n")
    assert [(fault.line, fault.severity, fault.code) for fault in pack.faults()] == [(13, "warning", "base")]


def test_a_steady_series_has_no_warnings(pack: SmallPack) -> None:
    assert pack.faults() == []


def test_a_thousand_warnings_stay_warnings(pack: SmallPack) -> None:
    values = {year: 10 if year % 2 else 99 for year in range(1000, 2000)}
    rows = "".join(f"smoking,my-city,{year},{value},,yes,simulated,made-up,\n" for year, value in values.items())
    pack.append("observations.csv", rows + "burden,my-city,1000,1x,,yes,simulated,made-up,\n")
    assert [fault.what for fault in pack.faults() if fault.severity == "error"] == ['"1x" is not a number']
    pack.replace("observations.csv", "burden,my-city,1000,1x,,yes,simulated,made-up,\n", "")
    faults = pack.faults()
    assert {fault.severity for fault in faults} == {"warning"}
    assert len(faults) == 21
    assert "more of this sort (unit-slip) from here on" in faults[-1].what
    assert run("check", pack.folder).code == 0
