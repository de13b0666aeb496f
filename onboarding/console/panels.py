"""A customer's onboarding on its page."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Panel, panels
from agentfactory_cs.customers.models import Customer

from ..admin.ticking import MAY_TICK, checklist_of
from ..models import Onboarding
from ..models.onboarding import OnboardingState


def of_customer(request: HttpRequest, customer: Customer) -> Mapping[str, Any] | None:
    """The latest onboarding with its checklist; for who is in that stage without one, a way to begin it."""
    latest = Onboarding.objects.filter(customer=customer).select_related("customer", "version", "ended_by").first()
    may_begin = (
        customer.lifecycle_stage == Customer.Stage.ONBOARDING
        and (latest is None or latest.state != OnboardingState.RUNNING)
        and request.user.has_perm(MAY_TICK)
    )
    if latest is None:
        return {"may_begin": True} if may_begin else None
    return {**checklist_of(request, latest, timezone.now()), "may_begin": may_begin}


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
