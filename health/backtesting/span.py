"""Which days a backtest looks at: month ends whose windows and whose horizon lie within what is known."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _

from ..readings import USAGE_DAYS

DEFAULT_MONTHS, MAX_MONTHS = 24, 60
HORIZON_DAYS, MAX_HORIZON_DAYS = 60, 366

# By customer and not over the whole table: two short walks along the primary key for each of them.
_DATA = """
SELECT (SELECT min((signed_up_at AT TIME ZONE 'UTC')::date) FROM customers_customer), min(first.day), max(last.day)
FROM customers_customer c
CROSS JOIN LATERAL (SELECT day FROM customers_usageday u WHERE u.customer_id = c.id ORDER BY day LIMIT 1) first
CROSS JOIN LATERAL (SELECT day FROM customers_usageday u WHERE u.customer_id = c.id ORDER BY day DESC LIMIT 1) last"""


@dataclass(frozen=True)
class Span:
    """The as-of days from `since` to `until`, and how many days after each somebody's departure counts."""

    since: date
    until: date
    horizon_days: int

    def days(self) -> list[date]:
        """The month ends within, oldest first."""
        return list(_month_ends(self.since, self.until))


def _month_ends(since: date, until: date) -> Iterator[date]:
    day = _end_of_month(since)
    while day <= until:
        yield day
        day = _end_of_month(day + timedelta(days=1))


def _end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def choose(since: date | None, until: date | None, horizon_days: int, *, newest: date) -> Span:
    """The span asked for, what was left open filled in. `newest` is the last day that is complete.

    Left open, it ends with the last month end whose horizon lies within the data, and goes back as far as there
    was somebody with a full window of usage, at most 24 months. Raises ValidationError naming field and reason.
    """
    _check_horizon(horizon_days)
    first_known, last_known = _known(newest)
    until, latest = until or last_known - timedelta(days=horizon_days), newest - timedelta(days=horizon_days)
    if until > latest:
        raise _refusal(
            "until",
            _("Who leaves in the %(days)s days after it must be known: at the latest %(latest)s."),
            days=horizon_days,
            latest=latest,
        )
    months = list(_month_ends(since or first_known, until))
    if not months:
        raise _no_month_end(since, until, first_known)
    if since and len(months) > MAX_MONTHS:
        raise _refusal(
            "since", _("At most %(months)s month ends at a time, not %(n)s."), months=MAX_MONTHS, n=len(months)
        )
    return Span(months[0] if since else months[-DEFAULT_MONTHS:][0], months[-1], horizon_days)


def _check_horizon(days: int) -> None:
    if not 1 <= days <= MAX_HORIZON_DAYS:
        raise _refusal("horizon_days", _("Must be 1 to %(most)s days, not %(days)s."), most=MAX_HORIZON_DAYS, days=days)


def _no_month_end(since: date | None, until: date, first_known: date) -> ValidationError:
    if since:
        return _refusal("since", _("No month ends between %(since)s and %(until)s."), since=since, until=until)
    return _refusal(
        "until",
        _(
            "There is no month end to look back on yet: the data would have to begin before %(until)s, but the first"
            " day with a full window is %(first)s."
        ),
        until=until,
        first=first_known,
    )


def _refusal(field: str, words: str, **values: object) -> ValidationError:
    return ValidationError({field: words % values})


def _known(newest: date) -> tuple[date, date]:
    """The first day with a full window behind it, and the last day anything is known of."""
    with connection.cursor() as cursor:
        cursor.execute(_DATA)
        signup, first, last = cursor.fetchone()
    begins = max(day for day in (signup, first, date.min) if day) if signup or first else newest
    return begins + timedelta(days=USAGE_DAYS - 1), min(last or newest, newest)
