"""Articles: every saving is a version, nothing is written over unseen, and what is shipped stays out of the way."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from agentfactory_cs.console.models import Shipped
from agentfactory_cs.customers.tests.factories import NOW, make_user
from support.knowledge import articles
from support.knowledge.articles import Text
from support.knowledge.library import shipped_articles
from support.knowledge.markdown import as_html, summary
from support.knowledge.shipped import load_articles
from support.models import Article, ArticleVersion, Translation

from .knowing import make_article

pytestmark = pytest.mark.django_db


def _write(article: Article, title: str = "T", body: str = "B", **how: Any) -> ArticleVersion:
    return articles.write(article, language="en", text=Text(title, body), now=NOW, **how)


def test_every_saving_is_a_version_with_its_author() -> None:
    article, author = make_article("a", "One", "First.", state="draft"), make_user()

    version = _write(article, "One", "Second.", reason="Better.", by=author)

    assert (version.number, version.created_by, version.reason) == (2, author, "Better.")
    assert Translation.objects.get(article=article).body == "Second."
    assert [one.body for one in version.translation.versions.all()] == ["Second.", "First."]


def test_the_same_words_make_no_new_version() -> None:
    article = make_article("a", "One", "First.", state="draft")

    assert _write(article, " One ", "First.\r\n").number == 1


def test_somebody_elses_newer_version_is_not_written_over_unseen() -> None:
    article = make_article("a", "One", "First.", state="draft")
    _write(article, "One", "Second.", based_on=1)

    with pytest.raises(ValidationError, match="Version 2 was saved") as refusal:
        _write(article, "One", "Mine.", based_on=1)

    assert refusal.value.code == "conflict"
    assert Translation.objects.get(article=article).body == "Second."


@pytest.mark.parametrize(
    ("language", "text", "field"),
    [
        ("english", Text("T", "B"), "language"),
        ("en", Text(" ", "B"), "title"),
        ("en", Text("T", "\n"), "body"),
        ("en", Text("T", "x" * 100_001), "body"),
        ("en", Text("T" * 201, "B"), "title"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(language: str, text: Text, field: str) -> None:
    article = articles.save_article(Article(slug="a", kind="how_to"), now=NOW)

    with pytest.raises(ValidationError) as refusal:
        articles.write(article, language=language, text=text, now=NOW)

    assert set(refusal.value.message_dict) == {field}
    assert not Translation.objects.filter(article=article).exists()


def test_a_version_never_changes() -> None:
    make_article("a", "One", "First.")

    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        ArticleVersion.objects.filter(translation__article__slug="a").update(body="Other.")


def test_an_older_version_is_restored_as_a_new_one() -> None:
    article = make_article("a", "One", "First.")
    second = _write(article, "Two", "Second.")

    restored = articles.restore(second.translation.versions.get(number=1), now=NOW)

    assert (restored.number, restored.title, restored.reason) == (3, "One", "Back to version 1.")


MOVES = {"published": articles.publish, "retired": articles.retire}


@pytest.mark.parametrize("was", Article.State.values)
@pytest.mark.parametrize("to", MOVES)
def test_an_article_goes_where_the_table_lets_it(was: str, to: str) -> None:
    article = make_article("a", "One", "First.", state="draft")
    Article.objects.filter(pk=article.pk).update(state=was, published_at=NOW)

    if Article.State(to) in Article.TRANSITIONS[Article.State(was)]:
        assert MOVES[to](article, now=NOW).state == to
    else:
        with pytest.raises(ValidationError, match="cannot become"):
            MOVES[to](article, now=NOW)


def test_what_says_nothing_is_not_published() -> None:
    article = articles.save_article(Article(slug="a", kind="how_to"), now=NOW)

    with pytest.raises(ValidationError, match="says nothing yet"):
        articles.publish(article, now=NOW)


def test_a_new_version_settles_what_was_flagged() -> None:
    article = make_article("a", "One", "First.")
    Article.objects.filter(pk=article.pk).update(needs_update_because="It does not help.")

    _write(article, "One", "Better.")

    article.refresh_from_db()
    assert article.needs_update_because == ""


def test_what_is_shipped_is_there_published_and_in_an_area() -> None:
    there = {article.slug: article for article in Article.objects.select_related("area")}

    for slug, shipped in shipped_articles().items():
        assert there[slug].state == "published"
        assert there[slug].area is not None
        assert "en" in shipped.texts
    assert sum(len(one.texts) for one in shipped_articles().values()) >= 20


def test_loading_again_changes_nothing_and_an_edit_stays() -> None:
    article = Article.objects.get(slug="api-keys")
    _write(article, "Ours", "Our own words.")
    Shipped.objects.filter(key__startswith="article:api-keys:en:").delete()
    before = ArticleVersion.objects.count()

    load_articles(now=NOW)

    assert ArticleVersion.objects.count() == before
    assert Translation.objects.get(article=article, language="en").title == "Ours"


def test_a_release_with_better_words_replaces_what_nobody_touched() -> None:
    said = Translation.objects.get(article__slug="api-keys", language="en")
    articles.write(said.article, language="en", text=Text("Old", "Old."), is_shipped=True, now=NOW)
    Shipped.objects.filter(key__startswith="article:api-keys:en:").delete()

    load_articles(now=NOW)

    said.refresh_from_db()
    assert said.title == shipped_articles()["api-keys"].texts["en"].title


def test_an_edit_is_reset_to_what_was_shipped() -> None:
    article = Article.objects.get(slug="api-keys")
    _write(article, "Ours", "Our own words.")

    version = articles.reset_to_shipped(article, language="en", now=NOW)

    assert version.is_shipped
    assert version.title == shipped_articles()["api-keys"].texts["en"].title


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold**", "<p><strong>bold</strong></p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>"),
        ("# Title", "<h2>Title</h2>"),
        ("[in](/help/en/a/)", '<p><a href="/help/en/a/" rel="noopener nofollow">in</a></p>'),
    ],
)
def test_markdown_becomes_harmless_html(text: str, html: str) -> None:
    assert as_html(text).strip() == html


@pytest.mark.parametrize(
    "text", ["[x](javascript:alert(1))", "[x](data:text/html,hi)", "![x](https://elsewhere.example/a.png)"]
)
def test_what_could_act_or_load_is_left_out(text: str) -> None:
    html = as_html(text)

    assert "href" not in html
    assert "<img" not in html


def test_a_summary_is_the_first_paragraph_in_plain_words() -> None:
    assert summary("## Head\n\nThe **first** `words` & more.\n\nNext.") == "The first words & more."
    assert summary("word " * 100, 20) == "word word word…"
