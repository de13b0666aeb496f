"""The box under a thread: an answer or a note, what came meanwhile, and who else is at the ticket."""

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now

from agentfactory_cs.messaging.tasks import ring_for_mail

from .. import threads, viewing
from ..models import Ticket
from ..newness import Since, since
from ..writing import File, Written
from .at_ticket import MAY_WRITE, AtTicket, seen_by, ticket_page

Status = Ticket.Status
# Where the knowledge base offers articles and canned replies for what is being written.
SUGGESTIONS = {"articles": "admin:support_suggest_articles", "replies": "admin:support_suggest_replies"}


class WritingBox(AtTicket):
    """Mixed into the tickets' admin."""

    def box(self, request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
        """What the box shows; after a refusal with what was written and what came meanwhile."""
        return {
            "may_write": request.user.has_perm(MAY_WRITE) and ticket.merged_into_id is None,
            "goes_to": ticket.requester_address or (ticket.contact.email if ticket.contact else ""),
            "then": _then(ticket),
            "suggestions": _suggestions(ticket),
            "draft_kind": "answer",
        }

    def write_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Store an answer or a note; where it is refused the page comes back with what was written."""
        ticket = self.worked_on(request, pk, MAY_WRITE)
        kind = "note" if request.POST.get("kind") == "note" else "answer"
        try:
            _write(request, ticket, kind)
        except ValidationError as refusal:
            return self._refused(request, pk, kind, refusal)
        return HttpResponseRedirect(f"{ticket_page(ticket)}?stored={kind}#end")

    def _refused(self, request: HttpRequest, pk: int, kind: str, refusal: ValidationError) -> HttpResponse:
        ticket = self.ticket_of(pk)
        is_late = getattr(refusal, "code", None) == "conflict"
        told = {
            "refusal_of_writing": " ".join(refusal.messages),
            "news": _news(request, ticket) if is_late else None,
            "draft": request.POST.get("text", ""),
            "draft_kind": kind,
            "lost_files": len(request.FILES.getlist("files")),
        }
        response = self.show(request, ticket, **told)  # type: ignore[attr-defined]
        response.status_code = 409 if is_late else 422
        return response

    def presence_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say that one is here; hear who else is, and whether something came since the page was loaded."""
        if not request.user.has_perm("support.view_ticket"):
            raise PermissionDenied
        ticket, now = self.ticket_of(pk), timezone.now()
        viewing.look(ticket, by=request.user, is_writing=request.POST.get("writing") == "1", now=now)
        moved_on = ticket.lock_version != seen_by(request)
        context = {
            "ticket": ticket,
            "others": viewing.others_at(ticket, request.user, now),
            "moved_on": moved_on,
            "news": _news(request, ticket) if moved_on else None,
        }
        return TemplateResponse(request, "admin/support/presence.html", context)


def _write(request: HttpRequest, ticket: Ticket, kind: str) -> None:
    written = Written(request.POST.get("text", ""), files=_files(request))
    now = timezone.now()
    if kind == "note":
        message = threads.note(ticket, written, by=request.user, now=now)
    else:
        to = request.POST.get("then", "") or None
        message = threads.answer(ticket, written, by=request.user, to_status=to, seen=seen_by(request), now=now)
        ring_for_mail()
    for refused in message.attachments.exclude(refused_because=""):
        messages.warning(
            request, _now("%(file)s was not kept: %(why)s") % {"file": refused.name, "why": refused.refused_because}
        )


def _files(request: HttpRequest) -> list[File]:
    return [File(one.name or "", one.content_type or "", one.read()) for one in request.FILES.getlist("files")]


def _then(ticket: Ticket) -> list[str]:
    """What the ticket may become by an answer; one that is over stays so, or is opened again by a click."""
    if ticket.status not in Ticket.UNSOLVED:
        return [ticket.status]
    return [Status.PENDING, Status.OPEN, Status.RESOLVED]


def _suggestions(ticket: Ticket) -> dict[str, str]:
    """The addresses of those that there are."""
    found = {}
    for what, view in SUGGESTIONS.items():
        with suppress(NoReverseMatch):
            found[what] = reverse(view, args=(ticket.pk,))
    return found


def _news(request: HttpRequest, ticket: Ticket) -> Since:
    return since(ticket, _key(request, "seen_message"), _key(request, "seen_change"))


def _key(request: HttpRequest, name: str) -> int:
    given = request.POST.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 19 else 0
