"""Telling our own people: one seam for whoever has something to say to staff, by e-mail or in Slack."""

from datetime import datetime

from django.contrib.auth.models import User

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
