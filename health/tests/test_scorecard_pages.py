"""Scorecards in the console: the list, a scorecard's page, who may do what, marks where versions took over."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_member
from health import scorecards, services
from health.models import Backtest, HealthScore, Scorecard, ScorecardVersion

from .scorecard_pages import LIST, STRICTER, address, filled, page, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def console() -> Client:
    return signed_in("CS manager")


@pytest.fixture
def standard() -> Scorecard:
    return Scorecard.objects.get(name="Standard")


@pytest.fixture
def draft(standard: Scorecard) -> ScorecardVersion:
    return scorecards.start_draft(standard, title="Stricter", definition=STRICTER, now=NOW)


class TestList:
    def test_it_says_who_is_scored_by_what_since_when(self, console: Client, draft: ScorecardVersion) -> None:
        scorecards.create_scorecard(name="Pro", tier="pro", now=NOW)

        html = page(console, LIST)

        assert "all customers" in html
        assert "nobody: not published yet" in html
        assert reverse("admin:health_scorecard_overview", args=(draft.scorecard_id,)) in html

    def test_its_queries_do_not_grow_with_the_scorecards(self, console: Client) -> None:
        page(console, LIST)  # what is asked once in a process
        counts = []
        for number in range(2):
            for other in range(4):
                scorecards.create_scorecard(name=f"Card {number}{other}", now=NOW)
            with CaptureQueriesContext(connection) as queries:
                page(console, LIST)
            counts.append(len(queries))

        assert counts[0] == counts[1]


class TestPage:
    def test_every_version_says_what_it_changed_why_and_by_whom(self, console: Client, draft: ScorecardVersion) -> None:
        scorecards.publish(draft, reason="Customers at 55 left too.", by=make_member("CS manager"), now=NOW)

        html = page(console, reverse("admin:health_scorecard_overview", args=(draft.scorecard_id,)))

        assert "At risk begins below 60 instead of 50" in html
        assert "Customers at 55 left too." in html
        assert draft.content_hash in html
        assert "The first version." in html

    def test_any_two_versions_are_compared(self, console: Client, draft: ScorecardVersion) -> None:
        first = ScorecardVersion.objects.published().get()
        overview = reverse("admin:health_scorecard_overview", args=(draft.scorecard_id,))

        there = page(console, f"{overview}?before={first.pk}&after={draft.pk}")
        back = page(console, f"{overview}?before={draft.pk}&after={first.pk}")

        assert "At risk begins below 60 instead of 50" in there
        assert "At risk begins below 50 instead of 60" in back

    @pytest.mark.parametrize("query", ["?before=x&after=1", "?before=1", "?before=²&after=1"])
    def test_what_cannot_be_compared_is_not(self, console: Client, standard: Scorecard, query: str) -> None:
        html = page(console, reverse("admin:health_scorecard_overview", args=(standard.pk,)) + query)

        assert 'id="compared"' not in html

    def test_versions_of_another_scorecard_are_not_found(self, console: Client, draft: ScorecardVersion) -> None:
        other = scorecards.create_scorecard(name="Other", now=NOW)
        overview = reverse("admin:health_scorecard_overview", args=(other.pk,))

        assert console.get(f"{overview}?before={draft.pk}&after={draft.pk}").status_code == 404

    def test_the_newest_backtests_figure_stands_beside_it(self, console: Client, standard: Scorecard) -> None:
        first = ScorecardVersion.objects.published().get()
        for value, finished in ((0.61, NOW - timedelta(days=2)), (0.84, NOW)):
            Backtest.objects.create(
                version=first,
                since=YESTERDAY - timedelta(days=300),
                until=YESTERDAY - timedelta(days=60),
                state=Backtest.State.DONE,
                result={"score": {"area": {"value": value, "low": value - 0.05, "high": value + 0.05}}},
                created_at=finished,
                finished_at=finished,
            )

        html = page(console, reverse("admin:health_scorecard_overview", args=(standard.pk,)))

        assert "0.84 (0.79 to 0.89)" in html
        assert "0.61" not in html

    def test_a_draft_is_started_from_the_version_named(self, console: Client, draft: ScorecardVersion) -> None:
        first = ScorecardVersion.objects.published().get()
        scorecards.publish(draft, reason="Why.", now=NOW)

        response = console.post(
            reverse("admin:health_scorecard_draft", args=(draft.scorecard_id,)), {"based_on": first.pk}
        )

        started = ScorecardVersion.objects.drafts().get()
        assert response["Location"] == address(started)
        assert (started.based_on, started.definition) == (first, first.definition)

    def test_retiring_asks_first_and_refuses_what_leaves_a_tier_alone(
        self, console: Client, standard: Scorecard
    ) -> None:
        retire = reverse("admin:health_scorecard_retire", args=(standard.pk,))

        asked = page(console, retire)
        refused = console.post(retire, follow=True).content.decode()

        standard.refresh_from_db()
        assert "From the next scoring on it scores nobody" in asked
        assert "left without a scorecard" in refused
        assert standard.retired_at is None

    def test_a_scorecard_is_made_and_arranged_by_the_form(self, console: Client) -> None:
        console.post(f"{LIST}add/", {"name": "Pro", "tier": "pro", "priority": "3"})
        card = Scorecard.objects.get(name="Pro")
        console.post(f"{LIST}{card.pk}/change/", {"name": "Pro", "tier": "pro", "priority": "4"})

        card.refresh_from_db()
        history = page(console, f"{LIST}{card.pk}/history/")
        assert card.priority == 4
        assert "priority: 3 → 4" in history

    def test_narrowing_the_only_one_is_refused_on_the_form(self, console: Client, standard: Scorecard) -> None:
        response = console.post(f"{LIST}{standard.pk}/change/", {"name": "Standard", "tier": "pro", "priority": "0"})

        assert "left without a scorecard" in response.content.decode()
        assert Scorecard.objects.get(pk=standard.pk).tier is None


@pytest.mark.parametrize("group", ["CSM", "Support agent", "Viewer"])
def test_others_may_look_but_not_touch(group: str, draft: ScorecardVersion) -> None:
    client = signed_in(group)
    overview = reverse("admin:health_scorecard_overview", args=(draft.scorecard_id,))

    assert "New draft" not in page(client, overview)
    assert "<fieldset disabled>" in page(client, address(draft))
    for refused in (
        client.post(address(draft), filled(draft)),
        client.get(address(draft, "publish")),
        client.post(address(draft, "publish"), {"reason": "Why.", "revision": 0}),
        client.post(address(draft, "discard")),
        client.post(reverse("admin:health_scorecard_draft", args=(draft.scorecard_id,))),
        client.post(reverse("admin:health_scorecard_retire", args=(draft.scorecard_id,))),
    ):
        assert refused.status_code == 403
    assert list(ScorecardVersion.objects.values_list("state", "revision").order_by("pk")) == [
        ("published", 0),
        ("draft", 0),
    ]


class TestVersionChanges:
    """Where another version took over, pictures say so."""

    @pytest.fixture
    def switched(self, draft: ScorecardVersion) -> HealthScore:
        customer = make_customer()
        customers.estimate_renewal(customer, likelihood=55, on=YESTERDAY - timedelta(days=5), now=NOW)
        services.score_customer(customer.pk, as_of=YESTERDAY - timedelta(days=1), now=NOW)
        scorecards.publish(draft, reason="Customers at 55 left too.", now=NOW)
        return services.score_customer(customer.pk, now=NOW)

    def test_the_history_marks_the_day_and_names_version_and_reason(
        self, console: Client, switched: HealthScore
    ) -> None:
        html = page(console, f"/admin/panel/health.history/{switched.customer_id}/")

        assert "Standard v2 since June 30, 2026: Customers at 55 left too." in html
        assert '"values": [null, 55.0]' in html
        assert reverse("admin:health_scorecard_overview", args=(switched.version.scorecard_id,)) in html

    def test_the_bands_behind_it_are_those_in_force(self, console: Client, switched: HealthScore) -> None:
        html = page(console, f"/admin/panel/health.history/{switched.customer_id}/")

        assert '"bands": [[0.0, 60.0, "bad"], [80.0, 100.0, "good"]]' in html

    def test_the_small_picture_in_the_list_has_a_tick_and_says_why(
        self, console: Client, switched: HealthScore
    ) -> None:
        html = page(console, "/admin/customers/customer/?whose=all")

        assert html.count("af-spark-tick") == 1
        assert "Standard v2 since June 30, 2026: Customers at 55 left too." in html

    def test_the_distribution_is_coloured_by_the_bands_in_force(self, console: Client, switched: HealthScore) -> None:
        html = page(console, "/admin/card/health.distribution/")

        assert 'title="50–60: 1"' in html
        bar = html.split('title="50–60: 1"')[1].split("</a>")[0]
        assert "af-bar-bad" in bar
