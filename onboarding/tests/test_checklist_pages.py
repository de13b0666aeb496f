"""The checklists' pages: what is in force, the draft's editor, publishing."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agentfactory_cs.customers.tests.factories import NOW, make_member
from onboarding import checklists, rules
from onboarding.differences import differences
from onboarding.models import Checklist, ChecklistVersion

from .factories import make_item
from .test_console import page, post, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def pro() -> Checklist:
    return Checklist.objects.get(tier="pro")


def written(checklist: Checklist, *extra: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What a browser sends of the editor: the items of the version in force, changed by place (`title_0`), and more."""
    version = checklists.in_force(checklist.tier)
    assert version
    rows = [*({**item} for item in version.definition["items"]), *extra]
    for name, value in changes.items():
        field, _underscore, number = name.rpartition("_")
        rows[int(number)][field] = value
    sent: dict[str, Any] = {
        "items-TOTAL_FORMS": len(rows),
        "items-INITIAL_FORMS": len(rows) - len(extra),  # the rest is added by the page
        "items-MIN_NUM_FORMS": 0,
        "items-MAX_NUM_FORMS": 1000,
        "revision": 0,
    }
    for place, row in enumerate(rows):
        shown: dict[str, Any] = {"ORDER": place + 1, "is_required": "on", **row}
        fields = {f"items-{place}-{name}": value for name, value in shown.items() if value not in (None, False)}
        sent |= fields
    return sent


def drafted(checklist: Checklist) -> ChecklistVersion:
    return checklist.versions.get(state="draft")


def keys(version: ChecklistVersion) -> list[str]:
    return [item.key for item in version.plan.items]


def test_the_page_tells_what_is_in_force(console: Client, pro: Checklist) -> None:
    text = words(page(console, "onboarding_checklist_change", pro.pk))

    assert "Version 1 is in force" in text
    assert "Welcome call held" in text
    assert "As it comes with the system." in text


def test_an_editor_saved_untouched_says_the_same(console: Client, pro: Checklist) -> None:
    html = page(console, "onboarding_checklist_edit", pro.pk)

    post(console, "onboarding_checklist_edit", pro.pk, **written(pro))

    current = checklists.in_force("pro")
    assert current
    assert 'value="onboarding_call"' in html
    assert rules.Checklist.from_data(drafted(pro).definition) == current.plan


def test_items_are_added_changed_moved_and_taken_out(console: Client, pro: Checklist) -> None:
    current = checklists.in_force("pro")
    assert current
    before = keys(current)
    own = {"key": "own_plan", "title": "Plan agreed", "ORDER": 1}
    sent = written(pro, own, expected_day_0=3, DELETE_2="on", ORDER_1=99)

    post(console, "onboarding_checklist_edit", pro.pk, **sent)

    draft = drafted(pro)
    first = draft.plan.item(before[0])
    assert keys(draft) == [before[0], "own_plan", *before[3:], before[1]]
    assert first
    assert first.expected_day == 3


def test_a_blank_row_is_passed_over_though_it_has_a_place(console: Client, pro: Checklist) -> None:
    blank = {"key": "", "title": "", "ORDER": 4, "is_required": "on"}

    post(console, "onboarding_checklist_edit", pro.pk, **written(pro, blank))

    current = checklists.in_force("pro")
    assert current
    assert keys(drafted(pro)) == keys(current)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"title_0": ""}, "Title: This field is required."),
        ({"expected_day_0": "0"}, "greater than or equal to 1"),
        ({"key_0": "Not A Key"}, "Key:"),
        ({"key_1": "account_provisioned"}, "stands there twice"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(
    console: Client, pro: Checklist, changes: dict[str, Any], why: str
) -> None:
    text = post(console, "onboarding_checklist_edit", pro.pk, **written(pro, **changes))

    assert why in text
    assert not pro.versions.filter(state="draft").exists()


def test_two_people_do_not_overwrite_each_other(console: Client, pro: Checklist) -> None:
    post(console, "onboarding_checklist_edit", pro.pk, **written(pro, title_0="Mine"))

    text = post(console, "onboarding_checklist_edit", pro.pk, **written(pro, title_0="Theirs"))

    assert "Somebody has saved this draft since you opened it." in text
    assert drafted(pro).plan.items[0].title == "Mine"


def test_publishing_shows_what_differs_and_wants_a_reason(console: Client, pro: Checklist, manager: Any) -> None:
    sent = written(pro, title_0="Account ready") | {"publish": "1"}
    shown = words(post(console, "onboarding_checklist_edit", pro.pk, **sent))
    revision = drafted(pro).revision

    refused = post(console, "onboarding_checklist_publish", pro.pk, reason="", revision=revision)
    post(console, "onboarding_checklist_publish", pro.pk, reason="In their words.", revision=revision)

    version = checklists.in_force("pro")
    assert "Account provisioned is called Account ready." in shown
    assert "Say in a sentence why this version is published." in refused
    assert version
    assert (version.number, version.reason, version.published_by) == (2, "In their words.", manager)


def test_a_saving_that_was_not_seen_is_not_published(console: Client, pro: Checklist) -> None:
    post(console, "onboarding_checklist_edit", pro.pk, **written(pro, title_0="Seen"))
    checklists.save_draft(pro, {"items": [make_item("own")]}, now=NOW)

    text = post(console, "onboarding_checklist_publish", pro.pk, reason="Go.", revision=1)

    assert "Somebody has saved this draft since you opened it." in text
    assert pro.versions.filter(state="published").count() == 1


def test_a_draft_is_reset_to_what_was_shipped_and_discarded(console: Client, pro: Checklist) -> None:
    post(console, "onboarding_checklist_act", pro.pk, "reset")
    was_shipped = drafted(pro).is_shipped

    post(console, "onboarding_checklist_act", pro.pk, "drop")

    assert was_shipped
    assert not pro.versions.filter(state="draft").exists()


@pytest.mark.parametrize("group", ["Viewer", "Support agent", "CSM"])
def test_only_managers_change_checklists(group: str, pro: Checklist) -> None:
    reader = Client()
    reader.force_login(make_member(group))

    answers = [
        reader.get(reverse("admin:onboarding_checklist_edit", args=(pro.pk,))),
        reader.post(reverse("admin:onboarding_checklist_publish", args=(pro.pk,)), {"reason": "x", "revision": 0}),
        reader.post(reverse("admin:onboarding_checklist_act", args=(pro.pk, "reset"))),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert reader.get(reverse("admin:onboarding_checklist_change", args=(pro.pk,))).status_code == 200


AGENT = make_item("first_agent", "First agent", 5)
PLAN = make_item("own_plan", "Plan agreed")


@pytest.mark.parametrize(
    ("before", "after", "sentences"),
    [
        ([AGENT], [AGENT], []),
        (None, [AGENT], ["First agent is added: required, expected by day 5."]),
        ([AGENT], [AGENT, PLAN], ["Plan agreed is added: required, not waited for."]),
        ([AGENT, PLAN], [AGENT], ["Plan agreed is removed."]),
        ([AGENT], [{**AGENT, "title": "Agent"}], ["First agent is called Agent."]),
        ([AGENT], [{**AGENT, "expected_day": 3}], ["First agent is expected by day 3; it was expected by day 5."]),
        (
            [AGENT, PLAN],
            [AGENT, {**PLAN, "is_required": False}],
            ["Plan agreed is optional; it was required."],
        ),
        ([AGENT], [{**AGENT, "help": "One is enough."}], ["First agent is explained in other words."]),
        ([AGENT, PLAN], [PLAN, AGENT], ["The items stand in another order."]),
    ],
)
def test_what_differs_is_said_in_sentences(
    before: list[dict[str, Any]] | None, after: list[dict[str, Any]], sentences: list[str]
) -> None:
    old = rules.Checklist.from_data({"items": before}) if before else None

    assert differences(old, rules.Checklist.from_data({"items": after})) == sentences
