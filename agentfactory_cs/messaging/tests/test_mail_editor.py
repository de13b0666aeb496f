"""Writing mails in the console: the list, the editor, its preview, versions, resetting, tests."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers.models import Contact
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_member
from agentfactory_cs.messaging import templates
from agentfactory_cs.messaging.comparing import differences
from agentfactory_cs.messaging.models import Email, MailTemplate, MailTemplateVersion, Notice, Topic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def template() -> MailTemplate:
    return MailTemplate.objects.get(key="getting_started")


@pytest.fixture
def reader() -> Contact:
    return make_contact(make_customer(name="Northwind & Sons"), is_primary=True, name="Ada Lovelace", language="en")


def _page(template: MailTemplate, where: str = "words", language: str = "en") -> str:
    return f"/admin/messaging/mailtemplate/{template.pk}/{where}/?language={language}"


def _words(**more: Any) -> dict[str, Any]:
    return {"subject": "New", "html": "<p>New</p>", "text": "", "reason": "", "based_on": 1, "language": "en", **more}


def test_the_list_names_topic_languages_and_use(console: Client, template: MailTemplate, reader: Contact) -> None:
    version = template.versions.get(language="en")
    sent = {
        "state": Email.State.SENT,
        "sent_at": NOW,
        "message_id": "<1@x>",
        "address": "a@example.com",
        "subject": "A",
    }
    own = {"customer": reader.customer, "template": template, "topic": template.topic, "version": version}
    Email.objects.create(**own, **sent, dedupe_key="1", created_at=NOW, due_at=NOW, not_before=NOW)

    html = console.get("/admin/messaging/mailtemplate/?q=getting_started").content.decode()

    assert "de, en" in html
    assert "1 time" in html
    assert f'href="/admin/messaging/mailtemplate/{template.pk}/words/' in html


def test_the_list_takes_as_many_queries_for_many_mails_as_for_few(console: Client) -> None:
    console.get("/admin/messaging/mailtemplate/")
    counts = []
    for query in ("?q=getting_started", ""):
        with CaptureQueriesContext(connection) as queries:
            console.get(f"/admin/messaging/mailtemplate/{query}")
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_saving_makes_a_version(console: Client, template: MailTemplate, manager: Any) -> None:
    response = console.post(_page(template), _words(reason="Shorter."), follow=True)

    version = templates.version_in_force(template, "en")
    assert "Version 2 is in force from now on." in response.content.decode()
    assert version is not None
    assert (version.html, version.reason, version.created_by) == ("<p>New</p>", "Shorter.", manager)


def test_saving_the_same_says_that_nothing_changed(console: Client, template: MailTemplate) -> None:
    version = template.versions.get(language="en")

    response = console.post(_page(template), _words(subject=version.subject, html=version.html), follow=True)

    assert "Nothing was changed: version 1 stays in force." in response.content.decode()


def test_what_is_wrong_stands_beside_its_field_and_what_was_written_stays(
    console: Client, template: MailTemplate
) -> None:
    html = console.post(_page(template), _words(html="<p>A</p>\n{{ customer.nam }}")).content.decode()

    assert "Line 2: There is no variable customer.nam: is customer.name meant?" in html
    assert "{{ customer.nam }}" in html
    assert template.versions.filter(language="en").count() == 1


def test_somebody_else_s_version_is_not_written_over_unseen(console: Client, template: MailTemplate) -> None:
    templates.save_version(template, language="en", subject="Theirs", html="<p>Theirs</p>", now=NOW)

    html = console.post(_page(template), _words()).content.decode()

    assert "Version 2 was saved while you were writing" in html
    assert template.versions.filter(language="en").count() == 2


def test_a_new_language_begins_with_the_words_of_another(console: Client, template: MailTemplate) -> None:
    html = console.get(_page(template, language="fr")).content.decode()

    assert "Nothing is saved in this language yet" in html
    assert "links.documentation" in html
    console.post(_page(template, language="fr"), _words(based_on=0, language="fr"))
    assert template.versions.get(language="fr").number == 1


def test_what_is_no_language_opens_one_that_is_there(console: Client, template: MailTemplate) -> None:
    html = console.get(_page(template, language="<script>")).content.decode()

    assert "Version 1 is in force" in html
    assert "<script>/" not in html


def test_the_preview_shows_the_mail_as_its_reader_would_get_it(
    console: Client, template: MailTemplate, reader: Contact
) -> None:
    words = _words(subject="To {{ customer.name }}", html="<p>Hi {{ contact.first_name }}</p>", reader=reader.pk)

    html = console.post(_page(template, "preview"), words).content.decode()

    assert "As Ada Lovelace of Northwind &amp; Sons would get it now." in html
    assert "To Northwind &amp; Sons" in html
    assert 'sandbox=""' in html
    assert 'srcdoc="&lt;!DOCTYPE html&gt;' in html
    assert template.versions.filter(language="en").count() == 1


@pytest.mark.parametrize("chosen", ["", "0", "x", "9" * 30])
def test_without_a_reader_the_preview_shows_example_values(
    console: Client, template: MailTemplate, chosen: str
) -> None:
    html = console.post(_page(template, "preview"), _words(html="{{ contact.name }}", reader=chosen)).content.decode()

    assert "With example values" in html
    assert "Ada Lovelace" in html


def test_the_preview_tells_whose_mail_would_be_held(console: Client, template: MailTemplate, reader: Contact) -> None:
    words = _words(html="<p>{{ success_manager.name }}</p>", reader=reader.pk)

    html = console.post(_page(template, "preview"), words).content.decode()

    assert "success_manager.name has no value." in html
    assert "Held for readers without success_manager.name." in html


def test_the_preview_puts_faults_beside_the_fields(console: Client, template: MailTemplate) -> None:
    html = console.post(_page(template, "preview"), _words(subject="{% now 'Y' %}")).content.decode()

    assert 'id="faults-subject" role="alert" hx-swap-oob="true"><li>Line 1: The tag now is not for mails' in html
    assert "iframe" not in html


@pytest.mark.parametrize("words", ["northwind", "lovel", "Ada"])
def test_readers_are_found_by_name_and_by_company(
    console: Client, template: MailTemplate, reader: Contact, words: str
) -> None:
    html = console.get(f"/admin/messaging/mailtemplate/{template.pk}/readers/?q={words}").content.decode()

    assert f'data-reader="{reader.pk}"' in html


def test_a_test_goes_to_whoever_asks_for_it(
    console: Client, template: MailTemplate, manager: Any, reader: Contact
) -> None:
    refused = console.post(_page(template, "test"), _words()).content.decode()
    manager.email = "mia@example.com"
    manager.save()

    sent = console.post(
        _page(template, "test"), _words(html="<p>{{ contact.name }}</p>", reader=reader.pk)
    ).content.decode()

    assert "no e-mail address" in refused
    assert "On its way to mia@example.com." in sent
    notice = Notice.objects.get()
    assert (notice.address, notice.subject) == ("mia@example.com", "[Test] New")
    assert "Ada Lovelace" in notice.html
    assert "Ada Lovelace" in notice.text


def test_an_older_version_is_compared_and_put_in_force_again(console: Client, template: MailTemplate) -> None:
    shipped = template.versions.get(language="en")
    templates.save_version(template, language="en", subject="Mine", html="<p>Mine</p>", now=NOW)

    html = console.get(_page(template, "versions/1")).content.decode()
    console.post(_page(template, "versions/1"))

    assert "Mine" in html
    assert "Put version 1 in force again" in html
    version = templates.version_in_force(template, "en")
    assert version is not None
    assert (version.number, version.html) == (3, shipped.html)


def test_resetting_is_asked_for_on_a_page_that_shows_what_goes(console: Client, template: MailTemplate) -> None:
    templates.save_version(template, language="en", subject="Mine", html="<p>Mine</p>", now=NOW)

    html = console.get(_page(template, "reset")).content.decode()
    assert MailTemplateVersion.objects.filter(template=template, language="en").count() == 2
    console.post(_page(template, "reset"))

    assert "Mine" in html
    version = templates.version_in_force(template, "en")
    assert version is not None
    assert (version.number, version.is_shipped) == (3, True)
    assert console.get(_page(template, "reset", "fr")).status_code == 404


def test_a_mail_of_the_team_s_own_is_made_and_then_written(console: Client) -> None:
    mail = {"key": "invitation", "name": "Invitation", "topic": "success", "description": "", "is_active": "on"}

    response = console.post("/admin/messaging/mailtemplate/add/", mail)

    own = MailTemplate.objects.get(key="invitation")
    assert response.headers["Location"] == f"/admin/messaging/mailtemplate/{own.pk}/words/"
    assert console.get(response.headers["Location"]).status_code == 200


def test_the_key_and_the_kind_of_topic_stay(console: Client, template: MailTemplate) -> None:
    form = {"name": "Other", "topic": "success", "description": "", "key": "other"}
    console.post(f"/admin/messaging/mailtemplate/{template.pk}/change/", form)
    console.post("/admin/messaging/topic/success/change/", {"name": "Advice", "is_transactional": "on"})

    template.refresh_from_db()
    assert (template.key, template.name, template.is_active) == ("getting_started", "Other", False)
    assert (Topic.objects.get(key="success").name, Topic.objects.get(key="success").is_transactional) == (
        "Advice",
        False,
    )


POSTS = ("words", "versions/1", "reset")


@pytest.mark.parametrize("group", ["Viewer", "Support agent", "CSM"])
def test_everybody_reads_and_only_managers_write(template: MailTemplate, group: str) -> None:
    client = Client()
    client.force_login(make_member(group))

    html = client.get(_page(template)).content.decode()

    assert "af-button-primary" not in html
    assert all(client.post(_page(template, where), _words()).status_code == 403 for where in POSTS)
    assert client.post(_page(template, "preview"), _words()).status_code == 200
    assert template.versions.filter(language="en").count() == 1


def test_who_may_not_see_mails_sees_nothing_of_them(template: MailTemplate) -> None:
    nobody = make_member("Viewer")
    nobody.groups.clear()
    client = Client()
    client.force_login(nobody)

    for where in ("words", "preview", "readers", "test", "reset", "versions/1"):
        answer = (
            client.post(_page(template, where), _words()) if where != "readers" else client.get(_page(template, where))
        )
        assert answer.status_code == 403, where


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("a", "a", []),
        ("", "a", [("new", "a")]),
        ("a\nb", "a", [("same", "a"), ("gone", "b")]),
        ("a red b", "a blue b", [("gone", "a red b"), ("new", "a blue b")]),
        (
            "1\n2\n3\n4\nx",
            "1\n2\n3\n4\ny",
            [("skipped", ""), ("same", "3"), ("same", "4"), ("gone", "x"), ("new", "y")],
        ),
        ("x\n1\n2\n3", "y\n1\n2\n3", [("gone", "x"), ("new", "y"), ("same", "1"), ("same", "2"), ("skipped", "")]),
    ],
)
def test_differences_are_shown_with_what_stands_around_them(old: str, new: str, lines: list[tuple[str, str]]) -> None:
    assert [(line.kind, line.text) for line in differences(old, new)] == lines


def test_words_that_differ_within_a_line_are_marked() -> None:
    gone, came = differences("a red b", "a blue b")

    assert [words for words, changed in gone.parts if changed] == ["red"]
    assert [words for words, changed in came.parts if changed] == ["blue"]
