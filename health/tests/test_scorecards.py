"""Scorecards: drafts, publication, who is scored by which."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from agentfactory_cs.customers.tests.factories import NOW, make_member
from health import catalogue, scorecards
from health.definitions import checked, content_hash
from health.models import Scorecard, ScorecardVersion
from health.scoring import Cards
from health.standard import STANDARD

from .definitions import changed

pytestmark = pytest.mark.django_db
STRICTER = changed(bands__at_risk_below=60)
WHY = "Customers at 55 left too."


@pytest.fixture
def standard() -> Scorecard:
    return Scorecard.objects.get(name="Standard")


@pytest.fixture
def draft(standard: Scorecard) -> ScorecardVersion:
    return scorecards.start_draft(standard, definition=STRICTER, now=NOW)


def codes_of(error: ValidationError) -> dict[str, list[str]]:
    by_field = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
    return {field: [each.code or "" for each in errors] for field, errors in by_field.items()}


class TestDrafts:
    def test_a_draft_starts_as_the_version_in_force(self, standard: Scorecard) -> None:
        first = scorecards.in_force(standard)

        draft = scorecards.start_draft(standard, now=NOW)

        assert first is not None
        assert draft.based_on == first
        assert draft.definition == first.definition == checked(STANDARD)
        assert (draft.number, draft.state, draft.revision) == (None, "draft", 0)

    def test_a_draft_of_a_scorecard_without_versions_starts_as_shipped(self) -> None:
        card = scorecards.create_scorecard(name="Pro", tier="pro", now=NOW)

        draft = scorecards.start_draft(card, now=NOW)

        assert draft.definition == checked(STANDARD)

    def test_saving_counts_on_and_names_who_saved_when(self, draft: ScorecardVersion) -> None:
        mia = make_member("CS manager", first_name="Mia", last_name="Berg")
        later = NOW + timedelta(hours=1)

        saved = scorecards.save_draft(draft, definition=STANDARD, title="Softer", revision=0, by=mia, now=later)

        assert (saved.revision, saved.title, saved.saved_by_label, saved.saved_at) == (1, "Softer", "Mia Berg", later)
        assert saved.content_hash == content_hash(STANDARD)

    def test_whoever_saves_what_somebody_else_saved_since_is_told_and_writes_nothing(
        self, draft: ScorecardVersion
    ) -> None:
        mia = make_member("CS manager", first_name="Mia", last_name="Berg")
        scorecards.save_draft(draft, definition=STANDARD, title="Hers", revision=0, by=mia, now=NOW)

        with pytest.raises(ValidationError, match="Mia Berg saved this draft on July 1, 2026") as refused:
            scorecards.save_draft(draft, definition=STRICTER, title="Mine", revision=0, now=NOW)

        assert codes_of(refused.value) == {"revision": ["conflict"]}
        draft.refresh_from_db()
        assert (draft.title, draft.revision) == ("Hers", 1)

    def test_a_definition_that_cannot_be_used_is_refused_naming_the_place(self, draft: ScorecardVersion) -> None:
        with pytest.raises(ValidationError, match=r"metrics\.nps: worst and best must differ"):
            scorecards.save_draft(draft, definition=changed(metrics__nps__best=-50), title="x", revision=0, now=NOW)

        draft.refresh_from_db()
        assert draft.definition == checked(STRICTER)

    def test_a_discarded_draft_is_gone_and_the_log_keeps_that_it_was(
        self, standard: Scorecard, draft: ScorecardVersion
    ) -> None:
        mia = make_member("CS manager")

        scorecards.discard_draft(draft, by=mia, now=NOW)

        assert not ScorecardVersion.objects.drafts().exists()
        assert LogEntry.objects.get(object_id=standard.pk).change_message == "Discarded the draft 1."

    @pytest.mark.parametrize("act", ["save", "discard", "publish"])
    def test_what_is_published_is_no_draft_any_more(self, draft: ScorecardVersion, act: str) -> None:
        scorecards.publish(draft, reason=WHY, now=NOW)
        before = ScorecardVersion.objects.filter(pk=draft.pk).values().get()

        with pytest.raises(ValidationError, match="Standard v2 is published and never changes"):
            {
                "save": lambda: scorecards.save_draft(draft, definition=STANDARD, title="", revision=0, now=NOW),
                "discard": lambda: scorecards.discard_draft(draft, now=NOW),
                "publish": lambda: scorecards.publish(draft, reason=WHY, now=NOW),
            }[act]()

        assert ScorecardVersion.objects.filter(pk=draft.pk).values().get() == before


class TestPublishing:
    def test_it_gets_the_next_number_and_names_who_and_why(self, standard: Scorecard, draft: ScorecardVersion) -> None:
        mia = make_member("CS manager", first_name="Mia", last_name="Berg")

        version = scorecards.publish(draft, reason=f" {WHY} ", by=mia, now=NOW)

        assert (str(version), version.reason, version.published_at) == ("Standard v2", WHY, NOW)
        assert (version.published_by, version.published_by_label) == (mia, "Mia Berg")
        assert scorecards.in_force(standard) == version
        assert Cards.in_force().version_ids["pro"] == version.pk

    @pytest.mark.parametrize("reason", ["", "  \n"])
    def test_without_a_reason_nothing_is_published(self, draft: ScorecardVersion, reason: str) -> None:
        with pytest.raises(ValidationError, match="Say in a sentence why"):
            scorecards.publish(draft, reason=reason, now=NOW)

        assert ScorecardVersion.objects.published().count() == 1

    def test_what_is_in_force_already_is_refused_however_it_is_written(self, standard: Scorecard) -> None:
        draft = scorecards.start_draft(standard, definition=changed(metrics__nps__best=50.0), now=NOW)

        with pytest.raises(ValidationError, match="what Standard v1 says already") as refused:
            scorecards.publish(draft, reason=WHY, now=NOW)

        assert codes_of(refused.value) == {"": ["conflict"]}

    def test_an_older_version_may_be_published_again(self, standard: Scorecard, draft: ScorecardVersion) -> None:
        first = scorecards.in_force(standard)
        assert first is not None
        scorecards.publish(draft, reason=WHY, now=NOW)

        back = scorecards.start_draft(standard, based_on=first, now=NOW)
        third = scorecards.publish(back, reason="It was too strict.", now=NOW)

        assert (third.number, third.content_hash) == (3, content_hash(first.definition))

    def test_what_was_saved_after_the_last_look_is_not_published(self, draft: ScorecardVersion) -> None:
        scorecards.save_draft(draft, definition=STRICTER, title="Other", revision=0, now=NOW)

        with pytest.raises(ValidationError, match="System saved this draft"):
            scorecards.publish(draft, reason=WHY, revision=0, now=NOW)

    def test_two_drafts_published_one_after_the_other_get_numbers_of_their_own(self, standard: Scorecard) -> None:
        drafts = [
            scorecards.start_draft(standard, definition=changed(bands__at_risk_below=points), now=NOW)
            for points in (40, 45)
        ]

        numbers = [scorecards.publish(draft, reason=WHY, now=NOW).number for draft in drafts]

        assert numbers == [2, 3]

    @pytest.mark.parametrize(
        ("field", "value"), [("definition", {}), ("content_hash", "x"), ("number", 9), ("scorecard_id", None)]
    )
    def test_the_database_freezes_what_is_published(self, standard: Scorecard, field: str, value: Any) -> None:
        other = scorecards.create_scorecard(name="Other", now=NOW)
        version = scorecards.in_force(standard)
        assert version is not None

        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            ScorecardVersion.objects.filter(pk=version.pk).update(**{field: other.pk if value is None else value})

    def test_the_database_does_not_make_a_draft_of_what_is_published(self, standard: Scorecard) -> None:
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            ScorecardVersion.objects.filter(scorecard=standard).update(state="draft", number=None, published_at=None)

    @pytest.mark.parametrize("broken", [{"saved_at": None}, {"published_by_label": "Mia"}])
    def test_who_did_something_goes_with_when(self, draft: ScorecardVersion, broken: dict[str, Any]) -> None:
        with pytest.raises(IntegrityError, match="has_its_moment"), transaction.atomic():
            ScorecardVersion.objects.filter(pk=draft.pk).update(**broken)


class TestUse:
    def test_a_new_scorecard_scores_nobody_until_it_is_published(self) -> None:
        card = scorecards.create_scorecard(name="Pro", tier="pro", priority=5, now=NOW)
        before = Cards.in_force().version_ids["pro"]

        version = scorecards.publish_scorecard(card, definition=STRICTER, reason=WHY, now=NOW)

        assert Cards.in_force().version_ids["pro"] == version.pk != before

    def test_a_name_that_is_taken_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="There is a scorecard of this name already"):
            scorecards.create_scorecard(name="Standard", now=NOW)

    def test_the_last_scorecard_of_a_tier_cannot_be_retired(self, standard: Scorecard) -> None:
        with pytest.raises(ValidationError, match=r"left without a scorecard.*free"), transaction.atomic():
            scorecards.retire_scorecard(standard, now=NOW)

        standard.refresh_from_db()
        assert standard.retired_at is None

    def test_nor_narrowed_to_one_tier(self, standard: Scorecard) -> None:
        standard.tier = "pro"

        with pytest.raises(ValidationError, match="left without a scorecard") as refused, transaction.atomic():
            scorecards.save_scorecard(standard, now=NOW)

        assert codes_of(refused.value) == {"tier": ["conflict"]}
        assert Scorecard.objects.get(pk=standard.pk).tier is None

    def test_a_retired_one_hands_over_and_comes_back(self, standard: Scorecard) -> None:
        mia = make_member("CS manager")
        pro = scorecards.create_scorecard(name="Pro", tier="pro", priority=5, now=NOW)
        version = scorecards.publish_scorecard(pro, definition=STRICTER, reason=WHY, now=NOW)

        scorecards.retire_scorecard(pro, by=mia, now=NOW)
        retired = Cards.in_force().version_ids["pro"]
        scorecards.reinstate_scorecard(pro, by=mia, now=NOW)

        assert retired == scorecards.in_force(standard).pk  # type: ignore[union-attr]
        assert Cards.in_force().version_ids["pro"] == version.pk
        assert [entry.change_message for entry in LogEntry.objects.filter(object_id=pro.pk).order_by("pk")] == [
            "Retired.",
            "Reinstated.",
        ]

    @pytest.mark.parametrize("verb", ["retire_scorecard", "reinstate_scorecard"])
    def test_twice_is_refused(self, verb: str) -> None:
        pro = scorecards.create_scorecard(name="Pro", tier="pro", now=NOW)
        if verb == "retire_scorecard":
            scorecards.retire_scorecard(pro, now=NOW)

        with pytest.raises(ValidationError, match="already"):
            getattr(scorecards, verb)(pro, now=NOW)

    def test_to_a_retired_one_nothing_is_published(self) -> None:
        pro = scorecards.create_scorecard(name="Pro", tier="pro", now=NOW)
        draft = scorecards.start_draft(pro, now=NOW)
        scorecards.retire_scorecard(pro, now=NOW)

        with pytest.raises(ValidationError, match="reinstate it first"):
            scorecards.publish(draft, reason=WHY, now=NOW)

    def test_a_change_of_priority_is_logged_with_both_values(self, standard: Scorecard) -> None:
        standard.priority = 7

        scorecards.save_scorecard(standard, by=make_member("CS manager"), now=NOW)

        assert LogEntry.objects.get(object_id=standard.pk).change_message == "priority: 0 → 7"

    def test_at_a_glance_one_sees_who_is_scored_by_what(self, standard: Scorecard, draft: ScorecardVersion) -> None:
        pro = scorecards.create_scorecard(name="Pro", tier="pro", priority=5, now=NOW)
        scorecards.publish_scorecard(pro, definition=STRICTER, reason=WHY, now=NOW)
        late = scorecards.create_scorecard(name="Late", tier="pro", now=NOW)
        scorecards.publish_scorecard(late, definition=STRICTER, reason=WHY, now=NOW)

        found = catalogue.standings([standard, pro, late])

        assert [found[card.pk].tiers for card in (standard, pro, late)] == [
            ["free", "starter", "enterprise"],
            ["pro"],
            [],
        ]
        assert found[standard.pk].drafts == [draft]
        assert found[late.pk].shadowed_by == [pro]
