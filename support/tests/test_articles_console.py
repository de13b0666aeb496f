"""Articles, canned replies and automatic answers in the console, and articles over REST."""

from typing import Any

import pytest
from django.test import Client

from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_member, make_user
from support import threads
from support.knowledge.suggesting import save_reply
from support.knowledge.verdicts import give_verdict
from support.models import AnsweringSettings, Article, ArticleVersion, CannedReply, OfferedArticle, Ticket, Translation
from support.writing import Written

from .desks import ask
from .knowing import make_article

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def _words(article: Article, **told: Any) -> dict[str, Any]:
    said = article.translations.get(language="en")
    return {"title": said.title, "body": said.body, "found_by": "", "based_on": said.version, "reason": "", **told}


def _client(group: str) -> Client:
    client = Client()
    client.force_login(make_member(group))
    return client


@pytest.fixture
def ticket() -> Ticket:
    contact = make_contact(make_customer(), name="Ada Lovelace", is_primary=True)
    return ask("How do I verify the HMAC signature of webhooks?", contact=contact, customer=contact.customer)


def test_the_list_says_what_each_article_is_and_how_it_fares(console: Client) -> None:
    article = make_article("zeppelin", "The zeppelin", "It flies.")
    for helped in (True, True, False):
        give_verdict(article, helped=helped, language="en", now=NOW)
    Article.objects.filter(pk=article.pk).update(needs_update_because="Readers say it does not help.")

    page = console.get("/admin/support/article/?which=look").content.decode()

    assert "The zeppelin" in page
    assert "67 %" in page
    assert "Readers say it does not help." in page
    assert "API keys" not in page


def test_the_list_costs_a_fixed_number_of_queries(console: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        make_article(f"a{number}", f"Article {number}", "Words.")

    with django_assert_max_num_queries(20):
        assert console.get("/admin/support/article/?q=Article").status_code == 200


def test_saving_makes_a_version_and_shows_it(console: Client) -> None:
    article = make_article("zeppelin", "The zeppelin", "It flies.")

    page = console.post(
        f"/admin/support/article/{article.pk}/words/?language=en",
        _words(article, body="It flies **high**.", reason="Clearer."),
        follow=True,
    ).content.decode()

    assert "Saved as version 2." in page
    assert "<strong>high</strong>" in page
    assert "Clearer." in page


def test_what_somebody_else_saved_meanwhile_is_not_written_over(console: Client) -> None:
    article = make_article("zeppelin", "The zeppelin", "It flies.")

    page = console.post(
        f"/admin/support/article/{article.pk}/words/?language=en", _words(article, body="Mine.", based_on=0)
    ).content.decode()

    assert "Version 1 was saved while you were writing" in page
    assert "Mine." in page
    assert article.translations.get().body == "It flies."


def test_the_preview_shows_what_readers_will_see_and_runs_nothing(console: Client) -> None:
    article = make_article("zeppelin", "The zeppelin", "It flies.")

    told = {"title": "New", "body": "**Bold** <script>alert(1)</script>"}
    page = console.post(f"/admin/support/article/{article.pk}/preview/", told).content.decode()

    assert "<strong>Bold</strong>" in page
    assert "<script>" not in page
    assert article.translations.get().body == "It flies."


def test_an_older_version_is_compared_and_brought_back(console: Client) -> None:
    article = make_article("zeppelin", "The zeppelin", "It flies.")
    console.post(f"/admin/support/article/{article.pk}/words/?language=en", _words(article, body="It sank."))
    address = f"/admin/support/article/{article.pk}/versions/1/?language=en"

    page = console.get(address).content.decode()
    console.post(address)

    assert "<mark>sank</mark>" in page
    assert article.translations.get().body == "It flies."
    assert ArticleVersion.objects.filter(translation__article=article).count() == 3


@pytest.mark.parametrize(("group", "state"), [("CS manager", "published"), ("Support agent", "draft")])
def test_publishing_is_for_leads(group: str, state: str) -> None:
    article = make_article("zeppelin", "The zeppelin", "It flies.", state="draft")
    client = _client(group)

    asked = client.get(f"/admin/support/article/{article.pk}/publish/")
    client.post(f"/admin/support/article/{article.pk}/publish/")

    assert asked.status_code in (302, 403)
    assert Article.objects.get(pk=article.pk).state == state


def test_a_viewer_reads_and_changes_nothing() -> None:
    article, client = make_article("zeppelin", "The zeppelin", "It flies."), _client("Viewer")
    address = f"/admin/support/article/{article.pk}/words/?language=en"

    assert client.get(address).status_code == 200
    assert client.post(address, _words(article, body="Mine.")).status_code == 403


def test_the_threshold_is_set_beside_what_others_would_have_done(console: Client) -> None:
    page = console.get("/admin/support/answeringsettings/", follow=True).content.decode()
    told = {"is_on": "on", "threshold_percent": 75, "drafts_a_day": 5}
    console.post("/admin/support/answeringsettings/1/change/", told)

    assert "What other thresholds would have done" in page
    assert AnsweringSettings.get().threshold_percent == 75


def test_a_canned_reply_with_a_wrong_variable_is_refused_beside_its_text(console: Client) -> None:
    told = {"name": "Hello", "language": "en", "text": "Hi {{ contact.nmae }}", "is_active": "on"}

    page = console.post("/admin/support/cannedreply/add/", told).content.decode()

    assert "contact.nmae" in page
    assert not CannedReply.objects.exists()


def test_staff_get_articles_for_what_they_write_and_using_one_is_noted(console: Client, ticket: Ticket) -> None:
    base = f"/admin/support/article/for-ticket/{ticket.pk}"
    page = console.post(f"{base}/articles/", {"text": "Compute the HMAC"}).content.decode()
    article = Article.objects.get(slug="webhooks")

    used = console.post(f"{base}/use-article/{article.pk}/")

    assert "Receive webhooks and check their signature" in page
    assert "HMAC" in page
    assert used.status_code == 204
    assert OfferedArticle.objects.get(ticket=ticket, article=article).used_at == NOW


def test_staff_get_canned_replies_filled_for_the_customer(console: Client, ticket: Ticket) -> None:
    reply = save_reply(CannedReply(name="Hello", language="en", text="Dear {{ contact.name }}"), now=NOW)
    base = f"/admin/support/article/for-ticket/{ticket.pk}"

    page = console.get(f"{base}/replies/").content.decode()
    console.post(f"{base}/use-reply/{reply.pk}/")

    reply.refresh_from_db()
    assert 'data-insert="Dear Ada Lovelace"' in page
    assert reply.used == 1


def test_one_button_drafts_an_article_of_a_ticket(console: Client, ticket: Ticket) -> None:
    address = f"/admin/support/article/for-ticket/{ticket.pk}/draft/"
    before = console.post(address)
    threads.answer(ticket, Written("Use hmac.compare_digest over the raw body."), by=make_user(), now=NOW)

    done = console.post(address)

    article = Article.objects.get(from_ticket=ticket)
    assert before.status_code == 409
    assert (done.status_code, done["Location"]) == (201, f"/admin/support/article/{article.pk}/words/")


def test_an_article_is_written_and_published_over_rest(api: ApiClient) -> None:
    made = api.post("support/articles/", {"slug": "zeppelin", "kind": "how_to", "area": "api"}).json()
    words = {"article": made["id"], "language": "en", "title": "The zeppelin", "body": "It flies."}
    version = api.post("support/article-versions/", words)
    published = api.post(f"support/articles/{made['id']}/publish/")
    found = api.post("support/articles/search/", {"text": "zeppelins", "language": "de"}).json()

    assert (version.status_code, version.json()["number"]) == (201, 1)
    assert published.json()["state"] == "published"
    assert [(one["slug"], one["language"], one["words"]) for one in found] == [("zeppelin", "en", ["zeppelins"])]


def test_publishing_over_rest_needs_an_admins_key_and_words(api: ApiClient) -> None:
    article = Article.objects.create(slug="empty", kind="how_to", created_at=NOW)

    assert ApiClient("write").post(f"support/articles/{article.pk}/publish/").status_code == 403
    assert api.post(f"support/articles/{article.pk}/publish/").status_code == 400


def test_over_rest_a_newer_version_is_not_written_over_and_faults_name_their_field(api: ApiClient) -> None:
    article = make_article("zeppelin", "The zeppelin", "It flies.")
    words = {"article": article.pk, "language": "en", "title": "T", "body": "B"}

    stale = api.post("support/article-versions/", {**words, "based_on": 0})
    wrong = api.post("support/article-versions/", {**words, "language": "klingon"})

    assert stale.status_code == 409
    assert set(errors_of(wrong)) == {"language"}
    assert Translation.objects.get(article=article).version == 1


def test_articles_are_listed_by_what_needs_a_look(api: ApiClient) -> None:
    article = make_article("zeppelin", "The zeppelin", "It flies.")
    Article.objects.filter(pk=article.pk).update(needs_update_because="Look.")

    assert [one["slug"] for one in api.get("support/articles/", needs_update="true").json()["results"]] == ["zeppelin"]
    assert "zeppelin" not in [
        one["slug"] for one in api.get("support/articles/", needs_update="false").json()["results"]
    ]
