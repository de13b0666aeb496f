"""What happens to a customer of the fleet: drawn from its tier, its age and its mood."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from agentfactory_cs.demo import World

from ..models import Goal, Interaction, Subscription, Task
from ..models.customer import CustomerTier
from .accounts import Account
from .scripts import Aim, Contract, Course, Estimate, Outcome, Person, Script, Talk, Todo
from .stories import STORIES
from .words import ROLES

_Pay = Subscription.PaymentStatus

# Facts older than any window reaches need not be told: surveys and reports look back 180 days.
_LONGEST_WINDOW_DAYS = 180


class Custom(NamedTuple):
    """What is customary for a tier: how many people we know, how often we do things."""

    people: tuple[int, int]
    revenue: tuple[int, int] = (0, 0)
    seats: tuple[int, int] = (1, 1)
    courses: int = 0
    goals: int = 0
    metrics: int = 0
    talk_every_days: int = 0
    estimate_every_days: int = 0
    outcomes: int = 0
    open_tasks: float = 0.0


CUSTOMS = {
    CustomerTier.FREE: Custom((1, 1)),
    CustomerTier.STARTER: Custom((1, 2), (49, 49), (1, 4), courses=2, goals=1, talk_every_days=75, open_tasks=0.2),
    CustomerTier.PRO: Custom((2, 3), (199, 399), (5, 20), 3, 1, 1, 40, 75, 2, 0.6),
    CustomerTier.ENTERPRISE: Custom((3, 5), (999, 6500), (25, 150), 4, 2, 1, 21, 45, 3, 1.4),
}

_COURSES = ("Agent basics", "Knowledge bases that answer", "Agents in production", "Security and access")
_GOALS = (
    ("Requests answered without a person", "% of requests", 10, 60),
    ("Night and weekend cover by agents", "% of hours", 0, 90),
    ("New hires trained by the agent", "people a month", 0, 25),
    ("Orders entered without a person", "% of orders", 5, 50),
)
_METRICS = (
    ("Average handling time", "minutes", 12, 7),
    ("Answers rated helpful", "% of answers", 50, 80),
    ("Backlog at the end of the day", "requests", 80, 20),
)
_TALKS = (
    (Interaction.Kind.CALL, "Check-in"),
    (Interaction.Kind.MEETING, "Quarterly review"),
    (Interaction.Kind.EMAIL, "What is new this month"),
    (Interaction.Kind.CALL, "Question about tracing"),
    (Interaction.Kind.MEETING, "Workshop: a second agent"),
    (Interaction.Kind.EMAIL, "Tips for the knowledge base"),
)
_TODOS = (
    (Task.Kind.CALL, "Check-in call"),
    (Task.Kind.REVIEW, "Look through the conversations nobody answered"),
    (Task.Kind.EMAIL, "Send the notes of the last meeting"),
    (Task.Kind.TODO, "Update the success plan"),
    (Task.Kind.CALL, "Introduce the new features"),
)


def script(world: World, account: Account) -> Script:
    """Everything that happens to the account: its story, or what is customary."""
    if account.index < len(STORIES):
        return STORIES[account.index].script
    custom = CUSTOMS[account.tier]

    def rng(topic: str) -> Random:
        return world.rng(f"customers.{topic}", account.index)

    reach = min(account.signed_up, world.days + _LONGEST_WINDOW_DAYS)
    return Script(
        people=tuple(_people(custom, rng("people"))),
        contracts=tuple(_contracts(account, rng("contracts"))),
        courses=tuple(_courses(account, custom, rng("courses"))),
        aims=tuple(_aims(account, custom, reach, rng("aims"))),
        outcomes=tuple(_outcomes(account, custom, rng("outcomes"))),
        talks=tuple(_talks(account, custom, reach, rng("talks"))),
        todos=tuple(_todos(account, custom, rng("todos"))),
        estimates=tuple(_estimates(account, custom, reach, rng("estimates"))),
    )


def _people(custom: Custom, rng: Random) -> Iterator[Person]:
    for place in range(rng.randint(*custom.people)):
        yield Person(rng.choice(ROLES[min(place, len(ROLES) - 1)]), primary=place == 0)


def _contracts(account: Account, rng: Random) -> Iterator[Contract]:
    """One contract; a second where the customer left and came back."""
    if not account.pays:
        return
    since, gone = account.signed_up - rng.randint(0, 14), account.departure
    if account.was and account.was[1] == CustomerTier.FREE:
        since = account.was[0]
    first = _contract(account, max(since, 0), rng)
    if gone is None:
        yield first
        return
    yield replace(first, renews=None, ended=gone.days_ago)
    if gone.back is not None:
        yield replace(first, starts=gone.back, renews=365 - gone.back, changes=())


def _contract(account: Account, starts: int, rng: Random) -> Contract:
    """Mostly by the year, so that a quarter of all contracts renew within 90 days; half of starter by the month."""
    term = 30 if account.tier == CustomerTier.STARTER and rng.random() < 0.5 else 365
    custom, plan = CUSTOMS[account.tier], account.tier_at(starts)
    mrr, seats = _revenue(account.tier, rng), rng.randint(*custom.seats)
    changes = _contract_changes(account, mrr, rng)
    if plan == account.tier:
        return Contract(plan, mrr, starts, term - starts % term, seats=seats, changes=changes)
    assert account.was is not None
    upgrade = (account.was[0], {"plan": account.tier.label, "mrr": mrr, "seats": seats})
    changes = (upgrade, *(change for change in changes if change[0] < account.was[0]))
    few = CUSTOMS[plan].seats[0]
    return Contract(plan, _revenue(plan, rng), starts, term - starts % term, seats=few, changes=changes)


def _revenue(tier: CustomerTier, rng: Random) -> Decimal:
    """The plan's price and what seats add; few are far above it."""
    low, high = CUSTOMS[tier].revenue
    return Decimal(low + round((high - low) * rng.random() ** 2 / 10) * 10)


def _contract_changes(account: Account, mrr: Decimal, rng: Random) -> tuple[tuple[int, dict[str, Any]], ...]:
    """Payments that failed, most of them made good; more revenue where use grows."""
    luck, days_ago = rng.random(), rng.randint(5, 80)
    if days_ago >= account.signed_up - 15:
        return ()
    failed = (days_ago, {"payment_status": _Pay.PAST_DUE})
    if luck < 0.05:
        return (failed, (days_ago - 4, {"payment_status": _Pay.CURRENT}))
    if luck < 0.08:
        return (failed,)
    if luck < 0.25 and account.mood.at(days_ago) > 0.75 and account.tier != CustomerTier.STARTER:
        return ((days_ago, {"mrr": (mrr * Decimal("1.2")).quantize(Decimal(1))}),)
    return ()


def _courses(account: Account, custom: Custom, rng: Random) -> Iterator[Course]:
    for place in range(custom.courses):
        assigned = account.signed_up - 2 - place * rng.randint(2, 20)
        completed = assigned - rng.randint(3, 25)
        likes = rng.random() < 0.35 + 0.6 * account.mood.at(max(assigned, 0))
        if assigned > 0:
            yield Course(_COURSES[place], assigned, completed if likes and completed > 0 else None)


def _aims(account: Account, custom: Custom, reach: int, rng: Random) -> Iterator[Aim]:
    wanted = [(Goal.Kind.GOAL, aim) for aim in rng.sample(_GOALS, custom.goals)]
    wanted += [(Goal.Kind.SUCCESS_METRIC, aim) for aim in rng.sample(_METRICS, custom.metrics)]
    for kind, (title, unit, start, target) in wanted:
        set_ago = account.signed_up - rng.randint(10, 25)
        if set_ago <= 0 or rng.random() < 0.15:
            continue
        due_in = rng.randint(-20, 120)
        readings = _readings(account, start, target, min(set_ago, reach), rng)
        yield Aim(title, unit, start, target, set_ago, max(due_in, 1 - set_ago), tuple(readings), kind)


def _readings(account: Account, start: float, target: float, reach: int, rng: Random) -> Iterator[tuple[int, float]]:
    """A reading every six weeks or so; who uses the product and likes it comes nearer to the target."""
    days_ago = reach - rng.randint(5, 20)
    while days_ago > 0:
        ripe = min(1.0, 0.35 + (account.signed_up - days_ago) / 200)
        progress = ripe * (0.2 + 0.5 * account.use.at(days_ago) + 0.5 * account.mood.at(days_ago)) + rng.gauss(0, 0.05)
        yield days_ago, round(start + (target - start) * min(max(progress, 0.0), 1.15), 1)
        days_ago -= rng.randint(38, 50)


def _outcomes(account: Account, custom: Custom, rng: Random) -> Iterator[Outcome]:
    """Reports by the quarter, on periods after signup; three months' revenue is what the period cost."""
    for quarter in range(custom.outcomes):
        ended = rng.randint(5, 30) + quarter * 91
        if ended + 90 > account.signed_up:
            return
        expected = rng.uniform(5.0, 8.0)
        share = 0.35 + 0.35 * account.use.at(ended) + 0.45 * account.mood.at(ended)
        yield Outcome(ended, round(expected * share, 1), round(expected, 1))


def _talks(account: Account, custom: Custom, reach: int, rng: Random) -> Iterator[Talk]:
    if not custom.talk_every_days:
        return
    days_ago = reach - rng.randint(1, 10)
    while days_ago > 0:
        kind, subject = rng.choice(_TALKS)
        theirs = rng.random() < 0.25
        yield Talk(days_ago, kind, subject, direction=Interaction.Direction.IN if theirs else Interaction.Direction.OUT)
        days_ago -= round(custom.talk_every_days * rng.uniform(0.6, 1.4))


def _todos(account: Account, custom: Custom, rng: Random) -> Iterator[Todo]:
    for _ in range(int(custom.open_tasks + rng.random())):
        kind, title = rng.choice(_TODOS)
        yield Todo(title, due=round(rng.triangular(-12, 8, -2)), kind=kind)
    for _ in range(round(custom.open_tasks)):
        kind, title = rng.choice(_TODOS)
        done = rng.randint(10, 60)
        yield Todo(title, due=done + rng.randint(-3, 3), kind=kind, done=done, outcome="Done.")


def _estimates(account: Account, custom: Custom, reach: int, rng: Random) -> Iterator[Estimate]:
    if not custom.estimate_every_days:
        return
    days_ago = reach - rng.randint(20, 40)
    while days_ago > 0:
        feeling = 25 + 70 * account.mood.at(days_ago) + rng.gauss(0, 8)
        yield Estimate(days_ago, round(min(max(feeling, 5), 99) / 5) * 5)
        days_ago -= round(custom.estimate_every_days * rng.uniform(0.8, 1.2))
