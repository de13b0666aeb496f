"""What is promised: the targets as data, and the versions of the policy."""

import copy
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from agentfactory_cs.customers.tests.factories import NOW, make_user
from support.levels import BadPolicy, in_force, parse, policy, policy_of
from support.levels.rules import SEVERITIES, TIERS
from support.models import ServiceVersion

SHIPPED = policy.shipped()


def changed(*path: str, to: Any) -> dict[str, Any]:
    """The shipped policy with one place of it changed."""
    data = copy.deepcopy(SHIPPED)
    place: Any = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return data


def test_the_shipped_policy_promises_something_for_every_tier_and_severity() -> None:
    read = parse(SHIPPED)

    assert set(read.targets) == {(tier, severity) for tier in TIERS for severity in SEVERITIES}
    assert read.of("enterprise", "critical").first_response == timedelta(minutes=30)
    assert read.of("free", "low").first_response is None


def test_a_higher_tier_and_a_higher_severity_are_never_promised_less() -> None:
    read = parse(SHIPPED)
    longest = timedelta.max

    for lower, higher in pairwise(TIERS):
        for severity in SEVERITIES:
            before, after = read.of(lower, severity), read.of(higher, severity)
            assert (after.first_response or longest) <= (before.first_response or longest)
            assert (after.resolution or longest) <= (before.resolution or longest)
    for tier in TIERS:
        for lower, higher in pairwise(SEVERITIES):
            before, after = read.of(tier, lower), read.of(tier, higher)
            assert (after.first_response or longest) <= (before.first_response or longest)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], 'must be an object with "targets" alone'),
        ({"targets": []}, "targets: must be an object with free, starter, pro, enterprise"),
        (changed("targets", "gold", to={}), "targets: knows no gold"),
        (changed("targets", "pro", to={}), "targets.pro: lacks low, normal, high, critical"),
        (changed("targets", "pro", "high", "first_response", to=0), "targets.pro.high.first_response: must be whole"),
        (changed("targets", "pro", "high", "first_response", to=True), "must be whole minutes"),
        (changed("targets", "pro", "high", "first_response", to="60"), "must be whole minutes"),
        (changed("targets", "pro", "high", "resolution", to=10), "targets.pro.high: a resolution cannot be due before"),
    ],
)
def test_targets_that_cannot_be_are_refused_by_place_and_reason(data: Any, words: str) -> None:
    with pytest.raises(BadPolicy, match=words):
        parse(data)


@pytest.mark.django_db
def test_the_shipped_policy_is_in_force_after_the_first_migration() -> None:
    assert in_force().is_shipped
    assert policy_of(in_force()).of("pro", "critical").first_response == timedelta(hours=1)


@pytest.mark.django_db
def test_a_draft_becomes_the_version_in_force_and_the_one_before_stays_as_it_was() -> None:
    before, clara = in_force(), make_user("clara")
    policy.save_draft(changed("targets", "pro", "low", "resolution", to=None), by=clara, now=NOW)

    published = policy.publish(reason="Nobody kept it.", by=clara, now=NOW)

    assert in_force() == published
    assert (published.number, published.published_by) == ((before.number or 0) + 1, clara)
    assert policy_of(published).of("pro", "low").resolution is None
    assert policy_of(before).of("pro", "low").resolution is not None


@pytest.mark.django_db
def test_publishing_needs_a_draft_a_reason_and_something_new() -> None:
    with pytest.raises(ValidationError, match="no draft"):
        policy.publish(reason="x", now=NOW)
    policy.reset_to_shipped(now=NOW)
    with pytest.raises(ValidationError, match="Say in a sentence why"):
        policy.publish(reason=" ", now=NOW)
    with pytest.raises(ValidationError, match="says the same as version"):
        policy.publish(reason="Why not.", now=NOW)


@pytest.mark.django_db
def test_nobody_overwrites_a_draft_they_have_not_seen() -> None:
    policy.save_draft(changed("targets", "pro", "low", "resolution", to=None), revision=0, now=NOW)

    with pytest.raises(ValidationError, match="meanwhile"):
        policy.save_draft(SHIPPED, revision=0, now=NOW)


@pytest.mark.django_db
def test_a_draft_that_cannot_be_used_is_not_stored() -> None:
    with pytest.raises(ValidationError, match=r"targets\.pro: lacks"):
        policy.save_draft(changed("targets", "pro", to={}), now=NOW)

    assert not ServiceVersion.objects.filter(state="draft").exists()


@pytest.mark.django_db
def test_the_database_refuses_to_change_what_was_published() -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        ServiceVersion.objects.filter(pk=in_force().pk).update(definition={"targets": {}})
