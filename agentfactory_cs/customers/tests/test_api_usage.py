"""POST /api/v1/usage/."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers.models import Feature, UsageDay

from .clients import ApiClient, errors_of
from .factories import YESTERDAY, make_customer

DAY = "2026-06-30"


def stored() -> list[tuple[Any, ...]]:
    return list(UsageDay.objects.order_by("customer_id", "day").values_list("customer_id", "day", "api_calls"))


class TestStoring:
    @pytest.mark.parametrize("wrapped", [True, False])
    def test_rows_are_stored_by_either_name_of_the_customer(self, api: ApiClient, wrapped: bool) -> None:
        one, other = make_customer(), make_customer()
        rows = [
            {"customer": one.pk, "day": DAY, "api_calls": 5},
            {"customer_external_id": other.external_id, "day": DAY, "api_calls": 7},
        ]

        response = api.post("usage/", {"rows": rows} if wrapped else rows)

        assert (response.status_code, response.json()) == (200, {"accepted": 2, "errors": []})
        assert stored() == [(one.pk, YESTERDAY, 5), (other.pk, YESTERDAY, 7)]

    def test_every_count_and_the_features_arrive_in_their_columns(self, api: ApiClient) -> None:
        customer = make_customer()
        names = ("api_calls", "active_agents", "conversations", "logins", "active_users", "community_posts")
        counts = {name: number for number, name in enumerate(names, start=1)}
        features = list(Feature.objects.filter(name__in=["CLI", "SSO"]))

        api.post("usage/", [{"customer": customer.pk, "day": DAY, "features": ["SSO", "CLI", "SSO"], **counts}])

        row = UsageDay.objects.get()
        assert {name: getattr(row, name) for name in names} == counts
        assert row.features == sum(1 << feature.bit for feature in features)

    def test_a_row_replaces_the_whole_day(self, api: ApiClient) -> None:
        customer = make_customer()
        api.post("usage/", [{"customer": customer.pk, "day": DAY, "api_calls": 5, "logins": 3, "features": ["CLI"]}])

        api.post("usage/", [{"customer": customer.pk, "day": DAY, "api_calls": 6}])

        row = UsageDay.objects.get()
        assert (row.api_calls, row.logins, row.features) == (6, 0, 0)

    def test_no_rows_are_nothing_to_do(self, api: ApiClient) -> None:
        assert api.post("usage/", []).json() == {"accepted": 0, "errors": []}

    def test_five_thousand_rows_take_as_many_queries_as_one(self, api: ApiClient) -> None:
        customer = make_customer()
        rows = [
            {"customer_external_id": customer.external_id, "day": date.fromordinal(YESTERDAY.toordinal() - back)}
            for back in range(1_000)
        ]
        rows = [{**row, "day": str(row["day"])} for row in rows]
        api.post("usage/", rows[:1])
        with CaptureQueriesContext(connection) as for_one:
            api.post("usage/", rows[:1])

        with CaptureQueriesContext(connection) as for_many:
            response = api.post("usage/", rows)

        assert response.json()["accepted"] == 1_000
        # The key, the features, the upsert, and the savepoint around it.
        assert len(for_one) == len(for_many) == 5


BAD_ROWS: list[tuple[Any, str, str]] = [
    ({"day": "2026-07-02"}, "day", "invalid"),
    ({"day": "2019-01-01"}, "day", "invalid"),
    ({"day": "2026-02-30"}, "day", "invalid"),
    ({"day": 5}, "day", "invalid"),
    ({"api_calls": -1}, "api_calls", "invalid"),
    ({"api_calls": 2**31}, "api_calls", "invalid"),
    ({"api_calls": 1.5}, "api_calls", "invalid"),
    ({"logins": "3"}, "logins", "invalid"),
    ({"logins": None}, "logins", "invalid"),
    ({"features": ["CLI", "teleport"]}, "features", "does_not_exist"),
    ({"features": "CLI"}, "features", "invalid"),
    ({"features": [1]}, "features", "invalid"),
    ({"agents": 3}, "agents", "unknown"),
    ({"customer": 10**12}, "customer", "does_not_exist"),
    ({"customer": 2**63}, "customer", "invalid"),
    ({"customer": None}, "customer", "required"),
    ({"customer": None, "customer_external_id": "nobody"}, "customer_external_id", "does_not_exist"),
    ({"customer": None, "customer_external_id": 'a","b'}, "customer_external_id", "does_not_exist"),
    ({"customer": None, "customer_external_id": "a\u0000b"}, "customer_external_id", "does_not_exist"),
    ({"customer": None, "customer_external_id": "NULL"}, "customer_external_id", "does_not_exist"),
    ({"customer_external_id": "nobody"}, "customer", "invalid"),
]


class TestRefusing:
    @pytest.mark.parametrize(("change", "field", "code"), BAD_ROWS, ids=lambda value: str(value)[:50])
    def test_one_bad_row_is_named_by_index_and_keeps_everything_out(
        self, api: ApiClient, change: Any, field: str, code: str
    ) -> None:
        good = {"customer": make_customer().pk, "day": DAY}
        bad = {"customer": make_customer().pk, "day": DAY, **change}

        response = api.post("usage/", [good, bad])

        assert response.status_code == 400
        assert response.json()["type"] == "validation_error"
        assert errors_of(response) == {f"rows.1.{field}": code}
        assert stored() == []

    @pytest.mark.parametrize(("change", "field", "code"), BAD_ROWS, ids=lambda value: str(value)[:50])
    def test_partial_stores_the_good_rows_around_a_bad_one(
        self, api: ApiClient, change: Any, field: str, code: str
    ) -> None:
        customers = [make_customer() for _ in range(3)]
        rows = [{"customer": customer.pk, "day": DAY, "api_calls": 1} for customer in customers]
        rows[1] |= change

        response = api.post("usage/?partial=true", rows)

        body = response.json()
        assert (response.status_code, body["accepted"]) == (200, 2)
        assert [(error["index"], error["attr"], error["code"]) for error in body["errors"]] == [
            (1, f"rows.1.{field}", code)
        ]
        assert stored() == [(customers[0].pk, YESTERDAY, 1), (customers[2].pk, YESTERDAY, 1)]

    def test_a_second_row_of_a_customer_and_day_is_an_error_whichever_name_it_uses(self, api: ApiClient) -> None:
        customer = make_customer()
        rows = [
            {"customer": customer.pk, "day": DAY},
            {"customer_external_id": customer.external_id, "day": DAY},
            {"customer": customer.pk, "day": "2026-06-29"},
        ]

        response = api.post("usage/", rows)

        assert errors_of(response) == {"rows.1.day": "unique"}

    def test_each_bad_row_gets_one_error_in_the_order_of_the_request(self, api: ApiClient) -> None:
        rows: list[Any] = [7, {"day": "x", "logins": -1}, {"customer": make_customer().pk, "day": DAY}, {}, "row"]

        response = api.post("usage/", rows)

        assert list(errors_of(response)) == ["rows.0", "rows.1.day", "rows.3.day", "rows.4"]

    @pytest.mark.parametrize("body", ["{", "", "null", "5", '{"row": []}', '{"rows": 1}', "\udcff", "[" * 5000])
    def test_a_body_that_holds_no_rows_is_refused(self, api: ApiClient, body: str) -> None:
        response = api.client.post(
            "/api/v1/usage/", body.encode(errors="surrogateescape"), content_type="application/json"
        )

        assert response.status_code == 400

    def test_more_rows_than_a_request_may_hold_are_refused(self, api: ApiClient) -> None:
        response = api.post("usage/", [{"customer": 1, "day": DAY}] * 5_001)

        assert (response.status_code, errors_of(response)) == (400, {"rows": "max_length"})

    @pytest.mark.parametrize("query", ["partial=yes", "partly=true"])
    def test_a_parameter_nobody_knows_is_refused(self, api: ApiClient, query: str) -> None:
        assert api.post(f"usage/?{query}", []).status_code == 400

    def test_a_key_that_only_reads_sends_nothing(self, api: ApiClient) -> None:
        assert ApiClient("read").post("usage/", []).status_code == 403


class TestFeatures:
    def test_the_names_usage_may_use_can_be_read(self, api: ApiClient) -> None:
        rows = api.get("features/", tier="free").json()["results"]

        assert {row["name"] for row in rows} == {"web search tool", "file tools", "calculator", "CLI"}
