"""Ticking off by hand what a person knows was reached, and taking back what was ticked by mistake."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.events.services import Actor, record

from . import rules
from .milestones import MAX_DETAIL, reach
from .models import Milestone, Onboarding
from .models.onboarding import MilestoneSource


def tick(
    customer: Customer, key: str, *, at: datetime | None = None, note: str = "", by: Actor = None, now: datetime
) -> Milestone:
    """A person says that a milestone was reached, now or at a moment since signup.

    `key` is a known milestone or an item of the customer's checklist; ValidationError names what does not fit. Said
    again it moves the moment back at most: with a note that would be lost by that, it is refused (code "conflict").
    """
    title = title_for(customer, key)
    if title is None:
        raise ValidationError({"key": f"{key!r} is no milestone, nor on the checklist of {customer}."})
    moment = at or now
    if not customer.signed_up_at <= moment <= now:
        raise ValidationError({"at": f"{moment:%Y-%m-%d %H:%M} is not between signup and now."})
    said = note.strip()
    milestone = reach(customer, key, at=moment, source=MilestoneSource.HAND, detail=said, title=title, by=by, now=now)
    if said and milestone.detail != said[:MAX_DETAIL]:
        raise ValidationError({"note": ValidationError(_reached_before(milestone), code="conflict")})
    return milestone


def _reached_before(milestone: Milestone) -> str:
    """Since when, how we know, and by whom: the evidence of then stands."""
    by = f", {milestone.noted_by.get_full_name() or milestone.noted_by}" if milestone.noted_by else ""
    known = f"{milestone.get_source_display()}{by}" + (f": {milestone.detail}" if milestone.detail else "")
    return f"It was reached before, on {milestone.reached_at:%Y-%m-%d %H:%M} UTC ({known}). Your note is not stored."


def title_for(customer: Customer, key: str) -> str | None:
    """What a milestone is called for a customer: by its latest checklist, else by its own name; None for a
    stranger."""
    latest = Onboarding.objects.filter(customer=customer).select_related("version").first()
    item = latest.version.plan.item(key) if latest else None
    return item.title if item else rules.KNOWN.get(key)


@transaction.atomic
def take_back(milestone: Milestone, *, reason: str, by: Actor = None, now: datetime) -> None:
    """What was ticked by mistake goes, and the timeline says why.

    Only what rests on somebody's word may be taken back: evidence would bring the rest back. An onboarding that
    was completed by it stays completed. ValidationError otherwise, or without a reason.
    """
    if not reason.strip():
        raise ValidationError({"reason": "Say in a sentence why."})
    stored = Milestone.objects.select_for_update().filter(pk=milestone.pk).select_related("customer").first()
    if stored is None:
        raise ValidationError("It was taken back already.", code="conflict")
    if stored.source != MilestoneSource.HAND:
        words = f"Only what was ticked by hand can be taken back; this is known from: {stored.get_source_display()}."
        raise ValidationError(words, code="conflict")
    title = title_for(stored.customer, stored.key) or rules.title_of(stored.key)
    stored.delete()
    data = {"milestone": stored.key, "title": title, "why": reason.strip()}
    record("onboarding.milestone_taken_back", stored.customer, data, by=by, now=now)
