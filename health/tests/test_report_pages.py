"""The weekly reports in the console and over REST: whose, which week, who may what."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_member
from agentfactory_cs.messaging.models import Notice
from health import tasks
from health.models import WeeklyReport
from health.reports import make_week
from health.tests.reporting import MONDAY_MORNING, WEEK, score, scored, weeks_back

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
LIST = "/admin/health/weeklyreport/"
MAKE = f"{LIST}make/"


@pytest.fixture
def at_now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def clara() -> Any:
    return make_member("CSM", "clara", first_name="Clara", last_name="Fischer", email="clara@example.com")


@pytest.fixture
def mia() -> Any:
    return make_member("CS manager", "mia", email="mia@example.com")


@pytest.fixture
def weeks(clara: Any) -> None:
    """Three reported weeks of a book in which one customer is Clara's and one is nobody's."""
    for name, owner in (("Northwind", clara), ("Contoso", None)):
        customer = make_customer(name=name, success_manager=owner)
        for back in range(5):
            score(customer, weeks_back(back), 30 + 10 * back)
    for back in (2, 1, 0):
        make_week(WEEK - timedelta(days=7 * back), now=MONDAY_MORNING - timedelta(days=7 * back), send=False)


def page(report: WeeklyReport) -> str:
    return reverse("admin:health_weeklyreport_change", args=(report.pk,))


def report_of(owner: Any = None, back: int = 0) -> WeeklyReport:
    return WeeklyReport.objects.get(owner=owner, week=WEEK - timedelta(days=7 * back))


@pytest.mark.usefixtures("weeks")
class TestList:
    def test_it_opens_on_ones_own_customers(self, clara: Any) -> None:
        response = client_of(clara).get(LIST)

        html = response.content.decode()
        assert response.context["owner_id"] == clara.pk
        assert page(report_of(clara)) in html
        assert page(report_of()) not in html

    def test_it_opens_on_the_whole_book_for_a_manager(self, mia: Any) -> None:
        html = client_of(mia).get(LIST).content.decode()

        assert all(page(report_of(None, back)) in html for back in range(3))
        assert "22 – 28 Jun 2026" in html

    def test_another_book_can_be_chosen(self, clara: Any, mia: Any) -> None:
        assert client_of(mia).get(f"{LIST}?owner={clara.pk}").context["owner_id"] == clara.pk
        assert client_of(clara).get(f"{LIST}?owner=book").context["owner_id"] is None

    @pytest.mark.parametrize("query", ["owner=99999", "owner=x", "before=x", "before=2026-99-99", "q=a"])
    def test_what_cannot_be_meant_counts_as_not_chosen(self, mia: Any, query: str) -> None:
        assert client_of(mia).get(f"{LIST}?{query}").context["owner_id"] is None

    def test_a_week_that_was_not_made_says_so_and_can_be_made(self, mia: Any) -> None:
        report_of(None, 1).delete()

        html = client_of(mia).get(LIST).content.decode()

        assert "15 – 21 Jun 2026" in html
        assert "Not made: nothing was running" in html
        assert f"{MAKE}?week=2026-06-15" in html

    def test_long_ago_is_on_further_pages(self, mia: Any) -> None:
        stored = report_of().content
        WeeklyReport.objects.bulk_create(
            WeeklyReport(week=WEEK - timedelta(days=7 * back), content=stored, made_at=NOW) for back in range(3, 30)
        )
        client = client_of(mia)

        first = client.get(LIST)
        second = client.get(f"{LIST}?owner=book&before={first.context['older']}")
        third = client.get(f"{LIST}?owner=book&before={second.context['older']}")

        weeks = [row["week"] for response in (first, second, third) for row in response.context["rows"]]
        assert weeks == [WEEK - timedelta(days=7 * back) for back in range(30)]
        assert third.context["older"] is None

    def test_it_takes_a_fixed_number_of_queries(self, mia: Any) -> None:
        client, counts = client_of(mia), []
        for count in (1, 20):
            for _ in range(count):
                WeeklyReport.objects.create(
                    week=WEEK, owner=make_member("CSM"), content=report_of().content, made_at=NOW
                )
            with CaptureQueriesContext(connection) as queries:
                client.get(LIST)
                client.get(page(report_of()))
            counts.append(len(queries))

        assert counts[0] == counts[1]


def test_with_no_report_the_list_says_what_will_come(mia: Any, clara: Any) -> None:
    manager, other = client_of(mia).get(LIST), client_of(clara).get(LIST)

    assert "No report yet" in manager.content.decode()
    assert MAKE in manager.content.decode()
    assert MAKE not in other.content.decode()


@pytest.mark.usefixtures("weeks")
class TestPage:
    def test_it_shows_figures_sentences_and_customers(self, mia: Any) -> None:
        html = client_of(mia).get(page(report_of())).content.decode()

        assert "The whole book, 22 – 28 Jun 2026" in html
        assert "The average score fell from 40.0 to 30.0." in html
        assert "Northwind" in html
        assert "Contoso" in html

    def test_the_charts_have_the_figures_of_the_report(self, mia: Any) -> None:
        response = client_of(mia).get(page(report_of()))

        assert response.context["averages"]["series"][0]["values"] == [70, 60, 50, 40, 30]
        assert [series["values"] for series in response.context["shares"]["series"]] == [[0, 0, 0, 100, 100], [0] * 5]
        assert [series["values"][3:5] for series in response.context["distribution"]["series"]] == [[0, 2], [2, 0]]
        flow = response.context["flow"]
        assert (flow["labels"], [series["values"] for series in flow["series"]]) == (["was at risk"], [[2]])
        assert 'id="plot-flow" type="application/json"' in response.content.decode()

    def test_one_can_go_to_the_weeks_beside_and_to_other_books(self, mia: Any, clara: Any) -> None:
        html = client_of(mia).get(page(report_of(None, 1))).content.decode()

        assert f'rel="prev" href="{page(report_of(None, 2))}"' in html
        assert f'rel="next" href="{page(report_of(None, 0))}"' in html
        assert page(report_of(clara, 1)) in html

    def test_anothers_customers_are_not_on_it(self, clara: Any) -> None:
        html = client_of(clara).get(page(report_of(clara))).content.decode()

        assert "Northwind" in html
        assert "Contoso" not in html

    def test_the_mail_is_shown_as_it_looks_in_a_frame_without_rights(self, clara: Any) -> None:
        client, report = client_of(clara), report_of(clara)
        address = reverse("admin:health_weeklyreport_mail", args=(report.pk,))

        framed, mail = client.get(page(report)).content.decode(), client.get(address)

        assert f'src="{address}"' in framed
        assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in framed
        assert mail["X-Frame-Options"] == "SAMEORIGIN"
        assert '<base target="_blank">' in mail.content.decode()

    def test_one_can_have_it_sent_to_oneself(self, clara: Any) -> None:
        address = reverse("admin:health_weeklyreport_send", args=(report_of(clara).pk,))

        response = client_of(clara).post(address, follow=True)

        assert "on its way to clara@example.com" in response.content.decode()
        assert Notice.objects.get().recipient == clara
        assert client_of(clara).get(address).status_code == 405

    def test_without_an_address_it_says_so(self) -> None:
        address = reverse("admin:health_weeklyreport_send", args=(report_of().pk,))

        response = client_of(make_member("Viewer")).post(address, follow=True)

        assert "has no e-mail address" in response.content.decode()
        assert not Notice.objects.exists()

    @pytest.mark.parametrize("object_id", ["99999", "x", "0"])
    def test_a_report_that_does_not_exist_is_not_found(self, mia: Any, object_id: str) -> None:
        assert client_of(mia).get(f"{LIST}{object_id}/change/").status_code == 404

    def test_who_may_not_see_reports_sees_none(self) -> None:
        client, report = client_of(make_member("Viewer")), report_of()
        stranger = make_member("Viewer")
        stranger.groups.clear()
        refused = client_of(stranger)

        for address in (LIST, page(report), f"{LIST}{report.pk}/mail/"):
            assert client.get(address).status_code == 200
            assert refused.get(address).status_code == 403
        assert refused.post(f"{LIST}{report.pk}/send/").status_code == 403
        assert client.get(MAKE).status_code == refused.post(MAKE).status_code == 403


class TestMakeNow:
    def test_a_manager_has_it_made_after_saying_yes(
        self, mia: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
    ) -> None:
        scored("Northwind", 30)
        monkeypatch.setattr(tasks.make_reports_of, "delay", tasks.make_reports_of)
        client = client_of(mia)

        asked = client.get(MAKE)
        with django_capture_on_commit_callbacks(execute=True):
            client.post(MAKE, {"send": "on"})

        assert "22 – 28 Jun 2026" in asked.content.decode()
        assert report_of().made_at == NOW
        assert [notice.recipient for notice in Notice.objects.all()] == [mia]

    def test_without_the_tick_nobody_gets_a_mail(
        self, mia: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
    ) -> None:
        scored("Northwind", 30)
        monkeypatch.setattr(tasks.make_reports_of, "delay", tasks.make_reports_of)

        with django_capture_on_commit_callbacks(execute=True):
            client_of(mia).post(f"{MAKE}?week=2026-06-24", {})

        assert report_of().week == WEEK
        assert not Notice.objects.exists()

    @pytest.mark.parametrize(
        ("asked", "days"), [("2026-06-03", "1 – 7 Jun"), ("2030-01-01", "22 – 28 Jun"), ("x", "22 – 28 Jun")]
    )
    def test_only_a_week_that_is_over_can_be_made(self, mia: Any, asked: str, days: str) -> None:
        assert f"{days} 2026" in client_of(mia).get(f"{MAKE}?week={asked}").content.decode()

    def test_the_clock_makes_what_is_due(self) -> None:
        scored("Northwind", 30)

        tasks.make_due_reports()
        tasks.make_due_reports()

        assert report_of().made_at == NOW


@pytest.mark.usefixtures("weeks")
class TestRest:
    def test_reports_are_listed_by_week_and_owner(self, clara: Any) -> None:
        api = ApiClient("read")

        def listed(**query: Any) -> list[tuple[str, str | None]]:
            return [(row["week"], row["owner"]) for row in api.get("weekly-reports/", **query).json()["results"]]

        assert len(listed()) == 6
        assert listed(week="2026-06-22", ordering="id") == [("2026-06-22", None), ("2026-06-22", "clara")]
        assert listed(owner="clara", week_since="2026-06-15", ordering="-week") == [
            ("2026-06-22", "clara"), ("2026-06-15", "clara"),
        ]  # fmt: skip
        assert {owner for _, owner in listed(whole_book="true")} == {None}
        assert "content" not in api.get("weekly-reports/").json()["results"][0]

    def test_a_report_has_all_its_figures_and_sentences(self) -> None:
        report = report_of()

        body = ApiClient("read").get(f"weekly-reports/{report.pk}/").json()

        assert body["content"] == json.loads(json.dumps(report.content))
        assert body["content"]["standing"]["average"] == 30
        assert body["content"]["sentences"]

    def test_a_filter_that_does_not_exist_is_refused(self) -> None:
        response = ApiClient("read").get("weekly-reports/", manager="clara")

        assert response.status_code == 400
        assert set(errors_of(response)) == {"manager"}

    def test_nobody_changes_a_report_and_a_stranger_sees_none(self) -> None:
        path = f"weekly-reports/{report_of().pk}/"

        assert ApiClient("admin").delete(path).status_code == 405
        assert ApiClient("admin").patch(path, {}).status_code == 405
        assert ApiClient(None).get(path).status_code == 401
