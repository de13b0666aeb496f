"""A report as a mail: HTML that mail programs show as it is meant, and a plain text that says the same.

Mail programs know tables, inline styles and background colours; templates/emails/base.html is written for them,
and css-inline puts its rules on the elements.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import css_inline
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ..addresses import customer_address, report_address
from ..models import WeeklyReport
from ..rules import AT_RISK
from . import layout
from .content import Content, Named, read
from .plain import plain
from .words import percents

# The two rows of a bar chart: shares of less than this many per cent are too thin to hold their number.
WIDE_ENOUGH = 9
# Sentences for each customer of a list: good news needs fewer. The page and the plain text have them all.
REASONS = {"falls": 2, "new_at_risk": 2, "recovered": 1, "rises": 1}

_inliner = css_inline.CSSInliner(load_remote_stylesheets=False)


@dataclass(frozen=True)
class Letter:
    """A mail ready to be sent."""

    subject: str
    text: str
    html: str


def render(report: WeeklyReport) -> Letter:
    """The report as its readers get it."""
    content = read(report.content)
    link = report_address(report.pk)
    said = subject(content)
    page = render_to_string("emails/weekly_report.html", {"subject": said, **_shown(content), "link": link})
    return Letter(said, plain(content, link), _inliner.inline(page))


def subject(content: Content) -> str:
    """What matters, before the mail is opened: "Week to 14 June: 14 % at risk (+3), average 62.4"."""
    week = date_format(layout.sunday_of(content.week), "j F")
    now = content.standing
    if now is None or not now.scored:
        return _("Customer health, week to %(week)s") % {"week": week}
    average = next(iter(layout.tiles(content)))
    values = {"week": week, "share": percents(now.share(AT_RISK))[0], "average": average.number}
    return _("Week to %(week)s: %(share)s at risk, average score %(average)s") % values


def _shown(content: Content) -> dict[str, object]:
    bands = layout.bands(content)
    return {
        "content": content,
        "whose": layout.whose(content),
        "days": layout.days_of(content.week),
        "tiles": layout.tiles(content),
        "bands": bands,
        "bars": _bars(content, bands),
        "flows": layout.flows(content),
        "stayed": layout.stayed(content),
        "lists": _lists(content),
        "renewing": [(row, customer_address(row.customer_id)) for row in content.renewing],
        "revenue": [(row, layout.money({row.currency: row.at_risk})) for row in content.revenue],
        "alerts": [(row, layout.precision(row)) for row in content.alerts],
        "measures": list(layout.measures(content)),
    }


def _lists(content: Content) -> list[tuple[layout.NamedList, list[tuple[Named, str, Sequence[str]]]]]:
    """Every list with its customers, where each leads, and why; reasons stand where a customer comes first."""
    told: set[int] = set()
    found = []
    for listed in layout.lists(content):
        rows = []
        for row in listed.rows:
            reasons = [] if row.customer_id in told else row.sentences[: REASONS[listed.key]]
            told.add(row.customer_id)
            rows.append((row, customer_address(row.customer_id), reasons))
        found.append((listed, rows))
    return found


@dataclass(frozen=True)
class Cell:
    """A piece of a bar: `width` in per cent of it."""

    mood: str
    width: float
    number: str


def _bars(content: Content, bands: list[layout.BandRow]) -> list[tuple[str, list[Cell]]]:
    """The bands as a bar a day, the week before above this week."""
    rows = [(content.before, [(row.mood, row.before or 0, row.share_before or 0.0) for row in bands])]
    rows.append((content.standing, [(row.mood, row.count, row.share) for row in bands]))
    return [
        (
            date_format(stood.day, "j M"),
            [Cell(mood, share, str(count) if share >= WIDE_ENOUGH else "") for mood, count, share in cells if count],
        )
        for stood, cells in rows
        if stood is not None and stood.scored
    ]
