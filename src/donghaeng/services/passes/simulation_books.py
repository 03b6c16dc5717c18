"""The books of a made-up month: settled, compared with made-up files of a provider and a bank, and proved."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from donghaeng.ledger.statement import Statement
from donghaeng.services.passes.accounts import prove
from donghaeng.services.passes.reconcile import BANK_COLUMNS, PROVIDER_COLUMNS, reconcile
from donghaeng.services.passes.schema import payments
from donghaeng.services.passes.service import Who
from donghaeng.services.passes.settlement import settle
from donghaeng.services.passes.simulation import MADE_UP
from donghaeng.services.passes.simulation_play import PassPlay

_PAYMENTS = Statement(select(payments.c.payment, payments.c.amount, payments.c.paid_at).order_by(payments.c.payment))
CLERK = Who(f"{MADE_UP}-books", f"{MADE_UP}-clerk")


def close_books(play: PassPlay, folder: Path, seed: int) -> dict[str, Any]:
    """Settle the days that were played, compare the payments with made-up files, and prove the accounts.

    Args:
        play: the month, after `PassPlay.run`.
        folder: for the made-up files.
        seed: for what the provider gets wrong.

    Returns:
        What was settled, compared and proved, in plain values.
    """
    service = play.service
    settled = settle(service, play.files, play.first, play.last, rules=play.fares, distances=play.distances)
    # Its memory is wanted for the payments now.
    play.files.close()
    sums = dict.fromkeys(("rides", "value", "from_price", "city", "borne", "unshared", "below", "above"), 0)
    unused = fees = 0
    rests_on: set[str] = set()
    for day in settled:
        for share in day.body["shares"]:
            for name in sums:
                sums[name] += share[name]
        unused += day.body["unused"]
        fees += day.body["fees"]
        rests_on.update(day.body["rests_on"])
    provider, bank = _files(play, folder, seed)
    compared = reconcile(service, CLERK, play.first, play.last, provider, bank)
    proofs = prove(service)
    return {
        "settled": sums | {"days": len(settled), "unused": unused, "fees": fees, "rests_on": sorted(rests_on)},
        "reconciled": {
            "payments": compared.ours[0],
            "matched": compared.matched[0],
            "differences": len(compared.differences),
            "amounts": compared.amounts(),
            "unexplained": list(compared.unexplained),
            "suspense": dict(compared.suspense),
        },
        "proofs": {one.name: one.unexplained for one in proofs},
        "unexplained": sum(abs(one.unexplained) for one in proofs) + sum(map(abs, compared.unexplained)),
    }


def _files(play: PassPlay, folder: Path, seed: int) -> tuple[Path, Path]:
    """Write what the provider and the bank say, with a share of lines that are missing or say another amount."""
    draw = np.random.default_rng([seed, 4])
    days = play.service.section.days
    lines: list[tuple[Any, ...]] = []
    batches: dict[str, int] = {}
    for payment, amount, paid_at in play.service.ledger.store.query(_PAYMENTS):
        paid_on = days.day(datetime.fromisoformat(paid_at))
        wrong = draw.random() < play.model.trouble.unmatched
        if wrong and draw.random() < 0.5:
            continue
        said = amount + 100 if wrong else amount
        batch = f"{MADE_UP}-batch-{paid_on.isoformat()}"
        lines.append((payment, said, paid_on.isoformat(), batch))
        batches[batch] = batches.get(batch, 0) + said
    provider, bank = folder / f"{MADE_UP}-provider.csv", folder / f"{MADE_UP}-bank.csv"
    _write(provider, PROVIDER_COLUMNS, lines)
    value_on = (play.last + timedelta(days=2)).isoformat()
    _write(bank, BANK_COLUMNS, [(batch, amount, value_on) for batch, amount in sorted(batches.items())])
    return provider, bank


def _write(path: Path, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
