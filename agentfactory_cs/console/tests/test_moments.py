"""Days and moments in words."""

from datetime import UTC, date, datetime, timedelta

import pytest

from agentfactory_cs.console.moments import say_day, say_moment

TODAY = date(2026, 7, 1)
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "today"),
        (1, "tomorrow"),
        (-1, "yesterday"),
        (12, "in 12 days"),
        (-13, "13 days ago"),
        (14, "in 2 weeks"),
        (-60, "8 weeks ago"),
        (61, "in 2 months"),
        (-729, "24 months ago"),
        (730, "in 2 years"),
    ],
)
def test_a_day_is_told_by_its_distance_from_today(days: int, words: str) -> None:
    assert say_day(TODAY + timedelta(days=days), TODAY) == words


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(seconds=-59), "just now"),
        (timedelta(minutes=-1), "1 minute ago"),
        (timedelta(minutes=59), "in 59 minutes"),
        (timedelta(hours=-1), "1 hour ago"),
        (timedelta(hours=23, minutes=59), "in 23 hours"),
        (timedelta(days=-1), "1 day ago"),
        (timedelta(days=-21), "3 weeks ago"),
    ],
)
def test_a_moment_is_told_by_its_distance_from_now(away: timedelta, words: str) -> None:
    assert say_moment(NOW + away, NOW) == words
