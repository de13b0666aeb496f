"""Which week is reported when. Pure: no Django, no clock.

A reported week runs from Monday to Sunday in scored days, which are days in UTC; it is due in the week after, on a
weekday and at a time of day in the company's time zone.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEK = timedelta(days=7)
# How long a report that is due waits for its Sunday to be scored: west of UTC that is done by then, in the far east
# it is not, and a run may be held because the feed is late.
PATIENCE = timedelta(hours=12)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.isoweekday() - 1)


def sunday_of(week: date) -> date:
    """The last day of the week that began on the Monday `week`."""
    return week + timedelta(days=6)


@dataclass(frozen=True)
class Rhythm:
    """When reports are due: on an ISO weekday (1 is Monday), at a time of day, in a time zone."""

    weekday: int
    at: time
    zone: ZoneInfo

    def due_at(self, week: date) -> datetime:
        """When (UTC) the report of a week is due, in the week after.

        A time that the clocks skip that night counts as an hour later, one that comes twice as the first.
        """
        day = week + WEEK + timedelta(days=self.weekday - 1)
        return datetime.combine(day, self.at, tzinfo=self.zone).astimezone(UTC)

    def week_due(self, now: datetime) -> date | None:
        """The Monday of the week whose report is due or overdue; None where this week's moment is still to come.

        What is missed is made up for within the same week of the local calendar, and not later: then the next is due.
        """
        week = monday_of(now.astimezone(self.zone).date()) - WEEK
        return week if self.due_at(week) <= now else None


def newest_whole_week(today: date) -> date:
    """The Monday of the newest week that lies wholly before `today` (UTC)."""
    return monday_of(today) - WEEK
