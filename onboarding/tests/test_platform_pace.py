"""How often the platform is called: at most so many calls a minute and an hour, over all workers together."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from agentfactory_cs.customers.tests.factories import NOW
from onboarding.models import PlatformPace
from onboarding.platform import pace

SECOND = timedelta(seconds=1)


def taken(calls: int, now: datetime = NOW) -> int:
    """How many of so many calls may be made."""
    return sum(pace.take(now) is None for _ in range(calls))


@pytest.mark.django_db
class TestLimits:
    def test_sixty_a_minute_and_no_more(self) -> None:
        assert taken(70) == 60

        refused = pace.refusal(NOW)

        assert refused
        assert refused.until == NOW + timedelta(minutes=1)
        assert "60 calls a minute" in refused.because
        assert taken(70, NOW + timedelta(minutes=1)) == 60

    def test_a_thousand_an_hour(self, settings: Any) -> None:
        settings.AGENTFACTORY_CALLS_PER_HOUR = 150

        made = [taken(60, NOW + timedelta(minutes=minute)) for minute in range(4)]

        refused = pace.refusal(NOW + timedelta(minutes=4))
        assert made == [60, 60, 30, 0]
        assert refused
        assert refused.until == NOW + timedelta(hours=1)
        assert "150 calls an hour" in refused.because

    def test_one_call_is_one_statement_beside_making_the_row(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(2):
            pace.take(NOW)


@pytest.mark.django_db
class TestClosing:
    def test_nobody_calls_before_the_moment_that_is_named(self) -> None:
        pace.close(NOW + 30 * SECOND, "Too many.", now=NOW)

        assert taken(1, NOW + 29 * SECOND) == 0
        assert pace.refusal(NOW) == pace.Refusal(NOW + 30 * SECOND, "Too many.")
        assert taken(1, NOW + 30 * SECOND) == 1

    def test_an_earlier_moment_does_not_open_it(self) -> None:
        pace.close(NOW + 30 * SECOND, "Too many.", now=NOW)
        pace.close(NOW + 10 * SECOND, "Another answer.", now=NOW)

        assert PlatformPace.objects.get().closed_because == "Too many."

    def test_a_moment_far_away_is_not_believed(self) -> None:
        assert pace.close(NOW + timedelta(days=300), "Too many.", now=NOW) == NOW + pace.LONGEST_REFUSAL

    def test_a_person_opens_it_again(self) -> None:
        pace.close(NOW + 30 * SECOND, "The key is wrong.", now=NOW)

        pace.open_again()

        assert taken(1) == 1


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_time_share_one_limit() -> None:
    def work(_worker: int) -> int:
        try:
            return taken(25)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(work, range(4))) == 60


class TestAnyRhythm(TestCase):
    @settings(max_examples=25)
    @given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 30)), min_size=1, max_size=12))
    def test_no_window_of_ours_ever_holds_more_than_its_limit(self, rhythm: list[tuple[int, int]]) -> None:
        PlatformPace.objects.all().delete()
        now, made = NOW, 0
        for seconds, calls in rhythm:
            now += seconds * SECOND
            made += taken(calls, now)
            row = PlatformPace.objects.get()
            assert row.minute_calls <= 60
            assert row.hour_calls <= made

        # Two windows may meet, so that a stretch holds at most two limits more than its whole minutes.
        assert made <= 60 * ((now - NOW) // timedelta(minutes=1) + 1)
