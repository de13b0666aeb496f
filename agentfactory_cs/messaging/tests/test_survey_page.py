"""A survey from the mail to the answer, as its reader meets it."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from agentfactory_cs.customers.tests.factories import NOW
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.asking import cancel_request
from agentfactory_cs.messaging.models import Email, Response, SurveyRequest
from agentfactory_cs.messaging.survey_links import token_of

from .mails import make_reader
from .sink import Sink
from .surveying import ask, links, parts, scores, send_mail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now", "no_count")]
State = SurveyRequest.State


@pytest.fixture
def no_count(db: None) -> None:
    """Requests have the same ids in every test; how often their links were used must not carry over."""
    cache.clear()


def _page(request: SurveyRequest, score: int | str = "") -> str:
    return f"/mail/survey/{token_of(request.pk)}/{f'{score}/' if score != '' else ''}"


def _chosen(html: str) -> list[str]:
    return re.findall(r'name="score" value="(\d+)" checked', html)


def test_from_the_mail_to_the_answer(sink: Sink, client: Client) -> None:
    request = ask(make_reader(name="Ada Lovelace", email="ada@example.com"))
    send_mail()
    nine = scores(sink)[9]

    shown = client.get(nine).content.decode()
    thanks = client.post(nine, {"score": "9", "comment": "Keep going."}, follow=True)

    request.refresh_from_db()
    answer = Response.objects.get()
    assert _chosen(shown) == ["9"]
    assert "How likely are you to recommend AgentFactory to a colleague?" in shown
    assert (answer.kind, answer.score, answer.comment, answer.contact) == ("nps", 9, "Keep going.", request.contact)
    assert (request.state, request.response, request.closed_at) == (State.ANSWERED, answer, NOW)
    assert thanks.redirect_chain == [(f"{_page(request)}?saved", 302)]
    assert "Thank you" in thanks.content.decode()
    assert "Keep going." in thanks.content.decode()
    event = Event.objects.get(trigger="messaging.survey_answered")
    assert event.data == {"survey": "NPS", "kind": "nps", "score": 9, "comment": "Keep going."}
    assert event.by_label == "Ada Lovelace"


@pytest.mark.parametrize(
    ("kind", "labels"),
    [("nps", range(11)), ("support_csat", range(1, 6)), ("onboarding_csat", range(1, 6))],
)
def test_the_mail_shows_the_whole_scale_in_html_and_text(sink: Sink, kind: str, labels: range) -> None:
    request = ask(kind=kind)
    send_mail()

    text, _html = parts(sink)

    assert scores(sink) == [_page(request, score) for score in labels]
    assert all(f"{score} (http" in text for score in labels)
    assert all(_page(request, score) in text for score in labels)


def test_a_scanner_that_follows_every_link_answers_nothing(sink: Sink, client: Client) -> None:
    request = ask()
    send_mail()
    followed = links(sink)

    for address in followed:
        assert client.get(address, follow=True).status_code == 200
        assert client.head(address).status_code == 200

    request.refresh_from_db()
    assert len(followed) == 12  # the scale, and the way to unsubscribe
    assert request.state == State.OPEN
    assert not Response.objects.exists()
    assert request.contact is not None
    assert request.contact.mail_status == "ok"


def test_posting_twice_answers_once(client: Client) -> None:
    request = ask()

    for _ in range(2):
        assert client.post(_page(request), {"score": "7"}).status_code == 302

    assert Response.objects.get().score == 7
    assert Event.objects.filter(trigger__startswith="messaging.survey_").count() == 2  # asked, answered


def test_the_page_wants_the_token_of_its_form() -> None:
    request = ask()

    refused = Client(enforce_csrf_checks=True).post(_page(request), {"score": "7"})

    assert refused.status_code == 403
    assert not Response.objects.exists()


@pytest.mark.parametrize("score", ["", "11", "-1", "x", "9.5", "999999999999", "٣"])
def test_what_is_not_on_the_scale_is_refused_and_the_comment_kept(client: Client, score: str) -> None:
    request = ask()

    answer = client.post(_page(request), {"score": score, "comment": "Much better."})

    assert answer.status_code == 400
    assert "Please choose a number from 0 to 10." in answer.content.decode()
    assert "Much better." in answer.content.decode()
    assert not Response.objects.exists()


def test_a_comment_that_is_too_long_is_refused_with_the_number_kept(client: Client) -> None:
    request = ask()

    answer = client.post(_page(request), {"score": "3", "comment": "x" * 4001})

    assert answer.status_code == 400
    assert "At most 4000 characters" in answer.content.decode().replace(",", "")
    assert _chosen(answer.content.decode()) == ["3"]


def test_a_link_with_a_number_off_the_scale_chooses_none(client: Client) -> None:
    request = ask(kind="support_csat")

    shown = client.get(_page(request, 9))

    assert shown.status_code == 200
    assert _chosen(shown.content.decode()) == []


def test_within_a_day_the_reader_corrects_the_answer_and_the_timeline_keeps_both(client: Client) -> None:
    request = ask(make_reader(name="Ada"))
    client.post(_page(request), {"score": "2"})

    with time_machine.travel(NOW + timedelta(hours=23), tick=False):
        offered = client.get(_page(request, 9)).content.decode()
        client.post(_page(request), {"score": "9", "comment": "My finger slipped."})

    answer = Response.objects.get()
    assert "<details open>" in offered
    assert (answer.score, answer.comment) == (9, "My finger slipped.")
    assert (answer.answered_at, answer.corrected_at) == (NOW, NOW + timedelta(hours=23))
    told = Event.objects.filter(trigger__in=("messaging.survey_answered", "messaging.survey_corrected"))
    assert [event.data["score"] for event in told.order_by("pk")] == [2, 9]
    assert told.get(trigger="messaging.survey_corrected").data["was"] == 2


def test_after_a_day_a_comment_may_be_added_once_but_the_number_stays(client: Client) -> None:
    request = ask()
    client.post(_page(request), {"score": "4"})

    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        other_number = client.post(_page(request), {"score": "9"})
        added = client.post(_page(request), {"score": "4", "comment": "Because of the export."})
        once_more = client.post(_page(request), {"score": "4", "comment": "Second thoughts."})

    answer = Response.objects.get()
    assert (other_number.status_code, added.status_code, once_more.status_code) == (409, 302, 409)
    assert (answer.score, answer.comment) == (4, "Because of the export.")


def cancelled(request: SurveyRequest) -> None:
    cancel_request(request, reason="Asked by mistake.", now=NOW)


def over(request: SurveyRequest) -> None:
    SurveyRequest.objects.filter(pk=request.pk).update(expires_at=NOW, asked_at=NOW - timedelta(days=30))


@pytest.mark.parametrize("end", [cancelled, over])
def test_a_closed_survey_says_so_kindly_and_takes_nothing(client: Client, end: Callable[[SurveyRequest], None]) -> None:
    request = ask()
    end(request)

    shown, posted = client.get(_page(request, 9)), client.post(_page(request), {"score": "9"})

    assert (shown.status_code, posted.status_code) == (410, 409)
    for page in (shown, posted):
        assert "This survey is closed" in page.content.decode()
    assert not Response.objects.exists()


def test_the_reader_reads_their_own_language(sink: Sink, client: Client) -> None:
    request = ask(make_reader(language="de-AT"))
    send_mail()

    text, html = parts(sink)
    shown = client.get(scores(sink)[8]).content.decode()
    thanks = client.post(_page(request), {"score": "8"}, follow=True).content.decode()

    assert sink.mails[-1]["Subject"].startswith("Eine Frage an")
    for words in (text, html, shown):
        assert "Wie wahrscheinlich ist es, dass Sie AgentFactory weiterempfehlen?" in words
    assert '<html lang="de">' in shown
    assert "Absenden" in shown
    assert "Vielen Dank" in thanks


def test_a_reader_of_another_language_reads_english(client: Client) -> None:
    shown = client.get(_page(ask(make_reader(language="fr")))).content.decode()

    assert '<html lang="en">' in shown
    assert "Send" in shown


def test_what_it_is_about_stands_in_mail_and_page_and_harms_nobody(sink: Sink, client: Client) -> None:
    request = ask(kind="support_csat", about='Import <script>alert("x")</script>')
    send_mail()

    _text, html = parts(sink)
    shown = client.get(_page(request)).content.decode()

    for page in (html, shown):
        assert "<script" not in page
        assert "Import &lt;script&gt;" in page


def test_the_page_loads_nothing_from_elsewhere_and_tells_nobody_where_it_was(client: Client) -> None:
    page = client.get(_page(ask(), 9))

    sources = re.findall(r'(?:src|href|action)="([^"]+)"', page.content.decode())
    assert all(source.startswith("/") for source in sources)
    assert [page[name] for name in ("Referrer-Policy", "X-Robots-Tag", "Cache-Control")] == [
        "no-referrer",
        "noindex",
        "no-store",
    ]


def test_a_link_that_is_used_in_a_loop_is_told_to_wait(client: Client) -> None:
    request, other = ask(), ask()

    codes = [client.get(_page(request)).status_code for _ in range(61)]

    assert codes == [200] * 60 + [429]
    assert client.get(_page(request))["Retry-After"] == "60"
    assert client.get(_page(other)).status_code == 200


def test_a_link_whose_reader_is_gone_does_not_work(client: Client) -> None:
    request = ask()
    assert request.contact is not None
    request.contact.delete()

    assert client.get(_page(request)).status_code == 404
    assert client.post(_page(request), {"score": "9"}).status_code == 404


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nobody_makes_a_link_of_their_own(client: Client, data: st.DataObject) -> None:
    request = SurveyRequest.objects.first() or ask()
    genuine = token_of(request.pk)
    place = data.draw(st.integers(0, len(genuine) - 1))
    letter = data.draw(st.sampled_from("ABCDabcd0123456789-_:.="))
    forged = genuine[:place] + letter + genuine[place + 1 :]
    assume(forged != genuine)

    answer = client.post(f"/mail/survey/{forged}/", {"score": "0"})

    assert answer.status_code == 404
    assert not Response.objects.exists()


@given(token=st.text(st.characters(codec="ascii", exclude_characters="/\\?#%", min_codepoint=33), min_size=1))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nonsense_is_a_kind_page(client: Client, token: str) -> None:
    answer = client.get(f"/mail/survey/{token}/")

    assert answer.status_code == 404


def test_a_token_to_unsubscribe_answers_no_survey(sink: Sink, client: Client) -> None:
    ask()
    send_mail()
    other = next(address for address in links(sink) if "unsubscribe" in address)

    answer = client.get(other.replace("unsubscribe", "survey"))

    assert answer.status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_browsers_at_once_make_one_answer() -> None:
    request = ask()
    both = Barrier(2)

    def post(score: int) -> int:
        try:
            both.wait(timeout=20)
            return Client().post(_page(request), {"score": str(score)}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(post, (3, 9)))

    assert codes == [302, 302]
    answer = Response.objects.get()
    answered = Event.objects.get(trigger="messaging.survey_answered")
    corrected = Event.objects.get(trigger="messaging.survey_corrected")
    assert (answered.data["score"], corrected.data["was"], corrected.data["score"]) == (
        corrected.data["was"],
        answered.data["score"],
        answer.score,
    )


def test_the_answer_is_never_lost_with_the_mail(client: Client) -> None:
    request = ask()
    Email.objects.all().delete()

    client.post(_page(request), {"score": "9"})

    assert Response.objects.get().score == 9
