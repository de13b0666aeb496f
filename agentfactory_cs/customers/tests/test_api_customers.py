"""customers/ and customers/by-external-id/, over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.services import set_tags
from agentfactory_cs.events.models import Event

from .clients import ApiClient, errors_of
from .factories import NOW, make_customer, make_user


class TestCreating:
    def test_a_new_customer_is_stored_and_announced_in_the_name_of_the_key(self, api: ApiClient) -> None:
        response = api.post("customers/", {"name": "Northwind", "external_id": "t-1", "tier": "pro", "tags": ["vip"]})

        customer = Customer.objects.get()
        assert response.status_code == 201
        assert response["Location"].endswith(f"/api/v1/customers/{customer.pk}/")
        assert (customer.name, customer.tier, customer.signed_up_at) == ("Northwind", "pro", NOW)
        assert [tag.name for tag in customer.tags.all()] == ["vip"]
        assert Event.objects.get().by_label.startswith("API key admin")

    def test_a_second_customer_of_the_same_external_id_is_a_conflict(self, api: ApiClient) -> None:
        make_customer(external_id="t-1")

        response = api.post("customers/", {"name": "Again", "external_id": "t-1"})

        assert (response.status_code, errors_of(response)) == (409, {"external_id": "unique"})

    @pytest.mark.parametrize(
        ("body", "attr"),
        [
            ({}, "name"),
            ({"name": ""}, "name"),
            ({"name": "A", "tier": "gold"}, "tier"),
            ({"name": "A", "language": "Klingon"}, "language"),
            ({"name": "A", "time_zone": "Mars/Olympus"}, "time_zone"),
            ({"name": "A", "success_manager": "nobody"}, "success_manager"),
            ({"name": "A", "external_id": "has space"}, "external_id"),
            ({"name": "A", "nmae": "typing error"}, "nmae"),
            ({"name": "A", "lifecycle_stage": "churned"}, "lifecycle_stage"),
            ({"name": "A", "tags": [""]}, "tags.0"),
            ({"name": "A\u0000"}, "name"),
        ],
    )
    def test_a_wrong_field_is_named_and_nothing_is_stored(self, api: ApiClient, body: Any, attr: str) -> None:
        response = api.post("customers/", body)

        assert (response.status_code, list(errors_of(response))) == (400, [attr])
        assert not Customer.objects.exists()


class TestPutByExternalId:
    def test_it_creates_the_first_time_and_replaces_the_second(self, api: ApiClient) -> None:
        created = api.put("customers/by-external-id/t-1/", {"name": "One", "tier": "pro", "country": "DE"})
        replaced = api.put("customers/by-external-id/t-1/", {"name": "Two"})

        customer = Customer.objects.get()
        assert (created.status_code, replaced.status_code) == (201, 200)
        assert (customer.name, customer.tier, customer.country) == ("Two", "free", "")

    def test_what_the_success_team_keeps_stays_unless_it_is_sent(self, api: ApiClient) -> None:
        manager = make_user("ada")
        customer = make_customer(external_id="t-1", success_manager=manager, lifecycle_stage="growth")
        set_tags(customer, ["vip"], now=NOW)
        signed_up_at = customer.signed_up_at

        response = api.put("customers/by-external-id/t-1/", {"name": "New name"})

        body = response.json()
        assert (body["success_manager"], body["lifecycle_stage"], body["tags"]) == ("ada", "growth", ["vip"])
        assert Customer.objects.get().signed_up_at == signed_up_at

    def test_another_external_id_in_the_body_is_refused(self, api: ApiClient) -> None:
        response = api.put("customers/by-external-id/t-1/", {"name": "One", "external_id": "t-2"})

        assert (response.status_code, errors_of(response)) == (400, {"external_id": "invalid"})

    @pytest.mark.django_db(transaction=True)
    def test_two_at_the_same_moment_make_one_customer(self) -> None:
        key, start = ApiClient().key, Barrier(2)

        def put(name: str) -> int:
            start.wait()
            try:
                return ApiClient(key=key).put("customers/by-external-id/t-1/", {"name": name}).status_code
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            statuses = sorted(pool.map(put, ["One", "Two"]))

        assert statuses == [200, 201]
        assert Customer.objects.count() == 1


class TestChanging:
    def test_patch_changes_what_is_sent_and_keeps_the_history(self, api: ApiClient) -> None:
        customer = make_customer(tier="starter", industry="Retail")

        response = api.patch(f"customers/{customer.pk}/", {"tier": "pro"})

        body = response.json()
        assert (body["tier"], body["industry"]) == ("pro", "Retail")
        assert customer.changes.get().old == "starter"

    def test_tags_are_replaced_as_a_set_and_count_as_a_change(self, api: ApiClient) -> None:
        customer = make_customer()
        set_tags(customer, ["old", "both"], now=NOW)

        response = api.patch(f"customers/by-external-id/{customer.external_id}/", {"tags": ["both", "new"]})

        assert response.json()["tags"] == ["both", "new"]
        assert Customer.objects.get().updated_at == NOW

    def test_a_departure_and_a_return_are_recorded_with_their_days(self, api: ApiClient) -> None:
        customer = make_customer()

        left = api.post(f"customers/{customer.pk}/churn/", {"reason": "price", "churned_on": "2026-06-20"})
        back = api.post(
            f"customers/by-external-id/{customer.external_id}/reactivate/", {"reactivated_on": "2026-06-25"}
        )

        assert (left.status_code, left.json()["reason"]) == (201, "price")
        assert (back.status_code, back.json()["lifecycle_stage"]) == (200, "adoption")
        assert api.get("churns/", reason="price").json()["results"][0]["reactivated_on"] == "2026-06-25"

    def test_a_customer_that_has_not_left_cannot_come_back(self, api: ApiClient) -> None:
        customer = make_customer()

        response = api.post(f"customers/{customer.pk}/reactivate/")

        assert (response.status_code, errors_of(response)) == (409, {"non_field_errors": "conflict"})

    def test_a_customer_is_not_deleted_even_by_an_admin_key(self, api: ApiClient) -> None:
        customer = make_customer()

        response = api.delete(f"customers/{customer.pk}/")

        assert response.status_code == 405
        assert Customer.objects.exists()


class TestListing:
    def test_filters_narrow_the_list(self, api: ApiClient) -> None:
        vip = make_customer(name="Northwind", tier="pro", success_manager=make_user("ada"))
        set_tags(vip, ["vip"], now=NOW)
        make_customer(name="Other", tier="free")

        for query in (
            {"tier": "pro"},
            {"name": "north"},
            {"tag": "vip"},
            {"success_manager": "ada"},
            {"external_id": vip.external_id},
        ):
            found = [row["id"] for row in api.get("customers/", **query).json()["results"]]
            assert found == [vip.pk], query

    def test_updated_since_finds_what_changed_after_a_moment(self, api: ApiClient) -> None:
        customer = make_customer()

        now = api.get("customers/", updated_since="2026-07-01T12:00:00Z").json()["results"]
        later = api.get("customers/", updated_since="2026-07-01T12:00:01Z").json()["results"]

        assert ([row["id"] for row in now], later) == ([customer.pk], [])

    def test_a_moment_of_any_offset_is_understood(self, api: ApiClient) -> None:
        customer = make_customer()

        # PostgreSQL would refuse this offset: 2026-06-30T16:00:00Z.
        response = api.get("customers/", updated_since="2026-07-01T12:00:00+20:00")

        assert [row["id"] for row in response.json()["results"]] == [customer.pk]

    def test_a_moment_outside_the_calendar_is_refused(self, api: ApiClient) -> None:
        response = api.get("customers/", updated_since="0001-01-01T00:00:00+20:00")

        assert (response.status_code, errors_of(response)) == (400, {"updated_since": "invalid"})

    def test_a_mistyped_filter_is_refused_and_not_ignored(self, api: ApiClient) -> None:
        response = api.get("customers/", teir="pro")

        assert (response.status_code, list(errors_of(response))) == (400, ["teir"])

    def test_a_list_takes_as_many_queries_for_many_as_for_one(self, api: ApiClient) -> None:
        make_customer(success_manager=make_user())
        api.get("customers/")  # the first use of a key is noted
        with CaptureQueriesContext(connection) as for_one:
            api.get("customers/")
        for _ in range(5):
            set_tags(make_customer(success_manager=make_user()), ["a", "b"], now=NOW)

        with CaptureQueriesContext(connection) as for_many:
            rows = api.get("customers/").json()["results"]

        assert len(rows) == 6
        # The key, the customers with their managers, the tags.
        assert (len(for_one), len(for_many)) == (3, 3)
