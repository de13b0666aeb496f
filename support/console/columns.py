"""The columns of the queues."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Column, columns
from agentfactory_cs.console.templatetags.console import when

from ..last_words import LastWords, last_words
from ..levels.running import running
from ..models import Ticket
from ..models.ticket import Severity
from ..templatetags.desk import countdown
from .health import health_chips

SUBJECT = "support.Ticket"
_TWO = '<span class="af-two"><span>{}</span><span class="af-quiet">{}</span></span>'
_SEVERE: Mapping[str, str] = {Severity.CRITICAL: "bad", Severity.HIGH: "warn"}


def _themselves(tickets: Sequence[Ticket], now: datetime) -> Mapping[int, Ticket]:
    return {ticket.pk: ticket for ticket in tickets}


def _with_words(tickets: Sequence[Ticket], now: datetime) -> Mapping[int, tuple[Ticket, LastWords | None]]:
    said = last_words([ticket.pk for ticket in tickets])
    return {ticket.pk: (ticket, said.get(ticket.pk)) for ticket in tickets}


def _with_health(tickets: Sequence[Ticket], now: datetime) -> Mapping[int, tuple[Ticket, str]]:
    chips = health_chips(list({one.customer_id: one.customer for one in tickets if one.customer}.values()), now)
    return {ticket.pk: (ticket, chips.get(ticket.customer_id or 0, "")) for ticket in tickets}


def _subject(loaded: tuple[Ticket, LastWords | None]) -> str:
    ticket, said = loaded
    words = '<span class="sd-cell"><span class="af-name"><span class="sd-number">#{}</span> {}</span>{}</span>'
    return format_html(words, ticket.pk, ticket.subject, _last(said) if said else "")


def _last(said: LastWords) -> str:
    words = '<span class="af-quiet sd-last sd-by-{}" title="{}"><b>{}:</b> {}</span>'
    return format_html(words, said.kind, said.beginning, said.author, said.beginning)


def _customer(loaded: tuple[Ticket, str]) -> str:
    ticket, chip = loaded
    if ticket.customer is None:
        return format_html(_TWO, ticket.requester_name or ticket.requester_address, _now("no customer"))
    words = '<span class="af-two"><span class="af-name">{}</span><span class="af-quiet">{} {}</span></span>'
    return format_html(words, ticket.customer.name, ticket.customer.get_tier_display(), chip)


def _state(ticket: Ticket) -> str:
    severe = format_html(
        '<span class="af-{}">{}</span>', _SEVERE.get(ticket.severity, "quiet"), ticket.get_severity_display()
    )
    if ticket.is_escalated:
        words = _now("Escalated")
        icon = '<span class="material-symbols-outlined sd-mark af-bad" title="{}" aria-label="{}">priority_high</span>'
        severe = format_html("{} {}", severe, format_html(icon, words, words))
    return format_html('<span class="af-two"><span>{}</span><span>{}</span></span>', state_words(ticket), severe)


def state_words(ticket: Ticket) -> str:
    """Short enough for a cell."""
    return _now("Waiting") if ticket.status == Ticket.Status.PENDING else str(ticket.get_status_display())


def _who(ticket: Ticket) -> str:
    team = ticket.team.name if ticket.team else _now("no team")
    if ticket.assignee is None:
        return format_html(_TWO, format_html('<span class="af-warn">{}</span>', _now("nobody")), team)
    return format_html(_TWO, ticket.assignee.get_full_name() or ticket.assignee.get_username(), team)


def _due(ticket: Ticket) -> str:
    following = next(iter(running(ticket)), None)
    if following is None:
        return "–"
    return format_html(_TWO, countdown(following), following.clock.words)


_COLUMNS: Sequence[tuple[str, Any, Any, Any, str | None]] = (
    ("subject", _("Ticket"), _with_words, _subject, None),
    ("due", _("Due next"), _themselves, _due, "due_at"),
    ("customer", _("Customer"), _with_health, _customer, None),
    ("state", _("Status"), _themselves, _state, None),
    ("who", _("Assignee"), _themselves, _who, None),
    ("age", _("Opened"), _themselves, lambda ticket: when(ticket.created_at), "created_at"),
)
for place, (key, title, load, render, ordering) in enumerate(_COLUMNS):
    columns.register(Column(f"support.{key}", SUBJECT, title, load, render, ordering=ordering, order=place))
