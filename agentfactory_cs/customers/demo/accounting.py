"""Writing who the customers are: signup, people, contracts, and the turns their life takes."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from random import Random

from .. import services
from ..models import Churn, Contact, Customer, Subscription
from .accounts import ONBOARDING_DAYS, Departure
from .scripts import Contract, Person
from .telling import Telling, address_part

# A contract by the year that renews within so many days is the customer's next concern, and ours.
_RENEWAL_DAYS = 60
_GROWTH_AFTER_DAYS = 120

Step = Callable[[datetime], object]


def tell(telling: Telling) -> None:
    _sign_up(telling)
    _people(telling)
    for contract in telling.script.contracts:
        _contract(telling, contract)
    turns = [(days_ago, turn) for days_ago, turn in _turns(telling) if telling.account.here(days_ago)]
    for days_ago, step in sorted((*turns, *_departure(telling)), key=lambda item: -item[0]):
        step(telling.world.moment(telling.world.day(days_ago), 23))


def _sign_up(telling: Telling) -> None:
    services.save_customer(telling.customer, now=telling.customer.signed_up_at)
    services.set_tags(telling.customer, telling.script.tags, now=telling.customer.signed_up_at)


def _people(telling: Telling) -> None:
    rng, names = telling.rng("people"), set[str]()
    for person in telling.script.people:
        name = person.name or _another_name(telling, rng, names)
        names.add(name)
        _person(telling, person, name)


def _another_name(telling: Telling, rng: Random, taken: set[str]) -> str:
    country = telling.account.country
    while True:
        name = f"{rng.choice(country.given_names)} {rng.choice(country.surnames)}"
        if name not in taken:
            return name


def _person(telling: Telling, person: Person, name: str) -> None:
    contact = Contact(
        customer=telling.customer,
        name=name,
        email=f"{address_part(name)}@{telling.account.domain}",
        role=person.role,
        language=telling.account.country.language,
        time_zone=telling.account.country.time_zone,
        is_primary=person.primary,
    )
    services.save_contact(contact, now=telling.customer.signed_up_at)
    if person.left is not None:
        contact.left_on, contact.mail_status = telling.world.day(person.left), person.mail_status
        services.save_contact(contact, by=telling.by, now=telling.moment(person.left))


def _contract(telling: Telling, told: Contract) -> None:
    day = telling.world.day
    subscription = Subscription(
        customer=telling.customer,
        plan=told.plan.label,
        seats=told.seats,
        mrr=told.mrr,
        starts_on=day(told.starts),
        renews_on=None if told.renews is None else day(-told.renews),
        upgrade_budget_note=told.budget_note,
    )
    services.save_subscription(subscription, by=telling.by, now=telling.moment(told.starts))
    for days_ago, values in told.changes:
        if telling.account.here(days_ago):
            _change(telling, subscription, days_ago, values)
    if told.ended is not None:
        _change(telling, subscription, told.ended, {"ended_on": day(told.ended)})


def _change(telling: Telling, subscription: Subscription, days_ago: int, values: dict[str, object]) -> None:
    for name, value in values.items():
        setattr(subscription, name, value)
    services.save_subscription(subscription, by=telling.by, now=telling.moment(days_ago, 6))


def _turns(telling: Telling) -> Iterator[tuple[int, Step]]:
    """Changes of stage and tier, each so many days ago."""
    account = telling.account
    if account.onboarded():
        yield account.signed_up - ONBOARDING_DAYS, partial(_turn, telling, "lifecycle_stage", Customer.Stage.ADOPTION)
    if account.signed_up > _GROWTH_AFTER_DAYS and account.use.at(0) > 0.85:
        days_ago = account.signed_up - _GROWTH_AFTER_DAYS
        yield days_ago, partial(_turn, telling, "lifecycle_stage", Customer.Stage.GROWTH)
    if account.was:
        yield account.was[0], partial(_turn, telling, "tier", account.tier)
    if (renewal := _renewal(telling)) is not None:
        yield renewal, partial(_turn, telling, "lifecycle_stage", Customer.Stage.RENEWAL)


def _departure(telling: Telling) -> Iterator[tuple[int, Step]]:
    if gone := telling.account.departure:
        yield gone.days_ago, partial(_leave, telling, gone)
        if gone.back is not None:
            yield gone.back, partial(_return, telling, gone.back)


def _renewal(telling: Telling) -> int | None:
    """Days ago that the renewal came into sight."""
    contracts = telling.script.contracts
    renews = contracts[-1].renews if contracts else None
    if renews is None:
        return None
    by_the_year = contracts[-1].starts + renews > 2 * _RENEWAL_DAYS
    return _RENEWAL_DAYS - renews if by_the_year and renews <= _RENEWAL_DAYS else None


def _turn(telling: Telling, field: str, value: str, now: datetime) -> None:
    setattr(telling.customer, field, value)
    services.save_customer(telling.customer, by=telling.by, now=now)


def _leave(telling: Telling, gone: Departure, now: datetime) -> None:
    churned_on = telling.world.day(gone.days_ago)
    churn = Churn(customer=telling.customer, churned_on=churned_on, reason=gone.reason, note=gone.note)
    services.record_churn(churn, by=telling.by, now=now)
    telling.customer.refresh_from_db()


def _return(telling: Telling, back: int, now: datetime) -> None:
    services.reactivate(telling.customer, on=telling.world.day(back), by=telling.by, now=now)
    telling.customer.refresh_from_db()
