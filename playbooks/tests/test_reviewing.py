"""A playbook that nobody has looked at for 90 days is flagged until somebody does."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agentfactory_cs.customers.tests.factories import NOW
from playbooks.models import Playbook
from playbooks.reviewing import REVIEW_EVERY, is_overdue, mark_reviewed

from .factories import make_playbook

pytestmark = pytest.mark.django_db


@pytest.fixture
def playbook() -> Playbook:
    return make_playbook(now=NOW - REVIEW_EVERY)


def test_ninety_days_after_it_became_active_it_is_overdue(playbook: Playbook) -> None:
    assert is_overdue(playbook, NOW)
    assert not is_overdue(playbook, NOW - timedelta(seconds=1))


def test_a_review_counts_for_another_ninety_days(playbook: Playbook, manager: Any) -> None:
    reviewed = mark_reviewed(playbook, note=" Fine. ", by=manager, now=NOW)

    assert (reviewed.reviewed_at, reviewed.reviewed_by, reviewed.review_note) == (NOW, manager, "Fine.")
    assert not is_overdue(reviewed, NOW + timedelta(days=89))
    assert is_overdue(reviewed, NOW + timedelta(days=90))


def test_what_is_not_active_needs_no_review() -> None:
    assert not is_overdue(make_playbook(now=NOW - 2 * REVIEW_EVERY, active=False), NOW)


def test_it_is_flagged_in_the_list_and_on_its_page_until_somebody_says_they_looked(
    playbook: Playbook, console: Client, at_now: None
) -> None:
    page, listed = (
        reverse("admin:playbooks_playbook_change", args=(playbook.pk,)),
        reverse("admin:playbooks_playbook_changelist"),
    )
    before = console.get(page).content.decode(), console.get(listed).content.decode()

    console.post(reverse("admin:playbooks_playbook_act", args=(playbook.pk, "review")), {"reason": "Still right."})
    after = console.get(page).content.decode(), console.get(listed).content.decode()

    assert "more than 90 days" in before[0]
    assert "overdue" in before[1]
    assert "more than 90 days" not in after[0]
    assert "Still right." in after[0]
    assert "overdue" not in after[1]
