"""Writing articles: every saving is a version, and what is published is found at once."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.customers.models.fields import validate_language
from agentfactory_cs.customers.services.checking import check_and_save
from agentfactory_cs.events.services import Actor, actor_user

from ..models import Article, ArticleVersion, Translation
from ..models.knowledge import ArticleState
from .library import shipped_text
from .words import count_words

MOST_CHARACTERS = 100_000
State = ArticleState


@dataclass(frozen=True)
class Text:
    """What an article says in one language; `body` is Markdown."""

    title: str
    body: str
    found_by: str = ""

    @classmethod
    def of(cls, said: Translation | ArticleVersion) -> "Text":
        return cls(said.title, said.body, said.found_by)


def save_article(article: Article, *, by: Actor = None, now: datetime) -> Article:
    """Create one (a draft without words) or change its slug, kind and area."""
    if not article.pk:
        article.state, article.created_at, article.created_by = State.DRAFT, now, actor_user(by)
        article.published_at = None
        check_and_save(article)
        return article
    check_and_save(article, update_fields=("slug", "kind", "area"))
    return article


@transaction.atomic
def write(
    article: Article,
    *,
    language: str,
    text: Text,
    reason: str = "",
    based_on: int | None = None,
    is_shipped: bool = False,
    by: Actor = None,
    now: datetime,
) -> ArticleVersion:
    """What the article says from now on in a language; the newest version itself where it says so already.

    `based_on` is the version its author had before them (0: none): somebody else's newer one is not written over
    unseen (ValidationError with the code `conflict`). Other faults name `language`, `title` or `body`.
    """
    text = _checked(language, text)
    article = Article.objects.select_for_update().get(pk=article.pk)
    stored = Translation.objects.filter(article=article, language=language).first()
    newest = stored.versions.first() if stored else None
    if stored and newest and Text.of(stored) == text and newest.is_shipped >= is_shipped:
        return newest
    _refuse_unseen(newest, based_on)
    version = _save(article, stored, language, text, by, now)
    version.reason, version.is_shipped = reason, is_shipped
    check_and_save(version)
    Article.objects.filter(pk=article.pk).update(reviewed_at=now, needs_update_because="")
    if article.state == State.PUBLISHED:
        count_words(language)
    return version


def _checked(language: str, text: Text) -> Text:
    try:
        validate_language(language)
    except ValidationError as error:
        raise ValidationError({"language": error.messages}) from error
    body = text.body.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()
    text = Text(" ".join(text.title.split()), body, " ".join(text.found_by.split()))
    faults = {name: "Say something here." for name in ("title", "body") if not getattr(text, name)}
    if len(body) > MOST_CHARACTERS:
        faults["body"] = f"{len(body):,} characters are too many: {MOST_CHARACTERS:,} at most."
    if faults:
        raise ValidationError(faults)
    return text


def _refuse_unseen(newest: ArticleVersion | None, based_on: int | None) -> None:
    number = newest.number if newest else 0
    if based_on is not None and based_on != number:
        raise ValidationError(
            f"Version {number} was saved while you were writing: look at it before you save yours.", code="conflict"
        )


def _save(
    article: Article, stored: Translation | None, language: str, text: Text, by: Actor, now: datetime
) -> ArticleVersion:
    """The translation as it is from now on, and its version, which is not stored yet."""
    said = stored or Translation(article=article, language=language, version=0)
    said.title, said.body, said.found_by = text.title, text.body, text.found_by
    said.version, said.updated_at, said.updated_by = said.version + 1, now, actor_user(by)
    fields = ("title", "body", "found_by", "version", "updated_at", "updated_by")
    check_and_save(said, update_fields=fields if stored else None)
    return ArticleVersion(
        translation=said,
        number=said.version,
        title=text.title,
        body=text.body,
        found_by=text.found_by,
        created_at=now,
        created_by=said.updated_by,
    )


def restore(version: ArticleVersion, *, by: Actor = None, now: datetime) -> ArticleVersion:
    """Say again what an older version said, as a new version."""
    said = version.translation
    reason = f"Back to version {version.number}."
    return write(said.article, language=said.language, text=Text.of(version), reason=reason, by=by, now=now)


def reset_to_shipped(article: Article, *, language: str, by: Actor = None, now: datetime) -> ArticleVersion:
    """Say again what came with the system, as a new version; ValidationError where nothing did."""
    shipped = shipped_text(article.slug, language)
    if shipped is None:
        raise ValidationError({"language": f"{article} did not come with the system in {language}."})
    text = Text(shipped.title, shipped.body, shipped.found_by)
    reason = "Reset to what was shipped."
    return write(article, language=language, text=text, reason=reason, is_shipped=True, by=by, now=now)


@transaction.atomic
def publish(article: Article, *, by: Actor = None, now: datetime) -> Article:
    """Readers find it from now on. ValidationError where it is published, or says nothing yet."""
    stored = _moved(article, State.PUBLISHED)
    if not stored.translations.exists():
        raise ValidationError("It says nothing yet: write it in one language first.")
    stored.published_at, stored.reviewed_at, stored.needs_update_because = now, now, ""
    return _store_state(stored)


@transaction.atomic
def retire(article: Article, *, by: Actor = None, now: datetime) -> Article:
    """Nobody finds it any more; its address says so. Its words are kept."""
    return _store_state(_moved(article, State.RETIRED))


def _moved(article: Article, to: ArticleState) -> Article:
    stored = Article.objects.select_for_update().get(pk=article.pk)
    if to not in Article.TRANSITIONS[State(stored.state)]:
        words = f"An article that is {State(stored.state).label.lower()} cannot become {to.label.lower()}."
        raise ValidationError(words, code="conflict")
    stored.state = to
    return stored


def _store_state(article: Article) -> Article:
    article.save(update_fields=("state", "published_at", "reviewed_at", "needs_update_because"))
    for language in article.translations.order_by("language").values_list("language", flat=True):
        count_words(language)
    return article


def mark_right(article: Article, *, by: Actor = None, now: datetime) -> Article:
    """Somebody looked at a flagged article and found it right: what was said of it before counts no more."""
    article.needs_update_because, article.reviewed_at = "", now
    article.save(update_fields=("needs_update_because", "reviewed_at"))
    return article
