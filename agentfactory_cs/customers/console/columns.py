"""The columns of the customers list that the customers themselves fill."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agentfactory_cs.console.registry import Column, Words, columns
from agentfactory_cs.console.templatetags.console import figure, when

from ..days import utc_day
from ..models import Customer, Subscription
from ..queries import Contract, LastContact, contracts, last_contacts

SUBJECT = "customers.Customer"


def _themselves(customers: Sequence[Customer], now: datetime) -> Mapping[int, Customer]:
    return {customer.pk: customer for customer in customers}


def _contracts(customers: Sequence[Customer], now: datetime) -> Mapping[int, Contract]:
    return contracts([customer.pk for customer in customers], utc_day(now))


def _last_contacts(customers: Sequence[Customer], now: datetime) -> Mapping[int, LastContact]:
    return last_contacts([customer.pk for customer in customers])


def _name(customer: Customer) -> SafeString:
    tier = customer.get_tier_display()
    return format_html(
        '<span class="af-two"><span class="af-name">{}</span><span class="af-quiet">{}</span></span>',
        customer.name,
        tier,
    )


def _manager(customer: Customer) -> SafeString:
    manager = customer.success_manager
    who = (manager.get_full_name() or manager.get_username()) if manager else _("nobody")
    quiet = "" if manager else "af-quiet"
    return _two_lines(format_html('<span class="{}">{}</span>', quiet, who), customer.get_lifecycle_stage_display())


def _two_lines(first: str | SafeString, second: str | SafeString) -> SafeString:
    return format_html('<span class="af-two">{}<span class="af-quiet">{}</span></span>', first, second)


def money_words(amounts: Mapping[str, Any]) -> str:
    """Amounts by currency, whole units: "1,200 USD"."""
    return " + ".join(f"{figure(amount)} {currency}" for currency, amount in amounts.items())


def _contract(contract: Contract | None) -> SafeString | str:
    if contract is None:
        return "–"
    revenue = money_words(contract.mrr)
    if contract.pays_late:
        words = Subscription.PaymentStatus(contract.payment_status).label
        revenue = format_html('{} <span class="af-bad">{}</span>', revenue, words)
    return _two_lines(revenue, when(contract.renews_on))


def _contact(contact: LastContact | None) -> str | SafeString:
    if contact is None:
        return format_html('<span class="af-quiet">{}</span>', _("never"))
    ways = (("north_east", _("We reached out"), contact.out), ("south_west", _("They reached out"), contact.back))
    lines = format_html_join(
        "",
        '<span class="af-way" title="{}"><span class="material-symbols-outlined" aria-label="{}">{}</span>{}</span>',
        ((words, words, icon, when(moment)) for icon, words, moment in ways if moment),
    )
    return format_html('<span class="af-two">{}</span>', lines)


Cells = Sequence[tuple[Words, Callable[[Any], Any]]]

_NAME_CELLS: Cells = (
    (gettext_lazy("Customer"), attrgetter("name")),
    (gettext_lazy("Tenant id"), attrgetter("external_id")),
    (gettext_lazy("Tier"), lambda customer: customer.get_tier_display()),
)
_MANAGER_CELLS: Cells = (
    (gettext_lazy("Success manager"), lambda customer: customer.success_manager and customer.success_manager.username),
    (gettext_lazy("Stage"), lambda customer: customer.get_lifecycle_stage_display()),
    (gettext_lazy("Signed up at"), attrgetter("signed_up_at")),
)
_CONTRACT_CELLS: Cells = (
    # Where somebody pays in several currencies: "1200.00 + 300.00" and "EUR + USD".
    (gettext_lazy("Revenue a month"), lambda contract: contract and " + ".join(map(str, contract.mrr.values()))),
    (gettext_lazy("Currency"), lambda contract: contract and " + ".join(contract.mrr)),
    (gettext_lazy("Renews on"), lambda contract: contract and contract.renews_on),
    (gettext_lazy("Payment"), lambda contract: contract and contract.payment_status),
)
_CONTACT_CELLS: Cells = (
    (gettext_lazy("We reached out at"), lambda contact: contact and contact.out),
    (gettext_lazy("They reached out at"), lambda contact: contact and contact.back),
)

_COLUMNS: Sequence[tuple[str, Words, Any, Any, str | None, int, Cells]] = (
    ("name", gettext_lazy("Customer"), _themselves, _name, "name", 0, _NAME_CELLS),
    ("manager", gettext_lazy("Owner, stage"), _themselves, _manager, "success_manager__username", 50, _MANAGER_CELLS),
    ("contract", gettext_lazy("MRR, renewal"), _contracts, _contract, None, 60, _CONTRACT_CELLS),
    ("contact", gettext_lazy("Last contact"), _last_contacts, _contact, None, 70, _CONTACT_CELLS),
)

for key, title, load, render, ordering, order, cells in _COLUMNS:
    columns.register(
        Column(f"customers.{key}", SUBJECT, title, load, render, ordering=ordering, order=order, cells=cells)
    )
