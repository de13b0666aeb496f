"""The daily mail of alerts: one to each success manager who has some, and those of nobody to the managers.

It goes out at a time of day in the company's time zone, once a day, and only where there is something to say.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import css_inline
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import ngettext

from agentfactory_cs.customers.models import Company
from agentfactory_cs.messaging.models import Notice
from agentfactory_cs.messaging.notices import write_to

from .addresses import alerts_address, customer_address
from .models import Alert, HealthSettings

KIND = "health.alerts"
MANAGERS = "CS manager"
# After so long a stop of the worker the alerts wait for the next day's digest: nobody wants it at night.
TOO_LATE = timedelta(hours=4)


@dataclass(frozen=True)
class Line:
    """One alert as the mail shows it."""

    alert: Alert
    address: str

    @property
    def why(self) -> str:
        return next(iter(self.alert.sentences), "")

    @property
    def is_nobodys(self) -> bool:
        return self.alert.owner_id is None


def due_moment(now: datetime, settings: HealthSettings, company: Company) -> datetime:
    """The last moment, now or earlier, at which digests were to go out."""
    zone = ZoneInfo(company.time_zone)
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), settings.digest_at, tzinfo=zone)
    return today if today <= now else datetime.combine(local.date() - timedelta(days=1), settings.digest_at, zone)


@transaction.atomic
def write_due(*, now: datetime) -> int:
    """Queue the digests whose time has come, and note which alerts they told of; returns how many were queued.

    Safe to repeat: an alert is told of once, and nobody gets two digests for one moment.
    """
    company = Company.get()
    due = due_moment(now, HealthSettings.get(), company)
    if now - due > TOO_LATE:
        return 0
    waiting = untold(due).select_for_update(of=("self",), skip_locked=True)
    alerts = list(waiting.select_related("customer", "owner").order_by("-rank", "-id"))
    readers = _by_reader(alerts)
    served = _served(readers, due.date())
    written, told = 0, []
    for user, own in readers.items():
        if user not in served:
            written += _write(user, own, due.date(), company, now)
            told += own
    mark_told(told, now=now)
    return written


def untold(until: datetime) -> QuerySet[Alert]:
    """Open alerts that are announced, were raised by a moment, and that no digest has told of."""
    return Alert.objects.filter(state=Alert.State.OPEN, quiet="", told_at=None, opened_at__lte=until)


def mark_told(alerts: Iterable[Alert], *, now: datetime) -> None:
    """What no mail could be written for is told of too: it stands in its owner's list."""
    Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(told_at=now)


def _by_reader(alerts: Sequence[Alert]) -> dict[User, list[Alert]]:
    """Who is to be written to, with the alerts, the most at stake first."""
    found: dict[User, list[Alert]] = defaultdict(list)
    managers = _managers() if any(alert.owner_id is None for alert in alerts) else []
    for alert in alerts:
        for reader in [alert.owner] if alert.owner else managers:
            if reader.is_active:
                found[reader].append(alert)
    return found


def _served(users: Iterable[User], day: date) -> set[User]:
    """Who has had the digest of a day: what came up since waits for the next."""
    keys = {_key(user, day): user for user in users}
    there = Notice.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True)
    return {keys[key] for key in there}


def _key(user: User, day: date) -> str:
    return f"{KIND}:{user.pk}:{day}"


def _managers() -> list[User]:
    return list(get_user_model().objects.filter(groups__name=MANAGERS, is_active=True, is_staff=True))


def _write(user: User, alerts: Sequence[Alert], day: date, company: Company, now: datetime) -> bool:
    with translation.override(company.default_language):
        subject, text, html = render(user, alerts)
    notice = write_to(user, kind=KIND, subject=subject, text=text, html=html, dedupe_key=_key(user, day), now=now)
    return notice is not None


def render(user: User, alerts: Sequence[Alert]) -> tuple[str, str, str]:
    """Subject, text and HTML of one person's digest, in the language that is active."""
    lines = [Line(alert, customer_address(alert.customer_id)) for alert in alerts]
    worst = lines[0].alert
    subject = ngettext(
        "%(count)d health alert: %(worst)s at %(score)d",
        "%(count)d health alerts, first %(worst)s at %(score)d",
        len(lines),
    ) % {"count": len(lines), "worst": " ".join(worst.customer.name.split()), "score": worst.shown}
    context = {
        "name": user.first_name or user.get_username(),
        "lines": lines,
        "address": alerts_address(),
        "subject": subject,
    }
    html = render_to_string("emails/health_alerts.html", context)
    return subject[:200], render_to_string("emails/health_alerts.txt", context), css_inline.inline(html)
