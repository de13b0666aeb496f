"""Health in the console: list, page, dashboard, key figures."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from agentfactory_cs.console.registry import Scope, kpis
from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Churn, Customer
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_member, make_usage
from health import queries, services
from health.metrics import KEYS
from health.models import HealthScore, Scorecard, ScorecardVersion

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
LIST = "/admin/customers/customer/?whose=all"
WEEK_BEFORE = YESTERDAY - timedelta(days=7)


@pytest.fixture
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def console() -> Client:
    client = Client()
    client.force_login(make_member("CS manager"))
    return client


def _score(
    name: str, total: float | None, before: float | None = None, coverage: float = 0.9, **fields: str
) -> Customer:
    customer = make_customer(name=name, **fields)
    for day, value in ((YESTERDAY, total), (WEEK_BEFORE, before)):
        if value is not None or day == YESTERDAY:
            HealthScore.objects.create(
                customer=customer,
                day=day,
                version=ScorecardVersion.objects.published().get(),
                total=value,
                effective=value,
                coverage=0 if value is None else coverage,
                tier=1,
                readings=_readings(value),
            )
    return customer


def _readings(total: float | None) -> list[float | None]:
    """Readings of which one alone has data, worth `total` points: login frequency is best at 0.5."""
    return [total / 200 if key == "login_frequency" and total is not None else None for key in KEYS]


def _names(client: Client, query: str = "") -> list[str]:
    response = client.get(LIST + query)
    assert response.status_code == 200
    return [customer.name for customer in response.context["cl"].result_list]


class TestList:
    def test_the_worst_score_comes_first_then_the_provisional_then_those_without(self, console: Client) -> None:
        _score("Healthy", 90)
        _score("Provisional", 5, coverage=0.3)
        _score("At risk", 30)
        _score("No data", None)
        make_customer(name="Never scored")

        assert _names(console) == ["At risk", "Healthy", "Provisional", "Never scored", "No data"]

    def test_the_list_says_how_it_is_sorted(self, console: Client) -> None:
        _score("At risk", 30)

        assert "worst score first" in console.get(LIST).content.decode()

    def test_pages_go_on_where_the_last_ended(self, console: Client) -> None:
        for number in range(30):
            _score(f"Scored {number:02}", number)
        for number in range(10):
            make_customer(name=f"Unscored {number:02}")

        both = _names(console) + _names(console, "&p=2")

        assert both == [f"Scored {n:02}" for n in range(30)] + [f"Unscored {n:02}" for n in range(10)]

    @pytest.mark.parametrize(("order", "names"), [("2", ["Low", "High", "None"]), ("-2", ["High", "Low", "None"])])
    def test_a_click_on_the_score_sorts_by_it_and_keeps_those_without_last(
        self, console: Client, order: str, names: list[str]
    ) -> None:
        _score("High", 90)
        _score("None", None)
        _score("Low", 10)

        assert _names(console, f"&o={order}") == names

    @pytest.mark.parametrize(
        ("band", "names"),
        [
            ("at_risk", ["At 49.9"]),
            ("steady", ["At 50", "At 80"]),
            ("healthy", ["At 80.1"]),
            ("none", ["Never", "No data"]),
        ],
    )
    def test_bands_end_where_the_scorecard_says(self, console: Client, band: str, names: list[str]) -> None:
        for total in (49.9, 50, 80, 80.1):
            _score(f"At {total}", total)
        _score("No data", None)
        make_customer(name="Never")

        assert _names(console, f"&band={band}") == names

    def test_another_scorecard_version_has_its_own_bands(self, console: Client) -> None:
        shipped = ScorecardVersion.objects.published().get()
        strict = {**shipped.definition, "bands": {"at_risk_below": 70, "healthy_above": 90}}
        version = services.publish_scorecard(Scorecard.objects.get(), definition=strict, reason="Stricter", now=NOW)
        _score_with(version, "Strict", 60)
        _score_with(shipped, "Shipped", 60)

        assert _names(console, "&band=at_risk") == ["Strict"]
        assert _names(console, "&band=steady") == ["Shipped"]

    def test_a_row_tells_score_change_and_reason(self, console: Client) -> None:
        _score("Falling", 30, before=60)

        html = console.get(LIST).content.decode()

        assert "▼30" in html
        assert "at risk" in html
        assert "login frequency fell from 30 % to 15 %" in html

    def test_scores_of_another_day_do_not_count(self, console: Client) -> None:
        customer = _score("Old", 90)
        HealthScore.objects.filter(customer=customer).update(day=YESTERDAY - timedelta(days=30))
        _score("New", 40)

        assert _names(console, "&band=healthy") == []


def _score_with(version: ScorecardVersion, name: str, total: float) -> None:
    HealthScore.objects.create(
        customer=make_customer(name=name),
        day=YESTERDAY,
        version=version,
        total=total,
        effective=total,
        coverage=0.9,
        tier=1,
        readings=_readings(total),
    )


class TestPage:
    def test_every_component_and_metric_is_told(self, console: Client) -> None:
        customer = make_customer()
        make_usage(customer, days=60, api_calls=75, active_agents=3, conversations=2, logins=1, features=7)
        services.score_customer(customer.pk, now=NOW)

        html = console.get(f"/admin/panel/health.why/{customer.pk}/").content.decode()
        explanation = queries.explain(customer.pk)

        assert explanation is not None
        for component in explanation.components:
            assert component.label in html
        for metric in explanation.metrics:
            assert metric.label in html
            assert metric.reading_text in html
            assert metric.target_text in html
        assert "API calls per day at 75 against a target of 150" in html

    def test_the_chip_stands_in_the_head(self, console: Client) -> None:
        customer = _score("Falling", 30, before=60)

        html = console.get(f"/admin/panel/health.head/{customer.pk}/").content.decode()

        assert "af-chip-large" in html
        assert "▼30" in html

    def test_the_history_draws_days_without_a_score_as_gaps(self, console: Client) -> None:
        customer = _score("Falling", 30, before=60)

        response = console.get(f"/admin/panel/health.history/{customer.pk}/")

        html = response.content.decode()
        assert '"values": [60.0, null, null, null, null, null, null, 30.0]' in html
        assert "Show figures" in html

    def test_a_customer_without_scores_has_no_history(self, console: Client) -> None:
        assert console.get(f"/admin/panel/health.history/{make_customer().pk}/").content == b""


class TestDashboard:
    def test_the_distribution_counts_bands_and_their_change(self, console: Client) -> None:
        _score("Fell", 40, before=60)
        _score("Stayed", 90, before=90)
        _score("Edge", 100)

        html = console.get("/admin/card/health.distribution/").content.decode()

        assert 'title="40–50: 1"' in html
        assert 'title="90–100: 2"' in html
        assert "33.3 %" in html
        assert "+1" in html

    def test_the_biggest_fall_comes_first_and_says_why(self, console: Client) -> None:
        _score("A little", 50, before=55)
        _score("A lot", 40, before=90)
        _score("Rose", 80, before=60)
        _score("Unsure", 10, before=90, coverage=0.2)

        html = console.get("/admin/card/health.falls/").content.decode()

        assert html.index("A lot") < html.index("A little")
        assert "login frequency fell from 45 % to 20 %" in html
        assert "Rose" not in html
        assert "Unsure" not in html

    def test_the_filters_in_the_address_leave_whom_they_name(self, console: Client) -> None:
        _score("Starter", 40, before=60)
        _score("Pro", 40, before=60, tier=Customer.Tier.PRO)

        html = console.get("/admin/card/health.falls/?tier=pro").content.decode()

        assert "Pro" in html
        assert "Starter</a>" not in html

    def test_before_the_first_score_the_cards_say_so(self, console: Client) -> None:
        for key in ("health.distribution", "health.falls"):
            assert "No scores yet." in console.get(f"/admin/card/{key}/").content.decode()


class TestKeyFigures:
    def _value(self, key: str, **filters: str) -> float | None:
        scope = Scope(YESTERDAY - timedelta(days=6), YESTERDAY, NOW, filters)
        return kpis.get(key).value(scope)

    def test_average_and_shares_are_those_of_the_last_scored_day(self) -> None:
        for total in (30, 60, 90, 100):
            _score(f"At {total}", total)
        _score("No data", None)

        assert self._value("health.average") == pytest.approx(70)
        assert self._value("health.at_risk_share") == pytest.approx(25)
        assert self._value("health.healthy_share") == pytest.approx(50)

    def test_the_period_before_is_judged_by_its_own_last_day(self) -> None:
        _score("Rose", 80, before=40)
        scope = Scope(YESTERDAY - timedelta(days=6), YESTERDAY, NOW)

        assert kpis.get("health.average").value(scope.before()) == pytest.approx(40)

    def test_a_tier_can_be_asked_about(self) -> None:
        _score("Starter", 30)
        _score("Pro", 90, tier=Customer.Tier.PRO)

        assert self._value("health.average", tier="pro") == pytest.approx(90)

    def test_before_the_first_score_there_is_no_figure(self) -> None:
        assert self._value("health.average") is None

    def test_a_figure_leads_to_the_list_behind_it(self, console: Client) -> None:
        _score("At risk", 30)
        _score("Healthy", 90)
        scope = Scope(YESTERDAY, YESTERDAY, NOW)
        link = kpis.get("health.at_risk_share").link

        assert link is not None
        response = console.get(link(scope))

        assert [customer.name for customer in response.context["cl"].result_list] == ["At risk"]


class TestScoreAgain:
    def _ask(self, client: Client, *customers: Customer) -> str:
        data = {"action": "health_score_again", "_selected_action": [customer.pk for customer in customers]}
        return client.post(LIST, data, follow=True).content.decode()

    def test_chosen_customers_are_scored_for_yesterday_and_the_rest_accounted_for(self, console: Client) -> None:
        old, new = make_customer(), make_customer(signed_up_at=NOW)
        make_usage(old, api_calls=15)

        page = self._ask(console, old, new)

        assert "Scored 1 for 2026-06-30; 1 had not signed up by then, or had churned." in page
        assert HealthScore.objects.get().customer == old

    def test_a_viewer_may_not(self) -> None:
        client = Client()
        client.force_login(make_member("Viewer"))
        customer = make_customer()

        self._ask(client, customer)

        assert not HealthScore.objects.exists()


class TestWhoLeft:
    def test_the_tiers_together_are_everybody_though_some_left_since(self) -> None:
        for number, tier in enumerate(("starter", "pro", "pro")):
            _score(f"{number}", 30, tier=tier)
        gone = Customer.objects.filter(tier="pro").first()
        assert gone is not None
        customers.record_churn(Churn(customer=gone, churned_on=NOW.date()), now=NOW)

        whole = queries.shape(YESTERDAY, {})
        parts = [queries.shape(YESTERDAY, {"tier": tier}) for tier in Customer.Tier.values]

        assert whole is not None
        assert sum(part.at_risk for part in parts if part) == whole.at_risk == 3

    def test_an_old_score_is_not_shown_as_the_present_one(self) -> None:
        stayed, gone = _score("Stayed", 90), _score("Gone", 40, before=60)
        HealthScore.objects.filter(customer=gone, day=YESTERDAY).delete()

        assert queries.explain(gone.pk) is not None
        assert queries.explain_now(gone.pk) is None
        assert queries.explain_now(stayed.pk) is not None

    def test_provisional_falls_do_not_crowd_the_others_out(self) -> None:
        for number in range(7):
            _score(f"Provisional {number}", 10, before=90, coverage=0.3)
        _score("Fell", 60, before=70)

        found = queries.falls(YESTERDAY, {}, limit=2)

        assert [customer.name for customer, _ in found] == ["Fell"]

    def test_logo_churn_is_of_those_there_when_the_period_began(self) -> None:
        stays, leaves = _score("Stays", 90), _score("Leaves", 40)
        first = YESTERDAY - timedelta(days=6)
        customers.record_churn(Churn(customer=leaves, churned_on=first), now=NOW)

        churn = kpis.get("customers.logo_churn").value(Scope(first, YESTERDAY, NOW))

        assert churn == 50
        assert stays.pk != leaves.pk
