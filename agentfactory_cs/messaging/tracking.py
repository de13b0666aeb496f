"""What became of mails after they left us, as their provider tells: once each, in whatever order it comes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from agentfactory_cs.events.services import record

from . import preferences, suppression
from .models import Email, EmailEvent

Kind = EmailEvent.Kind
State = Email.State

_MOMENT = {
    Kind.DELIVERED: "delivered_at",
    Kind.OPENED: "opened_at",
    Kind.CLICKED: "clicked_at",
    Kind.BOUNCED: "bounced_at",
    Kind.COMPLAINED: "complained_at",
}
# Who opens a mail got it: these prove that an uncertain mail arrived at the provider.
_PROOF = {Kind.DELIVERED, Kind.OPENED, Kind.CLICKED, Kind.BOUNCED, Kind.COMPLAINED, Kind.UNSUBSCRIBED}


@dataclass(frozen=True)
class Told:
    """One thing a provider told. `email_id` is ours where it gave it back, `message_ids` those it knows the mail by.

    `is_final` is False for a bounce that says nothing against the address. `event_id` may be empty.
    """

    kind: str
    address: str
    happened_at: datetime
    message_ids: Sequence[str] = ()
    email_id: int | None = None
    detail: str = ""
    event_id: str = ""
    is_final: bool = True

    @property
    def dedupe_key(self) -> str:
        """Providers repeat themselves: the same thing told twice is one."""
        what = (
            self.kind,
            self.address.lower(),
            *sorted(self.message_ids),
            self.email_id,
            self.happened_at,
            self.detail,
        )
        said = f"id {self.event_id} {self.kind}" if self.event_id else repr(what)
        return hashlib.sha256(said.encode()).hexdigest()


@transaction.atomic
def take_in(told: Told, *, now: datetime) -> EmailEvent | None:
    """Keep it, and let it have its consequences; None where it was told before.

    A mail we do not know (sent by somebody else on the same account) is kept without one.
    """
    email = _mail_of(told)
    event, is_new = EmailEvent.objects.get_or_create(
        dedupe_key=told.dedupe_key,
        defaults={
            "email": email,
            "address": told.address or (email.address if email else ""),
            "kind": told.kind,
            "detail": told.detail,
            "happened_at": told.happened_at,
            "received_at": now,
        },
    )
    if not is_new:
        return None
    if email:
        _apply(email, told, now)
    return event


def _mail_of(told: Told) -> Email | None:
    """The row, locked; found by our id of it, the Message-ID, or the provider's id."""
    mails = Email.objects.select_related("customer", "contact", "topic").defer("html", "text")
    known = Q(message_id__in=told.message_ids) | Q(provider_id__in=told.message_ids)
    wanted = Q(pk=told.email_id) if told.email_id else known
    if not (told.email_id or told.message_ids):
        return None
    return mails.filter(wanted).exclude(message_id="").select_for_update(of=("self",)).first()


def _apply(email: Email, told: Told, now: datetime) -> None:
    values: dict[str, object] = {}
    moment = _MOMENT.get(Kind(told.kind))
    # The first time counts, whichever is told first.
    earlier = getattr(email, moment) if moment else None
    if moment and (earlier is None or told.happened_at < earlier):
        values[moment] = told.happened_at
    if email.state == State.UNCERTAIN and told.kind in _PROOF:
        values |= {
            "state": State.SENT,
            "sent_at": email.claimed_at or told.happened_at,
            "reason": "",
            "claimed_at": None,
        }
    if email.state == State.UNCERTAIN and told.kind == Kind.REJECTED:
        values |= {"state": State.FAILED, "reason": f"The provider refused it: {told.detail}", "claimed_at": None}
    if values:
        Email.objects.filter(pk=email.pk).update(**values)
    _follow(email, told, now, is_first=earlier is None)


def _follow(email: Email, told: Told, now: datetime, *, is_first: bool) -> None:
    """What it means for the contact, and on the timeline."""
    if told.kind == Kind.BOUNCED and told.is_final:
        suppression.mail_bounced(email, told.detail, now=now)
    elif told.kind == Kind.COMPLAINED:
        suppression.mail_complained(email, told.detail, now=now)
    elif told.kind == Kind.UNSUBSCRIBED and email.contact:
        preferences.leave(email.contact, None if email.topic.is_transactional else email.topic, now=now)
    elif is_first and email.customer and told.kind in (Kind.DELIVERED, Kind.OPENED, Kind.CLICKED):
        trigger = f"messaging.email_{told.kind}"
        data = {"email": email.pk, "mail": email.subject, "address": email.address}
        record(trigger, email.customer, data, dedupe_key=f"{trigger}:{email.pk}", now=told.happened_at)
