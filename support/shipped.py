"""The desk that comes with the system: teams, areas, opening hours, what is promised, who gets what."""

from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.utils import timezone

from agentfactory_cs.console.models import Shipped
from agentfactory_cs.console.shipping import Loader, loaders
from agentfactory_cs.customers.models import Company

from . import sentiment
from .clocks.calendar import WEEK
from .knowledge.shipped import load_articles
from .levels import policy
from .models import Area, BusinessCalendar, RoutingVersion, ServiceVersion, StrongWords, Team
from .routing import versions

_DESK = Path(__file__).parent / "desk.yaml"


@transaction.atomic
def load_desk() -> None:
    """Safe to run after every migration: what was removed does not come back, what was changed stays."""
    desk = yaml.safe_load(_DESK.read_text(encoding="utf-8"))
    rows = [(Team, row) for row in desk["teams"]] + [(Area, row) for row in desk["areas"]]
    new = Shipped.first_time([_key(model, row) for model, row in rows] + ["support.calendar"])
    for model, row in rows:
        if _key(model, row) in new:
            model.objects.get_or_create(key=row["key"], defaults=row)
    if "support.calendar" in new and not BusinessCalendar.objects.exists():
        _calendar_of(Company.get()).save()


def _key(model: type[Team] | type[Area], row: dict[str, Any]) -> str:
    return f"support.{model._meta.model_name}:{row['key']}"


def _calendar_of(company: Company) -> BusinessCalendar:
    """The company's own working hours, to begin with."""
    hours = [[f"{company.works_from:%H:%M}", f"{company.works_until:%H:%M}"]]
    return BusinessCalendar(
        name="Office hours",
        time_zone=company.time_zone,
        week={WEEK[day - 1]: hours for day in company.working_days},
        country=company.holidays_country[:2],
        is_default=True,
    )


@transaction.atomic
def load_policy(*, now: datetime) -> None:
    """A policy in force: no ticket can be opened without one. Nobody's own version is touched."""
    if ServiceVersion.objects.filter(is_shipped=False).exists():
        return
    published = ServiceVersion.objects.filter(state="published").order_by("-number").first()
    if published is None or published.definition != policy.shipped():
        policy.save_draft(policy.shipped(), is_shipped=True, now=now)
        policy.publish(reason="As it comes with the system.", now=now)


@transaction.atomic
def load_routing(*, now: datetime) -> None:
    """The rules to begin with, once; the teams and areas they name are there by then."""
    if Shipped.first_time(["support.routing"]) and not RoutingVersion.objects.exists():
        versions.reset_to_shipped(now=now)
        versions.publish(reason="As it comes with the system.", now=now)


def load_strong_words() -> None:
    """Each language once: a list that was removed does not come back."""
    lists = sentiment.shipped()
    new = {key.partition(":")[2] for key in Shipped.first_time([f"support.strong_words:{one}" for one in lists])}
    rows = (StrongWords(language=language, words=lists[language]) for language in sorted(new))
    StrongWords.objects.bulk_create(rows, ignore_conflicts=True)


loaders.register(Loader("support.desk", load_desk))
loaders.register(Loader("support.policy", lambda: load_policy(now=timezone.now())))
loaders.register(Loader("support.routing", lambda: load_routing(now=timezone.now()), order=1))
loaders.register(Loader("support.strong_words", load_strong_words))
# After the areas that they are about.
loaders.register(Loader("support.articles", lambda: load_articles(now=timezone.now()), order=10))
