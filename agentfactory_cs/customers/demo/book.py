"""The stages: all customers, a chunk at a time."""

from collections.abc import Iterator
from dataclasses import fields

from agentfactory_cs.demo import World

from ..models import Customer
from ..services import UsageRow, ingest_usage
from . import accounting, routine, work
from .fleet import account
from .staff import Team
from .telling import Telling
from .usage import Catalogue, Days, days_of


def customers_there() -> str | None:
    count = Customer.objects.count()
    return f"This database already holds customers ({count})." if count else None


def tellings(world: World) -> Iterator[list[Telling]]:
    """The customers that are written, with who they are, in pieces that fit into memory."""
    team = Team()
    for chunk in world.chunks():
        accounts = [account(world, index) for index in chunk]
        ids = [one.external_id for one in accounts]
        rows = Customer.objects.in_bulk(ids, field_name="external_id")
        yield [
            Telling(world, one, routine.script(world, one), team.manager_of(one), rows[one.external_id])
            for one in accounts
        ]
        world.report(f"  {chunk.stop} of {world.customers} customers")


def tell_accounts(world: World) -> None:
    team = Team()
    for chunk in world.chunks():
        for index in chunk:
            accounting.tell(_new(world, index, team))
        world.report(f"  {chunk.stop} of {world.customers} customers")


def _new(world: World, index: int, team: Team) -> Telling:
    one = account(world, index)
    manager = team.manager_of(one)
    customer = Customer(
        external_id=one.external_id,
        name=one.name,
        tier=one.tier_at(one.signed_up),
        industry=one.industry,
        country=one.country.code,
        language=one.country.language,
        time_zone=one.country.time_zone,
        success_manager=manager,
        signed_up_at=one.signed_up_at(world),
    )
    return Telling(world, one, routine.script(world, one), manager, customer)


def tell_work(world: World) -> None:
    for chunk in tellings(world):
        for telling in chunk:
            work.tell(telling)


def tell_usage(world: World) -> None:
    catalogue = Catalogue()
    for chunk in tellings(world):
        for telling in chunk:
            rows = list(_rows(telling.customer, days_of(world, telling.account, catalogue), catalogue))
            if errors := ingest_usage(rows, now=world.now).errors:
                raise ValueError(f"The demo made usage that is refused: {errors[0].reason}")


def _rows(customer: Customer, days: Days, catalogue: Catalogue) -> Iterator[UsageRow]:
    names = [column.name for column in fields(days)]
    columns = [days.day, *(getattr(days, name).tolist() for name in names[1:])]
    for row in zip(*columns, strict=True):
        values = dict(zip(names, row, strict=True))
        values["features"] = catalogue.names(values["features"])
        yield UsageRow(customer=customer.pk, **values)
