"""Changing the routing rules: drafts, publishing, trying them, playing them back."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers.tests.factories import NOW, make_customer
from support.assigning import assign_to
from support.models import RoutingVersion, Ticket
from support.routing import replay, trial, versions
from support.routing.deciding import Start
from support.routing.rules import Routing, Subject
from support.routing.sentences import Names, differences

from .desks import area, ask, make_agent, team

pytestmark = pytest.mark.django_db


def rules(*more: dict[str, Any]) -> dict[str, Any]:
    return {"rules": [*versions.shipped()["rules"], *more]}


TO_BILLING = {"name": "All to billing", "team": "billing"}


def save(definition: Any = None, **more: Any) -> RoutingVersion:
    return versions.save_draft(definition or rules(TO_BILLING), now=NOW, **more)


def publish(**more: Any) -> RoutingVersion:
    return versions.publish(**{"reason": "As agreed.", "now": NOW, **more})


class TestDrafts:
    def test_the_shipped_rules_are_in_force_after_the_migration(self) -> None:
        version = versions.in_force()

        assert version
        assert version.number == 1
        assert version.is_shipped
        assert version.definition == versions.shipped()

    def test_a_draft_changes_nothing_until_it_is_published(self) -> None:
        save()
        before = ask().team

        publish()

        assert before == team("general")
        assert ask().team == team("billing")

    @pytest.mark.parametrize(
        ("rule", "words"),
        [
            ({"name": "A", "team": "nobody"}, "rules.6.team: there is no team at work nobody; there are api, billing"),
            (
                {"name": "A", "team": "api", "when": {"areas": ["moon"]}},
                "rules.6.when.areas: there is no area moon; there are account, agents",
            ),
            ({"name": "A"}, "rules.6: must do something"),
        ],
    )
    def test_what_names_nothing_that_exists_is_refused_and_not_stored(self, rule: dict[str, Any], words: str) -> None:
        with pytest.raises(ValidationError) as refusal:
            save(rules(rule))

        assert words in refusal.value.messages[0]
        assert versions.draft() is None

    def test_nobody_overwrites_or_publishes_what_they_have_not_seen(self) -> None:
        save(revision=0)

        for late in (lambda: save(revision=0), lambda: publish(revision=7)):
            with pytest.raises(ValidationError, match="since you opened it"):
                late()

    @pytest.mark.parametrize(
        ("definition", "more", "words"),
        [(None, {"reason": " "}, "Say in a sentence why"), (versions.shipped(), {}, "says the same as version 1")],
    )
    def test_what_cannot_be_published_says_why(self, definition: Any, more: dict[str, Any], words: str) -> None:
        save(definition)

        with pytest.raises(ValidationError, match=words):
            publish(**more)

    def test_without_a_draft_there_is_nothing_to_publish_or_discard(self) -> None:
        for call in (publish, lambda: versions.drop_draft(now=NOW)):
            with pytest.raises(ValidationError, match="no draft"):
                call()

    def test_a_published_version_never_changes(self) -> None:
        version = versions.in_force()
        assert version

        with pytest.raises(IntegrityError), transaction.atomic():
            RoutingVersion.objects.filter(pk=version.pk).update(definition=rules(TO_BILLING))

    def test_there_is_one_draft_at_a_time(self) -> None:
        save()

        with pytest.raises(IntegrityError), transaction.atomic():
            RoutingVersion.objects.create(definition={}, created_at=NOW)

    def test_reset_makes_what_was_shipped_the_draft(self) -> None:
        save()

        versions.reset_to_shipped(now=NOW)

        draft = versions.draft()
        assert draft
        assert draft.definition == versions.shipped()


class TestTrying:
    def test_it_says_what_routing_then_does(self) -> None:
        make_agent("enterprise", languages="de", first_name="Lena")
        customer = make_customer(tier="enterprise")
        version = versions.in_force()

        said = trial.of_subject(Subject("api", "critical", "enterprise", "de"), Start(), version, now=NOW)
        ticket = ask(customer=customer, area=area("api"), severity="critical", language="de")

        routed = ticket.changes.get(kind="routed")
        assert said.words == routed.words
        assert said.choice.candidate
        assert ticket.assignee_id == said.choice.candidate.user
        assert said.escalations == ["Critical severity: Senior support looks at it as well."]

    def test_it_changes_nothing(self) -> None:
        make_agent("general", "billing")
        ticket, draft = ask(), save()
        before = Ticket.objects.values().get(pk=ticket.pk)

        with CaptureQueriesContext(connection) as queries:
            said = trial.of_ticket(ticket, draft, now=NOW)

        assert said.plan.team == team("billing")
        assert Ticket.objects.values().get(pk=ticket.pk) == before
        assert all(query["sql"].startswith("SELECT") for query in queries)
        assert "FOR" not in {word for query in queries for word in query["sql"].split()}


class TestPlayingBack:
    def test_it_counts_who_would_go_elsewhere(self) -> None:
        for key in ("api", "api", "agents", "billing"):
            ask(area=area(key))
        draft = save(rules({"name": "API to senior", "when": {"areas": ["api"]}, "team": "senior", "priority": "high"}))

        played = replay.replay(versions.in_force(), draft)

        assert (played.tickets, played.elsewhere, played.other_priority) == (4, 2, 2)
        assert [(one.was, one.becomes, one.tickets) for one in played.moves] == [("API support", "Senior support", 2)]
        assert {one.rule for one in played.examples} == {"API to senior"}
        assert sum(count for _team, cells in played.matrix() for count, _stays in cells) == 4

    def test_what_a_person_chose_stays_in_it_too(self) -> None:
        ticket = ask(area=area("api"))
        assign_to(ticket, team("enterprise"), by=make_agent("enterprise").user, now=NOW)

        assert replay.replay(versions.in_force(), save()).elsewhere == 0

    def test_over_the_newest_only_in_a_fixed_number_of_queries(self) -> None:
        draft = save()
        for _number in range(6):
            ask()

        with CaptureQueriesContext(connection) as few:
            played = replay.replay(versions.in_force(), draft, most=3)
        with CaptureQueriesContext(connection) as more:
            replay.replay(versions.in_force(), draft, most=6)

        assert played.tickets == 3
        assert len(few) == len(more) == 3


class TestDifferences:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"active": False}, "“API” is switched off."),
            ({"team": "billing"}, "“API” does: to Billing; it was: to API support."),
            ({"when": {"areas": ["api", "account"]}}, "“API” fits area API or Account; it was area API."),
            ({"name": "Ours"}, "“Ours” is added: area API: to API support."),
        ],
    )
    def test_they_are_told_in_sentences(self, change: dict[str, Any], words: str) -> None:
        before, after = versions.shipped(), versions.shipped()
        after["rules"][0] |= change

        told = differences(Routing.from_data(before), Routing.from_data(after), Names.known())

        assert words in told

    def test_another_order_is_one(self) -> None:
        before, after = versions.shipped(), versions.shipped()
        after["rules"].reverse()

        told = differences(Routing.from_data(before), Routing.from_data(after), Names.known())

        assert told == ["The rules stand in another order."]
