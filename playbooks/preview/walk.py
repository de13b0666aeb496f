"""One customer's way through the steps in a preview: the same steps, times and links as a run has, and no row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from agentfactory_cs.messaging.models import MailTemplate

from ..moments import due_at, sends_mail
from ..people import PARAMETERS
from ..registry import actions
from ..rules import ACTION, MANUAL, Definition, Step
from ..way import AHEAD, PASSED_OVER, TIMED, Place, hangs, released

DONE = Place(is_timed=True, is_settled=True, is_done=True)


@dataclass(slots=True)
class Walk:
    """A customer that would have entered.

    `is_reachable`: it has a primary contact. `mails` and `tasks` are the moments at which it would have been sent or
    caused one; `ended_at` is None while it is under way.
    """

    customer_id: int
    entered_at: datetime
    event_id: int | None = None
    is_held_out: bool = False
    zone: ZoneInfo | None = None
    is_reachable: bool = True
    ended_at: datetime | None = None
    has_left_early: bool = False
    mails: list[tuple[datetime, bool]] = field(default_factory=list)
    tasks: list[datetime] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)

    def begin(self, route: "Route") -> Iterator["Due"]:
        """Its first steps with their times, and everything else ahead."""
        self.places = {step.key: AHEAD if hangs(step) else TIMED for step in route.plan.steps}
        return (Due(due_at(step, self.entered_at, self.zone), self, step) for step in route.first)

    def settle(self, step: Step, place: Place, route: "Route", at: datetime) -> Iterator["Due"]:
        """A step is settled; what it releases, with its time. The last one ends the way."""
        self.places[step.key] = place
        for later, reason in released(route.plan.steps, self.places) if route.has_links else ():
            if not reason:
                yield Due(max(due_at(later, self.entered_at, self.zone), at), self, later)
        if all(one.is_settled for one in self.places.values()):
            self.end(at)

    def pass_over(self, step: Step, route: "Route", at: datetime) -> Iterator["Due"]:
        return self.settle(step, PASSED_OVER, route, at)

    def end(self, at: datetime, *, early: bool = False) -> None:
        self.ended_at, self.has_left_early, self.places = at, early, {}


@dataclass(frozen=True, slots=True)
class Due:
    """A step that comes due; `since` is when it did first, of a branch, and of mail that waits for a contact;
    `by_person`: its task is finished."""

    at: datetime
    walk: Walk
    step: Step
    since: datetime | None = None
    by_person: bool = False


@dataclass(frozen=True)
class Route:
    """A definition as a preview needs it: what each step causes. Two queries at most, once a preview."""

    plan: Definition
    first: Sequence[Step]
    has_links: bool
    mails: dict[str, bool]
    tasks: set[str]

    @classmethod
    def of(cls, plan: Definition) -> "Route":
        first = [step for step in plan.steps if not hangs(step)]
        return cls(plan, first, len(first) < len(plan.steps), _mails(plan), {s.key for s in plan.steps if _is_task(s)})

    def note(self, walk: Walk, step: Step, at: datetime) -> None:
        """Write down the mail or task that the step causes."""
        if step.key in self.mails:
            walk.mails.append((at, self.mails[step.key]))
        if step.key in self.tasks:
            walk.tasks.append(at)


def _is_task(step: Step) -> bool:
    return step.kind == MANUAL or (step.kind == ACTION and actions.get(step.action).makes_task)


def _mails(plan: Definition) -> dict[str, bool]:
    """The steps that send mail, and whether it counts for the cap: transactional mail and surveys do not."""
    named = {step.key: step.params.get("template", "") for step in plan.steps if sends_mail(step)}
    templates = MailTemplate.objects.filter(key__in=named.values()).select_related("topic")
    counting = {template.key: not template.topic.is_transactional for template in templates}
    return {key: bool(template) and counting.get(template, True) for key, template in named.items()}


_DUE_DAYS = next(parameter for parameter in PARAMETERS if parameter.key == "due_days")


def finished_at(step: Step, at: datetime) -> datetime:
    """When a person is taken to finish a manual step: when its task is due."""
    return at + timedelta(days=_DUE_DAYS.checked(step.params.get("due_days")))


Agenda = dict[date, list[Due]]
