"""The demo's own people. None of them can log in: their passwords are unusable until one is set."""

from typing import NamedTuple

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User

from agentfactory_cs.demo import World

from ..models import StaffProfile
from .accounts import Account


class Colleague(NamedTuple):
    username: str
    first_name: str
    last_name: str
    group: str
    time_zone: str
    languages: tuple[str, ...]


COLLEAGUES = (
    Colleague("demo-maren", "Maren", "Holt", "CS manager", "Europe/Berlin", ("en", "de")),
    Colleague("demo-adaeze", "Adaeze", "Okonjo", "CSM", "Europe/London", ("en", "fr")),
    Colleague("demo-wanda", "Wanda", "Reyes", "CSM", "America/New_York", ("en", "es", "pt-BR")),
    Colleague("demo-jannis", "Jannis", "Thorne", "CSM", "Europe/Berlin", ("de", "en", "nl")),
    Colleague("demo-sota", "Sota", "Mercer", "CSM", "America/Los_Angeles", ("en", "ja", "sv")),
    Colleague("demo-ilse", "Ilse", "Quist", "Support agent", "Europe/Amsterdam", ("en", "nl", "de")),
    Colleague("demo-rafi", "Rafi", "Delgado", "Support agent", "America/Chicago", ("en", "es")),
)


def hire(world: World) -> None:
    for colleague in COLLEAGUES:
        user = User(
            username=colleague.username,
            first_name=colleague.first_name,
            last_name=colleague.last_name,
            email=f"{colleague.username}@agentfactory.example",
            is_staff=True,
        )
        user.set_unusable_password()
        user.save()
        user.groups.add(Group.objects.get(name=colleague.group))
        StaffProfile.objects.create(
            user=user,
            languages=list(colleague.languages),
            time_zone=colleague.time_zone,
            booking_link=f"https://meet.agentfactory.example/{colleague.first_name.lower()}",
        )


def name_taken() -> str | None:
    """The demo must not give its groups to somebody who is already here."""
    taken = get_user_model().objects.filter(username__in=[colleague.username for colleague in COLLEAGUES])
    names = ", ".join(taken.order_by("username").values_list("username", flat=True))
    return f"There are already users named {names}." if names else None


class Team:
    """The success managers, and who of them looks after whom."""

    def __init__(self) -> None:
        users = {user.get_username(): user for user in get_user_model().objects.filter(username__startswith="demo-")}
        self._managers = [(one, users[one.username]) for one in COLLEAGUES if one.group == "CSM"]

    def manager_of(self, account: Account) -> User | None:
        """By turns among those who speak the customer's language; nobody for the free tier."""
        if not account.pays:
            return None
        speaking = [user for one, user in self._managers if account.country.language in one.languages]
        able = speaking or [user for _, user in self._managers]
        return able[account.index % len(able)]
