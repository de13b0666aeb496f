"""Setting a score by hand, taking that back, and noticing that it has run out.

An override and what it makes of the stored scores are written in one transaction. Whoever stores scores waits for
whoever writes overrides and the other way round (`scoring` locks the overrides' table against writing), so that
of every stored row it holds: `effective` is the override that covers its day, else the computed total.
"""

import math
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.translation import gettext as _

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.events.models import Event
from agentfactory_cs.events.services import Actor, actor_label, actor_user, record
from agentfactory_cs.messaging.notices import write_to

from .models import HealthOverride, HealthScore
from .models.override import MAX_DAYS
from .services import last_complete_day

SET, ENDED = "health.override_set", "health.override_ended"
MAX_REASON = 2_000
# Ran out, and nobody has been told: the event's key is made of this and the override's id.
_RAN_OUT = "health.override_ran_out."


@transaction.atomic
def set_override(
    customer: Customer, *, value: float, reason: str, expires_on: date, by: Actor = None, now: datetime
) -> HealthOverride:
    """Put a person's judgement in the place of a customer's computed score, from the last complete day on.

    An override in force ends by this. Raises ValidationError, by field: `value` must be 0 to 100, `reason` is
    required, `expires_on` lies after today and at most 90 days ahead, and `customer` must be one today.
    """
    today, first_day = utc_day(now), last_complete_day(now)
    reason = reason.strip()
    _refuse_unsound(value, reason, expires_on, today)
    _lock(customer)
    if not Customer.objects.scorable_on(today).filter(pk=customer.pk).exists():
        gone = _("%(customer)s is no customer today, and so has no score.") % {"customer": customer}
        raise ValidationError({"customer": gone})
    replaced = _("replaced by %(value)g") % {"value": value}
    for earlier in HealthOverride.objects.filter(customer=customer, end_day__gt=first_day):
        _end(earlier, reason=replaced, by=by, now=now)
    override = HealthOverride.objects.create(
        customer=customer,
        value=value,
        reason=reason,
        first_day=first_day,
        end_day=expires_on,
        expires_on=expires_on,
        created_at=now,
        created_by=actor_user(by),
        created_by_label=actor_label(by),
    )
    _settle(customer.pk, since=first_day)
    computed = HealthScore.objects.filter(customer=customer, day=first_day).values_list("total", flat=True).first()
    data = {"value": _plain(value), "computed": computed, "until": str(expires_on), "reason": reason}
    record(SET, customer, data, by=by, now=now)
    return override


@transaction.atomic
def end_override(override: HealthOverride, *, reason: str, by: Actor = None, now: datetime) -> HealthOverride:
    """Let the computed score count again, from the last complete day on; the days before keep the override.

    Raises ValidationError where no reason is given, or (code `conflict`) where it is in force no more.
    """
    reason = reason.strip()
    if problem := _problem_of_reason(reason):
        raise ValidationError({"reason": problem})
    _lock(override.customer)
    override = HealthOverride.objects.select_for_update(of=("self",)).select_related("customer").get(pk=override.pk)
    if not override.is_in_force(utc_day(now)):
        raise ValidationError(_("This override is in force no more."), code="conflict")
    _end(override, reason=reason, by=by, now=now)
    _settle(override.customer_id, since=override.end_day)
    return override


def note_expired(*, now: datetime) -> int:
    """Record, once each, the overrides that have run out, and tell the owner; returns how many."""
    told = Event.objects.filter(dedupe_key=Concat(Value(_RAN_OUT), Cast(OuterRef("pk"), CharField())))
    ran_out = HealthOverride.objects.filter(ended_at__isnull=True, expires_on__lt=utc_day(now))
    untold = ran_out.exclude(Exists(told)).select_related("customer__success_manager", "created_by").order_by("pk")
    return sum(_note_expired(override, now=now) for override in list(untold))


@transaction.atomic
def _note_expired(override: HealthOverride, *, now: datetime) -> int:
    data = {"value": _plain(override.value), "reason": _("it ran out on %(day)s") % {"day": override.expires_on}}
    if record(ENDED, override.customer, data, dedupe_key=f"{_RAN_OUT}{override.pk}", now=now) is None:
        return 0  # another worker was faster
    owner = override.customer.success_manager or override.created_by
    if owner is not None:
        write_to(
            owner,
            kind=ENDED,
            subject=_("%(customer)s: the score set by hand has run out") % {"customer": override.customer},
            text=_expiry_words(override),
            dedupe_key=f"{_RAN_OUT}{override.pk}",
            now=now,
        )
    return 1


def _expiry_words(override: HealthOverride) -> str:
    newest = HealthScore.objects.filter(customer=override.customer_id).order_by("-day").first()
    computed = "–" if newest is None or newest.total is None else f"{newest.total:.1f}"
    return _(
        "%(customer)s was set to %(value)g by %(who)s until %(until)s: %(reason)s\n"
        "That has run out. The computed score counts again; the latest one is %(computed)s.\n"
        "If it is still wrong, set it again on the customer's page."
    ) % {
        "customer": override.customer,
        "value": override.value,
        "who": override.created_by_label,
        "until": override.expires_on,
        "reason": override.reason,
        "computed": computed,
    }


def _refuse_unsound(value: float, reason: str, expires_on: date, today: date) -> None:
    problems = {
        "value": "" if math.isfinite(value) and 0 <= value <= 100 else _("A score is 0 to 100."),
        "reason": _problem_of_reason(reason),
        "expires_on": _problem_of_expiry(expires_on, today),
    }
    if found := {field: problem for field, problem in problems.items() if problem}:
        raise ValidationError(found)


def _problem_of_reason(reason: str) -> str:
    if not reason:
        return _("Say why.")
    if len(reason) > MAX_REASON:
        return _("At most %(most)d characters.") % {"most": MAX_REASON}
    return ""


def _problem_of_expiry(expires_on: date, today: date) -> str:
    if expires_on <= today:
        return _("%(day)s is not in the future.") % {"day": expires_on}
    latest = today + timedelta(days=MAX_DAYS)
    if expires_on > latest:
        return _("At most %(days)d days: %(latest)s at the latest.") % {"days": MAX_DAYS, "latest": latest}
    return ""


def _plain(value: float) -> float | int:
    """ "72", not "72.0", on the timeline."""
    return int(value) if value == int(value) else value


def _lock(customer: Customer) -> None:
    """One writer of a customer's overrides at a time. Not a full row lock: scoring's rows refer to this one."""
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)


def _end(override: HealthOverride, *, reason: str, by: Actor, now: datetime) -> None:
    override.end_day = min(override.end_day, max(override.first_day, last_complete_day(now)))
    override.ended_at, override.ended_by, override.end_reason = now, actor_user(by), reason
    override.save(update_fields=("end_day", "ended_at", "ended_by", "end_reason"))
    record(ENDED, override.customer, {"value": _plain(override.value), "reason": reason}, by=by, now=now)


def _settle(customer_id: int, *, since: date) -> None:
    """Make what counts true again for the stored days that a change of overrides can have touched."""
    by_hand = HealthOverride.objects.filter(customer=OuterRef("customer")).covering(OuterRef("day"))
    rows = HealthScore.objects.filter(customer=customer_id, day__gte=since)
    rows.update(effective=Coalesce(Subquery(by_hand.values("value")[:1]), F("total")))
