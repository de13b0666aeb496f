"""Who works at the desk, in which teams, and on what: changes of it, and what follows from them."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from agentfactory_cs.customers.services.checking import check_and_save
from agentfactory_cs.events.services import Actor

from .models import Agent, Area, StrongWords, Team, Ticket
from .routing import versions


@transaction.atomic
def save_team(team: Team, *, by: Actor = None, now: datetime) -> Team:
    """Store a team. One that rules in force send tickets to, or that holds unsolved ones, is not taken from work."""
    if team.pk and not team.is_active:
        _refuse_to_close(team)
    check_and_save(team)
    return team


def _refuse_to_close(team: Team) -> None:
    version = versions.in_force()
    if version and team.key in versions.routing_of(version).teams():
        raise ValidationError({"is_active": _("The routing rules in force send tickets to it.")})
    if Ticket.objects.unsolved().filter(team=team).exists():
        raise ValidationError({"is_active": _("It has unsolved tickets: give them to another team first.")})


def save_agent(agent: Agent, *, by: Actor = None, now: datetime) -> Agent:
    check_and_save(agent)
    return agent


def save_area(area: Area, *, by: Actor = None, now: datetime) -> Area:
    check_and_save(area)
    return area


def set_present(agent_ids: Iterable[int], is_present: bool, *, by: Actor = None, now: datetime) -> int:
    """Whether these take tickets from now on; how many of them it changed. What they have, they keep."""
    changed = Agent.objects.filter(pk__in=list(agent_ids)).exclude(is_present=is_present)
    return changed.update(is_present=is_present)


def save_strong_words(words: StrongWords, *, by: Actor = None, now: datetime) -> StrongWords:
    """Store a list, each word once, in small letters. ValidationError where one is nothing but a *."""
    words.words = list(dict.fromkeys(" ".join(word.casefold().split()) for word in words.words if word.strip()))
    if empty := [word for word in words.words if not word.strip(" *")]:
        raise ValidationError({"words": _("“%(word)s” would fit anything.") % {"word": empty[0]}})
    check_and_save(words)
    return words
