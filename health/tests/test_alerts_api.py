"""Alerts and their rules over REST."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.factories import NOW, make_customer, make_member, make_user
from health.models import Alert, AlertRule

from .test_alerts import make_alert

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Iterator[ApiClient]:
    with time_machine.travel(NOW, tick=False):
        yield ApiClient()


def _ids(response: Any) -> list[int]:
    assert response.status_code == 200
    return [row["id"] for row in response.json()["results"]]


def test_one_alert_tells_everything(api: ApiClient) -> None:
    alert = make_alert(owner=make_user("clara"), mrr=100, currency="EUR", rank=2000)

    body = api.get(f"alerts/{alert.pk}/").json()

    assert (body["kind"], body["state"], body["owner"]) == ("at_risk", "open", "clara")
    assert (body["score"], body["score_before"], body["mrr"]) == (40, 60, "100.00")
    assert body["sentences"] == ["−9.2: conversations per week fell from 610 to 240"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "open"}, ["first", "second"]),
        ({"state": ["open", "closed"]}, ["first", "second", "closed"]),
        ({"kind": "drop"}, ["second"]),
        ({"owner": "clara"}, ["first"]),
        ({"customer_external_id": "tenant-9"}, ["closed"]),
        ({"ordering": "-rank", "state": "open"}, ["second", "first"]),
        ({"raised_since": "2026-07-01"}, []),
    ],
)
def test_the_list_is_filtered_and_sorted(api: ApiClient, query: dict[str, Any], found: list[str]) -> None:
    made = {
        "first": make_alert(owner=make_user("clara"), rank=1),
        "second": make_alert(kind="drop", rank=2),
        "closed": make_alert("closed", customer=make_customer(external_id="tenant-9")),
    }

    assert _ids(api.get("alerts/", **query)) == [made[name].pk for name in found]


def test_a_filter_that_does_not_exist_is_refused(api: ApiClient) -> None:
    assert errors_of(api.get("alerts/", status="open")) == {"status": "invalid"}


def test_an_alert_is_worked_to_its_end(api: ApiClient) -> None:
    address = f"alerts/{make_alert().pk}/"

    acknowledged = api.post(f"{address}acknowledge/")
    snoozed = api.post(f"{address}snooze/", {"until": str(NOW.date() + timedelta(days=5))})
    labelled = api.post(f"{address}label/", {"label": "useful"})
    closed = api.post(f"{address}close/", {"reason": "Solved"})

    states = [response.json()["state"] for response in (acknowledged, snoozed, labelled, closed)]
    assert states == ["acknowledged", "snoozed", "snoozed", "closed"]
    assert (closed.json()["label"], closed.json()["closing"]) == ("useful", "by_hand")


def test_what_the_state_forbids_is_a_conflict(api: ApiClient) -> None:
    response = api.post(f"alerts/{make_alert('closed').pk}/acknowledge/")

    assert response.status_code == 409
    assert "This alert is closed" in response.content.decode()


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("snooze", {}, "until"),
        ("snooze", {"until": "2026-07-01"}, "until"),
        ("label", {"label": "great"}, "label"),
        ("close", {"why": "x"}, "why"),
    ],
)
def test_bad_input_names_the_field(api: ApiClient, verb: str, body: dict[str, str], field: str) -> None:
    alert = make_alert()

    response = api.post(f"alerts/{alert.pk}/{verb}/", body)

    assert response.status_code == 400
    assert set(errors_of(response)) == {field}
    assert Alert.objects.get().state == "open"


def test_precision_is_told_by_kind_and_month(api: ApiClient) -> None:
    for number in range(10):
        make_alert("acknowledged", label="useful" if number < 7 else "noise", labelled_at=NOW)

    body = api.get("alerts/precision/").json()

    at_risk = body["kinds"][0]
    assert (at_risk["kind"], at_risk["raised"], at_risk["precision"]) == ("at_risk", 10, 0.7)
    assert at_risk["median_seconds_to_acknowledge"] == 36_000
    assert [row["precision"] for row in body["kinds"][1:]] == [None, None]
    assert [row["month"] for row in body["months"]] == ["2026-06-01"]


@pytest.mark.parametrize(
    "query", [{"since": "2026-07-02", "until": "2026-07-01"}, {"since": "x"}, {"from": "2026-01-01"}]
)
def test_a_span_that_cannot_be_is_refused(api: ApiClient, query: dict[str, str]) -> None:
    assert api.get("alerts/precision/", **query).status_code == 400


def test_rules_are_read_and_changed(api: ApiClient) -> None:
    rules = api.get("alert-rules/").json()["results"]
    changed = api.patch("alert-rules/drop/", {"threshold": 20, "is_active": False})

    assert [rule["kind"] for rule in rules] == ["at_risk", "drop", "left_healthy"]
    assert changed.json() == {"kind": "drop", "is_active": False, "threshold": 20, "days": 7, "recovery": 5}
    assert AlertRule.objects.get(kind="drop").threshold == 20


@pytest.mark.parametrize("body", [{"days": 0}, {"threshold": None}, {"recovery": 51}])
def test_a_rule_that_means_nothing_is_refused(api: ApiClient, body: dict[str, Any]) -> None:
    response = api.patch("alert-rules/drop/", body)

    assert response.status_code == 400
    assert AlertRule.objects.get(kind="drop").days == 7


@pytest.mark.parametrize(
    ("group", "works", "sets"), [("Viewer", 403, 403), ("CSM", 200, 403), ("CS manager", 200, 200)]
)
def test_people_may_what_their_group_may(group: str, works: int, sets: int) -> None:
    client, alert = Client(), make_alert()
    client.force_login(make_member(group))

    read = client.get("/api/v1/alerts/")
    work = client.post(f"/api/v1/alerts/{alert.pk}/acknowledge/", {}, "application/json")
    change = client.patch("/api/v1/alert-rules/drop/", {"days": 5}, "application/json")

    assert (read.status_code, work.status_code, change.status_code) == (200, works, sets)


def test_a_key_that_reads_does_not_work_alerts() -> None:
    response = ApiClient("read").post(f"alerts/{make_alert().pk}/acknowledge/")

    assert response.status_code == 403
