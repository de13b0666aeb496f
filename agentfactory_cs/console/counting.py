"""Counting many things at once, none of them further than a person reads."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

# Beyond this a count says nothing more: "99+".
MOST = 99


def capped_counts(things: Mapping[str, QuerySet[Any]], most: int = MOST) -> dict[str, int]:
    """How many there are of each, none counted beyond `most` and one: one query for all. Each must find its rows by
    an index."""
    counts: dict[str, str] = {}
    params: list[Any] = []
    for key, queryset in things.items():
        try:
            sql, given = queryset.order_by().values("pk")[: most + 1].query.sql_with_params()
        except EmptyResultSet:  # nothing can match, so there is no SQL
            continue
        counts[key] = f"(SELECT count(*) FROM ({sql}) things)"  # noqa: S608 - made by the ORM
        params.extend(given)
    found = dict.fromkeys(things, 0)
    if counts:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(counts.values())}", params)
            found |= dict(zip(counts, cursor.fetchone(), strict=True))
    return found


def capped_words(count: int, most: int = MOST) -> str:
    return f"{most}+" if count > most else str(count)
