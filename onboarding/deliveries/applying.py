"""What deliveries do: events on the timeline, milestones.

In batches in the order they happened; what a batch does and that it is applied commit together. Neither events nor
milestones depend on the order, so any number of workers may apply at a time.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from agentfactory_cs.events.registry import triggers
from agentfactory_cs.events.services import Told, record_told

from .. import rules
from ..milestones import Reached, reach_all
from ..models import PlatformDelivery
from ..models.onboarding import MilestoneSource
from ..platform.triggers import PLATFORM
from ..provisioning.agents import Made, made_for
from .reading import is_of_conversation
from .strangers import Owner, owners_of

BATCH = 500
BY = "AgentFactory platform"
FIRST_AGENT_BY = ("agent.created", "agent.deployed")
State = PlatformDelivery.State

_OWN_NAMES = {trigger.key for trigger in PLATFORM}
_APPLIED = """
UPDATE onboarding_platformdelivery AS delivery
SET state = 'applied', applied_at = %s, error = '', customer_id = owner.customer, contact_id = owner.contact
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS owner (id, customer, contact)
WHERE delivery.id = owner.id"""

logger = logging.getLogger(__name__)

Place = tuple[datetime, int]


def apply_waiting(*, now: datetime) -> int:
    """Apply what waits; returns how many were looked at. What cannot be applied yet is left to the next run."""
    seen, place = 0, None
    while batch := _next_batch(place, now):
        seen, place = seen + len(batch), batch[-1]
    return seen


def apply_failed(*, now: datetime) -> int:
    """Once more what could not be applied, one by one; returns how many were tried."""
    failed = PlatformDelivery.objects.filter(state=State.WAITING).exclude(error="").order_by("pk")
    pks = list(failed.values_list("pk", flat=True)[:BATCH])
    _one_by_one(pks, now)
    return len(pks)


def _next_batch(after: Place | None, now: datetime) -> list[Place]:
    """Apply the next; returns their places in the order they happened."""
    waiting = PlatformDelivery.objects.filter(state=State.WAITING, error="").order_by("happened_at", "pk")
    if after:
        waiting = waiting.filter(Q(happened_at__gt=after[0]) | Q(happened_at=after[0], pk__gt=after[1]))
    places: list[Place] = []
    try:
        with transaction.atomic():
            batch = list(waiting.select_for_update(skip_locked=True)[:BATCH])
            places = [(delivery.happened_at, delivery.pk) for delivery in batch]
            _apply(batch, now)
    except Exception:
        logger.exception("A batch of the platform's deliveries cannot be applied; they are tried one by one")
        _one_by_one([pk for _happened_at, pk in places], now)
    return places


def _one_by_one(pks: Iterable[int], now: datetime) -> None:
    """So that one that nobody foresaw does not hold up the others."""
    for pk in pks:
        try:
            with transaction.atomic():
                waiting = PlatformDelivery.objects.filter(pk=pk, state=State.WAITING)
                _apply(list(waiting.select_for_update(skip_locked=True)), now)
        except Exception as error:
            logger.exception("The platform's delivery %s cannot be applied", pk)
            words = f"{type(error).__name__}: {error}"[:2_000]
            PlatformDelivery.objects.filter(pk=pk, state=State.WAITING).update(error=words)


def _apply(deliveries: Sequence[PlatformDelivery], now: datetime) -> None:
    """A fixed number of statements, however many there are."""
    if not deliveries:
        return
    owners = owners_of(deliveries)
    made = made_for({owner.customer_id for owner in owners.values()})
    strangers = [delivery.pk for delivery in deliveries if delivery.pk not in owners]
    PlatformDelivery.objects.filter(pk__in=strangers).update(state=State.STRANGER, error="")
    known = [one for one in deliveries if one.pk in owners and not _is_early(one, made.get(owners[one.pk].customer_id))]
    _store_owners(known, owners, now)
    record_told((_told(one, owners[one.pk]) for one in known if not is_of_conversation(one.event)), by_label=BY)
    reached = (_reached(one, owners[one.pk].customer_id, made) for one in known)
    reach_all([row for row in reached if row], now=now)


def _is_early(delivery: PlatformDelivery, made: Made | None) -> bool:
    """While we are making agents ourselves it is not known yet whose this one is."""
    return delivery.event in FIRST_AGENT_BY and made is not None and made.is_under_way


def _store_owners(deliveries: Sequence[PlatformDelivery], owners: Mapping[int, Owner], now: datetime) -> None:
    rows = [(one.pk, owners[one.pk].customer_id, owners[one.pk].contact_id) for one in deliveries]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_APPLIED, [now, *(list(column) for column in zip(*rows, strict=True))])


def _told(delivery: PlatformDelivery, owner: Owner) -> Told:
    """Under its own name; but what is named as an event of ours must not be taken for one."""
    taken = delivery.event in triggers and delivery.event not in _OWN_NAMES
    name = f"platform.{delivery.event}" if taken else delivery.event
    return Told(owner.customer_id, name, delivery.data, delivery.happened_at)


def _reached(delivery: PlatformDelivery, customer_id: int, made: Mapping[int, Made]) -> Reached | None:
    """The milestone a delivery is evidence for. An agent that we made is no step of the customer's."""
    if is_of_conversation(delivery.event):
        key, detail = rules.FIRST_CONVERSATION, delivery.event
    elif delivery.event in FIRST_AGENT_BY:
        agent = str(delivery.data.get("agent_id") or "")
        if customer_id in made and agent in made[customer_id].agents:
            return None
        key, detail = rules.FIRST_AGENT, f"{delivery.event} {agent}".strip()
    else:
        return None
    return Reached(customer_id, key, delivery.happened_at, MilestoneSource.PLATFORM, detail)
