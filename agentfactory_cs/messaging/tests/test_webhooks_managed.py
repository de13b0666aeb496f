"""Webhooks in the console and over REST: the secret once, tests, sending again, and who may."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, override_settings

from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.factories import NOW, make_member
from agentfactory_cs.events.models import WebhookDelivery, WebhookEndpoint
from agentfactory_cs.events.webhooks import services
from agentfactory_cs.events.webhooks.delivery import deliver_due

from .receiver import Receiver, make_endpoint, receiving

pytestmark = pytest.mark.django_db
LIST = "/admin/events/webhookendpoint/"


@pytest.fixture(autouse=True)
def private_allowed() -> Iterator[None]:
    with override_settings(WEBHOOK_ALLOW_PRIVATE=True):
        yield


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def page(endpoint: WebhookEndpoint, rest: str = "change") -> str:
    return f"{LIST}{endpoint.pk}/{rest}/"


def fail(endpoint: WebhookEndpoint, **fields: Any) -> WebhookDelivery:
    row = services.send_test(endpoint, now=NOW - timedelta(hours=1))
    WebhookDelivery.objects.filter(pk=row.pk).update(state="failed", error="It answered 500.", status=500, **fields)
    row.refresh_from_db()
    return row


def test_a_new_webhook_s_secret_is_shown_once(console: Client, receiver: Receiver) -> None:
    values = {"description": "Warehouse", "address": receiver.address, "triggers": ["customers.churned"]}

    added = console.post(f"{LIST}add/", values)

    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.triggers, endpoint.created_by) == (["customers.churned"], added.wsgi_request.user)
    assert endpoint.secret in added.content.decode()
    assert "no-store" in added["Cache-Control"]
    assert endpoint.secret not in console.get(page(endpoint)).content.decode()


def test_an_address_we_do_not_post_to_comes_back_with_the_reason(console: Client) -> None:
    with override_settings(WEBHOOK_ALLOW_PRIVATE=False):
        refused = console.post(f"{LIST}add/", {"description": "Inside", "address": "https://10.0.0.1/"})

    assert "leads to 10.0.0.1, which is not on the public Internet" in refused.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_a_test_is_asked_for_and_arrives_and_the_page_says_so(console: Client, receiver: Receiver) -> None:
    endpoint = make_endpoint(receiver.address)

    console.get(page(endpoint, "send-test"))
    asked_only = WebhookDelivery.objects.count()
    console.post(page(endpoint, "send-test"))
    deliver_due()

    assert asked_only == 0
    assert receiver.messages[0]["type"] == "webhooks.test"
    shown = re.sub(r"\s+", " ", console.get(page(endpoint)).content.decode())
    assert "Delivered" in shown
    assert "webhooks.test" in shown


def test_the_pages_of_a_delivery_show_message_and_answer(console: Client, receiver: Receiver) -> None:
    row = fail(make_endpoint(receiver.address))

    listed = console.get("/admin/events/webhookdelivery/").content.decode()
    opened = console.get(f"/admin/events/webhookdelivery/{row.pk}/change/").content.decode()

    assert "It answered 500." in listed
    assert "A test, asked for by" in opened


def test_a_secret_is_changed_and_both_hold_for_a_day(console: Client, receiver: Receiver) -> None:
    endpoint = make_endpoint(receiver.address)

    shown = console.post(page(endpoint, "rotate")).content.decode()

    old, endpoint = endpoint.secret, WebhookEndpoint.objects.get()
    assert endpoint.secret in shown
    assert endpoint.previous_secret == old != endpoint.secret
    assert old not in shown


def test_switched_off_by_hand_it_says_by_whom_and_on_again_it_works(console: Client, receiver: Receiver) -> None:
    endpoint = make_endpoint(receiver.address)

    console.post(page(endpoint, "switch"))
    off = WebhookEndpoint.objects.get()
    console.post(page(endpoint, "switch"))

    assert (off.is_active, off.disabled_because) == (False, "Switched off by mia.")
    assert WebhookEndpoint.objects.get().is_active


def test_what_failed_since_a_moment_or_was_chosen_is_sent_again(console: Client, receiver: Receiver) -> None:
    endpoint = make_endpoint(receiver.address)
    recent, old = fail(endpoint), fail_earlier(endpoint)

    said = console.post(page(endpoint, "send-failed-again"), {"since": "2026-06-30T00:00"}, follow=True)
    action = {"action": "send_again", "_selected_action": [old.pk]}
    console.post("/admin/events/webhookdelivery/", action)
    deliver_due()

    assert "1 message is sent again." in said.content.decode()
    assert sorted(receiver.ids) == sorted([recent.message_id, old.message_id])


def fail_earlier(endpoint: WebhookEndpoint) -> WebhookDelivery:
    row = services.send_test(endpoint, now=NOW - timedelta(days=9))
    WebhookDelivery.objects.filter(pk=row.pk).update(state="failed", error="It answered 500.")
    return row


@pytest.mark.parametrize("since", ["", "yesterday", "2026-13-40T00:00"])
def test_a_moment_that_is_none_is_said_so(console: Client, receiver: Receiver, since: str) -> None:
    endpoint = make_endpoint(receiver.address)

    said = console.post(page(endpoint, "send-failed-again"), {"since": since}, follow=True)

    assert "Enter a day and time" in said.content.decode()


@pytest.mark.parametrize("group", ["Viewer", "Support agent", "CSM"])
def test_only_managers_see_webhooks(receiver: Receiver, group: str) -> None:
    endpoint = make_endpoint(receiver.address)
    client = Client()
    client.force_login(make_member(group))

    answers = [client.get(LIST), client.get(page(endpoint)), client.post(page(endpoint, "rotate"))]

    assert {answer.status_code for answer in answers} == {403}


def test_over_rest_a_webhook_is_made_changed_and_removed(api: ApiClient, receiver: Receiver) -> None:
    made = api.post("webhooks/", {"address": receiver.address, "description": "BI"})
    address = f"webhooks/{made.json()['id']}/"
    read = api.get(address)
    changed = api.patch(address, {"triggers": ["customers.churned"]})
    removed = api.delete(address)

    assert (made.status_code, made.json()["secret"].startswith("whsec_")) == (201, True)
    assert "secret" not in read.json()
    assert changed.json()["triggers"] == ["customers.churned"]
    assert (removed.status_code, WebhookEndpoint.objects.count()) == (204, 0)


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"address": "https://nowhere.invalid/"}, "address", "leads nowhere"),
        ({"address": "http://localhost:9/", "triggers": ["no.such"]}, "triggers", "There is no event"),
        ({"address": "http://localhost:9/", "secret": "mine"}, "secret", "There is no such field."),
        ({}, "address", "required"),
    ],
)
def test_over_rest_what_does_not_fit_names_field_and_reason(
    api: ApiClient, values: dict[str, Any], field: str, words: str
) -> None:
    answer = api.post("webhooks/", {"description": "BI", **values})

    assert answer.status_code == 400
    assert [(error["attr"].split(".")[0], words in error["detail"]) for error in answer.json()["errors"]] == [
        (field, True)
    ]


def test_over_rest_all_that_is_wrong_is_said_at_once(api: ApiClient) -> None:
    answer = api.post("webhooks/", {"address": "https://nowhere.invalid/", "triggers": ["no.such"], "colour": "red"})

    assert answer.status_code == 400
    assert set(errors_of(answer)) == {"address", "triggers", "description", "colour"}


def test_over_rest_messages_are_read_and_sent_again(api: ApiClient, receiver: Receiver) -> None:
    endpoint = make_endpoint(receiver.address)
    row = fail(endpoint)

    listed = api.get(f"webhook-deliveries/?webhook={endpoint.pk}&state=failed").json()["results"]
    again = api.post(f"webhook-deliveries/{row.pk}/send-again/", {})
    repeated = api.post(f"webhook-deliveries/{row.pk}/send-again/", {})
    all_since = api.post(f"webhooks/{endpoint.pk}/send-failed-again/", {"since": "2026-06-01T00:00:00Z"})
    tested = api.post(f"webhooks/{endpoint.pk}/test/", {})

    assert [(one["message_id"], one["status"]) for one in listed] == [(row.message_id, 500)]
    assert [answer.status_code for answer in (again, repeated, all_since, tested)] == [202, 409, 202, 202]
    assert all_since.json() == {"sent_again": 0}


def test_over_rest_a_secret_is_for_admins(api: ApiClient, receiver: Receiver) -> None:
    endpoint = make_endpoint(receiver.address)

    refused = ApiClient("write").post(f"webhooks/{endpoint.pk}/rotate/")
    rotated = api.post(f"webhooks/{endpoint.pk}/rotate/", {})
    off = api.post(f"webhooks/{endpoint.pk}/disable/", {"reason": "Moving."})
    twice = api.post(f"webhooks/{endpoint.pk}/disable/", {"reason": "Moving."})
    on = api.post(f"webhooks/{endpoint.pk}/enable/", {})

    assert (refused.status_code, rotated.status_code) == (403, 200)
    assert rotated.json()["secret"] != endpoint.secret
    assert (off.json()["disabled_because"], twice.status_code, on.json()["is_active"]) == ("Moving.", 409, True)
