"""Over REST: why a score changed, and scores set by hand."""

from datetime import timedelta
from typing import Any

import pytest

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.conftest import api, at_now
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_usage
from health import services
from health.models import HealthOverride
from health.overrides import set_override

__all__ = ["api", "at_now"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
TODAY = NOW.date()
UNTIL = str(TODAY + timedelta(days=14))
WEEK_BEFORE = YESTERDAY - timedelta(days=7)


@pytest.fixture
def customer() -> Customer:
    """Scored yesterday and a week before; its use stopped five days ago."""
    customer = make_customer(external_id="northwind")
    make_usage(customer, until=YESTERDAY - timedelta(days=5), days=60, api_calls=75, logins=1)
    for day in (WEEK_BEFORE, YESTERDAY):
        services.score_customer(customer.pk, as_of=day)
    return customer


class TestExplain:
    @pytest.mark.parametrize("address", ["customers/{0.pk}", "customers/by-external-id/{0.external_id}"])
    def test_the_change_is_split_by_metric_and_cause_and_sums(
        self, api: ApiClient, customer: Customer, address: str
    ) -> None:
        response = api.get(f"{address.format(customer)}/health/explain/")

        body = response.json()
        assert response.status_code == 200
        assert (body["from"]["day"], body["to"]["day"]) == (str(WEEK_BEFORE), str(YESTERDAY))
        change = body["to"]["effective"] - body["from"]["effective"]
        assert change < 0
        assert body["change"] == pytest.approx(change, abs=1e-9)
        assert sum(cause["change"] for cause in body["causes"]) == pytest.approx(change, abs=1e-9)
        assert sum(metric["change"] for metric in body["metrics"]) == pytest.approx(change, abs=1e-9)
        assert "API calls per day fell from 75 to 61.6" in " ".join(body["sentences"])
        assert body["headline"].startswith("Fell ")

    def test_the_days_can_be_chosen(self, api: ApiClient, customer: Customer) -> None:
        day = YESTERDAY - timedelta(days=2)
        services.score_customer(customer.pk, as_of=day)

        body = api.get(f"customers/{customer.pk}/health/explain/", **{"from": WEEK_BEFORE, "to": day}).json()

        assert (body["from"]["day"], body["to"]["day"]) == (str(WEEK_BEFORE), str(day))

    @pytest.mark.parametrize(
        ("query", "status", "attr"),
        [
            ({"since": "2026-06-01"}, 400, "since"),
            ({"from": "x"}, 400, "from"),
            ({"from": str(YESTERDAY), "to": str(YESTERDAY)}, 400, "from"),
            ({"from": str(TODAY)}, 400, "from"),
            ({"from": "2026-06-01"}, 404, None),
            ({"to": "2026-06-01"}, 404, None),
        ],
    )
    def test_what_cannot_be_compared_is_refused_with_the_reason(
        self, api: ApiClient, customer: Customer, query: dict[str, str], status: int, attr: str | None
    ) -> None:
        response = api.get(f"customers/{customer.pk}/health/explain/", **query)

        assert response.status_code == status
        assert set(errors_of(response)) == {attr}

    def test_an_override_shows_in_score_history_and_explanation(self, api: ApiClient, customer: Customer) -> None:
        total = api.get(f"customers/{customer.pk}/health/").json()["total"]
        set_override(customer, value=90, reason="Signed", expires_on=TODAY + timedelta(days=14), now=NOW)

        score = api.get(f"customers/{customer.pk}/health/").json()
        history = api.get(f"customers/{customer.pk}/health/history/").json()["results"]
        explained = api.get(f"customers/{customer.pk}/health/explain/").json()

        assert (score["total"], score["effective"], score["band"]) == (total, 90, "healthy")
        assert (score["override"]["value"], score["override"]["reason"], score["limits"]) == (90, "Signed", [])
        assert history[-1]["effective"] == 90
        assert history[-1]["total"] == pytest.approx(total, rel=1e-6)
        assert explained["to"]["override"]["contribution"] == pytest.approx(90 - total)
        assert explained["override_change"] == pytest.approx(90 - total)


class TestOverrides:
    def _asked(self, whose: Customer, **changes: Any) -> dict[str, Any]:
        return {"customer": whose.pk, "value": 80, "reason": "Contract signed", "expires_on": UNTIL, **changes}

    def test_one_is_set_read_listed_and_ended(self, api: ApiClient, customer: Customer) -> None:
        made = api.post("health-overrides/", self._asked(customer))
        read = api.get(made.headers["Location"])
        listed = api.get("health-overrides/", in_force="true", customer=customer.pk).json()["results"]
        ended = api.post(f"health-overrides/{made.json()['id']}/end/", {"reason": "They have not."})

        assert (made.status_code, read.status_code, ended.status_code) == (201, 200, 200)
        assert read.json() == made.json() == listed[0]
        assert made.json()["in_force"] is True
        assert made.json()["created_by_label"].startswith("API key")
        assert ended.json()["in_force"] is False
        assert ended.json()["end_reason"] == "They have not."
        assert api.get("health-overrides/", in_force="true").json()["results"] == []
        assert len(api.get("health-overrides/", in_force="false").json()["results"]) == 1

    def test_the_customer_may_be_named_as_the_platform_does(self, api: ApiClient, customer: Customer) -> None:
        asked = {"customer_external_id": "northwind", "value": 80, "reason": "Signed", "expires_on": UNTIL}

        assert api.post("health-overrides/", asked).json()["customer"] == customer.pk

    @pytest.mark.parametrize(
        ("changes", "attr"),
        [
            ({"value": 101}, "value"),
            ({"value": "x"}, "value"),
            ({"reason": " "}, "reason"),
            ({"expires_on": str(TODAY)}, "expires_on"),
            ({"expires_on": str(TODAY + timedelta(days=91))}, "expires_on"),
            ({"customer": 999_999}, "customer"),
            ({"until": UNTIL}, "until"),
            ({"first_day": "2020-01-01"}, None),
        ],
    )
    def test_what_cannot_be_is_refused_by_field(
        self, api: ApiClient, customer: Customer, changes: dict[str, Any], attr: str | None
    ) -> None:
        response = api.post("health-overrides/", self._asked(customer, **changes))

        if attr is None:  # what the server decides is not taken from the client
            assert response.json()["first_day"] == str(YESTERDAY)
        else:
            assert response.status_code == 400
            assert set(errors_of(response)) == {attr}
            assert not HealthOverride.objects.exists()

    def test_ending_it_twice_is_a_conflict(self, api: ApiClient, customer: Customer) -> None:
        pk = api.post("health-overrides/", self._asked(customer)).json()["id"]
        api.post(f"health-overrides/{pk}/end/", {"reason": "Over."})

        assert api.post(f"health-overrides/{pk}/end/", {"reason": "Over."}).status_code == 409

    def test_a_key_that_may_only_read_sets_nothing(self, customer: Customer) -> None:
        assert ApiClient("read").post("health-overrides/", self._asked(customer)).status_code == 403
        assert not HealthOverride.objects.exists()

    def test_the_list_costs_the_same_however_long(self, api: ApiClient, django_assert_max_num_queries: Any) -> None:
        for _ in range(5):
            api.post("health-overrides/", self._asked(make_customer()))

        with django_assert_max_num_queries(6):
            assert len(api.get("health-overrides/").json()["results"]) == 5
