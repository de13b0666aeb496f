"""Tickets that have to do with each other, escalation by hand, whose one is: each asked for in a dialog."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _now

from .. import linking
from ..editing import edit
from ..escalating import escalate_to
from ..models import Escalation, Ticket
from .at_ticket import AtTicket, seen_by, ticket_page
from .new_ticket import WhoForm


class Dialogs(AtTicket):
    """Mixed into the tickets' admin. Each leads to the ticket it was about then, or back with why not."""

    def merge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        def act(ticket: Ticket) -> Ticket:
            into = linking.merge(ticket, _named(request, "into"), by=request.user, now=timezone.now())
            messages.success(request, _now("#%(one)s was merged into this ticket.") % {"one": ticket.pk})
            return into

        return self._led(request, pk, act)

    def split_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        def act(ticket: Ticket) -> Ticket:
            chosen = [int(one) for one in request.POST.getlist("messages") if one.isdecimal()]
            subject = request.POST.get("subject", "").strip()
            new = linking.split_off(ticket, chosen, subject=subject, by=request.user, now=timezone.now())
            messages.success(request, _now("This ticket was split off from #%(one)s.") % {"one": ticket.pk})
            return new

        return self._led(request, pk, act)

    def link_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        def act(ticket: Ticket) -> Ticket:
            linking.link(ticket, _named(request, "other"), by=request.user, now=timezone.now())
            return ticket

        return self._led(request, pk, act)

    def unlink_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        def act(ticket: Ticket) -> Ticket:
            linking.unlink(ticket, _named(request, "other"), by=request.user, now=timezone.now())
            return ticket

        return self._led(request, pk, act)

    def escalate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        def act(ticket: Ticket) -> Ticket:
            detail = request.POST.get("detail", "").strip()
            if not detail:
                raise ValidationError({"detail": _now("Say in a sentence why.")})
            hand = Escalation.Reason.HAND
            if escalate_to(ticket, reason=hand, detail=detail, by=request.user, now=timezone.now()) is None:
                raise ValidationError(_now("It was brought before the senior team by hand before, or is solved."))
            return ticket

        return self._led(request, pk, act)

    def whose_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say whose ticket it is: a stranger's becomes a customer's."""

        def act(ticket: Ticket) -> Ticket:
            form = WhoForm(request.POST)
            if not form.is_valid():
                raise ValidationError([error for errors in form.errors.values() for error in errors])
            edit(ticket, form.who(), by=request.user, seen=seen_by(request), now=timezone.now())
            return ticket

        return self._led(request, pk, act)

    def _led(self, request: HttpRequest, pk: int, act: Callable[[Ticket], Ticket]) -> HttpResponse:
        ticket: Any = self.worked_on(request, pk)
        try:
            ticket = act(ticket)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        return HttpResponseRedirect(ticket_page(ticket))


def _named(request: HttpRequest, name: str) -> Ticket:
    """The ticket of a number, as people write it. ValidationError where there is none."""
    number = request.POST.get(name, "").strip().removeprefix("#")
    found = Ticket.objects.filter(pk=number).first() if number.isdecimal() and len(number) < 19 else None
    if found is None:
        raise ValidationError({name: _now("There is no ticket #%(number)s.") % {"number": number or "?"}})
    return found
