"""Putting mail into the outbox, and what a person does about one that is there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.events.services import Actor, actor_label, actor_user, record

from . import undelivered
from .claiming import told_of
from .headers import checked
from .models import Email, MailTemplate

State = Email.State

NOBODY = "The customer has no primary contact."


@transaction.atomic
def queue(
    *,
    customer: Customer | None,
    template: MailTemplate,
    contact: Contact | None = None,
    to_address: str = "",
    language: str = "",
    headers: Mapping[str, str] | None = None,
    message_id: str = "",
    due_at: datetime,
    dedupe_key: str,
    source: str = "",
    source_id: int | None = None,
    context: Mapping[str, Any] | None = None,
    expires_at: datetime | None = None,
    is_automatic: bool = True,
    by: Actor = None,
    now: datetime,
) -> Email | None:
    """Ask for one mail, in the caller's transaction; None where the `dedupe_key` is there already.

    It goes to `to_address`, else to the contact (None: the primary one); without either it is `withheld`, with the
    reason. `customer` None: a stranger at `to_address`. `language` empty: the contact's. `headers` as `headers.ALLOWED`
    has them; `message_id` empty: it gets one when it goes out. Whether it may go out is asked when it is due.
    `context` is plain data for its template beside the usual. Raises ValidationError for another customer's contact,
    an address that is none, a header that is not allowed, and an end before the beginning.
    """
    _check(customer, contact, to_address, due_at, expires_at)
    if contact is None and not to_address:
        contact = Contact.objects.filter(customer=customer, is_primary=True).first()
    email = Email(
        customer=customer,
        contact=contact,
        to_address=to_address,
        language=language,
        headers=checked(headers or {}),
        message_id=message_id,
        template=template,
        topic_id=template.topic_id,
        dedupe_key=dedupe_key,
        source=source,
        source_id=source_id,
        context=dict(context or {}),
        is_automatic=is_automatic,
        created_at=now,
        created_by=actor_user(by),
        due_at=due_at,
        not_before=due_at,
        expires_at=expires_at,
    )
    if not email.reader_address:
        email.state, email.reason = State.WITHHELD, NOBODY
    if not _insert_once(email):
        return None
    if not email.reader_address:
        _tell_withheld(email, by, now)
        undelivered.tell([(email, email.reason)], now=now)
    return email


def _insert_once(email: Email) -> bool:
    try:
        with transaction.atomic():
            email.save(force_insert=True)
    except IntegrityError:
        if Email.objects.filter(dedupe_key=email.dedupe_key).exists():
            return False
        raise
    return True


def _check(
    customer: Customer | None,
    contact: Contact | None,
    to_address: str,
    due_at: datetime,
    expires_at: datetime | None,
) -> None:
    if contact and (customer is None or contact.customer_id != customer.pk):
        raise ValidationError({"contact": "This contact belongs to another customer."})
    if customer is None and not to_address:
        raise ValidationError({"to_address": "Without a customer, say where it goes."})
    if to_address:
        try:
            validate_email(to_address)
        except ValidationError as error:
            raise ValidationError({"to_address": error.messages}) from error
    if expires_at and expires_at <= due_at:
        raise ValidationError({"expires_at": "A mail cannot expire before it is due."})


def _tell_withheld(email: Email, by: Actor, now: datetime) -> None:
    if email.customer:
        data = {**told_of(email), "reason": email.reason}
        record("messaging.email_withheld", email.customer, data, by=by, now=now)


def _move(email: Email, to: str, reason: str, **values: Any) -> Email:
    """The row itself, locked and moved; ValidationError where that does not follow from where it is now.

    What is `sending` is its worker's: no person moves it.
    """
    stored = _locked(email)
    if stored.state == State.SENDING or to not in Email.TRANSITIONS[State(stored.state)]:
        words = f"A mail that is {_words(stored.state)} cannot become {_words(to)}."
        raise ValidationError(words, code="conflict")
    stored.state, stored.reason, stored.claimed_at = to, reason, None
    for name, value in values.items():
        setattr(stored, name, value)
    stored.save(update_fields=("state", "reason", "claimed_at", *values))
    return stored


def _locked(email: Email) -> Email:
    return Email.objects.select_related("customer", "template").select_for_update(of=("self",)).get(pk=email.pk)


def _words(state: str) -> str:
    return f"“{State(state).label.lower()}”"


@transaction.atomic
def cancel(email: Email, *, reason: str, by: Actor = None, now: datetime) -> Email:
    """Do not send it. ValidationError where it went out already, or without a reason."""
    stored = _move(email, State.WITHHELD, _given(reason))
    _tell_withheld(stored, by, now)
    return stored


@transaction.atomic
def withdraw_all(*, source: str, source_id: int, reason: str, now: datetime) -> int:
    """Do not send what this source asked for and is not due yet, or held; how many mails that were.

    What is due is on its way: the source's guard is asked when it goes out.
    """
    is_unsent = Q(state=State.WAITING, not_before__gt=now) | Q(state=State.HELD)
    unsent = Email.objects.filter(is_unsent, source=source, source_id=source_id)
    mails = list(unsent.select_related("customer", "template").select_for_update(of=("self",)).order_by("pk"))
    for email in mails:
        email.state, email.reason, email.claimed_at = State.WITHHELD, _given(reason), None
        email.save(update_fields=("state", "reason", "claimed_at"))
        _tell_withheld(email, None, now)
    return len(mails)


@transaction.atomic
def hold(email: Email, *, reason: str, by: Actor = None, now: datetime) -> Email:
    """Keep it until a person lets it go. ValidationError where it does not wait any more, or without a reason."""
    return _move(email, State.HELD, _given(reason))


@transaction.atomic
def retry(email: Email, *, by: Actor = None, now: datetime) -> Email:
    """Let go what is held, and try again what was not sent, failed, or is uncertain (which may then arrive twice)."""
    return _move(email, State.WAITING, "", not_before=max(now, email.due_at), attempts=0)


@transaction.atomic
def send_now(email: Email, *, by: Actor = None, now: datetime) -> Email:
    """A person wants it to go out at once: from here on it is theirs, without cap, quiet hours and pauses.

    ValidationError where it neither waits nor is held.
    """
    stored = _locked(email)
    if stored.state == State.HELD:
        return _move(email, State.WAITING, "", not_before=now, is_automatic=False)
    if stored.state != State.WAITING:
        raise ValidationError(f"A mail that is {_words(stored.state)} cannot be sent now.", code="conflict")
    stored.not_before, stored.is_automatic, stored.reason = now, False, ""
    stored.save(update_fields=("not_before", "is_automatic", "reason"))
    return stored


def ask_again(source: str, source_ids: QuerySet[Any], *, now: datetime) -> int:
    """Whoever asked wants it now after all: what was put off for these is asked about at once; how many mails."""
    waiting = Email.objects.filter(state=State.WAITING, claimed_at=None, not_before__gt=now, postponed__gt=0)
    return waiting.filter(source=source, source_id__in=source_ids).update(not_before=now)


@transaction.atomic
def mark_arrived(email: Email, *, by: Actor = None, now: datetime) -> Email:
    """Somebody knows that an uncertain mail arrived. ValidationError where it is not uncertain."""
    stored = _locked(email)
    if stored.state != State.UNCERTAIN:
        raise ValidationError(f"A mail that is {_words(stored.state)} is not in doubt.", code="conflict")
    stored = _move(email, State.SENT, "", sent_at=stored.claimed_at or now)
    if stored.customer:
        data = {**told_of(stored), "known_by": actor_label(by)}
        record("messaging.email_sent", stored.customer, data, by=by, now=now)
    return stored


def _given(reason: str) -> str:
    if not reason.strip():
        raise ValidationError({"reason": "Say why, in a sentence."})
    return reason.strip()
