"""The never-again list: addresses that get no mail, of one topic or at all, and who takes them off again."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from agentfactory_cs.customers.models import Contact
from agentfactory_cs.events.services import Actor, actor_user, record

from . import undelivered
from .models import Email, Suppression, Topic

Reason = Suppression.Reason
Status = Contact.MailStatus

_STATUS = {
    Reason.UNSUBSCRIBED: Status.UNSUBSCRIBED,
    Reason.BOUNCED: Status.BOUNCED,
    Reason.COMPLAINED: Status.COMPLAINED,
}
# A worse status is not replaced by a better one.
_RANK = {Status.OK: 0, Status.UNSUBSCRIBED: 1, Status.BOUNCED: 2, Status.COMPLAINED: 3}


def suppress(
    address: str,
    *,
    reason: str,
    topic: Topic | None = None,
    detail: str = "",
    by: Actor = None,
    now: datetime,
) -> Suppression | None:
    """Put an address on the list, of one topic or (without one) of all; None where it stands there already.

    Contacts with this address get the mail status that goes with it. Raises ValidationError for no address.
    """
    address = address.strip().lower()
    validate_email(address)
    try:
        with transaction.atomic():
            entry = Suppression.objects.create(
                address=address,
                topic=topic,
                reason=reason,
                detail=detail,
                created_at=now,
                created_by=actor_user(by),
            )
            if topic is None and (status := _STATUS.get(Reason(reason))):
                _worsen(address, status, now)
    except IntegrityError:
        if topic is None:
            _make_worse(address, reason, detail, now)
        return None
    return entry


def _make_worse(address: str, reason: str, detail: str, now: datetime) -> None:
    """Who unsubscribed and complains later gets nothing at all from then on."""
    if reason in (Reason.BOUNCED, Reason.COMPLAINED):
        weaker = Suppression.objects.filter(
            address=address, topic=None, lifted_at=None, reason__in=(Reason.UNSUBSCRIBED, Reason.BY_HAND)
        )
        weaker.update(reason=reason, detail=detail)
        _worsen(address, _STATUS[Reason(reason)], now)


def _worsen(address: str, status: str, now: datetime) -> None:
    better = [one for one, rank in _RANK.items() if rank < _RANK[Status(status)]]
    Contact.objects.filter(email__iexact=address, mail_status__in=better).update(mail_status=status, updated_at=now)


@transaction.atomic
def lift(entry: Suppression, *, reason: str, by: Actor = None, now: datetime) -> Suppression:
    """Take an address off the list, keeping who did it and why. ValidationError without a reason, or twice."""
    if not reason.strip():
        raise ValidationError({"lift_reason": "Say why this address may get mail again."})
    stored = Suppression.objects.select_for_update().get(pk=entry.pk)
    if stored.lifted_at:
        raise ValidationError("This address was taken off the list before.", code="conflict")
    stored.lifted_at, stored.lifted_by, stored.lift_reason = now, actor_user(by), reason.strip()[:200]
    stored.save(update_fields=("lifted_at", "lifted_by", "lift_reason"))
    if stored.topic_id is None:
        _restore(stored.address, now)
    return stored


def _restore(address: str, now: datetime) -> None:
    Contact.objects.filter(email__iexact=address).exclude(mail_status=Status.OK).update(
        mail_status=Status.OK, updated_at=now
    )


def mail_bounced(email: Email, detail: str, *, now: datetime) -> None:
    """The address of a mail does not exist."""
    suppress(email.address, reason=Reason.BOUNCED, detail=detail, now=now)
    _tell("messaging.email_bounced", email, detail, now)
    undelivered.tell([(email, detail)], now=now)


def mail_complained(email: Email, detail: str, *, now: datetime) -> None:
    """The reader called a mail spam."""
    suppress(email.address, reason=Reason.COMPLAINED, detail=detail, now=now)
    _tell("messaging.email_complained", email, detail, now)


def _tell(trigger: str, email: Email, detail: str, now: datetime) -> None:
    if email.customer is None:
        return
    data = {"email": email.pk, "mail": email.subject, "address": email.address, "reason": detail}
    record(trigger, email.customer, data, dedupe_key=f"{trigger}:{email.pk}", now=now)
