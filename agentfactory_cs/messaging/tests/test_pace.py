"""How fast mail goes out, over all workers together, and how many workers send."""

from datetime import timedelta

import pytest
from django.db import connections

from agentfactory_cs.customers.tests.factories import NOW
from agentfactory_cs.messaging import pace
from agentfactory_cs.messaging.models import SendingPace
from agentfactory_cs.messaging.places import place_among
from agentfactory_cs.messaging.sending import deliver_due

from .mails import make_email
from .sink import Sink


def _bucket(per_second: float) -> None:
    SendingPace.objects.create(provider="smtp", per_second=per_second, tokens=per_second, refilled_at=NOW)


@pytest.mark.django_db
def test_no_second_gives_more_than_was_set() -> None:
    _bucket(10)

    first, second = pace.take("smtp", 100, NOW), pace.take("smtp", 100, NOW)
    later = pace.take("smtp", 100, NOW + timedelta(seconds=0.5))
    long_after = pace.take("smtp", 100, NOW + timedelta(hours=1))

    assert [leave.mails for leave in (first, second, later, long_after)] == [10, 0, 5, 10]
    assert second.wait_seconds == pytest.approx(0.1)


@pytest.mark.django_db
def test_what_was_not_used_is_there_for_others() -> None:
    _bucket(10)
    pace.take("smtp", 8, NOW)

    pace.give_back("smtp", 5)

    assert pace.take("smtp", 100, NOW).mails == 7


@pytest.mark.django_db
def test_nought_is_no_limit() -> None:
    _bucket(0)

    assert pace.take("smtp", 100, NOW).mails == 100


@pytest.mark.django_db
def test_a_clock_that_goes_backwards_fills_no_bucket() -> None:
    _bucket(10)
    pace.take("smtp", 10, NOW)

    assert pace.take("smtp", 10, NOW - timedelta(minutes=1)).mails == 0


@pytest.mark.django_db
def test_a_worker_waits_for_its_turn(sink: Sink) -> None:
    _bucket(2)
    for _ in range(5):
        make_email()
    moments = [NOW]

    def pause(seconds: float) -> None:
        moments.append(moments[-1] + timedelta(seconds=seconds))

    run = deliver_due(clock=lambda: moments[-1], pause=pause)

    assert run.sent == 5
    assert moments[-1] - NOW >= timedelta(seconds=1.5)


@pytest.mark.django_db(transaction=True)
def test_no_more_workers_send_than_there_are_places(settings: object) -> None:
    settings.MAIL_WORKERS = 1  # type: ignore[attr-defined]
    other = connections.create_connection("default")
    try:
        with place_among() as mine, other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [0x4D41494C])
            taken = cursor.fetchone()[0]
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [0x4D41494C])
            free = cursor.fetchone()[0]
            with place_among() as late:
                assert late is False
    finally:
        other.close()

    assert (mine, taken, free) == (True, False, True)
