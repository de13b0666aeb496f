"""A ticket from its beginning to its end: the thread, the states, and the clocks that run and stand by them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_user
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.models import Notice
from support import threads
from support.editing import edit
from support.hours import save_calendar
from support.levels import policy
from support.levels.recomputing import recompute
from support.levels.watching import watch
from support.models import BusinessCalendar, Message, Team, Ticket, TicketChange, TicketLink
from support.moving import move
from support.opening import Asked, open_ticket
from support.writing import File, Written

from .desks import ask

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Status = Ticket.Status


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of July 2026; NOW is Wednesday the 1st, 12:00. The desk is open on weekdays from 9 to 18, UTC."""
    return datetime(2026, 7, day, hour, minute, tzinfo=UTC)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def reply(ticket: Ticket, text: str = "And this as well.", *, now: datetime) -> Message:
    return threads.customer_wrote(ticket, Written(text), now=now)


def answered(ticket: Ticket, *, now: datetime, **how: Any) -> Message:
    return threads.answer(ticket, Written("Do this."), by=how.pop("by", None) or make_user(), now=now, **how)


class TestOpening:
    def test_a_ticket_begins_with_what_was_asked_its_clocks_and_its_route(self) -> None:
        customer = make_customer(tier="starter", language="de")

        ticket = ask("Wie lege ich einen neuen Schlüssel für die Schnittstelle an?", customer=customer)

        assert (ticket.status, ticket.language, ticket.language_source) == (Status.NEW, "de", "detected")
        assert [one.text for one in ticket.messages.all()] == [
            "Wie lege ich einen neuen Schlüssel für die Schnittstelle an?"
        ]
        # 16 hours of business time: 6 on Wednesday, 9 on Thursday, 1 on Friday.
        assert ticket.first_response_due_at == at(3, 10)
        assert ticket.next_warning_at == at(2, 15)
        assert ticket.team
        assert list(ticket.changes.values_list("kind", flat=True))[:2] == ["created", "routed"]
        event = Event.objects.get(trigger="support.ticket_opened")
        assert (event.customer_id, event.data["ticket"]) == (customer.pk, ticket.pk)

    def test_where_nobody_is_named_the_primary_contact_asks(self) -> None:
        customer = make_customer()
        contact = make_contact(customer, is_primary=True)

        ticket = ask(customer=customer)

        assert (ticket.contact, ticket.requester_address) == (contact, contact.email)
        named = ask(customer=customer, requester_address="else@example.org")
        assert (named.contact, named.requester_address) == (None, "else@example.org")

    def test_a_strangers_ticket_stands_on_no_timeline(self) -> None:
        ticket = open_ticket(
            Asked("Help", Written("Please help me."), "mail", requester_address="who@example.org"), now=NOW
        )

        assert ticket.customer is None
        assert ticket.messages.get().author_name == "who@example.org"
        assert not Event.objects.filter(trigger__startswith="support.").exists()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"subject": "  "}, "subject"),
            ({"written": Written(" ")}, "text"),
            ({"customer": None}, "requester_address"),
            ({"severity": "awful"}, "severity"),
            ({"requester_address": "nobody"}, "requester_address"),
            ({"language": "klingon"}, "language"),
        ],
    )
    def test_what_is_missing_or_wrong_is_named_and_nothing_is_stored(self, changes: dict[str, Any], field: str) -> None:
        asked = {"subject": "Help", "written": Written("Please."), "channel": "api", "customer": make_customer()}

        with pytest.raises(ValidationError) as refused:
            open_ticket(Asked(**{**asked, **changes}), now=NOW)

        assert field in refused.value.message_dict
        assert not Ticket.objects.exists()

    def test_somebody_elses_contact_is_refused(self) -> None:
        contact = make_contact(make_customer())

        with pytest.raises(ValidationError, match="another customer"):
            ask(contact=contact)

    def test_files_are_kept_or_named_with_the_reason(self, settings: Any) -> None:
        settings.ATTACHMENT_MAX_MB = 1
        files = (
            File("../../log.txt", "text/plain", b"x"),
            File("Invoice.PDF.exe ", "application/pdf", b"MZ"),
            File("big.zip", "application/zip", b"0" * 1_000_001),
        )

        ticket = open_ticket(Asked("Help", Written("See.", files=files), "api", customer=make_customer()), now=NOW)

        log, program, big = ticket.messages.get().attachments.all()
        with log.file.open() as kept:
            assert (log.name, log.refused_because, kept.read()) == ("log.txt", "", b"x")
        assert "can run" in program.refused_because
        assert "at most 1 MB" in big.refused_because
        assert not program.file
        assert not big.file


class TestAnswering:
    def test_the_first_answer_meets_the_first_response_and_opens_the_ticket(self) -> None:
        ticket, clara = ask(), make_user("clara")

        answered(ticket, by=clara, now=at(2, 10))

        stored = fresh(ticket)
        assert stored.status == Status.OPEN
        assert (stored.first_response_at, stored.first_response_due_at) == (at(2, 10), None)
        # 6 hours on Wednesday, 1 on Thursday.
        assert stored.first_response_open_seconds == 7 * 3600
        assert stored.waiting_since is None

    def test_a_later_answer_leaves_the_first_response_as_it_was(self) -> None:
        ticket = ask()
        answered(ticket, now=at(2, 10))

        answered(ticket, now=at(3, 10))

        assert fresh(ticket).first_response_at == at(2, 10)

    def test_an_automatic_answer_is_no_first_response(self) -> None:
        ticket = ask()

        threads.answer_automatically(ticket, Written("We got it."), data={"articles": []}, now=NOW)

        assert fresh(ticket).first_response_at is None
        assert fresh(ticket).waiting_since == NOW

    def test_each_reply_of_the_customer_starts_the_clock_of_the_next_response_once(self) -> None:
        ticket = ask()
        answered(ticket, now=at(1, 13))

        reply(ticket, now=at(2, 9))
        first = fresh(ticket).next_response_due_at
        reply(ticket, now=at(2, 15))

        # 16 hours from Thursday 9:00: 9 on Thursday, 7 on Friday. The second message does not put it off.
        assert first == at(3, 16)
        assert fresh(ticket).next_response_due_at == first
        answered(ticket, now=at(3, 9))
        assert fresh(ticket).next_response_due_at is None

    def test_two_people_do_not_overwrite_each_other(self) -> None:
        ticket = ask()
        seen = fresh(ticket).lock_version
        answered(ticket, now=at(1, 13), seen=seen)

        with pytest.raises(ValidationError, match="meanwhile") as refused:
            answered(ticket, now=at(1, 14), seen=seen)

        assert refused.value.code == "conflict"
        assert ticket.messages.filter(kind="answer").count() == 1

    def test_an_answer_that_cannot_move_the_ticket_is_not_stored(self) -> None:
        ticket = ask()
        move(ticket, Status.CLOSED, now=NOW)

        with pytest.raises(ValidationError, match="cannot become waiting"):
            answered(ticket, now=at(1, 13), to_status=Status.PENDING)

        assert not ticket.messages.filter(kind="answer").exists()

    def test_whoever_a_note_mentions_is_told_and_the_clocks_run_on(self) -> None:
        ticket, clara = ask(), make_user("clara", email="clara@example.com")
        make_user("bob", email="bob@example.com")

        text = "@clara what do you think? Not bob@example.com, and not @nobody."
        threads.note(ticket, Written(text), by=make_user("ann"), now=at(1, 13))

        assert [one.recipient for one in Notice.objects.filter(kind="support.mention")] == [clara]
        assert fresh(ticket).waiting_since == NOW


class TestMoving:
    @pytest.mark.parametrize("before", Status.values)
    @pytest.mark.parametrize("after", Status.values)
    def test_the_table_of_transitions_is_kept(self, before: str, after: str) -> None:
        ticket = ask()
        if before != Status.NEW:
            move(ticket, before, now=NOW)
        is_allowed = Status(after) in Ticket.TRANSITIONS[Status(before)]

        if is_allowed:
            move(ticket, after, now=NOW + HOUR)
        else:
            with pytest.raises(ValidationError, match="cannot become"):
                move(ticket, after, now=NOW + HOUR)

        assert fresh(ticket).status == (after if is_allowed else before)

    def test_the_resolution_clock_stands_while_the_customer_is_waited_for(self) -> None:
        ticket = ask()
        due = ticket.resolution_due_at
        answered(ticket, now=at(1, 13), to_status=Status.PENDING)
        assert fresh(ticket).resolution_due_at is None

        reply(ticket, now=at(2, 13))

        # A whole business day of nine hours was waited.
        assert fresh(ticket).status == Status.OPEN
        assert due == at(14, 11)
        assert fresh(ticket).resolution_due_at == at(15, 11)

    def test_the_resolution_is_measured_without_the_time_of_waiting(self) -> None:
        ticket = ask()
        answered(ticket, now=at(1, 13), to_status=Status.PENDING)
        reply(ticket, now=at(2, 13))

        answered(ticket, now=at(2, 15), to_status=Status.RESOLVED)

        stored = fresh(ticket)
        assert stored.resolved_at == at(2, 15)
        assert (stored.resolution_open_seconds, stored.resolution_seconds) == (3 * 3600, 3 * 3600)
        assert stored.next_warning_at is None

    def test_a_reply_opens_a_resolved_ticket_again(self) -> None:
        ticket = ask()
        answered(ticket, now=at(1, 13), to_status=Status.RESOLVED)

        reply(ticket, now=at(14, 13))

        stored = fresh(ticket)
        assert (stored.status, stored.reopened, stored.resolved_at) == (Status.OPEN, 1, None)
        assert stored.resolution_seconds is None

    def test_a_reply_after_two_weeks_begins_a_ticket_of_its_own_that_is_linked(self) -> None:
        ticket = ask()
        answered(ticket, now=at(1, 13), to_status=Status.RESOLVED)

        message = reply(ticket, now=at(15, 14))

        assert fresh(ticket).status == Status.RESOLVED
        assert message.ticket_id != ticket.pk
        linked = TicketLink.objects.get()
        assert (linked.ticket_id, linked.other_id, linked.kind) == (message.ticket_id, ticket.pk, "follow_up")

    def test_the_third_reopening_goes_before_the_senior_team_once(self) -> None:
        ticket = ask()
        for day in range(2, 6):
            move(ticket, Status.RESOLVED, now=at(day, 10))
            reply(ticket, now=at(day, 11))

        assert fresh(ticket).reopened == 4
        assert ticket.escalations.filter(reason="reopened").count() == 1
        assert fresh(ticket).is_escalated

    def test_strong_words_in_a_reply_go_before_the_senior_team(self) -> None:
        ticket = ask()

        reply(ticket, "This is unacceptable, I will cancel our contract.", now=at(1, 13))

        assert list(ticket.escalations.values_list("reason", flat=True)) == ["sentiment"]


class TestPromises:
    def test_the_assignee_is_warned_at_three_quarters_and_the_senior_team_hears_of_a_breach(self) -> None:
        ticket = ask()
        clara = make_user("clara", email="clara@example.com")
        Ticket.objects.filter(pk=ticket.pk).update(assignee=clara)

        assert watch(now=at(2, 14, 59)) == 0
        assert watch(now=at(2, 15)) == 1
        assert watch(now=at(2, 15)) == 0
        assert Notice.objects.get(kind="support.warning").recipient == clara
        assert watch(now=at(3, 10)) == 1
        assert watch(now=at(3, 10)) == 0

        stored = fresh(ticket)
        assert stored.told == ["first_response.warned", "first_response.breached"]
        assert list(stored.escalations.values_list("reason", flat=True)) == ["breach"]
        kinds = list(stored.changes.values_list("kind", flat=True))
        assert (kinds.count("warned"), kinds.count("breached")) == (1, 1)

    def test_a_worker_that_comes_late_tells_of_the_breach_without_a_warning(self) -> None:
        ticket = ask()

        watch(now=at(3, 11))

        assert fresh(ticket).told[-1] == "first_response.breached"
        assert ticket.changes.filter(kind="breached").count() == 1

    def test_a_promise_kept_is_told_of_to_nobody(self) -> None:
        ticket = ask()
        answered(ticket, now=at(1, 13), to_status=Status.PENDING)

        assert watch(now=at(30, 12)) == 0

    def test_what_is_answered_late_was_breached_even_before_anybody_looked(self) -> None:
        ticket = ask()

        answered(ticket, now=at(3, 11))

        assert "first_response.breached" in fresh(ticket).told
        assert ticket.changes.filter(kind="breached").count() == 1

    def test_made_critical_it_is_due_sooner_and_escalated(self) -> None:
        ticket = ask()

        edit(ticket, {"severity": "critical"}, now=at(1, 13))

        stored = fresh(ticket)
        assert stored.first_response_due_at == at(1, 14)
        assert list(stored.escalations.values_list("reason", flat=True)) == ["critical"]

    def test_a_ticket_keeps_the_policy_it_began_with(self) -> None:
        ticket = ask()
        changed = policy.shipped()
        changed["targets"]["starter"]["normal"]["first_response"] = 60
        policy.save_draft(changed, now=NOW)
        policy.publish(reason="Faster.", now=NOW)

        edit(ticket, {"subject": "Other"}, now=NOW)

        assert fresh(ticket).first_response_due_at == at(3, 10)
        assert ask().first_response_due_at == at(1, 13)

    def test_a_team_may_keep_hours_of_its_own(self) -> None:
        always = BusinessCalendar.objects.create(
            name="Always",
            time_zone="UTC",
            week={day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
        )
        Team.objects.update(calendar=always)

        assert ask().first_response_due_at == NOW + 16 * HOUR

    def test_changed_opening_hours_move_what_is_due_and_nothing_else(self) -> None:
        ticket, solved = ask(), ask()
        move(solved, Status.RESOLVED, now=NOW)
        calendar = BusinessCalendar.objects.get(is_default=True)
        calendar.week = {**calendar.week, "thu": []}
        save_calendar(calendar, now=NOW)

        assert recompute(now=NOW) == 1
        assert recompute(now=NOW) == 0

        # Six hours on Wednesday, nine on Friday, one on Monday.
        assert fresh(ticket).first_response_due_at == at(6, 10)
        assert fresh(solved).first_response_due_at is None

    def test_many_tickets_are_brought_up_to_date_in_a_fixed_number_of_statements(self) -> None:
        for _number in range(5):
            ask()
        BusinessCalendar.objects.update(week={"wed": [["09:00", "18:00"]]})

        with CaptureQueriesContext(connection) as five:
            assert recompute(now=NOW) == 5
        ask()
        BusinessCalendar.objects.update(week={"tue": [["09:00", "18:00"]]})

        with CaptureQueriesContext(connection) as six:
            assert recompute(now=NOW) == 6
        assert len(six) == len(five)


class TestEditing:
    def test_every_change_is_noted_with_what_it_was(self) -> None:
        ticket, clara = ask(), make_user("clara")

        edit(ticket, {"severity": "high", "tags": ["vip"], "subject": "Help"}, by=clara, now=at(1, 13))

        change = ticket.changes.get(kind="field")
        assert (change.words, change.by) == ("Severity: Normal → High; Tags: none → vip.", clara)

    def test_nothing_changed_is_nothing_noted(self) -> None:
        ticket = ask()

        edit(ticket, {"severity": "normal"}, now=at(1, 13))

        assert not ticket.changes.filter(kind="field").exists()
        assert fresh(ticket).lock_version == ticket.lock_version

    @pytest.mark.parametrize(
        ("changes", "field"),
        [({"status": "open"}, "status"), ({"severity": "awful"}, "severity"), ({"subject": ""}, "subject")],
    )
    def test_what_cannot_be_is_named(self, changes: dict[str, Any], field: str) -> None:
        ticket = ask()

        with pytest.raises(ValidationError) as refused:
            edit(ticket, changes, now=NOW)

        assert field in refused.value.message_dict


def test_a_ticket_of_an_enterprise_customer_is_due_sooner() -> None:
    ticket = ask(customer=make_customer(tier=Customer.Tier.ENTERPRISE))

    assert ticket.first_response_due_at == at(1, 14)


def test_what_happened_to_a_ticket_is_never_left_without_words() -> None:
    ticket = ask()
    move(ticket, Status.PENDING, now=NOW)

    assert not TicketChange.objects.filter(words="").exists()
