"""What conditions can ask about onboarding, as it stood at a moment."""

from datetime import datetime
from typing import Any

import pytest

from agentfactory_cs.customers.conditions import Condition, facts
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, make_customer
from onboarding import course, rules, stuck
from onboarding.by_hand import tick
from playbooks import services
from playbooks.tests.factories import make_playbook, manual_step

from .living import after, sign_up

pytestmark = pytest.mark.django_db


def holds(customer: Customer, now: datetime, fact: str, operator: str, value: Any = None) -> bool:
    row = {"fact": fact, "operator": operator, **({} if value is None else {"value": value})}
    return Condition.from_data({"match": "all", "rows": [row]}).judge([customer.pk], now)[customer.pk].holds


def test_whether_and_for_how_long_one_is_under_way() -> None:
    onboarding = sign_up()
    customer = onboarding.customer
    course.end(onboarding, because="They wait.", now=after(5))

    assert holds(customer, after(4), "onboarding.is_running", "yes")
    assert holds(customer, after(4.9), "onboarding.days_in", "at_least", 4)
    assert not holds(customer, after(4.9), "onboarding.days_in", "at_least", 5)
    assert holds(customer, after(5), "onboarding.is_running", "no")
    assert holds(customer, after(5), "onboarding.days_in", "unknown")
    assert holds(make_customer(), NOW, "onboarding.is_running", "no")


def test_whether_and_at_what_one_was_stuck_at_a_moment() -> None:
    customer = sign_up().customer
    stuck.look(now=after(3))
    tick(customer, "account_provisioned", now=after(3.5))
    stuck.look(now=after(3.6))

    assert holds(customer, after(2.9), "onboarding.is_stuck", "no")
    assert holds(customer, after(3.1), "onboarding.is_stuck", "yes")
    assert holds(customer, after(3.1), "onboarding.stuck_at", "in", ["account_provisioned"])
    assert holds(customer, after(3.6), "onboarding.is_stuck", "no")
    assert holds(customer, after(3.6), "onboarding.stuck_at", "not_in", ["account_provisioned"])


def test_progress_is_the_share_of_required_items_reached_by_then() -> None:
    onboarding = sign_up("free")
    customer = onboarding.customer
    tick(customer, "first_week_active", now=after(1))
    tick(customer, "first_login", now=after(1))
    tick(customer, "first_agent", now=after(2))

    assert holds(customer, after(1), "onboarding.progress", "equals", 20)
    assert holds(customer, after(2), "onboarding.progress", "equals", 40)
    course.complete(onboarding, because="Done.", now=after(3))
    assert holds(customer, after(9), "onboarding.progress", "equals", 40)
    assert holds(make_customer(), NOW, "onboarding.progress", "unknown")


@pytest.mark.parametrize("key", rules.KNOWN)
def test_each_known_milestone_can_be_asked_for(key: str) -> None:
    customer = sign_up().customer
    tick(customer, key, now=after(2))

    assert holds(customer, after(1.9), f"onboarding.reached_{key}", "no")
    assert holds(customer, after(2), f"onboarding.reached_{key}", "yes")


def test_one_can_be_stuck_at_an_item_of_a_checklists_own() -> None:
    choices = facts.get("onboarding.stuck_at").choices

    assert choices
    assert {"kickoff", "custom_plan", *rules.KNOWN} == {key for key, _title in choices()}


def test_in_which_playbooks_a_customer_is() -> None:
    customer = make_customer()
    run = services.start_run(customer, make_playbook(manual_step(), key="rescue"), now=NOW, why="For a test.")
    services.stop_run(run, reason="Over.", now=after(2))

    assert holds(customer, after(1), "playbooks.under_way", "has", ["rescue"])
    assert holds(customer, after(2), "playbooks.under_way", "has_not", ["rescue"])
