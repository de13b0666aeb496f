"""Onboardings as they would have gone: everybody who signed up within the days shown, night by night."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from agentfactory_cs.customers.days import end_of_day
from agentfactory_cs.customers.demo import Telling, tellings
from agentfactory_cs.customers.demo.accounts import ONBOARDING_DAYS
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.demo import World

from .. import by_hand, checklists, course, evidence, milestones, provisioning, rules, stuck
from ..models import ChecklistVersion, Milestone, Onboarding, ProvisioningStep
from ..models.onboarding import OnboardingState

# Of what our people do, so much happens in good time; the rest is what customers get stuck at.
_IN_TIME = 0.8
# The next day's use is in the tables already, and is not to be seen yet.
_BEFORE_MIDNIGHT = timedelta(seconds=1)
_REVIEWED = "The review of day 14 was done."
_KNOWN_BY_PEOPLE = (rules.ONBOARDING_CALL,)
_BY_PROVISIONING = (rules.PROVISIONED, rules.KNOWLEDGE_BASE)


@dataclass(frozen=True)
class Happening:
    """Something one of our people does for a customer in onboarding."""

    at: datetime
    act: Callable[[datetime], object]


def tell_onboardings(world: World) -> None:
    """What people did is told at its moment; each night milestones, completion and who is stuck are looked at, as the
    clock would have."""
    told = [one for chunk in tellings(world) for one in chunk if one.account.signed_up <= world.days]
    _begin(told)
    happenings = sorted((each for one in told for each in _happenings(one)), key=lambda each: each.at)
    for days_ago in range(world.days, 0, -1):
        night = end_of_day(world.day(days_ago)) - _BEFORE_MIDNIGHT
        while happenings and happenings[0].at < night:
            happening = happenings.pop(0)
            happening.act(happening.at)
        evidence.look(now=night)
        course.complete_reached(now=night)
        stuck.look(now=night)


def _begin(told: Sequence[Telling]) -> None:
    """Who is in onboarding begins by the service. Of who has moved on it would not: that past is written down."""
    versions = checklists.in_force_of(Customer.Tier.values)
    past = []
    for one in told:
        if one.customer.lifecycle_stage == Customer.Stage.ONBOARDING:
            course.begin_all([one.customer], now=one.customer.signed_up_at)
        else:
            past.append(_begun(one, versions[one.account.tier_at(one.account.signed_up)]))
    Onboarding.objects.bulk_create(past)


def _begun(one: Telling, version: ChecklistVersion) -> Onboarding:
    return Onboarding(customer=one.customer, version=version, started_at=one.customer.signed_up_at)


def _happenings(one: Telling) -> Iterator[Happening]:
    onboarding = Onboarding.objects.select_related("version").get(customer=one.customer)
    rng = one.world.rng("onboarding.course", one.account.index)
    is_new = one.customer.lifecycle_stage == Customer.Stage.ONBOARDING
    yield from _set_up(one, onboarding, rng) if is_new else _was_set_up(one, onboarding, rng)
    for item in onboarding.version.plan.items:
        if (item.is_by_hand or item.key in _KNOWN_BY_PEOPLE) and (at := _when(one, item, rng)):
            yield Happening(at, _tick(one, item))
    if not is_new and (over := _over(one, onboarding)):
        yield over


def _when(one: Telling, item: rules.Item, rng: Random) -> datetime | None:
    """When our people get round to an item; None where they have not, or the customer was gone."""
    days = (item.expected_day or 10) * rng.uniform(0.3, 0.9)
    is_done = rng.random() < _IN_TIME
    days_ago = one.account.signed_up - round(days)
    return one.moment(days_ago, 15) if is_done and days_ago > 1 and one.account.here(days_ago) else None


def _tick(one: Telling, item: rules.Item) -> Callable[[datetime], object]:
    return lambda at: by_hand.tick(one.customer, item.key, at=at, by=one.by, now=at)


def _set_up(one: Telling, onboarding: Onboarding, rng: Random) -> Iterator[Happening]:
    """Without an address of the platform its steps are tasks, and people do them."""
    provisioning.prepare([one.customer], now=one.customer.signed_up_at)
    kinds = ProvisioningStep.Kind
    items = {kinds.CONFIGURATION: rules.PROVISIONED, kinds.AGENT: rules.PROVISIONED, kinds.KNOWLEDGE_BASE: None}
    for kind, key in items.items():
        item = onboarding.version.plan.item(key or rules.KNOWLEDGE_BASE)
        if item and (at := _when(one, item, rng)):
            yield Happening(at, _settle(one, kind))


def _settle(one: Telling, kind: str) -> Callable[[datetime], object]:
    def act(at: datetime) -> None:
        step = ProvisioningStep.objects.get(customer=one.customer, kind=kind)
        provisioning.mark_done(step, because="Done in the platform's console.", by=one.by, now=at)

    return act


def _was_set_up(one: Telling, onboarding: Onboarding, rng: Random) -> Iterator[Happening]:
    for key in _BY_PROVISIONING:
        item = onboarding.version.plan.item(key)
        if item and (at := _when(one, item, rng)):
            yield Happening(at, _provisioned(one, key))


def _provisioned(one: Telling, key: str) -> Callable[[datetime], object]:
    source = Milestone.Source.PROVISIONING
    return lambda at: milestones.reach(one.customer, key, at=at, source=source, now=at)


def _over(one: Telling, onboarding: Onboarding) -> Happening | None:
    """The review, or the departure where that came first. Whoever reached everything is through before."""
    gone, reviewed = one.account.departure, one.account.signed_up - ONBOARDING_DAYS
    if gone and gone.days_ago >= reviewed:
        return Happening(one.world.moment(one.world.day(gone.days_ago), 23), _end(onboarding))
    return Happening(one.world.moment(one.world.day(reviewed), 22), _review(one, onboarding))


def _end(onboarding: Onboarding) -> Callable[[datetime], object]:
    return lambda at: _if_running(onboarding) and course.end(onboarding, because="The customer has left us.", now=at)


def _review(one: Telling, onboarding: Onboarding) -> Callable[[datetime], object]:
    return lambda at: _if_running(onboarding) and course.complete(onboarding, because=_REVIEWED, by=one.by, now=at)


def _if_running(onboarding: Onboarding) -> bool:
    return Onboarding.objects.filter(pk=onboarding.pk, state=OnboardingState.RUNNING).exists()
