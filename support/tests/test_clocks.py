"""Business time: over nights, holidays, pauses and changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.clocks import BadCalendar, Calendar, Span, Stretch, due_at, elapsed
from support.clocks.calendar import spans, week

BERLIN, NEW_YORK, SAMOA = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Pacific/Apia")
NINE_TO_FIVE = week({day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")})
ALWAYS = week({day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")})
HOUR = timedelta(hours=1)
DESK = Calendar(BERLIN, NINE_TO_FIVE, closed=frozenset({date(2026, 12, 25)}))


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        ("2026-11-23 09:00", "2026-11-23 17:00", 7),  # a Monday, with lunch
        ("2026-11-23 12:00", "2026-11-23 13:00", 0),
        ("2026-11-20 16:00", "2026-11-23 10:00", 2),  # over a week-end
        ("2026-12-24 16:00", "2026-12-28 10:00", 2),  # Thursday, holiday, week-end, Monday
        ("2026-11-23 17:00", "2026-11-23 09:00", 0),  # the wrong way round
        ("2026-11-23 08:59:30", "2026-11-23 09:00:30", 1 / 120),
    ],
)
def test_open_time_counts_what_lies_in_the_spans(since: str, until: str, hours: float) -> None:
    assert DESK.open_time(at(since), at(until)) == hours * HOUR


@pytest.mark.parametrize(
    ("since", "hours", "until"),
    [
        ("2026-11-23 09:00", 4, "2026-11-23 14:00"),
        ("2026-11-20 16:30", 1, "2026-11-23 09:30"),
        ("2026-11-21 10:00", 7, "2026-11-23 17:00"),  # exactly the day's hours end with the day
        ("2026-11-21 10:00", 0, "2026-11-21 10:00"),
        ("2026-12-24 16:00", 1.5, "2026-12-28 09:30"),
    ],
)
def test_adding_open_time_lands_where_the_desk_has_been_open_so_long(since: str, hours: float, until: str) -> None:
    assert DESK.add(at(since), hours * HOUR) == at(until)


def test_the_hour_that_is_skipped_in_spring_is_no_open_time_and_the_one_repeated_in_autumn_counts_twice() -> None:
    always = Calendar(BERLIN, ALWAYS)

    spring = always.open_time(at("2026-03-29 00:00"), at("2026-03-30 00:00"))
    autumn = always.open_time(at("2026-10-25 00:00"), at("2026-10-26 00:00"))

    assert (spring, autumn) == (23 * HOUR, 25 * HOUR)


def test_a_desk_that_opens_in_the_skipped_hour_opens_when_the_clocks_go_forward() -> None:
    early = Calendar(BERLIN, week({"sun": [["02:30", "04:00"]]}))

    assert early.open_time(at("2026-03-29 00:00"), at("2026-03-29 12:00")) == HOUR
    assert early.add(at("2026-03-29 00:00"), HOUR / 2) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_span_that_lies_in_the_skipped_hour_is_not_open() -> None:
    skipped = Calendar(BERLIN, week({"sun": [["02:10", "02:50"]]}))

    assert skipped.open_time(at("2026-03-29 00:00"), at("2026-03-30 00:00")) == timedelta(0)


def test_a_day_that_a_zone_left_out_is_no_open_time() -> None:
    always = Calendar(SAMOA, ALWAYS)  # 2011-12-30 did not take place there

    assert always.open_time(at("2011-12-29 00:00", SAMOA), at("2012-01-01 00:00", SAMOA)) == 48 * HOUR


def test_a_day_of_its_own_goes_before_week_and_holiday() -> None:
    short = (Span(time(10), time(12)),)
    desk = Calendar(BERLIN, NINE_TO_FIVE, closed=frozenset({date(2026, 12, 25)}), own_days={date(2026, 12, 25): short})

    assert desk.open_time(at("2026-12-25 00:00"), at("2026-12-26 00:00")) == 2 * HOUR


def test_a_desk_that_never_opens_promises_nothing() -> None:
    assert Calendar(BERLIN, week({})).add(at("2026-11-23 09:00"), HOUR) is None


def test_a_clock_stands_while_it_is_paused() -> None:
    ran = [Stretch(at("2026-11-23 09:00"), at("2026-11-23 11:00")), Stretch(at("2026-11-24 09:00"))]

    due = due_at(DESK, ran, 4 * HOUR)

    assert (due.warn_at, due.due_at) == (at("2026-11-24 10:00"), at("2026-11-24 11:00"))
    assert elapsed(DESK, ran, at("2026-11-24 10:30")) == 3.5 * HOUR


def test_a_clock_that_stands_with_time_left_is_not_due() -> None:
    assert due_at(DESK, [Stretch(at("2026-11-23 09:00"), at("2026-11-23 11:00"))], 4 * HOUR).due_at is None


def test_a_clock_that_ran_out_before_its_pause_says_when() -> None:
    ran = [Stretch(at("2026-11-23 09:00"), at("2026-11-23 16:00"))]

    assert due_at(DESK, ran, 4 * HOUR).due_at == at("2026-11-23 14:00")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([["09:00", "08:00"]], "after the beginning"),
        ([["09:00", "09:00"]], "after the beginning"),
        ([["09:00", "12:00"], ["11:00", "13:00"]], "overlap"),
        ([["20:00", "24:00"], ["22:00", "23:00"]], "overlap"),
        ([["24:00", "09:00"]], "no time such as"),
        ([["09:00"]], "a beginning and an end"),
        ([["9 o'clock", "17:00"]], "no time such as"),
        ("09:00-17:00", "must be a list"),
    ],
)
def test_hours_that_make_no_sense_are_refused_with_the_reason(data: object, says: str) -> None:
    with pytest.raises(BadCalendar, match=says):
        spans(data, "week.mon")


moments = st.integers(0, 2 * 365 * 24 * 3600).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
lengths = st.integers(0, 200 * 3600).map(lambda seconds: timedelta(seconds=seconds))
clocks = st.integers(0, 24 * 12).map(lambda step: f"{step * 5 // 60:02}:{step * 5 % 60:02}")


@st.composite
def days(draw: st.DrawFn) -> list[list[str]]:
    points = sorted(draw(st.sets(clocks, max_size=6)))
    return [[begin, end] for begin, end in zip(points[::2], points[1::2], strict=False)]


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    zone = draw(st.sampled_from([BERLIN, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")]))
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    closed = draw(st.sets(st.dates(date(2026, 1, 1), date(2028, 6, 1)), max_size=20))
    return Calendar(zone, week({name: draw(days()) for name in names}), closed=frozenset(closed))


@given(calendars(), moments, lengths, lengths)
def test_adding_twice_is_adding_the_sum(calendar: Calendar, since: datetime, one: timedelta, other: timedelta) -> None:
    first = calendar.add(since, one)

    in_two = calendar.add(first, other) if first else None

    # Of nothing added, a moment outside the hours stays where it is; the same open time lies before both.
    at_once = calendar.add(since, one + other)
    assert (in_two is None) == (at_once is None)
    if in_two and at_once:
        assert calendar.open_time(min(in_two, at_once), max(in_two, at_once)) == timedelta(0)


@given(calendars(), moments, lengths)
def test_what_was_added_is_what_has_passed(calendar: Calendar, since: datetime, length: timedelta) -> None:
    until = calendar.add(since, length)

    if until is not None:
        assert calendar.open_time(since, until) == length


@given(calendars(), moments, moments, moments)
def test_open_time_is_additive(calendar: Calendar, one: datetime, two: datetime, three: datetime) -> None:
    one, two, three = sorted((one, two, three))

    assert calendar.open_time(one, two) + calendar.open_time(two, three) == calendar.open_time(one, three)


@given(calendars(), st.lists(moments, min_size=2, max_size=8, unique=True), lengths)
def test_pausing_never_lengthens_the_measured_time_and_never_brings_the_due_time_forward(
    calendar: Calendar, points: list[datetime], target: timedelta
) -> None:
    points.sort()
    paused = [Stretch(begin, end) for begin, end in zip(points[::2], points[1::2], strict=False)]
    paused.append(Stretch(points[-1]))
    through = [Stretch(points[0])]
    now = points[-1] + timedelta(days=30)

    assert elapsed(calendar, paused, now) <= elapsed(calendar, through, now)
    with_pauses, without = due_at(calendar, paused, target).due_at, due_at(calendar, through, target).due_at
    if with_pauses:
        assert without is not None
        assert without <= with_pauses
