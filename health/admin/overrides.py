"""Scores set by hand: the forms on a customer's page, and the list of disagreements."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
)

from agentfactory_cs.console.lists import TabFilter
from agentfactory_cs.console.saving import ReadOnlyAdmin, show_refusal
from agentfactory_cs.console.templatetags.console import figure, signed, when
from agentfactory_cs.customers.admin.belonging import overview_of
from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Customer

from .. import disagreements
from ..console.chips import chip_of
from ..models import HealthOverride
from ..models.override import MAX_DAYS
from ..overrides import MAX_REASON, end_override, set_override
from ..queries import current_day, explain_now
from .ledger import LedgerPage

QUICK_DAYS = (14, 30, MAX_DAYS)
ANOTHER_DAY = "day"


class OverrideForm(forms.Form):
    """Which score, why, and until when: one of the usual spans, or a day."""

    value = forms.FloatField(
        label=_("Score"),
        min_value=0,
        max_value=100,
        help_text=_("0 to 100. It counts at once, in the place of the computed score."),
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "1", "autofocus": True}),
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=MAX_REASON,
        help_text=_("What you know that the data do not. It is shown wherever the score is explained."),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    lasts = forms.ChoiceField(label=_("Until"), initial=str(QUICK_DAYS[0]), widget=UnfoldAdminRadioSelectWidget())
    expires_on = forms.DateField(
        label=_("The day"), required=False, widget=UnfoldAdminSingleDateWidget(), help_text=_("For another day only.")
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        spans = [(str(days), self._words(days)) for days in QUICK_DAYS]
        another = _now("another day, at most %(days)d days from today") % {"days": MAX_DAYS}
        self.fields["lasts"].choices = [*spans, (ANOTHER_DAY, another)]  # type: ignore[attr-defined]

    def _words(self, days: int) -> str:
        day = date_format(self.today + timedelta(days=days), "DATE_FORMAT")
        return _now("%(days)d days: %(day)s") % {"days": days, "day": day}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        lasts = cleaned.get("lasts")
        if lasts == ANOTHER_DAY and not cleaned.get("expires_on") and "expires_on" not in self.errors:
            self.add_error("expires_on", _now("Name the day."))
        elif lasts and lasts != ANOTHER_DAY:
            cleaned["expires_on"] = self.today + timedelta(days=int(lasts))
        return cleaned


class EndForm(forms.Form):
    """Why an override ends before its time."""

    reason = forms.CharField(
        label=_("Why"), max_length=MAX_REASON, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True})
    )


class OverrideForms:
    """Setting and ending, mixed into the admin as views of their own."""

    admin_site: Any

    def set_view(self, request: HttpRequest, customer_id: int) -> HttpResponse:
        self._must(request, "health.add_healthoverride")
        customer, now = get_object_or_404(Customer, pk=customer_id), timezone.now()
        form = OverrideForm(request.POST or None, today=utc_day(now))
        if request.method == "POST" and form.is_valid():
            asked = {name: form.cleaned_data[name] for name in ("value", "reason", "expires_on")}
            try:
                set_override(customer, **asked, by=request.user, now=now)
            except ValidationError as refusal:
                show_refusal(form, refusal)
            else:
                messages.success(request, _now("The score of %(customer)s is set by hand.") % {"customer": customer})
                return HttpResponseRedirect(overview_of(customer.pk))
        return self._page(request, customer, form, _("Override the score"), None)

    def end_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._must(request, "health.change_healthoverride")
        override = get_object_or_404(HealthOverride.objects.select_related("customer"), pk=pk)
        form = EndForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                end_override(override, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now())
            except ValidationError as refusal:
                show_refusal(form, refusal)
            else:
                words = _now("The computed score of %(customer)s counts again.")
                messages.success(request, words % {"customer": override.customer})
                return HttpResponseRedirect(overview_of(override.customer_id))
        return self._page(request, override.customer, form, _("End the override"), override)

    def _must(self, request: HttpRequest, permission: str) -> None:
        if not request.user.has_perms((permission, "customers.view_customer")):
            raise PermissionDenied

    def _page(
        self,
        request: HttpRequest,
        customer: Customer,
        form: forms.Form,
        title: Any,
        override: HealthOverride | None,
    ) -> HttpResponse:
        explanation = explain_now(customer.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": HealthOverride._meta,
            "title": title,
            "customer": customer,
            "override": override,
            "explanation": explanation,
            "chip": chip_of(explanation),
            "form": form,
            "media": form.media,
        }
        return TemplateResponse(request, "admin/health/override.html", context)


class InForce(TabFilter):
    """Those that count today, or those that are over."""

    title = _("when")
    parameter_name = "when"
    own_order = {"past": ("-expires_on", "-pk")}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("now", _("In force")), ("past", _("Past"))]

    def value(self) -> str:
        return "past" if super().value() == "past" else "now"

    def queryset(self, request: HttpRequest, queryset: QuerySet[HealthOverride]) -> QuerySet[HealthOverride]:
        today, known = utc_day(timezone.now()), HealthOverride.objects.all()
        chosen = known.past(today) if self.value() == "past" else known.in_force(today)
        return queryset.filter(pk__in=chosen.values("pk"))


@admin.register(HealthOverride)
class HealthOverrideAdmin(LedgerPage, OverrideForms, ReadOnlyAdmin):
    list_display = ("customer", "show_scores", "show_apart", "show_since", "show_reason", "show_until", "show_end")
    list_display_links = ("customer",)
    list_filter = (InForce,)
    list_select_related = ("customer", "ended_by")
    search_fields = ("customer__name",)
    search_help_text = _("Customer")
    empty_words = _("Scores that people set by hand on a customer's page appear here, the largest difference first.")
    fieldsets = (
        (None, {"fields": ("customer", "value", "reason", ("first_day", "expires_on"))}),
        (_("Set"), {"fields": (("created_at", "created_by_label"),)}),
        (_("Ended"), {"fields": (("ended_at", "ended_by"), "end_reason")}),
    )

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("set/<int:customer_id>/", view(self.set_view), name="health_healthoverride_set"),
            path("<int:pk>/end/", view(self.end_view), name="health_healthoverride_end"),
            path("ledger/<int:customer_id>/", view(self.ledger_view), name="health_ledger"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return disagreements.with_computed(super().get_queryset(request), current_day())

    def page_of(self, thing: HealthOverride) -> str:
        return overview_of(thing.customer_id)

    @display(description=_("Set to, computed"))
    def show_scores(self, override: Any) -> str:
        words = '<b>{}</b> <span class="af-quiet">{} {}</span>'
        return format_html(words, figure(override.value), _now("computed"), figure(override.computed_now))

    @display(description=_("Difference"), ordering="apart")
    def show_apart(self, override: Any) -> str:
        apart = disagreements.of(override).apart
        return "–" if apart is None else signed(apart)

    @display(description=_("The computed score since"))
    def show_since(self, override: Any) -> str:
        found = disagreements.of(override)
        words = '<span class="af-two"><span>{} → {}</span><span class="af-quiet">{}</span></span>'
        return format_html(words, figure(found.then), figure(found.now), found.verdict)

    @display(description=_("By whom and why"))
    def show_reason(self, override: Any) -> str:
        words = '<span class="af-why" title="{}">{}: {}</span>'
        return format_html(words, override.reason, override.created_by_label, override.reason)

    @display(description=_("Until"), ordering="expires_on")
    def show_until(self, override: Any) -> str:
        if override.ended_at is None:
            return when(override.expires_on)
        ended = _now("ended")
        return format_html(
            '{} {} <span class="af-quiet">{}</span>', ended, when(override.ended_at), override.end_reason
        )

    @display(description="")
    def show_end(self, override: Any) -> str:
        if not override.is_in_force(utc_day(timezone.now())):
            return ""
        address = f"{override.pk}/end/"
        return format_html('<a class="af-button af-small" href="{}">{}</a>', address, _now("End"))
