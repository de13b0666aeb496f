"""Telling our own people: one seam for whoever has something to say to staff, by e-mail or in Slack."""

from datetime import datetime

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from .models import Notice


def write_to(
    user: User, *, kind: str, subject: str, text: str, html: str = "", dedupe_key: str, now: datetime
) -> Notice | None:
    """Put an e-mail to one of our people into the queue, in the caller's transaction.

    None where this `dedupe_key` is there already, or the person has no address.
    """
    if not user.email:
        return None
    return _queue(
        Notice.Channel.EMAIL,
        recipient=user,
        address=user.email,
        kind=kind,
        subject=subject,
        text=text,
        html=html,
        dedupe_key=dedupe_key,
        now=now,
    )


def post_to_slack(address: str, *, kind: str, subject: str, text: str, dedupe_key: str, now: datetime) -> Notice | None:
    """Put a post to a Slack incoming webhook into the queue; `text` is Slack's mrkdwn. None as in write_to."""
    return _queue(
        Notice.Channel.SLACK, address=address, kind=kind, subject=subject, text=text, dedupe_key=dedupe_key, now=now
    )


def _queue(channel: str, *, dedupe_key: str, now: datetime, **values: object) -> Notice | None:
    notice, is_new = Notice.objects.get_or_create(
        dedupe_key=dedupe_key, defaults={"channel": channel, "created_at": now, "not_before": now, **values}
    )
    return notice if is_new else None


@transaction.atomic
def send_again(notice: Notice, *, now: datetime) -> Notice:
    """A person wants another attempt at what failed or is uncertain; ValidationError otherwise."""
    notice = _held(notice, Notice.State.FAILED, Notice.State.UNCERTAIN)
    notice.state, notice.not_before, notice.attempts, notice.claimed_at = Notice.State.WAITING, now, 0, None
    notice.save(update_fields=("state", "not_before", "attempts", "claimed_at"))
    return notice


@transaction.atomic
def mark_arrived(notice: Notice, *, now: datetime) -> Notice:
    """A person knows that what was uncertain arrived; ValidationError where it was not uncertain."""
    notice = _held(notice, Notice.State.UNCERTAIN)
    notice.state, notice.sent_at = Notice.State.SENT, notice.claimed_at or now
    notice.save(update_fields=("state", "sent_at"))
    return notice


def _held(notice: Notice, *states: str) -> Notice:
    """The row itself, locked, where it is in one of the states."""
    row = Notice.objects.select_for_update().get(pk=notice.pk)
    if row.state not in states:
        words = _("“%(notice)s” is %(state)s: there is nothing to decide about it.")
        raise ValidationError(words % {"notice": row, "state": str(row.get_state_display()).lower()}, code="conflict")
    return row
