"""From what was lived through to what is told of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import F

from agentfactory_cs.customers.conditions import Condition
from agentfactory_cs.customers.conditions.condition import Judgement
from agentfactory_cs.customers.days import end_of_day, start_of_day, utc_day
from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.customers.queries import contracts
from agentfactory_cs.events.models import Event

from ..deciding import OLD_NEWS
from ..models import Playbook
from ..rules import EVENT, Data, Definition
from ..words import met_words
from .mail import too_much
from .result import SHOWN, SHOWN_OVER, Entrant, Result, Share, TooMuch
from .simulation import Simulated
from .walk import Walk


def result_of(playbook: Playbook, plan: Definition, found: Simulated, since: date, until: date) -> Result:
    """A fixed number of queries, and one for each moment at which one of those named entered."""
    walks = [walk for walk in found.walks if not walk.is_held_out]
    without_contact = _drop_mail_to_nobody(walks)
    _keep_until(walks, end_of_day(until))
    over = too_much(playbook, walks, since, until)
    return Result(
        since=since.isoformat(),
        until=until.isoformat(),
        customers=len({walk.customer_id for walk in walks}),
        entered=_by_day((walk.entered_at for walk in walks), since, until),
        mails=_by_day((at for walk in walks for at, _counts in walk.mails), since, until),
        tasks=_by_day((at for walk in walks for at in walk.tasks), since, until),
        held_out=len({walk.customer_id for walk in found.walks if walk.is_held_out}),
        left_early=sum(walk.has_left_early for walk in walks),
        refused={reason.value: len(ids) for reason, ids in found.refused.items() if ids},
        managers=_shares(walks),
        entrants=_entrants(found.walks, plan, until),
        over_cap=len(over),
        too_much=_named(over[:SHOWN_OVER]),
        without_contact=without_contact,
        late_events=_late_events(plan, since, until),
        today_only=today_only(plan),
        starts_others=any(step.action == "playbooks.start_playbook" for step in plan.steps),
    )


def _drop_mail_to_nobody(walks: Sequence[Walk]) -> int:
    """Without a primary contact no mail is sent; how many customers that concerns."""
    wanting = {walk.customer_id for walk in walks if walk.mails}
    reached = set(Contact.objects.filter(is_primary=True, customer__in=wanting).values_list("customer", flat=True))
    for walk in walks:
        if walk.customer_id not in reached:
            walk.mails = []
    return len(wanting - reached)


def _keep_until(walks: Iterable[Walk], end: datetime) -> None:
    for walk in walks:
        walk.mails = [(at, counts) for at, counts in walk.mails if at < end]
        walk.tasks = [at for at in walk.tasks if at < end]


def _by_day(moments: Iterable[datetime], since: date, until: date) -> list[int]:
    counts = Counter(map(utc_day, moments))
    return [counts[since + timedelta(days=place)] for place in range((until - since).days + 1)]


def _shares(walks: Sequence[Walk]) -> list[Share]:
    """By success manager, the one with the most to do first."""
    manager = F("success_manager"), F("success_manager__first_name"), F("success_manager__last_name")
    rows = Customer.objects.filter(pk__in={walk.customer_id for walk in walks})
    of = {pk: row for pk, *row in rows.values_list("pk", *manager, "success_manager__username")}
    sums: dict[int | None, list[int]] = defaultdict(lambda: [0, 0, 0])
    names: dict[int | None, str] = {}
    for walk in walks:
        manager_id, first, last, username = of.get(walk.customer_id, (None, "", "", ""))
        names[manager_id] = f"{first or ''} {last or ''}".strip() or username or ""
        for place, count in enumerate((1, len(walk.mails), len(walk.tasks))):
            sums[manager_id][place] += count
    shares = [Share(pk, names[pk], *counts) for pk, counts in sums.items()]
    return sorted(shares, key=lambda share: (share.manager_id is None, -share.tasks, -share.entered, share.name))


def _entrants(walks: Sequence[Walk], plan: Definition, until: date) -> list[Entrant]:
    """Those with the most revenue, each the first time it entered."""
    first: dict[int, Walk] = {}
    for walk in walks:
        first.setdefault(walk.customer_id, walk)
    revenue = contracts(first, until)
    worth = {pk: sum(contract.mrr.values(), Decimal(0)) for pk, contract in revenue.items()}
    shown = sorted(first.values(), key=lambda walk: (-worth.get(walk.customer_id, Decimal(0)), walk.customer_id))
    shown = shown[:SHOWN]
    names = dict(Customer.objects.filter(pk__in=[walk.customer_id for walk in shown]).values_list("pk", "name"))
    reasons = _reasons(shown, plan.entry)
    return [
        Entrant(
            customer_id=walk.customer_id,
            name=names[walk.customer_id],
            at=walk.entered_at.isoformat(),
            because=reasons.get(walk.customer_id, ""),
            mails=len(walk.mails),
            tasks=len(walk.tasks),
            revenue={currency: str(mrr) for currency, mrr in _mrr(revenue, walk.customer_id).items()},
            is_held_out=walk.is_held_out,
        )
        for walk in shown
        if walk.customer_id in names
    ]


def _mrr(revenue: Mapping[int, object], customer_id: int) -> Mapping[str, Decimal]:
    contract = revenue.get(customer_id)
    return getattr(contract, "mrr", {})


def _reasons(walks: Sequence[Walk], entry: Data | None) -> dict[int, str]:
    """In words, with the figures of the moment of entering. One query a moment."""
    condition = Condition.from_data(entry)
    together: dict[datetime, list[int]] = defaultdict(list)
    for walk in walks if condition.rows else ():
        together[walk.entered_at].append(walk.customer_id)
    judged: dict[int, Judgement] = {}
    for moment, customer_ids in together.items():
        judged |= condition.judge(customer_ids, moment)
    return {pk: met_words(judgement) for pk, judgement in judged.items()}


def _named(over: Sequence[tuple[int, int, int, date]]) -> list[TooMuch]:
    names = dict(Customer.objects.filter(pk__in=[pk for pk, *_rest in over]).values_list("pk", "name"))
    return [TooMuch(pk, names[pk], most, sent, day.isoformat()) for pk, most, sent, day in over if pk in names]


def _late_events(plan: Definition, since: date, until: date) -> int:
    if plan.trigger.kind != EVENT:
        return 0
    events = Event.objects.filter(trigger=plan.trigger.event, happened_at__gte=start_of_day(since))
    return events.filter(happened_at__lt=end_of_day(until), recorded_at__gt=F("happened_at") + OLD_NEWS).count()


def today_only(plan: Definition) -> list[str]:
    """The facts that the definition asks for and that know no history, each once."""
    asked = [plan.entry, plan.exit, *(step.condition for step in plan.steps)]
    facts = [row.fact for data in asked for row in Condition.from_data(data).rows]
    return list(dict.fromkeys(str(fact.label) for fact in facts if not fact.as_of))
