"""Articles that do not do what they are there for are flagged for somebody to look at."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from ..models import Article

# Judged by what happened within so long, since the article was last changed or found right.
PERIOD = timedelta(days=90)
FEWEST = 5
# From this share on.
TOO_MANY = 0.4

_FARED = """
WITH fared AS (
    SELECT a.id AS article_id,
        v.helped IS FALSE AS said_no, false AS came_back
    FROM support_article a JOIN support_verdict v ON v.article_id = a.id
    WHERE a.state = 'published' AND v.given_at > greatest(%(since)s, coalesce(a.reviewed_at, %(since)s))
        AND v.given_at <= %(now)s
    UNION ALL
    SELECT a.id, false, t.reopened > 0
    FROM support_article a JOIN support_offeredarticle o ON o.article_id = a.id
        JOIN support_ticket t ON t.id = o.ticket_id
    WHERE a.state = 'published' AND o.used_at > greatest(%(since)s, coalesce(a.reviewed_at, %(since)s))
        AND o.used_at <= %(now)s
)
SELECT article_id, count(*), count(*) FILTER (WHERE said_no), count(*) FILTER (WHERE came_back)
FROM fared WHERE %(article)s IS NULL OR article_id = %(article)s GROUP BY article_id
"""


@dataclass(frozen=True)
class Fared:
    """How an article fared: so many verdicts and uses in answers, of which so many spoke against it."""

    times: int
    said_no: int
    came_back: int

    @property
    def is_bad(self) -> bool:
        return self.times >= FEWEST and (self.said_no + self.came_back) / self.times >= TOO_MANY

    @property
    def words(self) -> str:
        parts = []
        if self.said_no:
            parts.append(f"{self.said_no} readers said that it did not help")
        if self.came_back:
            parts.append(f"{self.came_back} tickets answered with it were opened again")
        return f"Of {self.times} times it was used or judged in {PERIOD.days} days, {' and '.join(parts)}."


def fared(*, now: datetime, article: Article | None = None) -> dict[int, Fared]:
    """By article; one query over all of them."""
    with connection.cursor() as cursor:
        cursor.execute(_FARED, {"since": now - PERIOD, "now": now, "article": article.pk if article else None})
        return {row[0]: Fared(*row[1:]) for row in cursor.fetchall()}


@transaction.atomic
def flag_unhelpful(*, now: datetime) -> int:
    """Flag those that are not flagged yet; returns how many."""
    bad = {pk: one.words for pk, one in fared(now=now).items() if one.is_bad}
    articles = list(Article.objects.select_for_update().filter(pk__in=bad, needs_update_because="").order_by("pk"))
    for article in articles:
        article.needs_update_because = bad[article.pk][:300]
    Article.objects.bulk_update(articles, ("needs_update_because",))
    return len(articles)
