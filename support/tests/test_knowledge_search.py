"""Finding articles: in each language by its own rules, in spite of typing errors, by a word or by a whole ticket."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.knowledge.articles import retire
from support.knowledge.confidence import Evidence, as_written, confidence
from support.knowledge.search import find
from support.models import AnsweringSettings, Area, Article, Translation, Word

from .knowing import make_article, translate
from .questions import QUESTIONS

pytestmark = pytest.mark.django_db


def _slugs(text: str, language: str = "en", **how: Any) -> list[str]:
    return [match.article.slug for match in find(text, language=language, **how)]


@pytest.mark.parametrize(
    ("language", "title", "asked"),
    [
        ("de", "Rechnungen herunterladen", "die Rechnung"),
        ("en", "Deploying agents", "how was it deployed"),
        ("fr", "Créer des clés", "une clé"),
        ("fr", "Créer des clés", "cles"),
        ("es", "Facturación y pagos", "un pago"),
        ("pt", "Faturas e pagamentos", "pagamento da fatura"),
        ("it", "Le fatture", "fattura"),
        ("ja", "APIキーを作成する方法", "キーの作成"),
        ("zh", "如何创建密钥", "创建密钥"),
        ("ko", "청구서를 다운로드하기", "청구서"),
        ("el", "Δημιουργία κλειδιού", "κλειδιού"),
        ("xx", "Zubbel quorx", "quorx"),
    ],
)
def test_words_are_found_in_the_forms_of_their_language(language: str, title: str, asked: str) -> None:
    make_article("wanted", title, "…x…", language=language)

    assert "wanted" in _slugs(asked, language)


def test_a_title_counts_more_than_a_body() -> None:
    make_article("body", "Something else", "In passing we mention the zeppelin, and much besides that.")
    make_article("title", "The zeppelin", "What it is, and where it flies.")

    assert _slugs("zeppelin") == ["title", "body"]


def test_words_that_the_article_does_not_say_find_it_when_it_is_also_found_by_them() -> None:
    make_article("wanted", "The zeppelin", "It flies.", found_by="airship, dirigible")

    assert _slugs("a dirigible") == ["wanted"]


def test_a_word_that_is_typed_wrong_finds_what_it_resembles_and_says_so() -> None:
    make_article("wanted", "The zeppelin", "It flies.")

    (match,) = find("zepelin", language="en")

    assert match.article.slug == "wanted"
    assert match.mended == (("zepelin", "zeppelin"),)


def test_a_reader_gets_their_own_language_else_the_companys_else_english() -> None:
    article = make_article("wanted", "The zeppelin", "It flies.")
    translate(article, "de", "Der Zeppelin", "Er fliegt.")

    shown = {
        language: find("zeppelin", language=language)[0].translation.language for language in ("de", "de-AT", "fr")
    }

    assert shown == {"de": "de", "de-AT": "de", "fr": "en"}


def test_a_match_says_by_which_words_it_was_found() -> None:
    make_article("wanted", "Configure the zeppelin", "How configurations are made.")

    match = find("My Zeppelins need configuration!", language="en")[0]

    assert set(match.words) == {"Zeppelins", "configuration"}


@pytest.mark.parametrize("state", ["draft", "retired"])
def test_what_is_not_published_is_not_found(state: str) -> None:
    article = make_article("wanted", "The zeppelin", "It flies.", state="draft" if state == "draft" else "published")
    if state == "retired":
        retire(article, now=article.created_at)

    assert _slugs("zeppelin") == []
    assert not Word.objects.filter(lexeme="zeppelin").exists()


def test_it_is_narrowed_by_area_and_kind_and_without_what_is_known() -> None:
    area = Area.objects.get(key="api")
    here = make_article("here", "The zeppelin", "It flies.", area=area)
    make_article("there", "A zeppelin", "It flies.", kind=Article.Kind.DOCUMENTATION)

    assert _slugs("zeppelin", area=area.pk) == ["here"]
    assert _slugs("zeppelin", kind="documentation") == ["there"]
    assert _slugs("zeppelin", without=[here.pk]) == ["there"]


@pytest.mark.parametrize(
    "text", ["", "   ", "\0", "'; DROP TABLE", "a & b | c !:*", "\\'\\", "%s %(x)s", "the of and", "🙂" * 50]
)
def test_whatever_is_typed_is_only_sought(text: str) -> None:
    assert isinstance(find(text, title=text, language="en"), list)


def test_a_whole_ticket_costs_as_many_queries_as_a_long_sentence(django_assert_max_num_queries: Any) -> None:
    ticket = "Since this morning our REST API calls are refused with 429. " * 100

    with django_assert_max_num_queries(5):
        assert find(ticket, title="429", language="de-AT")


def test_the_vector_is_kept_by_the_database_whoever_writes() -> None:
    article = make_article("wanted", "The zeppelin", "It flies.")

    Translation.objects.filter(article=article).update(title="The submarine")

    assert "'submarin':" in str(Translation.objects.get(article=article).vector)


def test_the_shipped_articles_answer_what_customers_ask_and_nothing_else() -> None:
    """With the shipped threshold: of what is sure, all is right; and most of what has an answer is sure."""
    threshold = AnsweringSettings().threshold_percent
    best = [
        (wanted, matches[0].article.slug, {match.article.slug for match in matches})
        for language, title, text, wanted in QUESTIONS
        if (matches := find(text, title=title, language=language, limit=3)) and matches[0].percent >= threshold
    ]

    assert [slug for wanted, slug, _ in best if wanted is None] == []
    assert [wanted for wanted, _, three in best if wanted not in three] == []
    assert len(best) >= 0.9 * sum(wanted is not None for *_, wanted in QUESTIONS)


weights = st.floats(min_value=0, max_value=200)


@given(asked=weights, found=weights, title=weights, title_found=weights, words=st.integers(0, 30))
def test_confidence_is_a_share(asked: float, found: float, title: float, title_found: float, words: int) -> None:
    assert 0 <= confidence(Evidence(asked, found, title, title_found, words)) <= 1


@given(asked=weights, found=weights, more=weights, title=weights, words=st.integers(2, 30))
def test_confidence_rises_with_what_is_found(asked: float, found: float, more: float, title: float, words: int) -> None:
    less = confidence(Evidence(asked, found, title, 0, words))

    assert confidence(Evidence(asked, found + more, title, 0, words)) >= less
    assert confidence(Evidence(asked, found, title, title / 2, words)) >= less


def test_one_word_is_never_enough_to_be_sure() -> None:
    assert confidence(Evidence(5, 5, 5, 5, 1)) <= 0.3


@pytest.mark.parametrize(
    ("lexemes", "text", "words"),
    [
        (["configur"], "Configurations are hard", ("Configurations",)),
        (["429", "limit"], "our limits, 429!", ("429", "limits")),
        (["webhook"], "about webhok", ("webhok",)),
        (["nothing"], "like this", ("nothing",)),
    ],
)
def test_stems_are_shown_as_they_were_written(lexemes: list[str], text: str, words: tuple[str, ...]) -> None:
    assert as_written(lexemes, text) == words
