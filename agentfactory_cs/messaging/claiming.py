"""Taking a batch of due mails: judged, rendered and stored as their readers will see them, in one transaction.

What is claimed stays `waiting`, with the moment in `claimed_at`: `sending` calls them up one by one.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from agentfactory_cs.customers.models import Company
from agentfactory_cs.events.services import record_all

from . import undelivered
from .context import contexts
from .gate import Decision, Verdict, judge
from .letter import Sender
from .models import Email, MailTemplateVersion
from .rendering import CannotRender, render
from .templates import versions_for

logger = logging.getLogger(__name__)

_STATES = {
    Verdict.POSTPONE: Email.State.WAITING,
    Verdict.WITHHOLD: Email.State.WITHHELD,
    Verdict.HOLD: Email.State.HELD,
}

# What is put off goes out later; these do not, or only if a person lets them.
_FOR_LONG = (Verdict.WITHHOLD, Verdict.HOLD)

_DECIDED = """
UPDATE messaging_email AS email
SET state = decided.state, reason = decided.reason, not_before = COALESCE(decided.until, not_before),
    postponed = postponed + (decided.until IS NOT NULL)::int
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[]) AS decided (id, state, reason, until)
WHERE email.id = decided.id"""

_STORED = """
UPDATE messaging_email AS email
SET claimed_at = %s, version_id = stored.version, address = stored.address, subject = stored.subject,
    html = stored.html, text = stored.text, message_id = stored.message_id
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
     AS stored (id, version, address, subject, html, text, message_id)
WHERE email.id = stored.id"""


@dataclass(frozen=True)
class Batch:
    """What was claimed at `stamp`, ready to be sent; `seen` counts those that were due, whatever became of them."""

    stamp: datetime
    seen: int
    emails: Sequence[Email]


@transaction.atomic
def claim(most: int, *, now: datetime) -> Batch:
    """Up to `most` due mails, the longest due first; those that another worker is looking at are left to it."""
    _commit_safely()
    due = Email.objects.due(now).select_related("contact", "customer__success_manager", "topic", "template")
    emails = list(due.order_by("not_before", "pk").select_for_update(skip_locked=True, of=("self",))[:most])
    if not emails:
        return Batch(now, 0, ())
    decisions = judge(emails, now)
    may_go = [email for email in emails if decisions[email.pk].verdict is Verdict.SEND]
    decisions |= _render_all(may_go, now)
    _write_down(emails, decisions, now)
    ready = [email for email in may_go if decisions[email.pk].verdict is Verdict.SEND]
    _store(ready, now)
    return Batch(now, len(emails), ready)


def _commit_safely() -> None:
    """What is claimed must not be forgotten in a crash of the server: mail would go out twice."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = on")


def _render_all(emails: Sequence[Email], now: datetime) -> dict[int, Decision]:
    """Renders each into its row; returns the decisions on those that cannot be."""
    if not emails:
        return {}
    sender = Sender.of(Company.get())
    words = versions_for({(email.template_id, language_of(email)) for email in emails})
    usual, held = contexts(emails, now), {}
    for email in emails:
        try:
            fill(email, words[email.template_id, language_of(email)], usual[email.pk], sender)
        except CannotRender as hole:
            held[email.pk] = Decision(Verdict.HOLD, f"It cannot be written: {hole}")
        except Exception as error:  # one mail that nobody foresaw must not keep all others waiting
            logger.exception("Mail %s cannot be written", email.pk)
            held[email.pk] = Decision(Verdict.HOLD, f"It cannot be written: {type(error).__name__}: {error}")
    return held


def language_of(email: Email) -> str:
    return email.language or (email.contact.language if email.contact else "")


def fill(email: Email, version: MailTemplateVersion | None, context: Mapping[str, Any], sender: Sender) -> None:
    """Put a mail's words into its row, unsaved. Raises CannotRender."""
    if version is None:
        raise CannotRender("its template has no words.")
    rendered = render(version, context)
    email.version, email.address = version, email.reader_address
    email.subject, email.html, email.text = rendered.subject, rendered.html, rendered.text
    # The same with every attempt: a mail system that sees it twice shows it once.
    email.message_id = email.message_id or sender.new_message_id()


def _write_down(emails: Sequence[Email], decisions: Mapping[int, Decision], now: datetime) -> None:
    """What was decided on those that do not go out, on the row and, where it is final, on the timeline."""
    stopped = [(email, decisions[email.pk]) for email in emails if decisions[email.pk].verdict is not Verdict.SEND]
    if not stopped:
        return
    rows = [(email.pk, _STATES[what.verdict], what.reason, what.until) for email, what in stopped]
    with connection.cursor() as cursor:
        cursor.execute(_DECIDED, [list(column) for column in zip(*rows, strict=True)])
    withheld = [(email, what) for email, what in stopped if what.verdict is Verdict.WITHHOLD]
    record_all(
        "messaging.email_withheld",
        ((email.customer, {**told_of(email), "reason": what.reason}) for email, what in withheld if email.customer),
        now=now,
    )
    undelivered.tell([(email, what.reason) for email, what in stopped if what.verdict in _FOR_LONG], now=now)


def _store(emails: Sequence[Email], now: datetime) -> None:
    if not emails:
        return
    rows = [(e.pk, e.version_id, e.address, e.subject, e.html, e.text, e.message_id) for e in emails]
    with connection.cursor() as cursor:
        cursor.execute(_STORED, [now, *(list(column) for column in zip(*rows, strict=True))])
    for email in emails:
        email.claimed_at = now


def told_of(email: Email) -> dict[str, Any]:
    """What the timeline says of a mail, whatever happened to it."""
    return {"email": email.pk, "mail": email.subject or email.template.name, "template": email.template.key}
