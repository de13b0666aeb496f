"""The sidebar: the entries the apps offer, those the viewer may open."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .parts import allowed
from .registry import Entry, entries

SECTIONS = (("", None), ("records", _("Records")), ("settings", _("Settings")))


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """What the theme draws; called once a page."""
    mine = [entry for entry in entries if allowed(request.user, entry.permission)]
    return [
        {
            "title": title,
            "collapsible": bool(title),
            "items": [_item(entry) for entry in mine if entry.section == section],
        }
        for section, title in SECTIONS
    ]


def _item(entry: Entry) -> dict[str, Any]:
    return {"title": entry.title, "icon": entry.icon, "link": reverse(f"admin:{entry.view}")}
