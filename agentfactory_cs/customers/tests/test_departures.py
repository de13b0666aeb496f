"""Departures and returns."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers import services
from agentfactory_cs.customers.models import Churn, Customer

from .clients import ApiClient, errors_of
from .factories import NOW, YESTERDAY, make_customer

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
TOMORROW = TODAY + timedelta(days=1)


def _gone() -> Customer:
    customer = make_customer()
    services.record_churn(Churn(customer=customer, churned_on=YESTERDAY), now=NOW)
    return customer


def test_a_departure_with_a_return_in_the_future_is_refused() -> None:
    churn = Churn(customer=make_customer(), churned_on=YESTERDAY, reactivated_on=TOMORROW)

    with pytest.raises(ValidationError) as refusal:
        services.record_churn(churn, now=NOW)

    assert refusal.value.message_dict == {"reactivated_on": [f"{TOMORROW} lies in the future."]}
    assert not Churn.objects.exists()


def test_a_return_in_the_future_is_refused() -> None:
    customer = _gone()

    with pytest.raises(ValidationError) as refusal:
        services.reactivate(customer, on=TOMORROW, now=NOW)

    assert refusal.value.message_dict == {"reactivated_on": [f"{TOMORROW} lies in the future."]}
    assert Churn.objects.get().reactivated_on is None


def test_a_return_today_is_recorded() -> None:
    customer = _gone()

    services.reactivate(customer, on=TODAY, now=NOW)

    assert Churn.objects.get().reactivated_on == TODAY
    assert Customer.objects.get().lifecycle_stage == Customer.Stage.ADOPTION


def test_a_return_locks_the_customer_before_it_looks_at_departures() -> None:
    customer = _gone()

    with CaptureQueriesContext(connection) as captured:
        services.reactivate(customer, on=TODAY, now=NOW)

    first = next(query["sql"] for query in captured if query["sql"].startswith("SELECT"))
    assert 'FROM "customers_customer"' in first
    assert "FOR UPDATE" in first


def test_rest_names_the_field_of_a_return_in_the_future(api: ApiClient) -> None:
    customer = _gone()

    response = api.post(f"customers/{customer.pk}/reactivate/", {"reactivated_on": str(TOMORROW)})

    assert response.status_code == 400
    assert errors_of(response).keys() == {"reactivated_on"}
