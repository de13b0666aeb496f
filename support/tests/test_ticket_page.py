"""The page of one ticket: read, answered, changed in place, by two people at a time."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from agentfactory_cs.customers.tests.factories import (
    NOW,
    make_contact,
    make_customer,
    make_subscription,
)
from agentfactory_cs.messaging.models import Response, Survey
from agentfactory_cs.messaging.services import record_response
from support.models import Agent, Message, Ticket, Viewing
from support.moving import move
from support.threads import answer, answer_automatically, customer_wrote, note
from support.writing import File, Written

from .desk import make_agent, make_ticket, make_tickets
from .pages import act, page, put, signed_in, words, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def clara() -> Agent:
    return make_agent("clara", first_name="Clara", last_name="Fischer")


@pytest.fixture
def desk(clara: Agent) -> Client:
    return signed_in(clara)


def test_the_thread_shows_who_wrote_what_and_marks_notes_and_machines(desk: Client, clara: Agent) -> None:
    northwind = make_customer(name="Northwind")
    ticket = make_ticket(northwind, contact=make_contact(northwind), text="It fails.\nSince Monday.")
    answer(ticket, Written("Which version?"), by=clara.user, now=NOW)
    note(ticket, Written("They pay late."), by=clara.user, now=NOW)
    answer_automatically(ticket, Written("We got it."), data={}, now=NOW)
    customer_wrote(ticket, Written("The newest.", quoted="Which version?"), now=NOW)

    html = page(desk, ticket)

    assert re.findall(r'class="sd-message sd-(\w+)', html) == ["customer", "answer", "note", "automatic", "customer"]
    assert "It fails.<br>Since Monday." in html
    assert "internal note" in html
    assert re.search(r"<summary>Quoted text</summary><div[^>]*>Which version\?", html)


def test_what_strangers_write_is_shown_as_text_and_never_as_a_page(desk: Client) -> None:
    ticket = make_ticket(text="<script>alert(1)</script> <img src=x onerror=alert(2)>", subject="<b>bold</b>")

    html = page(desk, ticket)

    assert "<script>alert(1)" not in html
    assert "<img src=x" not in html
    assert "<b>bold</b>" not in html


def test_html_is_shown_in_a_frame_that_runs_and_loads_nothing_until_asked(desk: Client) -> None:
    ticket = make_ticket()
    html = '<p>Hello</p><img src="remote:https://tracker.example/1.gif">'
    message = customer_wrote(ticket, Written("Hello", html=html), now=NOW)
    address = reverse("admin:support_message_html", args=[message.pk])

    blocked, loaded = desk.get(address), desk.get(address, {"images": "1"})

    assert f'data-frame="{address}"' in page(desk, ticket)
    assert "sandbox" in blocked["Content-Security-Policy"]
    assert "allow-scripts" not in blocked["Content-Security-Policy"]
    assert "img-src data:;" in blocked["Content-Security-Policy"]
    assert 'src="https://tracker' not in blocked.content.decode()
    assert 'src="https://tracker.example/1.gif"' in loaded.content.decode()
    assert "img-src data: https: http:" in loaded["Content-Security-Policy"]


def test_files_are_offered_for_download_and_refused_ones_named_with_the_reason(
    desk: Client, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    ticket = make_ticket()
    files = [File("log.txt", "text/plain", b"hello"), File("run.exe", "application/exe", b"MZ")]
    message = customer_wrote(ticket, Written("See", files=files), now=NOW)
    kept = message.attachments.get(name="log.txt")

    html = page(desk, ticket)

    assert reverse("admin:support_attachment_download", args=[kept.pk]) in html
    assert "Files ending in .exe can run on whoever opens them." in html


def test_an_answer_goes_out_and_moves_the_ticket_in_one_click(desk: Client) -> None:
    ticket = make_ticket()

    for then in ("open", "pending", "resolved"):
        response = write(desk, ticket, f"then {then}", then=then)
        ticket.refresh_from_db()

        assert response["Location"].endswith("?stored=answer#end")
        assert ticket.status == then
    assert ticket.first_response_at == NOW
    assert list(ticket.messages.filter(kind="answer").values_list("author_name", flat=True)) == ["Clara Fischer"] * 3


def test_an_answer_to_what_was_resolved_leaves_it_so_or_opens_it_again(desk: Client) -> None:
    ticket = make_ticket()
    move(ticket, "resolved", now=NOW)

    offered = re.findall(r'name="then" value="(\w+)"', page(desk, ticket))
    write(desk, ticket, "One more thing", then="resolved")
    ticket.refresh_from_db()
    before = ticket.status
    write(desk, ticket, "We look into it again", then="open")

    ticket.refresh_from_db()
    assert offered == ["resolved"]
    assert before == "resolved"
    assert (ticket.status, ticket.reopened, ticket.resolved_at) == ("open", 1, None)


def test_the_buttons_of_the_box_follow_the_status(desk: Client) -> None:
    ticket = make_ticket()

    html = put(desk, ticket, "status", "resolved")

    assert re.findall(r'name="then" value="(\w+)"', html) == ["resolved"]


def test_a_note_stays_with_us_and_a_file_goes_with_it(desk: Client, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    ticket = make_ticket()
    file = SimpleUploadedFile("shot.png", b"\x89PNG", "image/png")

    write(desk, ticket, "Look at this", kind="note", files=[file])

    ticket.refresh_from_db()
    message = ticket.messages.get(kind="note")
    assert (message.text, message.attachments.get().name) == ("Look at this", "shot.png")
    assert (ticket.status, ticket.first_response_at) == ("new", None)


def test_nothing_written_comes_back_with_the_reason_and_is_not_stored(desk: Client) -> None:
    ticket = make_ticket()

    response = write(desk, ticket, "  ")

    assert response.status_code == 422
    assert "Write something." in response.content.decode()
    assert not ticket.messages.filter(kind="answer").exists()


def test_who_answers_what_has_moved_on_sees_what_came_and_keeps_what_they_wrote(desk: Client, clara: Agent) -> None:
    ticket = make_ticket()
    seen, last = ticket.lock_version, ticket.messages.latest("pk").pk
    customer_wrote(ticket, Written("Never mind, it works now."), now=NOW)

    stale = write(desk, ticket, "Have you tried this?", seen=seen, seen_message=last)
    html = stale.content.decode()

    assert stale.status_code == 409
    assert "Somebody else changed this ticket meanwhile." in html
    assert "Never mind, it works now." in html[html.index("sd-news") :]
    assert re.search(r"<textarea[^>]*>Have you tried this\?</textarea>", html)
    assert not Message.objects.filter(kind="answer").exists()

    ticket.refresh_from_db()
    again = write(desk, ticket, "Good!", seen=re.search(r'name="seen"[^>]*value="(\d+)"', html)[1])  # type: ignore[index]

    assert again.status_code == 302


def test_two_people_at_one_ticket_see_each_other_and_who_is_writing(desk: Client, clara: Agent) -> None:
    otto, ticket = make_agent("otto", first_name="Otto", last_name="Berg"), make_ticket()

    alone = words(act(desk, ticket, "presence", seen=ticket.lock_version).content.decode())
    act(signed_in(otto), ticket, "presence", seen=ticket.lock_version)
    looking = words(act(desk, ticket, "presence", seen=ticket.lock_version).content.decode())
    act(signed_in(otto), ticket, "presence", seen=ticket.lock_version, writing="1")
    writing = words(act(desk, ticket, "presence", seen=ticket.lock_version).content.decode())
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        later = words(act(desk, ticket, "presence", seen=ticket.lock_version).content.decode())

    assert alone.strip() == ""
    assert "Otto Berg is looking at this too" in looking
    assert "Otto Berg is writing" in writing
    assert later.strip() == ""
    assert [one.user for one in Viewing.objects.all()] == [clara.user]


def test_the_page_hears_that_something_came(desk: Client) -> None:
    ticket = make_ticket()
    seen, last = ticket.lock_version, ticket.messages.latest("pk").pk
    customer_wrote(ticket, Written("And another thing."), now=NOW)

    html = act(desk, ticket, "presence", seen=seen, seen_message=last, seen_change=0).content.decode()

    assert "1 new message" in words(html)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("status", "pending", "pending"),
        ("severity", "high", "high"),
        ("priority", "4", 4),
        ("area", "billing", "billing"),
        ("language", "de", "de"),
        ("tags", "vip, beta, vip", ["vip", "beta"]),
        ("subject", "Another", "Another"),
        ("team", "billing", "billing"),
    ],
)
def test_a_property_is_changed_in_place_and_noted(desk: Client, field: str, value: str, expected: Any) -> None:
    ticket = make_ticket()

    html = put(desk, ticket, field, value)

    ticket.refresh_from_db()
    found = getattr(ticket, field)
    assert getattr(found, "key", found) == expected
    assert 'id="sd-seen"' in html
    assert f'value="{ticket.lock_version}"' in html
    assert ticket.changes.latest("pk").by is not None


def test_a_ticket_is_given_to_somebody_and_taken_from_them(desk: Client) -> None:
    otto, ticket = make_agent("otto", teams=("billing",), first_name="Otto"), make_ticket()

    put(desk, ticket, "assignee", otto.pk)
    ticket.refresh_from_db()
    given = ticket.assignee
    put(desk, ticket, "assignee", "")
    ticket.refresh_from_db()

    assert given == otto.user
    assert ticket.assignee is None


def test_one_press_makes_a_ticket_mine(desk: Client, clara: Agent) -> None:
    ticket = make_ticket()
    Ticket.objects.update(assignee=make_agent("otto").user)

    act(desk, ticket, "take", seen=ticket.lock_version)

    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.assigned_by_hand) == (clara.user, True)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("status", "new", "new"),
        ("priority", "9", "There is no such priority."),
        ("language", "klingon!", "is not a language code"),
        ("team", "nowhere", "There is no such team at work."),
        ("assignee", "999999", "There is nobody of that name"),
        ("lock_version", "7", "This cannot be changed here."),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(desk: Client, field: str, value: str, reason: str) -> None:
    ticket = make_ticket()
    move(ticket, "open", now=NOW)
    before = Ticket.objects.values().get()

    html = put(desk, ticket, field, value)

    assert reason in words(html[html.index("alert") :])
    assert Ticket.objects.values().get() == before


def test_a_change_by_somebody_else_is_not_overwritten(desk: Client) -> None:
    ticket = make_ticket()
    seen = ticket.lock_version
    put(desk, ticket, "severity", "high")

    for fields in ({"field": "severity", "value": "low"}, {"field": "team", "value": "billing"}):
        html = act(desk, ticket, "set", seen=seen, **fields).content.decode()

        assert "Somebody else changed this ticket meanwhile." in html
    ticket.refresh_from_db()
    assert (ticket.severity, ticket.team.key if ticket.team else "") == ("high", "general")


def test_the_clocks_say_what_is_left_and_what_is_over(desk: Client) -> None:
    ticket = make_ticket(make_customer(tier="pro"))
    Ticket.objects.update(
        first_response_due_at=NOW - timedelta(minutes=12), resolution_due_at=NOW + timedelta(days=1, hours=3)
    )

    text = words(page(desk, ticket))

    assert "First response 12 min over" in text
    assert "Resolution in 1 d 3 h" in text


def test_the_page_says_why_the_ticket_came_here_rule_by_rule(desk: Client) -> None:
    ticket = make_ticket(make_customer(tier="enterprise"), severity="critical")

    text = words(page(desk, ticket))

    routed = ticket.changes.get(kind="routed")
    assert routed.words in text
    assert all(step["name"] in text for step in routed.data["rules"])


def test_the_customer_stands_beside_its_ticket(desk: Client) -> None:
    customer = make_customer(name="Northwind", tier="pro")
    make_subscription(customer, mrr=490, renews_on=(NOW + timedelta(days=20)).date())
    record_response(
        Response(survey=Survey.objects.get(kind="nps"), customer=customer, score=9, answered_at=NOW), now=NOW
    )
    ticket, other = make_ticket(customer), make_ticket(customer, subject="The other one")

    html = desk.get(reverse("admin:panel", args=["support.customer", ticket.pk])).content.decode()
    text = words(html)

    assert reverse("admin:panel", args=["support.customer", ticket.pk]) in page(desk, ticket)
    assert "490 USD" in text
    assert "Last NPS (0 to 10) 9" in text
    assert f"#{other.pk} The other one" in text


def test_a_customers_page_shows_its_tickets(desk: Client) -> None:
    customer = make_customer()
    ticket = make_ticket(customer, subject="Still open")
    move(make_ticket(customer, subject="Done with"), "resolved", now=NOW)

    html = desk.get(reverse("admin:panel", args=["support.tickets", customer.pk])).content.decode()

    assert f"#{ticket.pk} Still open" in words(html)
    assert "Done with" in html


def test_the_dashboard_says_what_lies_before_the_desk(console: Client) -> None:
    make_agent()
    make_tickets(2)
    Ticket.objects.update(first_response_due_at=NOW - timedelta(hours=1), told=["first_response.breached"])
    make_ticket(severity="critical")

    text = words(console.get(reverse("admin:card", args=["support.desk"])).content.decode())

    assert re.search(r"Overdue unsolved now, past a promise 2\b", text)
    assert re.search(r"Escalated unsolved, before the senior team 1\b", text)
    assert "Of 3 tickets opened in these 7 days, 2 missed a promise (66.7 %)." in text
