"""Making the weekly reports when they are due, and sending them."""

import logging
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction

from agentfactory_cs.customers.models import Company
from agentfactory_cs.messaging.notices import write_to

from ..models import HealthSettings, WeeklyReport
from . import content, mail, reading
from .making import contents
from .reading import WHOLE
from .weeks import PATIENCE, Rhythm, sunday_of

KIND = "health.report"
# Who gets the report of the whole book.
MANAGERS = "CS manager"

logger = logging.getLogger(__name__)


def make_due(*, now: datetime) -> list[WeeklyReport]:
    """Make and send the reports that are due and not made yet; none where there is nothing to do.

    Where the week's Sunday is not scored yet they wait for it, PATIENCE long, and then go by the newest day there is.
    """
    settings = HealthSettings.get()
    rhythm = Rhythm(settings.report_weekday, settings.report_at, ZoneInfo(Company.get().time_zone))
    week = rhythm.week_due(now)
    if week is None or WeeklyReport.objects.filter(week=week, owner=None).exists():
        return []
    is_complete = reading.scored_days([week]).get(week) == sunday_of(week)
    if not is_complete and now < rhythm.due_at(week) + PATIENCE:
        return []
    return make_week(week, now=now)


@transaction.atomic
def make_week(week: date, *, now: datetime, send: bool = True) -> list[WeeklyReport]:
    """Make the reports of the week that began on a Monday, those that are not there yet, and queue their mails.

    A report that is there stays as it is, unless it says that there was nothing to report: that may have changed.
    Returns what was made. Two at a time wait for each other on the settings' row.
    """
    HealthSettings.objects.select_for_update().get(pk=HealthSettings.get().pk)
    there = list(WeeklyReport.objects.filter(week=week))
    made = contents(week, now=now)
    if made and not made[WHOLE].nothing:
        WeeklyReport.objects.filter(pk__in=[row.pk for row in there if row.content["nothing"]]).delete()
        there = [row for row in there if not row.content["nothing"]]
    missing = made.keys() - {row.owner_id or WHOLE for row in there}
    rows = [
        WeeklyReport(week=week, owner_id=book or None, content=content.write(made[book]), made_at=now)
        for book in sorted(missing)
    ]
    WeeklyReport.objects.bulk_create(rows)
    for row in rows:
        if row.content["nothing"]:
            logger.warning("No weekly report: %s", row.content["nothing"])
        elif send:
            _send_to_its_readers(row, now=now)
    return rows


def _send_to_its_readers(report: WeeklyReport, *, now: datetime) -> None:
    for reader in readers(report):
        _queue(report, reader, dedupe_key=f"{KIND}:{report.week}:{report.owner_id or 'book'}:{reader.pk}", now=now)


def readers(report: WeeklyReport) -> Iterator[User]:
    """Whom a report goes to by itself: its owner, or the CS managers; of our people only who is active and has an
    address."""
    people = get_user_model().objects.filter(is_staff=True, is_active=True).exclude(email="")
    own = people.filter(pk=report.owner_id) if report.owner_id else people.filter(groups__name=MANAGERS)
    yield from own.order_by("pk")


def send(report: WeeklyReport, *, to: User, now: datetime) -> bool:
    """Queue the report as a mail to one of our people who asked for it; False where they have no address."""
    return _queue(report, to, dedupe_key=f"{KIND}:{report.pk}:{to.pk}:{now.isoformat()}", now=now)


def _queue(report: WeeklyReport, to: User, *, dedupe_key: str, now: datetime) -> bool:
    letter = mail.render(report)
    queued = write_to(
        to, kind=KIND, subject=letter.subject, text=letter.text, html=letter.html, dedupe_key=dedupe_key, now=now
    )
    return queued is not None
