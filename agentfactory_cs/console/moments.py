"""Days and moments as people say them: "in 12 days", "3 weeks ago"."""

from datetime import UTC, date, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def utc_day(now: datetime) -> date:
    """Today. Days are days in UTC, wherever the viewer sits; only moments are shown in the viewer's zone."""
    return now.astimezone(UTC).date()


def say_day(day: date, today: date) -> str:
    days = (day - today).days
    if days == 0:
        return _("today")
    if days == 1:
        return _("tomorrow")
    if days == -1:
        return _("yesterday")
    return _in(_span(abs(days))) if days > 0 else _ago(_span(-days))


def say_moment(moment: datetime, now: datetime) -> str:
    """Minutes and hours within a day of now; days, weeks and months beyond."""
    away = moment - now
    if abs(away) < timedelta(minutes=1):
        return _("just now")
    words = say_duration(abs(away))
    return _in(words) if away > timedelta(0) else _ago(words)


def say_duration(span: timedelta) -> str:
    """Minutes and hours below a day; days, weeks and months beyond."""
    if span < timedelta(hours=1):
        minutes = int(span.total_seconds() // 60)
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    if span < timedelta(days=1):
        hours = int(span.total_seconds() // 3600)
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return _span(span.days)


def _span(days: int) -> str:
    if days < 14:
        return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
    if days < 61:
        return ngettext("%(n)s week", "%(n)s weeks", days // 7) % {"n": days // 7}
    if days < 730:
        return ngettext("%(n)s month", "%(n)s months", days // 30) % {"n": days // 30}
    return ngettext("%(n)s year", "%(n)s years", days // 365) % {"n": days // 365}


def _in(span: str) -> str:
    return _("in %(span)s") % {"span": span}


def _ago(span: str) -> str:
    return _("%(span)s ago") % {"span": span}
