"""Notices to our own people, and deciding what becomes of those that did not arrive."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from agentfactory_cs.console.saving import ReadOnlyAdmin
from agentfactory_cs.console.templatetags.console import when

from .. import notices, slack
from ..models import Notice
from ..tasks import ring


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """What we tell our own people, with what became of it."""

    list_display = ("subject", "to", "show_state", "made", "show_error")
    list_filter = (("state", ChoicesDropdownFilter), ("channel", ChoicesDropdownFilter))
    list_select_related = ("recipient",)
    search_fields = ("subject", "recipient__username", "recipient__last_name")
    search_help_text = _("Subject or person")
    # The primary key serves this order; notices are sent as they are written.
    ordering = ("-id",)
    actions = ("send_again", "mark_arrived")
    empty_words = _("Notices are mails to our own people and posts to Slack, such as the daily digest of alerts.")
    fieldsets = (
        (None, {"fields": ("show_state", "error", ("channel", "to"), "kind")}),
        (_("As its reader sees it"), {"fields": ("subject", "as_seen", "text")}),
        (
            _("Delivery"),
            {"fields": ("message_id", "attempts", ("created_at", "not_before", "claimed_at", "sent_at"))},
        ),
    )
    readonly_fields = ("to", "show_state", "as_seen")

    @display(
        description=_("State"),
        ordering="state",
        label={"waiting": "info", "sending": "info", "sent": "success", "uncertain": "warning", "failed": "danger"},
    )
    def show_state(self, notice: Notice) -> tuple[str, str]:
        return notice.state, notice.get_state_display()

    @display(description=_("To"))
    def to(self, notice: Notice) -> str:
        """Slack's address is a secret, and shown in part."""
        return notice.address if notice.channel == Notice.Channel.EMAIL else slack.masked(notice.address)

    @display(description=_("Written"), ordering="id")
    def made(self, notice: Notice) -> str:
        return when(notice.created_at)

    @display(description=_("What went wrong"))
    def show_error(self, notice: Notice) -> str:
        return notice.error[:120]

    @display(description=_("HTML"))
    def as_seen(self, notice: Notice) -> str:
        """In a frame that may run nothing, load nothing and lead nowhere."""
        if not notice.html:
            return "–"
        return format_html(
            '<iframe class="af-mail" sandbox srcdoc="{}" title="{}"></iframe>', notice.html, notice.subject
        )

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("messaging.change_notice")

    @admin.action(description=_("Send again"), permissions=["decide"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Notice]) -> None:
        """What failed, or is uncertain; perhaps it arrives twice then."""
        self._each(request, queryset, notices.send_again, str(_("sent again")))
        ring()

    @admin.action(description=_("It arrived"), permissions=["decide"])
    def mark_arrived(self, request: HttpRequest, queryset: QuerySet[Notice]) -> None:
        """What is uncertain, where somebody has seen it."""
        self._each(request, queryset, notices.mark_arrived, str(_("marked as arrived")))

    def _each(self, request: HttpRequest, queryset: QuerySet[Notice], verb: Callable[..., Notice], words: str) -> None:
        done, refused = 0, list[str]()
        for notice in queryset:
            try:
                verb(notice, now=timezone.now())
                self.log_change(request, notice, words)
                done += 1
            except ValidationError as refusal:
                refused += refusal.messages
        said = ngettext("%(n)s notice %(words)s", "%(n)s notices %(words)s", done) % {"n": done, "words": words}
        messages.success(request, " ".join([f"{said}.", *dict.fromkeys(refused)]))
