"""The public help page: articles to browse and search, whether one helped, and whether an automatic answer solved it.

No login and no cookie but the form's own. The language is in the address; /help/ leads to the browser's. What is found
by search, or by a personal link, is for no search engine.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.http import require_http_methods, require_safe

from agentfactory_cs.customers.models import Company
from agentfactory_cs.messaging.languages import best_language
from agentfactory_cs.messaging.pages import LANGUAGES
from agentfactory_cs.messaging.throttling import is_too_often

from ..models import Area, Article
from .links import answer_of
from .markdown import as_html
from .reading import Listed, article_to_read, languages_read, listed
from .search import Match, find
from .verdicts import LONGEST_COMMENT, give_verdict, say_solved

_LONGEST_QUESTION = 300
View = Callable[..., HttpResponse]


def _of_language(view: View) -> View:
    """Shown in the address's language, with words of the page in the nearest they are written in; 404 for none."""

    @wraps(view)
    def shown(request: HttpRequest, language: str, **rest: Any) -> HttpResponse:
        if language not in (*LANGUAGES, *languages_read()):
            raise Http404
        with translation.override(best_language(language, LANGUAGES, Company.get().default_language) or LANGUAGES[0]):
            if is_too_often(f"help:{request.META.get('REMOTE_ADDR', '')}", timezone.now()):
                return _too_often(request)
            return view(request, language=language, **rest)

    return shown


def _too_often(request: HttpRequest) -> HttpResponse:
    answer = render(request, "pages/too_often.html", {"company": Company.get()}, status=429)
    answer["Retry-After"] = "60"
    return answer


def _page(
    request: HttpRequest, template: str, language: str, *, is_private: bool = False, status: int = 200, **context: Any
) -> HttpResponse:
    company, languages = Company.get(), languages_read()
    shared = {"company": company, "reading": language, "languages": languages, "is_private": is_private}
    answer = render(request, f"pages/help/{template}", {**shared, **context}, status=status)
    answer["Referrer-Policy"] = "no-referrer" if is_private else "strict-origin-when-cross-origin"
    if is_private:
        answer["X-Robots-Tag"] = "noindex"
        answer["Cache-Control"] = "no-store"
    return answer


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """To the language that the browser asks for."""
    there, default = languages_read(), Company.get().default_language
    asked = [code for code, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", ""))]
    spoken = next((code for code in asked if code in there or code.partition("-")[0] in there), default)
    language = best_language(spoken, there, default) or "en"
    answer = redirect("help_contents", language)
    patch_vary_headers(answer, ("Accept-Language",))
    return answer


@require_safe
@_of_language
def contents(request: HttpRequest, language: str) -> HttpResponse:
    """Every article by area, or what is found for `q`; both may be narrowed by `area` and `kind`."""
    question = request.GET.get("q", "").strip()[:_LONGEST_QUESTION]
    area = Area.objects.filter(key=request.GET.get("area", ""), is_active=True).first()
    kind = request.GET.get("kind", "") if request.GET.get("kind", "") in Article.Kind.values else ""
    found: list[Match] = []
    groups: list[tuple[Area | None, list[Listed]]] = []
    if question:
        found = find(question, language=language, area=area.pk if area else None, kind=kind)
    else:
        groups = listed(language, area=area, kind=kind)
    return _page(
        request,
        "contents.html",
        language,
        is_private=bool(question),
        question=question,
        found=found,
        mended=found[0].mended if found else (),
        groups=groups,
        area=area,
        kind=kind,
        kinds=Article.Kind.choices,
        areas=Area.objects.filter(is_active=True, articles__state=Article.State.PUBLISHED).distinct(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@_of_language
def article(request: HttpRequest, language: str, slug: str) -> HttpResponse:
    """One article; posting says whether it helped. What was retired says so."""
    said = article_to_read(slug, language)
    if said is None:
        gone = get_object_or_404(Article, slug=slug, state=Article.State.RETIRED)
        return _page(request, "gone.html", language, is_private=True, status=410, article=gone)
    if said.language != language and request.method != "POST":
        return redirect("help_article", said.language, slug)
    if request.method == "POST":
        return _judge(request, language, said)
    return _show(request, language, said)


def _show(request: HttpRequest, language: str, said: Any, status: int = 200, fault: str = "") -> HttpResponse:
    by = request.GET.get("by", "") or request.POST.get("by", "")
    return _page(
        request,
        "article.html",
        language,
        is_private=bool(by) or "thanks" in request.GET,
        status=status,
        said=said,
        html=as_html(said.body),
        by=by,
        helped=request.GET.get("thanks", ""),
        others=[one.language for one in said.article.translations.all() if one.language != said.language],
        fault=fault,
        comment=request.POST.get("comment", ""),
        longest=LONGEST_COMMENT,
    )


def _judge(request: HttpRequest, language: str, said: Any) -> HttpResponse:
    verdict = request.POST.get("helped", "")
    if verdict not in ("yes", "no"):
        return _show(request, language, said, 400, translation.gettext("Choose whether it helped."))
    answer = answer_of(request.POST.get("by", ""))
    try:
        give_verdict(
            said.article,
            helped=verdict == "yes",
            language=said.language,
            comment=request.POST.get("comment", ""),
            ticket=answer.ticket if answer else None,
            now=timezone.now(),
        )
    except ValidationError as error:
        return _show(request, language, said, 400, " ".join(error.messages))
    return redirect(f"{reverse('help_article', args=(said.language, said.article.slug))}?thanks={verdict}")


@require_http_methods(["GET", "HEAD", "POST"])
def solved(request: HttpRequest, token: str) -> HttpResponse:
    """Whether the automatic answer was enough. GET only shows, for mail scanners follow every link; POST answers."""
    answer = answer_of(token)
    if answer is None:
        return _page(request, "unknown.html", "en", is_private=True, status=404)
    language = answer.ticket.language
    with translation.override(best_language(language, LANGUAGES, Company.get().default_language) or LANGUAGES[0]):
        if is_too_often(f"solved:{answer.pk}", timezone.now()):
            return _too_often(request)
        if request.method == "POST" and request.POST.get("solved") in ("yes", "no"):
            return _say(request, token, answer)
        offered = answer.ticket.offered_articles.filter(sent_at__isnull=False).select_related("article")
        said = [one for one in (article_to_read(one.article.slug, language) for one in offered) if one]
        shown: dict[str, Any] = {"answer": answer, "token": token, "said": said, "thanks": "thanks" in request.GET}
        return _page(request, "solved.html", language, is_private=True, longest=LONGEST_COMMENT, **shown)


def _say(request: HttpRequest, token: str, answer: Any) -> HttpResponse:
    chosen = [int(pk) for pk in request.POST.getlist("article") if pk.isdecimal() and len(pk) < 19]
    say_solved(
        answer,
        solved=request.POST["solved"] == "yes",
        article_ids=chosen,
        comment=request.POST.get("comment", "")[:LONGEST_COMMENT],
        now=timezone.now(),
    )
    return redirect(f"{reverse('help_solved', args=(token,))}?thanks")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every published article in each of its languages, for search engines."""
    rows = Article.objects.published().values_list("translations__language", "slug", "translations__updated_at")
    places = [
        (request.build_absolute_uri(reverse("help_article", args=(language, slug))), changed)
        for language, slug, changed in rows.filter(translations__isnull=False).order_by("slug")[:50_000]
    ]
    return render(request, "pages/help/sitemap.xml", {"places": places}, content_type="application/xml")
