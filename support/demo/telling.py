"""Writing the demo's tickets: all at once, routed by the rules in force, with their timeline."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from agentfactory_cs.customers.demo import tellings
from agentfactory_cs.customers.models import Contact
from agentfactory_cs.demo import World
from agentfactory_cs.events.services import record_all_at

from .. import levels
from ..levels.due import calendar_of, reckon
from ..models import Agent, Area, ClockStretch, Escalation, Message, Team, Ticket, TicketChange
from ..models.ticket import Priority, TicketStatus
from ..routing import choosing, deciding, people, versions, words
from .course import Book, Course, course_of
from .plots import plots

Kind = TicketChange.Kind
_AFTER = timedelta(seconds=1)


def tell_tickets(world: World) -> None:
    book = Book(calendar_of(None, now=world.now), levels.in_force(), {area.key: area for area in Area.objects.all()})
    courses = sorted(_courses(world, book), key=lambda one: (one.ticket.created_at, one.ticket.customer_id))
    routed = Routed(world)
    plans = [routed.place(course.ticket) for course in courses]
    for course in courses:
        reckon(course.ticket, book.calendar, course.stretches)
    Ticket.objects.bulk_create([course.ticket for course in courses], batch_size=500)
    _write(courses, plans, routed.names)
    routed.note_loads()


def _courses(world: World, book: Book) -> Iterator[Course]:
    for chunk in tellings(world):
        ids = [one.customer.pk for one in chunk]
        contacts = {one.customer_id: one for one in Contact.objects.filter(customer__in=ids, is_primary=True)}
        for telling in chunk:
            contact = contacts.get(telling.customer.pk)
            for place, plot in enumerate(plots(telling)):
                yield course_of(telling, contact, plot, place, book)


class Routed:
    """Where each ticket goes, by the rules; who is given it, by the room they have today."""

    def __init__(self, world: World) -> None:
        self._now = world.now
        self._version, self._desk = versions.in_force(), deciding.Desk.open()
        self._people = people.everybody(world.now)
        self.names = {one.user: one.name for one in self._people}
        self._latest: dict[int, datetime] = {}

    def place(self, ticket: Ticket) -> tuple[deciding.Plan, choosing.Choice]:
        plan = deciding.plan(deciding.subject_of(ticket), deciding.Start(), self._version, self._desk)
        ticket.team, ticket.tags = plan.team, list(plan.outcome.tags)
        if plan.outcome.priority:
            ticket.priority = Priority[plan.outcome.priority.upper()]
        choice = self._choose(ticket, plan.team)
        if choice.candidate:
            ticket.assignee_id = choice.candidate.user
            self._latest[choice.candidate.agent] = ticket.created_at
        is_missed = any(word.endswith(".breached") for word in ticket.told)
        ticket.is_escalated = bool(plan.outcome.escalations) or is_missed
        return plan, choice

    def _choose(self, ticket: Ticket, team: Team | None) -> choosing.Choice:
        if team is None:
            return choosing.Choice(None, choosing.Why.NO_TEAM)
        waits = ticket.status in (TicketStatus.NEW, TicketStatus.OPEN)
        # Of what is over nobody's hands are full.
        found = self._people if waits else [replace(one, load=0) for one in self._people]
        found = [replace(one, last_assigned_at=self._latest.get(one.agent)) for one in found]
        choice = choosing.choose(found, team.pk, ticket.language)
        if waits and choice.candidate:
            self._people = [replace(one, load=one.load + (one.agent == choice.candidate.agent)) for one in self._people]
        return choice

    def note_loads(self) -> None:
        agents = Agent.objects.in_bulk(list(self._latest))
        for agent, at in self._latest.items():
            agents[agent].last_assigned_at = at
        Agent.objects.bulk_update(agents.values(), ("last_assigned_at",))


Plans = Sequence[tuple[deciding.Plan, choosing.Choice]]


def _write(courses: Sequence[Course], plans: Plans, names: dict[int, str]) -> None:
    Message.objects.bulk_create(
        (message for course in courses for message in _messages(course, names)), batch_size=1_000
    )
    ClockStretch.objects.bulk_create(
        (
            ClockStretch(ticket=course.ticket, since=one.since, until=one.until)
            for course in courses
            for one in course.stretches
        ),
        batch_size=1_000,
    )
    changes = [
        change
        for course, (plan, choice) in zip(courses, plans, strict=True)
        for change in _changes(course.ticket, plan, choice)
    ]
    changes.sort(key=lambda one: (one.ticket_id, one.happened_at))
    TicketChange.objects.bulk_create(changes, batch_size=1_000)
    if senior := Team.objects.filter(is_senior=True).first():
        Escalation.objects.bulk_create(
            one
            for course, (plan, _choice) in zip(courses, plans, strict=True)
            for one in _escalations(course.ticket, plan, senior)
        )
    _tell(courses)


def _messages(course: Course, names: dict[int, str]) -> Iterator[Message]:
    ticket = course.ticket
    for at, kind, text in course.said:
        ours = kind == Message.Kind.ANSWER
        yield Message(
            ticket=ticket,
            kind=kind,
            author_id=ticket.assignee_id if ours else None,
            author_name=names.get(ticket.assignee_id or 0, "AgentFactory") if ours else ticket.requester_name,
            address="" if ours else ticket.requester_address,
            text=text,
            written_at=at,
        )


def _changes(ticket: Ticket, plan: deciding.Plan, choice: choosing.Choice) -> Iterator[TicketChange]:
    def change(kind: str, said: str, at: datetime, **more: object) -> TicketChange:
        return TicketChange(ticket=ticket, kind=kind, words=said[:400], happened_at=at, **more)

    opened = ticket.created_at
    who = {"channel": ticket.get_channel_display(), "is_automatic": False}
    yield change(Kind.CREATED, f"Came in by {ticket.get_channel_display()}.", opened, data=who)
    trace = plan.data() | {"assignment": {"why": choice.why.value, "among": choice.among}}
    yield change(Kind.ROUTED, words.decided(plan, choice), opened + _AFTER, data=trace, routing_version=plan.version)
    for clock in ("first_response", "resolution"):
        if f"{clock}.breached" in ticket.told:
            ran_out = _ran_out(ticket, clock)
            said = f"The time for the {clock.replace('_', ' ')} ran out."
            yield change(Kind.BREACHED, said, ran_out, data={"clock": clock})
    if ticket.resolved_at:
        said = "Open → Resolved. Answered."
        yield change(Kind.STATUS, said, ticket.resolved_at, data={"to": "resolved"}, by_id=ticket.assignee_id)


def _ran_out(ticket: Ticket, clock: str) -> datetime:
    """The due time where it is still owed, else when it was kept at last."""
    due = ticket.first_response_due_at if clock == "first_response" else ticket.resolution_due_at
    ended = ticket.first_response_at if clock == "first_response" else ticket.resolved_at
    return due or ended or ticket.updated_at


def _escalations(ticket: Ticket, plan: deciding.Plan, senior: Team) -> Iterator[Escalation]:
    reasons = Escalation.Reason
    if plan.outcome.escalations:
        rule, said = plan.outcome.escalations[0]
        reason = reasons.CRITICAL if rule.is_for_critical else reasons.RULE
        detail = f"{rule.name}: {said}"[:300]
        yield Escalation(
            ticket=ticket, reason=reason, detail=detail, team=senior, escalated_at=ticket.created_at + _AFTER
        )
    if missed := next((word for word in ticket.told if word.endswith(".breached")), ""):
        clock = missed.partition(".")[0]
        detail = f"The time for the {clock.replace('_', ' ')} ran out."
        at = _ran_out(ticket, clock)
        yield Escalation(ticket=ticket, reason=reasons.BREACH, detail=detail, team=senior, escalated_at=at)


def _tell(courses: Sequence[Course]) -> None:
    told = [(course.ticket, course.ticket.customer) for course in courses]
    record_all_at("support.ticket_opened", [(whose, _opened(one), one.created_at) for one, whose in told if whose])
    record_all_at(
        "support.ticket_moved",
        [(whose, _resolved(one), one.resolved_at) for one, whose in told if whose and one.resolved_at],
    )


def _opened(ticket: Ticket) -> dict[str, object]:
    team = ticket.team.name if ticket.team else ""
    about = {"ticket": ticket.pk, "subject": ticket.subject, "severity": ticket.severity, "team": team}
    return {**about, "channel": ticket.get_channel_display(), "is_automatic": False}


def _resolved(ticket: Ticket) -> dict[str, object]:
    about = {"ticket": ticket.pk, "subject": ticket.subject}
    return {**about, "from": "Open", "to": "Resolved", "why": "Answered."}
