"""The past lived through once more: day by day who would have left, entered, and had which steps done.

A day costs a fixed number of queries however many customers there are: one for the daily look, one for the exit
condition, one for each step with a condition that is due. What is decided, and when a step is due, is asked of the very
functions that the real engine asks (`deciding`, `way`, `moments`).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from agentfactory_cs.customers.conditions import Condition
from agentfactory_cs.customers.days import end_of_day, start_of_day, utc_day
from agentfactory_cs.customers.models import Contact, Customer

from ..contacts import PATIENCE
from ..deciding import Past, Standing, is_held_out, why_not
from ..models import Playbook
from ..models.run import RefusalReason
from ..moments import has_mail, sends_mail, zones_of
from ..rules import BRANCH, EVENT, MANUAL, SCHEDULE, Data, Definition, Step
from ..way import Place, answer, deadline
from .arrivals import Arrival, by_the_hour
from .history import History
from .walk import DONE, Agenda, Due, Route, Walk, finished_at

# When the daily look at everybody is (schedule.py): after the night's scoring.
LOOK_AT = time(4, 30, tzinfo=UTC)
# Of more customers than this, everybody is asked: cheaper than to name them.
NAMED = 5_000

Progress = Callable[[int], None]


@dataclass
class Simulated:
    """Everybody who would have entered, those held out included, and who would not have with the reason."""

    walks: list[Walk] = field(default_factory=list)
    refused: dict[RefusalReason, set[int]] = field(default_factory=lambda: defaultdict(set))


def simulate(
    playbook: Playbook, plan: Definition, since: date, until: date, progress: Progress = lambda days: None
) -> Simulated:
    """As if the playbook had been active with this plan from the beginning of `since` to the end of `until` (UTC).

    Its real runs of that time do not count; those from before do, for the cool-down. `progress` is told after each
    day how many are done. Reads only.
    """
    past = _Past(playbook, plan, since)
    for done in range((until - since).days + 1):
        past.live(since + timedelta(days=done))
        progress(done + 1)
    return past.found


class _Past:
    def __init__(self, playbook: Playbook, plan: Definition, since: date) -> None:
        self.playbook, self.plan, self.route = playbook, plan, Route.of(plan)
        self.entry = Condition.from_data(plan.entry)
        self.history = History.of(playbook, start_of_day(since))
        self.found = Simulated()
        self.latest: dict[int, Walk] = {}
        self.under_way: dict[int, Walk] = {}
        self.agenda: Agenda = defaultdict(list)

    def live(self, day: date) -> None:
        """In the order of a real day: exits are noted in the night, then everybody is looked at."""
        look = datetime.combine(day, LOOK_AT)
        self._let_out(self.under_way.values(), look)
        if self.plan.trigger.kind == SCHEDULE:
            self._enter([Arrival(pk) for pk in self._fitting(look)], look)
        elif self.plan.trigger.kind == EVENT:
            for moment, arrivals in by_the_hour(self.plan.trigger.event, day):
                self._enter(self._meeting(arrivals, moment), moment)
        while batch := self._due(day):
            self._work(batch, day)

    def _fitting(self, look: datetime) -> Sequence[int]:
        there = Customer.objects.scorable_on(utc_day(look)).filter(signed_up_at__lte=look)
        return list(self.entry.narrow(there, look).order_by("pk").values_list("pk", flat=True))

    def _meeting(self, arrivals: Sequence[Arrival], moment: datetime) -> Sequence[Arrival]:
        """Those who met the entry conditions as they were at that hour."""
        holding = _holding(self.plan.entry, {arrival.customer_id for arrival in arrivals}, moment)
        unmet = {arrival.customer_id for arrival in arrivals} - holding
        self.found.refused[RefusalReason.CONDITION] |= unmet
        return [arrival for arrival in arrivals if arrival.customer_id in holding]

    def _enter(self, arrivals: Sequence[Arrival], now: datetime) -> None:
        entered = [walk for arrival in arrivals if (walk := self._entered(arrival, now))]
        staying = [walk for walk in entered if not walk.is_held_out]
        if has_mail(self.plan) and staying:
            _address(staying)
        for walk in staying:
            self._plan(walk.begin(self.route))

    def _entered(self, arrival: Arrival, now: datetime) -> Walk | None:
        at = arrival.at or now
        if reason := why_not(self._standing(arrival, at), self.playbook.cool_down_days, at):
            self.found.refused[reason[0]].add(arrival.customer_id)
            return None
        walk = Walk(arrival.customer_id, at, arrival.event_id, is_held_out(self.playbook, arrival.customer_id))
        if walk.is_held_out:
            walk.ended_at = at
        else:
            self.under_way[walk.customer_id] = walk
        self.latest[walk.customer_id] = walk
        self.found.walks.append(walk)
        return walk

    def _standing(self, arrival: Arrival, at: datetime) -> Standing:
        walk = self.latest.get(arrival.customer_id)
        return Standing(
            has_churned=self.history.had_left(arrival.customer_id, at),
            event_id=arrival.event_id,
            # Each event is taken as known when it happened.
            happened_at=arrival.at,
            held_by=self.history.held_by(arrival.customer_id, at),
            past=Past(walk.entered_at, walk.ended_at, walk.event_id)
            if walk
            else self.history.before.get(arrival.customer_id),
        )

    def _plan(self, ahead: Iterable[Due]) -> None:
        for due in ahead:
            self.agenda[utc_day(due.at)].append(due)

    def _due(self, day: date) -> list[Due]:
        batch = self.agenda.pop(day, [])
        return sorted((due for due in batch if due.walk.ended_at is None), key=lambda due: due.at)

    def _let_out(self, walks: Iterable[Walk], now: datetime, due: Mapping[int, datetime] | None = None) -> None:
        """End the ways of those who have left us, or whose exit condition holds by now: at the moment at which a step
        of theirs was due, where one was."""
        walks = list(walks)
        gone = {walk.customer_id for walk in walks if self.history.had_left(walk.customer_id, now)}
        if self.plan.exit is not None and walks:
            gone |= _holding(self.plan.exit, {walk.customer_id for walk in walks}, now)
        for walk in walks:
            if walk.customer_id in gone:
                walk.end((due or {}).get(walk.customer_id, now), early=True)
                del self.under_way[walk.customer_id]

    def _work(self, batch: Sequence[Due], day: date) -> None:
        """What is due on a day, judged as of the last moment at which some of it is."""
        now = batch[-1].at
        first = {due.walk.customer_id: due for due in reversed(batch)}
        self._let_out((due.walk for due in first.values()), now, {pk: due.at for pk, due in first.items()})
        staying = [due for due in batch if due.walk.ended_at is None]
        holding = self._conditions(staying, now)
        for due in staying:
            if due.walk.ended_at is None:
                self._take(due, due.step.key not in holding or due.walk.customer_id in holding[due.step.key], day)

    def _conditions(self, batch: Sequence[Due], now: datetime) -> dict[str, set[int]]:
        """By step with a condition, whose holds. One query a step."""
        asked: dict[str, tuple[Step, set[int]]] = {}
        for due in batch:
            if due.step.condition is not None and not due.by_person:
                asked.setdefault(due.step.key, (due.step, set()))[1].add(due.walk.customer_id)
        return {key: _holding(step.condition, ids, now) for key, (step, ids) in asked.items()}

    def _take(self, due: Due, holds: bool, day: date) -> None:
        walk, step, at = due.walk, due.step, due.at
        ahead: Iterable[Due]
        if due.by_person:
            ahead = walk.settle(step, DONE, self.route, at)
        elif step.kind == BRANCH:
            ahead = self._decide(due, holds, day)
        elif not holds:
            ahead = walk.pass_over(step, self.route, at)
        else:
            ahead = self._begin(due)
        self._plan(ahead)
        if walk.ended_at is not None:
            self.under_way.pop(walk.customer_id, None)

    def _begin(self, due: Due) -> Iterable[Due]:
        """Mail to nobody waits for somebody before it is given up, and what hangs on it waits too."""
        walk, step, at = due.walk, due.step, due.at
        if sends_mail(step) and not walk.is_reachable and due.since is None:
            return [Due(at + PATIENCE, walk, step, at)]
        self.route.note(walk, step, at)
        if step.kind == MANUAL:
            return [Due(finished_at(step, at), walk, step, by_person=True)]
        return walk.settle(step, DONE, self.route, at)

    def _decide(self, due: Due, holds: bool, day: date) -> Iterable[Due]:
        """A branch is asked again every day, as a real one is every hour."""
        since = due.since or due.at
        if outcome := answer(due.step, holds, since, due.at):
            return due.walk.settle(due.step, Place(True, True, True, outcome), self.route, due.at)
        again = min(max(due.at + timedelta(days=1), end_of_day(day)), deadline(due.step, since))
        return [Due(again, due.walk, due.step, since)]


def _address(walks: Sequence[Walk]) -> None:
    """Where their readers live, and whether there is one. Three queries."""
    ids = [walk.customer_id for walk in walks]
    zones = zones_of(Customer.objects.in_bulk(ids).values())
    reachable = set(Contact.objects.filter(customer__in=ids, is_primary=True).values_list("customer", flat=True))
    for walk in walks:
        walk.zone, walk.is_reachable = zones.get(walk.customer_id), walk.customer_id in reachable


def _holding(condition: Data | None, customer_ids: Collection[int], now: datetime) -> set[int]:
    """Those of the customers for whom it holds. One query."""
    asked = Condition.from_data(condition)
    if not asked.rows:
        return set(customer_ids)
    named = len(customer_ids) <= NAMED
    customers = Customer.objects.filter(pk__in=customer_ids) if named else Customer.objects.all()
    return set(asked.narrow(customers, now).values_list("pk", flat=True)) & set(customer_ids)
