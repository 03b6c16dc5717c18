"""What people ask of a budget, as they type it."""

from __future__ import annotations

from donghaeng.budget.amounts import FORMS, read_amount, read_rate
from donghaeng.budget.plan import Request
from donghaeng.budget.settings import OBJECTIVES
from donghaeng.errors import UsageError, listed, nearest


def read_request(
    amount: int | str | None = None,
    objective: str | None = None,
    cut: str | None = None,
    supplementary: int | str | None = None,
    robust: bool = False,
) -> Request:
    """Read a request.

    Args:
        amount: own money to divide; None for the current total.
        objective: one of `OBJECTIVES`; None for that of the pack.
        cut: a rate such as ``5%``; None for no cut.
        supplementary: own money on top of the current total; None for none.
        robust: whether the plan is made for the worst of the parameter draws.

    Raises:
        UsageError: what is no money, no rate or no objective, and more than one question at once.
    """
    if objective is not None and objective not in OBJECTIVES:
        hint = nearest(objective, OBJECTIVES)
        raise UsageError(
            f'"{objective}" is no objective; expected one of {listed(OBJECTIVES)}{"; " + hint if hint else ""}'
        )
    request = Request(
        None if amount is None else _money(amount),
        objective,
        None if cut is None else read_rate(cut),
        None if supplementary is None else _money(supplementary),
        robust,
    )
    request.mode()
    return request


def _money(given: int | str) -> int:
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise UsageError(f"{given!r} is not an amount of money; expected {FORMS}, in whole units of the currency")
    return read_amount(str(given))
