"""Which moments of mail move with the demo's clock, and sending it as the days pass."""

from datetime import datetime, timedelta

from agentfactory_cs.timeshift import Passing, Shift, passings, shifts

from .models import Email
from .places import all_places
from .sending import deliver_due

for shift in (
    Shift(
        "messaging.email",
        (
            "created_at",
            "due_at",
            "not_before",
            "expires_at",
            "sent_at",
            "delivered_at",
            "opened_at",
            "clicked_at",
            "bounced_at",
            "complained_at",
        ),
    ),
    Shift("messaging.emailevent", ("happened_at", "received_at")),
    Shift("messaging.notice", ("created_at", "not_before", "sent_at")),
    Shift("messaging.response", ("answered_at",)),
    Shift("messaging.surveyrequest", ("asked_at", "remind_at", "expires_at", "closed_at")),
    Shift("messaging.sendingpace", ("refilled_at", "stopped_until")),
    Shift("messaging.suppression", ("created_at", "lifted_at")),
):
    shifts.register(shift)


def send(now: datetime) -> None:
    """What is due by then; where the pace makes it wait, its own clock goes on."""
    if not Email.objects.due(now).exists():
        return
    waited = timedelta()

    def pause(seconds: float) -> None:
        nonlocal waited
        waited += timedelta(seconds=seconds)

    deliver_due(clock=lambda: now + waited, pause=pause)


passings.register(Passing("messaging.mail", send, alone=all_places, leaves_the_database=True))
