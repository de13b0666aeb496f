"""A report as plain text: everything the HTML says, for readers without pictures."""

from collections.abc import Iterator

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agentfactory_cs.console.templatetags.console import figure, signed

from . import layout
from .content import Content, Named


def plain(content: Content, link: str) -> str:
    """Lines of at most a sentence, headed and underlined; the page's address at the end."""
    lines = [_("%(whose)s, week of %(days)s") % {"whose": layout.whose(content), "days": layout.days_of(content.week)}]
    lines += ["=" * len(lines[0]), ""]
    lines += [f"* {sentence}" for sentence in content.sentences or [content.nothing]]
    if content.standing:
        for title, part in _parts(content):
            lines += ["", title, "-" * len(title), *part]
    lines += ["", _("With pictures and the weeks before: %(link)s") % {"link": link}, ""]
    return "\n".join(lines)


def _parts(content: Content) -> Iterator[tuple[str, list[str]]]:
    """Heading and lines of each part that has any."""
    parts = (
        (_("At a glance"), [f"{one.label}: {one.number} {one.unit} ({one.change})" for one in layout.tiles(content)]),
        (_("Bands"), list(_bands(content))),
        (_("Who moved"), list(_flows(content))),
        *((listed.title, list(_named(listed))) for listed in layout.lists(content)),
        (_("Monthly revenue at risk"), list(_revenue(content))),
        (_("Renewals of customers at risk"), list(_renewals(content))),
        (_("Alerts"), list(_alerts(content))),
        (_("Key figures"), list(_measures(content))),
    )
    yield from ((title, lines) for title, lines in parts if lines)


def _bands(content: Content) -> Iterator[str]:
    for row in layout.bands(content):
        before = "" if row.before is None else _(", before %(n)s") % {"n": figure(row.before)}
        yield f"{row.label}: {figure(row.count)} ({figure(row.share, 1)} %){before}"
    now = content.standing
    if now and (now.unscored or now.provisional):
        words = _("without data: %(unscored)s; with little data: %(provisional)s")
        yield words % {"unscored": figure(now.unscored), "provisional": figure(now.provisional)}


def _flows(content: Content) -> Iterator[str]:
    for flow in layout.flows(content):
        yield f"{flow.origin} → {flow.target}: {figure(flow.customers)}"
    if content.flows:
        yield _("where they were: %(n)s") % {"n": figure(layout.stayed(content))}


def _named(listed: layout.NamedList) -> Iterator[str]:
    if not listed.rows:
        yield listed.empty
    for row in listed.rows:
        yield _line(row)
        yield from (f"    {sentence}" for sentence in row.sentences)
    if listed.rest:
        yield _("and %(n)s more") % {"n": figure(listed.rest)}


def _line(row: Named) -> str:
    before = "" if row.before is None else f" ({signed(row.change, 1)}, {_('before')} {row.before})"
    facts = [row.tier, row.owner or _("nobody's"), layout.money(row.revenue)]
    if row.provisional:
        facts.append(_("little data"))
    return f"* {row.name}: {row.score}{before} · {' · '.join(facts)}"


def _revenue(content: Content) -> Iterator[str]:
    for row in content.revenue:
        before = "" if row.before is None else _(", before %(n)s") % {"n": figure(float(row.before))}
        values = {"now": layout.money({row.currency: row.at_risk}), "all": figure(float(row.everybody))}
        yield _("%(now)s of %(all)s") % values + before


def _renewals(content: Content) -> Iterator[str]:
    for spell in content.renewals:
        values = {"days": spell.within_days, "n": figure(spell.contracts), "money": layout.money(spell.revenue)}
        yield _("within %(days)s days: %(n)s contracts, %(money)s a month") % values
    for row in content.renewing:
        paid = layout.money({row.currency: row.mrr})
        owner, day = row.owner or _("nobody's"), date_format(row.renews_on, "DATE_FORMAT")
        yield f"* {day}: {row.name} ({row.score}), {paid}, {owner}"


def _alerts(content: Content) -> Iterator[str]:
    for row in content.alerts:
        values = {"raised": figure(row.raised), "open": figure(row.open)}
        yield f"{row.label}: " + _("%(raised)s raised this week, %(open)s open") % values + f". {layout.precision(row)}"


def _measures(content: Content) -> Iterator[str]:
    for row in layout.measures(content):
        yield f"{row.label}: {row.number} ({_('before')} {row.before}, {row.change})"
