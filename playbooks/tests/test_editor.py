"""Writing a playbook in the console: what the page shows, what it sends back, what is stored, what is refused."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agentfactory_cs.customers.tests.browsing import changed, sent_by
from agentfactory_cs.customers.tests.factories import NOW, make_member
from playbooks import services
from playbooks.differences import differences
from playbooks.models import Playbook

from .factories import make_playbook, manual_step, rows, tag_step

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

PRO = rows(("customers.tier", "in", ["pro"]))
EVERYTHING: dict[str, Any] = {
    "trigger": {"kind": "event", "event": "customers.signed_up"},
    "entry": PRO,
    "exit": rows(("customers.tags", "has", ["stop"]), ("customers.stage", "in", ["churned"]), match="any"),
    "goal": {"when": PRO, "within_days": 45},
    "steps": [
        tag_step("first", condition=PRO),
        {
            "key": "mail",
            "title": "Mail",
            "kind": "action",
            "day": 0,
            "hour": 2,
            "action": "messaging.send_mail",
            "params": {"template": "welcome_email"},
        },
        manual_step(
            "call", day=3, after="first", params={"task_kind": "call", "description": "Ask\nthem.", "due_days": 0}
        ),
        {"key": "fork", "title": "Pro?", "kind": "branch", "day": 5, "wait_days": 4, "condition": PRO},
        {"key": "rest", "title": "Rest", "kind": "wait", "day": 9, "branch": "fork", "outcome": "no"},
    ],
}


def address(playbook: Playbook, what: str = "edit") -> str:
    return reverse(f"admin:playbooks_playbook_{what}", args=(playbook.pk,))


def opened(console: Client, playbook: Playbook) -> dict[str, list[str]]:
    """What the editor's page would send untouched."""
    response = console.get(address(playbook))
    assert response.status_code == 200
    return sent_by(response.content.decode(), "definition")


def pressed(console: Client, playbook: Playbook, sent: dict[str, list[str]], do: str) -> str:
    response = console.post(address(playbook), changed(sent, do=do), follow=True)
    assert response.status_code == 200
    return response.content.decode()


def reshaped(console: Client, playbook: Playbook, sent: dict[str, list[str]], do: str) -> dict[str, list[str]]:
    return sent_by(pressed(console, playbook, sent, do), "definition")


def in_force_with(definition: dict[str, Any] = EVERYTHING) -> Playbook:
    playbook = Playbook.objects.create(key="tried", name="Tried", created_at=NOW)
    services.save_draft(playbook, definition, now=NOW)
    services.publish(playbook, reason="For a test.", now=NOW)
    return playbook


def draft(playbook: Playbook) -> Any:
    found = services.draft_of(playbook)
    assert found is not None
    return found


def test_a_definition_comes_back_from_its_editor_as_it_was(console: Client) -> None:
    playbook = in_force_with()

    text = pressed(console, playbook, opened(console, playbook), "save")

    assert "Saved. Nothing changes for customers until it is published." in text
    assert "Nothing: it says what is in force." in text
    assert draft(playbook).definition == EVERYTHING


def test_a_shipped_playbook_comes_back_from_its_editor_as_it_was(console: Client) -> None:
    playbook = Playbook.objects.get(key="welcome")
    before = draft(playbook)

    pressed(console, playbook, opened(console, playbook), "save")

    after = draft(playbook)
    assert (after.revision, after.created_by.username) == (before.revision + 1, "mia")
    assert differences(before.definition, after.definition) == []


def test_each_step_is_told_in_words_and_an_unfinished_one_by_its_kind(console: Client) -> None:
    playbook = in_force_with()

    text = pressed(console, playbook, opened(console, playbook), "add:manual")

    for words in (
        "Add a tag: first",
        "Only if: Tier is Pro",
        "Tier is Pro? Waits for it up to 4 days",
        "Without a title",
    ):
        assert words in text


def test_a_parameter_that_the_action_does_not_know_is_kept_and_told_to_be_wrong_until_it_is_emptied(
    console: Client,
) -> None:
    playbook = in_force_with()
    step = tag_step("first", params={"tag": "first", "colour": "red", "size": 5})
    services.save_draft(playbook, {"trigger": {"kind": "manual"}, "steps": [step]}, now=NOW)
    sent = opened(console, playbook)

    page = pressed(console, playbook, sent, "save")
    kept = draft(playbook).definition["steps"][0]["params"]
    emptied = changed(opened(console, playbook), **{"step-0-unknown-colour": "", "step-0-unknown-size": ""})
    pressed(console, playbook, emptied, "save")

    assert "colour (not known here)" in page
    assert "“First”, colour: there is no such parameter here; known: tag." in page
    assert kept == {"tag": "first", "colour": "red", "size": 5}
    assert draft(playbook).definition["steps"][0]["params"] == {"tag": "first"}


def test_opening_the_editor_writes_nothing(console: Client) -> None:
    playbook = in_force_with()

    opened(console, playbook)

    assert services.draft_of(playbook) is None


def test_a_change_is_saved_and_told_in_a_sentence(console: Client) -> None:
    playbook = in_force_with()
    sent = changed(opened(console, playbook), **{"step-2-day": "4", "step-2-title": "Ring them", "goal_days": "30"})

    text = pressed(console, playbook, sent, "save")

    assert draft(playbook).definition["steps"][2]["day"] == 4
    assert "“Ring them” was called “Call”" in text
    assert "“Ring them” is on day 4 instead of on day 3" in text
    assert "Goal: Tier is Pro, within 30 days; before: Tier is Pro, within 45 days" in text


def test_a_playbook_is_written_from_nothing_step_by_step_without_scripts(console: Client) -> None:
    console.post(
        reverse("admin:playbooks_playbook_new"),
        {"name": "Say hello", "cool_down_days": 30, "priority": 0, "holdout_percent": 0},
    )
    playbook = Playbook.objects.get(key="say_hello")

    sent = reshaped(console, playbook, opened(console, playbook), "add:action")
    sent = changed(sent, **{"step-0-title": "Tag them", "step-0-action": "playbooks.add_tag"})
    sent = reshaped(console, playbook, sent, "refresh:0")
    sent = reshaped(console, playbook, changed(sent, **{"step-0-param-tag": "hello"}), "add:branch")
    sent = changed(
        sent,
        **{
            "step-1-title": "Pro?",
            "step-1-wait_days": "3",
            "step-1-condition-0-fact": "customers.tier",
            "step-1-condition-0-operator": "in",
            "step-1-condition-0-value": "pro",
        },
    )
    sent = reshaped(console, playbook, sent, "add:manual")
    sent = changed(
        sent, **{"step-2-title": "Call", "step-2-day": "2", "step-2-branch": "yes:branch_1", "trigger": "schedule"}
    )
    pressed(console, playbook, sent, "save")

    assert draft(playbook).definition == {
        "trigger": {"kind": "schedule"},
        "steps": [
            {
                "key": "action_1",
                "title": "Tag them",
                "kind": "action",
                "day": 0,
                "action": "playbooks.add_tag",
                "params": {"tag": "hello"},
            },
            {"key": "branch_1", "title": "Pro?", "kind": "branch", "day": 0, "condition": PRO, "wait_days": 3},
            {"key": "manual_1", "title": "Call", "kind": "manual", "day": 2, "branch": "branch_1", "outcome": "yes"},
        ],
    }


def order(sent: dict[str, list[str]]) -> list[str]:
    return [sent[f"step-{number}-title"][0] for number in sent["steps"]]


@pytest.mark.parametrize(
    ("do", "after"),
    [
        ("up:2", ["First", "Call", "Mail", "Pro?", "Rest"]),
        ("up:0", ["First", "Mail", "Call", "Pro?", "Rest"]),
        ("down:0", ["Mail", "First", "Call", "Pro?", "Rest"]),
        ("down:4", ["First", "Mail", "Call", "Pro?", "Rest"]),
        ("delete:1", ["First", "Call", "Pro?", "Rest"]),
        ("copy:0", ["First", "First (copy)", "Mail", "Call", "Pro?", "Rest"]),
        ("add:wait", ["First", "Mail", "Call", "Pro?", "Rest", ""]),
        ("sort", ["First", "Mail", "Call", "Pro?", "Rest"]),
        ("up:99", ["First", "Mail", "Call", "Pro?", "Rest"]),
        ("fly:1", ["First", "Mail", "Call", "Pro?", "Rest"]),
        ("add:nothing", ["First", "Mail", "Call", "Pro?", "Rest"]),
    ],
)
def test_steps_come_go_and_move_and_nothing_is_stored_meanwhile(console: Client, do: str, after: list[str]) -> None:
    playbook = in_force_with()

    sent = reshaped(console, playbook, opened(console, playbook), do)

    assert order(sent) == after
    assert len({sent[f"step-{number}-key"][0] for number in sent["steps"]}) == len(after)
    assert services.draft_of(playbook) is None


def test_a_copied_step_does_what_the_other_does(console: Client) -> None:
    playbook = in_force_with()

    pressed(console, playbook, reshaped(console, playbook, opened(console, playbook), "copy:2"), "save")

    original, copy = (dict(step) for step in draft(playbook).definition["steps"][2:4])
    assert (copy.pop("key"), copy.pop("title")) == ("manual_1", "Call (copy)")
    del original["key"], original["title"]
    assert copy == original


def test_steps_out_of_order_are_sorted_by_day_on_request(console: Client) -> None:
    playbook = in_force_with(
        {**EVERYTHING, "steps": [tag_step("late", day=9), tag_step("soon", day=1), tag_step("now")]}
    )

    assert order(reshaped(console, playbook, opened(console, playbook), "sort")) == ["Now", "Soon", "Late"]


def test_what_somebody_else_saved_meanwhile_is_not_overwritten_and_nothing_typed_is_lost(console: Client) -> None:
    playbook = in_force_with()
    mine = changed(opened(console, playbook), **{"step-0-title": "Mine"})
    theirs = {**EVERYTHING, "steps": [tag_step("first", title="Theirs"), *EVERYTHING["steps"][1:]]}
    services.save_draft(playbook, theirs, by=make_member("CS manager", "noor"), now=NOW)

    text = pressed(console, playbook, mine, "save")

    assert "noor has saved this draft since you opened it." in text
    assert "“Mine” was called “Theirs”" in text
    assert draft(playbook).definition == theirs
    again = sent_by(text, "definition")
    assert again["step-0-title"] == ["Mine"]
    pressed(console, playbook, again, "save-over")
    assert draft(playbook).definition["steps"][0]["title"] == "Mine"


def test_saving_over_is_refused_where_somebody_saved_once_more(console: Client) -> None:
    playbook = in_force_with()
    mine = changed(opened(console, playbook), **{"step-0-title": "Mine"})
    services.save_draft(playbook, EVERYTHING, now=NOW)
    again = sent_by(pressed(console, playbook, mine, "save"), "definition")
    services.save_draft(playbook, EVERYTHING, now=NOW)

    text = pressed(console, playbook, again, "save-over")

    assert "Somebody has saved this draft since you opened it." in text
    assert draft(playbook).definition == EVERYTHING


def test_a_draft_published_meanwhile_is_not_brought_back_unseen(console: Client) -> None:
    playbook = in_force_with()
    services.save_draft(playbook, {**EVERYTHING, "steps": [tag_step()]}, now=NOW)
    mine = opened(console, playbook)
    services.publish(playbook, reason="Theirs.", now=NOW)

    text = pressed(console, playbook, mine, "save")

    assert "The draft has been published or discarded since you opened it." in text
    assert services.draft_of(playbook) is None


@pytest.mark.parametrize(
    ("fields", "said", "place"),
    [
        ({"step-2-day": "soon"}, "Call, Day: Enter a whole number.", "at-step-2"),
        ({"step-2-day": "731"}, "Ensure this value is less than or equal to 730.", "at-step-2"),
        ({"step-0-title": " "}, "This field is required.", "at-step-0"),
        ({"step-0-condition-0-value": []}, "Row 1: Choose at least one.", "at-step-0"),
        ({"entry-0-value": ["gold"]}, "Enters: Row 1: There is no gold", "at-entry"),
        ({"event": ""}, "What happens: Choose what happens.", "at-event"),
        ({"goal_days": "0"}, "Ensure this value is greater than or equal to 1.", "at-goal_days"),
    ],
)
def test_what_does_not_fit_is_not_saved_and_is_linked_to_its_place(
    console: Client, fields: dict[str, Any], said: str, place: str
) -> None:
    playbook = in_force_with()

    text = pressed(console, playbook, changed(opened(console, playbook), **fields), "save")

    assert said in text
    assert f'href="#{place}"' in text
    assert f'id="{place}"' in text
    assert services.draft_of(playbook) is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"step-1-param-template": ""}, "“Mail”, mail: must be given."),
        ({"step-1-action": ""}, "an action step names one"),
        ({"step-4-after": "fork", "steps": ["0", "1", "2", "4", "3"]}, "is no branch that stands before it."),
    ],
)
def test_a_draft_that_is_not_complete_says_what_is_missing_and_where(
    console: Client, fields: dict[str, Any], said: str
) -> None:
    playbook = in_force_with()

    response = console.post(address(playbook, "check"), changed(opened(console, playbook), **fields))

    assert said in response.content.decode()


def test_a_draft_may_be_saved_half_done_and_is_not_published_so(console: Client) -> None:
    playbook = in_force_with()
    sent = changed(opened(console, playbook), **{"step-1-param-template": ""})

    text = pressed(console, playbook, sent, "save")
    act = reverse("admin:playbooks_playbook_act", args=(playbook.pk, "publish"))
    published = console.post(act, {"reason": "It fits."}, follow=True).content.decode()

    assert "A draft may be saved so; it cannot be published." in text
    assert "steps.1.params.template: must be given." in published
    assert services.draft_of(playbook) is not None


def test_what_was_not_seen_is_not_published(console: Client) -> None:
    playbook = in_force_with()
    services.save_draft(playbook, {**EVERYTHING, "steps": [tag_step()]}, now=NOW)
    page = console.get(address(playbook, "change") + "?draft").content.decode()
    services.save_draft(playbook, {**EVERYTHING, "steps": [tag_step("other")]}, now=NOW)

    act = reverse("admin:playbooks_playbook_act", args=(playbook.pk, "publish"))
    text = console.post(act, {"reason": "Seen.", "revision": "1"}, follow=True).content.decode()

    assert 'name="revision" value="1"' in page
    assert "Somebody has saved this draft since you opened it." in text
    assert services.draft_of(playbook) is not None


def test_the_page_of_a_playbook_says_what_its_draft_changes_and_discards_it_after_asking(console: Client) -> None:
    playbook = in_force_with()
    services.save_draft(playbook, {**EVERYTHING, "steps": EVERYTHING["steps"][:4]}, now=NOW)

    text = console.get(address(playbook, "change")).content.decode()
    act = reverse("admin:playbooks_playbook_act", args=(playbook.pk, "discard"))
    console.post(act, {"revision": "1"})

    assert "No longer: “Rest” on day 9" in text
    assert "It cannot be brought back." in text
    assert services.draft_of(playbook) is None


def test_a_shipped_playbook_is_reset_to_what_was_shipped(console: Client) -> None:
    playbook = Playbook.objects.get(key="welcome")
    shipped = draft(playbook).definition
    services.save_draft(playbook, EVERYTHING, now=NOW)

    console.post(reverse("admin:playbooks_playbook_act", args=(playbook.pk, "reset")))

    assert draft(playbook).definition == shipped
    assert "Reset to shipped" not in console.get(address(playbook, "change")).content.decode()


def test_a_playbook_is_duplicated_with_its_steps_and_begins_as_a_draft(console: Client) -> None:
    playbook = make_playbook(manual_step(), name="Rescue", cool_down_days=7, priority=5)

    sent = sent_by(console.get(address(playbook, "copy")).content.decode())
    response = console.post(address(playbook, "copy"), sent)

    copy = Playbook.objects.get(name="Rescue (copy)")
    assert response["Location"] == address(copy)
    assert (copy.key, copy.state, copy.cool_down_days, copy.priority) == ("rescue_copy", "draft", 7, 5)
    assert draft(copy).definition == playbook.versions.get().definition


def test_settings_are_changed_and_bad_ones_refused_by_their_field(console: Client) -> None:
    playbook = make_playbook()
    sent = sent_by(console.get(address(playbook, "settings")).content.decode())

    refused = console.post(address(playbook, "settings"), changed(sent, holdout_percent="51", name="Other"))
    console.post(address(playbook, "settings"), changed(sent, holdout_percent="20", is_exclusive="on", name="Other"))

    assert "At most 50 % may be held out." in refused.content.decode()
    playbook.refresh_from_db()
    assert (playbook.name, playbook.holdout_percent, playbook.is_exclusive, playbook.state) == (
        "Other",
        20,
        True,
        "active",
    )


def test_a_name_that_gives_no_key_or_a_taken_one_gets_a_free_one(console: Client) -> None:
    for _time in range(2):
        for name in ("Welcome", "欢迎"):
            sent = {"name": name, "cool_down_days": 1, "priority": 0, "holdout_percent": 0}
            console.post(reverse("admin:playbooks_playbook_new"), sent)

    made = Playbook.objects.filter(is_shipped=False).order_by("pk").values_list("key", flat=True)
    assert list(made) == ["welcome_2", "playbook", "welcome_3", "playbook_2"]


def queries(console: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert console.get(path).status_code == 200
    return len(asked)


def test_more_playbooks_and_more_steps_ask_no_more_queries(console: Client) -> None:
    mails = [{**EVERYTHING["steps"][1], "key": f"mail_{n}"} for n in range(9)]
    playbook = in_force_with({**EVERYTHING, "steps": mails[:2]})
    listed, opened = "/admin/playbooks/playbook/", address(playbook)
    queries(console, listed), queries(console, opened)
    before = queries(console, listed), queries(console, opened)

    services.save_draft(playbook, {**EVERYTHING, "steps": mails}, now=NOW)
    for _number in range(3):
        make_playbook(*mails)

    # With a draft, who saved it is read.
    assert queries(console, listed) == before[0]
    assert queries(console, opened) - before[1] in (0, 1)


@pytest.mark.parametrize("what", ["edit", "check", "settings", "copy", "new"])
def test_who_may_only_look_edits_nothing(what: str) -> None:
    playbook, viewer = make_playbook(), Client()
    viewer.force_login(make_member("CSM"))

    args = () if what == "new" else (playbook.pk,)
    response = viewer.post(reverse(f"admin:playbooks_playbook_{what}", args=args), {"name": "x"})

    assert response.status_code == 403
    text = viewer.get(address(playbook, "change")).content.decode()
    assert address(playbook) not in text
    assert "Duplicate" not in text
