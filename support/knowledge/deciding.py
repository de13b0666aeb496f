"""Whether a ticket gets an automatic first answer. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# At most one automatic answer to a contact within so long.
ONCE_IN = timedelta(hours=24)
# Later than this an acknowledgement helps nobody.
LATEST = timedelta(hours=12)


@dataclass(frozen=True)
class Situation:
    """What is known of a ticket when its automatic answer is decided on."""

    is_on: bool = True
    by_staff: bool = False
    is_automatic: bool = False
    is_escalated: bool = False
    is_over: bool = False
    was_answered: bool = False
    has_contact: bool = True
    created_at: datetime | None = None
    # The contact's newest automatic answer: when, and in which ticket.
    answered_before: tuple[datetime, int] | None = None


def why_not(ticket: Situation, now: datetime) -> str:
    """The reason against an automatic answer in a sentence, or ""."""
    facts = (
        (not ticket.is_on, "Automatic answers are switched off."),
        (ticket.is_automatic, "No person wrote it: an answer to an automatic mail could go round in circles."),
        (ticket.by_staff, "One of our people entered it."),
        (ticket.is_over, "It was over before an answer could go out."),
        (ticket.is_escalated, "It is escalated: a person answers."),
        (ticket.was_answered, "A person answered first."),
        (not ticket.has_contact, "Whoever asks is no contact of a customer."),
    )
    reason = next((words for holds, words in facts if holds), "")
    return reason or _too_soon(ticket, now) or _too_late(ticket, now)


def _too_soon(ticket: Situation, now: datetime) -> str:
    if ticket.answered_before is None or now - ticket.answered_before[0] >= ONCE_IN:
        return ""
    hours = round(ONCE_IN.total_seconds() / 3600)
    return f"The contact got an automatic answer within {hours} hours, in #{ticket.answered_before[1]}."


def _too_late(ticket: Situation, now: datetime) -> str:
    if ticket.created_at is None or now - ticket.created_at <= LATEST:
        return ""
    hours = round((now - ticket.created_at).total_seconds() / 3600)
    return f"It was looked at only {hours} hours after it came."
