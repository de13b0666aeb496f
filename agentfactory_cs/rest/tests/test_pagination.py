"""Pages by cursor, over a table with a column that may be empty."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from agentfactory_cs.rest.pagination import KeysetPagination

START = datetime(2026, 1, 1, tzinfo=UTC)


class View:
    ordering_fields = ("id", "last_login", "date_joined", "username")


def page(address: str) -> dict[str, Any]:
    request = Request(RequestFactory().get(address))
    pagination = KeysetPagination()
    rows = pagination.paginate_queryset(User.objects.all(), request, View())  # type: ignore[arg-type]
    body = pagination.get_paginated_response([row.pk for row in rows]).data
    assert isinstance(body, dict)
    return body


def read_through(ordering: str, size: int) -> tuple[list[int], list[int]]:
    """All ids by following `next` from the first page, and by following `previous` from the last."""
    forward, body = [], page(f"/?ordering={ordering}&page_size={size}")
    forward += body["results"]
    while body["next"]:
        body = page(body["next"])
        forward += body["results"]
    backward = body["results"]
    while body["previous"]:
        body = page(body["previous"])
        backward = body["results"] + backward
    return forward, backward


class TestEveryOrder(TestCase):
    @settings(max_examples=40, deadline=None, derandomize=True)
    @given(
        logins=st.lists(st.none() | st.integers(0, 3), max_size=9),
        ordering=st.sampled_from([f"{sign}{name}" for name in View.ordering_fields for sign in ("", "-")]),
        size=st.integers(1, 4),
    )
    def test_every_row_is_seen_once_in_order_both_ways(
        self, logins: list[int | None], ordering: str, size: int
    ) -> None:
        for number, hours in enumerate(logins):
            moment = None if hours is None else START + timedelta(hours=hours)
            joined = START + timedelta(days=number // 3)
            User.objects.create(username=f"u{number}", last_login=moment, date_joined=joined)
        column = ordering.removeprefix("-")
        filled = User.objects.filter(**{f"{column}__isnull": False}).order_by(
            ordering, "-id" if ordering[0] == "-" else "id"
        )
        empty = User.objects.filter(**{f"{column}__isnull": True}).order_by("-id" if ordering[0] == "-" else "id")
        expected = [user.pk for user in [*filled, *empty]]

        forward, backward = read_through(ordering, size)

        assert forward == expected
        assert backward == expected


@pytest.mark.django_db
class TestCursor:
    def test_a_row_added_before_the_place_shifts_nothing(self) -> None:
        for number in range(4):
            User.objects.create(username=f"u{number}")
        first = page("/?page_size=2&ordering=-id")

        User.objects.create(username="new")
        second = page(first["next"])

        assert not set(first["results"]) & set(second["results"])
        assert len(second["results"]) == 2

    @pytest.mark.parametrize(
        ("address", "attr"),
        [
            ("/?cursor=nonsense", "cursor"),
            ("/?cursor=%00", "cursor"),
            ("/?cursor=WyJpZCIsZmFsc2UsIngiLCJ5Il0", "cursor"),  # ["id",false,"x","y"]
            ("/?ordering=password", "ordering"),
            ("/?page_size=0", "page_size"),
            ("/?page_size=501", "page_size"),
            ("/?page_size=²", "page_size"),
        ],
    )
    def test_nonsense_is_refused_by_name(self, address: str, attr: str) -> None:
        with pytest.raises(ValidationError) as refusal:
            page(address)

        assert isinstance(refusal.value.detail, dict)
        assert list(refusal.value.detail) == [attr]

    def test_a_cursor_of_another_ordering_is_refused(self) -> None:
        User.objects.create(username="a")
        User.objects.create(username="b")
        address = page("/?page_size=1&ordering=id")["next"].replace("ordering=id", "ordering=username")

        with pytest.raises(ValidationError, match="another ordering"):
            page(address)

    def test_a_page_deep_inside_is_read_from_the_index(self) -> None:
        User.objects.bulk_create(User(username=f"user {number:05}") for number in range(5_000))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE auth_user")
        deep = User.objects.order_by("id")[4_500].pk
        pagination = KeysetPagination()
        request = Request(RequestFactory().get("/?ordering=id&page_size=50"))
        pagination.paginate_queryset(User.objects.all(), request, View())  # type: ignore[arg-type]
        place = pagination.order.beyond(deep, deep, backward=False)

        plan = pagination.order.sorted(User.objects.filter(place), backward=False)[:51].explain(analyze=True)

        assert "Index Scan" in plan
        assert "Sort" not in plan
        assert "Rows Removed by Filter" not in plan
