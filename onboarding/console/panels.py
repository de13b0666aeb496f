"""A customer's onboarding on its page."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Panel, panels
from agentfactory_cs.customers.models import Customer

from ..admin.ticking import checklist_of
from ..models import Onboarding


def of_customer(request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    """The latest onboarding with its checklist; left out for who never had one."""
    latest = Onboarding.objects.filter(customer=customer).select_related("customer", "version", "ended_by").first()
    return checklist_of(request, latest, timezone.now()) if latest else None


panels.register(
    Panel(
        "onboarding.checklist",
        "customers.Customer",
        _("Onboarding"),
        "admin/panels/onboarding.html",
        of_customer,
        "side",
        15,
        "onboarding.view_onboarding",
    )
)
