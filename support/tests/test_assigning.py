"""Tickets find their team and somebody to answer them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_user
from support import assigning
from support.models import Agent, Ticket, TicketChange

from .desks import area, ask, make_agent, make_ticket, make_tickets, open_tickets_of, team

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def route(ticket: Ticket) -> assigning.Decision:
    return assigning.route_ticket(ticket, now=NOW)


def last_words(ticket: Ticket) -> str:
    newest = ticket.changes.last()
    assert newest
    return newest.words


class TestTheShippedRules:
    @pytest.mark.parametrize(
        ("tier", "key", "severity", "goes_to", "is_escalated"),
        [
            ("starter", "api", "normal", "api", False),
            ("starter", "billing", "normal", "billing", False),
            ("starter", "agents", "normal", "general", False),
            ("free", None, "low", "general", False),
            ("pro", "api", "critical", "api", True),
            ("enterprise", "api", "normal", "enterprise", False),
            ("enterprise", "billing", "critical", "enterprise", True),
            ("enterprise", None, "high", "enterprise", False),
        ],
    )
    def test_they_send_it_where_the_specification_says(
        self, tier: str, key: str | None, severity: str, goes_to: str, is_escalated: bool
    ) -> None:
        customer = make_customer(tier=tier)

        ticket = ask(customer=customer, area=area(key) if key else None, severity=severity)

        assert ticket.team
        assert ticket.team.key == goes_to
        assert ticket.is_escalated is is_escalated
        assert ticket.escalations.filter(reason="critical").exists() is is_escalated

    def test_a_stranger_of_whom_nothing_is_known_goes_to_who_takes_the_rest(self) -> None:
        ticket = make_ticket()

        route(ticket)

        assert ticket.team == team("general")

    @pytest.mark.parametrize(("severity", "priority"), [("low", 2), ("normal", 2), ("high", 3), ("critical", 4)])
    def test_what_is_severe_is_worked_first(self, severity: str, priority: int) -> None:
        ticket = make_ticket(severity=severity)

        route(ticket)

        assert ticket.priority == priority


class TestWhoGetsIt:
    def test_the_least_loaded_who_speaks_the_language(self) -> None:
        busy, free = make_agent("general", languages="de"), make_agent("general", languages="de en")
        make_agent("general", languages="fr")
        make_tickets(2, assignee=busy.user, status="open")

        ticket = ask(language="de")

        assert ticket.assignee == free.user

    def test_of_equally_loaded_ones_whoever_has_been_given_nothing_for_longest(self) -> None:
        make_agent("general", last_assigned_at=NOW - timedelta(hours=1))
        longest = make_agent("general", last_assigned_at=NOW - timedelta(hours=2))
        ticket = make_ticket()

        route(ticket)

        assert ticket.assignee == longest.user

    def test_a_regional_form_is_understood(self) -> None:
        agent = make_agent("general", languages="pt")

        assert ask(language="pt-BR").assignee == agent.user

    def test_waiting_and_solved_tickets_are_no_load(self) -> None:
        agent = make_agent("general", capacity=1)
        make_ticket(assignee=agent.user, status="pending")
        make_ticket(assignee=agent.user, status="resolved", resolved_at=NOW)

        assert ask().assignee == agent.user

    @pytest.mark.parametrize(
        "fields",
        [
            {"is_present": False},
            {"away_until": TODAY + timedelta(days=1)},
        ],
    )
    def test_nobody_who_is_away(self, fields: dict[str, Any]) -> None:
        make_agent("general", **fields)

        ticket = ask()

        assert ticket.assignee is None
        assert "nobody of General support is taking tickets" in last_words(ticket)

    def test_who_comes_back_today_is_here(self) -> None:
        agent = make_agent("general", away_until=TODAY)

        assert ask().assignee == agent.user

    def test_nobody_whose_account_is_closed(self) -> None:
        agent = make_agent("general")
        type(agent.user).objects.filter(pk=agent.user_id).update(is_active=False)

        assert ask().assignee is None

    def test_who_has_no_room_gets_nothing_more(self) -> None:
        agent = make_agent("general", capacity=2)

        tickets = [ask() for _number in range(3)]

        assert [ticket.assignee for ticket in tickets] == [agent.user, agent.user, None]
        assert "have no room" in last_words(tickets[-1])

    def test_who_speaks_it_in_another_team_where_nobody_of_the_own_does(self) -> None:
        make_agent("general", languages="en")
        other = make_agent("api", languages="de")

        ticket = ask(language="de")

        assert ticket.team == team("general")
        assert ticket.assignee == other.user
        assert "of another team" in last_words(ticket)

    def test_it_waits_for_who_speaks_it_in_the_own_team_where_they_have_no_room(self) -> None:
        full = make_agent("general", languages="de", capacity=1)
        make_ticket(assignee=full.user, status="open")
        make_agent("api", languages="de")

        assert ask(language="de").assignee is None

    def test_nobody_where_nobody_speaks_it(self) -> None:
        make_agent("general", languages="en")

        ticket = ask(language="sw")

        assert ticket.assignee is None
        assert "nobody who is here speaks sw" in last_words(ticket)

    def test_whose_languages_nobody_entered_speaks_the_companys(self) -> None:
        agent = make_agent("general", languages="")

        assert ask(language="en").assignee == agent.user
        assert ask(language="fr").assignee is None

    @pytest.mark.parametrize(
        ("language", "text"),
        [
            ("en", "Hello, since this morning our agents answer nothing at all any more. What can we do?"),
            ("de", "Guten Tag, seit heute Morgen antworten unsere Agenten überhaupt nicht mehr."),
            ("fr", "Bonjour, nos agents ne répondent plus depuis ce matin, pouvez-vous nous aider ?"),
            ("es", "Hola, nuestros agentes dejaron de responder esta mañana. ¿Pueden ayudarnos, por favor?"),
            ("pt", "Olá, os nossos agentes deixaram de responder hoje de manhã, podem ajudar-nos?"),
            ("it", "Buongiorno, i nostri agenti non rispondono più da stamattina, potete aiutarci?"),
        ],
    )
    def test_a_ticket_reaches_somebody_who_speaks_its_language(self, language: str, text: str) -> None:
        speaking = {one: make_agent("general", languages=one) for one in ("en", "de", "fr", "es", "pt", "it")}

        ticket = ask(text, subject=text[:40])

        assert ticket.language == language
        assert ticket.assignee == speaking[language].user


class TestTheTrace:
    def test_it_says_rule_by_rule_what_fitted_and_what_was_set(self) -> None:
        ticket = ask(customer=make_customer(tier="enterprise"), area=area("api"))

        routed = ticket.changes.get(kind="routed")

        verdicts = {step["name"]: (step["verdict"], step.get("given", {})) for step in routed.data["rules"]}
        assert verdicts["API"] == ("matched", {"team": "api"})
        assert verdicts["Billing"] == ("missed", {})
        assert verdicts["Enterprise tier"] == ("matched", {"team": "enterprise"})
        assert routed.data["team_by"] == 6
        assert routed.routing_version
        assert "“Enterprise tier”" in routed.words


def test_routing_takes_as_many_queries_among_many_people_as_among_few() -> None:
    make_agent("general")
    first, second = make_ticket(), make_ticket()
    with CaptureQueriesContext(connection) as few:
        route(first)
    for _number in range(12):
        make_agent("general", "api")

    with CaptureQueriesContext(connection) as many:
        route(second)

    assert len(many) == len(few) <= 14


class TestWhatAPersonChose:
    def test_it_stays_when_the_ticket_is_routed_again(self) -> None:
        make_agent("general")
        mine, ticket = make_agent("api", capacity=1), ask()

        assigning.assign_to(ticket, team("billing"), agent=mine, by=mine.user, now=NOW)
        route(ticket)

        assert ticket.assignee == mine.user
        assert ticket.team == team("billing")

    def test_it_may_be_more_than_somebody_takes(self) -> None:
        agent = make_agent("general", capacity=1)
        ask()
        ticket = make_ticket()

        assigning.assign_to(ticket, team("general"), agent=agent, by=agent.user, now=NOW)

        assert open_tickets_of(agent) == 2

    def test_the_team_stays_and_somebody_of_it_is_found(self) -> None:
        ticket, agent = ask(), make_agent("billing")

        assigning.assign_to(ticket, team("billing"), by=make_user(), now=NOW)
        route(ticket)

        assert ticket.team == team("billing")
        assert ticket.assignee == agent.user
        assert not ticket.assigned_by_hand

    def test_the_address_it_was_sent_to_counts_as_much(self) -> None:
        ticket = ask(team=team("billing"), area=area("api"))

        assert ticket.team == team("billing")

    def test_who_has_it_by_routing_keeps_it_within_the_team(self) -> None:
        first, ticket = make_agent("general"), ask()
        make_agent("general")

        route(ticket)

        assert ticket.assignee == first.user

    def test_solved_tickets_are_given_to_nobody(self) -> None:
        ticket = make_ticket(status="resolved", resolved_at=NOW)

        with pytest.raises(ValidationError, match="resolved"):
            route(ticket)

    def test_a_team_that_is_not_at_work_gets_none(self) -> None:
        ticket, billing = make_ticket(), team("billing")
        billing.is_active = False

        with pytest.raises(ValidationError, match="not at work"):
            assigning.assign_to(ticket, billing, now=NOW)

        assert not ticket.changes.exists()

    def test_released_it_waits_until_it_is_handed_out(self) -> None:
        agent, ticket = make_agent("general"), ask()

        assigning.release(ticket, by=agent.user, now=NOW)
        assert ticket.assignee is None
        assigning.hand_out(now=NOW)

        ticket.refresh_from_db()
        assert ticket.assignee == agent.user


class TestHandingOut:
    def test_what_waits_goes_to_who_has_become_free(self) -> None:
        ticket = ask()
        agent = make_agent("general")

        handed = assigning.hand_out(now=NOW)

        ticket.refresh_from_db()
        assert handed.given == 1
        assert ticket.assignee == agent.user
        assert last_words(ticket).startswith("Given to")

    def test_the_most_urgent_first_and_no_more_than_there_is_room_for(self) -> None:
        make_agent("general", capacity=2)
        general = team("general")
        rows = [make_ticket(team=general, priority=priority) for priority in (1, 4, 2, 3)]

        assigning.hand_out(now=NOW)

        given = Ticket.objects.exclude(assignee=None).values_list("pk", flat=True)
        assert set(given) == {rows[1].pk, rows[3].pk}

    def test_what_nobody_can_answer_holds_up_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(assigning, "BATCH", 5)
        agent = make_agent("general")
        make_tickets(5, team=team("general"), language="sw", priority=4)
        ticket = make_ticket(team=team("general"))

        assigning.hand_out(now=NOW)

        ticket.refresh_from_db()
        assert ticket.assignee == agent.user

    def test_it_takes_the_same_number_of_queries_for_one_and_for_many(self) -> None:
        for _number in range(5):
            make_agent("general", capacity=50)
        make_ticket(team=team("general"))
        with CaptureQueriesContext(
            connection,
        ) as one:
            assigning.hand_out(now=NOW)
        make_tickets(60, team=team("general"))

        with CaptureQueriesContext(connection) as many:
            assigning.hand_out(now=NOW)

        assert len(many) == len(one)
        assert not Ticket.objects.filter(assignee=None).exists()


class TestReassigning:
    def test_tickets_of_somebody_who_is_away_stay_until_a_lead_gives_them_to_others(self) -> None:
        away = make_agent("general", username="away")
        tickets = [ask() for _number in range(3)]
        Agent.objects.filter(pk=away.pk).update(is_present=False)
        others = [make_agent("general") for _number in range(2)]
        lead = make_user()
        assigning.hand_out(now=NOW)
        assert open_tickets_of(away) == 3

        handed = assigning.reassign([one.pk for one in tickets], by=lead, reason="Ill.", now=NOW)

        assert handed.given == 3
        assert sorted(map(open_tickets_of, others)) == [1, 2]
        assert TicketChange.objects.filter(kind="assigned", by=lead, words__endswith="Ill.").count() == 3

    def test_to_one_person_it_says_what_was_left(self) -> None:
        agent = make_agent("general")
        mine = make_ticket(assignee=agent.user)
        solved = make_ticket(status="closed", closed_at=NOW)
        other = make_ticket()

        handed = assigning.reassign([mine.pk, solved.pk, other.pk], agent=agent, by=agent.user, now=NOW)

        other.refresh_from_db()
        assert handed == assigning.Handed(1, {"solved": 1, "theirs already": 1})
        assert other.assigned_by_hand


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_200_tickets_from_8_connections_overload_nobody_and_touch_nothing_done_by_hand(self) -> None:
        agents = [make_agent("general", "api", capacity=capacity) for capacity in (7, 15, 30, 40, 60)]
        agents += [make_agent("billing", languages="de", capacity=9)]
        by_hand = make_tickets(10, team=team("general"), assignee=agents[0].user, assigned_by_hand=True, status="open")
        tickets = make_tickets(160, area=area("agents")) + make_tickets(30, area=area("api"), language="de")
        asked = [*tickets, *by_hand]

        with ThreadPoolExecutor(8) as workers:
            list(workers.map(_route_apart, asked))

        for agent in agents[1:]:
            assert open_tickets_of(agent) <= agent.capacity
        assert open_tickets_of(agents[0]) == 10  # full by hand: 10 of 7
        assert sum(map(open_tickets_of, agents[1:])) == 15 + 30 + 40 + 60 + 9
        kept = Ticket.objects.filter(pk__in=[one.pk for one in by_hand], assignee=agents[0].user, assigned_by_hand=True)
        assert kept.count() == 10

    def test_handing_out_and_routing_at_once_overload_nobody_either(self) -> None:
        agents = [make_agent("general", capacity=10), make_agent("general", "api", capacity=10)]
        waiting = make_tickets(30, team=team("general"))

        with ThreadPoolExecutor(8) as workers:
            jobs = [workers.submit(_hand_out_apart) for _number in range(4)]
            jobs += [workers.submit(_route_apart, ticket) for ticket in waiting]
            for job in jobs:
                job.result()

        assert [open_tickets_of(agent) for agent in agents] == [10, 10]


def _route_apart(ticket: Ticket) -> None:
    try:
        route(ticket)
    finally:
        connection.close()


def _hand_out_apart() -> None:
    try:
        assigning.hand_out(now=NOW)
    finally:
        connection.close()
