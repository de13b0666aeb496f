"""Tickets are brought before the senior team: once a reason, and somebody hears of it."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_member
from agentfactory_cs.events.consumers import consumers
from agentfactory_cs.events.models import Event
from agentfactory_cs.events.services import record
from agentfactory_cs.messaging.models import Notice
from support import sentiment, threads
from support.assigning import route_ticket
from support.escalating import escalate_to, is_at_risk
from support.models import Escalation, StrongWords, Team, Ticket
from support.writing import Written

from .desks import area, ask, make_agent, make_ticket, team

pytestmark = pytest.mark.django_db
Reason = Escalation.Reason


def escalate(ticket: Ticket, reason: str = Reason.HAND, **more: Any) -> Escalation | None:
    return escalate_to(ticket, reason=reason, detail="Look at it.", now=NOW, **more)


@pytest.fixture
def senior() -> Any:
    return make_agent("senior", username="sena", email="sena@example.com", languages="en").user


def test_its_people_hear_of_it_and_the_ticket_stays_where_it_is(senior: Any) -> None:
    ticket = ask()
    before = (ticket.team, ticket.assignee)

    escalate(ticket)

    ticket.refresh_from_db()
    notice = Notice.objects.get(recipient=senior)
    assert (ticket.team, ticket.assignee) == before
    assert ticket.is_escalated
    assert f"#{ticket.pk}" in notice.subject
    assert f"/admin/support/ticket/{ticket.pk}/change/" in notice.text
    assert ticket.changes.filter(kind="escalated", words__contains="Look at it.").exists()
    assert Event.objects.filter(trigger="support.ticket_escalated", data__ticket=ticket.pk).count() == 1


def test_once_a_reason(senior: Any) -> None:
    ticket = ask()

    found = [escalate(ticket, reason) for reason in (Reason.HAND, Reason.HAND, Reason.BREACH)]

    assert [one is not None for one in found] == [True, False, True]
    assert Notice.objects.filter(recipient=senior).count() == 2


def test_the_database_keeps_it_so() -> None:
    first = escalate(make_ticket())
    assert first

    with pytest.raises(IntegrityError), transaction.atomic():
        Escalation.objects.create(
            ticket=first.ticket, reason=first.reason, detail="x", team=first.team, escalated_at=NOW
        )


def test_without_anybody_in_the_senior_team_the_managers_hear_of_it() -> None:
    manager = make_member("CS manager", email="mia@example.com")

    escalate(make_ticket())

    assert Notice.objects.get().recipient == manager


def test_without_a_senior_team_it_is_said_on_the_ticket() -> None:
    Team.objects.filter(is_senior=True).update(is_senior=False)
    ticket = make_ticket()

    assert escalate(ticket) is None

    assert "there is no senior team" in ticket.changes.get(kind="escalated").words


def test_solved_tickets_are_left_alone() -> None:
    assert escalate(make_ticket(status="resolved", resolved_at=NOW)) is None


class TestStrongWords:
    @pytest.mark.parametrize(
        ("language", "text", "found"),
        [
            ("en", "This is UNACCEPTABLE.", ["unacceptable"]),
            ("en", "We will  cancel our\ncontract.", ["cancel our contract"]),
            ("en", "An acceptable answer, thank you.", []),
            ("de", "Das ist eine Frechheit, wir sprechen mit dem Anwalt.", ["frechheit", "anwalt"]),
            ("de", "Unverschämtheit!", ["unverschämtheit"]),
            ("fr", "C'est scandaleux et inacceptable.", ["scandaleux", "inacceptable"]),
            ("de", "This is ridiculous.", ["ridiculous"]),
            ("es", "Gracias por todo.", []),
        ],
    )
    def test_they_are_found_as_words(self, language: str, text: str, found: list[str]) -> None:
        hits = [" ".join(hit.split()) for hit in sentiment.strong_words_in(text, language)]

        assert hits == found

    def test_a_reply_with_one_escalates_its_ticket(self) -> None:
        ticket = ask(language="en")

        threads.customer_wrote(ticket, Written("This is ridiculous, I want to speak to a manager."), now=NOW)

        escalation = ticket.escalations.get()
        assert escalation.reason == Reason.SENTIMENT
        assert "“ridiculous”, “speak to a manager”" in escalation.detail

    def test_a_calm_one_does_not(self) -> None:
        ticket = ask(language="en")

        threads.customer_wrote(ticket, Written("Thank you, here is the log.", quoted="ridiculous"), now=NOW)

        assert not ticket.escalations.exists()

    def test_the_list_is_the_consoles(self) -> None:
        StrongWords.objects.all().delete()
        StrongWords.objects.create(language="en", words=["pineapple*"])

        assert sentiment.strong_words_in("Ridiculous pineapples!", "en") == ["pineapples"]


class TestAtRisk:
    def test_nobody_without_a_score(self) -> None:
        assert not is_at_risk(make_customer(tier="enterprise"), NOW)

    def test_when_the_alert_comes_the_open_tickets_of_enterprise_customers_follow(self) -> None:
        customer, other = make_customer(tier="enterprise"), make_customer(tier="pro")
        ticket, solved = ask(customer=customer), make_ticket(customer=customer, status="closed", closed_at=NOW)
        ask(customer=other)
        told = {"alert": 1, "kind": "at_risk", "title": "At risk", "score": 40, "before": 60, "why": "Fell."}
        for one in (customer, other):
            record("health.alert_raised", one, told, now=NOW)

        for _twice in range(2):
            consumers.get("support.escalating").handle(list(Event.objects.select_related("customer")), NOW)

        assert list(Escalation.objects.values_list("ticket", "reason")) == [(ticket.pk, "at_risk")]
        assert not solved.escalations.exists()

    def test_other_alerts_are_no_reason(self) -> None:
        customer = make_customer(tier="enterprise")
        ticket = ask(customer=customer)
        told = {"alert": 1, "kind": "drop", "title": "Fell", "score": 60, "before": 80, "why": "Fell."}
        record("health.alert_raised", customer, told, now=NOW)

        consumers.get("support.escalating").handle(list(Event.objects.select_related("customer")), NOW)

        assert not ticket.escalations.exists()


def test_a_critical_ticket_of_an_area_is_escalated_once_though_it_is_routed_again(senior: Any) -> None:
    ticket = ask(area=area("api"), severity="critical")

    route_ticket(ticket, now=NOW)

    assert ticket.escalations.count() == 1
    assert ticket.team == team("api")
