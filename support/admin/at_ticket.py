"""What every request about one ticket begins with."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.urls import reverse

from ..models import Ticket

MAY_WORK = "support.change_ticket"
MAY_WRITE = "support.add_message"
_BESIDE = ("customer", "contact", "team", "assignee", "area", "service_version", "merged_into")


def ticket_page(ticket: Ticket | int) -> str:
    """The address of a ticket's page."""
    return reverse("admin:support_ticket_change", args=(ticket if isinstance(ticket, int) else ticket.pk,))


def seen_by(request: HttpRequest) -> int:
    """The `lock_version` that the page had shown; one that no ticket has where it does not say."""
    given = request.POST.get("seen", "")
    return int(given) if given.isdecimal() and len(given) < 10 else -1


class AtTicket:
    """Mixed into the tickets' admin."""

    admin_site: Any
    opts: Any

    def ticket_of(self, pk: int) -> Ticket:
        ticket = Ticket.objects.select_related(*_BESIDE).filter(pk=pk).first()
        if ticket is None:
            raise Http404(f"There is no ticket #{pk}.")
        return ticket

    def worked_on(self, request: HttpRequest, pk: int, permission: str = MAY_WORK) -> Ticket:
        """The ticket, for who may do something to it."""
        if not request.user.has_perm(permission):
            raise PermissionDenied
        return self.ticket_of(pk)
