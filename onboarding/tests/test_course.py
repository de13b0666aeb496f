"""An onboarding begins at signup, is completed or ends, and follows what people change about the customer."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Churn, Customer
from agentfactory_cs.customers.tests.factories import NOW, make_customer
from agentfactory_cs.events.models import Event
from onboarding import course
from onboarding.milestones import Reached, reach_all
from onboarding.models import Onboarding, StuckPeriod
from onboarding.models.onboarding import MilestoneSource, OnboardingState

from .living import Life, after, sign_up

pytestmark = pytest.mark.django_db


def of(customer: Customer) -> Onboarding:
    return Onboarding.objects.get(customer=customer)


def reach_everything(onboarding: Onboarding, *, days: float = 3, but: str = "") -> None:
    keys = [item.key for item in onboarding.version.plan.required() if item.key != but]
    rows = [Reached(onboarding.customer_id, key, after(days), MilestoneSource.HAND) for key in keys]
    reach_all(rows, now=after(days))


def events(customer: Customer, *triggers: str) -> list[Event]:
    return list(Event.objects.filter(customer=customer, trigger__in=triggers).order_by("pk"))


def change(customer: Customer, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(customer, name, value)
    customers.save_customer(customer, changed=set(fields), now=after(2))


def test_a_signup_begins_it_by_the_checklist_of_the_tier_in_force() -> None:
    life = Life()
    customer = make_customer(tier="pro", signed_up_at=NOW - timedelta(hours=1))

    life.feed(NOW)

    onboarding = of(customer)
    assert (onboarding.state, onboarding.started_at) == ("running", customer.signed_up_at)
    assert onboarding.version.checklist.tier == "pro"
    assert events(customer, "onboarding.begun")[0].data["checklist"] == "Guided, Pro v1"


def test_reading_a_signup_again_begins_nothing_twice() -> None:
    onboarding = sign_up()

    again = course.begin_all([onboarding.customer], now=NOW)

    assert again == []
    assert Onboarding.objects.count() == 1


@pytest.mark.parametrize("stage", [Customer.Stage.ADOPTION, Customer.Stage.GROWTH, Customer.Stage.RENEWAL])
def test_who_comes_with_a_later_stage_is_not_onboarded(stage: str) -> None:
    life = Life()
    customer = make_customer(signed_up_at=NOW, lifecycle_stage=stage)

    life.feed(NOW)

    assert not customer.onboardings.exists()


def test_who_signed_up_long_ago_is_no_newcomer_and_the_timeline_says_so() -> None:
    life = Life()
    recent, old = make_customer(signed_up_at=after(-60)), make_customer(signed_up_at=after(-61))

    life.feed(NOW)

    assert recent.onboardings.exists()
    assert not old.onboardings.exists()
    assert "more than 60 days before" in events(old, "onboarding.not_begun")[0].data["why"]


def test_however_many_sign_up_it_takes_as_many_statements() -> None:
    some = [make_customer(signed_up_at=NOW, tier=tier) for tier in ("free", "starter", "pro", "enterprise") * 10]

    def statements(batch: list[Customer]) -> int:
        with CaptureQueriesContext(connection) as queries:
            course.begin_all(batch, now=NOW)
        return len(queries)

    assert statements(some[:4]) == statements(some[4:])


@pytest.mark.parametrize("tier", ["free", "starter", "pro", "enterprise"])
def test_it_is_completed_once_every_required_item_is_reached(tier: str) -> None:
    onboarding, life = sign_up(tier), Life()
    missing = onboarding.version.plan.required()[-1].key
    reach_everything(onboarding, but=missing)
    life.feed(after(3))
    before = of(onboarding.customer).state

    reach_all([Reached(onboarding.customer_id, missing, after(4), MilestoneSource.USAGE)], now=after(4))
    life.feed(after(4))

    done, customer = of(onboarding.customer), Customer.objects.get()
    assert (before, done.state, done.ended_at) == ("running", "completed", after(4))
    assert done.ended_because == f"All {len(done.version.plan.required())} required milestones are reached."
    assert customer.lifecycle_stage == Customer.Stage.ADOPTION
    assert events(customer, "onboarding.completed")[0].data["days"] == 4


def test_optional_items_are_not_waited_for() -> None:
    onboarding, life = sign_up("free"), Life()

    reach_everything(onboarding)
    life.feed(after(3))

    assert of(onboarding.customer).state == "completed"
    assert not onboarding.customer.milestones.filter(key="first_week_active").exists()


def test_a_review_completes_it_whatever_is_missing() -> None:
    onboarding = sign_up()

    done = course.complete(onboarding, because="The review of day 14 is done.", now=after(14))

    assert (done.state, done.ended_because) == ("completed", "The review of day 14 is done.")


def test_moving_the_customer_on_by_hand_completes_it_with_that_reason(manager: Any) -> None:
    onboarding, life = sign_up(), Life()
    onboarding.customer.lifecycle_stage = Customer.Stage.GROWTH
    customers.save_customer(onboarding.customer, by=manager, now=after(2))

    life.feed(after(2))

    done = of(onboarding.customer)
    assert (done.state, done.ended_because) == ("completed", "It was moved on to Growth by hand.")
    assert done.ended_by == manager
    assert Customer.objects.get().lifecycle_stage == Customer.Stage.GROWTH


def test_a_departure_ends_it_and_a_return_does_not_bring_it_back() -> None:
    onboarding, life = sign_up(), Life()
    customers.record_churn(Churn(customer=onboarding.customer, churned_on=after(3).date()), now=after(3))
    life.feed(after(3))

    customers.reactivate(onboarding.customer, on=after(9).date(), now=after(9))
    life.feed(after(9))

    ended = of(onboarding.customer)
    assert (ended.state, ended.ended_because) == ("ended", "The customer has left us.")


def test_who_is_moved_back_is_led_in_again_and_not_done_by_what_it_reached_before() -> None:
    onboarding, life = sign_up("free"), Life()
    reach_everything(onboarding)
    life.feed(after(3))
    customer = Customer.objects.get()

    change(customer, lifecycle_stage=Customer.Stage.ONBOARDING)
    life.feed(after(30))
    course.complete_reached(now=after(31))

    second = Onboarding.objects.running().get()
    assert second.started_at == after(30)


def test_a_change_of_tier_goes_on_by_the_new_checklist_and_keeps_what_was_reached() -> None:
    onboarding, life = sign_up("starter"), Life()
    reach_all([Reached(onboarding.customer_id, "first_login", after(1), MilestoneSource.USAGE)], now=after(1))

    change(onboarding.customer, tier=Customer.Tier.ENTERPRISE)
    life.feed(after(2))

    running = of(onboarding.customer)
    assert running.version.checklist.tier == "enterprise"
    assert (running.started_at, running.customer.milestones.count()) == (NOW, 1)
    told = events(running.customer, "onboarding.checklist_changed")[0].data
    assert (told["old"], told["new"]) == ("Self-service, Starter v1", "Dedicated, Enterprise v1")


def test_what_is_over_closes_the_stuck_period_with_it() -> None:
    onboarding = sign_up()
    StuckPeriod.objects.create(
        onboarding=onboarding, blocker="first_login", because="Late.", since=after(4), noticed_at=after(4)
    )

    course.end(onboarding, because="They asked us to wait for a year.", now=after(5))

    period = StuckPeriod.objects.get()
    assert (period.ended_at, period.ended_because) == (
        after(5),
        "Onboarding is over: They asked us to wait for a year.",
    )


@pytest.mark.parametrize("state", list(OnboardingState))
@pytest.mark.parametrize("verb", ["complete", "end"])
def test_only_what_runs_can_be_over(state: OnboardingState, verb: str) -> None:
    onboarding = sign_up()
    if state != OnboardingState.RUNNING:
        Onboarding.objects.update(state=state, ended_at=after(1), ended_because="Before.")
    new = {"complete": OnboardingState.COMPLETED, "end": OnboardingState.ENDED}[verb]

    def act() -> Onboarding:
        return getattr(course, verb)(onboarding, because="For a test.", now=after(2))

    if new in Onboarding.TRANSITIONS[state]:
        assert act().state == new
    else:
        with pytest.raises(ValidationError, match="cannot become"):
            act()
        assert of(onboarding.customer).ended_because == "Before."


def test_nobody_ends_one_without_saying_why() -> None:
    onboarding = sign_up()

    with pytest.raises(ValidationError, match="Say in a sentence why"):
        course.complete(onboarding, because=" ", now=NOW)

    assert of(onboarding.customer).state == "running"


def test_what_breaks_in_the_middle_leaves_it_running(monkeypatch: pytest.MonkeyPatch) -> None:
    onboarding = sign_up()

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("The line is cut.")

    monkeypatch.setattr(course, "save_customer", broken)
    with pytest.raises(RuntimeError):
        course.complete(onboarding, because="Done.", now=NOW)

    assert of(onboarding.customer).state == "running"
    assert not events(onboarding.customer, "onboarding.completed")
