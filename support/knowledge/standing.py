"""How articles stand: in which languages, how they fare with readers, and where they were used."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from ..models import OfferedArticle, Translation, Verdict

PERIOD = timedelta(days=90)


@dataclass(frozen=True)
class Standing:
    """Of one article: titles by language, verdicts and uses within PERIOD."""

    titles: dict[str, str]
    changed_at: datetime | None
    helped: int
    judged: int
    sent: int
    used: int

    @property
    def helpful_percent(self) -> int | None:
        return round(100 * self.helped / self.judged) if self.judged else None


def standings(article_ids: Collection[int], now: datetime) -> dict[int, Standing]:
    """Three queries for any number of articles."""
    since = now - PERIOD
    titles: dict[int, dict[str, str]] = {pk: {} for pk in article_ids}
    changed: dict[int, datetime] = {}
    said = Translation.objects.filter(article__in=article_ids).order_by("language")
    for pk, language, title, updated_at in said.values_list("article_id", "language", "title", "updated_at"):
        titles[pk][language] = title
        changed[pk] = max(changed.get(pk, updated_at), updated_at)
    verdicts = _counts(
        Verdict.objects.filter(article__in=article_ids, given_at__gt=since),
        helped=Count("pk", filter=Q(helped=True)),
        judged=Count("pk"),
    )
    offers = _counts(
        OfferedArticle.objects.filter(article__in=article_ids),
        sent=Count("pk", filter=Q(sent_at__gt=since)),
        used=Count("pk", filter=Q(used_at__gt=since)),
    )
    none = {"helped": 0, "judged": 0}, {"sent": 0, "used": 0}
    return {
        pk: Standing(titles[pk], changed.get(pk), **verdicts.get(pk, none[0]), **offers.get(pk, none[1]))
        for pk in article_ids
    }


def _counts(rows: object, **counts: Count) -> dict[int, dict[str, int]]:
    grouped = rows.order_by().values("article_id").annotate(**counts)  # type: ignore[attr-defined]
    return {row.pop("article_id"): row for row in grouped}
