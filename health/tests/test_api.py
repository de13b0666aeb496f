"""Health over REST: days that cannot be meant are refused by name."""

from datetime import timedelta

import pytest

from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.factories import NOW, make_customer


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
