"""Tickets over REST, as an integration works with them."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer
from agentfactory_cs.events.models import Event
from support.models import Attachment, Message, Ticket

from .desks import ask, make_agent, make_ticket, make_tickets

ASKED = {"subject": "Agents stop at night", "text": "Since Monday our agents stop answering at about two o'clock."}


def ids(response: Any) -> list[int]:
    return [row["id"] for row in response.json()["results"]]


def opened(api: ApiClient, **fields: Any) -> Any:
    return api.post("tickets/", {**ASKED, "customer": make_customer().pk, **fields})


class TestOpening:
    def test_a_ticket_is_opened_with_message_language_clocks_team_and_event(self, api: ApiClient) -> None:
        customer = make_customer(external_id="t-1", tier="pro", language="de")

        answer = api.post(
            "tickets/",
            {
                **ASKED,
                "customer_external_id": "t-1",
                "area": "api",
                "severity": "high",
                "tags": ["night"],
                "external_id": "zd-1",
            },
        )

        ticket = Ticket.objects.get()
        told = answer.json()
        assert (answer.status_code, answer["ETag"]) == (201, f'"{ticket.lock_version}"')
        assert answer["Location"].endswith(f"/api/v1/tickets/{ticket.pk}/")
        assert (told["customer"], told["area"], told["team"], told["severity"]) == (customer.pk, "api", "api", "high")
        assert (told["language"], told["language_source"], told["tags"]) == ("en", "detected", ["night"])
        assert (told["status"], told["channel"], told["external_id"]) == ("new", "api", "zd-1")
        assert ticket.first_response_due_at
        assert told["first_response_due_at"] == ticket.first_response_due_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert [message.text for message in ticket.messages.all()] == [ASKED["text"]]
        assert Event.objects.filter(trigger="support.ticket_opened", customer=customer).count() == 1

    def test_a_contact_names_its_customer_and_an_address_its_contact(self, api: ApiClient) -> None:
        contact = make_contact(make_customer(), email="Ada@northwind.example", name="Ada")

        by_contact = api.post("tickets/", {**ASKED, "contact": contact.pk}).json()
        by_address = api.post("tickets/", {**ASKED, "requester_address": "ada@northwind.example"}).json()

        for told in (by_contact, by_address):
            assert (told["customer"], told["contact"], told["requester_name"]) == (
                contact.customer_id,
                contact.pk,
                "Ada",
            )
        assert by_contact["requester_address"] == "Ada@northwind.example"

    def test_an_address_of_contacts_of_two_customers_is_a_strangers(self, api: ApiClient) -> None:
        for _each in range(2):
            make_contact(make_customer(), email="both@example.com")

        told = api.post("tickets/", {**ASKED, "requester_address": "both@example.com"}).json()

        assert (told["customer"], told["contact"], told["requester_address"]) == (None, None, "both@example.com")

    @pytest.mark.parametrize(
        ("fields", "errors"),
        [
            ({"subject": ""}, {"subject": "blank"}),
            ({"text": " "}, {"text": "blank"}),
            ({"customer": 999_999}, {"customer": "does_not_exist"}),
            ({"customer": None}, {"requester_address": "invalid"}),
            ({"area": "cooking"}, {"area": "does_not_exist"}),
            ({"team": "cooks"}, {"team": "does_not_exist"}),
            ({"severity": "urgent"}, {"severity": "invalid_choice"}),
            ({"language": "klingon"}, {"language": "invalid"}),
            ({"tags": ["x" * 51]}, {"tags.0": "max_length"}),
            ({"requester_address": "nobody"}, {"requester_address": "invalid"}),
            ({"files": [{"name": "a.txt", "content": "%%%"}]}, {"files.0.content": "invalid"}),
            ({"colour": "red"}, {"colour": "invalid"}),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_is_stored(
        self, api: ApiClient, fields: dict[str, Any], errors: dict[str | None, str]
    ) -> None:
        answer = opened(api, **fields)

        assert (answer.status_code, errors_of(answer)) == (400, errors)
        assert not Ticket.objects.exists()
        assert not Message.objects.exists()

    def test_a_contact_of_another_customer_is_refused(self, api: ApiClient) -> None:
        contact = make_contact(make_customer())

        answer = opened(api, contact=contact.pk)

        assert (answer.status_code, errors_of(answer)) == (400, {"contact": "invalid"})

    def test_the_same_external_id_makes_one_ticket(self, api: ApiClient) -> None:
        first, second = opened(api, external_id="zd-1"), opened(api, external_id="zd-1")

        assert (first.status_code, second.status_code) == (201, 409)
        assert errors_of(second) == {"external_id": "unique"}
        assert Ticket.objects.count() == Message.objects.count() == 1

    def test_the_same_request_sent_again_opens_one_ticket(self, api: ApiClient) -> None:
        body = {**ASKED, "requester_address": "somebody@example.com"}

        first = api.post("tickets/", body, Idempotency_Key="k-1")
        second = api.post("tickets/", body, Idempotency_Key="k-1")

        assert first.json() == second.json()
        assert Ticket.objects.count() == 1

    def test_files_are_kept_fetched_and_refused_where_they_could_run(
        self, api: ApiClient, settings: Any, tmp_path: Any
    ) -> None:
        settings.MEDIA_ROOT = tmp_path
        content = base64.b64encode(b"2026-11-22 quota exceeded").decode()

        opened(api, files=[{"name": "log.txt", "content_type": "text/plain", "content": content}])
        opened(api, files=[{"name": "fix.exe", "content": content}])

        kept, refused = Attachment.objects.order_by("pk")
        fetched = api.get(f"attachments/{kept.pk}/content/").json()
        assert fetched == {"name": "log.txt", "content_type": "text/plain", "content": content}
        assert api.get(f"attachments/{refused.pk}/content/").status_code == 404
        messages = api.get(f"tickets/{refused.message.ticket_id}/messages/").json()["results"]
        assert "can run" in messages[0]["attachments"][0]["refused_because"]

    @pytest.mark.parametrize(("scope", "status"), [(None, 401), ("read", 403), ("write", 201)])
    def test_it_needs_the_scope_write(self, db: None, at_now: None, scope: str | None, status: int) -> None:
        body = {**ASKED, "requester_address": "somebody@example.com"}

        assert ApiClient(scope).post("tickets/", body).status_code == status


class TestLists:
    def test_they_are_narrowed_by_every_filter(self, api: ApiClient) -> None:
        anna = make_agent("general", username="anna")
        customer = make_customer(external_id="t-1")
        first = ask(customer=customer, severity="high", tags=("night",))
        second = make_ticket(status="pending", language="de", created_at=NOW - timedelta(days=3), is_escalated=True)
        assert first.assignee == anna.user

        for filters, found in (
            ({}, {first.pk, second.pk}),
            ({"status": "pending"}, {second.pk}),
            ({"severity": "high"}, {first.pk}),
            ({"customer": customer.pk}, {first.pk}),
            ({"customer_external_id": "t-1"}, {first.pk}),
            ({"team": "general"}, {first.pk}),
            ({"assignee": "anna"}, {first.pk}),
            ({"unassigned": "true"}, {second.pk}),
            ({"tag": "night"}, {first.pk}),
            ({"language": "de"}, {second.pk}),
            ({"escalated": "true"}, {second.pk}),
            ({"created_since": NOW.isoformat()}, {first.pk}),
            ({"created_before": NOW.isoformat()}, {second.pk}),
            ({"updated_since": (NOW + timedelta(days=1)).isoformat()}, set()),
        ):
            assert set(ids(api.get("tickets/", **filters))) == found, filters

    def test_breached_is_what_was_missed_and_what_is_overdue_now(self, api: ApiClient) -> None:
        fine = make_ticket(resolution_due_at=NOW + timedelta(hours=1))
        overdue = make_ticket(resolution_due_at=NOW - timedelta(hours=1))
        missed = make_ticket(told=["first_response.warned", "first_response.breached"])

        assert set(ids(api.get("tickets/", breached="true"))) == {overdue.pk, missed.pk}
        assert ids(api.get("tickets/", breached="false")) == [fine.pk]
        assert api.get(f"tickets/{missed.pk}/").json()["breached"] == ["first_response"]

    @pytest.mark.parametrize(
        "name",
        ["status", "severity", "team", "assignee", "area", "customer", "created_since", "updated_before", "colour"],
    )
    def test_a_bad_value_or_name_is_refused_naming_it(self, api: ApiClient, name: str) -> None:
        answer = api.get("tickets/", **{name: "nonsense"})

        assert answer.status_code == 400
        assert set(errors_of(answer)) == {name}

    def test_pages_follow_each_other(self, api: ApiClient) -> None:
        tickets = make_tickets(5)

        first = api.get("tickets/", page_size=3, ordering="-created_at")
        second = api.get(first.json()["next"])

        assert [*ids(first), *ids(second)] == [ticket.pk for ticket in reversed(tickets)]

    @pytest.mark.parametrize("number", [1, 8])
    def test_a_list_costs_the_same_queries_however_long(
        self, api: ApiClient, number: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        make_tickets(number, customer=make_customer())
        api.get("tickets/")  # what is only once: the key's last use

        with django_assert_num_queries(2):  # the key, the page
            api.get("tickets/")


class TestChanging:
    def test_fields_are_changed_and_noted(self, api: ApiClient) -> None:
        ticket = ask()

        answer = api.patch(
            f"tickets/{ticket.pk}/", {"area": "billing", "severity": "low", "tags": ["a"], "priority": 3}
        )

        told = answer.json()
        assert (answer.status_code, told["area"], told["severity"], told["tags"]) == (200, "billing", "low", ["a"])
        assert told["priority"] == 3
        words = [row["words"] for row in api.get(f"tickets/{ticket.pk}/changes/", kind="field").json()["results"]]
        assert len(words) == 1
        assert "Severity: Normal → Low" in words[0]

    def test_what_nobody_saw_is_not_overwritten(self, api: ApiClient) -> None:
        ticket = ask()
        read = api.get(f"tickets/{ticket.pk}/")

        first = api.patch(f"tickets/{ticket.pk}/", {"subject": "New", "lock_version": read.json()["lock_version"]})
        lost = api.client.patch(
            f"/api/v1/tickets/{ticket.pk}/",
            {"subject": "Lost"},
            content_type="application/json",
            headers={"If-Match": read["ETag"]},
        )
        late = api.post(f"tickets/{ticket.pk}/resolve/", {"lock_version": read.json()["lock_version"]})

        assert first.status_code == 200
        assert first["ETag"] != read["ETag"]
        assert (lost.status_code, late.status_code) == (409, 409)
        ticket.refresh_from_db()
        assert (ticket.subject, ticket.status) == ("New", "new")

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"priority": 9}, "priority"),
            ({"area": "x"}, "area"),
            ({"colour": 1}, "colour"),
            ({"subject": ""}, "subject"),
        ],
    )
    def test_what_is_wrong_is_named(self, api: ApiClient, fields: dict[str, Any], field: str) -> None:
        ticket = ask()

        answer = api.patch(f"tickets/{ticket.pk}/", fields)

        assert answer.status_code == 400
        assert set(errors_of(answer)) == {field}

    def test_an_if_match_that_is_none_of_ours_is_refused(self, api: ApiClient) -> None:
        ticket = ask()

        answer = api.post(f"tickets/{ticket.pk}/resolve/", {}, If_Match='"x"')

        assert (answer.status_code, errors_of(answer)) == (400, {"If-Match": "invalid"})


class TestVerbs:
    @pytest.mark.parametrize(
        ("verb", "allowed", "to"),
        [
            ("resolve", {"new", "open", "pending"}, "resolved"),
            ("pending", {"new", "open"}, "pending"),
            ("reopen", {"new", "pending", "resolved", "closed"}, "open"),
            ("close", {"new", "open", "pending", "resolved"}, "closed"),
        ],
    )
    @pytest.mark.parametrize("status", ["new", "open", "pending", "resolved", "closed"])
    def test_each_moves_from_where_it_may_and_nowhere_else(
        self, api: ApiClient, verb: str, allowed: set[str], to: str, status: str
    ) -> None:
        ended = {"resolved_at": NOW} if status == "resolved" else {"closed_at": NOW} if status == "closed" else {}
        ticket = make_ticket(status=status, customer=make_customer(), **ended)

        answer = api.post(f"tickets/{ticket.pk}/{verb}/", {"reason": "For a test."})

        ticket.refresh_from_db()
        assert answer.status_code == (200 if status in allowed else 409)
        assert ticket.status == (to if status in allowed else status)

    def test_a_ticket_is_given_to_a_team_a_person_and_nobody(self, api: ApiClient) -> None:
        bela = make_agent("billing", username="bela")
        ticket = ask()

        to_team = api.post(f"tickets/{ticket.pk}/assign/", {"team": "billing"}).json()
        to_nobody = api.post(f"tickets/{ticket.pk}/assign/", {"assignee": None, "reason": "On leave."}).json()
        to_person = api.post(f"tickets/{ticket.pk}/assign/", {"assignee": "bela"}).json()

        assert (to_team["team"], to_team["assignee"]) == ("billing", "bela")
        assert (to_nobody["team"], to_nobody["assignee"]) == ("billing", None)
        assert (to_person["assignee"], to_person["assigned_by_hand"]) == ("bela", True)
        assert bela.user == Ticket.objects.get().assignee

    def test_who_answers_no_tickets_is_given_none(self, api: ApiClient) -> None:
        answer = api.post(f"tickets/{ask().pk}/assign/", {"assignee": "nobody"})

        assert (answer.status_code, errors_of(answer)) == (400, {"assignee": "does_not_exist"})

    def test_a_ticket_is_merged_into_another_of_its_customer(self, api: ApiClient) -> None:
        customer = make_customer()
        first, second, strange = ask(customer=customer), ask(customer=customer), ask()

        merged = api.post(f"tickets/{second.pk}/merge/", {"into": first.pk})
        refused = api.post(f"tickets/{strange.pk}/merge/", {"into": first.pk})

        assert (merged.status_code, merged.json()["id"]) == (200, first.pk)
        assert len(ids(api.get(f"tickets/{first.pk}/messages/"))) == 2
        assert api.get(f"tickets/{second.pk}/").json()["merged_into"] == first.pk
        assert (refused.status_code, errors_of(refused)) == (400, {"into": "invalid"})

    def test_messages_are_split_off_into_a_linked_ticket(self, api: ApiClient) -> None:
        ticket = ask()
        second = api.post(f"tickets/{ticket.pk}/messages/", {"kind": "customer", "text": "And the bill is wrong."})

        split = api.post(f"tickets/{ticket.pk}/split/", {"messages": [second.json()["id"]], "subject": "Wrong bill"})

        assert split.status_code == 201
        links = api.get(f"tickets/{ticket.pk}/links/").json()["results"]
        assert [(row["ticket"], row["other"], row["kind"]) for row in links] == [
            (split.json()["id"], ticket.pk, "split")
        ]
        assert ids(api.get(f"tickets/{split.json()['id']}/messages/")) == [second.json()["id"]]

    def test_tickets_are_linked_once_and_unlinked(self, api: ApiClient) -> None:
        first, second = ask(), ask()

        made = api.post(f"tickets/{first.pk}/links/", {"other": second.pk})
        again = api.post(f"tickets/{second.pk}/links/", {"other": first.pk})
        gone = api.delete(f"tickets/{first.pk}/links/{second.pk}/")
        nothing = api.delete(f"tickets/{first.pk}/links/{second.pk}/")

        assert (made.status_code, made.json()["ticket"], made.json()["other"]) == (201, second.pk, first.pk)
        assert (again.status_code, gone.status_code, nothing.status_code) == (409, 204, 400)

    def test_the_history_tells_of_routing_rule_by_rule(self, api: ApiClient) -> None:
        ticket = ask()

        [routed] = api.get(f"tickets/{ticket.pk}/changes/", kind="routed").json()["results"]

        assert routed["routing_version"] == 1
        assert routed["words"]
        assert routed["data"]["assignment"]

    @pytest.mark.parametrize(
        "address", ["tickets/999/", "tickets/999/messages/", "tickets/999/changes/", "tickets/999/links/"]
    )
    def test_of_a_ticket_that_is_not_there_nothing_is_told(self, api: ApiClient, address: str) -> None:
        assert api.get(address).status_code == 404


class TestThreads:
    def test_an_answer_stops_the_clock_and_moves_the_ticket(self, api: ApiClient) -> None:
        ticket = ask()

        answer = api.post(
            f"tickets/{ticket.pk}/messages/", {"kind": "answer", "text": "Which region?", "to_status": "pending"}
        )

        told = api.get(f"tickets/{ticket.pk}/").json()
        assert (answer.status_code, answer.json()["kind"]) == (201, "answer")
        assert api.get(answer["Location"]).json() == answer.json()
        assert (told["status"], told["first_response_at"]) == ("pending", NOW.strftime("%Y-%m-%dT%H:%M:%SZ"))

    def test_a_customers_message_opens_again_what_waited(self, api: ApiClient) -> None:
        ticket = ask()
        api.post(f"tickets/{ticket.pk}/pending/")

        api.post(f"tickets/{ticket.pk}/messages/", {"kind": "customer", "text": "In Frankfurt.", "author_name": "Ada"})

        ticket.refresh_from_db()
        newest = ticket.messages.latest("pk")
        assert ticket.status == "open"
        assert (newest.author_name, newest.text) == ("Ada", "In Frankfurt.")

    def test_a_note_is_no_answer(self, api: ApiClient) -> None:
        ticket = ask()

        note = api.post(f"tickets/{ticket.pk}/messages/", {"kind": "note", "text": "Known trouble."})

        told = api.get(f"tickets/{ticket.pk}/").json()
        assert note.json()["kind"] == "note"
        assert (told["status"], told["first_response_at"]) == ("new", None)

    def test_an_answer_to_a_state_that_moved_on_is_not_stored(self, api: ApiClient) -> None:
        ticket = ask()
        api.post(f"tickets/{ticket.pk}/pending/")

        late = api.post(f"tickets/{ticket.pk}/messages/", {"kind": "answer", "text": "Late.", "lock_version": 0})

        assert late.status_code == 409
        assert ticket.messages.count() == 1

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"kind": "automatic"}, "kind"),
            ({"text": ""}, "text"),
            ({"kind": "note", "to_status": "resolved"}, "to_status"),
            ({"kind": "answer", "address": "a@example.com"}, "address"),
            ({"kind": "answer", "to_status": "closed"}, "to_status"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_what_is_wrong_is_named(self, api: ApiClient, fields: dict[str, Any], field: str) -> None:
        ticket = ask()

        answer = api.post(f"tickets/{ticket.pk}/messages/", {"kind": "customer", "text": "Hello.", **fields})

        assert answer.status_code == 400
        assert set(errors_of(answer)) == {field}
        assert ticket.messages.count() == 1

    @pytest.mark.parametrize("number", [1, 6])
    def test_a_thread_costs_the_same_queries_however_long(
        self, api: ApiClient, number: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        ticket = ask()
        for _each in range(number):
            api.post(f"tickets/{ticket.pk}/messages/", {"kind": "note", "text": "Once more."})

        with django_assert_num_queries(4):  # the key, the ticket, its messages, their files
            api.get(f"tickets/{ticket.pk}/messages/")
