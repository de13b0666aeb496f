"""What is known: articles in languages and versions, whether they helped, and canned replies."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

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


class Article(models.Model):
    """One piece of knowledge, in one or more languages (Translation)."""

    Kind = ArticleKind
    State = ArticleState

    TRANSITIONS = {
        ArticleState.DRAFT: (ArticleState.PUBLISHED, ArticleState.RETIRED),
        ArticleState.PUBLISHED: (ArticleState.RETIRED,),
        ArticleState.RETIRED: (ArticleState.PUBLISHED,),
    }

    slug = models.SlugField(max_length=120, unique=True)
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

    class Meta:
        ordering = ("slug",)
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

    `vector` is made by the database with the language's own configuration of full-text search.
    """

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="translations", db_index=False)
    language = language_field()
    version = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=200)
    body = models.TextField(help_text="Markdown.")
    vector = SearchVectorField(null=True, editable=False)
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("article", "language")
        constraints = (models.UniqueConstraint(fields=("article", "language"), name="translation_once"),)
        indexes = (GinIndex(fields=("vector",), name="translation_search"),)

    def __str__(self) -> str:
        return self.title


class Verdict(models.Model):
    """A reader said whether an article helped; or the ticket it was sent to was closed without a person."""

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
