"""What happens to one demo customer, told as days ago: written by hand for the stories, drawn for the fleet."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..models import Contact, Goal, Interaction, Task
from ..models.customer import CustomerTier


@dataclass(frozen=True)
class Person:
    """Somebody at the customer. Without a name one is drawn that fits the country."""

    role: str
    name: str = ""
    primary: bool = False
    left: int | None = None
    mail_status: str = Contact.MailStatus.OK


@dataclass(frozen=True)
class Contract:
    """`starts` days ago, `renews` in days; each change is (days ago, the fields' new values)."""

    plan: CustomerTier
    mrr: Decimal
    starts: int
    renews: int | None
    ended: int | None = None
    seats: int = 1
    changes: tuple[tuple[int, dict[str, Any]], ...] = ()
    budget_note: str = ""


@dataclass(frozen=True)
class Course:
    name: str
    assigned: int
    completed: int | None = None


@dataclass(frozen=True)
class Aim:
    """A goal or success metric with its readings, each (days ago, value)."""

    title: str
    unit: str
    start: float
    target: float
    set: int
    due_in: int
    readings: tuple[tuple[int, float], ...]
    kind: str = Goal.Kind.GOAL


@dataclass(frozen=True)
class Outcome:
    """A report on 90 days: what they cost and brought, as multiples of a month's revenue."""

    ended: int
    value: float
    expected: float
    note: str = ""


@dataclass(frozen=True)
class Talk:
    days_ago: int
    kind: str
    subject: str
    body: str = ""
    direction: str = Interaction.Direction.OUT


@dataclass(frozen=True)
class Todo:
    """Due so many days ago (in the future where negative); done so many days ago, or still open."""

    title: str
    due: int
    kind: str = Task.Kind.TODO
    description: str = ""
    done: int | None = None
    outcome: str = ""
    status: str = Task.Status.DONE


@dataclass(frozen=True)
class Estimate:
    days_ago: int
    likelihood: int
    note: str = ""


@dataclass(frozen=True)
class Script:
    people: tuple[Person, ...]
    contracts: tuple[Contract, ...] = ()
    courses: tuple[Course, ...] = ()
    aims: tuple[Aim, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    talks: tuple[Talk, ...] = ()
    todos: tuple[Todo, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    tags: tuple[str, ...] = ()
