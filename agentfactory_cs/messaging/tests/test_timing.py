"""Moments of the reader's day, over every change of the clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentfactory_cs.messaging.timing import CLOSES, OPENS, at_local, is_open, next_open, usual_moment, zone_of

# Whole and half hours, summer time on both halves of the world, changes at midnight, a day that was left out.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Africa/Cairo",
)
_MINUTE = timedelta(minutes=1)
zones = st.sampled_from(ZONES).map(ZoneInfo)
moments = st.integers(0, 26 * 365 * 24 * 60).map(lambda passed: datetime(2009, 1, 1, tzinfo=UTC) + _MINUTE * passed)


@given(moments, zones)
def test_the_next_open_moment_is_open_and_not_before(moment: datetime, zone: ZoneInfo) -> None:
    found = next_open(moment, zone)

    assert found >= moment
    assert is_open(found, zone)
    assert OPENS <= found.astimezone(zone).time() < CLOSES


@given(moments, zones)
def test_an_open_moment_is_its_own_next(moment: datetime, zone: ZoneInfo) -> None:
    found = next_open(moment, zone)

    assert next_open(found, zone) == found


@given(moments, zones, st.floats(min_value=0, max_value=0.999))
def test_nothing_open_lies_between(moment: datetime, zone: ZoneInfo, share: float) -> None:
    found = next_open(moment, zone)

    between = moment + (found - moment) * share

    assert found == moment or not is_open(between, zone)


@given(moments, zones)
def test_nobody_waits_longer_than_a_night_and_a_change_of_the_clock(moment: datetime, zone: ZoneInfo) -> None:
    assert next_open(moment, zone) - moment <= timedelta(hours=14)


@given(moments, zones, st.integers(min_value=1, max_value=366))
def test_what_is_planned_for_a_day_goes_out_on_that_day_at_nine(now: datetime, zone: ZoneInfo, days: int) -> None:
    planned = usual_moment(days, zone, now).astimezone(zone)

    day = now.astimezone(zone).date() + timedelta(days=days)
    if zone.key == "Pacific/Apia" and day == date(2011, 12, 30):
        assert planned.date() == date(2011, 12, 31)  # that Friday never was
    else:
        assert (planned.date(), planned.time()) == (day, time(9))


def test_day_nought_is_now() -> None:
    now = datetime(2026, 7, 1, 3, tzinfo=UTC)

    assert usual_moment(0, ZoneInfo("Europe/Berlin"), now) == now


CLOCKS = [
    # The clock jumps from 2 to 3: half past two is half past three.
    ("Europe/Berlin", date(2026, 3, 29), time(2, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    # It shows half past two twice: the first counts.
    ("Europe/Berlin", date(2026, 10, 25), time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ("America/New_York", date(2026, 3, 8), time(9), datetime(2026, 3, 8, 13, tzinfo=UTC)),
    ("America/New_York", date(2026, 3, 7), time(9), datetime(2026, 3, 7, 14, tzinfo=UTC)),
    ("Pacific/Apia", date(2011, 12, 30), time(9), datetime(2011, 12, 30, 19, tzinfo=UTC)),
]


@pytest.mark.parametrize(("zone", "day", "at", "moment"), CLOCKS)
def test_a_time_of_day_is_a_moment_whatever_the_clock_does(zone: str, day: date, at: time, moment: datetime) -> None:
    assert at_local(day, at, ZoneInfo(zone)) == moment


FALLBACKS = [
    (("Europe/Berlin", "Asia/Tokyo"), "Europe/Berlin"),
    (("Nowhere/Atall", "Asia/Tokyo"), "Asia/Tokyo"),
    (("", "", "Asia/Tokyo"), "Asia/Tokyo"),
    (("Europe", "../etc/passwd", "Asia/Tokyo"), "Asia/Tokyo"),
    (("", "\0", "Mars"), "UTC"),
    ((), "UTC"),
]


@pytest.mark.parametrize(("names", "key"), FALLBACKS)
def test_a_zone_that_is_none_gives_way_to_the_next(names: tuple[str, ...], key: str) -> None:
    assert zone_of(*names).key == key
