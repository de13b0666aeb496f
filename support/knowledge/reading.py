"""What readers see of the published articles."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.db.models.functions import Substr
from django.utils.functional import Promise

from agentfactory_cs.customers.models import Company
from agentfactory_cs.messaging.languages import best_language

from ..models import Area, Article, Translation
from .links import article_path
from .markdown import summary
from .search import reading_order

# Of a body, so many characters are read for its summary.
_BEGINS = 600


@dataclass(frozen=True)
class Listed:
    """An article in a list."""

    title: str
    summary: str
    kind: str | Promise
    language: str
    path: str


def languages_read() -> list[str]:
    """Those in which anything is published."""
    published = Translation.objects.filter(article__state=Article.State.PUBLISHED)
    return list(published.order_by("language").values_list("language", flat=True).distinct())


def article_to_read(slug: str, language: str) -> Translation | None:
    """A published article in the best of its languages; two queries."""
    article = (
        Article.objects.published().select_related("area").prefetch_related("translations").filter(slug=slug).first()
    )
    if article is None:
        return None
    there = {said.language: said for said in article.translations.all()}
    best = best_language(language, there, Company.get().default_language)
    return there[best] if best else None


def listed(language: str, *, area: Area | None = None, kind: str = "") -> list[tuple[Area | None, list[Listed]]]:
    """Everything a reader of a language can read, by area; what is about none comes last. One query."""
    order = reading_order(language)
    said = Translation.objects.filter(article__state=Article.State.PUBLISHED, language__in=order)
    said = said.select_related("article__area").defer("vector", "body").annotate(begins=Substr("body", 1, _BEGINS))
    if area:
        said = said.filter(article__area=area)
    if kind:
        said = said.filter(article__kind=kind)
    best: dict[int, Translation] = {}
    for one in said:
        known = best.get(one.article_id)
        if known is None or order.index(one.language) < order.index(known.language):
            best[one.article_id] = one
    return _by_area(best.values())


def _by_area(said: Iterable[Translation]) -> list[tuple[Area | None, list[Listed]]]:
    def place(one: Translation) -> tuple[bool, str]:
        return one.article.area is None, one.article.area.name if one.article.area else ""

    ordered = sorted(said, key=lambda one: (place(one), one.title))
    groups = [list(group) for _, group in groupby(ordered, place)]
    return [(group[0].article.area, [_listed(one) for one in group]) for group in groups]


def _listed(said: Translation) -> Listed:
    kind = said.article.get_kind_display()
    begins: str = said.begins  # type: ignore[attr-defined]  # annotated by `listed`
    return Listed(said.title, summary(begins), kind, said.language, article_path(said))
