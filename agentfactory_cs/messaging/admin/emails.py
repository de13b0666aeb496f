"""Mail to customers: the outbox by state, one mail as its reader sees it, and what a person does about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from agentfactory_cs.console.lists import TabFilter
from agentfactory_cs.console.registry import Words
from agentfactory_cs.console.saving import ReadOnlyAdmin
from agentfactory_cs.console.templatetags.console import when

from .. import outbox
from ..forecast import forecast, headers_of
from ..models import Email
from ..queries import provider_trouble
from ..story import story
from ..tasks import ring_for_mail

State = Email.State

COLOURS = {
    State.WAITING: "info",
    State.HELD: "warning",
    State.SENDING: "info",
    State.SENT: "success",
    State.UNCERTAIN: "warning",
    State.FAILED: "danger",
    State.WITHHELD: "default",
}


class WhichMails(TabFilter):
    """What a person must look at first."""

    title = _("which")
    parameter_name = "which"
    own_order: Mapping[str, Sequence[str]] = {"waiting": ("not_before", "pk")}
    states: Mapping[str, Sequence[str]] = {
        "decide": (State.HELD, State.UNCERTAIN, State.FAILED),
        "waiting": (State.WAITING, State.SENDING),
        "sent": (State.SENT,),
        "withheld": (State.WITHHELD,),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("decide", _("To decide")),
            ("waiting", _("Waiting")),
            ("sent", _("Sent")),
            ("withheld", _("Not sent")),
            ("all", _("All")),
        ]

    def value(self) -> str:
        chosen = super().value()
        if chosen in {*self.states, "all"}:
            return str(chosen)
        return "decide" if Email.objects.filter(state__in=self.states["decide"]).exists() else "all"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Email]) -> QuerySet[Email]:
        states = self.states.get(self.value())
        return queryset.filter(state__in=states) if states else queryset


@dataclass(frozen=True)
class Verb:
    """Something a person may do with a mail in some states. `asks` is what to think of before; "" needs none."""

    key: str
    label: Words
    icon: str
    states: Sequence[str]
    act: Callable[..., Email]
    done: Words
    asks: Words = ""
    needs_reason: bool = False
    is_primary: bool = False


VERBS = (
    Verb(
        "send-now",
        _("Send now"),
        "send",
        (State.WAITING, State.HELD),
        outbox.send_now,
        _("It goes out now."),
        _("It goes out within seconds, outside the reader's day too, and counts for no cap."),
        is_primary=True,
    ),
    Verb("release", _("Let it go"), "play_arrow", (State.HELD,), outbox.retry, _("It waits for its turn.")),
    Verb(
        "retry",
        _("Try again"),
        "refresh",
        (State.FAILED, State.WITHHELD),
        outbox.retry,
        _("It is tried again."),
        _("Whatever kept it back is asked about again: it may be kept back again."),
        is_primary=True,
    ),
    Verb(
        "arrived",
        _("It arrived"),
        "mark_email_read",
        (State.UNCERTAIN,),
        outbox.mark_arrived,
        _("It counts as sent."),
        _("You know from the reader, or from the provider's log, that it arrived."),
        is_primary=True,
    ),
    Verb(
        "again",
        _("Send again"),
        "refresh",
        (State.UNCERTAIN,),
        outbox.retry,
        _("It is sent again."),
        _("Perhaps it arrived: then its reader gets it twice."),
    ),
    Verb(
        "hold",
        _("Hold"),
        "pause",
        (State.WAITING,),
        outbox.hold,
        _("It is held until somebody lets it go."),
        _("It stays here until somebody lets it go."),
        needs_reason=True,
    ),
    Verb(
        "cancel",
        _("Do not send"),
        "block",
        (State.WAITING, State.HELD),
        outbox.cancel,
        _("It is not sent."),
        _("The reason stands on the customer's timeline."),
        needs_reason=True,
    ),
)


@admin.register(Email)
class EmailAdmin(ReadOnlyAdmin):
    """The outbox."""

    list_display = ("what", "customer", "to", "show_state", "why", "moment")
    list_filter = (WhichMails, ("topic", RelatedDropdownFilter))
    list_select_related = ("customer", "contact", "template", "topic")
    search_fields = ("customer__name",)
    search_help_text = _("Customer")
    # The primary key serves this order; mails are queued as time passes.
    ordering = ("-id",)
    list_before_template = "admin/messaging/email/list_head.html"
    actions = ("try_again",)
    empty_words = _("Mail is put here by playbooks, by REST, and by whoever writes to a customer from the console.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Email]:
        return super().get_queryset(request).defer("html", "text", "context")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "trouble": provider_trouble()})

    @display(description=_("Mail"), ordering="id")
    def what(self, email: Email) -> str:
        name = email.subject or email.template.name
        return format_html(
            '<span class="af-two"><span class="af-name">{}</span><span class="af-quiet">{}</span></span>',
            name,
            email.topic.name,
        )

    @display(description=_("To"))
    def to(self, email: Email) -> str:
        return email.contact.name if email.contact else email.address or email.to_address or "–"

    @display(description=_("State"), ordering="state", label=COLOURS)
    def show_state(self, email: Email) -> tuple[str, str]:
        return email.state, email.get_state_display()

    @display(description=_("Why"))
    def why(self, email: Email) -> str:
        return format_html('<span class="af-why">{}</span>', email.reason)

    @display(description=_("When"))
    def moment(self, email: Email) -> str:
        return when(email.sent_at or (email.not_before if email.state == State.WAITING else email.created_at))

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("messaging.change_email")

    @admin.action(description=_("Try again"), permissions=["decide"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Email]) -> None:
        """What is held, failed or was not sent. Not what is uncertain: that is decided one by one."""
        again = [email for email in queryset if email.state in (State.HELD, State.FAILED, State.WITHHELD)]
        for email in again:
            outbox.retry(email, by=request.user, now=timezone.now())
        ring_for_mail()
        words = ngettext("%(n)s mail is tried again", "%(n)s mails are tried again", len(again)) % {"n": len(again)}
        if left := len(queryset) - len(again):
            words += ", " + ngettext("%(n)s needs a look of its own", "%(n)s need a look each", left) % {"n": left}
        messages.success(request, f"{words}.")

    def get_urls(self) -> list[Any]:
        act = self.admin_site.admin_view(require_POST(self.act))
        return [path("<int:pk>/act/<str:verb>/", act, name="messaging_email_act"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The mail as its reader sees it; one that was not rendered yet, as they would see it now."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        email = get_object_or_404(self._mails(), pk=object_id if object_id.isdecimal() else 0)
        ahead = None if email.html and email.state != State.WAITING else forecast(email, timezone.now())
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": email.subject or email.template.name,
            "original": email,
            "email": email,
            "ahead": ahead,
            "colour": COLOURS[State(email.state)],
            "headers": headers_of(email),
            "story": story(email),
            "verbs": [verb for verb in VERBS if email.state in verb.states] if self._may_decide(request) else [],
        }
        return TemplateResponse(request, "admin/messaging/email/detail.html", context)

    def _mails(self) -> QuerySet[Email]:
        return Email.objects.select_related(
            "customer__success_manager", "contact", "template", "topic", "version", "created_by"
        )

    def _may_decide(self, request: HttpRequest) -> bool:
        return self.has_decide_permission(request)

    def act(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        if not self.has_decide_permission(request):
            raise PermissionDenied
        chosen = next((one for one in VERBS if one.key == verb), None)
        if chosen is None:
            raise Http404(verb)
        email = get_object_or_404(Email, pk=pk)
        reason = {"reason": request.POST.get("reason", "")} if chosen.needs_reason else {}
        try:
            chosen.act(email, **reason, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            ring_for_mail()
            messages.success(request, _now(str(chosen.done)))
        return redirect(reverse("admin:messaging_email_change", args=(pk,)))
