"""What our mails say, over REST."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.factories import make_contact, make_customer
from agentfactory_cs.messaging.models import MailTemplateVersion

pytestmark = pytest.mark.django_db


def _version(**more: Any) -> dict[str, Any]:
    return {"template": "getting_started", "language": "en", "subject": "New", "html": "<p>New</p>", **more}


def test_templates_are_listed_with_their_languages(api: ApiClient) -> None:
    mails = {row["key"]: row for row in api.get("mail-templates/").json()["results"]}

    assert mails["welcome_email"]["languages"] == ["de", "en"]
    assert mails["welcome_email"]["topic"] == "service"
    assert {row["topic"] for row in api.get("mail-templates/", topic="surveys").json()["results"]} == {"surveys"}


def test_the_list_takes_a_fixed_number_of_queries(api: ApiClient) -> None:
    api.get("mail-templates/")  # notes that the key was used
    counts = []
    for size in (1, 14):
        with CaptureQueriesContext(connection) as queries:
            api.get("mail-templates/", page_size=size)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_one_template_is_read_by_its_key(api: ApiClient) -> None:
    assert api.get("mail-templates/nps_survey/").json()["name"] == "NPS survey"
    assert api.get("mail-templates/nothing/").status_code == 404


def test_words_are_saved_as_a_version_and_read_back(api: ApiClient) -> None:
    response = api.post("mail-template-versions/", _version(reason="Shorter."))

    version = response.json()
    assert response.status_code == 201
    assert (version["number"], version["is_shipped"], version["reason"]) == (2, False, "Shorter.")
    assert api.get(response.headers["Location"]).json() == version
    numbers = [
        row["number"]
        for row in api.get("mail-template-versions/", template="getting_started", language="en").json()["results"]
    ]
    assert numbers == [1, 2]


def test_sending_the_words_in_force_again_makes_no_version(api: ApiClient) -> None:
    first = api.post("mail-template-versions/", _version()).json()

    again = api.post("mail-template-versions/", _version())

    assert again.json() == first


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"html": "{{ customer.nam }}"}, "html"),
        ({"subject": "{% now 'Y' %}"}, "subject"),
        ({"language": "English"}, "language"),
        ({"template": "nothing"}, "template"),
        ({"html": "<script>x</script>"}, "html"),
        ({"number": 7, "words": "x"}, "words"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_saved(api: ApiClient, wrong: dict[str, Any], field: str) -> None:
    before = MailTemplateVersion.objects.count()

    response = api.post("mail-template-versions/", _version(**wrong))

    assert response.status_code == 400
    assert field in errors_of(response)
    assert MailTemplateVersion.objects.count() == before


def test_a_version_made_from_an_older_one_is_a_conflict(api: ApiClient) -> None:
    api.post("mail-template-versions/", _version())

    response = api.post("mail-template-versions/", _version(html="<p>Mine</p>", based_on=1))

    assert response.status_code == 409
    assert "Version 2 was saved while you were writing" in response.content.decode()


def test_a_version_is_not_changed_or_deleted(api: ApiClient) -> None:
    version = api.post("mail-template-versions/", _version()).json()

    assert api.patch(f"mail-template-versions/{version['id']}/", {"subject": "x"}).status_code == 405
    assert api.delete(f"mail-template-versions/{version['id']}/").status_code == 405


def test_a_preview_shows_the_mail_for_a_contact(api: ApiClient) -> None:
    contact = make_contact(make_customer(name="Northwind"), name="Ada Lovelace", is_primary=True)
    words = {"subject": "To {{ customer.name }}", "html": "<p>Hi {{ contact.first_name }}</p>", "contact": contact.pk}

    shown = api.post("mail-templates/getting_started/preview/", words).json()

    assert shown["subject"] == "To Northwind"
    assert shown["text"].startswith("Hi Ada\n")
    assert shown["gaps"] == ["contact.first_name"]
    assert shown["held_because"] == ""


def test_a_preview_without_words_shows_those_in_force(api: ApiClient) -> None:
    shown = api.post("mail-templates/welcome_email/preview/", {"language": "de-AT"}).json()

    assert shown["language"] == "de"
    assert shown["subject"].startswith("Willkommen bei AgentFactory")


def test_a_preview_tells_why_the_mail_would_be_held(api: ApiClient) -> None:
    contact = make_contact(make_customer(), is_primary=True)
    words = {"html": "<p>{{ success_manager.name }}</p>", "contact": contact.pk}

    shown = api.post("mail-templates/getting_started/preview/", words).json()

    assert shown["held_because"] == "success_manager.name has no value."
    assert shown["html"] is None


def test_a_preview_of_what_is_wrong_names_the_field(api: ApiClient) -> None:
    response = api.post("mail-templates/getting_started/preview/", {"html": "{{ a.b }}"})

    assert response.status_code == 400
    assert set(errors_of(response)) == {"html"}


def test_reading_keys_read_and_do_not_write(at_now: None) -> None:
    reading = ApiClient("read")

    assert reading.get("mail-template-versions/").status_code == 200
    assert reading.post("mail-template-versions/", _version()).status_code == 403
