"""What is known: articles in languages and versions, whether they helped, and canned replies."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Upper

from agentfactory_cs.customers.models.fields import language_field, one_of

from .desk import Area
from .ticket import Ticket


class ArticleKind(models.TextChoices):
    DOCUMENTATION = "documentation", "Documentation"
    HOW_TO = "how_to", "How-to"
    TROUBLESHOOTING = "troubleshooting", "Troubleshooting guide"


class ArticleState(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    RETIRED = "retired", "Retired"


class ArticleQuerySet(models.QuerySet["Article"]):
    def published(self) -> "ArticleQuerySet":
        return self.filter(state=ArticleState.PUBLISHED)


class Article(models.Model):
    """One piece of knowledge, in one or more languages (Translation).

    Drafts are seen by our people only; what is published is found on the help page and sent to customers; what is
    retired is kept, and found by nobody. Written by `knowledge.articles`.
    """

    Kind = ArticleKind
    State = ArticleState

    TRANSITIONS = {
        ArticleState.DRAFT: (ArticleState.PUBLISHED, ArticleState.RETIRED),
        ArticleState.PUBLISHED: (ArticleState.RETIRED,),
        ArticleState.RETIRED: (ArticleState.PUBLISHED,),
    }

    slug = models.SlugField(max_length=120, unique=True, help_text="Its name in addresses, such as api-keys.")
    kind = models.CharField(max_length=15, choices=Kind)
    area = models.ForeignKey(Area, on_delete=models.PROTECT, null=True, blank=True, related_name="articles")
    state = models.CharField(max_length=9, choices=State, default=State.DRAFT)
    from_ticket = models.ForeignKey(
        Ticket, on_delete=models.SET_NULL, null=True, blank=True, related_name="drafted_articles"
    )
    needs_update_because = models.CharField(max_length=300, blank=True, help_text="Why somebody should look at it.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    reviewed_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When its words were last changed or found right: verdicts before do not flag it.",
    )

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering = ("slug",)
        permissions = (("publish_article", "Can publish and retire articles"),)
        constraints = (
            one_of("kind", ArticleKind, "article_kind_known"),
            one_of("state", ArticleState, "article_state_known"),
            models.CheckConstraint(
                condition=~models.Q(state="published") | models.Q(published_at__isnull=False),
                name="article_published_has_its_moment",
            ),
        )

    def __str__(self) -> str:
        return self.slug


class Translation(models.Model):
    """What an article says in one language, in its newest version; earlier ones are in ArticleVersion.

    `vector` is made by the database (a trigger) with the language's own configuration of full-text search.
    """

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="translations", db_index=False)
    language = language_field()
    version = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=200)
    body = models.TextField(help_text="Markdown.")
    found_by = models.CharField(
        "also found by",
        max_length=500,
        blank=True,
        help_text="Words readers may ask with that the article does not say, such as: throttled, slow down.",
    )
    vector = SearchVectorField(null=True, editable=False)
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("article", "language")
        constraints = (
            models.UniqueConstraint(fields=("article", "language"), name="translation_once"),
            models.CheckConstraint(
                condition=~models.Q(title="") & ~models.Q(body=""), name="translation_has_title_and_body"
            ),
        )
        indexes = (
            GinIndex(fields=("vector",), name="translation_search"),
            # The console's list is searched by parts of titles.
            GinIndex(OpClass(Upper("title"), name="gin_trgm_ops"), name="translation_title_parts"),
        )

    def __str__(self) -> str:
        return self.title


class ArticleVersion(models.Model):
    """What an article said in one language, as saved once; the newest is what Translation says.

    Written by `knowledge.articles`, never changed (a database trigger refuses it).
    """

    translation = models.ForeignKey(Translation, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    body = models.TextField()
    found_by = models.CharField(max_length=500, blank=True)
    is_shipped = models.BooleanField(default=False, help_text="As it came with the system.")
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was changed.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("translation", "-number")
        constraints = (models.UniqueConstraint(fields=("translation", "number"), name="article_version_number_once"),)

    def __str__(self) -> str:
        return f"{self.title} v{self.number}"


class Word(models.Model):
    """In how many published articles of a language a word (its stem) occurs: what few say is telling.

    Counted anew by `knowledge.words` whenever what is published in the language changes.
    """

    language = language_field()
    lexeme = models.TextField()
    articles = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("language", "lexeme"), name="word_once"),)
        # Words that are typed wrong find those they resemble.
        indexes = (GinIndex(OpClass("lexeme", name="gin_trgm_ops"), name="word_by_likeness"),)

    def __str__(self) -> str:
        return f"{self.lexeme} ({self.language}): {self.articles}"


class Verdict(models.Model):
    """A reader said whether an article helped: on the help page, or by the link of an automatic answer (`ticket`).

    Of one ticket and article there is one; saying it again corrects it.
    """

    id = models.BigAutoField(primary_key=True)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="verdicts", db_index=False)
    ticket = models.ForeignKey(
        Ticket, on_delete=models.SET_NULL, null=True, blank=True, related_name="verdicts", db_index=False
    )
    language = language_field()
    helped = models.BooleanField()
    comment = models.TextField(blank=True)
    given_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("ticket", "article"), condition=models.Q(ticket__isnull=False), name="verdict_once_a_ticket"
            ),
        )
        indexes = (models.Index(fields=("article", "-given_at"), name="verdict_of_article"),)

    def __str__(self) -> str:
        return f"{self.article_id}: {'helped' if self.helped else 'did not help'}"


class CannedReply(models.Model):
    """An answer that is given often, with variables as in mail templates."""

    name = models.CharField(max_length=100)
    language = language_field()
    area = models.ForeignKey(Area, on_delete=models.SET_NULL, null=True, blank=True, related_name="canned_replies")
    text = models.TextField()
    is_active = models.BooleanField("active", default=True)
    used = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "canned replies"
        constraints = (models.UniqueConstraint(fields=("name", "language"), name="canned_reply_once"),)

    def __str__(self) -> str:
        return self.name
