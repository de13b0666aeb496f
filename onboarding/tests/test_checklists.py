"""Checklists: a version of each tier is in force, and changing one is a new version."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW
from onboarding import checklists, rules, shipped
from onboarding.models import Checklist

MINE = {"items": [{"key": "own_item", "title": "Something of our own"}]}


def of(tier: str) -> Checklist:
    return Checklist.objects.get(tier=tier)


@pytest.mark.parametrize("tier", list(Customer.Tier))
def test_each_shipped_one_can_be_read_and_says_what_it_is(tier: str) -> None:
    content = checklists.shipped(tier)

    plan = rules.Checklist.from_data(content["definition"])

    assert content["name"]
    assert content["description"].endswith(".")
    assert all(item.help.endswith(".") for item in plan.items)


def test_the_shipped_ones_expect_what_the_specification_says_by_its_days() -> None:
    days = {"account_provisioned": 1, "first_login": 2, "first_agent": 5, "knowledge_base": 7, "first_conversation": 10}

    for tier in Customer.Tier:
        plan = rules.Checklist.from_data(checklists.shipped(tier)["definition"])
        assert {item.key: item.expected_day for item in plan.required() if item.key in days} == days


@pytest.mark.parametrize(
    ("tier", "own"),
    [
        ("free", set()),
        ("starter", set()),
        ("pro", {"onboarding_call", "training_completed"}),
        ("enterprise", {"kickoff", "custom_plan", "training_completed"}),
    ],
)
def test_what_people_do_for_a_customer_depends_on_its_tier(tier: str, own: set[str]) -> None:
    plan = rules.Checklist.from_data(checklists.shipped(tier)["definition"])

    keys = {item.key for item in plan.required()}

    assert keys & {"onboarding_call", "training_completed", "kickoff", "custom_plan"} == own


@pytest.mark.django_db
def test_every_tier_has_one_in_force_after_the_migration() -> None:
    in_force = checklists.in_force_of(list(Customer.Tier))

    assert set(in_force) == set(Customer.Tier)
    assert {version.number for version in in_force.values()} == {1}


@pytest.mark.django_db
def test_a_draft_changes_nothing_until_it_is_published(manager: Any) -> None:
    checklists.save_draft(of("pro"), MINE, by=manager, now=NOW)
    before = checklists.in_force("pro")

    checklists.publish(of("pro"), reason="A better way.", by=manager, now=NOW)

    after = checklists.in_force("pro")
    assert before
    assert before.number == 1
    assert after
    assert (after.number, after.plan.items[0].key, after.published_by) == (2, "own_item", manager)


@pytest.mark.django_db
def test_who_has_not_seen_the_newest_draft_does_not_overwrite_it(manager: Any) -> None:
    seen = checklists.save_draft(of("pro"), MINE, revision=0, by=manager, now=NOW).revision
    checklists.save_draft(of("pro"), MINE, revision=seen, now=NOW)

    with pytest.raises(ValidationError, match="Somebody has saved"):
        checklists.save_draft(of("pro"), MINE, revision=seen, now=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({"items": []}, "items: must be a list"),
        ({"items": [{"key": "a", "title": "A"}] * 2}, "a stands there twice"),
        ({"items": [{"key": "A b", "title": "A"}]}, "items.0.key"),
        ({"items": [{"key": "a", "title": " "}]}, "items.0.title"),
        ({"items": [{"key": "a", "title": "A", "expected_day": 0}]}, "items.0.expected_day"),
        ({"items": [{"key": "a", "title": "A", "is_required": False}]}, "at least one must be required"),
        ({"items": [{"key": "a", "title": "A", "color": "red"}]}, "knows no color"),
    ],
)
def test_what_cannot_be_used_is_refused_with_place_and_reason(definition: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        checklists.save_draft(of("pro"), definition, now=NOW)

    assert not of("pro").versions.filter(state="draft").exists()


@pytest.mark.django_db
def test_publishing_takes_a_draft_with_something_new_and_a_reason() -> None:
    with pytest.raises(ValidationError, match="no draft"):
        checklists.publish(of("pro"), reason="Why not?", now=NOW)
    checklists.reset_to_shipped(of("pro"), now=NOW)
    with pytest.raises(ValidationError, match="Say in a sentence"):
        checklists.publish(of("pro"), reason=" ", now=NOW)
    with pytest.raises(ValidationError, match="says the same as version 1"):
        checklists.publish(of("pro"), reason="Again.", now=NOW)

    checklists.drop_draft(of("pro"))

    assert of("pro").versions.count() == 1


@pytest.mark.django_db
def test_what_was_shipped_can_be_had_back(manager: Any) -> None:
    checklists.save_draft(of("free"), MINE, by=manager, now=NOW)
    checklists.publish(of("free"), reason="Mine.", by=manager, now=NOW)

    checklists.reset_to_shipped(of("free"), by=manager, now=NOW)
    checklists.publish(of("free"), reason="Back.", by=manager, now=NOW)

    version = checklists.in_force("free")
    assert version
    assert version.definition == checklists.shipped("free")["definition"]


@pytest.mark.django_db
def test_loading_again_leaves_a_managers_work_alone_and_follows_a_release_otherwise(
    manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    checklists.save_draft(of("free"), MINE, by=manager, now=NOW)
    newer = {"name": "Newer", "description": "Of a release.", "definition": {"items": [{"key": "a", "title": "A"}]}}
    monkeypatch.setattr(shipped, "shipped", lambda tier: newer)

    shipped.load_shipped(now=NOW)
    shipped.load_shipped(now=NOW)

    assert of("free").versions.filter(state="published").count() == 1
    in_force = checklists.in_force("pro")
    assert in_force
    assert (in_force.number, in_force.definition) == (2, newer["definition"])


@pytest.mark.django_db
def test_the_database_refuses_to_change_what_was_published() -> None:
    version = checklists.in_force("pro")
    assert version

    version.definition = MINE
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        version.save()


@pytest.mark.django_db
def test_an_item_that_was_published_stays_known_to_the_playbooks_that_name_it() -> None:
    checklist = of("pro")
    checklists.save_draft(checklist, MINE, now=NOW)
    checklists.publish(checklist, reason="Something of our own.", now=NOW)

    checklists.save_draft(checklist, {"items": [{"key": "other_item", "title": "Another"}]}, now=NOW)
    checklists.publish(checklist, reason="Not any more.", now=NOW)

    assert {"own_item", "other_item"} <= dict(checklists.known_items()).keys()
