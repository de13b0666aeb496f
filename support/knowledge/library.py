"""The articles that come with the system: Markdown files under support/articles/, such as api-keys.en.md."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent.parent / "articles"

# Between what is told of an article and its words.
_RULE = "\n---\n"


@dataclass(frozen=True)
class ShippedText:
    """A shipped article in one language. Its file: `title: …`, `found_by: …`, a rule, the body in Markdown."""

    language: str
    title: str
    body: str
    found_by: str


@dataclass(frozen=True)
class ShippedArticle:
    slug: str
    kind: str
    area: str
    texts: Mapping[str, ShippedText]


@cache
def shipped_articles() -> dict[str, ShippedArticle]:
    told: dict[str, Any] = yaml.safe_load((FOLDER / "catalogue.yaml").read_text(encoding="utf-8"))
    return {slug: ShippedArticle(slug, **one, texts=dict(_texts(slug))) for slug, one in told.items()}


def shipped_text(slug: str, language: str) -> ShippedText | None:
    article = shipped_articles().get(slug)
    return article.texts.get(language) if article else None


def _texts(slug: str) -> Iterator[tuple[str, ShippedText]]:
    for path in sorted(FOLDER.glob(f"{slug}.*.md")):
        head, _, body = path.read_text(encoding="utf-8").partition(_RULE)
        told = {name: words.strip() for name, _, words in (line.partition(":") for line in head.splitlines())}
        language = path.name.split(".")[1]
        yield language, ShippedText(language, told["title"], body.strip(), told["found_by"])
