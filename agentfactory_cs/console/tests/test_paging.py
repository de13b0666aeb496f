"""Counting up to a limit, and pages over several pieces."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.console.paging import CappedPaginator, rows_of_parts

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> None:
    User.objects.bulk_create(User(username=f"user{number:02}", is_staff=number < 5) for number in range(12))


@pytest.fixture
def limit_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CappedPaginator, "MOST", 10)


@pytest.mark.usefixtures("people", "limit_of_ten")
def test_a_list_longer_than_the_limit_is_said_to_be_longer() -> None:
    paginator = CappedPaginator(User.objects.order_by("username"), 5)

    assert paginator.count_words == "10+"
    assert paginator.num_pages == 2


@pytest.mark.usefixtures("people", "limit_of_ten")
def test_a_list_as_long_as_the_limit_is_counted_exactly() -> None:
    paginator = CappedPaginator(User.objects.filter(username__lt="user10").order_by("username"), 5)

    assert paginator.count_words == "10"
    assert not paginator.is_capped


@pytest.mark.usefixtures("people", "limit_of_ten")
def test_no_more_rows_are_counted_than_the_limit_and_one() -> None:
    paginator = CappedPaginator(User.objects.order_by("username"), 5)

    with CaptureQueriesContext(connection) as queries:
        assert paginator.count == 10

    assert len(queries) == 1
    assert "LIMIT 11" in queries[0]["sql"]


def _names(start: int, wanted: int) -> list[str]:
    parts = [User.objects.filter(is_staff=staff).order_by("username") for staff in (True, False)]
    return [user.username for user in rows_of_parts(parts, start, wanted)]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("start", range(13))
@pytest.mark.parametrize("wanted", [1, 4, 20])
def test_a_page_over_two_pieces_is_the_slice_of_both_end_to_end(start: int, wanted: int) -> None:
    whole = [f"user{number:02}" for number in range(12)]

    assert _names(start, wanted) == whole[start : start + wanted]
