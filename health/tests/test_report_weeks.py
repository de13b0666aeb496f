"""When a weekly report is due: weekdays, time zones, clocks that change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from health.reports.weeks import WEEK, Rhythm, monday_of, newest_whole_week, sunday_of

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Pacific/Kiritimati", "Australia/Lord_Howe")


def mondays_at_seven(zone: str) -> Rhythm:
    return Rhythm(1, time(7), ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "week", "due"),
    [
        ("UTC", date(2026, 6, 22), "2026-06-29 07:00"),
        ("Europe/Berlin", date(2026, 6, 22), "2026-06-29 05:00"),
        ("Europe/Berlin", date(2026, 1, 5), "2026-01-12 06:00"),
        # The clocks were changed on the Sunday before.
        ("Europe/Berlin", date(2026, 3, 23), "2026-03-30 05:00"),
        ("Europe/Berlin", date(2026, 10, 19), "2026-10-26 06:00"),
        ("America/New_York", date(2026, 3, 2), "2026-03-09 11:00"),
        ("America/New_York", date(2026, 2, 23), "2026-03-02 12:00"),
        # Still Sunday in UTC.
        ("Asia/Tokyo", date(2026, 6, 22), "2026-06-28 22:00"),
        ("Pacific/Kiritimati", date(2026, 6, 22), "2026-06-28 17:00"),
    ],
)
def test_it_is_due_on_monday_at_seven_where_the_company_is(zone: str, week: date, due: str) -> None:
    rhythm = mondays_at_seven(zone)

    assert f"{rhythm.due_at(week):%Y-%m-%d %H:%M}" == due


@pytest.mark.parametrize(
    ("now", "week"),
    [
        ("2026-06-29 06:59", None),
        ("2026-06-29 07:00", date(2026, 6, 22)),
        ("2026-07-05 23:59", date(2026, 6, 22)),  # missed on Monday, made up for up to Sunday night
        ("2026-07-06 00:00", None),  # too late: the next week's is what comes
        ("2026-07-06 07:00", date(2026, 6, 29)),
    ],
)
def test_a_missed_report_is_made_up_for_within_its_week(now: str, week: date | None) -> None:
    rhythm = mondays_at_seven("UTC")

    assert rhythm.week_due(datetime.fromisoformat(now).replace(tzinfo=UTC)) == week


@pytest.mark.parametrize(
    ("now", "is_due"),
    [("2026-03-29 00:59", False), ("2026-03-29 01:29", False), ("2026-03-29 01:30", True)],
)
def test_a_time_that_the_clocks_skip_counts_as_an_hour_later(now: str, is_due: bool) -> None:
    rhythm = Rhythm(weekday=7, at=time(2, 30), zone=ZoneInfo("Europe/Berlin"))

    week = rhythm.week_due(datetime.fromisoformat(now).replace(tzinfo=UTC))

    assert week == (date(2026, 3, 16) if is_due else None)


def test_a_time_that_comes_twice_is_the_first() -> None:
    rhythm = Rhythm(weekday=7, at=time(2, 30), zone=ZoneInfo("Europe/Berlin"))

    assert rhythm.due_at(date(2026, 10, 12)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


seconds = st.integers(
    int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2035, 1, 1, tzinfo=UTC).timestamp())
)
moments = seconds.map(lambda at: datetime.fromtimestamp(at, tz=UTC))
rhythms = st.builds(Rhythm, st.integers(1, 7), st.times(), st.sampled_from(ZONES).map(ZoneInfo))


@given(moments, rhythms)
def test_what_is_due_is_last_weeks_report_and_its_moment_has_come(now: datetime, rhythm: Rhythm) -> None:
    week = rhythm.week_due(now)

    this_monday = monday_of(now.astimezone(rhythm.zone).date())
    if week is None:
        assert now < rhythm.due_at(this_monday - WEEK)
    else:
        assert week == this_monday - WEEK
        assert rhythm.due_at(week) <= now


@given(moments, rhythms)
def test_asked_every_five_minutes_no_week_is_passed_over(now: datetime, rhythm: Rhythm) -> None:
    week = monday_of(now.date())

    due = rhythm.due_at(week)

    assert rhythm.week_due(due) == week
    assert rhythm.week_due(due - timedelta(microseconds=1)) != week
    assert rhythm.due_at(week + WEEK) - due in (
        WEEK,
        *(WEEK + sign * timedelta(hours=h) for sign in (1, -1) for h in (0.5, 1)),
    )


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_the_newest_whole_week_lies_before_today(today: date) -> None:
    week = newest_whole_week(today)

    assert week.isoweekday() == 1
    assert sunday_of(week) < today <= sunday_of(week) + WEEK
