"""Routing in the console: its page, the editor, trying a ticket, publishing; teams and agents."""

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agentfactory_cs.customers.tests.factories import make_customer, make_member
from support.models import Agent, RoutingVersion, StrongWords, Ticket
from support.routing import versions

from .desks import area, ask, make_agent, make_ticket, make_tickets, team

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def at(name: str) -> str:
    return reverse(f"admin:support_routingversion_{name}")


def words(response: Any) -> str:
    text = re.sub(r"<(script|style|template)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def written(*extra: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What a browser sends of the editor: the rules in force, changed by place (`team_0`), and more."""
    version = versions.draft() or versions.in_force()
    assert version
    rows: list[dict[str, Any]] = [
        {"active": "on", **rule, **rule.get("when", {}), "add_tags": ",".join(rule.get("add_tags", []))}
        for rule in version.definition["rules"]
    ]
    rows += [{"active": "on", **rule} for rule in extra]
    for name, value in changes.items():
        field, _underscore, number = name.rpartition("_")
        rows[int(number)][field] = value
    sent: dict[str, Any] = {
        "rules-TOTAL_FORMS": len(rows),
        "rules-INITIAL_FORMS": len(rows) - len(extra),
        "revision": version.revision if version.number is None else 0,
    }
    for place, row in enumerate(rows):
        row.pop("when", None)
        shown = {"ORDER": place + 1, **row}
        sent |= {f"rules-{place}-{name}": value for name, value in shown.items() if value not in (None, False)}
    return sent


def drafted() -> list[dict[str, Any]]:
    draft = versions.draft()
    assert draft
    return draft.definition["rules"]


class TestTheEditor:
    def test_saved_untouched_it_says_the_same(self, console: Client) -> None:
        page = console.get(at("edit"))

        console.post(at("edit"), written())

        assert 'value="Enterprise tier"' in page.content.decode()
        assert versions.checked({"rules": drafted()}) == versions.checked(versions.shipped())

    def test_rules_are_added_changed_moved_switched_off_and_taken_out(self, console: Client) -> None:
        own = {"name": "Germans", "languages": "de, pt-BR", "team": "senior", "add_tags": "vip, de", "ORDER": -1}

        console.post(at("edit"), written(own, team_0="billing", DELETE_1="on", active_3=None))

        rules = drafted()
        assert [rule["name"] for rule in rules][:3] == ["Germans", "API", "Everything else"]
        assert rules[0]["when"] == {"languages": ["de", "pt-BR"]}
        assert rules[0]["add_tags"] == ["vip", "de"]
        assert rules[1]["team"] == "billing"
        assert rules[3]["active"] is False

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"name_0": ""}, "Name: This field is required."),
            ({"name_0": "Billing"}, "two are named 'Billing'"),
            ({"languages_0": "German"}, "Languages: must be a list of language codes"),
            ({"team_0": ""}, "must do something"),
            ({"team_0": "moon"}, "moon is not one of the available choices"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_is_saved(
        self, console: Client, changes: dict[str, Any], why: str
    ) -> None:
        response = console.post(at("edit"), written(**changes))

        assert why in words(response)
        assert versions.draft() is None

    def test_two_people_do_not_overwrite_each_other(self, console: Client) -> None:
        late = written(team_0="senior")
        console.post(at("edit"), written(team_0="billing"))

        response = console.post(at("edit"), late)

        assert "Somebody has saved this draft since" in words(response)
        assert drafted()[0]["team"] == "billing"


class TestPublishing:
    def test_it_shows_where_tickets_would_have_gone_and_asks_why(self, console: Client, manager: Any) -> None:
        ask(area=area("api"))
        console.post(at("edit"), written(team_0="billing"))

        page = words(console.get(at("publish")))
        refused = console.post(at("publish"), {"reason": "", "revision": 1})
        console.post(at("publish"), {"reason": "API is now theirs.", "revision": 1})

        version = versions.in_force()
        assert version
        assert "1 of 1 would go to another team" in page
        assert "“API” does: to Billing" in page
        assert "Say in a sentence why" in words(refused)
        assert (version.number, version.published_by, version.reason) == (2, manager, "API is now theirs.")
        assert "Version 2 is in force" in words(console.get(at("changelist")))

    def test_without_a_draft_there_is_nothing_to_publish(self, console: Client) -> None:
        response = console.get(at("publish"), follow=True)

        assert "There is no draft to publish" in words(response)

    @pytest.mark.parametrize("verb", ["reset", "drop"])
    def test_the_draft_is_reset_or_discarded_on_a_posted_answer_only(self, console: Client, verb: str) -> None:
        console.post(at("edit"), written(team_0="billing"))
        address = reverse("admin:support_routingversion_act", args=(verb,))

        assert console.get(address).status_code == 405
        console.post(address)

        draft = versions.draft()
        assert draft is None if verb == "drop" else draft and draft.definition == versions.shipped()

    @pytest.mark.parametrize(
        ("role", "may_see", "may_edit"), [("Viewer", 200, 403), ("Support agent", 200, 403), ("CS manager", 200, 200)]
    )
    def test_who_may(self, role: str, may_see: int, may_edit: int, client: Client) -> None:
        client.force_login(make_member(role))
        versions.save_draft(versions.shipped(), now=versions.in_force().created_at)  # type: ignore[union-attr]

        found = [client.get(at(name)).status_code for name in ("changelist", "try", "edit", "publish")]

        assert found == [may_see, may_see, may_edit, may_edit]


class TestTryingATicket:
    def test_by_what_it_would_be_like(self, console: Client) -> None:
        make_agent("billing", first_name="Ines", languages="pt")
        told = {
            "area": "billing",
            "severity": "normal",
            "tier": "pro",
            "text": "Olá, a fatura deste mês mostra um valor errado, podem ajudar-nos?",
        }

        text = words(console.get(at("try"), told))

        assert "To Billing by the rule “Billing”." in text
        assert "Given to Ines, who speaks pt" in text
        assert "Does not fit: the area." in text
        assert not Ticket.objects.exists()

    def test_one_there_is_by_the_draft(self, console: Client) -> None:
        ticket = ask(area=area("api"))
        console.post(at("edit"), written(team_0="senior"))

        text = words(console.get(at("try") + f"?ticket={ticket.pk}&rules=draft"))

        assert "To Senior support by the rule “API”." in text

    @pytest.mark.parametrize("number", ["999999", "x", "-1", "9" * 40])
    def test_one_there_is_not(self, console: Client, number: str) -> None:
        response = console.get(at("try"), {"ticket": number})

        assert response.status_code == 200
        assert "The answer stands here" in words(response)


class TestTheDesk:
    def test_the_agents_list_says_who_is_here_and_how_much_they_have(self, console: Client) -> None:
        agent = make_agent("general", first_name="Lena", capacity=4)
        make_tickets(3, assignee=agent.user, status="open")
        make_agent("api", first_name="Pierre", is_present=False)

        text = words(console.get(reverse("admin:support_agent_changelist")))

        assert "Lena" in text
        assert "3 of 4" in text
        assert "General support" in text

    def test_it_takes_as_many_queries_for_many_as_for_one(
        self, console: Client, django_assert_max_num_queries: Any
    ) -> None:
        for _number in range(12):
            make_agent("general", "api")

        with django_assert_max_num_queries(16):
            console.get(reverse("admin:support_agent_changelist"))

    def test_their_tickets_are_given_to_others_after_a_question(self, console: Client) -> None:
        away = make_agent("general", first_name="Lena")
        tickets = [ask() for _number in range(2)]
        other = make_agent("general")
        asked = {"action": "hand_over", "_selected_action": [away.pk]}
        address = reverse("admin:support_agent_changelist")

        question = words(console.post(address, asked))
        untouched = Ticket.objects.filter(assignee=away.user).count()
        answer = words(console.post(address, {**asked, "confirmed": 1, "reason": "Ill."}, follow=True))

        assert "2 unsolved tickets go to others" in question
        assert untouched == 2
        assert "2 tickets were given to others." in answer
        assert Ticket.objects.filter(pk__in=[one.pk for one in tickets], assignee=other.user).count() == 2
        assert not Agent.objects.get(pk=away.pk).is_present

    @pytest.mark.parametrize(("verb", "is_present"), [("be_present", True), ("be_absent", False)])
    def test_presence_is_set_for_several(self, console: Client, verb: str, is_present: bool) -> None:
        agents = [make_agent("general", is_present=not is_present) for _number in range(2)]

        chosen = {"action": verb, "_selected_action": [agent.pk for agent in agents]}
        text = words(console.post(reverse("admin:support_agent_changelist"), chosen, follow=True))

        assert "2 people changed." in text
        assert Agent.objects.filter(is_present=is_present).count() == 2

    def test_a_team_that_rules_send_tickets_to_is_not_taken_from_work(self, console: Client) -> None:
        api = team("api")
        address = reverse("admin:support_team_change", args=(api.pk,))

        text = words(console.post(address, {"name": api.name, "description": ""}))

        assert "The routing rules in force send tickets to it." in text
        assert team("api").is_active

    def test_one_with_unsolved_tickets_neither(self, console: Client) -> None:
        own = type(team("api")).objects.create(key="own", name="Own")
        make_ticket(team=own, customer=make_customer())

        text = words(console.post(reverse("admin:support_team_change", args=(own.pk,)), {"name": "Own"}))

        assert "It has unsolved tickets" in text

    def test_strong_words_are_stored_in_one_form(self, console: Client) -> None:
        console.post(
            reverse("admin:support_strongwords_add"), {"language": "sv", "words": "Oacceptabelt, Advokat*,advokat*"}
        )

        assert StrongWords.objects.get(language="sv").words == ["oacceptabelt", "advokat*"]

    def test_a_word_that_fits_anything_is_refused(self, console: Client) -> None:
        response = console.post(reverse("admin:support_strongwords_add"), {"language": "sv", "words": "*"})

        assert "would fit anything" in words(response)
        assert not StrongWords.objects.filter(language="sv").exists()


def test_the_trace_of_a_ticket_names_the_version_that_judged_it() -> None:
    ticket = ask()

    routed = ticket.changes.get(kind="routed")

    assert routed.routing_version == RoutingVersion.objects.get(number=1)
