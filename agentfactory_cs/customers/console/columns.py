"""The columns of the customers list that the customers themselves fill."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agentfactory_cs.console.registry import Column, Words, columns
from agentfactory_cs.console.templatetags.console import figure, when

from ..days import utc_day
from ..models import Customer
from ..queries import Contract, LastContact, contracts, last_contacts

SUBJECT = "customers.Customer"


def _themselves(customers: Sequence[Customer], now: datetime) -> Mapping[int, Customer]:
    return {customer.pk: customer for customer in customers}


def _contracts(customers: Sequence[Customer], now: datetime) -> Mapping[int, Contract]:
    # Two columns show the contracts; the second finds them on the things of the page.
    if customers and not hasattr(customers[0], "contract_in_force"):
        found = contracts([customer.pk for customer in customers], utc_day(now))
        for customer in customers:
            customer.contract_in_force = found.get(customer.pk)  # type: ignore[attr-defined]
    return {customer.pk: customer.contract_in_force for customer in customers}  # type: ignore[attr-defined]


def _last_contacts(customers: Sequence[Customer], now: datetime) -> Mapping[int, LastContact]:
    return last_contacts([customer.pk for customer in customers])


def _name(customer: Customer) -> SafeString:
    tier = customer.get_tier_display()
    return format_html('<span class="af-name">{}</span> <span class="af-tier">{}</span>', customer.name, tier)


def _stage(customer: Customer) -> str:
    return customer.get_lifecycle_stage_display()


def _manager(customer: Customer) -> str | SafeString:
    manager = customer.success_manager
    if manager is None:
        return format_html('<span class="af-quiet">{}</span>', _("nobody"))
    return manager.get_full_name() or manager.get_username()


def money_words(amounts: Mapping[str, Any]) -> str:
    """Amounts by currency, whole units: "1,200 USD"."""
    return " + ".join(f"{figure(amount)} {currency}" for currency, amount in amounts.items())


def _revenue(contract: Contract | None) -> str | SafeString:
    if contract is None:
        return "–"
    if not contract.pays_late:
        return money_words(contract.mrr)
    late = dict(_payment_words())[contract.payment_status]
    return format_html('{} <span class="af-bad">{}</span>', money_words(contract.mrr), late)


def _payment_words() -> Sequence[tuple[str, str]]:
    return [("past_due", _("past due")), ("unpaid", _("unpaid")), ("current", _("current"))]


def _renewal(contract: Contract | None) -> str | SafeString:
    return when(contract.renews_on) if contract else "–"


def _contact(contact: LastContact | None) -> str | SafeString:
    if contact is None:
        return format_html('<span class="af-quiet">{}</span>', _("never"))
    ways = (("north_east", _("We reached out"), contact.out), ("south_west", _("They reached out"), contact.back))
    return format_html_join(
        " ",
        '<span class="af-way" title="{}"><span class="material-symbols-outlined" aria-label="{}">{}</span>{}</span>',
        ((words, words, icon, when(moment)) for icon, words, moment in ways if moment),
    )


_COLUMNS: Sequence[tuple[str, Words, Any, Any, str | None, int]] = (
    ("name", gettext_lazy("Customer"), _themselves, _name, "name", 0),
    ("manager", gettext_lazy("Success manager"), _themselves, _manager, "success_manager__username", 50),
    ("stage", gettext_lazy("Stage"), _themselves, _stage, "lifecycle_stage", 51),
    ("revenue", gettext_lazy("MRR"), _contracts, _revenue, None, 60),
    ("renewal", gettext_lazy("Renewal"), _contracts, _renewal, None, 61),
    ("contact", gettext_lazy("Last contact"), _last_contacts, _contact, None, 70),
)

for key, title, load, render, ordering, order in _COLUMNS:
    columns.register(Column(f"customers.{key}", SUBJECT, title, load, render, ordering=ordering, order=order))
