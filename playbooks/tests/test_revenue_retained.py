"""What customers still pay when their days for the goal are over, of those who paid on entering."""

from datetime import timedelta
from statistics import mean, variance
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Churn, Customer
from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_subscription
from playbooks import entering
from playbooks.effect import Effect, effects, verdict
from playbooks.effect.means import Mean, estimate, gap
from playbooks.effect.words import sentences
from playbooks.models import Playbook, Run

from .factories import make_playbook, rows

shares = st.lists(st.floats(0, 3), min_size=2, max_size=50)


def of(figures: list[float]) -> Mean:
    return Mean(len(figures), mean(figures), variance(figures))


def test_the_interval_is_that_of_the_textbook() -> None:
    # mean ± 1.96 · s / √n: s² = 0.01, n = 25.
    found = estimate(Mean(25, 0.9, 0.01))

    assert found
    assert (found.low, found.high) == pytest.approx((0.8608, 0.9392), abs=1e-4)


@given(shares, shares)
def test_how_far_two_means_are_apart_is_wider_than_either_and_turns_with_them(
    one: list[float], two: list[float]
) -> None:
    there, back = gap(of(one), of(two)), gap(of(two), of(one))
    alone = estimate(of(one))

    assert there
    assert back
    assert alone
    assert there.value == pytest.approx(-back.value)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.high - there.low >= (alone.high - alone.low) - 1e-9


@pytest.mark.parametrize("few", [Mean(), Mean(1, 1.0, 0.0)])
def test_of_fewer_than_two_nothing_is_said(few: Mean) -> None:
    assert estimate(few) is None
    assert gap(few, Mean(9, 1.0, 0.1)) is None


@pytest.fixture
def playbook(db: None) -> Playbook:
    goal = {"when": rows(("customers.tags", "has", ["never"])), "within_days": 10}
    return make_playbook(trigger={"kind": "schedule"}, goal=goal)


def paying(mrr: int, **fields: Any) -> tuple[Customer, Any]:
    customer = make_customer()
    return customer, make_subscription(customer, mrr=mrr, **fields)


def pays_from(subscription: Any, mrr: int, days: float) -> None:
    subscription.mrr = mrr
    customers.save_subscription(subscription, now=NOW + timedelta(days=days))


def revenue_of(playbook: Playbook, *, is_held_out: bool = False) -> Mean:
    version = playbook.versions.get()
    found = effects([version.pk], NOW + timedelta(days=11))[version.pk]
    return found.revenue_held_out if is_held_out else found.revenue


def test_it_is_what_each_pays_at_the_end_of_its_days_by_what_it_paid_on_entering(playbook: Playbook) -> None:
    _same, _contract = paying(100)
    _upgraded, up = paying(100)
    _later, late = paying(100, currency="USD")
    left, _gone = paying(1_000)
    _free = make_customer()
    entering.look_at_everybody(NOW)
    pays_from(up, 150, days=9)
    pays_from(late, 500, days=10.5)
    customers.record_churn(Churn(customer=left, churned_on=NOW.date()), now=NOW + timedelta(hours=1))

    revenue = revenue_of(playbook)

    # 1, 1.5, 1 (what it pays more comes after its days) and 0; who paid nothing on entering is left out.
    assert (revenue.size, revenue.value) == (4, pytest.approx(0.875))
    assert revenue.variance == pytest.approx(variance([1, 1.5, 1, 0]))


def test_a_contract_that_began_after_entering_is_no_revenue_of_then(playbook: Playbook) -> None:
    customer, _contract = paying(100)
    make_subscription(customer, mrr=50, starts_on=NOW.date() + timedelta(days=3))
    entering.look_at_everybody(NOW)

    assert revenue_of(playbook).value == pytest.approx(1.5)


def test_those_held_out_are_measured_apart(playbook: Playbook) -> None:
    _one, contract = paying(100)
    entering.look_at_everybody(NOW)
    Run.objects.update(state="held_out", ended_at=NOW, ended_because="Drawn.")
    pays_from(contract, 70, days=1)

    assert revenue_of(playbook) == Mean()
    held_out = revenue_of(playbook, is_held_out=True)
    assert (held_out.size, held_out.value) == (1, pytest.approx(0.7))


def test_whose_days_are_not_over_is_left_out(playbook: Playbook) -> None:
    paying(100)
    entering.look_at_everybody(NOW)
    version = playbook.versions.get()

    assert effects([version.pk], NOW + timedelta(days=9))[version.pk].revenue == Mean()


@pytest.mark.parametrize(("size", "said"), [(19, 0), (20, 1)])
def test_it_is_said_with_its_span_where_enough_paid(size: int, said: int) -> None:
    effect = Effect(held_out=40, revenue=Mean(40, 0.97, 0.01), revenue_held_out=Mean(size, 0.90, 0.01))

    found = [line for line in sentences(effect, verdict(effect, has_goal=True)) if line.startswith("Revenue retained")]

    assert len(found) == said
    assert not said or "with it customers pay 97 % (94 % to 100 %) of what they paid on entering" in found[0]
