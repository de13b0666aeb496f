"""The playbooks that come with the system."""

from typing import Any

import pytest

from agentfactory_cs.customers.tests.factories import NOW, make_customer
from playbooks import services, shipped
from playbooks.models import Playbook
from playbooks.models.playbook import PlaybookState
from playbooks.rules import Definition

from .factories import BY_HAND, tag_step

CONTENTS = dict(shipped.shipped())


@pytest.mark.parametrize("key", CONTENTS)
def test_each_can_be_read(key: str) -> None:
    content = CONTENTS[key]

    plan = Definition.from_data(content["definition"])

    assert content["name"]
    assert content["description"].endswith(".")
    assert plan.steps


@pytest.mark.django_db
def test_all_are_there_after_the_migration_as_drafts() -> None:
    assert set(Playbook.objects.values_list("key", flat=True)) == set(CONTENTS)
    assert set(Playbook.objects.values_list("state", flat=True)) == {"draft"}


@pytest.mark.django_db
def test_loading_again_leaves_a_managers_work_alone(manager: Any) -> None:
    welcome = Playbook.objects.get(key="welcome")
    mine = {"trigger": BY_HAND, "steps": [tag_step("mine")]}
    services.save_draft(welcome, mine, by=manager, now=NOW)

    shipped.load_shipped(now=NOW)

    assert welcome.versions.get().definition == mine


@pytest.mark.django_db
def test_a_deleted_draft_that_was_shipped_comes_back_by_reset(manager: Any) -> None:
    welcome = Playbook.objects.get(key="welcome")
    services.save_draft(welcome, {"trigger": BY_HAND, "steps": [tag_step("mine")]}, by=manager, now=NOW)

    shipped.reset_to_shipped(welcome, by=manager, now=NOW)

    assert welcome.versions.get().plan.steps[0].key == "welcome"


@pytest.mark.django_db
def test_a_release_with_a_changed_file_changes_what_nobody_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    content = CONTENTS["welcome"]
    newer = {**content, "definition": {"trigger": BY_HAND, "steps": [tag_step("newer")]}}
    monkeypatch.setattr(shipped, "shipped", lambda: [("welcome", newer)])

    shipped.load_shipped(now=NOW)

    assert Playbook.objects.get(key="welcome").versions.get().definition == newer["definition"]


@pytest.mark.django_db
@pytest.mark.parametrize("key", CONTENTS)
def test_each_can_be_published_and_let_customers_in(key: str, manager: Any) -> None:
    playbook = Playbook.objects.get(key=key)

    version = services.publish(playbook, reason="As shipped.", by=manager, now=NOW)
    playbook = services.set_state(playbook, PlaybookState.ACTIVE, now=NOW)
    run = services.start_run(make_customer(), playbook, by=manager, now=NOW, why="To see it start.")

    assert version.number == 1
    assert run.steps.count() == len(version.plan.steps)
