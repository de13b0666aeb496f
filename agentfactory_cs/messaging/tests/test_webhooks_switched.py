"""Webhooks that are switched off and on: nothing is left waiting, nothing comes late; and who is served first."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.test import override_settings
from pytest_django import DjangoAssertNumQueries

from agentfactory_cs.customers.tests.factories import NOW, make_customer
from agentfactory_cs.events.models import Event, WebhookDelivery
from agentfactory_cs.events.services import record
from agentfactory_cs.events.webhooks import services
from agentfactory_cs.events.webhooks.claiming import claim, settle
from agentfactory_cs.events.webhooks.delivery import deliver_due
from agentfactory_cs.events.webhooks.queueing import on_events, queue
from agentfactory_cs.events.webhooks.rules import Answer

from .receiver import Receiver, make_endpoint, receiving

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def private_allowed() -> Iterator[None]:
    with override_settings(WEBHOOK_ALLOW_PRIVATE=True):
        yield


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def happens(count: int = 1, trigger: str = "customers.contact_added") -> list[Event]:
    customer = make_customer(external_id="tenant-1", name="Kite & Co") if count else None
    events = [record(trigger, customer, {"name": f"P{n}"}, now=NOW) for n in range(count) if customer]
    return [event for event in events if event]


def deliver(now: datetime = NOW) -> int:
    return deliver_due(clock=lambda: now)


def test_an_attempt_that_fails_after_the_switch_off_is_not_tried_again(receiver: Receiver) -> None:
    endpoint = make_endpoint(receiver.address)
    on_events(happens(), NOW)
    [held] = claim({}, most=1, an_endpoint=1, now=NOW)
    services.switch_off(endpoint, reason="Moving house.")

    settle(held, Answer(503, "", "It answered 503."), now=NOW)

    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.claimed_at) == ("failed", None)
    assert delivery.error == "It answered 503. The webhook was switched off: Moving house."


def test_an_attempt_that_arrives_after_the_switch_off_has_arrived(receiver: Receiver) -> None:
    endpoint = make_endpoint(receiver.address)
    on_events(happens(), NOW)
    [held] = claim({}, most=1, an_endpoint=1, now=NOW)
    services.switch_off(endpoint, reason="Moving house.")

    settle(held, Answer(200, "ok"), now=NOW)

    assert WebhookDelivery.objects.get().state == "delivered"


def test_what_a_killed_worker_held_for_an_endpoint_that_is_off_has_failed(receiver: Receiver) -> None:
    endpoint = make_endpoint(receiver.address)
    on_events(happens(), NOW)
    claim({}, most=1, an_endpoint=1, now=NOW)
    services.switch_off(endpoint, reason="Moving house.")

    deliver(NOW + timedelta(minutes=6))

    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.error) == ("failed", "The webhook was switched off: Moving house.")
    assert receiver.posts == []


def test_switched_on_again_it_gets_nothing_late_without_being_asked(receiver: Receiver) -> None:
    endpoint = services.switch_off(make_endpoint(receiver.address), reason="Moving house.")
    queue(endpoint, message_id="left", kind="x", data={}, now=NOW)  # as one that crossed with the switch

    services.switch_on(endpoint)
    deliver(NOW + timedelta(days=30))

    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.error) == ("failed", "The webhook was switched off: Moving house.")
    assert receiver.posts == []
    assert services.send_again(delivery, now=NOW).state == "waiting"


def test_a_claim_takes_a_fixed_number_of_looks_however_much_waits(
    receiver: Receiver, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(3):
        make_endpoint(receiver.address, description=f"E{number}")
    services.switch_off(make_endpoint(receiver.address, description="Off"), reason="Moving house.")
    on_events(happens(30), NOW)

    with django_assert_num_queries(5 + 2):  # who has something due, one for each of the three, what is claimed
        claimed = claim({}, most=16, an_endpoint=2, now=NOW)

    assert Counter(row.endpoint.description for row in claimed) == {"E0": 2, "E1": 2, "E2": 2}


def test_an_endpoint_with_nothing_under_way_comes_first(receiver: Receiver) -> None:
    first = make_endpoint(receiver.address, description="First")
    second = make_endpoint(receiver.address, description="Second")
    on_events(happens(3), NOW)

    [taken] = claim({first.pk: 1}, most=1, an_endpoint=2, now=NOW)

    assert taken.endpoint == second
