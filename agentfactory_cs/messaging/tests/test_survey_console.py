"""Surveys in the console: how they fare, who answered what, who was not asked and why, and asking by hand."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_member
from agentfactory_cs.messaging.answering import answer
from agentfactory_cs.messaging.models import Email, Response, Survey, SurveyRequest
from agentfactory_cs.messaging.reminding import look_after
from agentfactory_cs.messaging.survey_queries import Fared, faring, response_rate

from .mails import days, make_reader
from .surveying import ask

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
State = SurveyRequest.State
REQUESTS = "/admin/messaging/surveyrequest/"
ANSWERS = "/admin/messaging/response/"


def _answered(score: int, *, ago: float = 1, kind: str = "nps", comment: str = "", **customer: Any) -> SurveyRequest:
    reader = make_contact(make_customer(**customer))
    return answer(
        ask(reader, kind, now=NOW - days(ago)), score=score, comment=comment, now=NOW - days(ago) + timedelta(hours=1)
    )


def _words(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def _names(html: str) -> list[str]:
    return re.findall(r'class="af-name">([^<]+)<', html)


def _panel(console: Client, customer: Customer) -> str:
    return console.get(reverse("admin:panel", args=("messaging.surveys", customer.pk))).content.decode()


def test_a_survey_is_judged_by_the_last_ninety_days_and_those_before() -> None:
    for score in (10, 9, 9, 3):
        _answered(score)
    ask()
    for score in (10, 8):
        _answered(score, ago=120)
    ask(now=NOW - days(200))

    nps = faring(NOW)["nps"]

    assert nps.latest == Fared(asked=5, answered=4, answers=4, figure=50)
    assert nps.before == Fared(asked=2, answered=2, answers=2, figure=50)
    assert nps.latest.rate == 80


def test_whoever_was_not_asked_does_not_count_as_asked() -> None:
    reader = make_reader()
    ask(reader)
    ask(reader)

    assert response_rate(NOW.date(), NOW.date(), {}) == 0
    assert faring(NOW)["nps"].latest.asked == 1


def test_the_response_rate_is_of_those_asked_in_the_period() -> None:
    _answered(9, ago=2, tier="pro")
    ask(now=NOW - days(2))
    ask(now=NOW - days(40))
    since = (NOW - days(7)).date()

    assert response_rate(since, NOW.date(), {}) == 50
    assert response_rate(since, NOW.date(), {"tier": "pro"}) == 100
    assert response_rate(NOW.date(), NOW.date(), {}) is None


def test_the_list_of_surveys_says_how_each_fares(console: Client) -> None:
    for score in (10, 9, 2):
        _answered(score)
    _answered(4, kind="support_csat", ago=100)

    words = _words(console.get("/admin/messaging/survey/").content.decode())

    assert "+33 points from 3 answers, 90 days before: no answer yet from 0" in words
    assert "3 of 3 asked, 100 %" in words
    assert "no answer yet from 0 answers, 90 days before: 4.00 of 5 from 1" in words
    assert "nobody asked before: 1 of 1 asked, 100 %" in words


def test_the_list_of_surveys_costs_the_same_however_many_answered(
    console: Client, django_assert_max_num_queries: Any
) -> None:
    _answered(9)
    console.get("/admin/messaging/survey/")
    with django_assert_max_num_queries(100) as few:
        console.get("/admin/messaging/survey/")
    for _ in range(5):
        _answered(9)

    with django_assert_max_num_queries(len(few)):
        console.get("/admin/messaging/survey/")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Silent", "Sad", "Mad", "Glad"]),
        ("?which=bad", ["Sad", "Mad"]),
        ("?which=good", ["Glad"]),
        ("?which=comment", ["Mad"]),
        ("?kind__exact=support_csat", ["Sad"]),
        ("?score=8", ["Silent"]),
    ],
)
def test_answers_are_found_by_mood_kind_score_and_comment(console: Client, query: str, names: list[str]) -> None:
    _answered(9, name="Glad")
    _answered(3, name="Mad", comment="Too slow.")
    _answered(2, name="Sad", kind="support_csat")
    _answered(8, name="Silent")

    html = console.get(f"{ANSWERS}{query}").content.decode()

    assert _names(html) == names


def test_the_requests_say_who_was_not_asked_and_why(console: Client) -> None:
    reader = make_reader()
    ask(reader)
    ask(reader)

    html = console.get(f"{REQUESTS}?which=not_asked").content.decode()

    assert len(_names(html)) == 1
    assert "They were asked on 2026-07-01 and can still answer." in html


def test_a_requests_page_tells_the_whole_story(console: Client) -> None:
    request = _answered(3, comment="Too slow.", name="Northwind")

    words = _words(console.get(f"{REQUESTS}{request.pk}/change/").content.decode())

    assert "3 of 10" in words
    assert "Too slow." in words
    assert "Northwind" in words


def test_a_request_is_cancelled_with_a_reason_that_stays(console: Client, manager: Any) -> None:
    request = ask()
    address = reverse("admin:messaging_surveyrequest_cancel", args=(request.pk,))

    console.get(address)
    without = console.post(address, {"reason": ""}, follow=True).content.decode()
    done = console.post(address, {"reason": "They moved."}, follow=True).content.decode()

    request.refresh_from_db()
    assert "Say why" in without
    assert (request.state, request.reason) == (State.CANCELLED, "They moved.")
    assert "They moved." in done


def test_somebody_is_asked_by_hand_and_their_mail_keeps_no_quiet_hours(console: Client, manager: Any) -> None:
    reader = make_reader(name="Ada")
    address = reverse("admin:messaging_surveyrequest_ask", args=(reader.customer_id,))

    page = console.post(address, {"kind": "nps", "contact": str(reader.pk)}, follow=True)

    request = SurveyRequest.objects.get()
    assert (request.contact, request.asked_by, request.state) == (reader, manager, State.OPEN)
    assert "Ada is asked: NPS." in page.content.decode()
    assert Email.objects.get().is_automatic is False


def test_whoever_may_not_be_asked_is_told_on_the_page(console: Client) -> None:
    reader = make_reader()
    ask(reader)
    address = reverse("admin:messaging_surveyrequest_ask", args=(reader.customer_id,))

    page = console.post(address, {"kind": "nps", "contact": str(reader.pk)}, follow=True)

    assert "Not asked: They were asked on 2026-07-01 and can still answer." in page.content.decode()


def test_another_customers_contact_is_not_there(console: Client) -> None:
    reader, other = make_reader(), make_reader()
    address = reverse("admin:messaging_surveyrequest_ask", args=(reader.customer_id,))

    assert console.post(address, {"kind": "nps", "contact": str(other.pk)}).status_code == 404
    assert not SurveyRequest.objects.exists()


@pytest.mark.parametrize("group", ["Viewer", "Support agent"])
def test_who_only_reads_neither_asks_nor_cancels(group: str) -> None:
    client, request = Client(), ask()
    client.force_login(make_member(group))
    asking = reverse("admin:messaging_surveyrequest_ask", args=(request.customer_id,))

    assert client.post(asking, {"kind": "nps"}).status_code == 403
    assert client.post(f"{REQUESTS}{request.pk}/cancel/", {"reason": "No."}).status_code == 403
    assert client.get(f"{REQUESTS}{request.pk}/change/").status_code == 200
    assert "Ask now" not in _panel(client, request.customer)


def test_the_customers_page_shows_answers_their_way_and_what_is_open(console: Client) -> None:
    reader = make_reader(name="Ada")
    for score, ago in ((9, 200), (7, 105), (3, 1)):
        answer(ask(reader, now=NOW - days(ago)), score=score, comment="", now=NOW - days(ago))
    ask(reader, "onboarding_csat")
    ask(reader)

    html = _panel(console, reader.customer)

    words = _words(html)
    assert "NPS answers: 9, 2 answers later 3" in words
    assert "no answer yet" in words
    assert "reminder" in words
    assert "They answered on 2026-06-30; people are asked at most once in 90 days." in words
    assert 'class="af-bad">3<' in html


def test_the_panel_shows_what_nobody_answered(console: Client) -> None:
    request = ask(now=NOW - days(31))
    look_after(now=NOW)

    assert "Not answered" in _words(_panel(console, request.customer))


def test_the_wording_and_the_limits_are_edited_and_hold_at_once(console: Client) -> None:
    survey = Survey.objects.get(kind="nps")
    german = survey.wordings.get()
    form = {
        "name": "NPS",
        "question": "Would you recommend us?",
        "is_active": "on",
        "again_after_days": "30",
        "remind_after_days": "5",
        "open_days": "10",
        "wordings-TOTAL_FORMS": "2",
        "wordings-INITIAL_FORMS": "1",
        "wordings-0-id": str(german.pk),
        "wordings-0-survey": str(survey.pk),
        "wordings-0-language": "de",
        "wordings-0-question": "Würden Sie uns empfehlen?",
        "wordings-1-survey": str(survey.pk),
        "wordings-1-language": "fr",
        "wordings-1-question": "Nous recommanderiez-vous ?",
    }

    saved = console.post(f"/admin/messaging/survey/{survey.pk}/change/", form)

    asked = {language: ask(make_reader(language=language)) for language in ("en", "de-CH", "fr")}
    questions = {language: one.mail.context["survey"]["question"] for language, one in asked.items() if one.mail}
    assert saved.status_code == 302
    assert questions == {
        "en": "Would you recommend us?",
        "de-CH": "Würden Sie uns empfehlen?",
        "fr": "Nous recommanderiez-vous ?",
    }
    assert asked["en"].remind_at == NOW + days(5)
    assert asked["en"].expires_at == NOW + days(10)


def test_a_reminder_after_the_end_is_refused_on_the_form(console: Client) -> None:
    survey = Survey.objects.get(kind="nps")
    form = {
        "name": "NPS",
        "question": "Would you recommend us?",
        "again_after_days": "30",
        "remind_after_days": "10",
        "open_days": "10",
        "wordings-TOTAL_FORMS": "0",
        "wordings-INITIAL_FORMS": "0",
    }

    page = console.post(f"/admin/messaging/survey/{survey.pk}/change/", form)

    assert "A reminder must come before the survey closes." in page.content.decode()


@pytest.mark.parametrize("address", [REQUESTS, ANSWERS])
def test_the_lists_cost_the_same_however_long_they_are(
    console: Client, address: str, django_assert_max_num_queries: Any
) -> None:
    _answered(9)
    console.get(address)
    with django_assert_max_num_queries(100) as few:
        console.get(address)
    for _ in range(5):
        _answered(9)

    with django_assert_max_num_queries(len(few)):
        assert len(_names(console.get(address).content.decode())) == 6


def test_erasing_a_contact_keeps_the_answer_without_the_name() -> None:
    request = _answered(9)
    Contact.objects.all().delete()

    request.refresh_from_db()
    assert (request.state, request.contact) == (State.ANSWERED, None)
    assert Response.objects.get().contact is None
