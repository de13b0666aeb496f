"""The customers list in the console."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.console.paging import CappedPaginator
from agentfactory_cs.customers import services
from agentfactory_cs.customers.models import Churn, Customer, CustomerChange, Interaction, Subscription, Tag

from .factories import NOW, YESTERDAY, make_customer, make_member, make_subscription

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
LIST = "/admin/customers/customer/"


@pytest.fixture
def at_now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def _client(group: str = "CS manager", username: str = "") -> Client:
    client = Client()
    client.force_login(make_member(group, username))
    return client


def _names(client: Client, query: str = "") -> list[str]:
    response = client.get(LIST + query)
    assert response.status_code == 200
    return [customer.name for customer in response.context["cl"].result_list]


def test_who_has_customers_sees_their_own_first() -> None:
    clara = make_member("CSM", "clara")
    make_customer(name="Hers", success_manager=clara)
    make_customer(name="Somebody's", success_manager=make_member("CSM"))
    client = Client()
    client.force_login(clara)

    assert _names(client) == ["Hers"]
    assert set(_names(client, "?whose=all")) == {"Hers", "Somebody's"}


def test_who_has_none_sees_all() -> None:
    make_customer(name="Somebody's", success_manager=make_member("CSM"))

    assert _names(_client()) == ["Somebody's"]


def test_those_who_left_stand_under_a_tab_of_their_own() -> None:
    make_customer(name="Here")
    gone = make_customer(name="Gone")
    services.record_churn(Churn(customer=gone, churned_on=YESTERDAY), now=NOW)
    client = _client()

    assert _names(client, "?whose=all") == ["Here"]
    assert _names(client, "?whose=churned") == ["Gone"]


def test_nobodys_customers_have_a_tab() -> None:
    make_customer(name="Lonely")
    make_customer(name="Cared for", success_manager=make_member("CSM"))

    assert _names(_client(), "?whose=nobody") == ["Lonely"]


def test_search_finds_part_of_a_name_or_the_tenant_id() -> None:
    make_customer(name="Northwind Bank", external_id="nw-1")
    make_customer(name="Globex", external_id="gx-1")
    client = _client()

    assert _names(client, "?q=WIND") == ["Northwind Bank"]
    assert _names(client, "?q=gx-") == ["Globex"]


def test_filters_leave_whom_they_name() -> None:
    clara = make_member("CSM", "clara")
    make_customer(name="Neither")
    fits = make_customer(name="Fits", tier=Customer.Tier.PRO, success_manager=clara)
    make_subscription(
        fits, renews_on=NOW.date() + timedelta(days=20), payment_status=Subscription.PaymentStatus.PAST_DUE
    )
    tag = Tag.objects.create(name="beta")
    fits.tags.add(tag)
    client = _client()

    for query in ("tier__exact=pro", f"manager={clara.pk}", "renews=30", "payment=past_due", f"tag={tag.pk}"):
        assert _names(client, f"?whose=all&{query}") == ["Fits"], query


def test_a_contract_that_ended_does_not_renew() -> None:
    customer = make_customer()
    make_subscription(customer, renews_on=NOW.date() + timedelta(days=20), ended_on=YESTERDAY)

    assert _names(_client(), "?whose=all&renews=30") == []


@pytest.mark.parametrize(
    "query", ["tag=none", "manager=nobody'--", "whose=x", "renews=9", "p=999", "o=99", "payment=x"]
)
def test_an_address_somebody_typed_never_breaks_the_list(query: str) -> None:
    assert _client().get(f"{LIST}?{query}", follow=True).status_code == 200


def test_a_chosen_filter_stands_above_the_list_and_can_be_taken_away() -> None:
    make_customer()

    html = _client().get(f"{LIST}?whose=all&tier__exact=starter").content.decode()

    assert 'href="?whose=all" title="Remove this filter"' in html


def test_a_row_tells_revenue_renewal_and_last_contact() -> None:
    customer = make_customer()
    make_subscription(customer, mrr=1200, renews_on=NOW.date() + timedelta(days=12))
    make_subscription(customer, mrr=300, plan="add-on", payment_status=Subscription.PaymentStatus.UNPAID)
    services.log_interaction(
        Interaction(customer=customer, kind="call", subject="Hello", held_at=NOW - timedelta(days=3)), now=NOW
    )

    html = _client().get(LIST).content.decode()

    for words in ("1,500 USD", "Unpaid", "in 12 days", "3 days ago"):
        assert words in html


def test_a_row_opens_the_customers_page() -> None:
    customer = make_customer()

    assert f'href="{LIST}{customer.pk}/overview/' in _client().get(LIST).content.decode()


def test_the_number_of_queries_does_not_grow_with_the_list() -> None:
    client = _client()

    def queries(count: int) -> int:
        for _ in range(count):
            make_subscription(make_customer(success_manager=make_member("CSM")))
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{LIST}?whose=all")
        return len(captured)

    few, many = queries(2), queries(18)

    assert many == few
    assert many <= 24


def test_a_list_beyond_the_limit_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CappedPaginator, "MOST", 2)
    for _ in range(3):
        make_customer()

    html = _client().get(LIST).content.decode()

    assert "2+ customers" in html


def test_assigning_a_manager_reports_whom_it_changed() -> None:
    clara = make_member("CSM", "clara", first_name="Clara", last_name="Fischer")
    here, there = make_customer(success_manager=clara), make_customer()
    chosen = {"action": "assign", "_selected_action": [here.pk, there.pk]}
    client = _client()

    asked = client.post(LIST, chosen)
    answered = client.post(LIST, {**chosen, "apply": "1", "manager": clara.pk}, follow=True)

    assert "2 customers get a new success manager" in asked.content.decode()
    assert "Assigned 1 to Clara Fischer; 1 already were." in answered.content.decode()
    assert Customer.objects.get(pk=there.pk).success_manager == clara
    assert CustomerChange.objects.get(customer=there).changed_by is not None


def test_who_may_only_look_is_offered_no_action() -> None:
    customer = make_customer()

    response = _client("Viewer").post(LIST, {"action": "assign", "_selected_action": [customer.pk], "apply": "1"})

    assert "Assign success manager" not in _client("Viewer").get(LIST).content.decode()
    assert Customer.objects.get(pk=customer.pk).success_manager is None
    assert response.status_code in {200, 302}
