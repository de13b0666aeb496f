"""Finding articles by what somebody wrote: a few words, or a whole ticket.

A text becomes an OR of its most telling words in each language that its reader can read. Which words are telling is
known from how few articles say them (`words`). The database ranks by ts_rank_cd; of the best, the evidence is weighed
(`confidence`). Where nothing is found, words are taken for those they resemble, for they may be typed wrong.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from agentfactory_cs.customers.models import Company
from agentfactory_cs.messaging.languages import best_language

from ..models import Article, Translation
from .confidence import Evidence, as_written, confidence

# So much of a text is read, so many of its words are sought, and so many articles are weighed in a language.
LONGEST, MOST_WORDS, MOST_WEIGHED = 8_000, 24, 40
# In so few words each counts: one that no article says is taken for one that it resembles.
FEW_WORDS = 6
# pg_trgm's similarity from which on a word is taken for one that was typed wrong.
_ALIKE = 0.4

_SAID = """
WITH languages AS (
    SELECT language, place FROM unnest(%(languages)s::text[]) WITH ORDINALITY AS given (language, place)
), sizes AS (
    SELECT t.language, count(*) AS articles FROM support_translation t JOIN support_article a ON a.id = t.article_id
    WHERE a.state = 'published' AND t.language = ANY(%(languages)s) GROUP BY t.language
), said AS (
    SELECT l.language, s.lexeme, CASE WHEN 'A' = ANY(s.weights) THEN 2.0 ELSE 1.0 END AS stress
    FROM languages l, unnest(
        setweight(to_tsvector(support_search_config(l.language), support_searchable(%(title)s)), 'A')
        || to_tsvector(support_search_config(l.language), support_searchable(%(text)s))
    ) AS s (lexeme, positions, weights)
    UNION ALL
    SELECT language, lexeme, 1.0 FROM unnest(%(mended_languages)s::text[], %(mended)s::text[]) AS m (language, lexeme)
)"""

_FIND = f"""{_SAID}, weighed AS (
    SELECT said.language, said.lexeme, ln(1 + sizes.articles::float / word.articles) AS telling,
        said.stress * ln(1 + sizes.articles::float / word.articles) AS weight
    FROM said JOIN sizes USING (language) JOIN support_word word USING (language, lexeme)
    WHERE strpos(said.lexeme, chr(92)) = 0
), telling AS (
    SELECT * FROM (
        SELECT *, row_number() OVER (PARTITION BY language ORDER BY weight DESC, lexeme) AS nth FROM weighed
    ) numbered WHERE nth <= {MOST_WORDS}
), asked AS (
    SELECT language, sum(telling) AS whole, string_agg(quote_literal(lexeme), ' | ')::tsquery AS query
    FROM telling GROUP BY language
), fitting AS MATERIALIZED (
    SELECT t.id, t.article_id, t.language, asked.whole, ts_rank_cd(t.vector, asked.query, 1 | 32) AS rank
    FROM asked JOIN support_translation t ON t.language = asked.language AND t.vector @@ asked.query
    JOIN support_article a ON a.id = t.article_id
    WHERE a.state = 'published' AND (%(area)s::bigint IS NULL OR a.area_id = %(area)s)
        AND (%(kind)s = '' OR a.kind = %(kind)s) AND a.id <> ALL(%(without)s::bigint[])
), ranked AS MATERIALIZED (
    SELECT best.*, t.vector FROM (
        SELECT *, row_number() OVER (PARTITION BY language ORDER BY rank DESC, id) AS nth FROM fitting
    ) best JOIN support_translation t ON t.id = best.id WHERE nth <= {MOST_WEIGHED}
)
SELECT ranked.article_id, ranked.language, ranked.rank, ranked.whole, found.weight, found.lexemes,
    heading.whole AS title, heading.found AS title_found
FROM ranked, LATERAL (
    SELECT sum(telling) AS weight, array_agg(lexeme ORDER BY weight DESC, lexeme) AS lexemes FROM telling
    WHERE telling.language = ranked.language AND ranked.vector @@ quote_literal(lexeme)::tsquery
) found, LATERAL (
    SELECT sum(ln(1 + sizes.articles::float / word.articles)) AS whole,
        sum(ln(1 + sizes.articles::float / word.articles)) FILTER (WHERE word.lexeme = ANY(found.lexemes)) AS found
    FROM unnest(tsvector_to_array(ts_filter(ranked.vector, '{{a}}'))) AS own (lexeme)
    JOIN support_word word ON word.language = ranked.language AND word.lexeme = own.lexeme
    JOIN sizes ON sizes.language = ranked.language
) heading
"""

# Words that no article says, each with the word of an article that it resembles most.
_RESEMBLING = f"""{_SAID}
SELECT DISTINCT ON (said.language, said.lexeme) said.language, said.lexeme, word.lexeme
FROM said JOIN support_word word ON word.language = said.language AND word.lexeme %% said.lexeme
WHERE length(said.lexeme) > 3 AND similarity(word.lexeme, said.lexeme) >= {_ALIKE}
    AND NOT EXISTS (
        SELECT 1 FROM support_word known WHERE (known.language, known.lexeme) = (said.language, said.lexeme))
ORDER BY said.language, said.lexeme, similarity(word.lexeme, said.lexeme) DESC, word.articles DESC, word.lexeme
LIMIT 50
"""


@dataclass(frozen=True)
class Match:
    """An article that is about what was asked, in the language that its reader reads best.

    `words` are those of the question it was found by, the most telling first; `confidence` is from 0 to 1. `mended`
    are words taken for others: (as typed, as found).
    """

    article: Article
    translation: Translation
    words: tuple[str, ...]
    confidence: float
    rank: float
    mended: tuple[tuple[str, str], ...] = ()

    @property
    def percent(self) -> int:
        return round(self.confidence * 100)


@dataclass(frozen=True)
class _Found:
    article_id: int
    rank: float
    confidence: float
    lexemes: tuple[str, ...]


def find(
    text: str,
    *,
    language: str,
    title: str = "",
    area: int | None = None,
    kind: str = "",
    without: Collection[int] = (),
    limit: int = 10,
) -> list[Match]:
    """The published articles that fit best, best first, each once. At most five queries.

    A `title` (a ticket's subject) weighs twice. Articles are sought in the reader's language, the company's and
    English, and shown in the first of those they are written in.
    """
    languages = reading_order(language)
    asked = _asked(text, title, languages, area=area, kind=kind, without=without)
    found = _run(asked)
    mended = _resembling(asked) if not found or len(text.split()) <= FEW_WORDS else []
    if mended:
        found = _run({**asked, "mended_languages": [one[0] for one in mended], "mended": [one[2] for one in mended]})
    best = sorted(found.values(), key=lambda one: (-one.confidence, -one.rank, one.article_id))[:limit]
    meant = " ".join(one[2] for one in mended)
    instead = tuple(dict.fromkeys((typed, meant) for _, typed, meant in mended))
    return [replace(match, mended=instead) for match in _shown(best, languages, f"{title} {text} {meant}")]


def reading_order(language: str) -> list[str]:
    """The languages in which something is sought for a reader: their own, its base, the company's, English."""
    order = (language, language.partition("-")[0], Company.get().default_language, "en")
    return list(dict.fromkeys(order))


def _asked(
    text: str, title: str, languages: Sequence[str], *, area: int | None, kind: str, without: Collection[int]
) -> dict[str, Any]:
    return {
        "languages": list(languages),
        "text": text.replace("\0", "")[:LONGEST],
        "title": title.replace("\0", "")[:LONGEST],
        "area": area,
        "kind": kind,
        "without": list(without),
        "mended_languages": [],
        "mended": [],
    }


def _run(asked: Mapping[str, Any]) -> dict[int, _Found]:
    """What fits, by article: in the language in which it fits best."""
    found: dict[int, _Found] = {}
    for article_id, _language, rank, whole, weight, lexemes, title, title_found in _rows(_FIND, asked):
        sure = confidence(Evidence(whole, weight or 0, title or 0, title_found or 0, len(lexemes or ())))
        if article_id not in found or sure > found[article_id].confidence:
            found[article_id] = _Found(article_id, rank, sure, tuple(lexemes or ()))
    return found


def _resembling(asked: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [tuple(row) for row in _rows(_RESEMBLING, asked)]


def _rows(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _shown(found: Sequence[_Found], languages: Sequence[str], text: str) -> list[Match]:
    translations: dict[int, dict[str, Translation]] = {}
    wanted = Translation.objects.filter(article__in=[one.article_id for one in found], language__in=languages)
    for said in wanted.select_related("article__area").defer("vector"):
        translations.setdefault(said.article_id, {})[said.language] = said
    shown = []
    for one in found:
        there = translations[one.article_id]
        said = there[best_language(languages[0], there, languages[-1]) or languages[0]]
        shown.append(Match(said.article, said, as_written(one.lexemes, text), one.confidence, one.rank))
    return shown
