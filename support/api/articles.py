"""support/articles/, support/article-versions/: what we know, to read, search, write and publish."""

from datetime import datetime
from typing import Any

from django.urls import include, path
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from agentfactory_cs.customers.api.records import CreateViewSet, ReadViewSet, RecordSerializer
from agentfactory_cs.customers.models.fields import validate_language
from agentfactory_cs.filters import IdFilter, NameFilter

from ..knowledge import articles
from ..knowledge.articles import Text
from ..knowledge.search import LONGEST, find
from ..models import Area, Article, ArticleVersion, Translation

_area: dict[str, Any] = {"slug_field": "key", "queryset": Area.objects.all(), "required": False, "allow_null": True}


@extend_schema_serializer(component_name="ArticleTranslation")
class TranslationSerializer(RecordSerializer):
    """What an article says in one language, in its newest version."""

    class Meta:
        model = Translation
        fields = ("language", "version", "title", "body", "found_by", "updated_at")
        read_only_fields = fields


@extend_schema_serializer(component_name="Article")
class ArticleSerializer(RecordSerializer):
    area: Any = serializers.SlugRelatedField(**_area, help_text="Key of a product area.")
    translations = TranslationSerializer(many=True, read_only=True)

    class Meta:
        model = Article
        fields = (
            "id",
            "slug",
            "kind",
            "area",
            "state",
            "needs_update_because",
            "from_ticket",
            "translations",
            "created_at",
            "published_at",
        )
        read_only_fields = ("state", "needs_update_because", "from_ticket", "created_at", "published_at")


class ArticleSearchSerializer(serializers.Serializer[Any]):
    """What is asked: a few words, or a whole ticket."""

    text = serializers.CharField(max_length=LONGEST, help_text="Words, or what a customer wrote.")
    subject = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=250, help_text="Weighs twice."
    )
    language = serializers.CharField(
        default="en", max_length=8, validators=[validate_language], help_text="The reader's, such as de."
    )
    area: Any = serializers.SlugRelatedField(**_area, help_text="Key of a product area, to narrow the search.")
    kind = serializers.ChoiceField(choices=Article.Kind.choices, required=False)
    limit = serializers.IntegerField(default=10, min_value=1, max_value=50)


class ArticleMatchSerializer(serializers.Serializer[Any]):
    """A published article that fits, in the language its reader reads best."""

    article = serializers.IntegerField(source="article.pk", help_text="Id of the article.")
    slug = serializers.CharField(source="article.slug")
    language = serializers.CharField(source="translation.language")
    title = serializers.CharField(source="translation.title")
    confidence = serializers.FloatField(help_text="0 to 1: how sure it is that the article answers.")
    words = serializers.ListField(child=serializers.CharField(), help_text="By which it was found.")


class ArticleFilter(filters.FilterSet):
    area = NameFilter(
        thing="area",
        exists=lambda key: Area.objects.filter(key=key).exists(),
        field_name="area__key",
        help_text="Key of a product area.",
    )
    needs_update = filters.BooleanFilter(method="flagged", help_text="Flagged for somebody to look at.")

    class Meta:
        model = Article
        fields = ("kind", "state", "slug")

    def flagged(self, queryset: Any, name: str, value: bool) -> Any:
        return queryset.exclude(needs_update_because="") if value else queryset.filter(needs_update_because="")


class ArticleViewSet(CreateViewSet, ReadViewSet):
    """Articles. A new one is a draft without words: those are in support/article-versions/. Publishing is for keys with
    the scope admin."""

    thing = "article"
    queryset = Article.objects.select_related("area").prefetch_related("translations")
    serializer_class = ArticleSerializer
    filterset_class = ArticleFilter
    ordering_fields = ("id", "slug", "created_at")
    http_method_names = ["get", "post", "patch", "head", "options"]
    store = articles.save_article
    admin_actions = ("publish", "retire")
    staff_permissions = {
        "search": "support.view_article",
        "publish": "support.publish_article",
        "retire": "support.publish_article",
    }

    @extend_schema(
        summary="Search the articles",
        request=ArticleSearchSerializer,
        responses=ArticleMatchSerializer(many=True),
    )
    @action(detail=False, methods=["post"], pagination_class=None, filter_backends=[])
    def search(self, request: Request) -> Response:
        """The published articles that fit best, best first, with how sure that is and by which words."""
        asked = ArticleSearchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        told = dict(asked.validated_data)
        area = told.pop("area", None)
        found = find(told.pop("text"), title=told.pop("subject"), area=area.pk if area else None, **told)
        return Response(ArticleMatchSerializer(found, many=True).data)

    @extend_schema(summary="Publish an article", request=None, responses=ArticleSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, **lookup: str) -> Response:
        """Readers find it from now on. 409 where it is published already, 400 where it says nothing."""
        return self._moved(articles.publish(self.get_object(), by=request.user, now=timezone.now()))

    @extend_schema(summary="Retire an article", request=None, responses=ArticleSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, **lookup: str) -> Response:
        """Nobody finds it any more. 409 where it is retired already."""
        return self._moved(articles.retire(self.get_object(), by=request.user, now=timezone.now()))

    def _moved(self, article: Article) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=article.pk)).data)


@extend_schema_serializer(component_name="ArticleVersion")
class ArticleVersionSerializer(RecordSerializer):
    article = serializers.PrimaryKeyRelatedField(
        source="translation.article", queryset=Article.objects.all(), help_text="Id of the article."
    )
    language = serializers.CharField(
        source="translation.language", max_length=8, help_text="Language code, such as en or pt-BR."
    )
    based_on = serializers.IntegerField(
        write_only=True,
        required=False,
        min_value=0,
        max_value=2_147_483_647,
        help_text="Number of the version yours was made from (0: none); 409 where a newer one is there.",
    )

    class Meta:
        model = ArticleVersion
        fields = (
            "id",
            "article",
            "language",
            "number",
            "title",
            "body",
            "found_by",
            "reason",
            "is_shipped",
            "created_at",
            "based_on",
        )
        read_only_fields = ("number", "is_shipped", "created_at")


class ArticleVersionFilter(filters.FilterSet):
    article = IdFilter(field_name="translation__article_id", help_text="Id of the article.")
    language = filters.CharFilter(field_name="translation__language", help_text="Language code.")


class ArticleVersionViewSet(CreateViewSet, ReadViewSet):
    """What articles say, version by version; of each language the newest holds. A version never changes.

    Sending the words that are there makes no new version: the answer is the one that is there.
    """

    thing = "article version"
    queryset = ArticleVersion.objects.select_related("translation__article")
    serializer_class = ArticleVersionSerializer
    filterset_class = ArticleVersionFilter
    ordering_fields = ("id", "created_at")
    http_method_names = ["get", "post", "head", "options"]
    staff_permissions = {
        "list": "support.view_article",
        "retrieve": "support.view_article",
        "create": "support.change_article",
    }

    def write(self, record: ArticleVersion, values: dict[str, Any], now: datetime) -> ArticleVersion:
        said = values.pop("translation")
        text = Text(values.pop("title"), values.pop("body"), values.pop("found_by", ""))
        return articles.write(
            said["article"], language=said["language"], text=text, by=self.request.user, now=now, **values
        )


router = SimpleRouter()
router.register("support/articles", ArticleViewSet, "support-article")
router.register("support/article-versions", ArticleVersionViewSet, "support-article-version")

urlpatterns = [path("", include(router.urls))]
