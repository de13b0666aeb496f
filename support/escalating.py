"""Bringing a ticket before the senior team: once a reason, its people told, the ticket left where it is.

The reasons: critical severity and whatever else a routing rule escalates; a breached service level; the third
reopening; an enterprise customer at risk; strong words in a reply; and by hand.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from agentfactory_cs.customers.conditions import Condition, facts
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.events.models import Event
from agentfactory_cs.events.services import Actor, actor_user
from agentfactory_cs.messaging.notices import write_to

from .changes import note_change
from .links import ticket_link
from .models import Escalation, Team, Ticket, TicketChange
from .routing.rules import Rule
from .sentiment import strong_words_in
from .telling import tell

Reason = Escalation.Reason
# The facts and the event by which we hear of a customer at risk; where nobody offers them, nobody is at risk.
_BAND, _PROVISIONAL = "health.band", "health.is_provisional"
_ALERT, _KIND = "health.alert_raised", "at_risk"


@transaction.atomic
def escalate_to(
    ticket: Ticket, team: Team | None = None, *, reason: str, detail: str, by: Actor = None, now: datetime
) -> Escalation | None:
    """Bring a ticket before a team (None: the senior team) for a reason; its team and assignee stay.

    None where it was brought before it for this reason already, is solved, or there is no senior team: the last is
    noted on the ticket.
    """
    row = Ticket.objects.select_for_update(of=("self",)).select_related("customer").get(pk=ticket.pk)
    if row.status not in Ticket.UNSOLVED or row.escalations.filter(reason=reason).exists():
        return None
    team = team or Team.objects.active().filter(is_senior=True).first()
    if team is None:
        words = _("Not escalated: there is no senior team. %(detail)s") % {"detail": detail}
        note_change(row, TicketChange.Kind.ESCALATED, words, data={"reason": reason}, by=by, now=now)
        return None
    escalation = Escalation.objects.create(
        ticket=row, reason=reason, detail=detail[:300], team=team, by=actor_user(by), escalated_at=now
    )
    Ticket.objects.filter(pk=row.pk).update(is_escalated=True, updated_at=now)
    ticket.is_escalated, ticket.updated_at = True, now
    _tell(row, escalation, by=by, now=now)
    return escalation


def _tell(ticket: Ticket, escalation: Escalation, *, by: Actor, now: datetime) -> None:
    """On the ticket, on the customer's timeline, and to the people of the team."""
    reason, team = str(escalation.get_reason_display()), escalation.team
    words = _("Escalated to %(team)s: %(reason)s. %(detail)s")
    words %= {"team": team, "reason": reason.lower(), "detail": escalation.detail}
    data = {"reason": escalation.reason, "team": team.key}
    note_change(ticket, TicketChange.Kind.ESCALATED, words.strip(), data=data, by=by, now=now)
    told = {"reason": escalation.reason, "why": escalation.detail, "team": team.name}
    tell(ticket, "support.ticket_escalated", told, by=by, now=now)
    subject = _("Escalated: #%(ticket)s %(subject)s") % {"ticket": ticket.pk, "subject": ticket.subject}
    for person in _people_of(team):
        write_to(
            person,
            kind="support.escalated",
            subject=subject,
            text=_letter(ticket, words),
            dedupe_key=f"support.escalated:{escalation.pk}:{person.pk}",
            now=now,
        )


def _people_of(team: Team) -> Iterable[User]:
    """Its people; where it has none, the managers: somebody hears of it."""
    members = list(User.objects.filter(support_agent__teams=team, is_active=True).order_by("pk"))
    return members or list(User.objects.filter(groups__name="CS manager", is_active=True).order_by("pk"))


def _letter(ticket: Ticket, words: str) -> str:
    customer = ticket.customer.name if ticket.customer else ticket.requester_address
    about = _("Customer: %(customer)s. Severity: %(severity)s.")
    about %= {"customer": customer, "severity": str(ticket.get_severity_display()).lower()}
    return f"{words}\n\n{about}\n{ticket_link(ticket)}\n"


def on_routed(ticket: Ticket, escalations: Sequence[tuple[Rule, str]], *, now: datetime) -> None:
    """What the rules escalate, and an enterprise customer that is at risk already."""
    for rule, words in escalations:
        reason = Reason.CRITICAL if rule.is_for_critical else Reason.RULE
        escalate_to(ticket, reason=reason, detail=f"{rule.name}: {words}", now=now)
    customer = ticket.customer
    if customer and customer.tier == Customer.Tier.ENTERPRISE and is_at_risk(customer, now):
        escalate_to(ticket, reason=Reason.AT_RISK, detail=_at_risk_words(customer), now=now)


def on_reply(ticket: Ticket, text: str, *, now: datetime) -> Escalation | None:
    """A customer wrote again; `text` is what was newly written, without what it quotes."""
    words = strong_words_in(text, ticket.language)
    if not words:
        return None
    detail = _("The customer writes: %(words)s.") % {"words": ", ".join(f"“{word}”" for word in words[:5])}
    return escalate_to(ticket, reason=Reason.SENTIMENT, detail=detail, now=now)


def on_events(events: Sequence[Event], now: datetime) -> None:
    """The consumer: the open tickets of enterprise customers that became at risk are escalated."""
    told = [event for event in events if event.trigger == _ALERT and event.data.get("kind") == _KIND]
    if not told:
        return
    of_them = Ticket.objects.unsolved().filter(customer__in={event.customer_id for event in told})
    of_them = of_them.filter(customer__tier=Customer.Tier.ENTERPRISE).exclude(escalations__reason=Reason.AT_RISK)
    for ticket in of_them.select_related("customer").order_by("pk"):
        assert ticket.customer
        escalate_to(ticket, reason=Reason.AT_RISK, detail=_at_risk_words(ticket.customer), now=now)


def is_at_risk(customer: Customer, now: datetime) -> bool:
    """By the facts of its health, where some app offers them and they rest on enough data. One query."""
    if _BAND not in facts or _PROVISIONAL not in facts:
        return False
    rows = [
        {"fact": _BAND, "operator": "in", "value": ["at_risk"]},
        {"fact": _PROVISIONAL, "operator": "no"},
    ]
    condition = Condition.from_data({"match": "all", "rows": rows})
    return condition.narrow(Customer.objects.filter(pk=customer.pk), now).exists()


def _at_risk_words(customer: Customer) -> str:
    return _("%(customer)s is at risk.") % {"customer": customer.name}
