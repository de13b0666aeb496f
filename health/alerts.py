"""What people do with alerts, one at a time, by Alert.TRANSITIONS; and the rules they are raised by."""

from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.events.services import Actor, actor_user

from .alerting.closing import record_closing
from .models import Alert, AlertRule, HealthSettings

LONGEST_SNOOZE_DAYS = 90


@transaction.atomic
def acknowledge(alert: Alert, *, by: Actor = None, now: datetime) -> Alert:
    """Somebody has seen it and is on it. ValidationError where it is acknowledged already, or closed."""
    alert = _locked(alert, Alert.State.ACKNOWLEDGED)
    alert.acknowledged_at, alert.acknowledged_by = now, actor_user(by)
    return _save(alert, Alert.State.ACKNOWLEDGED, "acknowledged_at", "acknowledged_by")


@transaction.atomic
def snooze(alert: Alert, *, until: date, by: Actor = None, now: datetime) -> Alert:
    """Out of the way until a day, on which it is open again and told of anew. ValidationError where it is snoozed
    already or closed, or the day is not one of the next LONGEST_SNOOZE_DAYS."""
    today = utc_day(now)
    if not today < until <= today + timedelta(days=LONGEST_SNOOZE_DAYS):
        words = _("Choose a day from tomorrow to %(last)s.")
        raise ValidationError({"until": words % {"last": today + timedelta(days=LONGEST_SNOOZE_DAYS)}})
    alert = _locked(alert, Alert.State.SNOOZED)
    alert.snoozed_until = until
    return _save(alert, Alert.State.SNOOZED, "snoozed_until")


@transaction.atomic
def close(alert: Alert, *, reason: str = "", by: Actor = None, now: datetime) -> Alert:
    """It needs nobody any more. It stays quiet until the customer has recovered; the reason is kept on the timeline.
    ValidationError where it is closed already."""
    alert = _locked(alert, Alert.State.CLOSED)
    alert.closed_at, alert.closed_by, alert.closing = now, actor_user(by), Alert.Closing.BY_HAND
    _save(alert, Alert.State.CLOSED, "closed_at", "closed_by", "closing", "snoozed_until")
    words = str(Alert.Closing.BY_HAND.label)
    record_closing(alert, f"{words}: {reason.strip()}" if reason.strip() else words, by=by, now=now)
    return alert


@transaction.atomic
def label(alert: Alert, *, label: str, by: Actor = None, now: datetime) -> Alert:
    """Say what it turned out to be; an empty label takes that back. In any state, closed ones too."""
    if label not in ("", *Alert.Label.values):
        words = _("“%(label)s” is no label: choose one of %(known)s.")
        raise ValidationError({"label": words % {"label": label, "known": ", ".join(Alert.Label.values)}})
    alert = Alert.objects.select_for_update(of=("self",)).select_related("customer").get(pk=alert.pk)
    alert.label = label
    alert.labelled_at, alert.labelled_by = (now, actor_user(by)) if label else (None, None)
    alert.save(update_fields=("label", "labelled_at", "labelled_by"))
    return alert


def wake_due(*, now: datetime) -> int:
    """Open again what was snoozed until today or earlier, to be told of anew; returns how many. One statement."""
    due = Alert.objects.filter(state=Alert.State.SNOOZED, snoozed_until__lte=utc_day(now))
    return due.update(state=Alert.State.OPEN, snoozed_until=None, told_at=None)


def save_rule(rule: AlertRule, *, by: Actor = None, now: datetime) -> AlertRule:
    """Store a rule as edited; it holds from the next judgement on. ValidationError names what is wrong."""
    rule.full_clean()
    rule.save(force_update=True)
    return rule


def save_settings(settings: HealthSettings, *, by: Actor = None, now: datetime) -> HealthSettings:
    """Store the settings of health as edited. ValidationError names what is wrong."""
    settings.full_clean()
    settings.save(force_update=True)
    return settings


def _locked(alert: Alert, wanted: str) -> Alert:
    """The row itself, locked, where it may go to the wanted state."""
    row = Alert.objects.select_for_update(of=("self",)).select_related("customer").get(pk=alert.pk)
    if wanted not in Alert.TRANSITIONS[Alert.State(row.state)]:
        words = _("This alert is %(state)s; it cannot become %(wanted)s.")
        names = {"state": row.get_state_display().lower(), "wanted": Alert.State(wanted).label.lower()}
        raise ValidationError(words % names, code="conflict")
    return row


def _save(alert: Alert, state: str, *changed: str) -> Alert:
    alert.state = state
    if state != Alert.State.SNOOZED:
        alert.snoozed_until = None
    alert.save(update_fields={"state", "snoozed_until", *changed})
    return alert
