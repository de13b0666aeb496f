"""Letting customers into playbooks: by an event, by the daily look at everybody, or by hand.

However many customers want in, a fixed number of statements decides: who is in already, who was in not long ago,
whom a playbook of higher priority holds, whose conditions are not met, and who is held out. Everybody a trigger
named and who did not enter is told of in a Refusal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from agentfactory_cs.customers.conditions import BadCondition, Condition
from agentfactory_cs.customers.conditions.condition import Judgement
from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.events.models import Event
from agentfactory_cs.events.queries import line_of
from agentfactory_cs.events.services import Actor, actor_user, record_all

from .deciding import Past, Reason, Standing, is_held_out, why_not
from .faults import contained, note, words_of
from .judging import Asked
from .models import Playbook, PlaybookVersion, Refusal, Run, RunStep
from .moments import due_at, has_mail, zones_of
from .queries import in_force_everywhere
from .rules import EVENT, SCHEDULE, Definition
from .way import hangs
from .words import met_words, unmet_words

# One transaction lets at most so many in.
BATCH = 1_000
# Of whom a person lets in although the conditions cannot be asked.
NO_FIGURES = Judgement(True, ())


@dataclass(frozen=True)
class Candidate:
    """A customer that a trigger names; with the event, where one did."""

    customer_id: int
    event: Event | None = None


def on_events(events: Sequence[Event], now: datetime) -> None:
    """The consumer of events: let in whom they name, playbook by playbook, the most important first."""
    for playbook, version in _in_force(EVENT):
        named = [event for event in events if event.trigger == version.plan.trigger.event]
        # What was recorded before the playbook was active is no news to it.
        fresh = [event for event in named if playbook.activated_at and event.recorded_at >= playbook.activated_at]
        if fresh:
            enter(playbook, version, [Candidate(event.customer_id, event) for event in fresh], now=now)


def look_at_everybody(now: datetime) -> int:
    """The daily look: let in everybody whose conditions hold; returns how many entered."""
    entered = 0
    for playbook, version in _in_force(SCHEDULE):
        with contained(version, now=now):
            entered += _look(playbook, version, now)
    return entered


def _look(playbook: Playbook, version: PlaybookVersion, now: datetime) -> int:
    condition, entered = Condition.from_data(version.plan.entry, "entry"), 0
    fitting = condition.narrow(Customer.objects.active(), now).order_by("pk").values_list("pk", flat=True)
    ids = list(fitting)
    for start in range(0, len(ids), BATCH):
        batch = [Candidate(customer_id) for customer_id in ids[start : start + BATCH]]
        entered += len(enter(playbook, version, batch, now=now))
    return entered


def _in_force(on: str) -> list[tuple[Playbook, PlaybookVersion]]:
    """The active playbooks of a kind of trigger with their versions in force, the most important first."""
    return [(playbook, version) for playbook, version in in_force_everywhere() if version.plan.trigger.kind == on]


@transaction.atomic
def enter(
    playbook: Playbook,
    version: PlaybookVersion,
    candidates: Sequence[Candidate],
    *,
    by: Actor = None,
    now: datetime,
    because: str = "",
) -> list[Run]:
    """Let those in who may; the runs of those who entered, without the held-out.

    One at a time a playbook (an advisory lock): two workers with the same event, or two beats, enter nobody
    twice. `because` says why somebody chose these: then the conditions keep nobody out, and nobody is drawn.
    """
    _lock(playbook)
    by_customer = {candidate.customer_id: candidate for candidate in candidates}
    customers = Customer.objects.in_bulk(by_customer)
    refused = _refused(playbook, by_customer, customers, now)
    willing = [customer_id for customer_id in by_customer if customer_id in customers and customer_id not in refused]
    judged = _judged(version, [customers[pk] for pk in willing], now)
    if not because:
        unmet = {pk: judgement for pk, judgement in judged.found.items() if not judgement.holds}
        refused |= {pk: (Refusal.Reason.CONDITION, unmet_words(judgement)) for pk, judgement in unmet.items()}
        refused |= {pk: (Refusal.Reason.UNASKABLE, reason) for pk, reason in judged.unasked.items()}
        willing = [pk for pk in willing if pk not in refused]
    _store_refusals(playbook, refused, now)
    figures = {pk: judged.found.get(pk, NO_FIGURES) for pk in willing}
    runs = [_run(playbook, version, by_customer[pk], figures[pk], because=because, by=by, now=now) for pk in willing]
    return _store(version.plan, runs, customers, by=by, now=now)


def _judged(version: PlaybookVersion, customers: Sequence[Customer], now: datetime) -> Asked[Judgement]:
    """How the entry conditions stand for each; or why they cannot be asked any more."""
    try:
        return Asked(Condition.from_data(version.plan.entry, "entry").judge((one.pk for one in customers), now))
    except BadCondition as error:
        note(version, error, about=next(iter(customers), None), now=now)
        return Asked(unasked=dict.fromkeys((one.pk for one in customers), words_of(version, error)))


def _lock(playbook: Playbook) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('playbooks.enter'), %s)", [playbook.pk])


def _refused(
    playbook: Playbook, candidates: Mapping[int, Candidate], customers: Mapping[int, Customer], now: datetime
) -> dict[int, Reason]:
    """Who may not enter whatever the conditions say, with the reason; the weightiest reason wins."""
    held = dict(_held_by_others(playbook, candidates))
    earlier = Run.objects.filter(playbook=playbook, customer__in=candidates).order_by("customer_id", "-entered_at")
    past = {run.customer_id: run for run in earlier.distinct("customer_id")}
    found = {}
    for customer_id, customer in customers.items():
        standing = _standing(candidates[customer_id], customer, held.get(customer_id, ""), past.get(customer_id))
        if reason := why_not(standing, playbook.cool_down_days, now):
            found[customer_id] = reason
    return found


def _standing(candidate: Candidate, customer: Customer, held_by: str, run: Run | None) -> Standing:
    event = candidate.event
    return Standing(
        has_churned=customer.lifecycle_stage == Customer.Stage.CHURNED,
        event_id=event.pk if event else None,
        happened_at=event.happened_at if event else None,
        held_by=held_by,
        past=Past(run.entered_at, run.ended_at, run.event_id) if run else None,
    )


def _held_by_others(playbook: Playbook, customer_ids: Iterable[int]) -> list[tuple[int, str]]:
    above = Playbook.objects.filter(is_exclusive=True, priority__gt=playbook.priority)
    runs = Run.objects.under_way().filter(customer__in=customer_ids, playbook__in=above)
    return list(runs.values_list("customer_id", "playbook__name"))


def _store_refusals(playbook: Playbook, refused: Mapping[int, tuple[str, str]], now: datetime) -> None:
    Refusal.objects.bulk_create(
        (
            Refusal(playbook=playbook, customer_id=pk, reason=reason, detail=detail, on=utc_day(now), refused_at=now)
            for pk, (reason, detail) in refused.items()
        ),
        ignore_conflicts=True,
    )


def _run(
    playbook: Playbook,
    version: PlaybookVersion,
    candidate: Candidate,
    judged: Judgement,
    *,
    because: str,
    by: Actor,
    now: datetime,
) -> Run:
    goal = version.plan.goal
    run = Run(
        playbook=playbook,
        version=version,
        customer_id=candidate.customer_id,
        entered_because=because or met_words(judged) or _trigger_words(version.plan, candidate.event),
        entry_facts={"rows": [list(row) for row in judged.rows]},
        event_id=candidate.event.pk if candidate.event else None,
        started_by=actor_user(by),
        is_drawn=not because,
        entered_at=now,
        goal_until=now + timedelta(days=goal.within_days) if goal else None,
    )
    if run.is_drawn and is_held_out(playbook, candidate.customer_id):
        run.state, run.ended_at = Run.State.HELD_OUT, now
        run.ended_because = f"One of the {playbook.holdout_percent} % held out, to measure the effect against."
    return run


def _trigger_words(plan: Definition, event: Event | None) -> str:
    """Why, where no condition says so: what happened, as the timeline tells it."""
    if event is not None:
        return line_of(event).sentence
    return f"The event {plan.trigger.event}" if plan.trigger.kind == EVENT else "Everybody enters"


def _store(
    plan: Definition, runs: Sequence[Run], customers: Mapping[int, Customer], *, by: Actor, now: datetime
) -> list[Run]:
    stored = Run.objects.bulk_create(runs)
    entered = [run for run in stored if run.state == Run.State.RUNNING]
    zones = zones_of(customers[run.customer_id] for run in entered) if has_mail(plan) else {}
    _insert_steps(list(_steps(plan, entered, zones)))
    told = ((customers[run.customer_id], _told(run)) for run in entered)
    record_all("playbooks.run_started", told, by=by, now=now)
    return entered


def _steps(
    plan: Definition, runs: Sequence[Run], zones: Mapping[int, ZoneInfo]
) -> Iterable[tuple[int, str, int, datetime | None]]:
    """Run, key, position and moment of each step."""
    # Runs that began in the same moment in the same zone have the same moments.
    moments: dict[tuple[datetime, ZoneInfo | None], list[datetime | None]] = {}
    for run in runs:
        begun = run.entered_at, zones.get(run.customer_id)
        if begun not in moments:
            moments[begun] = [None if hangs(step) else due_at(step, *begun) for step in plan.steps]
        for position, (step, due) in enumerate(zip(plan.steps, moments[begun], strict=True)):
            yield run.pk, step.key, position, due


# As arrays in one statement: a dozen steps for each of a thousand runs take a fifth of the time of bulk_create. What is
# not named here is as the model's defaults have it.
_INSERT_STEPS = """
INSERT INTO playbooks_runstep (run_id, key, position, due_at, not_before, state, attempts, outcome, because, result)
SELECT run, key, position, due, due, %s, 0, '', '', '{}'
FROM unnest(%s::bigint[], %s::text[], %s::smallint[], %s::timestamptz[]) step(run, key, position, due)"""


def _insert_steps(steps: Sequence[tuple[int, str, int, datetime | None]]) -> None:
    if steps:
        with connection.cursor() as cursor:
            cursor.execute(
                _INSERT_STEPS, [RunStep.State.WAITING, *(list(column) for column in zip(*steps, strict=True))]
            )


def _told(run: Run) -> dict[str, object]:
    return {"playbook": run.playbook.name, "run": run.pk, "why": run.entered_because}
