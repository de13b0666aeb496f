"""The panels of a customer's page that the customers themselves fill."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.charts import Line, line
from agentfactory_cs.console.registry import Panel, Words, panels

from ..days import utc_day
from ..models import Customer, Interaction, Task
from ..queries import in_force, returns, standings, usage
from .columns import SUBJECT

# How long a finished task stands in the panel to be taken back.
UNDO_FOR = timedelta(minutes=10)
USAGE_DAYS = 90
COMPARED_DAYS = 28

USAGE_WORDS: Mapping[str, Words] = {
    "api_calls": _("API calls a day"),
    "active_agents": _("Active agents"),
    "conversations": _("Conversations a day"),
    "logins": _("Log-ins a day"),
    "active_users": _("Active users"),
}


def tasks(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    now = timezone.now()
    mine = customer.tasks.select_related("owner")
    return {
        "tasks": mine.open().order_by("due_at", "id"),
        "finished": mine.filter(finished_by=request.user.pk, finished_at__gt=now - UNDO_FOR).order_by("-finished_at"),
        "may_change": request.user.has_perm("customers.change_task"),
        "now": now,
        "Status": Task.Status,
    }


def contacts(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    return {"contacts": customer.contacts.filter(left_on__isnull=True).order_by("-is_primary", "name")}


def subscriptions(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    today = utc_day(timezone.now())
    return {
        "running": customer.subscriptions.filter(in_force(today)),
        "others": customer.subscriptions.exclude(in_force(today)).count(),
        "estimate": customer.renewal_estimates.select_related("estimated_by").first(),
    }


def goals(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    return {"standings": standings(customer), "returns": returns(customer, utc_day(timezone.now()))}


def interactions(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    latest = customer.interactions.select_related("staff", "contact")[:5]
    return {"interactions": latest, "Direction": Interaction.Direction}


def training(request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    courses = list(customer.trainings.order_by("completed_on", "assigned_on"))
    return {"courses": courses} if courses else None


def usage_chart(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    until = utc_day(timezone.now()) - timedelta(days=1)
    since = max(until - timedelta(days=USAGE_DAYS - 1), min(utc_day(customer.signed_up_at), until))
    series = usage(customer, since, until)
    any_use = any(any(values) for values in series.values())
    return {
        "multiples": [_multiple(USAGE_WORDS[name], values) for name, values in series.items()] if any_use else [],
        "weeks": _weeks(series),
        "since": since,
        "until": until,
        "usage_words": USAGE_WORDS.values(),
    }


def _multiple(label: Words, values: list[int]) -> Mapping[str, Any]:
    """One figure: its line, the mean of the last four weeks, and the change on the four before in percent."""
    recent, before = values[-COMPARED_DAYS:], values[-2 * COMPARED_DAYS : -COMPARED_DAYS]
    mean = sum(recent) / len(recent)
    earlier = sum(before) / len(before) if len(before) == COMPARED_DAYS else 0
    drawn: Line | None = line(values, width=180, height=48)
    return {
        "label": label,
        "line": drawn,
        "mean": mean,
        "decimals": 0 if mean >= 20 else 1,
        "change": 100 * (mean - earlier) / earlier if earlier else None,
        "best": max(values),
    }


def _weeks(series: Mapping[str, list[int]]) -> list[list[float]]:
    """Means per day of whole weeks, the latest first, for the table behind the pictures."""
    length = len(next(iter(series.values())))
    return [
        [weeks_ago + 1, *(sum(values[end - 7 : end]) / 7 for values in series.values())]
        for weeks_ago, end in enumerate(range(length, 6, -7))
    ]


for panel in (
    Panel("customers.usage", SUBJECT, _("Usage"), "admin/panels/usage.html", usage_chart, "main", 50),
    Panel(
        "customers.tasks", SUBJECT, _("Open tasks"), "admin/panels/tasks.html", tasks, "side", 10, "customers.view_task"
    ),
    Panel(
        "customers.contacts",
        SUBJECT,
        _("Contacts"),
        "admin/panels/contacts.html",
        contacts,
        "side",
        20,
        "customers.view_contact",
    ),
    Panel(
        "customers.subscriptions",
        SUBJECT,
        _("Subscriptions"),
        "admin/panels/subscriptions.html",
        subscriptions,
        "side",
        30,
        "customers.view_subscription",
    ),
    Panel(
        "customers.goals",
        SUBJECT,
        _("Goals and return"),
        "admin/panels/goals.html",
        goals,
        "side",
        40,
        "customers.view_goal",
    ),
    Panel(
        "customers.interactions",
        SUBJECT,
        _("Last interactions"),
        "admin/panels/interactions.html",
        interactions,
        "side",
        60,
        "customers.view_interaction",
    ),
    Panel(
        "customers.training",
        SUBJECT,
        _("Training"),
        "admin/panels/training.html",
        training,
        "side",
        70,
        "customers.view_training",
    ),
):
    panels.register(panel)
