"""Saving what mails say, version by version, and going back."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers.models import Company
from agentfactory_cs.customers.tests.factories import NOW, make_user
from agentfactory_cs.messaging import shipped, templates
from agentfactory_cs.messaging.languages import best_language
from agentfactory_cs.messaging.models import MailTemplate, MailTemplateVersion
from agentfactory_cs.messaging.shipped_mails import ShippedMail, ShippedWords

pytestmark = pytest.mark.django_db


@pytest.fixture
def template() -> MailTemplate:
    return MailTemplate.objects.get(key="getting_started")


def _save(
    template: MailTemplate, html: str = "<p>New</p>", language: str = "en", **more: object
) -> MailTemplateVersion:
    return templates.save_version(template, language=language, subject="New", html=html, now=NOW, **more)  # type: ignore[arg-type]


def test_a_saved_version_is_in_force_and_keeps_who_when_and_why(template: MailTemplate) -> None:
    author = make_user("mia")

    version = _save(template, reason="Shorter.", by=author)

    assert templates.version_in_force(template, "en") == version
    assert (version.number, version.reason, version.created_by, version.created_at) == (2, "Shorter.", author, NOW)
    assert not version.is_shipped


def test_saving_the_same_again_makes_no_version(template: MailTemplate) -> None:
    first = _save(template, "<p>A</p>\n<p>B</p>")

    again = _save(template, "<p>A</p>\r\n<p>B</p>\r\n")

    assert again == first


def test_what_is_wrong_is_not_saved(template: MailTemplate) -> None:
    with pytest.raises(ValidationError, match=r"no variable customer\.nam"):
        _save(template, "{{ customer.nam }}")
    with pytest.raises(ValidationError) as refusal:
        _save(template, language="English")

    assert set(refusal.value.message_dict) == {"language"}
    assert template.versions.filter(is_shipped=False).count() == 0


def test_words_saved_meanwhile_are_not_written_over_unseen(template: MailTemplate) -> None:
    _save(template, based_on=1)

    with pytest.raises(ValidationError, match="Version 2 was saved while you were writing") as refusal:
        _save(template, "<p>Mine</p>", based_on=1)

    assert refusal.value.code == "conflict"


def test_a_page_with_a_frame_of_its_own_must_let_its_reader_leave(template: MailTemplate) -> None:
    page = "<html><body><p>A</p>{}</body></html>"

    with pytest.raises(ValidationError, match="must lead to"):
        _save(template, page)
    assert _save(
        template, page.format('{% if links.unsubscribe %}<a href="{{ links.unsubscribe }}">Leave</a>{% endif %}')
    )
    assert _save(MailTemplate.objects.get(key="welcome_email"), page)


def test_a_version_never_changes(template: MailTemplate) -> None:
    version = _save(template)

    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        MailTemplateVersion.objects.filter(pk=version.pk).update(subject="Other")


def test_going_back_to_an_older_version_is_a_new_one(template: MailTemplate) -> None:
    first = _save(template, "<p>A</p>")
    _save(template, "<p>B</p>")

    back = templates.restore(first, now=NOW)

    assert (back.number, back.html, back.reason) == (4, "<p>A</p>", "Back to version 2.")


def test_reset_puts_the_shipped_words_in_force_as_a_new_version(template: MailTemplate) -> None:
    shipped_one = templates.version_in_force(template, "en")
    _save(template)

    back = templates.reset_to_shipped(template, language="en", now=NOW)

    assert shipped_one is not None
    assert (back.number, back.html, back.is_shipped) == (3, shipped_one.html, True)
    assert templates.reset_to_shipped(template, language="en", now=NOW) == back


def test_there_is_no_going_back_to_what_was_never_shipped(template: MailTemplate) -> None:
    with pytest.raises(ValidationError, match="did not come with the system in fr"):
        templates.reset_to_shipped(template, language="fr", now=NOW)


def test_a_mail_of_the_team_s_own_says_nothing_until_words_are_saved() -> None:
    own = templates.save_template(MailTemplate(key="invitation", name="Invitation", topic_id="success"), now=NOW)

    assert templates.version_in_force(own, "en") is None
    assert _save(own).number == 1


def test_a_key_stays_what_it_was(template: MailTemplate) -> None:
    template.key = "other"

    with pytest.raises(ValidationError, match="stays its key"):
        templates.save_template(template, now=NOW)


@pytest.mark.parametrize(
    ("wanted", "there", "default", "best"),
    [
        ("de", {"en", "de"}, "en", "de"),
        ("de-AT", {"en", "de"}, "en", "de"),
        ("de-AT", {"en", "de", "de-AT"}, "en", "de-AT"),
        ("fr", {"en", "de"}, "de", "de"),
        ("fr", {"en", "de"}, "de-CH", "de"),
        ("fr", {"en", "es"}, "de", "en"),
        ("fr", {"es", "it"}, "de", "es"),
        ("fr", set(), "en", None),
    ],
)
def test_a_reader_gets_the_best_language_there_is(wanted: str, there: set[str], default: str, best: str | None) -> None:
    assert best_language(wanted, there, default) == best


def test_the_company_s_language_stands_in(template: MailTemplate) -> None:
    Company.objects.update_or_create(pk=1, defaults={"default_language": "de"})

    version = templates.version_in_force(template, "fr")

    assert version is not None
    assert version.language == "de"


def test_versions_of_many_mails_take_two_queries() -> None:
    wanted = [(pk, language) for pk in MailTemplate.objects.values_list("pk", flat=True) for language in ("en", "de")]
    Company.get()

    with CaptureQueriesContext(connection) as queries:
        found = templates.versions_for(wanted)

    assert len(queries) == 2
    assert all(version and (version.template_id, version.language) == key for key, version in found.items())


def _release(monkeypatch: pytest.MonkeyPatch, html: str, key: str = "getting_started") -> None:
    """A release that ships these words for one mail, loaded as after a migration."""
    words = {"en": ShippedWords("en", "Released", html)}
    mail = ShippedMail(key, "Getting started", "onboarding", "", words)
    monkeypatch.setattr("agentfactory_cs.messaging.shipped_mails.shipped_mails", lambda: {key: mail})
    monkeypatch.setattr(shipped, "shipped_mails", lambda: {key: mail})
    shipped.load_mails()


def test_loading_again_changes_nothing() -> None:
    before = MailTemplateVersion.objects.count()

    shipped.load_mails()

    assert MailTemplateVersion.objects.count() == before


def test_a_release_replaces_words_that_nobody_changed(template: MailTemplate, monkeypatch: pytest.MonkeyPatch) -> None:
    _release(monkeypatch, "<p>Better</p>")

    version = templates.version_in_force(template, "en")
    assert version is not None
    assert (version.number, version.html, version.is_shipped) == (2, "<p>Better</p>", True)


def test_a_release_leaves_a_manager_s_words_alone(template: MailTemplate, monkeypatch: pytest.MonkeyPatch) -> None:
    own = _save(template)

    _release(monkeypatch, "<p>Better</p>")

    assert templates.version_in_force(template, "en") == own
    assert templates.reset_to_shipped(template, language="en", now=NOW).html == "<p>Better</p>"


def test_what_a_manager_renamed_or_switched_off_stays_so(
    template: MailTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    template.name, template.is_active = "Our start", False
    templates.save_template(template, now=NOW)

    _release(monkeypatch, "<p>Better</p>")

    template.refresh_from_db()
    assert (template.name, template.is_active) == ("Our start", False)
