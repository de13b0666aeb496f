"""Mail that came in: what became of each and why, and what a person decides about those that were held."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from agentfactory_cs.console.lists import TabFilter
from agentfactory_cs.console.registry import Words
from agentfactory_cs.console.saving import ReadOnlyAdmin
from agentfactory_cs.console.templatetags.console import when

from ..attachments import download
from ..inbound import deciding
from ..inbound.looking import look_at
from ..models import InboundMail
from ..models.inbound import FOR_A_PERSON, InboundState
from ..tasks import ring_for_inbound_mail

State = InboundState
MAY_DECIDE = "support.change_inboundmail"
COLOURS = {
    State.WAITING: "info",
    State.TAKEN_IN: "success",
    State.FILED: "default",
    State.THROTTLED: "warning",
    State.FAILED: "danger",
}


class WhichMail(TabFilter):
    """What a person must look at first, where there is any."""

    title = _("which")
    parameter_name = "which"
    states: Mapping[str, Sequence[str]] = {
        "decide": FOR_A_PERSON,
        "taken_in": (State.TAKEN_IN,),
        "filed": (State.FILED,),
        "waiting": (State.WAITING,),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("decide", _("To decide")),
            ("taken_in", _("Taken in")),
            ("filed", _("Filed")),
            ("waiting", _("Waiting")),
            ("all", _("All")),
        ]

    def value(self) -> str:
        chosen = super().value()
        if chosen in {*self.states, "all"}:
            return str(chosen)
        return "decide" if InboundMail.objects.filter(state__in=FOR_A_PERSON).exists() else "all"

    def queryset(self, request: HttpRequest, queryset: QuerySet[InboundMail]) -> QuerySet[InboundMail]:
        states = self.states.get(self.value())
        return queryset.filter(state__in=states) if states else queryset


@dataclass(frozen=True)
class Verb:
    """Something a person may do with a mail in some states; `asks` is what to think of before."""

    key: str
    label: Words
    icon: str
    states: Sequence[str]
    act: Callable[..., InboundMail]
    done: Words
    asks: Words
    is_primary: bool = False


VERBS = (
    Verb(
        "let-in",
        _("Let it in"),
        "move_to_inbox",
        deciding.MAY_LET_IN,
        deciding.let_in,
        _("It is let in."),
        _("It goes into the ticket it answers, or begins one, as if a person had written it."),
        is_primary=True,
    ),
    Verb(
        "ticket",
        _("Make a ticket of it"),
        "add_comment",
        deciding.MAY_LET_IN,
        deciding.make_ticket,
        _("It is a ticket of its own."),
        _("It begins a ticket of its own, whatever it answers. Nothing is answered automatically."),
    ),
    Verb(
        "again",
        _("Try again"),
        "refresh",
        (State.FAILED,),
        deciding.try_again,
        _("It is read again within seconds."),
        _("Worth it once what stood in the way is mended: it is read from the beginning."),
        is_primary=True,
    ),
)


@admin.register(InboundMail)
class InboundMailAdmin(ReadOnlyAdmin):
    list_display = ("what", "show_kind", "show_state", "why", "moment")
    list_filter = (WhichMail, ("kind", ChoicesDropdownFilter))
    search_fields = ("sender__exact",)
    search_help_text = _("Sender's address, in full and in small letters")
    # The primary key serves this order.
    ordering = ("-id",)
    actions = ("let_in",)
    empty_words = _(
        "Mail to the support address comes here: by the mail provider's inbound webhook, "
        "or from the mailbox of IMAP_URL."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundMail]:
        return super().get_queryset(request).defer("raw")

    @display(description=_("Mail"))
    def what(self, mail: InboundMail) -> str:
        return format_html(
            '<span class="af-two"><span class="af-name">{}</span><span class="af-quiet">{}</span></span>',
            mail.subject or _("(no subject)"),
            mail.sender or _("from nobody"),
        )

    @display(description=_("Kind"))
    def show_kind(self, mail: InboundMail) -> str:
        return mail.get_kind_display() or "–"

    @display(description=_("State"), label=COLOURS)
    def show_state(self, mail: InboundMail) -> tuple[str, str]:
        """A word: the column beside it says why."""
        short = {State.THROTTLED: _now("Held"), State.FILED: _now("Filed")}
        return mail.state, short.get(State(mail.state), mail.get_state_display())

    @display(description=_("Why"))
    def why(self, mail: InboundMail) -> str:
        return format_html('<span class="af-why">{}</span>', mail.because)

    @display(description=_("Came in"))
    def moment(self, mail: InboundMail) -> str:
        return when(mail.received_at)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_DECIDE)

    @admin.action(description=_("Let in"), permissions=["decide"])
    def let_in(self, request: HttpRequest, queryset: QuerySet[InboundMail]) -> None:
        """Those that were held, in the order they came; what failed or was filed is decided one by one."""
        count, refused, chosen = 0, list[str](), list(queryset.order_by("pk"))
        for mail in (one for one in chosen if one.state == State.THROTTLED):
            try:
                deciding.let_in(mail, by=request.user, now=timezone.now())
            except ValidationError as refusal:
                refused += refusal.messages
            else:
                count += 1
        words = ngettext("%(n)s mail is let in", "%(n)s mails are let in", count) % {"n": count}
        if left := len(chosen) - count:
            words += ", " + ngettext("%(n)s needs a look of its own", "%(n)s need a look each", left) % {"n": left}
        messages.success(request, f"{words}. {' '.join(dict.fromkeys(refused))}".strip())

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/act/<str:verb>/", wrap(require_POST(self.act)), name="support_inboundmail_act"),
            path("<int:pk>/raw/", wrap(self.raw), name="support_inboundmail_raw"),
            path("attachments/<int:pk>/", wrap(download), name="support_attachment_download"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The mail with its facts, what was made of it and why."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = InboundMail.objects.select_related("message__ticket__customer")
        mail = get_object_or_404(found, pk=object_id if object_id.isdecimal() else 0)
        may_decide = self.has_decide_permission(request) and mail.raw is not None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": mail.subject or _now("(no subject)"),
            "original": mail,
            "mail": mail,
            "look": look_at(mail),
            "colour": COLOURS[State(mail.state)],
            "ticket": mail.message.ticket if mail.message else None,
            "ticket_page": _page_of_ticket(mail),
            "verbs": [verb for verb in VERBS if mail.state in verb.states] if may_decide else [],
        }
        return TemplateResponse(request, "admin/support/inbound_mail.html", context)

    def act(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        if not self.has_decide_permission(request):
            raise PermissionDenied
        chosen = next((one for one in VERBS if one.key == verb), None)
        if chosen is None:
            raise Http404(verb)
        mail = get_object_or_404(InboundMail, pk=pk)
        try:
            chosen.act(mail, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            ring_for_inbound_mail()
            messages.success(request, _now(str(chosen.done)))
        return redirect(reverse("admin:support_inboundmail_change", args=(pk,)))

    def raw(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bytes as they came, to be saved."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        mail = get_object_or_404(InboundMail, pk=pk)
        if mail.raw is None:
            raise Http404("Its bytes were dropped.")
        disposition = {"Content-Disposition": f'attachment; filename="mail-{mail.pk}.eml"'}
        answer = HttpResponse(bytes(mail.raw), content_type="application/octet-stream", headers=disposition)
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


def _page_of_ticket(mail: InboundMail) -> str:
    if mail.message is None:
        return ""
    try:
        return reverse("admin:support_ticket_change", args=(mail.message.ticket_id,))
    except NoReverseMatch:
        return ""
