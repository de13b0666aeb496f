"""Scorecards in the console: list, page, editor, preview, publication."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_member, make_subscription
from health import scorecards, services
from health.admin.definition_form import DefinitionForm
from health.definitions import checked
from health.metrics import TIERS
from health.models import Backtest, HealthScore, Scorecard, ScorecardVersion

from .definitions import changed, definitions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
LIST = "/admin/health/scorecard/"
STRICTER = changed(bands__at_risk_below=60)


@pytest.fixture
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def signed_in(group: str) -> Client:
    client = Client()
    client.force_login(make_member(group, first_name="Mia", last_name="Berg"))
    return client


@pytest.fixture
def console() -> Client:
    return signed_in("CS manager")


@pytest.fixture
def standard() -> Scorecard:
    return Scorecard.objects.get(name="Standard")


@pytest.fixture
def draft(standard: Scorecard) -> ScorecardVersion:
    return scorecards.start_draft(standard, title="Stricter", definition=STRICTER, now=NOW)


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response
    return response.content.decode()


def address(version: ScorecardVersion, what: str = "edit") -> str:
    return reverse(f"admin:health_scorecardversion_{what}", args=(version.pk,))


def filled(version: ScorecardVersion, **changes: Any) -> dict[str, Any]:
    """What the editor's page sends when nothing but `changes` was touched."""
    form = DefinitionForm(version)
    data = {name: form[name].value() for name in form.fields}
    for field in [*form.limits.management_form, *(field for each in form.limits for field in each)]:
        data[field.html_name] = field.value()
    named = {name.replace("__", "-"): value for name, value in changes.items()}
    return {name: "" if value is None else value for name, value in {**data, **named}.items() if value is not False}


def score_all_at(likelihood: float, **fields: Any) -> Any:
    customer = make_customer(**fields)
    customers.estimate_renewal(customer, likelihood=round(likelihood), on=YESTERDAY, now=NOW)
    services.score_customer(customer.pk, now=NOW)
    return customer


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


class TestEditor:
    @given(definition=definitions)
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_what_it_shows_saved_untouched_says_the_same(self, standard: Scorecard, definition: dict[str, Any]) -> None:
        version = ScorecardVersion(scorecard=standard, definition=checked(definition))

        form = DefinitionForm(version, filled(version))

        assert form.is_valid(), form.errors
        assert form.definition == version.definition

    def test_what_is_typed_is_saved(self, console: Client, draft: ScorecardVersion) -> None:
        sent = filled(
            draft,
            title="Usage first",
            component__usage="50",
            component__engagement="20",
            best__api_calls_per_day__pro="2000",
            best__feature_adoption_rate__free="90",
            missing__nps="neutral",
            limits__0__subject="signal:payment_unpaid",
            limits__0__at_most="60",
        )

        console.post(address(draft), sent)

        draft.refresh_from_db()
        definition = draft.definition
        assert (draft.title, draft.revision, draft.saved_by_label) == ("Usage first", 1, "Mia Berg")
        assert definition["components"]["usage"] == 0.5
        assert definition["metrics"]["api_calls_per_day"]["best"]["pro"] == 2000
        assert definition["metrics"]["feature_adoption_rate"]["best"]["free"] == 0.9
        assert definition["metrics"]["nps"]["missing"] == "neutral"
        assert definition["limits"] == [{"signal": "payment_unpaid", "at_most": 60}]

    def test_limits_on_readings_are_added_and_removed(self, console: Client, draft: ScorecardVersion) -> None:
        few = {"subject": "metric:login_frequency", "way": "below", "value": "10", "at_most": "40"}
        console.post(address(draft), filled(draft, **{f"limits__0__{name}": value for name, value in few.items()}))
        draft.refresh_from_db()
        assert draft.definition["limits"] == [{"metric": "login_frequency", "below": 0.1, "at_most": 40}]

        console.post(address(draft), filled(draft, limits__0__DELETE="on"))
        draft.refresh_from_db()

        assert draft.definition["limits"] == []

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"component__usage": "50"}, "The components sum to 110 %; they must sum to 100 %."),
            ({"weight__nps": "10"}, "The metrics of Relationship sum to 85 %"),
            ({"component__usage": ""}, "This field is required."),
            ({"component__usage": "much"}, "Enter a number."),
            ({"best__nps__free": "-50", "worst__nps__free": "-50"}, "worst and best must differ"),
            ({"worst__nps__pro": ""}, "must be given where best is"),
            ({"at_risk_below": "90"}, "must be 0 ≤ at_risk_below ≤ healthy_above ≤ 100"),
            ({"limits__0__subject": "metric:nps", "limits__0__at_most": "50"}, "Say below or above."),
            ({"limits__0__at_most": "50"}, "Condition: This field is required."),
            ({"limits__0__subject": "signal:payment_unpaid", "limits__0__at_most": "150"}, "must be 0 to 100"),
        ],
    )
    def test_what_cannot_be_is_refused_beside_its_field_and_nothing_is_saved(
        self, console: Client, draft: ScorecardVersion, changes: dict[str, str], says: str
    ) -> None:
        response = console.post(address(draft), filled(draft, **changes))

        draft.refresh_from_db()
        assert response.status_code == 200
        assert says in response.content.decode().replace("&#x27;", "'")
        assert draft.revision == 0

    def test_weights_that_miss_100_by_rounding_are_scaled(self, console: Client, draft: ScorecardVersion) -> None:
        thirds = {f"weight__{key}": "33.3" for key in ("nps", "support_satisfaction", "renewal_likelihood")}

        console.post(address(draft), filled(draft, **thirds, weight__account_manager_interactions="0"))

        draft.refresh_from_db()
        assert draft.definition["metrics"]["nps"]["weight"] == pytest.approx(1 / 3, abs=1e-5)

    def test_whoever_saves_over_another_is_told_and_keeps_what_was_typed(
        self, console: Client, draft: ScorecardVersion
    ) -> None:
        sent = filled(draft, title="Mine")
        scorecards.save_draft(
            draft, definition=STRICTER, title="Hers", revision=0, by=make_member("CSM", "eve"), now=NOW
        )

        html = console.post(address(draft), sent).content.decode()

        draft.refresh_from_db()
        assert "eve saved this draft on July 1, 2026" in html
        assert 'value="Mine"' in html
        assert draft.title == "Hers"

    def test_of_a_tiers_scorecard_only_its_tier_is_asked_about(self, console: Client) -> None:
        pro = scorecards.create_scorecard(name="Pro", tier="pro", now=NOW)
        version = scorecards.start_draft(pro, now=NOW)

        html = page(console, address(version))
        console.post(address(version), filled(version, best__api_calls_per_day__pro="2000"))

        version.refresh_from_db()
        assert "best-api_calls_per_day-free" not in html
        assert version.definition["metrics"]["api_calls_per_day"]["best"] == {
            **dict(zip(TIERS, (15, 150, 1500, 10000), strict=True)),
            "pro": 2000,
        }

    def test_a_published_version_is_shown_to_read(self, console: Client) -> None:
        version = ScorecardVersion.objects.published().get()

        html = page(console, address(version))
        refused = console.post(address(version), filled(version))

        assert "<fieldset disabled>" in html
        assert "Save draft" not in html
        assert refused.status_code == 403

    def test_the_log_and_old_addresses_lead_to_the_editor(self, console: Client, draft: ScorecardVersion) -> None:
        response = console.get(reverse("admin:health_scorecardversion_change", args=(draft.pk,)))

        assert response["Location"] == address(draft)

    def test_discarding_asks_first(self, console: Client, draft: ScorecardVersion) -> None:
        asked = page(console, address(draft, "discard"))
        console.post(address(draft, "discard"))

        assert "At risk begins below 60 instead of 50" in asked
        assert not ScorecardVersion.objects.drafts().exists()


class TestPreview:
    def test_it_shows_what_is_typed_and_stores_nothing(self, console: Client, draft: ScorecardVersion) -> None:
        customer = score_all_at(65, name="Northwind")
        make_subscription(customer, mrr=1200)
        sent = filled(draft, at_risk_below="70", healthy_above="90")

        html = console.post(address(draft, "preview"), sent).content.decode()

        draft.refresh_from_db()
        assert "<b>1</b> of 1 customer" in html
        assert "Northwind" in html
        assert "1,200 USD" in html
        assert "At risk begins below 70 instead of 50" in html
        assert draft.definition == checked(STRICTER)

    def test_what_cannot_be_previewed_says_why(self, console: Client, draft: ScorecardVersion) -> None:
        html = console.post(address(draft, "preview"), filled(draft, component__usage="50")).content.decode()

        assert "The components sum to 110 %" in html

    def test_before_the_first_score_it_says_when_there_will_be_something(
        self, console: Client, draft: ScorecardVersion
    ) -> None:
        assert "No scores yet." in page(console, address(draft))

    def test_it_only_answers_what_is_sent(self, console: Client, draft: ScorecardVersion) -> None:
        assert console.get(address(draft, "preview")).status_code == 405


class TestPublishing:
    def _publish(self, client: Client, version: ScorecardVersion, reason: str = "They left.") -> HttpResponse:
        data = {"reason": reason, "revision": version.revision}
        return client.post(address(version, "publish"), data, follow=True)  # type: ignore[return-value]

    def test_saving_and_publishing_asks_with_what_changes_and_whom_it_moves(
        self, console: Client, draft: ScorecardVersion
    ) -> None:
        score_all_at(55)

        response = console.post(address(draft), {**filled(draft), "publish": "1"}, follow=True)

        html = response.content.decode()
        assert "Why, in a sentence" in html
        assert "At risk begins below 60 instead of 50" in html
        assert "<b>1</b> of 1 customer" in html
        assert ScorecardVersion.objects.published().count() == 1

    def test_with_a_reason_it_comes_into_force(self, console: Client, draft: ScorecardVersion) -> None:
        response = self._publish(console, draft)

        draft.refresh_from_db()
        assert "Standard v2 is in force" in response.content.decode()
        assert (draft.number, draft.reason, draft.published_by_label) == (2, "They left.", "Mia Berg")

    def test_without_one_it_does_not(self, console: Client, draft: ScorecardVersion) -> None:
        response = self._publish(console, draft, reason=" ")

        assert "Say in a sentence why" in response.content.decode()
        assert not ScorecardVersion.objects.filter(number=2).exists()

    def test_what_was_saved_since_the_question_is_not_published(self, console: Client, draft: ScorecardVersion) -> None:
        stale = ScorecardVersion.objects.get(pk=draft.pk)
        scorecards.save_draft(draft, definition=STRICTER, title="Other", revision=0, now=NOW)

        response = self._publish(console, stale)

        assert "System saved this draft" in response.content.decode()
        assert not ScorecardVersion.objects.filter(number=2).exists()

    def test_what_is_in_force_already_cannot_be_published(self, console: Client, standard: Scorecard) -> None:
        same = scorecards.start_draft(standard, now=NOW)

        asked = page(console, address(same, "publish"))
        refused = self._publish(console, same)

        assert "There is nothing to publish." in asked
        assert "what Standard v1 says already" in refused.content.decode()


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
