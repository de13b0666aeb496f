"""Panels, cards and figures: permissions, and what stands there when one breaks."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.http import HttpRequest
from django.test import Client

from agentfactory_cs.console import registry
from agentfactory_cs.console.registry import Card, Kpi, Panel, Scope

pytestmark = pytest.mark.django_db

Context = Callable[..., Mapping[str, Any] | None]


@pytest.fixture
def panel(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Offers one panel about groups for the length of a test."""

    def offer(context: Context, permission: str | None = None) -> None:
        item = Panel("tests.panel", "auth.Group", "A panel", "admin/parts/nothing.html", context, permission=permission)
        monkeypatch.setitem(registry.panels._items, item.key, item)

    return offer


@pytest.fixture
def group() -> Group:
    return Group.objects.create(name="Somebody")


def _staff(*codenames: str) -> Client:
    user = User.objects.create_user("staff", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def test_a_panel_shows_its_title(panel: Callable[..., None], group: Group) -> None:
    panel(lambda request, subject: {})

    response = _staff("view_group").get(f"/admin/panel/tests.panel/{group.pk}/")

    assert "A panel" in response.content.decode()


def test_a_panel_with_nothing_to_show_leaves_no_trace(panel: Callable[..., None], group: Group) -> None:
    panel(lambda request, subject: None)

    response = _staff("view_group").get(f"/admin/panel/tests.panel/{group.pk}/")

    assert response.content == b""


def test_a_broken_panel_says_so_in_its_place_and_in_the_log(
    panel: Callable[..., None], group: Group, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(request: HttpRequest, subject: Group) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column")

    panel(broken)
    client = _staff("view_group")

    with caplog.at_level(logging.ERROR):
        response = client.get(f"/admin/panel/tests.panel/{group.pk}/")

    assert "could not be shown" in response.content.decode()
    assert "tests.panel" in caplog.text
    assert Group.objects.filter(pk=group.pk).exists()  # the failed query took nothing with it


def test_a_panel_needs_the_right_to_see_its_subject(panel: Callable[..., None], group: Group) -> None:
    panel(lambda request, subject: {})

    assert _staff().get(f"/admin/panel/tests.panel/{group.pk}/").status_code == 403


def test_a_panel_needs_its_own_permission(panel: Callable[..., None], group: Group) -> None:
    panel(lambda request, subject: {}, permission="auth.view_permission")

    assert _staff("view_group").get(f"/admin/panel/tests.panel/{group.pk}/").status_code == 403


def test_a_panel_nobody_offers_is_not_found(group: Group) -> None:
    assert _staff("view_group").get(f"/admin/panel/tests.nothing/{group.pk}/").status_code == 404


def test_strangers_are_sent_to_the_login(panel: Callable[..., None], group: Group, client: Client) -> None:
    panel(lambda request, subject: {})

    response = client.get(f"/admin/panel/tests.panel/{group.pk}/")

    assert response.status_code == 302
    assert "/admin/login/" in response["Location"]


def test_a_card_needs_its_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    item = Card(
        "tests.card", "A card", "admin/parts/nothing.html", lambda request, scope: {}, permission="auth.view_group"
    )
    monkeypatch.setitem(registry.cards._items, item.key, item)

    assert _staff().get("/admin/card/tests.card/").status_code == 403


@pytest.fixture
def figure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What a key figure looks like whose value is `now` in the period and `before` in the one before."""

    def show(now: float | None, before: float | None, query: str = "", **fields: Any) -> str:
        def value(scope: Scope) -> float | None:
            return now if scope.until >= scope.now.date() else before

        item = Kpi("tests.kpi", "A figure", "What it means", "points", value, **fields)
        monkeypatch.setitem(registry.kpis._items, item.key, item)
        return _staff().get(f"/admin/figure/tests.kpi/{query}").content.decode()

    return show


def test_a_figure_tells_unit_period_comparison_and_meaning(figure: Callable[..., str]) -> None:
    html = figure(66.2, 65.6, "?days=28")

    for words in ("66.2", "points", "last 28 days", "before: 65.6", "+0.6", "What it means", "af-better"):
        assert words in html


def test_more_of_what_should_be_less_is_worse(figure: Callable[..., str]) -> None:
    assert "af-worse" in figure(12, 10, better="lower")


def test_a_figure_with_nothing_to_measure_says_so(figure: Callable[..., str]) -> None:
    assert "nothing to measure yet" in figure(None, 3)


def test_a_figure_with_nothing_before_makes_no_comparison(figure: Callable[..., str]) -> None:
    html = figure(3, None)

    assert "nothing before to compare with" in html
    assert "▲" not in html


def test_a_period_that_is_not_offered_counts_as_the_first(figure: Callable[..., str]) -> None:
    assert "last 7 days" in figure(1, 1.5, "?days=9999")
