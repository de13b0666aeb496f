"""A customer's own page: who they are, and panels that the apps fill."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.parts import allowed
from agentfactory_cs.console.registry import Panel, Words, panels

from ..console.columns import SUBJECT, money_words
from ..days import utc_day
from ..models import Customer
from ..queries import Contract, contracts

RENEWAL_NEAR_DAYS = 30


@dataclass(frozen=True)
class Button:
    """Something to do with the customer; shown to those who may."""

    label: Words
    icon: str
    address: str


class Overview:
    """The page, mixed into the customers' admin."""

    admin_site: Any

    def overview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not allowed(request.user, "customers.view_customer"):
            raise PermissionDenied
        customer = get_object_or_404(Customer.objects.select_related("success_manager"), pk=pk)
        today = utc_day(timezone.now())
        context = {
            **self.admin_site.each_context(request),
            "opts": Customer._meta,
            "title": customer.name,
            "original": customer,
            "customer": customer,
            "is_fullwidth": "1",
            "tags": list(customer.tags.all()),
            "gone": customer.churns.all().in_force_on(today).first(),
            **_contract_words(contracts([customer.pk], today).get(customer.pk), today),
            "panels": _panels_by_place(request),
            **_buttons(request, customer),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/customers/customer/overview.html", context)


def _contract_words(contract: Contract | None, today: date) -> dict[str, Any]:
    renews = contract.renews_on if contract else None
    return {
        "revenue": money_words(contract.mrr) if contract else None,
        "pays_late": contract.pays_late if contract else False,
        "renews_on": renews,
        "renewal_near": renews is not None and (renews - today).days <= RENEWAL_NEAR_DAYS,
    }


def _panels_by_place(request: HttpRequest) -> dict[str, list[Panel]]:
    mine = [panel for panel in panels if panel.subject == SUBJECT and allowed(request.user, panel.permission)]
    return {place: [panel for panel in mine if panel.place == place] for place in ("head", "main", "side")}


def _buttons(request: HttpRequest, customer: Customer) -> dict[str, Sequence[Button]]:
    """At most three in sight, the rest in a menu."""
    here = f"?customer={customer.pk}&overview=1"

    def button(permission: str, label: Words, icon: str, view: str, query: str = "", *args: int) -> list[Button]:
        if not request.user.has_perm(f"customers.{permission}"):
            return []
        return [Button(label, icon, reverse(f"admin:customers_{view}", args=args) + query)]

    pk = customer.pk
    left = customer.lifecycle_stage == Customer.Stage.CHURNED
    return {
        "buttons": [
            *button("add_interaction", _("Log call"), "call", "interaction_add", f"{here}&kind=call"),
            *button("add_task", _("New task"), "add_task", "task_add", here),
            *button("change_customer", _("Edit"), "edit", "customer_change", "", pk),
        ],
        "more": [
            *button("add_renewalestimate", _("Estimate renewal"), "percent", "renewalestimate_add", here),
            *button("add_goal", _("Set a goal"), "target", "goal_add", here),
            *button("add_outcomereport", _("Report an outcome"), "paid", "outcomereport_add", here),
            *button("add_contact", _("Add a contact"), "person_add", "contact_add", here),
            *button("add_subscription", _("Add a subscription"), "receipt_long", "subscription_add", here),
            *button("add_training", _("Assign training"), "school", "training_add", here),
            *(
                button("change_churn", _("Record return"), "login", "customer_return", "", pk)
                if left
                else button("add_churn", _("Record departure"), "logout", "customer_churn", "", pk)
            ),
        ],
    }
