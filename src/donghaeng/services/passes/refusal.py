"""What the pass service says no to: each no has a code, and says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from donghaeng.errors import DonghaengError

#: Status of the answer over HTTP, by code; the documentation lists the codes.
STATUS: Mapping[str, int] = MappingProxyType(
    {
        # What was asked for is not there.
        **dict.fromkeys(
            ("unknown-card", "unknown-order", "unknown-period", "unknown-refund", "unknown-claim", "unknown-agent"), 404
        ),
        **dict.fromkeys(("unknown-payment", "unknown-block"), 404),
        # The request has a fault.
        **dict.fromkeys(
            (
                *("unknown-code", "amount-out-of-range", "time-out-of-range", "start-out-of-window", "not-prepaid"),
                *("not-postpaid", "missing-facts", "empty", "fact", "identifier-of-a-person"),
            ),
            422,
        ),
        # The state does not allow it.
        **dict.fromkeys(
            (
                *("not-sold", "channel-refused", "rule-unknown", "setting-needed", "card-closed", "card-registered"),
                *("card-not-registered", "medium-denied", "not-eligible", "discount-held", "too-early", "refund-first"),
                *("period-running", "order-paid", "order-closed", "not-refundable", "stop-first", "refund-asked"),
                *("refund-paid", "same-key", "range-exceeded", "claim-decided", "out-of-stock", "agent-closed"),
                *("key-reused", "payment-settled", "nothing-to-pay", "block-lifted", "wrong-medium", "busy"),
                *("agent-known", "not-open", "over-remitted"),
            ),
            409,
        ),
    }
)


#: What a Korean reader is told by code, where no rule of the pack has words for it: what is wrong and what to do.
KOREAN: Mapping[str, str] = MappingProxyType(
    {
        "unknown-card": "이 번호의 카드가 없습니다. 번호를 다시 확인하십시오.",
        "unknown-order": "이 번호의 주문이 없습니다. 번호를 다시 확인하십시오.",
        "unknown-period": "이 충전의 이용 기간이 없습니다. 번호를 다시 확인하십시오.",
        "unknown-refund": "이 번호의 환불 신청이 없습니다. 번호를 다시 확인하십시오.",
        "unknown-claim": "이 번호의 이의 신청이 없습니다. 번호를 다시 확인하십시오.",
        "unknown-agent": "이 번호의 판매 대리점이 없습니다. 번호를 다시 확인하십시오.",
        "unknown-payment": "이 번호의 결제가 없습니다. 번호를 다시 확인하십시오.",
        "unknown-block": "이 카드에 그런 정지가 없습니다. 카드 상태를 다시 보십시오.",
        "unknown-code": "쓰이지 않는 코드입니다. 목록에 있는 것을 고르십시오.",
        "amount-out-of-range": "있을 수 없는 금액이나 수량입니다. 고쳐 넣으십시오.",
        "time-out-of-range": "있을 수 없는 시각입니다. 고쳐 넣으십시오.",
        "start-out-of-window": "고를 수 없는 시작일입니다. 정해진 기간 안에서 고르십시오.",
        "not-prepaid": "선불카드의 권종이 아닙니다. 후불 등록을 하십시오.",
        "not-postpaid": "후불카드의 권종이 아닙니다. 주문하고 결제하십시오.",
        "missing-facts": "더 알아야 할 것이 있습니다. 물음에 답하십시오.",
        "empty": "빈 값이거나 쓸 수 없는 글자가 있습니다. 고쳐 넣으십시오.",
        "fact": "값이 물음에 맞지 않습니다. 고쳐 넣으십시오.",
        "identifier-of-a-person": "개인 식별번호로 보여 받지 않았습니다. 계정 이름을 넣으십시오.",
        "not-sold": "이 날에는 이 권종을 팔지 않습니다. 다른 권종을 고르십시오.",
        "channel-refused": "여기서는 이 결제 수단으로 충전할 수 없습니다. 다른 결제 수단을 고르십시오.",
        "rule-unknown": "이 경우의 규칙이 알려지지 않았습니다. 책임자가 먼저 정해야 합니다.",
        "setting-needed": "금액이 범위로만 알려져 있습니다. 책임자가 먼저 정해야 합니다.",
        "card-closed": "해지된 카드입니다. 새 카드를 발급하십시오.",
        "card-registered": "다른 사람에게 등록된 카드입니다.",
        "card-not-registered": "등록되지 않은 카드입니다. 먼저 등록하십시오.",
        "medium-denied": "사용이 정지되었거나 교체된 매체입니다. 정지를 풀거나 새 매체로 바꾸십시오.",
        "not-eligible": "이 카드는 그 할인 자격이 확인되지 않았습니다. 자격을 먼저 확인하십시오.",
        "discount-held": "이 사람은 이미 할인 카드가 있습니다. 그 카드의 할인을 먼저 끝내야 합니다.",
        "too-early": "아직 다시 충전할 수 없습니다.",
        "refund-first": "먼저 환불한 다음 다시 충전하십시오.",
        "period-running": "이용 기간이 아직 남아 있습니다. 끝난 다음 충전하십시오.",
        "order-paid": "이미 결제된 주문입니다. 돌려주려면 환불을 신청하십시오.",
        "order-closed": "취소된 주문입니다. 새로 주문하십시오.",
        "not-refundable": "이 경우에는 환불되지 않습니다.",
        "stop-first": "먼저 카드 사용을 정지한 다음 환불을 신청해야 합니다.",
        "refund-asked": "이미 환불을 신청했습니다. 지급 목록을 보십시오.",
        "refund-paid": "이미 지급했거나 거절한 환불입니다.",
        "same-key": "환불을 신청한 열쇠로는 지급할 수 없습니다. 다른 사람의 열쇠로 지급하십시오.",
        "range-exceeded": "낸 금액에서 남은 것보다 많이 돌려줄 수 없습니다.",
        "claim-decided": "이미 판단한 이의 신청입니다. 다투려면 새로 신청하십시오.",
        "out-of-stock": "대리점에 남은 카드가 없습니다. 카드를 먼저 받으십시오.",
        "agent-closed": "판매를 끝낸 대리점입니다.",
        "key-reused": "같은 이름의 다른 요청이 이미 있습니다. 처음부터 다시 하십시오.",
        "payment-settled": "돌려줄 돈이 아니거나 이미 돌려준 결제입니다.",
        "nothing-to-pay": "돌려줄 금액이 없습니다. 환불을 거절하십시오.",
        "block-lifted": "이미 풀린 정지입니다.",
        "wrong-medium": "이 매체에는 쓸 수 없는 권종입니다. 다른 권종이나 매체를 고르십시오.",
        "busy": "다른 요청을 처리하고 있습니다. 잠시 뒤 다시 하십시오.",
        "agent-known": "이미 쓰고 있는 대리점 번호입니다. 다른 번호를 넣으십시오.",
        "not-open": "지금은 신청할 수 있는 때가 아닙니다.",
        "over-remitted": "대리점이 낼 금액보다 많습니다. 금액을 고쳐 넣으십시오.",
    }
)


class PassRefusedError(DonghaengError):
    """A request that the service refuses; nothing was changed.

    Attributes:
        code: a word for programs, one of `STATUS`.
        text: a sentence in English with what to do.
        words: the same for a person, by language: those of the rule that refuses, or those of the code.
        details: plain values that help to act on it, such as a day.
    """

    def __init__(self, code: str, text: str | Mapping[str, str], **details: Any) -> None:
        """Take the code, a sentence with what to do or the words of a rule by language, and plain values."""
        if code not in STATUS:
            raise ValueError(f"no refusal has the code {code}")
        self.code, self.details = code, details
        if isinstance(text, str):
            self.text = text
            self.words: Mapping[str, str] = {"ko": KOREAN[code], "en": f"{text[:1].upper()}{text[1:]}."}
        else:
            self.words = dict(text)
            self.text = self.words.get("en") or next(iter(self.words.values()))
        super().__init__(f"{code}: {self.text}")

    @property
    def status(self) -> int:
        """Status of the answer over HTTP."""
        return STATUS[self.code]
