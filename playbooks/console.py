"""Playbooks in the sidebar and on a customer's page."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Card, Entry, Panel, Scope, cards, entries, panels
from agentfactory_cs.customers.models import Customer

from .effect.page import at_work
from .faults import open_faults
from .models import Fault, RunStep
from .models.run import StepState
from .queries import in_force_everywhere, refusals_of_customer, runs_of_customer, startable
from .reviewing import is_overdue

SHOWN = 5


def failed_steps(request: HttpRequest) -> QuerySet[RunStep]:
    return RunStep.objects.filter(state=StepState.FAILED)


def broken_versions(request: HttpRequest) -> QuerySet[Fault]:
    return open_faults()


def of_customer(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    """What is under way with its next step, what was, and what did not begin and why."""
    under_way, over = runs_of_customer(customer.pk, SHOWN)
    may_start = request.user.has_perm("playbooks.add_run") and customer.lifecycle_stage != Customer.Stage.CHURNED
    return {
        "under_way": under_way,
        "over": over,
        "refusals": refusals_of_customer(customer.pk, SHOWN),
        "startable": startable(customer.pk) if may_start else [],
        "may_start": may_start,
    }


def at_work_now(request: HttpRequest, scope: Scope) -> Mapping[str, Any]:
    """The active playbooks, each with what can be said of its effect, and as of when. Three queries."""
    active = in_force_everywhere()
    overdue = sum(is_overdue(playbook, scope.now) for playbook, _version in active)
    lines = at_work(active)
    as_of = min((line["effect_as_of"] for line in lines if "effect_as_of" in line), default=None)
    return {"lines": lines, "overdue": overdue, "as_of": as_of}


for entry in (
    Entry(
        "playbooks.playbooks",
        _("Playbooks"),
        "account_tree",
        "playbooks_playbook_changelist",
        "",
        50,
        "playbooks.view_playbook",
        broken_versions,
    ),
    Entry(
        "playbooks.runs",
        _("Runs"),
        "play_circle",
        "playbooks_run_changelist",
        "",
        51,
        "playbooks.view_run",
        failed_steps,
    ),
):
    entries.register(entry)
panels.register(
    Panel(
        "playbooks.runs",
        "customers.Customer",
        _("Playbooks"),
        "admin/panels/playbooks.html",
        of_customer,
        "side",
        30,
        "playbooks.view_run",
    )
)
cards.register(
    Card(
        "playbooks.at_work",
        _("Playbooks at work with their effect"),
        "admin/cards/playbooks.html",
        at_work_now,
        6,
        45,
        "playbooks.view_playbook",
    )
)
