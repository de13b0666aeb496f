"""The mails that come with the system, as customers of all kinds would get them."""

import re
from collections.abc import Iterator

import pytest

from agentfactory_cs.customers.models import Contact, Customer, StaffProfile
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_member, make_usage
from agentfactory_cs.messaging.catalogue import examples
from agentfactory_cs.messaging.context import contexts
from agentfactory_cs.messaging.models import Email, MailTemplate, MailTemplateVersion
from agentfactory_cs.messaging.rendering import Rendered, check, gaps, render
from agentfactory_cs.messaging.shipped_mails import ShippedWords, catalogue, shipped_mails

WORDS = [
    pytest.param(words, id=f"{key}-{language}")
    for key, mail in shipped_mails().items()
    for language, words in mail.words.items()
]
# Anything a reader would take for a mistake of ours.
HOLES = re.compile(r"None|\{[{%#]|[%#}]\}| [,.!?:;](?!\w)|\(\)|„“|“”|, ,|\bnull\b|\n\n\n|  ")
GIVEN = {
    "survey": {"question": "How?", "choices": [{"label": "1", "address": "https://example.com/1/"}]},
    "offer": {"plan": "Pro", "reason": "You used it all."},
    "ticket": {"number": "1234", "subject": "Where is my invoice?"},
    "answer": {"articles": [{"title": "Invoices", "address": "https://example.com/help/"}], "solved_address": ""},
    "letter": {
        "author": "Sam Porter",
        "paragraphs": [{"lines": ["Here it is.", "In PDF."]}],
        "history": [{"who": "Ada", "when": "2026-06-30 09:12 UTC", "lines": ["Where is it?"]}],
    },
    "follow_up": {"yes": "https://example.com/yes/", "no": "https://example.com/no/"},
}  # fmt: skip


def test_every_mail_is_there_in_english_and_german() -> None:
    assert {key: set(mail.words) for key, mail in shipped_mails().items()} == {
        key: {"de", "en"} for key in catalogue()["mails"]
    }


@pytest.mark.django_db
def test_every_mail_is_put_in_place_under_its_topic() -> None:
    placed = dict(MailTemplate.objects.values_list("key", "topic"))

    assert placed == {key: mail.topic for key, mail in shipped_mails().items()}
    assert MailTemplateVersion.objects.filter(is_shipped=True, number=1).count() == 2 * len(placed)


@pytest.mark.parametrize("words", WORDS)
def test_a_shipped_mail_could_be_saved_and_is_held_for_nobody(words: ShippedWords) -> None:
    check(words)

    assert gaps(words) == []


def _readers() -> Iterator[Contact]:
    """All tiers, with much use, some and none, with a success manager, one without a calendar, and none."""
    booked, unbooked = make_member("CSM", "clara", first_name="Clara", last_name="Fischer"), make_member("CSM", "jo")
    StaffProfile.objects.create(user=booked, booking_link="https://meet.example.com/clara")
    names = ("Ada Lovelace", "ada@example.com", "A. Lovelace", "Dr. Ada Lovelace")
    for tier, manager, name in zip(Customer.Tier, (None, booked, unbooked, booked), names, strict=True):
        for days in (0, 1, 28):
            customer = make_customer(tier=tier, success_manager=manager, name="Müller & Söhne", signed_up_at=NOW)
            every_feature = (1 << 63) - 1
            make_usage(
                customer, days=days, active_agents=1, conversations=days, logins=1, features=every_feature * (days > 1)
            )
            yield make_contact(customer, is_primary=True, name=name)


def _holes(mail: Rendered) -> list[str]:
    words = re.sub(r"<style.*?</style>|<[^>]+>", "", mail.html, flags=re.DOTALL)
    return HOLES.findall(f"{mail.subject}\n{mail.text}\n" + re.sub(r"\s+", " ", words))


@pytest.mark.django_db
def test_no_mail_has_a_hole_for_any_kind_of_reader() -> None:
    versions = list(MailTemplateVersion.objects.filter(is_shipped=True).select_related("template"))
    emails = {
        (version.pk, contact.pk): Email(
            pk=number,
            customer_id=contact.customer_id,
            contact=contact,
            topic_id=version.template.topic_id,
            context=GIVEN,
        )
        for number, (contact, version) in enumerate((c, v) for c in list(_readers()) for v in versions)
    }
    said = contexts(list(emails.values()), NOW)
    by_pk = {version.pk: version for version in versions}

    found = {
        (str(by_pk[pk]), number): holes
        for (pk, _), email in emails.items()
        for number in [email.pk]
        if (holes := _holes(render(by_pk[pk], said[email.pk])))
    }

    assert found == {}
    assert len(emails) == 12 * len(versions)


@pytest.mark.parametrize("created", [True, False])
def test_the_first_agent_mail_congratulates_who_has_one_and_instructs_who_has_none(created: bool) -> None:
    words = shipped_mails()["first_agent"].words["en"]
    data = examples()
    data["progress"]["first_agent_created"] = created

    mail = render(words, data)

    assert ("Well done" in mail.text) is created
    assert ("Start the tutorial" in mail.text) is not created
