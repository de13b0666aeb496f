"""In the console: why a score moved, the ledger of every point, and scores set by hand."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from agentfactory_cs.console.registry import Scope, kpis
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.conftest import at_now, console, manager
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_member, make_user
from health import disagreements, queries
from health.disagreements import Disagreement
from health.metrics import KEYS
from health.models import HealthOverride, HealthScore, ScorecardVersion
from health.overrides import end_override, set_override

__all__ = ["at_now", "console", "manager"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
WEEK_BEFORE = YESTERDAY - timedelta(days=7)
LIST = "/admin/health/healthoverride/"


def score_on(customer: Customer, day: date, total: float) -> None:
    """By login frequency alone, which is best at 0.5."""
    HealthScore.objects.create(
        customer=customer,
        day=day,
        version=ScorecardVersion.objects.published().get(),
        total=total,
        effective=total,
        coverage=0.9,
        tier=1,
        readings=[total / 200 if key == "login_frequency" else None for key in KEYS],
    )


def scored(name: str, now: float = 40, before: float = 60) -> Customer:
    customer = make_customer(name=name)
    score_on(customer, WEEK_BEFORE, before)
    score_on(customer, YESTERDAY, now)
    return customer


def override(customer: Customer, value: float, *, days: int = 14, **changes: Any) -> HealthOverride:
    until = NOW.date() + timedelta(days=days)
    asked: dict[str, Any] = {"reason": "Contract signed", "expires_on": until, "now": NOW, **changes}
    return set_override(customer, value=value, **asked)


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def panel(client: Client, key: str, customer: Customer, query: str = "") -> str:
    return page(client, f"/admin/panel/{key}/{customer.pk}/{query}")


class TestWhy:
    def test_the_first_lines_answer_why_it_fell(self, console: Client) -> None:
        html = panel(console, "health.why", scored("Falling"))

        assert "Fell 20.0 points since 23 Jun: behaviour −20.0." in html
        assert "−20.0: login frequency fell from 30 % to 20 %" in html
        assert "Nothing came from missing data, scorecard change or override." in html

    def test_the_component_that_moved_most_is_open(self, console: Client) -> None:
        html = panel(console, "health.why", scored("Falling"))

        opened = re.findall(r'<details class="af-component" open>.*?af-component-name">(\w+)<', html, re.DOTALL)
        assert opened == ["Engagement"]

    def test_the_two_days_can_be_chosen(self, console: Client) -> None:
        customer, day = scored("Falling"), YESTERDAY - timedelta(days=30)
        score_on(customer, day, 90)

        html = panel(console, "health.why", customer, f"?from={day}&to={WEEK_BEFORE}")

        assert "Fell 30.0 points since 31 May" in html

    @pytest.mark.parametrize(
        ("query", "words"),
        [
            ("?from=2026-01-01", "There is no score of 2026-01-01 to compare with."),
            ("?to=2026-01-01", "There is no score of 2026-01-01."),
            ("?from=2026-06-30", "The first day must lie before the second."),
            ("?from=yesterday", "yesterday is no day."),
        ],
    )
    def test_days_that_cannot_be_compared_are_named(self, console: Client, query: str, words: str) -> None:
        assert words in panel(console, "health.why", scored("Falling"), query)

    def test_an_override_is_the_cause_where_it_is(self, console: Client) -> None:
        customer = scored("Set", now=60)
        override(customer, 90)

        html = panel(console, "health.why", customer)

        assert "Rose 30.0 points since 23 Jun: override +30.0." in html
        assert "set by hand (computed 60.0)" in html


class TestLedgerPage:
    def test_every_point_is_there_and_the_sums(self, console: Client) -> None:
        customer = scored("Falling")
        override(customer, 70.25)

        html = page(console, f"{LIST}ledger/{customer.pk}/")

        explanation = queries.explain(customer.pk)
        assert explanation is not None
        for metric in explanation.metrics:
            assert metric.label in html
        for sum_shown in ("40.00", "+30.25", "70.25", "−20.00", "+10.25"):
            assert sum_shown in html

    def test_before_the_first_score_it_says_so(self, console: Client) -> None:
        assert "Not scored yet." in page(console, f"{LIST}ledger/{make_customer().pk}/")

    def test_who_may_not_see_scores_may_not_see_it(self) -> None:
        client = Client()
        client.force_login(make_user())

        assert client.get(f"{LIST}ledger/{make_customer().pk}/").status_code == 403


class TestForms:
    def _set(self, client: Client, customer: Customer, **changes: str) -> Any:
        asked = {"value": "70", "reason": "Contract signed", "lasts": "14", **changes}
        return client.post(f"{LIST}set/{customer.pk}/", asked, follow=True)

    @pytest.mark.parametrize(
        ("changes", "until"),
        [
            ({}, NOW.date() + timedelta(days=14)),
            ({"lasts": "90"}, NOW.date() + timedelta(days=90)),
            ({"lasts": "day", "expires_on": "2026-07-20"}, date(2026, 7, 20)),
        ],
    )
    def test_a_score_is_set_until_the_day_chosen(
        self, console: Client, manager: Any, changes: dict[str, str], until: date
    ) -> None:
        customer = scored("Falling")

        response = self._set(console, customer, **changes)

        assert response.redirect_chain[-1][0] == f"/admin/customers/customer/{customer.pk}/overview/"
        made = HealthOverride.objects.get()
        assert (made.value, made.reason, made.expires_on, made.created_by) == (70, "Contract signed", until, manager)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"value": "101"}, "less than or equal to 100"),
            ({"value": ""}, "required"),
            ({"reason": " "}, "required"),
            ({"lasts": "day"}, "Name the day."),
            ({"lasts": "day", "expires_on": "2026-07-01"}, "2026-07-01 is not in the future."),
            ({"lasts": "day", "expires_on": "2026-12-24"}, "At most 90 days"),
        ],
    )
    def test_what_cannot_be_is_said_on_the_form(self, console: Client, changes: dict[str, str], words: str) -> None:
        html = self._set(console, scored("Falling"), **changes).content.decode()

        assert words in html
        assert not HealthOverride.objects.exists()

    def test_the_form_shows_the_computed_score_and_why(self, console: Client) -> None:
        html = page(console, f"{LIST}set/{scored('Falling').pk}/")

        assert "▼20" in html
        assert "login frequency fell from 30 % to 20 %" in html

    def test_ending_asks_and_wants_a_reason(self, console: Client) -> None:
        customer = scored("Falling")
        made = override(customer, 70)

        asked = page(console, f"{LIST}{made.pk}/end/")
        refused = console.post(f"{LIST}{made.pk}/end/", {"reason": ""})
        console.post(f"{LIST}{made.pk}/end/", {"reason": "They have not signed."})

        assert "the computed score (40.0) counts again" in asked
        assert "This field is required" in refused.content.decode()
        made.refresh_from_db()
        assert made.end_reason == "They have not signed."
        assert HealthScore.objects.get(customer=customer, day=YESTERDAY).effective == 40

    @pytest.mark.parametrize(
        ("role", "status"), [("CSM", 200), ("CS manager", 200), ("Support agent", 403), ("Viewer", 403)]
    )
    def test_success_managers_may_others_may_not(self, role: str, status: int) -> None:
        customer, client = scored("Falling"), Client()
        client.force_login(make_member(role))
        made = override(customer, 70)

        assert client.get(f"{LIST}set/{customer.pk}/").status_code == status
        assert client.get(f"{LIST}{made.pk}/end/").status_code == status
        assert ("Set anew" in panel(client, "health.head", customer)) == (status == 200)


class TestBothValues:
    def test_the_chip_shows_what_counts_and_what_was_computed(self, console: Client) -> None:
        customer = scored("Set")
        override(customer, 90)

        html = panel(console, "health.head", customer)

        assert "<b>90</b>" in html
        assert "<small>40</small>" in html
        assert "healthy" in html
        assert "Contract signed" in html

    def test_list_filter_and_figures_go_by_what_counts(self, console: Client) -> None:
        override(scored("Set up", now=40), 90)
        override(scored("Set down", now=85), 20)
        scored("Plain", now=60)

        def names(query: str) -> list[str]:
            response = console.get(f"/admin/customers/customer/?whose=all{query}")
            return [customer.name for customer in response.context["cl"].result_list]

        assert names("") == ["Set down", "Plain", "Set up"]
        assert names("&band=healthy") == ["Set up"]
        assert names("&band=at_risk") == ["Set down"]
        shape = queries.shape(YESTERDAY, {})
        assert shape is not None
        assert (shape.average, shape.at_risk, shape.healthy) == (pytest.approx(170 / 3), 1, 1)
        assert queries.histogram(YESTERDAY, {}) == [0, 0, 1, 0, 0, 0, 1, 0, 0, 1]
        assert kpis.get("health.healthy_share").value(Scope(YESTERDAY, YESTERDAY, NOW)) == pytest.approx(100 / 3)

    def test_a_fall_by_hand_says_that_it_is_one(self, console: Client) -> None:
        override(scored("Set", now=60), 20)

        html = page(console, "/admin/card/health.falls/")

        assert "−40.0: set to 20 by System until 15 Jul: Contract signed" in html

    def test_one_set_by_hand_is_not_provisional(self, console: Client) -> None:
        customer = scored("Unsure")
        HealthScore.objects.filter(customer=customer).update(coverage=0.2)
        override(customer, 20)

        [(fallen, explanation)] = queries.falls(YESTERDAY, {}, limit=5)

        assert fallen == customer
        assert not explanation.provisional

    def test_the_history_draws_the_computed_score_beside_it(self, console: Client) -> None:
        customer = scored("Set")
        override(customer, 90)

        html = panel(console, "health.history", customer)

        assert '"values": [60.0, null, null, null, null, null, null, 90.0]' in html
        assert '"label": "As computed"' in html
        assert "<td>90.0</td><td>40.0</td>" in html


class TestDisagreements:
    def _names(self, client: Client, query: str = "") -> list[str]:
        return [str(row.customer) for row in client.get(LIST + query).context["cl"].result_list]

    def test_the_largest_difference_comes_first_and_the_past_has_its_tab(self, console: Client) -> None:
        override(scored("Near"), 45)
        override(scored("Far"), 90)
        end_override(override(scored("Ended"), 99), reason="A mistake.", now=NOW)
        never = make_customer(name="Never scored")
        override(never, 10)

        assert self._names(console) == ["Far", "Near", "Never scored"]
        assert self._names(console, "?when=past") == ["Ended"]

    def test_a_row_tells_both_values_who_why_and_until_when(self, console: Client) -> None:
        override(scored("Far"), 90, by=make_member("CSM", first_name="Ana", last_name="Ruiz"))

        html = page(console, LIST)

        for words in ("<b>90</b>", "computed 40", "+50", "Ana Ruiz: Contract signed", "in 2 weeks"):
            assert words in html

    def test_the_list_costs_the_same_however_long(self, console: Client, django_assert_max_num_queries: Any) -> None:
        for number in range(10):
            override(scored(f"Customer {number}"), 90)

        with django_assert_max_num_queries(20):
            assert len(self._names(console)) == 10

    def test_after_its_end_it_is_judged_by_the_first_score_that_counted_again(self) -> None:
        customer = scored("Over", now=40)
        made = override(customer, 80, days=10)
        for back, total in ((-9, 65.0), (-10, 70.0), (-11, 20.0)):
            score_on(customer, YESTERDAY - timedelta(days=back), total)

        [row] = disagreements.with_computed(HealthOverride.objects.filter(pk=made.pk), NOW.date() + timedelta(days=30))

        assert disagreements.of(row) == Disagreement(80, 40, 20, days=11)


@pytest.mark.parametrize(
    ("value", "then", "now", "days", "words"),
    [
        (80, 40, 62, 14, "came round"),
        (80, 40, 60, 14, "came round"),
        (80, 40, 58, 14, "stayed"),
        (80, 40, 40, 14, "stayed"),
        (80, 40, 30, 14, "further away"),
        (20, 60, 35, 14, "came round"),
        (80, 40, 62, 6, "Too early"),
        (80, 79.5, 10, 14, "agreed from the start"),
        (80, None, 10, 14, "no computed score"),
        (80, 10, None, 14, "no computed score"),
    ],
)
def test_who_was_right(value: float, then: float | None, now: float | None, days: int, words: str) -> None:
    assert words in Disagreement(value, then, now, days).verdict
