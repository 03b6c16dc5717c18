"""What a pack says of its passes: ``service/passes.yaml``; `section_reading` reads it.

Rules stand in the decision tables of the pack. The section says which table answers which question, which products,
categories, media, channels and means of payment there are, and what the service must know beside the rules: each such
setting with how it is known, because a service cannot leave open what a source leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from donghaeng.documents import Day, Model, formed
from donghaeng.rules.document import Citation, Code, KindWord, Name, TableId
from donghaeng.rules.reading import RulesSection
from donghaeng.services.passes.fare_section import Fares
from donghaeng.services.passes.roles import Role
from donghaeng.services.passes.service_day import ServiceDays
from donghaeng.wording import Text

FILE = "service/passes.yaml"
#: Setting: how much of a commission goes back with a charge that is refunded, in percent.
BACK_PERCENT = "commission_back_percent"

Pays = Literal["prepaid", "postpaid"]
Start = Literal["chosen", "at_once", "calendar_month"]
#: Languages of what a gate shows and says.
GATE_LANGUAGES = ("ko", "en", "ja", "zh")
Spoken = dict[Literal["ko", "en", "ja", "zh"], Annotated[str, Field(min_length=1)]]
Codes = Annotated[tuple[Code, ...], Field(strict=False)]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]
Citations = Annotated[tuple[Citation, ...], Field(strict=False)]


def _hour(value: str) -> str:
    try:
        time.fromisoformat(value)
    except ValueError:
        raise ValueError(f'"{value}" is no time of day', 'an hour and a minute such as "04:00"') from None
    return value


Hour = Annotated[str, formed(r"^[0-2][0-9]:[0-5][0-9]$", 'an hour and a minute such as "04:00"'), AfterValidator(_hour)]


class Setting(Model):
    """What the service must know, and how it is known.

    Attributes:
        value: the value that is used; of kind ``unknown`` it is a choice that no source confirms.
        kind: how it is known.
        cite: where it stands.
        note: what a reader should know.
    """

    value: bool | int | str
    kind: KindWord = "published"
    cite: Citations = ()
    note: Text | None = None


class ServiceDay(Setting):
    """When the service day begins.

    Attributes:
        value: the local time, such as ``"04:00"``.
        same_as: a dated value of the pack in whole hours, which must say the same.
    """

    value: Hour
    same_as: Name | None = None


class TableOf(Model):
    """The decision table that answers a question.

    Attributes:
        table: id of the table.
        facts: its names of facts that it calls otherwise than the service does, by the name of the service.
        outcomes: its names of fields of the outcome that it calls otherwise, by the name of the service.
        results: what its results mean to the service, where they have other codes.
    """

    table: TableId
    facts: dict[Name, Name] = Field(default_factory=dict)
    outcomes: dict[Name, Name] = Field(default_factory=dict)
    results: dict[Code, Code] = Field(default_factory=dict)


class Product(Model):
    """What is sold.

    Attributes:
        title: name.
        pays: ``prepaid``, or ``postpaid`` for one that is billed after use.
        start: whether it starts on a ``chosen`` day, ``at_once`` or with the ``calendar_month``.
        rights: add-ons that it carries beside the usual rides.
        categories: categories of rider that it is sold to.
        media: media that carry it.
        again: whether it may be charged again before it is over, by the table of ``recharge``.
        before_paying: what a buyer is told before paying.
    """

    title: Text
    pays: Pays = "prepaid"
    start: Start
    rights: Codes = ()
    categories: Annotated[tuple[Code, ...], Field(strict=False, min_length=1)]
    media: Annotated[tuple[Code, ...], Field(strict=False, min_length=1)]
    again: bool = False
    before_paying: Texts = ()


class Category(Model):
    """A category of rider.

    Attributes:
        title: name.
        verified: whether a card must be verified for it first; it is then a discount, one card a person.
        label: label of it on the medium and at gates, of what the pack declares under ``gates.signals``.
    """

    title: Text
    verified: bool = False
    label: Code | None = None


class Medium(Model):
    """A kind of medium.

    Attributes:
        title: name.
        price: what it costs, in whole units, or the dated value that says so.
        pays: which cards it is made for.
        carries_period: whether a period can be written on it; gates need a full list of those that carry none.
        stop_first: whether it is stopped at a machine before a refund is asked for.
        counts_registered: whether periods count for a later refund only from the registration of the card.
        rule: code by which the table of refunds knows it; None for its own code.
    """

    title: Text
    price: int | Name = 0
    pays: Pays = "prepaid"
    carries_period: bool = True
    stop_first: bool = False
    counts_registered: bool = False
    rule: Code | None = None


class Means(Model):
    """A means of payment.

    Attributes:
        title: name.
        back_to: where a refund goes: the ``bank_account`` of the rider, or the payment is cancelled (``cancellation``).
    """

    title: Text
    back_to: Literal["bank_account", "cancellation"]


class Named(Model):
    """Something with a name.

    Attributes:
        title: name.
    """

    title: Text


class Changes(Model):
    """What the table of recharging calls a change of product.

    Attributes:
        same: the same product.
        other: another product.
        added: another product that adds a right, by right.
    """

    same: Code = "same_product"
    other: Code = "other_product"
    added: dict[Code, Code] = Field(default_factory=dict)


class Hours(Model):
    """A day on which something may be asked for only in some hours; rules hold for whole days.

    Attributes:
        role: what is asked for.
        on: the calendar day.
        opens: local time from which on; None for the whole day before `closes`.
        closes: local time before which; None for the whole day after `opens`.
        cite: where it stands.
    """

    role: Role
    on: Day
    opens: Hour | None = None
    closes: Hour | None = None
    cite: Citations = ()


class Gates(Model):
    """What gates show and say.

    Attributes:
        words: words by reason code, in Korean, English, Japanese and Chinese.
        signals: colour by label of a category.
        refused: colour of a refusal.
        sounds: sound by ``accepted`` and ``refused``.
    """

    words: dict[Code, Spoken] = Field(default_factory=dict)
    signals: dict[Code, Code] = Field(default_factory=dict)
    refused: Code = "red"
    sounds: dict[Code, Code] = Field(default_factory=dict)


class PassesModel(Model):
    """The content of ``service/passes.yaml``.

    Attributes:
        title: name of the service.
        timezone: time zone of the service.
        service_day: when the service day begins.
        tables: which table answers which question.
        products: what is sold, by code.
        categories: categories of rider, by code; the first is the usual one.
        media: kinds of medium, by code.
        channels: where it is sold, by code.
        payments: means of payment, by code.
        rights: add-ons, by code.
        changes: what the table of recharging calls a change.
        hours: days on which something may be asked for only in some hours.
        settings: what else the service must know, by name.
        gates: what gates show and say.
        fares: what rides are worth beside the tables; without it the value of use is not known.
    """

    title: Text
    timezone: str
    service_day: ServiceDay
    tables: dict[Role, TableOf]
    products: Annotated[dict[Code, Product], Field(min_length=1)]
    categories: Annotated[dict[Code, Category], Field(min_length=1)]
    media: Annotated[dict[Code, Medium], Field(min_length=1)]
    channels: Annotated[dict[Code, Named], Field(min_length=1)]
    payments: Annotated[dict[Code, Means], Field(min_length=1)]
    rights: dict[Code, Named] = Field(default_factory=dict)
    changes: Changes = Field(default_factory=Changes)
    hours: Annotated[tuple[Hours, ...], Field(strict=False)] = ()
    settings: dict[Name, Setting] = Field(default_factory=dict)
    gates: Gates = Field(default_factory=Gates)
    fares: Fares | None = None


@dataclass(frozen=True)
class PassesSection:
    """The passes of a pack, checked.

    Attributes:
        model: what the file says.
        pack: id of the pack.
        version: version of the pack.
        days: how moments become service days.
        rules: tables and dated values of the pack.
    """

    model: PassesModel
    pack: str
    version: str
    days: ServiceDays
    rules: RulesSection

    @property
    def usual_category(self) -> str:
        """The category of who claims none."""
        return next(iter(self.model.categories))

    def is_open(self, role: Role, at: datetime) -> bool:
        """Say whether the hours of a day let something be asked for at a moment."""
        local = at.astimezone(self.days.zone)
        clock = f"{local:%H:%M}"
        return all(
            (one.opens is None or one.opens <= clock) and (one.closes is None or clock < one.closes)
            for one in self.model.hours
            if one.role == role and one.on == local.date()
        )

    def setting(self, name: str, usual: int) -> int:
        """Give a setting that is a whole number, or the usual value where the pack says nothing."""
        found = self.model.settings.get(name)
        return usual if found is None else int(found.value)
