"""The course of an onboarding: it begins at signup, is completed or ends, and changes its checklist with the tier.

Locks are taken in one order everywhere: the customer's row, then the onboarding's.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.services import save_customer
from agentfactory_cs.events.services import Actor, actor_user, record, record_all

from . import rules
from .checklists import in_force_of
from .models import ChecklistVersion, Onboarding, StuckPeriod
from .models.onboarding import OnboardingState

# Whoever signed up longer ago than this when we learn of it (an import) is no newcomer, whatever its stage says.
NEWCOMER = timedelta(days=60)
_NOT_NEW = "It signed up on {day}, more than {days} days before we learned of it."


def begin(customer: Customer, *, by: Actor = None, now: datetime) -> Onboarding:
    """Begin an onboarding by hand, from now; ValidationError says why it cannot be."""
    begun = _begin([customer.pk], {customer.pk: now}, by=by, now=now)
    if not begun:
        raise ValidationError(
            f"{customer} is not in the stage Onboarding, or its onboarding runs already.", code="conflict"
        )
    return begun[0]


def begin_all(customers: Sequence[Customer], *, now: datetime) -> list[Onboarding]:
    """Begin the onboardings of those who signed up, from their signup; those that were begun.

    Passed over is who is beyond the stage Onboarding, or in one already. Who is no newcomer is told of on its
    timeline. As many statements for thousands as for one.
    """
    new = {one.pk: one.signed_up_at for one in customers if now - one.signed_up_at <= NEWCOMER}
    old = [one for one in customers if one.pk not in new and one.lifecycle_stage == Customer.Stage.ONBOARDING]
    record_all("onboarding.not_begun", ((one, {"why": _not_new(one)}) for one in old), now=now)
    return _begin(list(new), new, by=None, now=now) if new else []


def _not_new(customer: Customer) -> str:
    return _NOT_NEW.format(day=f"{customer.signed_up_at:%Y-%m-%d}", days=NEWCOMER.days)


@transaction.atomic
def _begin(ids: Collection[int], started: dict[int, datetime], *, by: Actor, now: datetime) -> list[Onboarding]:
    waiting = Customer.objects.filter(pk__in=ids, lifecycle_stage=Customer.Stage.ONBOARDING)
    locked = list(waiting.order_by("pk").select_for_update(no_key=True))
    running = set(Onboarding.objects.running().filter(customer__in=locked).values_list("customer_id", flat=True))
    versions = in_force_of({one.tier for one in locked})
    begun = Onboarding.objects.bulk_create(
        Onboarding(customer=one, version=versions[one.tier], started_at=started[one.pk])
        for one in locked
        if one.pk not in running
    )
    told = ((one.customer, {"onboarding": one.pk, "checklist": str(one.version)}) for one in begun)
    record_all("onboarding.begun", told, by=by, now=now)
    return begun


def complete(onboarding: Onboarding, *, because: str, by: Actor = None, now: datetime) -> Onboarding:
    """Onboarding is over and went well: the customer moves on to Adoption.

    What follows (survey, success metrics) hangs on the event (`aftermath`). ValidationError where it is over
    already, or nobody says why.
    """
    return _finish(onboarding, OnboardingState.COMPLETED, because=because, by=by, now=now)


def end(onboarding: Onboarding, *, because: str, by: Actor = None, now: datetime) -> Onboarding:
    """Onboarding is over without completion. ValidationError as for `complete`."""
    return _finish(onboarding, OnboardingState.ENDED, because=because, by=by, now=now)


@transaction.atomic
def _finish(onboarding: Onboarding, state: OnboardingState, *, because: str, by: Actor, now: datetime) -> Onboarding:
    if not because.strip():
        raise ValidationError({"because": "Say in a sentence why."})
    customer = Customer.objects.select_for_update().get(pk=onboarding.customer_id)
    stored = Onboarding.objects.select_for_update().get(pk=onboarding.pk)
    if state not in Onboarding.TRANSITIONS[OnboardingState(stored.state)]:
        raise ValidationError(
            f"An onboarding that is {stored.get_state_display().lower()} cannot become {state.label.lower()}.",
            code="conflict",
        )
    stored.state, stored.ended_at, stored.ended_by, stored.ended_because = state, now, actor_user(by), because.strip()
    stored.save()
    over = f"Onboarding is over: {stored.ended_because}"[:300]
    StuckPeriod.objects.filter(onboarding=stored, ended_at=None).update(ended_at=now, ended_because=over)
    data = {"onboarding": stored.pk, "why": stored.ended_because, "days": stored.days_in(now)}
    record(f"onboarding.{state}", customer, data, by=by, now=now)
    if state == OnboardingState.COMPLETED and customer.lifecycle_stage == Customer.Stage.ONBOARDING:
        customer.lifecycle_stage = Customer.Stage.ADOPTION
        save_customer(customer, changed={"lifecycle_stage"}, by=by, now=now)
    return stored


def complete_reached(*, now: datetime, customer_ids: Collection[int] | None = None) -> int:
    """Complete the running onboardings (of some customers, or all) in which every required item is reached; how many.

    One query a version finds them. Somebody must have reached something since it began: who is led in a second
    time, with all its milestones from the first, is not done at once.
    """
    running = _running(customer_ids)
    done = [
        (onboarding, version.plan)
        for version in ChecklistVersion.objects.filter(Exists(running.filter(version=OuterRef("pk"))))
        for onboarding in _all_reached(version, customer_ids)
    ]
    return sum(_complete_reached(onboarding, plan, now) for onboarding, plan in done)


def _running(customer_ids: Collection[int] | None) -> QuerySet[Onboarding]:
    running = Onboarding.objects.running()
    return running if customer_ids is None else running.filter(customer__in=customer_ids)


def _all_reached(version: ChecklistVersion, customer_ids: Collection[int] | None) -> Iterable[Onboarding]:
    keys = [item.key for item in version.plan.required()]
    ours = Q(customer__milestones__key__in=keys)
    counted = (
        _running(customer_ids)
        .filter(version=version)
        .annotate(
            reached=Count("customer__milestones", filter=ours),
            last_at=Max("customer__milestones__reached_at", filter=ours),
        )
    )
    return counted.filter(reached=len(keys), last_at__gte=F("started_at")).order_by("customer_id")


def _complete_reached(onboarding: Onboarding, plan: rules.Checklist, now: datetime) -> bool:
    of = len(plan.required())
    try:
        complete(onboarding, because=f"All {of} required milestones are reached.", now=now)
    except ValidationError:
        # Somebody else was faster.
        return False
    return True


def follow_stage(customer_id: int, *, by: Actor = None, now: datetime) -> None:
    """Somebody changed the stage by hand: an onboarding begins with it, is completed or ends."""
    customer = Customer.objects.get(pk=customer_id)
    running = Onboarding.objects.running().filter(customer=customer).first()
    if customer.lifecycle_stage == Customer.Stage.ONBOARDING:
        if running is None:
            begin(customer, by=by, now=now)
    elif running is not None and customer.lifecycle_stage == Customer.Stage.CHURNED:
        end(running, because="The customer has left us.", by=by, now=now)
    elif running is not None:
        moved = f"It was moved on to {customer.get_lifecycle_stage_display()} by hand."
        complete(running, because=moved, by=by, now=now)


@transaction.atomic
def follow_tier(customer_id: int, *, by: Actor = None, now: datetime) -> None:
    """The tier changed: a running onboarding goes on by the checklist of the new one, counted from its start.

    What was reached is the customer's and stays reached; what the new checklist wants besides comes to it.
    """
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
    running = Onboarding.objects.running().select_for_update().filter(customer=customer).first()
    if running is None or running.version.checklist.tier == customer.tier:
        return
    before, running.version = running.version, in_force_of([customer.tier])[customer.tier]
    running.save(update_fields=("version",))
    data = {"onboarding": running.pk, "old": str(before), "new": str(running.version)}
    record("onboarding.checklist_changed", customer, data, by=by, now=now)
