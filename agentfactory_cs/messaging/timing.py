"""When a mail may go out: moments of the reader's day, right over changes to and from summer time. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# Automatic mail goes out between these, in the reader's zone.
OPENS, CLOSES = time(8), time(19)
# What is planned for a day goes out at this time.
USUAL_TIME = time(9)


def zone_of(*names: str) -> ZoneInfo:
    """The first of the names that is a time zone; UTC where none is."""
    for name in names:
        try:
            return ZoneInfo(name)
        except (ValueError, OSError, LookupError):
            # Not a name, the name of a folder of zones, or a zone that does not exist (a KeyError).
            continue
    return ZoneInfo("UTC")


def at_local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """That time of a day on the reader's clock, as a moment in UTC.

    Where the clock jumps over it, the moment it would have been had the clock not jumped; where the clock shows
    it twice, the first.
    """
    return datetime.combine(day, at.replace(tzinfo=None, fold=0), tzinfo=zone).astimezone(UTC)


def usual_moment(days: int, zone: ZoneInfo, now: datetime) -> datetime:
    """09:00 of the reader's day, so many days from today; now for day 0."""
    if days == 0:
        return now
    return at_local(now.astimezone(zone).date() + timedelta(days=days), USUAL_TIME, zone)


def is_open(moment: datetime, zone: ZoneInfo) -> bool:
    return OPENS <= moment.astimezone(zone).time() < CLOSES


def next_open(moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment itself where automatic mail may go out then, otherwise the next one at which it may."""
    if is_open(moment, zone):
        return moment
    today = moment.astimezone(zone).date()
    days = (today + timedelta(days=ahead) for ahead in range(4))
    openings = (at_local(day, OPENS, zone) for day in days)
    return next(opening for opening in openings if opening > moment and is_open(opening, zone))
