"""A draft in the console: its editor, preview and publication."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings

from agentfactory_cs.customers.tests.factories import NOW, make_member, make_subscription
from health import scorecards
from health.admin.definition_form import DefinitionForm
from health.definitions import checked
from health.metrics import TIERS
from health.models import Scorecard, ScorecardVersion

from .definitions import definitions
from .scorecard_pages import STRICTER, address, filled, page, score_all_at, signed_in

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
