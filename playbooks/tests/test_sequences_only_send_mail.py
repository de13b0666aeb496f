"""A sequence only sends mail: what does more is not published, activated or called one."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from agentfactory_cs.customers.tests.factories import NOW
from playbooks import authoring, services
from playbooks.models import Playbook
from playbooks.models.playbook import PlaybookState

from .factories import BY_HAND, make_playbook, manual_step, rows, tag_step
from .test_preview import mail_step

pytestmark = pytest.mark.django_db

BRANCH = {
    "key": "pro",
    "title": "Pro?",
    "kind": "branch",
    "day": 1,
    "condition": rows(("customers.tier", "in", ["pro"])),
}
WAIT = {"key": "wait", "title": "Wait", "kind": "wait", "day": 2}


@pytest.mark.parametrize(
    ("step", "place"),
    [(tag_step(), "steps.1.action: the step 'Tag'"), (manual_step(), "steps.1.kind: the step 'Call'")],
)
def test_a_sequence_that_does_more_than_mail_is_not_published_and_its_step_is_named(
    step: dict[str, Any], place: str
) -> None:
    with pytest.raises(ValidationError, match=f"{place} does more; a sequence only sends mail"):
        make_playbook(mail_step("hello", 0), step, is_sequence=True)


def test_a_sequence_may_wait_and_branch_between_its_mails() -> None:
    playbook = make_playbook(mail_step("hello", 0), BRANCH, WAIT, is_sequence=True)

    assert playbook.state == PlaybookState.ACTIVE


def test_a_playbook_that_does_more_cannot_be_called_a_sequence() -> None:
    playbook = make_playbook(mail_step("hello", 0), tag_step())
    playbook.is_sequence = True

    with pytest.raises(ValidationError) as refusal:
        authoring.save_playbook(playbook, now=NOW)

    assert "the step 'Tag' does more" in refusal.value.message_dict["is_sequence"][0]
    assert not Playbook.objects.get(pk=playbook.pk).is_sequence


def test_a_sequence_from_before_that_does_more_is_not_activated_again() -> None:
    playbook = make_playbook(tag_step())
    services.set_state(playbook, PlaybookState.PAUSED, now=NOW)
    Playbook.objects.update(is_sequence=True)

    with pytest.raises(ValidationError, match="a sequence only sends mail"):
        services.set_state(playbook, PlaybookState.ACTIVE, now=NOW)


def test_its_page_and_its_editor_name_the_step(console: Client, at_now: None) -> None:
    playbook = Playbook.objects.create(key="hello", name="Hello", created_at=NOW, is_sequence=True)
    services.save_draft(playbook, {"trigger": BY_HAND, "steps": [tag_step()]}, now=NOW)

    pages = [
        console.get(reverse(f"admin:playbooks_playbook_{what}", args=(playbook.pk,))).content.decode()
        for what in ("change", "edit")
    ]

    assert all("the step &#x27;Tag&#x27; does more; a sequence only sends mail." in page for page in pages)
