"""Which moments of support move with the demo's clock, and what happens to tickets as the days pass."""

from datetime import datetime

from agentfactory_cs.timeshift import Passing, Shift, passings, shifts

from .following.working import follow_up
from .levels.watching import watch

for shift in (
    Shift(
        "support.ticket",
        (
            "first_response_due_at",
            "next_response_due_at",
            "resolution_due_at",
            "next_warning_at",
            "waiting_since",
            "pending_since",
            "followed_at",
            "follow_up_at",
            "created_at",
            "updated_at",
            "customer_wrote_at",
            "answered_at",
            "first_response_at",
            "resolved_at",
            "closed_at",
        ),
    ),
    Shift("support.message", ("written_at",)),
    Shift("support.ticketchange", ("happened_at",)),
    Shift("support.clockstretch", ("since", "until")),
    Shift("support.ticketlink", ("created_at",)),
    Shift("support.solutionquestion", ("asked_at", "answered_at")),
    Shift("support.escalation", ("escalated_at",)),
    Shift("support.agent", ("last_assigned_at",)),
    Shift("support.article", ("created_at", "published_at", "reviewed_at")),
    Shift("support.translation", ("updated_at",)),
    Shift("support.articleversion", ("created_at",)),
    Shift("support.verdict", ("given_at",)),
    Shift("support.automaticanswer", ("decided_at", "said_at")),
    Shift("support.offeredarticle", ("sent_at", "used_at")),
    Shift("support.inboundmail", ("received_at", "read_at")),
):
    shifts.register(shift)


def pass_an_hour(now: datetime) -> None:
    watch(now=now)
    follow_up(now=now)


passings.register(Passing("support.tickets", pass_an_hour, order=95))
