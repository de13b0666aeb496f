"""The full ledger of a customer's score: every point of it, and of its change."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from agentfactory_cs.customers.models import Customer

from ..console.comparing import compare


class LedgerPage:
    """The page, mixed into an admin of health: a score itself has none, its key being customer and day."""

    admin_site: Any

    def ledger_view(self, request: HttpRequest, customer_id: int) -> HttpResponse:
        if not request.user.has_perms(("health.view_healthscore", "customers.view_customer")):
            raise PermissionDenied
        customer = get_object_or_404(Customer, pk=customer_id)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Ledger of %(customer)s's score") % {"customer": customer},
            "customer": customer,
            "is_fullwidth": "1",
            **compare(request, customer),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/health/ledger.html", context)
