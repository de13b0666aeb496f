"""One ticket of the demo from its opening to today: moments and figures, as the services would have kept them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from agentfactory_cs.customers.demo import Telling
from agentfactory_cs.customers.models import Contact

from ..clocks import Calendar, Stretch, elapsed
from ..following import planning
from ..following.rules import Step
from ..levels import Targets
from ..levels.due import clock_seconds, targets_of
from ..models import Area, Message, ServiceVersion, Ticket
from ..models.ticket import LanguageSource, TicketStatus
from .plots import Plot, words_of

# Of what was promised for the first answer, so much is used as a rule, and by who is slow.
_PROMPT, _SLOW = (0.05, 0.7), (1.1, 1.8)
_UNPROMISED = timedelta(hours=12)
_HOUR = timedelta(hours=1)


@dataclass
class Course:
    """A ticket with what belongs to it, none of it stored. `said` are its messages, oldest first."""

    ticket: Ticket
    stretches: list[Stretch]
    said: list[tuple[datetime, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Book:
    """What every ticket of the demo goes by."""

    calendar: Calendar
    version: ServiceVersion
    areas: dict[str, Area]


def course_of(telling: Telling, contact: Contact | None, plot: Plot, place: int, book: Book) -> Course:
    rng = telling.rng(f"support_{place}")
    spoken, words = words_of(plot.area, telling.customer.language, rng)
    ticket = _opened(telling, contact, plot, book, rng)
    ticket.subject, ticket.language = words["subject"], spoken
    course = Course(ticket, [Stretch(ticket.created_at)])
    course.said.append((ticket.created_at, Message.Kind.CUSTOMER, words["text"]))
    if plot.end != TicketStatus.NEW:
        _answer(course, plot, words, book, telling.world.now, rng)
    _measure(course, book, telling.world.now)
    _follow_up(ticket, telling.world.now)
    return course


def _opened(telling: Telling, contact: Contact | None, plot: Plot, book: Book, rng: Random) -> Ticket:
    opened = telling.moment(plot.days_ago, round(rng.uniform(7, 15), 2))
    return Ticket(
        customer=telling.customer,
        contact=contact,
        requester_address=contact.email if contact else "",
        requester_name=contact.name if contact else telling.customer.name,
        channel=rng.choice((Ticket.Channel.MAIL, Ticket.Channel.MAIL, Ticket.Channel.API, Ticket.Channel.HELP_PAGE)),
        area=book.areas[plot.area],
        severity=plot.severity,
        language_source=LanguageSource.DETECTED,
        service_version=book.version,
        created_at=opened,
        updated_at=opened,
        customer_wrote_at=opened,
        waiting_since=opened,
    )


def _answer(course: Course, plot: Plot, words: dict[str, str], book: Book, now: datetime, rng: Random) -> None:
    """Answered within what was promised, or not; then it waits for the customer, or is resolved. Nothing happens
    after `now`."""
    ticket, targets = course.ticket, targets_of(course.ticket)
    share = rng.uniform(*(_SLOW if plot.is_slow else _PROMPT))
    answered = book.calendar.add(ticket.created_at, (targets.first_response or _UNPROMISED) * share)
    if answered is None or answered >= now:
        ticket.status = TicketStatus.OPEN
        return
    _note_answer(course, answered, words["answer"])
    if plot.end == TicketStatus.OPEN:
        # They came back to it, and wait again.
        _note_reply(course, max(now - rng.uniform(1, 20) * _HOUR, answered + _HOUR / 10), words["more"])
    elif plot.end == TicketStatus.PENDING:
        ticket.status = TicketStatus.PENDING
        course.stretches = [Stretch(ticket.created_at, answered)]
    else:
        _resolve(course, plot, words, targets, book, now, rng)


def _note_answer(course: Course, at: datetime, text: str) -> None:
    ticket = course.ticket
    course.said.append((at, Message.Kind.ANSWER, text))
    ticket.status, ticket.first_response_at, ticket.answered_at = TicketStatus.OPEN, at, at
    ticket.waiting_since, ticket.updated_at = None, at


def _note_reply(course: Course, at: datetime, text: str) -> None:
    ticket = course.ticket
    course.said.append((at, Message.Kind.CUSTOMER, text))
    ticket.customer_wrote_at = ticket.waiting_since = ticket.updated_at = at


def _resolve(
    course: Course, plot: Plot, words: dict[str, str], targets: Targets, book: Book, now: datetime, rng: Random
) -> None:
    """Waiting for the customer in between; who is slow goes beyond what was promised."""
    ticket, answered = course.ticket, course.ticket.first_response_at
    assert answered
    back = answered + rng.uniform(0.5, 30) * _HOUR
    share = rng.uniform(*(_SLOW if plot.is_slow else _PROMPT))
    resolved = book.calendar.add(back, (targets.resolution or 3 * _UNPROMISED) * share)
    if resolved is None or resolved >= now:
        ticket.status = TicketStatus.PENDING
        course.stretches = [Stretch(ticket.created_at, answered)]
        return
    _note_reply(course, back, words["thanks"])
    course.stretches = [Stretch(ticket.created_at, answered), Stretch(back, resolved)]
    ticket.status, ticket.resolved_at, ticket.updated_at = TicketStatus.RESOLVED, resolved, resolved
    ticket.waiting_since = None
    if now - resolved > timedelta(days=7):
        ticket.status, ticket.closed_at = TicketStatus.CLOSED, resolved + timedelta(days=7)
        ticket.updated_at = ticket.closed_at


def _measure(course: Course, book: Book, now: datetime) -> None:
    """As `threads` and `moving` would have, and what was missed by today."""
    ticket, targets = course.ticket, targets_of(course.ticket)
    first = [Stretch(ticket.created_at, ticket.first_response_at)]
    used = {"first_response": elapsed(book.calendar, first, now)}
    used["resolution"] = elapsed(book.calendar, course.stretches, now)
    if ticket.first_response_at:
        ticket.first_response_open_seconds = int(used["first_response"].total_seconds())
    if ticket.resolved_at:
        ticket.resolution_open_seconds = int(used["resolution"].total_seconds())
        ticket.resolution_seconds = clock_seconds(course.stretches, now=now)
    promised = {"first_response": targets.first_response, "resolution": targets.resolution}
    for clock, target in promised.items():
        if target is not None:
            ticket.told += _told(clock, used[clock] / target)


def _follow_up(ticket: Ticket, now: datetime) -> None:
    """What had come due by today was done; what ends a ticket is left to the clock, as is what comes next."""
    if ticket.status not in (TicketStatus.PENDING, TicketStatus.RESOLVED):
        return
    ticket.pending_since = ticket.answered_at if ticket.status == TicketStatus.PENDING else None
    planning.plan(ticket)
    while (due := planning.coming(ticket)) and due.at <= now and due.step not in (Step.GIVE_UP, Step.CLOSE):
        planning.done(ticket, due.step, now=due.at)


def _told(clock: str, share: float) -> list[str]:
    """Half a minute after the moment the clock had been looked at."""
    warned = [f"{clock}.warned"] if share >= 0.75 else []
    return [*warned, f"{clock}.breached"] if share >= 1 else warned
