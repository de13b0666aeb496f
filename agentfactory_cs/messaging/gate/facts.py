"""What the gate must know of a batch of mails, read in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Q

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Company, Contact, Customer, Interaction

from ..guards import Objection, Wait, objections
from ..models import Email, Suppression
from ..timing import zone_of
from .rules import CAP_DAYS, REPLY_PAUSE_DAYS, Restraint, Situation, suppressed

State = Email.State


@dataclass(frozen=True)
class Facts:
    """Of the mails of one batch; what counts per contact is counted by the gate as it goes."""

    company: Company
    objections: Mapping[tuple[str, int], Objection]
    suppressions: Mapping[str, Mapping[str | None, str]]
    replies: Mapping[int, datetime]
    received: dict[int, list[datetime]]

    def situation(self, email: Email, now: datetime) -> Situation:
        contact, customer, topic = email.contact, email.customer, email.topic
        asked = self.objections.get((email.source, email.source_id or 0), "")
        zones = (contact.time_zone if contact else "", customer.time_zone if customer else "", self.company.time_zone)
        return Situation(
            zone=zone_of(*zones),
            has_reader=bool(email.reader_address),
            has_left=bool(contact and contact.left_on and contact.left_on <= utc_day(now)),
            has_churned=bool(customer and customer.lifecycle_stage == Customer.Stage.CHURNED),
            is_transactional=topic.is_transactional,
            is_automatic=email.is_automatic,
            is_template_active=email.template.is_active,
            objection=asked if isinstance(asked, str) else "",
            wait=Restraint(asked.until, asked.reason) if isinstance(asked, Wait) else None,
            block=self._block(email),
            expires_at=email.expires_at,
            replied_at=self.replies.get(email.customer_id or 0),
            received=tuple(self.received.get(email.contact_id or 0, ())),
        )

    def _block(self, email: Email) -> str:
        """An address that was given need not be its contact's own."""
        address, contact = email.reader_address.lower(), email.contact
        is_own = contact is not None and contact.email.lower() == address
        status = contact.mail_status if contact and is_own else Contact.MailStatus.OK
        return suppressed(email.topic_id, email.topic.is_transactional, self.suppressions.get(address, {}), status)


def facts_of(emails: Sequence[Email], now: datetime) -> Facts:
    """The mails come with contact, customer, topic and template loaded. Six queries and those of the guards."""
    contacts = {email.contact.pk: email.contact for email in emails if email.contact}
    _take_turns(contacts)
    return Facts(
        Company.get(),
        objections(_wanted_by(emails), now),
        _suppressions({email.reader_address.lower() for email in emails}),
        _replies({email.customer_id for email in emails if email.customer_id}, now),
        _received(contacts, now),
    )


def _take_turns(contacts: Iterable[int]) -> None:
    """Two workers with a mail each for one contact would both find room under its cap."""
    list(Contact.objects.filter(pk__in=contacts).order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _wanted_by(emails: Iterable[Email]) -> dict[str, list[int]]:
    asked: dict[str, list[int]] = defaultdict(list)
    for email in emails:
        if email.source and email.source_id:
            asked[email.source].append(email.source_id)
    return asked


def _suppressions(addresses: Iterable[str]) -> dict[str, dict[str | None, str]]:
    found: dict[str, dict[str | None, str]] = defaultdict(dict)
    rows = Suppression.objects.filter(address__in=list(addresses), lifted_at__isnull=True)
    for address, topic, reason in rows.values_list("address", "topic", "reason"):
        found[address][topic] = reason
    return found


def _replies(customers: Iterable[int], now: datetime) -> dict[int, datetime]:
    """When each customer last wrote to us, of those that did within the pause."""
    rows = Interaction.objects.filter(
        customer__in=list(customers),
        kind=Interaction.Kind.EMAIL,
        direction=Interaction.Direction.IN,
        held_at__gt=now - timedelta(days=REPLY_PAUSE_DAYS),
        held_at__lte=now,
    )
    return dict(rows.order_by().values("customer").annotate(last=Max("held_at")).values_list("customer", "last"))


def _received(contacts: Iterable[int], now: datetime) -> dict[int, list[datetime]]:
    """When each contact got automatic mail within the cap's days; what is on its way counts as got."""
    since = now - timedelta(days=CAP_DAYS)
    mine = Email.objects.filter(contact__in=list(contacts), is_automatic=True, topic__is_transactional=False)
    under_way = Q(state__in=(State.WAITING, State.SENDING, State.UNCERTAIN))
    rows = [
        *mine.filter(state=State.SENT, sent_at__gt=since).values_list("contact", "sent_at"),
        *mine.filter(under_way, claimed_at__gt=since).values_list("contact", "claimed_at"),
    ]
    received: defaultdict[int, list[datetime]] = defaultdict(list)
    for moment, contact in sorted((moment, contact) for contact, moment in rows if moment and contact):
        received[contact].append(moment)
    return received
