"""What an article said before: comparing, going back, and resetting to what was shipped."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.messaging.comparing import differences

from ..console.articles import words_address
from ..knowledge.articles import reset_to_shipped, restore
from ..knowledge.library import shipped_text
from ..models import Article, ArticleVersion
from .article_editor import asked, language_in, require_change

_FIELDS = (("title", _("Title")), ("body", _("Words, as Markdown")), ("found_by", _("Also found by")))


class Versions:
    """Mixed into the admin of articles."""

    admin_site: Any

    def version_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """An older version against the newest; posting says again what it said."""
        article, language = asked(request, pk), language_in(request)
        versions = ArticleVersion.objects.filter(translation__article=article, translation__language=language)
        version = get_object_or_404(versions.select_related("created_by", "translation__article"), number=number)
        if request.method == "POST":
            require_change(request)
            return _done(request, restore(version, by=request.user, now=timezone.now()), pk, language)
        button = _now("Say again what version %(n)s said") % {"n": number}
        return self._comparison(request, article, language, version, {"version": version, "button": button})

    def reset_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What was shipped against what is said now; posting resets."""
        article, language = asked(request, pk), language_in(request)
        shipped = shipped_text(article.slug, language)
        if shipped is None:
            raise Http404
        if request.method == "POST":
            require_change(request)
            version = reset_to_shipped(article, language=language, by=request.user, now=timezone.now())
            return _done(request, version, pk, language)
        return self._comparison(request, article, language, shipped, {"button": _now("Reset to what was shipped")})

    def _comparison(
        self, request: HttpRequest, article: Article, language: str, other: Any, more: dict[str, Any]
    ) -> HttpResponse:
        said = article.translations.filter(language=language).first()
        compared = [(label, differences(getattr(said, name, ""), getattr(other, name))) for name, label in _FIELDS]
        context = {
            **self.admin_site.each_context(request),
            "opts": Article._meta,
            "title": said.title if said else article.slug,
            "article": article,
            "language": language,
            "said": said,
            "compared": [(label, lines) for label, lines in compared if lines],
            "back": words_address(article.pk, language),
            "may_change": request.user.has_perm("support.change_article"),
            **more,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/support/article/compare.html", context)


def _done(request: HttpRequest, version: ArticleVersion, pk: int, language: str) -> HttpResponse:
    messages.success(request, _now("Saved as version %(n)s.") % {"n": version.number})
    return HttpResponseRedirect(words_address(pk, language))
