"""The list of mails we may send, and its line in the sidebar."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from agentfactory_cs.console.registry import Column, DefaultOrder, Entry, OrderedPart, columns, default_orders, entries
from agentfactory_cs.console.templatetags.console import figure, when

from ..models import MailTemplate
from ..template_queries import Standing, standings

SUBJECT = "messaging.MailTemplate"


def _names(things: Sequence[MailTemplate], now: datetime) -> Mapping[Any, MailTemplate]:
    return {thing.pk: thing for thing in things}


def _name(template: MailTemplate) -> str:
    off = format_html(' <span class="af-tag">{}</span>', _("switched off")) if not template.is_active else ""
    name = format_html('<span><span class="af-name">{}</span>{}</span>', template.name, off)
    words = '<span class="af-list-words">{}<span class="af-quiet">{}</span></span>'
    return format_html(words, name, template.description)


def _topics(things: Sequence[MailTemplate], now: datetime) -> Mapping[Any, str]:
    return {thing.pk: thing.topic.name for thing in things}


def _standings_once(things: Sequence[MailTemplate], now: datetime) -> Mapping[Any, Standing]:
    """Three columns show parts of the same standings: they are read for the first of them."""
    if things and not hasattr(things[0], "standing"):
        found = standings([thing.pk for thing in things], now)
        for thing in things:
            thing.standing = found[thing.pk]  # type: ignore[attr-defined]
    return {thing.pk: thing.standing for thing in things}  # type: ignore[attr-defined]


def _languages(standing: Standing) -> str:
    if not standing.languages:
        return format_html('<span class="af-bad">{}</span>', _("no words yet"))
    return ", ".join(standing.languages)


def _last_change(standing: Standing) -> str:
    latest = standing.latest
    if latest is None:
        return "–"
    by = latest.created_by.get_full_name() or latest.created_by.get_username() if latest.created_by else ""
    who = by or (_("as shipped") if latest.is_shipped else "")
    return format_html('<span class="af-two">{}<span class="af-quiet">{}</span></span>', when(latest.created_at), who)


def _used(standing: Standing) -> str:
    if not standing.sent:
        return format_html('<span class="af-quiet">{}</span>', _("not sent"))
    words = ngettext("%(n)s time", "%(n)s times", standing.sent)
    return words % {"n": figure(standing.sent)}


for column in (
    Column("messaging.mail_name", SUBJECT, _("Mail"), _names, _name, ordering="name", order=10),
    Column("messaging.mail_topic", SUBJECT, _("Topic"), _topics, str, ordering="topic__name", order=20),
    Column("messaging.mail_languages", SUBJECT, _("Languages"), _standings_once, _languages, order=30),
    Column("messaging.mail_changed", SUBJECT, _("Last change"), _standings_once, _last_change, order=40),
    Column("messaging.mail_used", SUBJECT, _("Sent in 30 days"), _standings_once, _used, order=50),
):
    columns.register(column)

default_orders.register(
    DefaultOrder("messaging.mails", SUBJECT, _("by name"), lambda: [OrderedPart(Q(), ("name", "pk"))])
)

entries.register(
    Entry(
        "messaging.templates",
        _("Mail templates"),
        "drafts",
        "messaging_mailtemplate_changelist",
        "settings",
        41,
        "messaging.view_mailtemplate",
    )
)
