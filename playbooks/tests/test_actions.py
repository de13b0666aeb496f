"""What steps do beside mail, tasks and tags: fields of the customer, posts to Slack."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client, override_settings

from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_member
from agentfactory_cs.events.webhooks.delivery import deliver_due
from agentfactory_cs.events.webhooks.services import switch_off
from agentfactory_cs.messaging import channels
from agentfactory_cs.messaging.models import Notice, SlackChannel
from agentfactory_cs.messaging.tests.receiver import make_endpoint, receiving
from playbooks import services
from playbooks.models import Run
from playbooks.working import work_off_due

from .factories import make_playbook, manual_step

pytestmark = pytest.mark.django_db
ADDRESS = "https://hooks.slack.com/services/T000/B000/secret"


def step(action: str, **params: Any) -> dict[str, Any]:
    return {"key": "act", "title": "Act", "kind": "action", "day": 0, "action": action, "params": params}


def make_channel(name: str = "#success") -> SlackChannel:
    return channels.save_channel(SlackChannel(name=name, address=ADDRESS), now=NOW)


def run_of(*steps: dict[str, Any], **customer: Any) -> Run:
    """A run worked off once; a manual step keeps it under way."""
    run = services.start_run(make_customer(**customer), make_playbook(*steps, manual_step()), now=NOW, why="A test.")
    work_off_due(now=NOW)
    return run


def test_a_field_is_set_through_the_customers_own_rules() -> None:
    run = run_of(step("customers.set_field", field="language", value="de"))

    run.customer.refresh_from_db()
    done = run.steps.get(key="act")
    assert run.customer.language == "de"
    assert (done.state, done.because, done.result) == ("done", "It was en.", {"old": "en", "new": "de"})


def test_a_field_that_says_so_already_is_left_alone_and_says_so() -> None:
    run = run_of(step("customers.set_field", field="country", value="US"), country="US")

    assert (run.steps.get(key="act").state, run.steps.get(key="act").because) == ("skipped", "It says so already.")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"field": "tier", "value": "pro"}, "field: there is no 'tier'"),
        ({"field": "time_zone", "value": "Mars/Olympus"}, "value: "),
        ({"field": "country", "value": "Germany"}, "value: Ensure this value has at most 2 characters"),
    ],
)
def test_a_field_or_value_that_does_not_fit_cannot_be_published(params: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        make_playbook(step("customers.set_field", **params))


@override_settings(SITE_ADDRESS="https://cs.example.com")
def test_a_post_names_the_customer_with_a_link_and_fills_in_what_it_is_asked_to() -> None:
    make_channel()

    run = run_of(
        step(
            "messaging.notify_slack", channel="#success", text="{tier}, looked after by {success_manager}: say <hello>"
        ),
        name="Kite & Co",
    )

    notice = Notice.objects.get()
    link = f"<https://cs.example.com/admin/customers/customer/{run.customer_id}/overview/|Kite &amp; Co>"
    assert notice.text == f"{link}: Starter, looked after by nobody yet: say &lt;hello&gt;"
    assert (notice.channel, notice.address, notice.state) == ("slack", ADDRESS, "waiting")
    assert run.steps.get(key="act").because == "Posted to #success."


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"channel": "#none", "text": "Hello"}, "channel: there is no '#none'"),
        ({"channel": "#success", "text": "{password}"}, r"text: there is no \{password\}; known are \{customer\}"),
        ({"channel": "#success"}, "text: must be given"),
    ],
)
def test_a_post_that_names_what_there_is_not_cannot_be_published(params: dict[str, str], message: str) -> None:
    make_channel()

    with pytest.raises(ValidationError, match=message):
        make_playbook(step("messaging.notify_slack", **params))


def test_a_step_whose_transaction_was_lost_posts_once() -> None:
    make_channel()
    run = services.start_run(
        make_customer(),
        make_playbook(step("messaging.notify_slack", channel="#success", text="Hello"), manual_step()),
        now=NOW,
        why="A test.",
    )

    with transaction.atomic():
        work_off_due(now=NOW)
        transaction.set_rollback(True)
    work_off_due(now=NOW)

    assert Notice.objects.count() == 1
    assert run.steps.get(key="act").state == "done"


def test_a_channel_s_address_is_taken_in_the_console_and_never_shown(console: Client) -> None:
    page = "/admin/messaging/slackchannel/"

    refused = console.post(f"{page}add/", {"name": "#success", "address": "https://evil.example/T/B/secret"})
    console.post(f"{page}add/", {"name": "#success", "address": ADDRESS})
    channel = SlackChannel.objects.get()
    console.post(f"{page}{channel.pk}/change/", {"name": "#care", "address": ""})

    channel.refresh_from_db()
    assert "Enter an https address of hooks.slack.com" in refused.content.decode()
    assert (channel.name, channel.address) == ("#care", ADDRESS)
    shown = console.get(page).content.decode() + console.get(f"{page}{channel.pk}/change/").content.decode()
    assert "services/T000" not in shown


def test_a_test_post_is_asked_for_first_and_then_queued(console: Client) -> None:
    address = f"/admin/messaging/slackchannel/{make_channel().pk}/send-test-post/"

    asked = console.get(address)
    assert asked.status_code == 200
    assert not Notice.objects.exists()
    console.post(address)

    assert Notice.objects.get().kind == "messaging.slack_test"


def test_who_may_only_look_at_customers_sees_no_channel() -> None:
    client = Client()
    client.force_login(make_member("CSM"))

    assert client.get("/admin/messaging/slackchannel/").status_code == 403


@override_settings(WEBHOOK_ALLOW_PRIVATE=True)
def test_a_webhook_is_called_with_the_run_s_data() -> None:
    with receiving() as receiver:
        endpoint = make_endpoint(receiver.address)

        run = run_of(step("events.call_webhook", webhook=str(endpoint.pk), note="Open a project"), name="Kite & Co")
        deliver_due()

        [message] = receiver.messages
        assert message["type"] == "playbooks.step"
        assert message["data"]["customer"]["name"] == "Kite & Co"
        assert (message["data"]["run"], message["data"]["note"]) == (run.pk, "Open a project")
        assert run.steps.get(key="act").because == "A message to Data warehouse is on its way."


@override_settings(WEBHOOK_ALLOW_PRIVATE=True)
def test_a_webhook_that_is_off_fails_the_step_and_says_why() -> None:
    endpoint = make_endpoint("https://127.0.0.1/hook")
    steps = (step("events.call_webhook", webhook=str(endpoint.pk)), manual_step())
    run = services.start_run(make_customer(), make_playbook(*steps), now=NOW, why="A test.")
    switch_off(endpoint, reason="Moving house.")

    work_off_due(now=NOW)

    failed = run.steps.get(key="act")
    assert (failed.state, failed.because) == ("failed", "The webhook “Data warehouse” is switched off: Moving house.")
