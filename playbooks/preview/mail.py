"""Who would have got more mail than the cap allows: a preview's mails together with those really sent."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from agentfactory_cs.customers.days import end_of_day, start_of_day, utc_day
from agentfactory_cs.messaging.gate.rules import CAP, CAP_DAYS
from agentfactory_cs.messaging.models import Email

from ..mailing import SOURCE
from ..models import Playbook, RunStep
from .walk import Walk

Moments = Sequence[tuple[datetime, bool]]


def too_much(playbook: Playbook, walks: Iterable[Walk], since: date, until: date) -> list[tuple[int, int, int, date]]:
    """(customer, most mails within 7 days, of these really sent, the day that is reached), the most first.

    Two queries. Mails go to the primary contact: those of a customer are those of one contact.
    """
    planned: dict[int, list[datetime]] = defaultdict(list)
    for walk in walks:
        planned[walk.customer_id] += [at for at, counts in walk.mails if counts]
    sent = _sent(playbook, [pk for pk, moments in planned.items() if moments], since, until)
    found = []
    for pk, moments in planned.items():
        if moments and (peak := densest([(at, False) for at in moments] + [(at, True) for at in sent.get(pk, ())])):
            most, really, at = peak
            if most > CAP and really < most:
                found.append((pk, most, really, utc_day(at)))
    return sorted(found, key=lambda one: (-one[1], one[0]))


def densest(moments: Moments, days: int = CAP_DAYS) -> tuple[int, int, datetime] | None:
    """The most of (moment, is marked) within so many days, how many of these are marked, and their last moment."""
    best: tuple[int, int, datetime] | None = None
    window: list[tuple[datetime, bool]] = []
    for at, marked in sorted(moments):
        window = [one for one in window if one[0] > at - timedelta(days=days)] + [(at, marked)]
        if best is None or len(window) > best[0]:
            best = len(window), sum(one[1] for one in window), at
    return best


def _sent(playbook: Playbook, customers: Sequence[int], since: date, until: date) -> Mapping[int, list[datetime]]:
    """What counts for the cap and was sent by others than the playbook itself."""
    own = RunStep.objects.filter(run__playbook=playbook, run__entered_at__gte=start_of_day(since)).values("pk")
    mails = Email.objects.filter(
        customer__in=customers,
        contact__is_primary=True,
        is_automatic=True,
        topic__is_transactional=False,
        sent_at__gte=start_of_day(since) - timedelta(days=CAP_DAYS),
        sent_at__lt=end_of_day(until),
    ).exclude(source=SOURCE, source_id__in=own)
    found: dict[int, list[datetime]] = defaultdict(list)
    for customer_id, at in mails.values_list("customer", "sent_at"):
        if at:
            found[customer_id].append(at)
    return found
