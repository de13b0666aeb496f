"""What one mail's template is filled with: plain data, by the groups declared in `variables.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Company, Contact, Customer

from .catalogue import groups, plain
from .links import community, unsubscribe_address
from .models import Email, Topic
from .names import first_name

Data = dict[str, Any]


def contexts(emails: Sequence[Email], now: datetime) -> dict[Any, Data]:
    """What each mail says, by its primary key; a fixed number of queries for a batch.

    What the mail itself carries (`Email.context`) is laid over the usual, group by group.
    """
    read = _Read(emails)
    loaded = _loaded(set(read.customers), now)
    return {
        email.pk: _laid_over(read.usual(email, loaded.get(email.customer_id or 0, {})), email.context)
        for email in emails
    }


def _loaded(customer_ids: set[int], now: datetime) -> dict[int, Data]:
    """The registered groups, by customer and group."""
    found: dict[int, Data] = {pk: {} for pk in customer_ids}
    for group in groups:
        if group.load:
            for pk, values in group.load(customer_ids, now).items():
                found[pk][group.name] = plain(dict(values))
    return found


def _laid_over(usual: Data, own: Mapping[str, Any]) -> Data:
    for name, values in own.items():
        both = isinstance(values, dict) and isinstance(usual.get(name), dict)
        usual[name] = {**usual[name], **values} if both else values
    return usual


class _Read:
    """The rows that the mails of a batch are about; four queries."""

    def __init__(self, emails: Sequence[Email]) -> None:
        customers = Customer.objects.select_related("success_manager__staff_profile")
        self.customers = customers.in_bulk({email.customer_id for email in emails if email.customer_id})
        self.contacts = Contact.objects.in_bulk({email.contact_id for email in emails if email.contact_id})
        self.topics = Topic.objects.in_bulk({email.topic_id for email in emails})
        self.company = Company.get()

    def usual(self, email: Email, loaded: Data) -> Data:
        customer = self.customers[email.customer_id] if email.customer_id else None
        contact = self.contacts.get(email.contact_id) if email.contact_id else None
        return {
            **loaded,
            "customer": _customer(customer) if customer else {},
            "contact": _contact(contact) if contact else {},
            "success_manager": _success_manager(customer) if customer else {},
            "company": _company(self.company),
            "links": _links(email, self.company, self.topics[email.topic_id]),
        }


def _customer(customer: Customer) -> Data:
    return {
        "name": customer.name,
        "tier": customer.tier,
        "plan": customer.get_tier_display(),
        "industry": customer.industry,
        "country": customer.country,
        "signed_up_on": utc_day(customer.signed_up_at),
    }


def _contact(contact: Contact) -> Data:
    given = first_name(contact.name, contact.language)
    return {"name": contact.name, "first_name": given, "email": contact.email, "role": contact.role}


def _success_manager(customer: Customer) -> Data:
    user = customer.success_manager
    if user is None:
        return {}
    profile = getattr(user, "staff_profile", None)
    name = user.get_full_name() or user.get_username()
    return {
        "name": name,
        "first_name": user.first_name or name,
        "email": user.email,
        "booking_link": profile.booking_link if profile else "",
    }


def _company(company: Company) -> Data:
    return {"name": company.name, "email": company.sender_email, "community_address": company.community_address}


def _links(email: Email, company: Company, topic: Topic) -> Data:
    return {
        "platform": settings.PLATFORM_ADDRESS,
        "documentation": settings.DOCUMENTATION_ADDRESS,
        "community": community(company.community_address),
        "unsubscribe": None if topic.is_transactional else unsubscribe_address(email),
    }
