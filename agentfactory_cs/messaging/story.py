"""What happened to a mail, in the order it happened."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from agentfactory_cs.events.models import Event
from agentfactory_cs.events.queries import line_of
from agentfactory_cs.events.services import actor_label

from .models import Email

# What the timeline tells of a mail that its row does not.
_TOLD = (
    "messaging.email_withheld",
    "messaging.email_failed",
    "messaging.email_bounced",
    "messaging.email_complained",
)


@dataclass(frozen=True)
class Moment:
    """One thing that happened, or (`is_ahead`) will."""

    at: datetime
    words: str
    icon: str
    is_ahead: bool = False


def story(email: Email) -> list[Moment]:
    """Two queries."""
    return sorted(
        [*_of_row(email), *_of_tracking(email), *_of_timeline(email)], key=lambda moment: (moment.is_ahead, moment.at)
    )


def _of_row(email: Email) -> Iterator[Moment]:
    asked = _("Asked for by %(who)s") % {"who": actor_label(email.created_by)}
    yield Moment(email.created_at, f"{asked}{f' ({email.source})' if email.source else ''}", "add")
    if email.sent_at:
        yield Moment(email.sent_at, _("Handed over to the mail server"), "send")
    elif email.state in (Email.State.SENDING, Email.State.UNCERTAIN) and email.claimed_at:
        yield Moment(email.claimed_at, _("Claimed by a worker"), "hourglass_top")
    elif email.state == Email.State.WAITING:
        yield Moment(email.not_before, _("To go out"), "schedule", is_ahead=True)


def _of_tracking(email: Email) -> Iterator[Moment]:
    for told in email.tracking.all():
        detail = f": {told.detail}" if told.detail else ""
        yield Moment(told.happened_at, f"{told.get_kind_display()}{detail}", "mark_email_read")


def _of_timeline(email: Email) -> Iterator[Moment]:
    events = Event.objects.filter(customer=email.customer_id, trigger__in=_TOLD, data__email=email.pk)
    for event in events.order_by("pk"):
        line = line_of(event)
        yield Moment(event.happened_at, f"{line.label}: {event.data.get('reason', '')} ({event.by_label})", line.icon)
