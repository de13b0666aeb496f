"""The lists of articles and canned replies, and their lines in the sidebar."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Column, DefaultOrder, Entry, OrderedPart, columns, default_orders, entries
from agentfactory_cs.console.templatetags.console import figure, when

from ..knowledge.standing import Standing, standings
from ..models import Article

SUBJECT = "support.Article"
_STATES = {"draft": "af-chip-none", "published": "af-chip-good", "retired": "af-chip-plain"}


def _things(things: Sequence[Article], now: datetime) -> Mapping[Any, Article]:
    _standings_once(things, now)
    return {thing.pk: thing for thing in things}


def _standings_once(things: Sequence[Article], now: datetime) -> Mapping[Any, Standing]:
    """Several columns show parts of the same standings: they are read for the first of them."""
    if things and not hasattr(things[0], "standing"):
        found = standings([thing.pk for thing in things], now)
        for thing in things:
            thing.standing = found[thing.pk]  # type: ignore[attr-defined]
    return {thing.pk: thing.standing for thing in things}  # type: ignore[attr-defined]


def title_of(titles: Mapping[str, str], slug: str) -> str:
    return titles.get("en") or next(iter(titles.values()), slug)


def _name(article: Article) -> str:
    title = title_of(article.standing.titles, article.slug)  # type: ignore[attr-defined]
    area = article.area.name if article.area else _("no area")
    quiet = f"{article.get_kind_display()} · {area}"
    flag = ""
    if article.needs_update_because:
        flag = format_html('<span class="af-warn">{}</span>', article.needs_update_because)
    words = '<span class="af-list-words"><span class="af-name">{}</span><span class="af-quiet">{}</span>{}</span>'
    return format_html(words, title, quiet, flag)


def _state(article: Article) -> str:
    chip = format_html(
        '<span class="af-chip {}">{}</span>', _STATES[article.state], article.get_state_display().lower()
    )
    if article.from_ticket_id and article.state == Article.State.DRAFT:
        return format_html('{} <span class="af-quiet">#{}</span>', chip, article.from_ticket_id)
    return chip


def _languages(standing: Standing) -> str:
    return ", ".join(standing.titles) or format_html('<span class="af-bad">{}</span>', _("no words yet"))


def _helped(standing: Standing) -> str:
    if standing.helpful_percent is None:
        return format_html('<span class="af-quiet">{}</span>', _("nobody said"))
    of = _("%(helped)s of %(judged)s") % {"helped": figure(standing.helped), "judged": figure(standing.judged)}
    kind = "af-bad" if standing.helpful_percent < 50 and standing.judged >= 5 else ""
    return format_html(
        '<span class="af-two"><b class="{}">{} %</b><span class="af-quiet">{}</span></span>',
        kind,
        standing.helpful_percent,
        of,
    )


def _used(standing: Standing) -> str:
    if not standing.sent and not standing.used:
        return format_html('<span class="af-quiet">{}</span>', _("not yet"))
    sent = _("%(n)s automatically") % {"n": figure(standing.sent)}
    used = _("%(n)s by us") % {"n": figure(standing.used)}
    return format_html('<span class="af-two">{}<span class="af-quiet">{}</span></span>', used, sent)


def _changed(standing: Standing) -> str:
    return when(standing.changed_at) if standing.changed_at else "–"


for column in (
    Column("support.article_name", SUBJECT, _("Article"), _things, _name, ordering="slug", order=10),
    Column("support.article_state", SUBJECT, _("State"), _things, _state, ordering="state", order=20),
    Column("support.article_languages", SUBJECT, _("Languages"), _standings_once, _languages, order=30),
    Column("support.article_helped", SUBJECT, _("Helped, 90 days"), _standings_once, _helped, order=40),
    Column("support.article_used", SUBJECT, _("In answers, 90 days"), _standings_once, _used, order=50),
    Column("support.article_changed", SUBJECT, _("Last change"), _standings_once, _changed, order=60),
):
    columns.register(column)

default_orders.register(
    DefaultOrder(
        "support.articles",
        SUBJECT,
        _("what needs a look first"),
        lambda: [
            OrderedPart(~Q(needs_update_because=""), ("slug",)),
            OrderedPart(Q(needs_update_because="", state="draft"), ("-pk",)),
            OrderedPart(Q(needs_update_because="") & ~Q(state="draft"), ("slug",)),
        ],
    )
)


def _to_look_at(request: HttpRequest) -> Any:
    return Article.objects.exclude(needs_update_because="").filter(state=Article.State.PUBLISHED)


entries.register(
    Entry(
        "support.articles",
        _("Knowledge base"),
        "menu_book",
        "support_article_changelist",
        "settings",
        45,
        "support.view_article",
        waiting=_to_look_at,
    )
)
entries.register(
    Entry(
        "support.canned",
        _("Canned replies"),
        "quickreply",
        "support_cannedreply_changelist",
        "settings",
        46,
        "support.view_cannedreply",
    )
)
entries.register(
    Entry(
        "support.answering",
        _("Automatic answers"),
        "smart_toy",
        "support_answeringsettings_changelist",
        "settings",
        47,
        "support.view_answeringsettings",
    )
)


def words_address(pk: int, language: str = "") -> str:
    address = reverse("admin:support_article_words", args=(pk,))
    return f"{address}?language={language}" if language else address
