"""Writing an article: its words in one language beside what readers will see."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from agentfactory_cs.console.saving import show_refusal
from agentfactory_cs.customers.models import Company
from agentfactory_cs.customers.models.fields import validate_language

from ..console.articles import title_of, words_address
from ..knowledge.articles import Text, write
from ..knowledge.library import shipped_text
from ..knowledge.markdown import as_html
from ..knowledge.standing import PERIOD, standings
from ..models import Article, Translation

VERSIONS, COMMENTS = 10, 5


class WordsForm(forms.Form):
    """An article in one language. `based_on` is the version it was opened with."""

    title = forms.CharField(label=_("Title"), max_length=200, widget=UnfoldAdminTextInputWidget())
    body = forms.CharField(
        label=_("Words, as Markdown"), widget=UnfoldAdminTextareaWidget(attrs={"rows": 24, "spellcheck": "true"})
    )
    found_by = forms.CharField(
        label=_("Also found by"),
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("Words readers ask with that the article does not say, such as: throttled, slow down."),
    )
    reason = forms.CharField(
        label=_("Why the change?"), required=False, max_length=200, widget=UnfoldAdminTextInputWidget()
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput(), min_value=0)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            css = "af-code" if name == "body" else ""
            field.widget.attrs["class"] = f"{field.widget.attrs.get('class', '')} {css} max-w-none"


class Editor:
    """Mixed into the admin of articles."""

    admin_site: Any

    def words_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the article says in the language of the address; saving makes a version."""
        article = asked(request, pk)
        there = {said.language: said for said in article.translations.select_related("updated_by")}
        language = language_in(request) or _first_language(there)
        form = WordsForm(request.POST or None, initial=_initial(language, there))
        if request.method == "POST":
            require_change(request)
            if form.is_valid() and _save(request, form, article, language):
                return HttpResponseRedirect(words_address(pk, language))
        return self._editor_page(request, article, language, there, form)

    def _editor_page(
        self, request: HttpRequest, article: Article, language: str, there: dict[str, Translation], form: WordsForm
    ) -> HttpResponse:
        said = there.get(language)
        standing = standings([article.pk], timezone.now())[article.pk]
        context = {
            **self.admin_site.each_context(request),
            "opts": Article._meta,
            "title": title_of(standing.titles, article.slug),
            "original": article,
            "article": article,
            "is_fullwidth": "1",
            "language": language,
            "languages": sorted({*there, language}),
            "said": said,
            "versions": list(said.versions.select_related("created_by")[:VERSIONS]) if said else [],
            "may_reset": _differs_from_shipped(article, said, language),
            "may_change": request.user.has_perm("support.change_article"),
            "may_publish": request.user.has_perm("support.publish_article"),
            "form": form,
            "html": as_html(form["body"].value() or ""),
            "standing": standing,
            "days": PERIOD.days,
            "comments": article.verdicts.exclude(comment="").order_by("-given_at")[:COMMENTS],
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/support/article/words.html", context)

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The words of the form as readers will see them."""
        if request.method != "POST":
            return HttpResponseRedirect(words_address(pk))
        article = asked(request, pk)
        shown = {"title": request.POST.get("title", ""), "html": as_html(request.POST.get("body", ""))}
        return render(request, "admin/support/article/preview.html", {"article": article, **shown})


def asked(request: HttpRequest, pk: int) -> Article:
    if not request.user.has_perm("support.view_article"):
        raise PermissionDenied
    return get_object_or_404(Article.objects.select_related("area", "from_ticket"), pk=pk)


def require_change(request: HttpRequest) -> None:
    if not request.user.has_perm("support.change_article"):
        raise PermissionDenied


def language_in(request: HttpRequest) -> str:
    """The language in the address; none where it is no language code."""
    code = request.GET.get("language", "")
    try:
        validate_language(code)
    except ValidationError:
        return ""
    return code


def _first_language(there: dict[str, Translation]) -> str:
    default = Company.get().default_language
    return default if default in there or not there else sorted(there)[0]


def _initial(language: str, there: dict[str, Translation]) -> dict[str, Any]:
    """What stands in the form at first: a new language begins with the words of another, to be translated."""
    begin = there.get(language) or next(iter(there.values()), None)
    words = {"title": begin.title, "body": begin.body, "found_by": begin.found_by} if begin else {}
    return {**words, "based_on": there[language].version if language in there else 0}


def _save(request: HttpRequest, form: WordsForm, article: Article, language: str) -> bool:
    told = form.cleaned_data
    text = Text(told["title"], told["body"], told["found_by"])
    how = {"reason": told["reason"], "based_on": told["based_on"], "by": request.user, "now": timezone.now()}
    try:
        version = write(article, language=language, text=text, **how)
    except ValidationError as refusal:
        show_refusal(form, refusal)
        return False
    if version.number == told["based_on"]:
        messages.info(request, _now("Nothing was changed: version %(n)s stays.") % {"n": version.number})
    else:
        messages.success(request, _now("Saved as version %(n)s.") % {"n": version.number})
    return True


def _differs_from_shipped(article: Article, said: Translation | None, language: str) -> bool:
    shipped = shipped_text(article.slug, language)
    return shipped is not None and (said is None or (said.title, said.body) != (shipped.title, shipped.body))
