"""The public help page: found, read and judged by anybody, in their language, without an account."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer
from agentfactory_cs.messaging.throttling import PER_MINUTE
from support.knowledge import answering
from support.knowledge.articles import retire
from support.knowledge.links import token_of
from support.models import Article, AutomaticAnswer, Verdict

from .desks import ask
from .knowing import make_article

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def answer() -> AutomaticAnswer:
    """Of a ticket about rate limits, answered with articles."""
    contact = make_contact(make_customer(), is_primary=True)
    text = "Our job fails with 429 RATE_LIMIT_EXCEEDED. What are the rate limits, and when may we retry?"
    ask(text, contact=contact, customer=contact.customer, subject="Too many requests")
    answering.answer_waiting(now=NOW)
    return AutomaticAnswer.objects.select_related("ticket").get()


@pytest.mark.parametrize(
    ("accepts", "language"), [("de-CH,de;q=0.9,en;q=0.5", "de"), ("en-GB", "en"), ("fi,de;q=0.4", "de"), ("", "en")]
)
def test_it_begins_in_the_browsers_language(client: Client, accepts: str, language: str) -> None:
    response = client.get("/help/", headers={"Accept-Language": accepts})

    assert (response.status_code, response["Location"]) == (302, f"/help/{language}/")
    assert "Accept-Language" in response["Vary"]


def test_it_lists_what_is_published_by_area_and_sets_no_cookie(client: Client) -> None:
    make_article("hidden", "Not yet", "A draft.", state="draft")

    response = client.get("/help/de/")

    page = response.content.decode()
    assert "API-Schlüssel erstellen, ersetzen und sperren" in page
    assert "Wie können wir helfen?" in page
    assert "Not yet" not in page
    assert not response.cookies


def test_a_list_costs_a_fixed_number_of_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        make_article(f"a{number}", f"Article {number}", "Words.")

    with django_assert_max_num_queries(8):
        client.get("/help/en/")


def test_search_finds_in_spite_of_a_typing_error_and_is_for_no_search_engine(client: Client) -> None:
    response = client.get("/help/en/", {"q": "webhok signatur"})

    page = response.content.decode()
    assert "Receive webhooks and check their signature" in page
    assert "we looked for “webhook”" in page
    assert response["X-Robots-Tag"] == "noindex"


def test_a_search_without_success_says_so_and_escapes_what_was_typed(client: Client) -> None:
    page = client.get("/help/en/", {"q": "<b>zzqqxx</b>"}).content.decode()

    assert "Nothing about “&lt;b&gt;zzqqxx&lt;/b&gt;”" in page


def test_an_article_is_shown_in_the_nearest_language_it_is_written_in(client: Client) -> None:
    response = client.get("/help/de/api-errors/")

    assert (response.status_code, response["Location"]) == (302, "/help/en/api-errors/")


@pytest.mark.parametrize("address", ["/help/en/nothing/", "/help/tlh/", "/help/en/hidden/", "/help/solved/forged/"])
def test_what_is_not_there_is_not_found(client: Client, address: str) -> None:
    make_article("hidden", "Not yet", "A draft.", state="draft")

    assert client.get(address).status_code == 404


def test_what_was_retired_says_so(client: Client) -> None:
    retire(make_article("old", "Old", "Words."), now=NOW)

    assert client.get("/help/en/old/").status_code == 410


def test_a_reader_says_whether_it_helped(client: Client) -> None:
    response = client.post("/help/de/api-keys/", {"helped": "no", "comment": "Es fehlt ein Bild."}, follow=True)

    verdict = Verdict.objects.get()
    assert (verdict.article.slug, verdict.helped, verdict.language) == ("api-keys", False, "de")
    assert verdict.comment == "Es fehlt ein Bild."
    assert "Danke" in response.content.decode()


@pytest.mark.parametrize("told", [{}, {"helped": "maybe"}, {"helped": "yes", "comment": "x" * 2_001}])
def test_a_verdict_that_says_nothing_is_refused(client: Client, told: dict[str, str]) -> None:
    response = client.post("/help/en/api-keys/", told)

    assert response.status_code == 400
    assert 'role="alert"' in response.content.decode()
    assert not Verdict.objects.exists()


def test_a_verdict_needs_the_forms_own_token() -> None:
    assert Client(enforce_csrf_checks=True).post("/help/en/api-keys/", {"helped": "yes"}).status_code == 403


def test_the_link_of_an_automatic_answer_ties_the_verdict_to_the_ticket(client: Client, answer: Any) -> None:
    told = {"by": token_of(answer.pk)}
    client.post("/help/en/rate-limits/", {"helped": "no", **told})
    client.post("/help/en/rate-limits/", {"helped": "yes", **told})

    assert [(one.ticket, one.helped) for one in Verdict.objects.all()] == [(answer.ticket, True)]


def test_a_mail_scanner_that_follows_the_link_answers_nothing(client: Client, answer: Any) -> None:
    response = client.get(f"/help/solved/{token_of(answer.pk)}/")

    answer.refresh_from_db()
    assert "Did that solve it?" in response.content.decode()
    assert answer.solved is None
    assert response["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(("says", "solved", "status"), [("yes", True, "resolved"), ("no", False, "new")])
def test_the_customer_says_whether_it_was_solved(
    client: Client, answer: Any, says: str, solved: bool, status: str
) -> None:
    article = Article.objects.get(slug="rate-limits")

    response = client.post(f"/help/solved/{token_of(answer.pk)}/", {"solved": says, "article": article.pk}, follow=True)

    answer.refresh_from_db()
    assert (answer.solved, answer.ticket.status) == (solved, status)
    assert f"#{answer.ticket_id}" in response.content.decode()


def test_the_sitemap_names_every_translation(client: Client) -> None:
    page = client.get("/help/sitemap.xml").content.decode()

    assert "<loc>http://testserver/help/de/api-keys/</loc>" in page
    assert "<loc>http://testserver/help/en/api-errors/</loc>" in page


def test_a_page_that_is_opened_in_a_loop_is_slowed_down(client: Client) -> None:
    cache.clear()

    statuses = [client.get("/help/en/").status_code for _time in range(PER_MINUTE + 1)]

    assert statuses[-1] == 429
    assert set(statuses[:-1]) == {200}
    cache.clear()
