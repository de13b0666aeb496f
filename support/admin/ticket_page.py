"""One ticket: its thread with the answer box, what it says of itself, its clocks, its customer, how it came here."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from agentfactory_cs.console.parts import allowed
from agentfactory_cs.console.registry import panels
from agentfactory_cs.customers.queries import staff

from ..mail_queries import by_message, mails_of
from ..models import Attachment, Message, Team, Ticket, TicketChange
from ..queues import next_in, queue_of
from ..routing import words as routing_words
from .at_ticket import ticket_page
from .dialogs import Dialogs
from .message_html import message_html
from .new_ticket import NewTicket, WhoForm
from .properties import Properties
from .writing_box import WritingBox

SUBJECT = "support.Ticket"
# A thread is read from its end; what lies further back is one click away.
MESSAGES, CHANGES, OTHERS = 50, 60, 10
# What a button on the page does; each is a POST answered by `<name>_view`.
ACTS = ("write", "set", "take", "presence", "merge", "split", "link", "unlink", "escalate", "whose")


class TicketPage(Properties, WritingBox, Dialogs, NewTicket):
    """Mixed into the tickets' admin."""

    admin_site: Any
    opts: Any

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("message/<int:pk>/html/", view(message_html), name="support_message_html"),
            path("<int:pk>/next/", view(self.next_view), name="support_ticket_next"),
            *(
                path(f"<int:pk>/{act}/", view(require_POST(getattr(self, f"{act}_view"))), name=f"support_ticket_{act}")
                for act in ACTS
            ),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        return self.show(request, self.ticket_of(int(object_id) if object_id.isdecimal() else 0))

    def show(self, request: HttpRequest, ticket: Ticket, **told: Any) -> HttpResponse:
        """The whole page; `told` is what became of something that was tried on it."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"#{ticket.pk} {ticket.subject}",
            "original": ticket,
            "is_fullwidth": "1",
            **thread(ticket, whole="whole" in request.GET),
            **history(ticket),
            **links(ticket),
            **self.properties(request, ticket),
            **self.box(request, ticket),
            "people": [(one.get_username(), one.get_full_name()) for one in staff()],
            "who": WhoForm(initial={"contact": ticket.contact_id, "customer": ticket.customer_id}, dialog="#sd-whose"),
            "panels": [one for one in panels if one.subject == SUBJECT and allowed(request.user, one.permission)],
            **told,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/support/ticket.html", context)

    def next_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What comes after it in the queue one came from; the queue itself where nothing is left in it."""
        queue = queue_of(request.session.get("support_queue")) or queue_of("mine")
        assert queue
        following = next_in(queue.key, self.ticket_of(pk), request.user, timezone.now())
        if following:
            return redirect(ticket_page(following))
        self.message_user(request, _("Nothing else is in this queue."))  # type: ignore[attr-defined]
        return redirect(f"{reverse('admin:support_ticket_changelist')}?queue={queue.key}")


def thread(ticket: Ticket, *, whole: bool) -> Mapping[str, Any]:
    """The newest messages, oldest first, with their files, and how far the mails of answers came; three queries."""
    files = Prefetch("attachments", Attachment.objects.order_by("pk"))
    newest = ticket.messages.select_related("author").prefetch_related(files).order_by("-pk")
    found = list(newest if whole else newest[: MESSAGES + 1])
    shown = found if whole else found[:MESSAGES]
    mails = by_message(mails_of(ticket))
    for message in shown:
        message.mail = mails.get(message.pk)  # type: ignore[attr-defined]
    return {"thread": shown[::-1], "has_earlier": len(found) > len(shown), "Kind": Message.Kind}


def history(ticket: Ticket) -> Mapping[str, Any]:
    """What happened, newest first, and why it was routed as it was."""
    changes = list(ticket.changes.select_related("by").order_by("-pk")[:CHANGES])
    routed = next((one for one in changes if one.kind == TicketChange.Kind.ROUTED), None)
    if routed is None and len(changes) == CHANGES:
        routed = ticket.changes.filter(kind=TicketChange.Kind.ROUTED).order_by("-pk").first()
    names = dict(Team.objects.values_list("key", "name")) if routed else {}
    return {
        "changes": changes,
        "last_change": changes[0].pk if changes else 0,
        "routed": routed,
        "rules": routing_words.lines(routed.data.get("rules", ()), names) if routed else (),
    }


def links(ticket: Ticket) -> Mapping[str, Any]:
    """Tickets that have to do with it, and those of the same asker it could be merged with."""
    related: list[tuple[Ticket, Any]] = [
        (one.other, one.get_kind_display()) for one in ticket.links.select_related("other")
    ]
    related += [(one.ticket, _("Linked")) for one in ticket.linked_by.select_related("ticket")]
    return {"related": related, "mergeable": list(_of_same_asker(ticket)[:OTHERS])}


def _of_same_asker(ticket: Ticket) -> Any:
    same = (
        Q(customer=ticket.customer_id)
        if ticket.customer_id
        else Q(customer=None, requester_address__iexact=ticket.requester_address)
    )
    return Ticket.objects.unsolved().filter(same).exclude(pk=ticket.pk).order_by("-pk")
