"""Articles in the console: the list, what one is about, and publishing."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter

from agentfactory_cs.console.lists import FilledListAdmin, TabFilter
from agentfactory_cs.console.saving import ServiceAdmin

from ..console.articles import words_address
from ..knowledge import articles
from ..models import Article, Translation
from .article_editor import Editor, asked
from .article_versions import Versions
from .suggestions import Suggestions


class Which(TabFilter):
    title = _("Which")
    parameter_name = "which"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str | None, Any]]:  # type: ignore[override]
        return [
            (None, _("All")),
            ("look", _("Need a look")),
            ("draft", _("Drafts")),
            ("published", _("Published")),
            ("retired", _("Retired")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        if self.value() == "look":
            return queryset.exclude(needs_update_because="")
        return queryset.filter(state=self.value()) if self.value() else queryset


@admin.register(Article)
class ArticleAdmin(Editor, Versions, Suggestions, FilledListAdmin, ServiceAdmin):
    """A row opens what the article says; its form is about the article as a whole."""

    service = staticmethod(articles.save_article)
    list_filter = (Which, "kind", ("area", RelatedDropdownFilter))
    list_select_related = ("area",)
    search_fields = ("slug",)
    search_help_text = _("Address or title")
    empty_words = _("Articles come with the system at the first migration; others are the team's own.")
    fieldsets = (
        (
            None,
            {
                "fields": ("slug", ("kind", "area")),
                "description": _(
                    "The words are written on the next page. Readers find an article when it is published."
                ),
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Article], search_term: str
    ) -> tuple[QuerySet[Article], bool]:
        found, _many = super().get_search_results(request, queryset, search_term)
        if words := search_term.strip():
            titled = Translation.objects.filter(article=OuterRef("pk"), title__icontains=words)
            found = found | queryset.filter(Exists(titled))
        return found, False

    def page_of(self, thing: Article) -> str:
        return words_address(thing.pk)

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, Any] = {
            "words": self.words_view,
            "preview": self.preview_view,
            "reset": self.reset_view,
            "versions/<int:number>": self.version_view,
            "publish": self.publish_view,
            "retire": self.retire_view,
            "right": self.right_view,
        }
        own = [
            path(
                f"<int:pk>/{where}/", self.admin_site.admin_view(view), name=f"support_article_{where.split('s/<')[0]}"
            )
            for where, view in pages.items()
        ]
        return [*own, *self.suggestion_urls(), *super().get_urls()]

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._move(request, pk, articles.publish, _now("Published: readers find it from now on."))

    def retire_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._move(request, pk, articles.retire, _now("Retired: nobody finds it any more."))

    def right_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._move(request, pk, articles.mark_right, _now("Found right: what was said of it counts no more."))

    def _move(self, request: HttpRequest, pk: int, service: Callable[..., Any], words: str) -> HttpResponse:
        article = asked(request, pk)
        if not request.user.has_perm("support.publish_article"):
            raise PermissionDenied
        if request.method == "POST":
            try:
                service(article, by=request.user, now=timezone.now())
                messages.success(request, words)
            except ValidationError as refusal:
                messages.error(request, " ".join(refusal.messages))
        return HttpResponseRedirect(words_address(pk))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        return ()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return HttpResponseRedirect(words_address(obj.pk))

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return HttpResponseRedirect(words_address(obj.pk))
