"""Health over REST: read, read back over time, made anew."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_usage


@pytest.fixture
def api(db: None) -> ApiClient:
    return ApiClient()


FAR_AHEAD = "2200-01-01"


@pytest.mark.parametrize("day", ["0001-01-05", "1999-12-31", FAR_AHEAD, "x"])
@pytest.mark.parametrize(
    ("address", "name"),
    [("health/", "day"), ("health/", "since"), ("health/history/", "since"), ("health/history/", "until")],
)
def test_a_day_that_cannot_be_meant_is_refused(api: ApiClient, address: str, name: str, day: str) -> None:
    response = api.get(f"customers/{make_customer().pk}/{address}", **{name: day})

    assert response.status_code == 400
    assert set(errors_of(response)) == {name}


@pytest.mark.parametrize("day", ["0001-01-05", "1999-12-31", FAR_AHEAD, "x"])
def test_a_day_that_cannot_be_meant_is_not_scored(api: ApiClient, day: str) -> None:
    response = api.post(f"customers/{make_customer().pk}/health/recalculate/", {"as_of": day})

    assert response.status_code == 400
    assert set(errors_of(response)) == {"as_of"}


def test_the_first_day_and_one_within_a_year_are_taken(api: ApiClient) -> None:
    address = f"customers/{make_customer().pk}/health/history/"

    first = api.get(address, until="2000-01-01")
    ahead = api.get(address, until=f"{NOW.date() + timedelta(days=1)}")

    assert (first.status_code, ahead.status_code) == (200, 200)


@pytest.fixture
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.usefixtures("at_now")
class TestScore:
    @pytest.mark.parametrize(
        "address", ["customers/{0.pk}/health/", "customers/by-external-id/{0.external_id}/health/"]
    )
    def test_a_score_made_anew_is_read_with_every_point_of_it(self, api: ApiClient, address: str) -> None:
        customer = make_customer()
        make_usage(customer, api_calls=75, logins=1)
        address = address.format(customer)

        made = api.post(f"{address}recalculate/", {})
        read = api.get(address)
        history = api.get(f"{address}history/")

        assert made.status_code == read.status_code == history.status_code == 200
        assert made.json() == read.json()
        body = read.json()
        metrics = [metric for component in body["components"] for metric in component["metrics"]]
        assert len(metrics) == 16
        assert sum(metric["contribution"] for metric in metrics) == pytest.approx(body["total"])
        assert body["day"] == str(YESTERDAY)
        assert [row["day"] for row in history.json()["results"]] == [str(YESTERDAY)]

    def test_without_a_score_it_says_how_to_make_one(self, api: ApiClient) -> None:
        response = api.get(f"customers/{make_customer().pk}/health/")

        assert response.status_code == 404
        assert "no score of this customer yet; POST to health/recalculate/" in response.content.decode()

    def test_who_signed_up_today_has_no_score_yet(self, api: ApiClient) -> None:
        response = api.post(f"customers/{make_customer(signed_up_at=NOW).pk}/health/recalculate/", {})

        assert response.status_code == 409
        assert "its first score is for 2026-07-01" in response.content.decode()

    @pytest.mark.parametrize("address", ["health/", "health/history/"])
    def test_a_parameter_that_does_not_exist_is_refused(self, api: ApiClient, address: str) -> None:
        response = api.get(f"customers/{make_customer().pk}/{address}", as_of="2026-06-30")

        assert response.status_code == 400
        assert set(errors_of(response)) == {"as_of"}
