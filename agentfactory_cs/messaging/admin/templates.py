"""The mails we may send, and the topics they are about."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import action

from agentfactory_cs.console.lists import FilledListAdmin
from agentfactory_cs.console.saving import ServiceAdmin

from ..models import MailTemplate, Topic
from ..templates import save_template
from .editor import Editor
from .versions import Versions


@admin.register(MailTemplate)
class MailTemplateAdmin(Editor, Versions, FilledListAdmin, ServiceAdmin):
    """A row opens what the mail says; its form is about the mail as a whole."""

    service = staticmethod(save_template)
    list_filter = (("topic", RelatedDropdownFilter), "is_active")
    list_select_related = ("topic",)
    search_fields = ("name", "key", "description")
    search_help_text = _("Name, key or description")
    empty_words = _("Mails to customers come with the system at the first migration; others are the team's own.")
    actions_detail = ("open_words",)
    fieldsets = (
        (None, {"fields": (("name", "topic"), "description")}),
        (
            _("For sequences and playbooks"),
            {
                "fields": ("key", "is_active"),
                "description": _("They name it by its key. While it is switched off, its mails are held for a person."),
            },
        ),
    )

    def page_of(self, thing: MailTemplate) -> str:
        return reverse("admin:messaging_mailtemplate_words", args=(thing.pk,))

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, Any] = {
            "words": self.words_view,
            "preview": self.preview_view,
            "readers": self.readers_view,
            "test": self.test_view,
            "reset": self.reset_view,
            "versions/<int:number>": self.version_view,
        }
        own = [
            path(
                f"<int:pk>/{where}/",
                self.admin_site.admin_view(view),
                name=f"messaging_mailtemplate_{where.partition('s/<')[0]}",
            )
            for where, view in pages.items()
        ]
        return [*own, *super().get_urls()]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        return ("key",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @action(description=_("What it says"), url_path="open-words", icon="edit_note")
    def open_words(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:messaging_mailtemplate_words", args=(object_id,)))

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return HttpResponseRedirect(self.page_of(obj))

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return HttpResponseRedirect(self.page_of(obj))


@admin.register(Topic)
class TopicAdmin(ModelAdmin):
    """Readers unsubscribe by topic: the name and description are what they see then."""

    list_display = ("name", "description", "is_transactional")
    readonly_fields = ("key", "is_transactional")
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "description", "key", "is_transactional"),
                "description": _(
                    "As readers see it on the page where they unsubscribe. From transactional mail nobody unsubscribes."
                ),
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
