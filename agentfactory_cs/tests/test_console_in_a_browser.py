"""The console as a person uses it, in a real browser."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import Browser, Page, sync_playwright

from agentfactory_cs.customers import services
from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Customer, Task
from agentfactory_cs.customers.tests.factories import make_customer, make_member, make_usage
from health.models import Scorecard, ScorecardVersion
from health.scorecards import start_draft
from health.services import score_customer
from playbooks.models import Playbook

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="No Chromium found: install it to test the console in a browser."),
]


@dataclass
class Watched:
    """A page, and what it did that it must not do."""

    page: Page
    base: str
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self._request)
        self.page.on("response", self._response)
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.outside.append(request.url)

    def _response(self, response: Any) -> None:
        if response.status >= 400:
            self.errors.append(f"{response.status} {response.url}")

    def open(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}")
        self.page.wait_for_load_state("networkidle")

    def check(self) -> None:
        assert self.outside == []
        assert self.errors == []


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
def customer() -> Customer:
    """Clara's customer, scored, with a task to do."""
    now = timezone.now()
    clara = make_member("CSM", "clara", password="a very long one", first_name="Clara")
    customer = make_customer(name="Northwind", success_manager=clara, signed_up_at=now - timedelta(days=100))
    make_usage(customer, until=utc_day(now) - timedelta(days=1), days=40, api_calls=80, logins=1)
    score_customer(customer.pk, now=now)
    services.save_task(Task(customer=customer, title="Ring Robin", owner=clara), now=now)
    make_customer(name="Globex", success_manager=clara, signed_up_at=now - timedelta(days=50))
    return customer


@pytest.fixture
def clara(browser: Browser, live_server: Any, customer: Customer) -> Iterator[Watched]:
    """Clara's browser, logged in by the form."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    watched = Watched(context.new_page(), live_server.url)
    watched.open("/admin/login/?next=/admin/customers/customer/")
    watched.page.fill("#id_username", "clara")
    watched.page.fill("#id_password", "a very long one")
    watched.page.press("#id_password", "Enter")
    watched.page.wait_for_url("**/admin/customers/customer/")
    watched.page.wait_for_load_state("networkidle")
    yield watched
    # What a page still asks for would be reading while the tables are emptied.
    watched.page.wait_for_load_state("networkidle")
    watched.page.goto("about:blank")
    context.close()


def test_from_the_list_to_a_task_done_and_taken_back(clara: Watched, customer: Customer) -> None:
    page = clara.page

    page.click("text=Northwind")
    page.wait_for_url(f"**/admin/customers/customer/{customer.pk}/overview/")
    tasks = page.locator("#panel-customerstasks")
    tasks.get_by_role("button", name="Mark Ring Robin as done").click()
    tasks.get_by_role("button", name="Undo").wait_for()

    assert Task.objects.get().status == Task.Status.DONE

    tasks.get_by_role("button", name="Undo").click()
    tasks.get_by_role("button", name="Mark Ring Robin as done").wait_for()

    assert Task.objects.get().status == Task.Status.OPEN
    clara.check()


def test_every_panel_of_the_page_arrives(clara: Watched, customer: Customer) -> None:
    clara.open(f"/admin/customers/customer/{customer.pk}/overview/")

    assert clara.page.locator(".af-loading").count() == 0
    assert clara.page.locator(".af-broken").count() == 0
    assert clara.page.locator("#panel-healthwhy .af-component").count() == 4
    assert clara.page.locator("canvas[data-drawn]").count() == 1
    clara.check()


def test_the_dashboard_fills_itself_and_its_filters_stand_in_the_address(clara: Watched) -> None:
    clara.open("/admin/")
    page = clara.page

    assert page.locator(".af-loading").count() == 0
    assert page.locator(".af-broken").count() == 0

    page.select_option("select[name=days]", "28")
    page.wait_for_url("**days=28**")
    page.wait_for_load_state("networkidle")

    assert "last 28 days" in page.locator(".af-figures").inner_text()
    clara.check()


def test_the_list_is_walked_by_keyboard(clara: Watched, customer: Customer) -> None:
    page = clara.page
    page.locator("body").press("/")
    assert page.evaluate("document.activeElement.id") == "searchbar"
    page.locator("#searchbar").press("Escape")
    page.evaluate("document.activeElement.blur()")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    chosen = page.locator(".af-chosen").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/overview/")

    assert page.locator(".af-head-name").inner_text().split("\n")[0] in chosen
    clara.check()


def test_the_question_mark_tells_the_keys_and_hides_them_again(clara: Watched) -> None:
    clara.page.keyboard.press("?")
    assert clara.page.locator("#af-help").is_visible()

    clara.page.keyboard.press("?")
    assert not clara.page.locator("#af-help").is_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen(clara: Watched, customer: Customer, width: int) -> None:
    clara.page.set_viewport_size({"width": width, "height": 844})
    get_user_model().objects.get(username="clara").groups.add(Group.objects.get(name="CS manager"))

    version, playbook = ScorecardVersion.objects.get(), Playbook.objects.get(key="welcome")
    for path in (
        "/admin/",
        "/admin/customers/customer/",
        f"/admin/customers/customer/{customer.pk}/overview/",
        f"/admin/health/scorecard/{version.scorecard_id}/overview/",
        f"/admin/health/scorecardversion/{version.pk}/edit/",
        f"/admin/playbooks/playbook/{playbook.pk}/edit/",
        f"/admin/playbooks/playbook/{playbook.pk}/settings/",
    ):
        clara.open(path)
        assert clara.page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_sliders_of_a_scorecard_sum_to_100_and_the_preview_follows(clara: Watched, customer: Customer) -> None:
    managers = Group.objects.get(name="CS manager")
    get_user_model().objects.get(username="clara").groups.add(managers)
    draft = start_draft(Scorecard.objects.get(), now=timezone.now())
    clara.open(f"/admin/health/scorecardversion/{draft.pk}/edit/")

    clara.page.locator("[data-slider-of=id_component-usage]").fill("70")

    clara.page.get_by_text("Usage weighs 70 % instead of 40 %").wait_for()
    shares = [
        float(clara.page.input_value(f"#id_component-{name}"))
        for name in ("usage", "engagement", "outcomes", "relationship")
    ]
    assert sum(shares) == 100
    assert shares[1] > shares[2] > shares[3] > 0

    clara.page.get_by_text("Add a limit").click()
    clara.page.select_option("select[name=limits-0-subject]", "signal:payment_unpaid")
    clara.page.fill("input[name=limits-0-at_most]", "60")
    clara.page.get_by_text("New limit: never above 60 while a payment is unpaid").wait_for()
    clara.page.get_by_text("Save draft").click()
    clara.page.wait_for_load_state("networkidle")

    draft.refresh_from_db()
    assert draft.definition["components"]["usage"] == 0.7
    assert draft.definition["limits"] == [{"signal": "payment_unpaid", "at_most": 60}]
    clara.check()


def test_a_playbook_is_written_from_nothing_in_place(clara: Watched, customer: Customer) -> None:
    managers = Group.objects.get(name="CS manager")
    get_user_model().objects.get(username="clara").groups.add(managers)
    page = clara.page
    clara.open("/admin/playbooks/playbook/new/")
    page.fill("input[name=name]", "Say hello")
    page.get_by_text("Make it and write its steps").click()
    page.wait_for_load_state("networkidle")

    entry = page.locator("#at-entry")
    entry.get_by_role("button", name="Add a row").click()
    entry.get_by_label("Fact").select_option("customers.tier")
    entry.get_by_label("Starter").check()
    entry.get_by_text("2 customers fit now").wait_for()
    entry.get_by_role("button", name="Add a row").click()
    entry.get_by_label("Fact").last.select_option("customers.days_since_signup")
    entry.get_by_label("Value (days)").fill("60")
    entry.get_by_label("Comparison").last.select_option("above")
    entry.get_by_text("1 customer fits now").wait_for()

    page.get_by_role("button", name="what it does by itself").click()
    page.locator("#id_step-0-action").select_option("playbooks.add_tag")
    page.get_by_label("Tag").fill("hello")
    page.locator("#id_step-0-title").fill("Tag them")
    page.get_by_role("button", name="a task for a person").click()
    page.locator("#id_step-1-title").fill("Call them")
    page.locator("button[value='up:1']").click()
    page.get_by_text("It can be published").wait_for()
    page.get_by_role("button", name="Save draft").click()
    page.get_by_text("Nothing changes for customers until it is published.").wait_for()

    definition = Playbook.objects.get(key="say_hello").versions.get().definition
    assert definition["entry"]["rows"] == [
        {"fact": "customers.tier", "operator": "in", "value": ["starter"]},
        {"fact": "customers.days_since_signup", "operator": "above", "value": 60},
    ]
    assert [step["title"] for step in definition["steps"]] == ["Call them", "Tag them"]
    assert definition["steps"][1]["params"] == {"tag": "hello"}
    clara.check()


def test_a_part_that_cannot_be_fetched_says_so_in_its_place(clara: Watched, customer: Customer) -> None:
    clara.page.route("**/admin/panel/customers.contacts/**", lambda route: route.fulfill(status=500))

    clara.open(f"/admin/customers/customer/{customer.pk}/overview/")

    assert clara.page.locator("#panel-customerscontacts .af-broken").inner_text() != ""
    assert clara.page.locator("#panel-customerstasks .af-broken").count() == 0


@pytest.mark.parametrize(("path", "shown"), [("/api/docs/", ".opblock"), ("/api/redoc/", "[role=menuitem]")])
def test_the_pages_of_the_api_ask_no_other_host(clara: Watched, path: str, shown: str) -> None:
    clara.open(path)
    clara.page.wait_for_selector(shown)

    assert clara.page.locator("img[alt='redocly logo']").count() == 0
    clara.check()
