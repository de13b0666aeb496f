"""Putting the shipped articles in place, without touching anybody's work."""

import hashlib
from datetime import datetime

from agentfactory_cs.console.models import Shipped

from ..models import Area, Article, ArticleVersion
from .articles import Text, publish, write
from .library import ShippedText, shipped_articles


def load_articles(*, now: datetime) -> None:
    """Articles once each; a file's words once, unless somebody's own stand in its language. Safe to run again."""
    articles = shipped_articles()
    words = {_key(slug, text): (slug, text) for slug, one in articles.items() for text in one.texts.values()}
    new = Shipped.first_time([*(f"article:{slug}" for slug in articles), *words])
    fresh = [slug for slug in articles if f"article:{slug}" in new and not Article.objects.filter(slug=slug).exists()]
    areas = {area.key: area for area in Area.objects.all()}
    for slug in fresh:
        told = {"kind": articles[slug].kind, "area": areas.get(articles[slug].area), "created_at": now}
        Article.objects.create(slug=slug, **told)
    for key in sorted(new & words.keys()):
        _load_words(*words[key], now=now)
    for article in Article.objects.filter(slug__in=fresh):
        publish(article, now=now)


def _key(slug: str, text: ShippedText) -> str:
    said = f"{text.title}\0{text.body}\0{text.found_by}"
    return f"article:{slug}:{text.language}:{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def _load_words(slug: str, text: ShippedText, *, now: datetime) -> None:
    article = Article.objects.filter(slug=slug).first()
    versions = ArticleVersion.objects.filter(translation__article=article, translation__language=text.language)
    newest = versions.order_by("-number").first()
    if article and (newest is None or newest.is_shipped):
        said = Text(text.title, text.body, text.found_by)
        write(article, language=text.language, text=said, is_shipped=True, now=now)
