"""The sidebar: the entries the apps offer, those the viewer may open."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .parts import allowed
from .registry import Entry, entries

# Beyond this a count says nothing more: "99+".
MOST = 99
SECTIONS = (("", None), ("records", _("Records")), ("integrations", _("Integrations")), ("settings", _("Settings")))


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """What the theme draws; called once a page."""
    mine = [entry for entry in entries if allowed(request.user, entry.permission)]
    waiting = _waiting(mine, request)
    sections = [
        {
            "title": title,
            "collapsible": bool(title),
            "items": [_item(entry, waiting.get(entry.key, 0)) for entry in mine if entry.section == section],
        }
        for section, title in SECTIONS
    ]
    return [section for section in sections if section["items"]]


def _waiting(mine: Iterable[Entry], request: HttpRequest) -> Mapping[str, int]:
    """How many things wait behind each entry, none counted beyond MOST and one: one query, for it is on every page."""
    keys: list[str] = []
    counts: list[str] = []
    params: list[Any] = []
    for entry in mine:
        if entry.waiting is None:
            continue
        things = entry.waiting(request).order_by().values("pk")[: MOST + 1]
        try:
            sql, given = things.query.sql_with_params()
        except EmptyResultSet:  # nothing can match, so there is no SQL
            continue
        keys.append(entry.key)
        counts.append(f"(SELECT count(*) FROM ({sql}) things)")  # noqa: S608 - made by the ORM
        params.extend(given)
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(counts)}", params)
        return dict(zip(keys, cursor.fetchone(), strict=True))


def _item(entry: Entry, waiting: int) -> dict[str, Any]:
    item = {"title": entry.title, "icon": entry.icon, "link": reverse(f"admin:{entry.view}")}
    return {**item, "badge": _capped(waiting), "badge_variant": "danger"} if waiting else item


def _capped(count: int) -> str:
    return f"{MOST}+" if count > MOST else str(count)
