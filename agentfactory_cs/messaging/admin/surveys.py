"""Surveys, how they fare, and what customers answered."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from agentfactory_cs.console.lists import FilledListAdmin, TabFilter
from agentfactory_cs.console.registry import Column, columns
from agentfactory_cs.console.saving import ReadOnlyAdmin
from agentfactory_cs.console.templatetags.console import figure, signed, when

from ..models import Response, Survey, SurveyKind, SurveyWording
from ..scales import DETRACTOR, HIGH_CSAT, LOW_CSAT, NPS, PROMOTER, mood, scale
from ..survey_queries import PERIOD_DAYS, Fared, faring

SUBJECT = "messaging.Survey"


class WordingInline(TabularInline):
    model = SurveyWording
    verbose_name_plural = _("In other languages")
    extra = 0


@admin.register(Survey)
class SurveyAdmin(FilledListAdmin):
    """One survey a kind is shipped; its wording and its limits are the team's."""

    readonly_fields = ("kind",)
    inlines = (WordingInline,)
    fieldsets = (
        (
            None,
            {
                "fields": ("kind", "name", "question", "is_active"),
                "description": _(
                    "The question is put to customers as it stands here. The mail around it is a template."
                ),
            },
        ),
        (_("How often, and for how long"), {"fields": ("again_after_days", "remind_after_days", "open_days")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _said(surveys: Sequence[Survey], now: datetime) -> Mapping[Any, Survey]:
    return {survey.pk: survey for survey in surveys}


def _fared(surveys: Sequence[Survey], now: datetime) -> Mapping[Any, tuple[str, Fared, Fared]]:
    found = faring(now)
    return {
        survey.pk: (survey.kind, found[survey.kind].latest, found[survey.kind].before)
        for survey in surveys
        if survey.kind in found
    }


def _question(survey: Survey) -> SafeString:
    return format_html(
        '<span class="af-two"><span class="af-name">{}</span><span class="af-quiet">{}</span></span>',
        survey.name,
        survey.question if survey.is_active else _("Switched off: nobody is asked."),
    )


def _figure_words(kind: str, value: float | None) -> str:
    if value is None:
        return str(_("no answer yet"))
    return _("%s points") % (signed(value) or "0") if kind == NPS else _("%s of 5") % figure(value, 2)


def _figure(fared: tuple[str, Fared, Fared] | None) -> SafeString:
    kind, latest, before = fared or ("", Fared(), Fared())
    link = f"{reverse('admin:messaging_response_changelist')}?kind__exact={kind}"
    words = _("from %(n)s answers, %(days)s days") % {"n": figure(latest.answers), "days": PERIOD_DAYS}
    then = _("before: %(figure)s from %(n)s") % {
        "figure": _figure_words(kind, before.figure),
        "n": figure(before.answers),
    }
    return format_html(
        '<span class="af-two"><a class="af-link" href="{}">{}</a><span class="af-quiet">{}</span>'
        '<span class="af-quiet">{}</span></span>',
        link,
        _figure_words(kind, latest.figure),
        words,
        then,
    )


def _share(fared: Fared) -> str:
    if fared.rate is None:
        return str(_("nobody asked"))
    told = {"answered": figure(fared.answered), "asked": figure(fared.asked), "rate": figure(fared.rate)}
    return str(_("%(answered)s of %(asked)s asked, %(rate)s %%") % told)


def _rate(fared: tuple[str, Fared, Fared] | None) -> SafeString:
    _kind, latest, before = fared or ("", Fared(), Fared())
    return format_html(
        '<span class="af-two"><span>{}</span><span class="af-quiet">{}</span></span>',
        _share(latest),
        _("before: %s") % _share(before),
    )


columns.register(Column("messaging.survey_question", SUBJECT, _("Survey"), _said, _question, order=1))
columns.register(Column("messaging.survey_figure", SUBJECT, _("NPS or mean"), _fared, _figure, order=2))
columns.register(Column("messaging.survey_rate", SUBJECT, _("Answered, of those asked"), _fared, _rate, order=3))


class WhichAnswers(TabFilter):
    """What somebody should read first."""

    title = _("which")
    parameter_name = "which"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("all", _("All")),
            ("bad", _("Unhappy")),
            ("good", _("Happy")),
            ("comment", _("With a comment")),
        ]

    def value(self) -> str:
        chosen = super().value()
        return chosen if chosen in ("bad", "good", "comment") else "all"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Response]) -> QuerySet[Response]:
        match self.value():
            case "bad":
                return queryset.filter(Q(kind=NPS, score__lte=DETRACTOR) | ~Q(kind=NPS) & Q(score__lte=LOW_CSAT))
            case "good":
                return queryset.filter(Q(kind=NPS, score__gte=PROMOTER) | ~Q(kind=NPS) & Q(score__gte=HIGH_CSAT))
            case "comment":
                return queryset.exclude(comment="")
        return queryset


class ScoreFilter(admin.SimpleListFilter):
    """One score, of the scale of the kind that is chosen."""

    title = _("score")
    parameter_name = "score"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterator[tuple[str, str]]:
        kind = request.GET.get("kind__exact", SurveyKind.NPS)
        return ((str(score), str(score)) for score in scale(kind))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Response]) -> QuerySet[Response]:
        value = self.value() or ""
        return queryset.filter(score=int(value)) if value.isdecimal() and len(value) < 3 else queryset


@admin.register(Response)
class ResponseAdmin(ReadOnlyAdmin):
    list_display = ("who", "kind", "show_score", "words", "answered")
    list_filter = (WhichAnswers, ("kind", ChoicesDropdownFilter), ScoreFilter)
    list_select_related = ("customer", "contact")
    search_fields = ("customer__name",)
    search_help_text = _("Customer")
    # The primary key serves this order; answers come in as they are given.
    ordering = ("-id",)
    empty_words = _("Answers come in from the links in survey mails, by REST and by imports.")

    @display(description=_("Customer"))
    def who(self, response: Response) -> str:
        return format_html(
            '<span class="af-two"><span class="af-name">{}</span><span class="af-quiet">{}</span></span>',
            response.customer.name,
            response.contact.name if response.contact else "",
        )

    @display(description=_("Score"), ordering="score")
    def show_score(self, response: Response) -> str:
        tone = mood(response.kind, response.score)
        return format_html(
            '<span class="af-nowrap"><b class="af-{}">{}</b> <span class="af-quiet">{}</span></span>',
            tone,
            response.score,
            _("of %s") % scale(response.kind)[-1],
        )

    @display(description=_("Comment"))
    def words(self, response: Response) -> str:
        return format_html('<span class="af-why">{}</span>', response.comment)

    @display(description=_("Answered"), ordering="answered_at")
    def answered(self, response: Response) -> str:
        return when(response.answered_at)
