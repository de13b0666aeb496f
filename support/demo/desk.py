"""Who of the demo's people answers tickets, and in which teams."""

from typing import NamedTuple

from django.contrib.auth import get_user_model

from agentfactory_cs.demo import World

from ..models import Agent, Team


class Seat(NamedTuple):
    """Somebody at the desk; the success managers help out with the languages that they alone speak."""

    username: str
    teams: tuple[str, ...]
    capacity: int


SEATS = (
    Seat("demo-ilse", ("api", "general", "enterprise"), 15),
    Seat("demo-rafi", ("billing", "general", "api"), 15),
    Seat("demo-adaeze", ("general", "enterprise"), 8),
    Seat("demo-wanda", ("general", "billing"), 8),
    Seat("demo-jannis", ("enterprise",), 4),
    Seat("demo-maren", ("senior",), 6),
)


def staff_desk(world: World) -> None:
    users = {user.get_username(): user for user in get_user_model().objects.filter(username__startswith="demo-")}
    teams = {team.key: team for team in Team.objects.all()}
    for seat in SEATS:
        agent = Agent.objects.create(user=users[seat.username], capacity=seat.capacity)
        agent.teams.set([teams[key] for key in seat.teams])
