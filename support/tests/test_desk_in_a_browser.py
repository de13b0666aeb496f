"""A ticket worked from arrival to resolved by the keyboard alone, in a real browser."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, sync_playwright

from agentfactory_cs.customers.models import StaffProfile
from agentfactory_cs.customers.tests.factories import make_contact, make_customer, make_member
from support.models import Agent, Team, Ticket
from support.threads import customer_wrote
from support.writing import Written

from .desk import make_ticket

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="No Chromium found: install it to test the desk in a browser."),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Playwright runs an event loop in this thread, which Django takes for asynchronous code.
        before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def clara() -> Agent:
    user = make_member("Support agent", "clara", password="a very long one", first_name="Clara", last_name="Fischer")
    StaffProfile.objects.create(user=user, languages=["en"])
    agent = Agent.objects.create(user=user)
    agent.teams.set(Team.objects.filter(key="general"))
    return agent


@pytest.fixture
def page(browser: Browser, live_server: Any, clara: Agent) -> Iterator[Page]:
    """Clara's browser, logged in; a request to anywhere else, or an error of a script, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=live_server.url)
    page, wrong = context.new_page(), []
    page.on("request", lambda one: None if one.url.startswith((live_server.url, "data:")) else wrong.append(one.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto("/admin/login/?next=/admin/support/ticket/")
    page.fill("#id_username", "clara")
    page.fill("#id_password", "a very long one")
    page.press("#id_password", "Enter")
    page.wait_for_url("**/admin/support/ticket/")
    yield page
    # What a page still asks for would be reading while the tables are emptied.
    page.wait_for_load_state("networkidle")
    page.goto("about:blank")
    context.close()
    assert wrong == []


def a_free_ticket(**fields: Any) -> Ticket:
    now = timezone.now()
    customer = make_customer(name="Northwind", signed_up_at=now)
    contact = make_contact(customer, name="Robin", email="robin@example.com")
    ticket = make_ticket(customer, contact=contact, now=now, **fields)
    Ticket.objects.filter(pk=ticket.pk).update(assignee=None)
    return ticket


def test_a_ticket_is_worked_from_arrival_to_resolved_by_the_keyboard_alone(page: Page, clara: Agent) -> None:
    ticket = a_free_ticket(subject="429 errors since Monday")
    other = make_ticket(subject="Another one", now=timezone.now())
    keys = page.keyboard
    page.goto("/admin/support/ticket/?queue=unassigned")

    keys.press("j")
    keys.press("Enter")
    page.wait_for_url(f"**/{ticket.pk}/change/**")
    page.wait_for_load_state("networkidle")
    keys.press("a")
    page.wait_for_function("document.querySelector('[data-field=assignee]').selectedOptions[0].text.includes('Clara')")
    keys.press("n")
    keys.type("Ask @cla")
    page.wait_for_selector("#sd-mentions li")
    keys.press("Enter")
    keys.type("which region it is.")
    keys.press("Control+Enter")
    page.wait_for_selector(".sd-note")
    keys.press("r")
    keys.type("Which region do your calls come from?")
    keys.press("Control+Enter")
    page.wait_for_selector(".sd-answer")

    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.status) == (clara.user, "pending")
    assert ticket.messages.get(kind="note").text == "Ask @clara which region it is."

    customer_wrote(ticket, Written("eu-west. Ah, it works again now."), now=timezone.now())
    page.reload()
    page.wait_for_load_state("networkidle")
    keys.press("j")
    assert page.locator(".af-chosen.sd-message").count() == 1
    keys.press("e")
    page.wait_for_function("document.querySelector('#sd-state').textContent.includes('Resolved')")
    keys.press("g")
    page.wait_for_url("**/admin/support/ticket/**queue=unassigned**")

    ticket.refresh_from_db()
    assert (ticket.status, ticket.first_response_at is not None) == ("resolved", True)
    assert other.pk != ticket.pk


def test_what_is_typed_is_not_lost_and_not_sent_by_a_letter_alone(page: Page) -> None:
    ticket = a_free_ticket()
    page.goto(f"/admin/support/ticket/{ticket.pk}/change/")
    page.wait_for_load_state("networkidle")

    page.keyboard.press("r")
    page.keyboard.type("Half an answer")
    page.reload()
    page.wait_for_load_state("networkidle")
    kept = page.input_value("#sd-text")
    page.locator("body").press("e")
    focused = page.evaluate("document.activeElement.value")
    ticket.refresh_from_db()
    before = ticket.status
    page.keyboard.press("Enter")
    page.wait_for_selector(".sd-answer")

    ticket.refresh_from_db()
    assert (kept, focused, before) == ("Half an answer", "resolved", "new")
    assert (ticket.status, ticket.messages.get(kind="answer").text) == ("resolved", "Half an answer")
    assert page.input_value("#sd-text") == ""


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_of_the_desk_is_wider_than_the_screen(page: Page, clara: Agent, width: int) -> None:
    ticket = a_free_ticket(subject="A very long subject that says everything there is to say about it " * 3)
    page.set_viewport_size({"width": width, "height": 844})

    for path in ("?queue=all", f"{ticket.pk}/change/", "add/"):
        page.goto(f"/admin/support/ticket/{path}")
        page.wait_for_load_state("networkidle")

        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
