"""What the page of a ticket asks for while an answer is written: articles and canned replies, as pieces of HTML."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ..knowledge import suggesting
from ..knowledge.drafting import draft_from
from ..knowledge.links import article_address
from ..models import Article, CannedReply, Ticket


class Suggestions:
    """Mixed into the admin of articles."""

    admin_site: Any

    def suggestion_urls(self) -> list[URLPattern]:
        pages = {"articles": articles_view, "replies": replies_view, "draft": draft_view}
        own = [
            path(f"for-ticket/<int:ticket>/{where}/", self.admin_site.admin_view(view), name=f"support_suggest_{where}")
            for where, view in pages.items()
        ]
        used = {"article": article_used_view, "reply": reply_used_view}
        return own + [
            path(
                f"for-ticket/<int:ticket>/use-{what}/<int:pk>/",
                self.admin_site.admin_view(view),
                name=f"support_use_{what}",
            )
            for what, view in used.items()
        ]


def _ticket(request: HttpRequest, pk: int) -> Ticket:
    if not request.user.has_perms(("support.view_ticket", "support.view_article")):
        raise PermissionDenied
    return get_object_or_404(Ticket.objects.select_related("customer", "contact", "area"), pk=pk)


def articles_view(request: HttpRequest, ticket: int) -> HttpResponse:
    """Articles for the ticket and for what is being written (POST `text`), with the words they were found by."""
    asked = _ticket(request, ticket)
    text = (request.POST or request.GET).get("text", "")
    found = [(match, article_address(match.translation)) for match in suggesting.suggest(asked, text)]
    return render(request, "admin/support/suggest/articles.html", {"ticket": asked, "found": found})


def replies_view(request: HttpRequest, ticket: int) -> HttpResponse:
    """Canned replies for the ticket, filled for its customer; `q` narrows them by their words."""
    asked, now = _ticket(request, ticket), timezone.now()
    words = (request.POST or request.GET).get("q", "").strip()
    replies = suggesting.canned_replies(asked, words)
    filled = [suggesting.fill(reply, asked, by=request.user, now=now) for reply in replies]
    return render(request, "admin/support/suggest/replies.html", {"ticket": asked, "filled": filled, "words": words})


@require_POST
def article_used_view(request: HttpRequest, ticket: int, pk: int) -> HttpResponse:
    """An article was put into an answer."""
    suggesting.note_used(_ticket(request, ticket), get_object_or_404(Article, pk=pk), now=timezone.now())
    return HttpResponse(status=204)


@require_POST
def reply_used_view(request: HttpRequest, ticket: int, pk: int) -> HttpResponse:
    """A canned reply was put into an answer."""
    _ticket(request, ticket)
    suggesting.note_reply_used(get_object_or_404(CannedReply, pk=pk))
    return HttpResponse(status=204)


@require_POST
def draft_view(request: HttpRequest, ticket: int) -> HttpResponse:
    """One button: a draft of an article from the ticket's question and answer; leads to its editor."""
    asked = _ticket(request, ticket)
    if not request.user.has_perm("support.add_article"):
        raise PermissionDenied
    try:
        article = draft_from(asked, by=request.user, now=timezone.now())
    except ValidationError as refusal:
        return HttpResponse(" ".join(refusal.messages), status=409, content_type="text/plain; charset=utf-8")
    done = HttpResponse(_("Drafted."), status=201)
    done["HX-Redirect"] = done["Location"] = reverse("admin:support_article_words", args=(article.pk,))
    return done
