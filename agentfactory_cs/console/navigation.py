"""The sidebar: the entries the apps offer, those the viewer may open."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .counting import capped_counts, capped_words
from .parts import allowed
from .registry import Entry, entries

SECTIONS = (("", None), ("records", _("Records")), ("integrations", _("Integrations")), ("settings", _("Settings")))


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """What the theme draws; called once a page."""
    mine = [entry for entry in entries if allowed(request.user, entry.permission)]
    waiting = _waiting(mine, request)
    sections = [
        {
            "title": title,
            "collapsible": bool(title),
            "items": [_item(entry, waiting.get(entry.key, 0), request) for entry in mine if entry.section == section],
        }
        for section, title in SECTIONS
    ]
    return [section for section in sections if section["items"]]


def _waiting(mine: Iterable[Entry], request: HttpRequest) -> Mapping[str, int]:
    """How many things wait behind each entry: one query, for it is on every page."""
    return capped_counts({entry.key: entry.waiting(request) for entry in mine if entry.waiting})


def _item(entry: Entry, waiting: int, request: HttpRequest) -> dict[str, Any]:
    address = reverse(f"admin:{entry.view}") + entry.query
    item: dict[str, Any] = {"title": entry.title, "icon": entry.icon, "link": address}
    if entry.query:
        # The theme looks at the path alone, which the lines of one page share.
        item["active"] = request.get_full_path().startswith(address)
    return {**item, "badge": capped_words(waiting), "badge_variant": "danger"} if waiting else item
