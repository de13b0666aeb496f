"""Articles for the tests."""

from typing import Any

from agentfactory_cs.customers.tests.factories import NOW
from support.knowledge.articles import Text, publish, save_article, write
from support.models import Article


def make_article(
    slug: str, title: str, body: str, *, language: str = "en", state: str = "published", **fields: Any
) -> Article:
    """One article in one language, published unless told otherwise."""
    found_by = fields.pop("found_by", "")
    article = save_article(Article(slug=slug, kind=fields.pop("kind", Article.Kind.HOW_TO), **fields), now=NOW)
    write(article, language=language, text=Text(title, body, found_by), now=NOW)
    return publish(article, now=NOW) if state == "published" else article


def translate(article: Article, language: str, title: str, body: str) -> None:
    write(article, language=language, text=Text(title, body), now=NOW)
