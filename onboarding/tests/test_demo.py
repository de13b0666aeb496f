"""The demo's onboardings: as the clock and the people would have made them, and something to see on every page."""

from datetime import date

import pytest
from django.db.models import F

from agentfactory_cs.customers.days import end_of_day
from agentfactory_cs.customers.demo import tell_accounts
from agentfactory_cs.customers.demo.book import tell_usage
from agentfactory_cs.customers.demo.staff import hire
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.demo import World
from onboarding import stuck
from onboarding.demo.course import tell_onboardings
from onboarding.demo.interventions import tell_interventions
from onboarding.models import Milestone, Onboarding, StuckPeriod
from onboarding.standing import lines

pytestmark = pytest.mark.django_db
WORLD = World(date(2026, 3, 4), customers=120, days=40)


@pytest.fixture
def told() -> None:
    for stage in (hire, tell_accounts, tell_usage, tell_onboardings, tell_interventions):
        stage(WORLD)


@pytest.mark.usefixtures("told")
def test_who_is_in_onboarding_is_under_way_and_who_moved_on_is_through() -> None:
    states = {(one.state, one.customer.lifecycle_stage) for one in Onboarding.objects.select_related("customer")}

    running = Onboarding.objects.running()
    waiting = Customer.objects.filter(lifecycle_stage="onboarding", signed_up_at__gte=WORLD.moment(WORLD.first_day, 0))
    assert set(running.values_list("customer", flat=True)) == set(waiting.values_list("pk", flat=True))
    assert {stage for state, stage in states if state == "running"} == {"onboarding"}
    assert Onboarding.objects.filter(state="completed").count() > 5

    # Nothing happens before it could, or tomorrow.
    assert not Milestone.objects.filter(reached_at__lt=F("customer__signed_up_at")).exists()
    assert not Milestone.objects.filter(reached_at__gt=WORLD.now).exists()

    # Looked at once more, nobody's standing changes.
    assert stuck.look(now=end_of_day(WORLD.last_day)) == 0
    open_periods = StuckPeriod.objects.filter(ended_at=None)
    assert len({period.blocker for period in open_periods}) > 1

    # The interventions are as far as the days allow.
    rungs = [line.rung for line in lines(list(running.stuck()), WORLD.now).values()]
    assert len(rungs) == open_periods.count()
    assert any(rung and rung.place > 1 for rung in rungs)
