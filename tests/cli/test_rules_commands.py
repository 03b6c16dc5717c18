"""decide, ask, describe, diff and test, as people and programs call them."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from tests.command import Done, run

PRICE = "seoul/climate-card/price"
IDENTITY = "kr/nhi-id-check/identity"


def document(done: Done) -> Any:
    assert done.err == ""
    assert done.code == 0
    return json.loads(done.out)


@pytest.mark.parametrize(
    ("on", "product", "category", "amount"),
    [
        ("2024-01-23", "d30_transit", "general", 62_000),
        ("2024-08-01", "d30_transit", "youth", 55_000),
        ("2025-09-14", "d30_transit_bike_river", "general", 70_000),
        ("2025-09-14", "d30_transit", "multichild_3", 45_000),
        ("2024-07-01", "short_3", "general", 10_000),
    ],
)
def test_a_published_price_is_decided_with_its_source(on: str, product: str, category: str, amount: int) -> None:
    decision = document(run("decide", PRICE, "--on", on, f"product={product}", f"category={category}", "--json"))
    assert decision["outcome"]["amount"] == amount
    assert decision["outcome"]["result"] == "sold"
    assert decision["missing"] == []
    assert decision["citations"]
    assert (decision["on"], decision["pack"]) == (on, "seoul/climate-card")


def test_a_price_whose_cell_could_not_be_read_is_a_range() -> None:
    facts = ("product=d30_transit_bike_river", "category=low_income")
    outcome = document(run("decide", PRICE, "--on", "2025-10-01", *facts, "--json"))["outcome"]
    assert outcome["amount"] is None
    assert outcome["amount_from"] <= 53_000 <= outcome["amount_to"]


def test_undetermined_is_an_answer_and_no_failure() -> None:
    decision = document(run("decide", IDENTITY, "--on", "2025-07-02", "birth_date=2010-01-01", "--json"))
    assert (decision["outcome"]["result"], decision["reason"]) == ("undetermined", "missing_facts")
    assert set(decision["missing"]) == {"payer", "service_covered", "eligibility_lookup"}


def test_an_explanation_holds_every_row_with_its_sources() -> None:
    found = document(run("decide", PRICE, "--on", "2024-08-01", "product=short_1", "--explain", "--changes", "--json"))
    rows = {row["row"]: row for row in found["explanation"]}
    assert rows[found["reason"]]["holds"] is True
    assert any(not row["in_force"] for row in rows.values())
    assert all(row["citations"] or row["kind"] in {"inferred", "unknown"} for row in rows.values() if row["in_force"])
    assert found["changes"]


def test_a_person_is_told_the_answer_the_reason_and_the_source() -> None:
    done = run("decide", PRICE, "--on", "2024-08-01", "product=d30_transit", "category=youth", "--language", "en")
    assert done.code == 0
    assert "55,000" in done.out
    assert "§" in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((PRICE, "product"), 2, "write name=value"),
        ((PRICE, "produkt=d30_transit"), 2, 'did you mean "product"?'),
        ((PRICE, "product=d30_transitt"), 1, 'did you mean "d30_transit"?'),
        ((PRICE, "product=short_1", "product=short_2"), 2, "given twice"),
        ((PRICE, "--on", "2024-13-01"), 2, "--on: the text is not a day"),
        (("seoul/climate-card/prices",), 2, 'did you mean "price"?'),
        (("price",), 2, "write PACK/TABLE"),
        (("seoul/gtsn-index/price",), 2, "has no table"),
        ((PRICE, "--file", "x.csv"), 2, "--file and --out belong together"),
    ],
)
def test_a_wrong_call_is_told_in_one_line(arguments: tuple[str, ...], code: int, told: str) -> None:
    done = run("decide", *arguments)
    assert done.code == code
    assert told in done.err
    assert "Traceback" not in done.err


def test_a_number_that_identifies_a_person_is_refused_and_not_shown() -> None:
    number = "900101-" + "1" + "234567"
    for arguments in ((f"payer={number}",), (f"{number}=yes",), (number,)):
        done = run("decide", IDENTITY, *arguments)
        assert done.code in {1, 2}
        assert number not in done.out + done.err


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_every_row_of_a_file_is_decided_and_its_key_is_kept(tmp_path: Path, ending: str) -> None:
    rows = pa.table(
        {
            "case": ["a", "b", "c"],
            "on": pa.array(["2024-08-01", "2024-01-23", "2024-08-01"]).cast(pa.date32()),
            "product": ["d30_transit", "d30_transit", "short_1"],
            "category": ["youth", None, None],
        }
    )
    source, out = tmp_path / f"in.{ending}", tmp_path / f"out.{ending}"
    (pq.write_table if ending == "parquet" else pacsv.write_csv)(rows, source)
    counts = document(run("decide", PRICE, "--file", source, "--out", out, "--keep", "case", "--missing", "--json"))
    assert counts["rows"] == 3
    found = (pq.read_table if ending == "parquet" else pacsv.read_csv)(out).to_pylist()
    assert [row["case"] for row in found] == ["a", "b", "c"]
    assert [row["amount"] for row in found] == [55_000, None, 5_000]
    assert [row["result"] for row in found] == ["sold", "undetermined", "sold"]


def test_what_changed_between_two_days_is_shown_with_cases() -> None:
    changed = document(run("diff", IDENTITY, "--from", "2025-06-30", "--to", "2025-07-01", "--json"))
    assert changed["complete"]
    assert changed["rows_added"] == ["special_copayment"]
    assert {change["after"]["reason"] for change in changed["changes"]} == {"special_copayment"}
    example = changed["changes"][0]["example"]
    assert example["facility"] in {"general_hospital", "tertiary_hospital"}
    assert "special_copayment_5_years" in example["patient_status"]


def test_what_became_known_later_is_shown_with_the_cases_to_redo() -> None:
    """The youth discount was widened on 2024-04-28 with effect from 2024-02-26."""
    given = ("--on", "2024-03-10", "--known-from", "2024-04-27", "--known-to", "2024-04-28", "--json")
    changed = document(run("diff", "seoul/climate-card/eligibility", *given))
    assert changed["changes"]
    for change in changed["changes"]:
        assert change["before"]["outcome"]["result"] == "not_eligible"
        assert change["after"]["outcome"]["result"] == "eligible"
        assert 1984 <= change["example"]["birth_year"] <= 1988


def test_a_what_if_is_counted_over_a_population(tmp_path: Path) -> None:
    (tmp_path / "what-if.yaml").write_text("title: {en: Never}\nrows: {short_1: }\n", "utf-8")
    pq.write_table(pa.table({"product": ["short_1"] * 3 + ["short_2"]}), tmp_path / "people.parquet")
    given = ("--on", "2025-01-01", "--what-if", tmp_path / "what-if.yaml", "--file", tmp_path / "people.parquet")
    rows = {row["row"] for row in document(run("decide", PRICE, "--explain", "--json"))["explanation"]}
    done = run("diff", PRICE, *given, "--json")
    if "short_1" not in rows:
        assert done.code == 1
        assert 'unknown row "short_1"' in done.err
        return
    counted = document(done)["population"]
    assert (counted["cases"], counted["changed"]) == (4, 3)


def test_one_comparison_is_asked_for_at_a_time() -> None:
    done = run("diff", PRICE)
    assert done.code == 2
    assert "give one comparison" in done.err


def test_the_examples_of_a_pack_are_its_tests() -> None:
    found = document(run("test", "kr/nhi-id-check", "seoul/climate-card", "seoul/international-residents", "--json"))
    for pack in found["packs"]:
        assert pack["failed"] == []
        assert pack["rows_without_example"] == []
        assert pack["examples"] >= pack["rows"] > 0


def test_an_example_that_is_not_as_expected_is_told_at_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    assert run("packs").code == 0
    from donghaeng.catalogue.find import find

    source = find("seoul/international-residents").folder
    subprocess.run(["cp", "-r", str(source), str(folder)], check=True)
    file = next((folder / "examples").glob("*.yaml"))
    text = file.read_text("utf-8")
    file.write_text(text.replace("result: eligible", "result: not_eligible", 1), "utf-8")
    done = run("test", folder)
    assert done.code == 1
    assert "result is eligible, expected not_eligible" in done.out
    assert f"examples/{file.name}:" in done.out


def test_a_pack_without_tables_has_no_examples() -> None:
    done = run("test", "undp/hdi")
    assert done.code == 2
    assert "has no decision tables" in done.err


def test_a_table_describes_what_it_asks_and_answers() -> None:
    found = document(run("describe", IDENTITY, "--json"))
    assert found["inputs"]["birth_date"]["type"] == "date"
    assert set(found["inputs"]["payer"]["question"]) == {"ko", "en"}
    assert set(found["outcomes"]["result"]["codes"]) == {
        "covered_verified",
        "covered_exempt",
        "self_pay_refundable",
        "not_covered",
    }
    assert "예" not in run("describe", IDENTITY, "--language", "en").out


def test_only_what_is_still_needed_is_asked() -> None:
    """On a terminal: payer, service and lookup are needed of a child, and nothing else."""
    leader, follower = pty.openpty()
    command = [str(Path(sys.executable).with_name("donghaeng")), "ask", IDENTITY, "birth_date=2015-01-01"]
    command += ["--on", "2025-07-02", "--language", "en"]
    process = subprocess.Popen(command, stdin=follower, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    os.close(follower)
    os.write(leader, b"nhi\nyes\neligible\n")
    out, _ = process.communicate(timeout=60)
    os.close(leader)
    assert process.returncode == 0
    assert "under_19" in out
    assert "emergency" not in out


def test_a_text_without_a_name_is_not_repeated_since_it_may_be_a_birth_date() -> None:
    for given in (("1990-03-02",), ("payer=nhi", "1990-03-02")):
        done = run("decide", IDENTITY, *given)
        assert done.code == 2
        assert "1990-03-02" not in done.out + done.err
        assert f"number {len(given)} of the facts" in done.err


def test_a_fact_without_a_value_is_unknown_as_one_that_is_not_given() -> None:
    on = ("--on", "2025-07-02", "--json")
    assert document(run("decide", IDENTITY, "payer=", "birth_date= ", *on)) == document(run("decide", IDENTITY, *on))
    done = run("decide", IDENTITY, "payre=")
    assert done.code == 2
    assert 'did you mean "payer"?' in done.err


REFUND = ("seoul/climate-card/refund", "--on", "2025-02-20", "product=d30_transit", "medium=physical")


def test_an_explanation_shows_the_dated_values_that_rows_read_with_their_kind_and_source() -> None:
    done = run("decide", *REFUND, "--explain", "--language", "en")
    assert done.code == 0
    _, _, values = done.out.partition("Dated values that rows read")
    read = {line.split()[0]: line for line in values.splitlines() if line.strip()}
    assert "500 won" in read["refund_fee"]
    assert "published" in read["refund_fee"]
    assert "tmoney-refund" in read["refund_fee"]
    assert "second hand" in read["refund_fee_waived_below"]


def test_an_explanation_breaks_no_name() -> None:
    table = document(run("decide", *REFUND, "--explain", "--json"))
    shown = run("decide", *REFUND, "--explain", "--language", "en").out
    for row in table["explanation"]:
        assert f"  {row['row']}: " in shown
        assert row["when"] is None or row["when"] in shown


def test_korean_is_korean_throughout() -> None:
    shown = run("decide", *REFUND, "registered=yes", "--explain", "--changes", "--language", "ko").out
    for word in ("표의 모든 행", "조건:", "알 수 없음", "시행 기간:", "registered = 예", "간접 확인", "가장 작은 변화"):
        assert word in shown
    for word in ("= yes", ": unknown\n", "Every row", "second hand", "facts read", "Smallest"):
        assert word not in shown
    shown = run("describe", "seoul/climate-card/refund", "--language", "ko").out
    assert "묻는 사실" in shown
    assert "registered (예/아니오)" in shown
    assert "Inputs" not in shown


def test_what_changes_is_told_in_the_language_asked_for(tmp_path: Path) -> None:
    (tmp_path / "what-if.yaml").write_text("title: {ko: 값을 올림, en: Dearer}\nrows: {short_1: }\n", "utf-8")
    given = ("diff", PRICE, "--on", "2025-01-01", "--what-if", tmp_path / "what-if.yaml", "--language")
    korean, english = run(*given, "ko").out, run(*given, "en").out
    assert "값을 올림" in korean
    assert "답이 달라지는 경우의 종류" in korean
    assert "Kinds of cases" not in korean
    assert "Dearer" in english
    assert "Kinds of cases with another answer" in english
    done = run("diff", PRICE, "--from", "2024-06-30", "--to", "2024-07-01", "--language", "fr")
    assert done.code == 2
    assert "ko, en" in done.err


def test_examples_are_reported_in_korean_too() -> None:
    assert "맞음" in run("test", "seoul/international-residents", "--language", "ko").out
    assert "as expected" in run("test", "seoul/international-residents").out
    assert run("test", "seoul/international-residents", "--language", "fr").code == 2


def test_a_table_describes_its_codes_and_limits_to_people() -> None:
    shown = run("describe", "seoul/climate-card/refund", "--language", "en").out
    assert "    physical: Physical card\n" in shown
    assert "  bike_days (integer, 0 to 31 days): " in shown
    assert "  charge (money, 0 to 1,000,000 won): " in shown
    assert "    not_refundable: Not refundable\n" in shown


def test_the_end_of_input_shows_the_decision_so_far() -> None:
    command = [str(Path(sys.executable).with_name("donghaeng")), "ask", "seoul/climate-card/postpaid-cap"]
    command += ["--on", "2025-01-01", "--language", "en"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0
    assert "Aborted" not in done.stdout + done.stderr
    assert "2025-01-01: undetermined" in done.stdout
    assert "Facts still needed" in done.stdout


def test_a_day_on_which_a_table_lists_nothing_is_told_plainly() -> None:
    shown = run("decide", "seoul/climate-card/sale-points", "--on", "2015-01-01", "--language", "en").out
    assert "2015-01-01: no row applies" in shown
    assert "not firmly known" not in shown
    assert "해당하는 행 없음" in run("decide", "seoul/climate-card/sale-points", "--on", "2015-01-01").out


@pytest.mark.parametrize(("earlier", "amount"), [(0, 300_000), (1, 600_000), (2, 1_000_000), (3, 1_000_000)])
def test_a_fine_is_graded_by_the_breaches_that_count(earlier: int, amount: int) -> None:
    """Annex 7 of the Decree: 300,000 won, 600,000 and 1,000,000."""
    facts = ("identity_checked=no", "just_cause=no", f"earlier_breaches={earlier}")
    decision = document(run("decide", "kr/nhi-id-check/fine", "--on", "2025-02-03", *facts, "--json"))
    assert decision["outcome"]["amount"] == amount
    assert decision["kind"] == "published"


@pytest.mark.parametrize(
    ("on", "result"), [("2024-08-19", "no_fine"), ("2024-08-20", "undetermined"), ("2024-08-21", "fined")]
)
def test_the_day_on_which_the_grace_period_ends_is_not_known(on: str, result: str) -> None:
    facts = ("identity_checked=no", "just_cause=no", "earlier_breaches=0")
    decision = document(run("decide", "kr/nhi-id-check/fine", "--on", on, *facts, "--json"))
    assert decision["outcome"]["result"] == result
    assert len(decision["statements"]) == (2 if result == "undetermined" else 0)


@pytest.mark.parametrize(("medium", "by"), [("mobile", None), ("physical", "2025-03-16")])
def test_only_a_physical_card_has_an_online_claim_after_its_stop(medium: str, by: str | None) -> None:
    facts = ("product=d30_transit", f"medium={medium}", "period_end=2025-03-01", "charge=62000", "used_transit=20000")
    facts += ("cause=other", "registered=yes", "stopped_in_period=yes")
    found = document(run("decide", "seoul/climate-card/refund", "--on", "2025-02-20", *facts, "--json"))["outcome"]
    assert (found["amount"], found["act_by"], found["web_claim_by"]) == (41_500, "2025-03-01", by)
