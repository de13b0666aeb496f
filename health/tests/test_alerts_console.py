"""Alerts in the console: the list, working one in place, several at once, the settings."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_member
from agentfactory_cs.messaging.models import Notice
from health.models import Alert, AlertRule, HealthSettings

from .alerting import write_scores
from .test_alerts import make_alert

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
LIST = "/admin/health/alert/"
SECRET = "https://hooks.slack.example/services/T0/B0/verysecret"


@pytest.fixture
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def clara() -> User:
    return make_member("CSM", "clara", first_name="Clara")


@pytest.fixture
def mine(clara: User) -> Client:
    return _client(clara)


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _alert(name: str, rank: float = 0, state: str = "open", owner: Any = None, **fields: Any) -> Alert:
    customer = make_customer(name=name, success_manager=owner)
    return make_alert(state, customer=customer, owner=owner, rank=rank, **fields)


def _names(client: Client, query: str = "") -> list[str]:
    response = client.get(LIST + query)
    assert response.status_code == 200
    return [alert.customer.name for alert in response.context["cl"].result_list]


def _badges(client: Client) -> dict[str, str | None]:
    groups = client.get("/admin/").context["sidebar_navigation"]
    return {str(item["title"]): item.get("badge") for group in groups for item in group["items"]}


class TestList:
    def test_it_opens_on_mine_with_the_most_at_stake_on_top(self, mine: Client, clara: User) -> None:
        _alert("Little", 10, owner=clara)
        _alert("Much", 900, owner=clara)
        _alert("Closed", 999, "closed", owner=clara)
        _alert("Other", 5000)

        assert _names(mine) == ["Much", "Little"]
        assert "open ones first, most revenue × points lost on top" in mine.get(LIST).content.decode()

    def test_who_has_none_sees_everybodys(self, clara: User) -> None:
        _alert("Hers", owner=clara)

        assert _names(_client(make_member("CS manager"))) == ["Hers"]

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("?which=all", ["Open", "Quiet", "Taken up"]),
            ("?which=quiet", ["Quiet"]),
            ("?which=closed", ["Closed"]),
            ("?which=all&state__exact=acknowledged", ["Taken up"]),
            ("?which=all&kind__exact=drop", ["Quiet"]),
            ("?which=all&owner=nobody", ["Open", "Quiet", "Taken up"]),
        ],
    )
    def test_it_is_narrowed_by_tabs_and_filters(self, mine: Client, query: str, names: list[str]) -> None:
        _alert("Open", 9)
        _alert("Taken up", 8, "acknowledged")
        _alert("Quiet", 7, quiet="cap", quiet_reason="10 others", kind="drop")
        _alert("Closed", 6, "closed")

        assert _names(mine, query) == names

    def test_a_row_says_what_why_since_when_and_what_is_at_stake(self, mine: Client) -> None:
        alert = _alert("Northwind", mrr=1200, currency="EUR", repeats=3, quiet="cap", quiet_reason="10 others first")
        write_scores(alert.customer, [38])

        html = mine.get(f"{LIST}?which=all").content.decode()

        for words in (
            "Northwind",
            "Became at risk: from 60 to 40",
            "conversations per week fell from 610 to 240",
            "3 more days",
            "1,200 EUR",
            'title="10 others first"',
            "<b>38</b>",
        ):
            assert words in html

    def test_an_empty_list_says_what_will_fill_it(self, mine: Client) -> None:
        assert "An alert is raised when a customer becomes at risk" in mine.get(LIST).content.decode()

    def test_a_page_takes_a_fixed_number_of_queries(self, mine: Client) -> None:
        counts = []
        for number in range(2):
            for row in range(1 + 20 * number):
                write_scores(_alert(f"{number} {row}").customer, [40])
            with CaptureQueriesContext(connection) as seen:
                _names(mine, "?which=all")
            counts.append(len(seen))

        assert counts[0] == counts[1]

    def test_the_sidebar_counts_what_waits_for_me_and_no_further_than_99(self, mine: Client, clara: User) -> None:
        _alert("Mine", owner=clara)
        _alert("Seen", state="acknowledged", owner=clara)
        before = _badges(mine)["Alerts"]
        customer = make_customer(success_manager=clara)
        Alert.objects.bulk_create(
            Alert(
                customer=Customer.objects.create(name=f"C{number}", signed_up_at=NOW),
                kind="drop",
                owner=clara,
                day=YESTERDAY,
                last_day=YESTERDAY,
                score=1,
                score_before=2,
                opened_at=NOW,
            )
            for number in range(99)
        )

        assert (before, _badges(mine)["Alerts"]) == ("1", "99+")
        assert customer.success_manager == clara


class TestWorking:
    def _do(self, client: Client, alert: Alert, verb: str, **body: Any) -> str:
        response = client.post(f"{LIST}{alert.pk}/{verb}/do/", body)
        assert response.status_code == 200
        alert.refresh_from_db()
        return response.content.decode()

    def test_each_button_does_its_thing_and_shows_what_is_now(self, mine: Client, clara: User) -> None:
        alert = _alert("Northwind", owner=clara)

        acknowledged = self._do(mine, alert, "acknowledge")
        labelled = self._do(mine, alert, "label", label="noise")
        snoozed = self._do(mine, alert, "snooze", days=7)
        closed = self._do(mine, alert, "close", reason="They called")

        assert "Acknowledged" in acknowledged
        assert 'hx-post="/admin/health/alert/' in acknowledged
        assert '<span class="af-tag">Noise</span>' in labelled
        assert "in 7 days" in snoozed
        assert "Closed by hand" in closed
        assert (alert.state, alert.closed_by, alert.label) == ("closed", clara, "noise")

    @pytest.mark.parametrize(
        ("verb", "body", "words"),
        [
            ("acknowledge", {}, "This alert is closed; it cannot become acknowledged."),
            ("snooze", {"until": "soon"}, "Choose a day."),
            ("snooze", {"until": "2026-02-31"}, "Choose a day."),
            ("snooze", {"days": "0"}, "Choose a day from tomorrow"),
            ("label", {"label": "great"}, "is no label"),
        ],
    )
    def test_what_is_refused_says_why_in_its_place(
        self, mine: Client, verb: str, body: dict[str, str], words: str
    ) -> None:
        alert = _alert("Northwind", state="closed")

        html = self._do(mine, alert, verb, **body)

        assert 'role="alert"' in html
        assert words in html

    def test_snoozing_until_a_date(self, mine: Client) -> None:
        alert = _alert("Northwind")

        self._do(mine, alert, "snooze", until="2026-07-15")

        assert str(alert.snoozed_until) == "2026-07-15"

    def test_who_may_only_look_does_nothing(self) -> None:
        viewer, alert = _client(make_member("Viewer")), _alert("Northwind")

        response = viewer.post(f"{LIST}{alert.pk}/acknowledge/do/")

        assert response.status_code == 403
        assert "hx-post" not in viewer.get(f"{LIST}?which=all").content.decode()

    def test_a_verb_that_does_not_exist_is_not_found(self, mine: Client) -> None:
        assert mine.post(f"{LIST}{_alert('X').pk}/explode/do/").status_code == 404
        assert mine.get(f"{LIST}{_alert('Y').pk}/acknowledge/do/").status_code == 405

    def test_several_at_once_report_how_many_and_why_not_the_others(self, mine: Client) -> None:
        chosen = [_alert("A"), _alert("B"), _alert("C", state="acknowledged"), _alert("D", state="acknowledged")]
        body = {"action": "acknowledge", "_selected_action": [alert.pk for alert in chosen]}

        html = mine.post(f"{LIST}?which=all", body, follow=True).content.decode()

        assert "2 alerts done." in html
        assert "2 not: This alert is acknowledged; it cannot become acknowledged." in html

    @pytest.mark.parametrize("action", ["snooze_a_week", "close", "label_useful", "label_noise", "label_known"])
    def test_every_action_works(self, mine: Client, action: str) -> None:
        alert = _alert("A")

        mine.post(f"{LIST}?which=all", {"action": action, "_selected_action": [alert.pk]})

        alert.refresh_from_db()
        expected = {"snooze_a_week": "snoozed", "close": "closed"}.get(action, action.removeprefix("label_"))
        assert expected in (alert.state, alert.label)


class TestElsewhere:
    def test_a_customers_page_shows_its_alerts_to_work_on(self, mine: Client) -> None:
        alert = _alert("Northwind")

        html = mine.get(f"/admin/panel/health.alerts/{alert.customer_id}/").content.decode()

        assert "Became at risk" in html
        assert f"{LIST}{alert.pk}/acknowledge/do/" in html

    def test_a_customer_without_alerts_has_no_such_panel(self, mine: Client) -> None:
        assert mine.get(f"/admin/panel/health.alerts/{make_customer().pk}/").content == b""

    def test_the_dashboard_shows_what_is_at_stake_for_whom_one_filters(self, mine: Client, clara: User) -> None:
        write_scores(_alert("Hers", owner=clara).customer, [40])
        _alert("Other", 99)

        everybody = mine.get("/admin/card/health.alerts/").content.decode()
        hers = mine.get(f"/admin/card/health.alerts/?owner={clara.pk}").content.decode()

        assert everybody.index("Other") < everybody.index("Hers")
        assert "Other" not in hers

    def test_the_precision_is_told_with_its_counts_and_doubts(self, mine: Client) -> None:
        for number in range(12):
            _alert(f"C{number}", label="useful" if number < 9 else "noise", labelled_at=NOW)
        _alert("D", kind="drop", label="useful", labelled_at=NOW)

        html = mine.get(f"{LIST}precision/").content.decode()

        assert "<b>75 %</b> useful" in html
        assert "too few labels (1 of 10)" in html


class TestSettings:
    ADDRESS = "/admin/health/healthsettings/1/change/"

    def _form(self, **changed: Any) -> dict[str, Any]:
        return {
            "daily_alerts": 10,
            "digest_at": "08:00",
            "slack_address": "",
            "late_feed_share": 0.5,
            "shift_spreads": 4,
            "report_weekday": 1,
            "report_at": "07:00",
        } | changed

    @pytest.fixture
    def manager(self) -> Client:
        HealthSettings.objects.update_or_create(pk=1, defaults={"slack_address": SECRET})
        return _client(make_member("CS manager"))

    def test_the_stored_slack_address_is_never_shown(self, manager: Client) -> None:
        html = manager.get("/admin/health/healthsettings/", follow=True).content.decode()

        assert "https://hooks.slack.example/…cret" in html
        assert "verysecret" not in html

    @pytest.mark.parametrize(
        ("changed", "stored"),
        [
            ({}, SECRET),
            ({"slack_address": "https://hooks.slack.example/new"}, "https://hooks.slack.example/new"),
            ({"forget_slack": "on"}, ""),
        ],
    )
    def test_it_is_kept_replaced_or_forgotten(self, manager: Client, changed: dict[str, str], stored: str) -> None:
        response = manager.post(self.ADDRESS, self._form(daily_alerts=5, **changed))

        assert response.status_code == 302
        settings = HealthSettings.get()
        assert (settings.slack_address, settings.daily_alerts) == (stored, 5)

    def test_what_cannot_be_is_refused_beside_its_field(self, manager: Client) -> None:
        html = manager.post(self.ADDRESS, self._form(late_feed_share=2)).content.decode()

        assert "late_feed_share must be 0 to 1." in html
        assert HealthSettings.get().late_feed_share == 0.5

    def test_a_test_post_is_queued(self, manager: Client) -> None:
        manager.get("/admin/health/healthsettings/1/send-test-post/")

        notice = Notice.objects.get()
        assert (notice.address, notice.state) == (SECRET, "waiting")

    def test_without_an_address_there_is_no_test_post(self, manager: Client) -> None:
        HealthSettings.objects.update(slack_address="")

        html = manager.get("/admin/health/healthsettings/1/send-test-post/", follow=True).content.decode()

        assert "There is no Slack address" in html
        assert not Notice.objects.exists()

    def test_a_rule_is_edited(self, manager: Client) -> None:
        body = {"is_active": "on", "threshold": 20, "days": 5, "recovery": 3}

        assert manager.post("/admin/health/alertrule/drop/change/", body).status_code == 302

        rule = AlertRule.objects.get(kind="drop")
        assert (rule.threshold, rule.days, rule.recovery) == (20, 5, 3)

    def test_a_success_manager_edits_neither(self, mine: Client) -> None:
        HealthSettings.get()

        assert mine.get(self.ADDRESS).status_code == 403
        assert mine.post("/admin/health/alertrule/drop/change/", {"days": 5}).status_code == 403


def test_a_snooze_of_ninety_days_is_the_longest_the_field_offers() -> None:
    client, alert = _client(make_member("CSM")), _alert("Northwind")

    html = client.get(f"/admin/panel/health.alerts/{alert.customer_id}/").content.decode()

    assert f'max="{NOW.date() + timedelta(days=90)}"' in html
