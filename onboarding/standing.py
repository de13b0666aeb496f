"""How onboardings stand: what is reached, what comes next, where they are stuck, and how far the intervention is.

Everything here takes a page of onboardings and reads a fixed number of queries, whatever their number.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agentfactory_cs.customers.models import Customer
from playbooks.models import Run, RunStep
from playbooks.models.run import StepState

from . import rules
from .models import ChecklistVersion, Milestone, Onboarding, StuckPeriod
from .models.onboarding import OnboardingState

# The playbook that intervenes where somebody is stuck (playbooks/library).
INTERVENTION = "stuck_in_onboarding"
# A step counts as reached once something was done, or a person has it.
_REACHED = (StepState.DONE, StepState.WITH_PERSON, StepState.FAILED)


@dataclass(frozen=True)
class Rung:
    """How far the intervention of a stuck period has come: step `place` of `of`, counted from 1.

    `place` 0: no step is reached yet, and `title` and `state` are those of the one that comes next.
    """

    run_id: int
    place: int
    of: int
    title: str
    state: StepState

    @property
    def steps(self) -> list[bool]:
        """For each of its steps whether it is reached."""
        return [place < self.place for place in range(self.of)]


@dataclass(frozen=True)
class Line:
    """One onboarding as boards, lists and pages show it. `reached` holds every milestone, of the checklist or not."""

    onboarding: Onboarding
    customer: Customer
    plan: rules.Checklist
    reached: Mapping[str, datetime]
    stuck: StuckPeriod | None = None
    rung: Rung | None = None
    now: datetime = field(kw_only=True)

    @property
    def progress(self) -> tuple[int, int]:
        """Required items reached, of how many."""
        return rules.progress(self.plan, self.reached)

    @property
    def percent(self) -> float:
        done, of = self.progress
        return 100 * done / of

    @property
    def next(self) -> rules.Item | None:
        """The first required item that is missing, in the checklist's order; None where onboarding is over."""
        if self.onboarding.state != OnboardingState.RUNNING:
            return None
        return next(iter(rules.missing(self.plan, self.reached)), None)

    @property
    def next_at(self) -> datetime | None:
        """When the next item is expected; nobody waits for one without an expected day."""
        return self.next.expected_at(self.onboarding.started_at) if self.next else None

    @property
    def is_late(self) -> bool:
        return self.next_at is not None and self.next_at <= self.now

    @property
    def here_since(self) -> datetime:
        """Since when nothing more was reached: how long it has been at its stage."""
        start = self.onboarding.started_at
        own = (self.reached[item.key] for item in self.plan.items if item.key in self.reached)
        return max((start, *(at for at in own if at <= self.now)))

    @property
    def days_here(self) -> int:
        return max((self.now - self.here_since).days, 0)

    @property
    def day(self) -> int:
        """The day of onboarding it is on, or ended on; the first is day 1."""
        return self.onboarding.days_in(self.now) + 1


def lines(onboardings: Sequence[Onboarding], now: datetime) -> dict[int, Line]:
    """Each of the onboardings by primary key. Six queries: those that run none of it the fewer."""
    versions = ChecklistVersion.objects.in_bulk({one.version_id for one in onboardings})
    customers = Customer.objects.select_related("success_manager").in_bulk({one.customer_id for one in onboardings})
    reached = milestones_of(customers)
    stuck = {period.onboarding_id: period for period in _open_periods(onboardings)}
    rungs = _rungs({period.onboarding.customer_id: period for period in stuck.values()})
    return {
        one.pk: Line(
            one,
            customers[one.customer_id],
            versions[one.version_id].plan,
            reached[one.customer_id],
            stuck.get(one.pk),
            rungs.get(one.customer_id) if one.pk in stuck else None,
            now=now,
        )
        for one in onboardings
    }


def milestones_of(customer_ids: Iterable[int]) -> Mapping[int, Mapping[str, datetime]]:
    """When each customer reached what. One query."""
    found: dict[int, dict[str, datetime]] = defaultdict(dict)
    rows = Milestone.objects.filter(customer__in=list(customer_ids)).values_list("customer", "key", "reached_at")
    for customer_id, key, at in rows.order_by():
        found[customer_id][key] = at
    return found


def _open_periods(onboardings: Sequence[Onboarding]) -> Iterable[StuckPeriod]:
    return StuckPeriod.objects.filter(onboarding__in=onboardings, ended_at=None).select_related("onboarding")


def _rungs(periods: Mapping[int, StuckPeriod]) -> Mapping[int, Rung]:
    """By customer: how far the run that began with its stuck period has come. Two queries; none without periods."""
    if not periods:
        return {}
    runs = Run.objects.filter(playbook__key=INTERVENTION, customer__in=periods).select_related("version")
    # The newest run of a customer, where it began in this period: an earlier one belongs to an earlier period.
    newest = {run.customer_id: run for run in runs.order_by("pk")}
    running = {run.pk: run for customer_id, run in newest.items() if run.entered_at >= periods[customer_id].noticed_at}
    steps: dict[int, list[RunStep]] = defaultdict(list)
    for step in RunStep.objects.filter(run__in=running).order_by("run", "position"):
        steps[step.run_id].append(step)
    rungs = {running[run_id].customer_id: _rung(running[run_id], rows) for run_id, rows in steps.items()}
    return {customer_id: rung for customer_id, rung in rungs.items() if rung}


def _rung(run: Run, steps: Sequence[RunStep]) -> Rung | None:
    climbed = [(place, step) for place, step in enumerate(steps, start=1) if step.state in _REACHED]
    ahead = [(0, step) for step in steps if step.state == StepState.WAITING]
    if not climbed and not ahead:
        return None
    place, step = climbed[-1] if climbed else ahead[0]
    return Rung(run.pk, place, len(steps), run.version.plan.step(step.key).title, StepState(step.state))


@dataclass(frozen=True)
class Check:
    """One item of a checklist as its page shows it."""

    item: rules.Item
    milestone: Milestone | None
    expected_at: datetime | None
    is_late: bool
    is_blocker: bool

    @property
    def early_by(self) -> timedelta | None:
        """How long before its expected moment it was reached; negative where it came later."""
        return self.expected_at - self.milestone.reached_at if self.milestone and self.expected_at else None


def checks(line: Line) -> list[Check]:
    """The checklist of an onboarding, item by item, in its order. One query."""
    rows = Milestone.objects.filter(customer=line.customer).select_related("noted_by")
    by_key = {row.key: row for row in rows}
    blocker = line.stuck.blocker if line.stuck else ""
    return [_check(line, item, by_key.get(item.key), item.key == blocker) for item in line.plan.items]


def _check(line: Line, item: rules.Item, milestone: Milestone | None, is_blocker: bool) -> Check:
    expected_at = item.expected_at(line.onboarding.started_at)
    is_late = milestone is None and expected_at is not None and expected_at <= line.now
    return Check(item, milestone, expected_at, is_late and line.onboarding.state == "running", is_blocker)


def others(line: Line) -> list[tuple[str, Milestone]]:
    """Milestones the customer reached that its checklist does not ask for, with what they are called. One query."""
    asked = [item.key for item in line.plan.items]
    rows = Milestone.objects.filter(customer=line.customer).exclude(key__in=asked)
    return [(rules.title_of(row.key), row) for row in rows]
