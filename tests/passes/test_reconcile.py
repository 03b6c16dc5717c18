"""Our payments, the provider's and the bank's: what does not agree has a name, and the sums meet."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donghaeng.errors import InputError, UsageError
from donghaeng.services.passes.charging import receive_payment
from donghaeng.services.passes.reconcile import (
    BankLine,
    ProviderLine,
    compare,
    read_provider,
    reconcile,
    suspense_by_age,
)
from tests.passes.counters import DESK, SELLER, Counter

DAY = date(2024, 8, 1)


def lines(*given: tuple[str, int]) -> list[ProviderLine]:
    return [ProviderLine(name, amount, DAY, "batch 1") for name, amount in given]


def test_each_difference_has_its_name_and_the_sums_meet() -> None:
    ours = {"a": 62_000, "b": 5_000, "c": 8_000}
    provider = [*lines(("a", 62_000), ("b", 5_500), ("x", 100), ("x", 100))]
    found = compare(ours, provider, [BankLine("batch 1", 67_000, DAY), BankLine("batch 9", 1, DAY)], {})
    assert [(one.what, one.name, one.amount) for one in found.differences] == [
        ("missing at provider", "c", -8_000),
        ("other amount", "b", 500),
        ("other amount banked", "batch 1", -700),
        ("twice at provider", "x", 100),
        ("unknown batch banked", "batch 9", 1),
        ("unknown to us", "x", 100),
    ]
    assert found.matched == (1, 62_000)
    assert found.unexplained == (0, 0)


NAMES = st.sampled_from("abcdefgh")
AMOUNTS = st.integers(0, 10**6)


@given(
    st.dictionaries(NAMES, AMOUNTS),
    st.lists(st.builds(ProviderLine, NAMES, AMOUNTS, st.just(DAY), st.sampled_from(["", "1", "2"]))),
    st.lists(st.builds(BankLine, st.sampled_from(["1", "2", "3"]), AMOUNTS, st.just(DAY))),
)
def test_differences_always_explain_the_whole_gap(
    ours: dict[str, int], provider: list[ProviderLine], bank: list[BankLine]
) -> None:
    assert compare(ours, provider, bank, {}).unexplained == (0, 0)


def test_a_comparison_is_recorded_once_and_suspense_ages(counter: Counter, tmp_path: Path) -> None:
    counter.charge(counter.issue())
    order = counter.order(counter.issue())
    counter.pay(order, amount=order.amount - 1)
    receive_payment(counter.service, SELLER, payment="nobody's", order="no such order", amount=700, means="cash")
    paid = [row[0] for row in counter.ledger.store.query(_all_payments())]
    provider = tmp_path / "provider.csv"
    text = "".join(f"{name},{62_000 if number else 61_999},2024-08-01,b1\n" for number, name in enumerate(sorted(paid)))
    provider.write_text(f"payment,amount,paid_on,batch\n{text}other,5,2024-08-01,\n", "utf-8")
    counter.at("2024-08-05 10:00")
    before = counter.service.position("reconciliation/2024-08-01/2024-08-01")
    found = reconcile(counter.service, DESK, DAY, DAY, provider)
    assert reconcile(counter.service, DESK, DAY, DAY, provider) == found
    assert counter.service.position("reconciliation/2024-08-01/2024-08-01") == before + 1
    assert found.unexplained == (0, 0)
    assert found.ours == (3, 62_000 + 61_999 + 700)
    assert found.suspense == {"0-1 days": 0, "2-7 days": 62_699, "8-30 days": 0, "31 days and more": 0}
    assert suspense_by_age(counter.service, date(2024, 9, 5))["31 days and more"] == 62_699
    with pytest.raises(UsageError, match="in order"):
        reconcile(counter.service, DESK, DAY, date(2024, 7, 1), provider)


def _all_payments():  # type: ignore[no-untyped-def]
    from sqlalchemy import select

    from donghaeng.ledger.statement import Statement
    from donghaeng.services.passes.schema import payments

    return Statement(select(payments.c.payment))


def test_faults_of_a_file_are_told_together_with_their_places(tmp_path: Path) -> None:
    path = tmp_path / "provider.csv"
    path.write_text("payment,amount,paid_on,batch\na,-5,2024-08-01,b\nb,5,yesterday,b\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read_provider(path, "provider.csv")
    assert [(fault.line, fault.column) for fault in caught.value.faults] == [(2, 3), (3, 5)]
