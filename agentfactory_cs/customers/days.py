"""Days and moments: facts belong to days in UTC."""

from datetime import UTC, date, datetime, timedelta


def utc_day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def start_of_day(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), tzinfo=UTC)


def end_of_day(day: date) -> datetime:
    """The first moment that no longer belongs to `day`."""
    return start_of_day(day + timedelta(days=1))
