"""The sidebar: the entries the apps offer, those the viewer may open."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .parts import allowed
from .registry import Entry, entries

# Beyond this a count says nothing more: "99+".
MOST = 99
SECTIONS = (("", None), ("records", _("Records")), ("settings", _("Settings")))


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """What the theme draws; called once a page."""
    mine = [entry for entry in entries if allowed(request.user, entry.permission)]
    return [
        {
            "title": title,
            "collapsible": bool(title),
            "items": [_item(entry, request) for entry in mine if entry.section == section],
        }
        for section, title in SECTIONS
    ]


def _item(entry: Entry, request: HttpRequest) -> dict[str, Any]:
    item = {"title": entry.title, "icon": entry.icon, "link": reverse(f"admin:{entry.view}")}
    waiting = entry.count(request) if entry.count else 0
    return {**item, "badge": _capped(waiting), "badge_variant": "danger"} if waiting else item


def _capped(count: int) -> str:
    return f"{MOST}+" if count > MOST else str(count)
