"""What pages and REST show of playbooks and runs, read in a fixed number of queries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q

from agentfactory_cs.customers.days import end_of_day, start_of_day
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.queries import narrowed
from agentfactory_cs.messaging.models import Email

from .effect.proportions import Arm
from .mailing import SOURCE
from .models import Fault, Playbook, PlaybookVersion, Refusal, Run, RunStep
from .models.run import RunState, StepState


@dataclass(frozen=True)
class Counts:
    """The runs of a playbook or version by what became of them."""

    running: int = 0
    paused: int = 0
    finished: int = 0
    exited: int = 0
    stopped: int = 0
    held_out: int = 0
    goal_reached: int = 0

    @property
    def under_way(self) -> int:
        return self.running + self.paused

    @property
    def entered(self) -> int:
        return self.under_way + self.finished + self.exited + self.stopped

    def funnel(self) -> Sequence[tuple[RunState, int, float]]:
        """State, runs, and their share (percent) of those that entered."""
        whole = self.entered or 1
        shown = (RunState.RUNNING, RunState.PAUSED, RunState.FINISHED, RunState.EXITED, RunState.STOPPED)
        return [(state, getattr(self, state), 100 * getattr(self, state) / whole) for state in shown]


def counts(playbook_ids: Iterable[int]) -> Mapping[int, Counts]:
    """By playbook. One query."""
    by_state = {state.value: Count("pk", filter=Q(state=state)) for state in RunState}
    # Those held out are measured against, not for.
    reached = Count("pk", filter=Q(goal_reached_at__isnull=False) & ~Q(state=RunState.HELD_OUT))
    runs = Run.objects.filter(playbook__in=list(playbook_ids)).order_by().values("playbook")
    rows: Iterable[Mapping[str, Any]] = list(runs.annotate(goal_reached=reached, **by_state))
    named = ("goal_reached", *by_state)
    return {row["playbook"]: Counts(**{name: row[name] for name in named}) for row in rows}


@dataclass(frozen=True)
class StepLine:
    """A step of a run as its page shows it: the row, what the version says of it, and the mail it asked for.

    `facts` are what its condition was judged by: (sentence, holds, value).
    """

    row: RunStep
    title: str
    is_manual: bool
    is_mail: bool
    mail: Email | None
    facts: Sequence[tuple[str, bool, Any]]

    @property
    def day(self) -> int:
        return self.row.run.version.plan.step(self.row.key).day

    @property
    def moment(self) -> datetime | None:
        return self.row.settled_at or self.row.not_before


def step_lines(run: Run) -> list[StepLine]:
    """Two queries; the run comes with its version."""
    rows = list(run.steps.select_related("task__owner", "settled_by"))
    mails = Email.objects.filter(source=SOURCE, source_id__in=[row.pk for row in rows]).defer("html", "text")
    mail_of = {mail.source_id: mail for mail in mails}
    lines = []
    for row in rows:
        row.run, plan = run, run.version.plan.step(row.key)
        facts = [tuple(fact) for fact in row.result.get("facts", ())]
        is_mail = plan.action == "messaging.send_mail"
        lines.append(StepLine(row, plan.title, plan.kind == "manual", is_mail, mail_of.get(row.pk), facts))
    return lines


@dataclass(frozen=True)
class RunLine:
    """A run on a customer's page, with the step that comes next."""

    run: Run
    next_title: str = ""
    next_at: datetime | None = None
    is_with_person: bool = False


def runs_of_customer(customer_id: int, most: int) -> tuple[list[RunLine], list[Run]]:
    """Those under way with what comes next, and the latest that are over. Three queries."""
    runs = Run.objects.filter(customer=customer_id).select_related("playbook", "version")
    under_way = list(runs.under_way())
    over = list(runs.exclude(pk__in=[run.pk for run in under_way]).order_by("-pk")[:most])
    open_steps = RunStep.objects.filter(run__in=under_way).exclude(state__in=RunStep.SETTLED)
    ahead: dict[int, RunStep] = {}
    for step in open_steps.order_by("run", "not_before", "position"):
        ahead.setdefault(step.run_id, step)
    return [_run_line(run, ahead.get(run.pk)) for run in under_way], over


def _run_line(run: Run, step: RunStep | None) -> RunLine:
    if step is None:
        return RunLine(run)
    title = run.version.plan.step(step.key).title
    return RunLine(run, title, step.not_before, step.state == StepState.WITH_PERSON)


def refusals_of_customer(customer_id: int, most: int) -> list[Refusal]:
    return list(Refusal.objects.filter(customer=customer_id).select_related("playbook")[:most])


def startable(customer_id: int) -> list[Playbook]:
    """The active playbooks that the customer is not in."""
    inside = Run.objects.under_way().filter(customer=customer_id).values("playbook")
    return list(Playbook.objects.active().exclude(pk__in=inside).order_by("name"))


def standing_still(playbook_id: int) -> list[tuple[Fault, int]]:
    """The open faults of its versions, each with how many are under way by that version. One query."""
    inside = Count("version__runs", filter=Q(version__runs__state__in=(RunState.RUNNING, RunState.PAUSED)))
    faults = Fault.objects.filter(mended_at=None, version__playbook=playbook_id).select_related(
        "version", "task__owner"
    )
    return [(fault, fault.inside) for fault in faults.annotate(inside=inside)]


def in_force_everywhere() -> list[tuple[Playbook, PlaybookVersion]]:
    """The active playbooks, each with its version in force, the most important first. One query."""
    newest = PlaybookVersion.objects.filter(state="published", playbook__in=Playbook.objects.active())
    newest = newest.order_by("playbook_id", "-number").distinct("playbook_id").select_related("playbook")
    return sorted(((one.playbook, one) for one in newest), key=lambda pair: (-pair[0].priority, pair[0].pk))


def goals_between(since: date, until: date, filters: Mapping[str, str]) -> Arm:
    """Of the runs whose days for the goal ended in the period, those held out apart, how many reached it."""
    over = Q(goal_until__gte=start_of_day(since), goal_until__lt=end_of_day(until))
    runs = Run.objects.filter(over).exclude(state=RunState.HELD_OUT)
    if filters:
        runs = runs.filter(customer__in=narrowed(Customer.objects.all(), filters))
    counted = runs.aggregate(size=Count("pk"), reached=Count("pk", filter=Q(goal_reached_at__isnull=False)))
    return Arm(counted["reached"], counted["size"])
