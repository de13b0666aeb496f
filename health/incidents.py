"""Incidents: something about the data holds a day's scores or its alerts, until it goes away or somebody decides."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from agentfactory_cs.events.services import Actor, actor_user
from agentfactory_cs.messaging import notices

from .models import Incident, ScoringRun

NOTICE = "health.incident"
RELEASE = "health.release_incident"
_BACKEND = "django.contrib.auth.backends.ModelBackend"


@transaction.atomic
def report(kind: str, *, source: str, day: date, summary: str, figures: Mapping[str, Any], now: datetime) -> Incident:
    """The open incident of this kind and source, joined by this day with its figures; or a new one.

    Whoever may release it is told of a new one, once. The incident stays locked until the transaction ends, so
    that what it is to hold is in place before anybody closes it.
    """
    values = {"day": day, "summary": summary, "figures": {"days": {}}, "opened_at": now}
    open_ones = Incident.objects.select_for_update().filter(closed_at__isnull=True)
    incident, is_new = open_ones.get_or_create(kind=kind, source=source, closed_at=None, defaults=values)
    incident.figures["days"][day.isoformat()] = dict(figures)
    incident.day = min(incident.day, day)
    incident.save(update_fields=("figures", "day"))
    if is_new:
        _tell(incident, now=now)
    return incident


def _tell(incident: Incident, *, now: datetime) -> None:
    text = "\n\n".join((incident.summary, what_it_means(incident), _("See %(address)s") % {"address": page(incident)}))
    for person in User.objects.with_perm(RELEASE, backend=_BACKEND).order_by("pk"):
        notices.write_to(
            person,
            kind=NOTICE,
            subject=str(incident)[:200],
            text=text,
            dedupe_key=f"incident:{incident.pk}:{person.pk}",
            now=now,
        )


def page(incident: Incident) -> str:
    return reverse("admin:health_incident_change", args=(incident.pk,))


def what_it_means(incident: Incident) -> str:
    """What an open incident holds, and what one may do, in two sentences."""
    if incident.kind == Incident.Kind.LATE_FEED:
        return _(
            "Nothing is scored for such a day and nobody is alerted: without the usage everybody would seem to leave. "
            "Check whether the platform still sends its usage; scoring begins by itself once that has come. Or "
            "release it, to score with what is there."
        )
    return _(
        "Scores are shown, but alerts wait: when everybody moves at once, the data is to blame more often than the "
        "customers. Release it if the change is real; it closes by itself when the scores return."
    )


@transaction.atomic
def release(incident: Incident, *, reason: str, by: Actor = None, now: datetime) -> list[ScoringRun]:
    """Let go of what an incident holds although nothing has changed, and say why; returns the runs now queued.

    The alerts of a held day are judged by the next sweep. Raises ValidationError without a reason (`reason`) and,
    with the code `conflict`, where the incident is closed already.
    """
    if not reason.strip():
        raise ValidationError({"reason": ValidationError(_("Say why it is released."), code="required")})
    locked = _locked(incident)
    if locked is None:
        raise ValidationError(_("This incident is closed already."), code="conflict")
    released = list(held_by(locked))
    held_by(locked).update(state=ScoringRun.State.QUEUED)
    for run in released:
        run.state = ScoringRun.State.QUEUED
    close(locked, Incident.Outcome.RELEASED, reason=reason.strip(), by=by, now=now)
    incident.refresh_from_db()
    return released


def held_by(incident: Incident) -> QuerySet[ScoringRun]:
    return incident.runs.filter(state=ScoringRun.State.HELD).order_by("day")


@transaction.atomic
def let_go(run: ScoringRun, *, outcome: str, reason: str, now: datetime) -> bool:
    """Queue one held run; the last one closes its incident. False where the run was held no longer."""
    incident = _locked(run.incident)
    released = ScoringRun.objects.filter(pk=run.pk, state=ScoringRun.State.HELD).update(state=ScoringRun.State.QUEUED)
    if released and incident:
        close_if_empty(incident, outcome, reason=reason, now=now)
    return bool(released)


@transaction.atomic
def give_up(run: ScoringRun, *, reason: str, now: datetime) -> bool:
    """Fail a held run whose data never came; the last one closes its incident. False where it was held no longer."""
    incident = _locked(run.incident)
    held = ScoringRun.objects.filter(pk=run.pk, state=ScoringRun.State.HELD)
    given_up = held.update(state=ScoringRun.State.FAILED, finished_at=now, error=reason)
    if given_up and incident:
        close_if_empty(incident, Incident.Outcome.RECOVERED, reason=reason, now=now)
    return bool(given_up)


def close_if_empty(incident: Incident, outcome: str, *, reason: str, now: datetime) -> None:
    if not held_by(incident).exists():
        close(incident, outcome, reason=reason, now=now)


def close(incident: Incident, outcome: str, *, reason: str, by: Actor = None, now: datetime) -> None:
    """Close an incident that the caller has locked."""
    incident.closed_at, incident.closed_by = now, actor_user(by)
    incident.outcome, incident.reason = outcome, reason
    incident.save(update_fields=("closed_at", "closed_by", "outcome", "reason"))


def _locked(incident: Incident | None) -> Incident | None:
    """The incident for this transaction alone; None where it is closed."""
    open_ones = Incident.objects.select_for_update().filter(closed_at__isnull=True)
    return open_ones.filter(pk=incident.pk).first() if incident else None
