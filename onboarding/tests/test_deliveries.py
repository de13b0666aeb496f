"""What the platform told us, applied: the timeline, milestones, strangers, whatever the order and however often."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from agentfactory_cs.customers import services
from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer
from agentfactory_cs.events.models import Event
from onboarding import deliveries, rules
from onboarding.models import Milestone, PlatformDelivery, ProvisioningStep
from onboarding.provisioning import prepare
from onboarding.provisioning.agents import agent_id
from onboarding.tasks import tend_deliveries

from .platforms import hear
from .test_hooks import body, signature

pytestmark = pytest.mark.django_db
HOUR_AGO = NOW - timedelta(hours=1)


@pytest.fixture
def customer() -> Customer:
    return make_customer(external_id="t-1", signed_up_at=NOW - timedelta(days=1))


def came(event: str, happened_at: datetime = HOUR_AGO, **data: Any) -> None:
    told = {"tenant_id": "t-1", **data}
    deliveries.take_in(body(event, happened_at.isoformat(), **told), now=NOW)


def timeline(customer: Customer) -> list[str]:
    told = Event.objects.filter(customer=customer, by_label="AgentFactory platform").order_by("happened_at")
    return list(told.values_list("trigger", flat=True))


def reached(customer: Customer) -> dict[str, datetime]:
    return dict(Milestone.objects.filter(customer=customer).values_list("key", "reached_at"))


def test_each_is_on_the_timeline_under_its_own_name_with_its_moment_and_data(customer: Customer) -> None:
    came("usage.threshold", usage_type="conversations", percentage=80)

    deliveries.apply_waiting(now=NOW)

    event = Event.objects.get(trigger="usage.threshold")
    assert (event.customer, event.happened_at, event.data["percentage"]) == (customer, HOUR_AGO, 80)
    assert PlatformDelivery.objects.get().state == "applied"


def test_a_name_that_nobody_foresaw_is_on_the_timeline_too(customer: Customer, console: Client) -> None:
    came("workflow.Finished!")

    deliveries.apply_waiting(now=NOW)
    page = console.get(f"/admin/customers/customer/{customer.pk}/change/")

    assert timeline(customer) == ["workflow.Finished!"]
    assert page.status_code == 200


def test_an_event_named_as_one_of_ours_is_not_taken_for_it(customer: Customer) -> None:
    came("customers.churned", on="2026-07-01")

    deliveries.apply_waiting(now=NOW)

    assert timeline(customer) == ["platform.customers.churned"]


@pytest.mark.parametrize("event", ["agent.created", "agent.deployed"])
def test_an_agent_is_the_milestone_of_the_first(customer: Customer, event: str) -> None:
    came(event, agent_id="a-1")

    deliveries.apply_waiting(now=NOW)

    assert reached(customer) == {rules.FIRST_AGENT: HOUR_AGO}


@pytest.mark.parametrize("event", ["conversation.started", "conversation.message", "conversation.ended"])
def test_a_conversation_is_a_milestone_and_no_line_of_the_timeline(customer: Customer, event: str) -> None:
    came(event)

    deliveries.apply_waiting(now=NOW)

    assert reached(customer) == {rules.FIRST_CONVERSATION: HOUR_AGO}
    assert timeline(customer) == []


@pytest.mark.parametrize("event", ["agent.updated", "agent.deleted", "usage.limit", "error.occurred", "anything"])
def test_nothing_else_is_a_milestone(customer: Customer, event: str) -> None:
    came(event)

    deliveries.apply_waiting(now=NOW)

    assert reached(customer) == {}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_in_whatever_order_and_however_often_they_come_the_end_is_the_same(
    customer: Customer, order: tuple[int, ...]
) -> None:
    events = ("agent.created", "agent.deployed", "conversation.started", "agent.deleted")
    for place in (*order, *order):
        came(events[place], HOUR_AGO + timedelta(minutes=place), agent_id="a-1")
        deliveries.apply_waiting(now=NOW)

    assert timeline(customer) == ["agent.created", "agent.deployed", "agent.deleted"]
    assert reached(customer) == {
        rules.FIRST_AGENT: HOUR_AGO,
        rules.FIRST_CONVERSATION: HOUR_AGO + timedelta(minutes=2),
    }


class TestOurOwnAgents:
    @pytest.fixture(autouse=True)
    def _set_up(self, customer: Customer) -> None:
        prepare([customer], now=NOW)
        ProvisioningStep.objects.filter(kind="configuration").update(result={"agents": ["from-blueprint"]})

    @pytest.mark.parametrize("agent", [agent_id("t-1"), "from-blueprint"])
    def test_they_are_on_the_timeline_and_no_first_agent(self, customer: Customer, agent: str) -> None:
        came("agent.created", agent_id=agent)

        deliveries.apply_waiting(now=NOW)

        assert timeline(customer) == ["agent.created"]
        assert rules.FIRST_AGENT not in reached(customer)

    def test_one_told_of_while_we_make_them_waits_until_it_is_known_whose_it_is(self, customer: Customer) -> None:
        agent = ProvisioningStep.objects.filter(kind="knowledge_base")
        agent.update(state="calling", claimed_at=NOW)
        came("agent.created", agent_id="from-knowledge")
        came("error.occurred")

        deliveries.apply_waiting(now=NOW)
        early = timeline(customer)
        agent.update(state="done", claimed_at=None, settled_at=NOW, result={"agents": ["from-knowledge"]})
        deliveries.apply_waiting(now=NOW)

        assert early == ["error.occurred"]
        assert sorted(timeline(customer)) == ["agent.created", "error.occurred"]
        assert rules.FIRST_AGENT not in reached(customer)


class TestWhoseItIs:
    def test_the_tenant_s_else_the_user_s_customer(self, customer: Customer) -> None:
        other = make_customer()
        person = make_contact(other, platform_user_id="u-1")
        came("agent.updated", HOUR_AGO, user_id="u-1")
        came("agent.deleted", HOUR_AGO, tenant_id="nobody's", user_id="u-1")
        came("agent.undeployed", HOUR_AGO, tenant_id=None, user_id="u-1")

        deliveries.apply_waiting(now=NOW)

        assert timeline(customer) == ["agent.updated"]
        assert sorted(timeline(other)) == ["agent.deleted", "agent.undeployed"]
        contacts = PlatformDelivery.objects.order_by("event").values_list("event", "contact")
        assert list(contacts) == [
            ("agent.deleted", person.pk),
            ("agent.undeployed", person.pk),
            ("agent.updated", None),
        ]

    def test_one_that_fits_nobody_is_kept(self) -> None:
        came("agent.created")

        deliveries.apply_waiting(now=NOW)

        assert PlatformDelivery.objects.get().state == "stranger"
        assert not Event.objects.exists()

    @pytest.mark.parametrize("named", [{"tenant_id": "t-9"}, {"tenant_id": "", "user_id": "u-9"}])
    def test_one_whose_customer_came_while_its_batch_was_being_applied_is_found_by_the_sweep(
        self, named: dict[str, str], at_now: None
    ) -> None:
        came("agent.updated", HOUR_AGO, **named)
        came("agent.deleted", tenant_id="", user_id="")
        deliveries.apply_waiting(now=NOW)
        # The event that explains it was read before the batch was stored: nobody hears of it.
        late = make_customer(external_id="t-9", signed_up_at=NOW - timedelta(days=1))
        make_contact(late, platform_user_id="u-9")

        tend_deliveries()

        assert timeline(late) == ["agent.updated"]
        assert PlatformDelivery.objects.get(event="agent.deleted").state == "stranger"

    @pytest.mark.parametrize("how", ["signup", "platform id", "new contact", "known contact"])
    def test_it_is_applied_when_whom_it_names_appears(self, how: str) -> None:
        late = None if how == "signup" else make_customer(external_id=None, signed_up_at=NOW - timedelta(days=1))
        contact = make_contact(late) if late else None
        came("agent.created", user_id="u-1", agent_id="a-1")
        deliveries.apply_waiting(now=NOW)
        hear(deliveries.on_events)

        found = appear(how, late, contact)
        hear(deliveries.on_events)
        deliveries.apply_waiting(now=NOW)

        assert timeline(found) == ["agent.created"]
        assert reached(found)[rules.FIRST_AGENT] == HOUR_AGO


def appear(how: str, late: Customer | None, contact: Contact | None) -> Customer:
    if late is None or contact is None:
        return make_customer(external_id="t-1", signed_up_at=NOW - timedelta(days=1))
    if how == "platform id":
        late.external_id = "t-1"
        services.save_customer(late, changed={"external_id"}, now=NOW)
    elif how == "new contact":
        make_contact(late, platform_user_id="u-1")
    else:
        contact.platform_user_id = "u-1"
        services.save_contact(contact, now=NOW)
    return late


def test_a_thousand_take_as_many_statements_as_ten(customer: Customer, django_assert_max_num_queries: Any) -> None:
    for number in range(450):
        came(
            f"agent.{('created', 'updated')[number % 2]}", HOUR_AGO + timedelta(seconds=number), agent_id=f"a-{number}"
        )

    with django_assert_max_num_queries(20):
        assert deliveries.apply_waiting(now=NOW) == 450

    assert len(timeline(customer)) == 450


def test_one_that_cannot_be_applied_holds_up_no_other_and_is_tried_again(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = deliveries.applying.record_told

    def picky(told: Any, **kwargs: Any) -> None:
        rows = list(told)
        if any(row.name == "agent.updated" for row in rows):
            raise RuntimeError("The line is cut.")
        original(rows, **kwargs)

    monkeypatch.setattr(deliveries.applying, "record_told", picky)
    for event in ("agent.created", "agent.updated", "agent.deleted"):
        came(event)
    deliveries.apply_waiting(now=NOW)
    early, failed = timeline(customer), PlatformDelivery.objects.get(event="agent.updated")
    monkeypatch.undo()

    assert deliveries.apply_failed(now=NOW) == 1

    assert sorted(early) == ["agent.created", "agent.deleted"]
    assert (failed.state, failed.error) == ("waiting", "RuntimeError: The line is cut.")
    assert sorted(timeline(customer)) == ["agent.created", "agent.deleted", "agent.updated"]
    assert PlatformDelivery.objects.get(event="agent.updated").error == ""


@pytest.mark.usefixtures("at_now")
def test_from_the_request_to_the_timeline(customer: Customer, settings: Any) -> None:
    settings.AGENTFACTORY_WEBHOOK_SECRET = "what-only-we-and-the-platform-know"
    raw = body("error.occurred", agent_id="a-1")

    headers = {"X-AgentFactory-Signature": signature(raw)}
    Client().post("/hooks/agentfactory/", raw, content_type="application/json", headers=headers)
    deliveries.apply_waiting(now=NOW)

    assert timeline(customer) == ["error.occurred"]
