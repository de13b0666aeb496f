"""Alerts: mine first, the most at stake on top, each worked in place."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from agentfactory_cs.console.lists import TabFilter
from agentfactory_cs.console.saving import ReadOnlyAdmin
from agentfactory_cs.customers.admin.belonging import overview_of
from agentfactory_cs.customers.admin.owners import OwnerFilter
from agentfactory_cs.customers.days import utc_day

from .. import alerts, precision
from ..console.alert_state import state_cell
from ..models import Alert

WEEK = 7
PRECISION_DAYS = 90
WORK = "health.change_alert"


class WhichAlerts(TabFilter):
    """Mine, for whoever has some; everybody's; those nobody was told of; and the closed ones."""

    title = _("which")
    parameter_name = "which"
    own_order = {"closed": ("-pk",)}

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.user = request.user
        super().__init__(request, *args)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("mine", _("Mine")), ("all", _("All")), ("quiet", _("Not announced")), ("closed", _("Closed"))]

    def value(self) -> str:
        chosen = super().value()
        if chosen in {str(value) for value, _title in self.lookup_choices}:
            return str(chosen)
        return "mine" if self._has_alerts() else "all"

    def _has_alerts(self) -> bool:
        if not hasattr(self, "_has"):
            self._has = Alert.objects.unsettled().filter(owner=self.user.pk).exists()
        return self._has

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        match self.value():
            case "closed":
                return queryset.filter(state=Alert.State.CLOSED)
            case "mine":
                queryset = queryset.filter(owner=self.user.pk)
            case "quiet":
                queryset = queryset.exclude(quiet="")
        return queryset.exclude(state=Alert.State.CLOSED)


def _days_on(days: int) -> date:
    return utc_day(timezone.now()) + timedelta(days=days)


def _until(request: HttpRequest) -> date:
    """The day that a form asks to snooze until: so many days from now, or a date."""
    if (days := request.POST.get("days", "")).isdigit() and len(days) < 4:
        return _days_on(int(days))
    try:
        day = parse_date(request.POST.get("until", ""))
    except ValueError:
        day = None
    if day is None:
        raise ValidationError({"until": _now("Choose a day.")})
    return day


# What a button does with one alert.
VERBS: Mapping[str, Callable[[Alert, HttpRequest], Alert]] = {
    "acknowledge": lambda alert, request: alerts.acknowledge(alert, by=request.user, now=timezone.now()),
    "snooze": lambda alert, request: alerts.snooze(alert, until=_until(request), by=request.user, now=timezone.now()),
    "close": lambda alert, request: alerts.close(
        alert, reason=request.POST.get("reason", "")[:300], by=request.user, now=timezone.now()
    ),
    "label": lambda alert, request: alerts.label(
        alert, label=request.POST.get("label", ""), by=request.user, now=timezone.now()
    ),
}


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_filter = (
        WhichAlerts,
        ("kind", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("label", ChoicesDropdownFilter),
        OwnerFilter,
    )
    list_select_related = ("customer", "owner")
    search_fields = ("customer__name",)
    search_help_text = _("Customer")
    list_before_template = "admin/alerts/list_head.html"
    empty_words = _(
        "An alert is raised when a customer becomes at risk, falls fast, or is no longer healthy. Every scored day is"
        " looked through."
    )
    actions = ("acknowledge", "snooze_a_week", "close", "label_useful", "label_noise", "label_known")
    fieldsets = (
        (None, {"fields": ("customer", ("kind", "state"), "owner", "sentences")}),
        (
            _("Figures"),
            {"fields": (("score", "score_before"), ("mrr", "currency"), ("day", "last_day", "repeats"))},
        ),
        (_("Told"), {"fields": ("opened_at", ("quiet", "quiet_reason"), "told_at")}),
        (
            _("Worked on"),
            {
                "fields": (
                    ("acknowledged_at", "acknowledged_by"),
                    "snoozed_until",
                    ("closed_at", "closed_by", "closing"),
                    "rearmed_on",
                    ("label", "labelled_at", "labelled_by"),
                )
            },
        ),
    )

    def page_of(self, thing: Alert) -> str:
        return overview_of(thing.customer_id)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        may_work = self.has_work_permission(request)

        def state(alert: Alert) -> str:
            return state_cell(alert, may_work=may_work)

        state.short_description = _("State")  # type: ignore[attr-defined]
        return [*super().get_list_display(request), state]

    def has_work_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(WORK)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("precision/", view(self.precision), name="health_alert_precision"),
            path("<int:pk>/<str:verb>/do/", view(require_POST(self.work)), name="health_alert_work"),
            *super().get_urls(),
        ]

    def work(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Do something with one alert in place; answers with its state as it is then, and why where it was refused."""
        if not self.has_work_permission(request):
            raise PermissionDenied
        if verb not in VERBS:
            raise Http404
        alert, refusal = get_object_or_404(Alert, pk=pk), None
        try:
            alert = VERBS[verb](alert, request)
        except ValidationError as error:
            refusal = error
            alert.refresh_from_db()
        return HttpResponse(state_cell(alert, may_work=True, refusal=refusal))

    def precision(self, request: HttpRequest) -> HttpResponse:
        """How good the alerts were, for the box above the list."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        until = utc_day(timezone.now())
        since = until - timedelta(days=PRECISION_DAYS)
        context = {
            "kinds": precision.by_kind(since, until),
            "months": precision.by_month(since, until),
            "days": PRECISION_DAYS,
            "fewest": precision.FEWEST_LABELS,
        }
        return render(request, "admin/alerts/precision.html", context)

    @admin.action(description=_("Acknowledge"), permissions=["work"])
    def acknowledge(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        _each(request, queryset, lambda one: alerts.acknowledge(one, by=request.user, now=timezone.now()))

    @admin.action(description=_("Snooze for a week"), permissions=["work"])
    def snooze_a_week(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        until = _days_on(WEEK)
        _each(request, queryset, lambda one: alerts.snooze(one, until=until, by=request.user, now=timezone.now()))

    @admin.action(description=_("Close"), permissions=["work"])
    def close(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        _each(request, queryset, lambda one: alerts.close(one, by=request.user, now=timezone.now()))

    @admin.action(description=_("Label as useful"), permissions=["work"])
    def label_useful(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        _label_each(request, queryset, Alert.Label.USEFUL)

    @admin.action(description=_("Label as noise"), permissions=["work"])
    def label_noise(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        _label_each(request, queryset, Alert.Label.NOISE)

    @admin.action(description=_("Label as known already"), permissions=["work"])
    def label_known(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        _label_each(request, queryset, Alert.Label.KNOWN)


def _label_each(request: HttpRequest, queryset: QuerySet[Alert], label: str) -> None:
    _each(request, queryset, lambda one: alerts.label(one, label=label, by=request.user, now=timezone.now()))


def _each(request: HttpRequest, queryset: QuerySet[Alert], verb: Callable[[Alert], Alert]) -> None:
    """Do it with each, and say how many, and why not with the others."""
    done, refused = 0, list[str]()
    for alert in queryset:
        try:
            verb(alert)
            done += 1
        except ValidationError as error:
            refused += error.messages
    words = ngettext("%(n)s alert done", "%(n)s alerts done", done) % {"n": done}
    messages.success(request, f"{words}. {_reasons(refused)}".strip())


def _reasons(refused: Sequence[str]) -> str:
    """Each reason once, with how often it was the one."""
    counts = {reason: refused.count(reason) for reason in dict.fromkeys(refused)}
    return " ".join(_now("%(n)s not: %(reason)s") % {"n": count, "reason": reason} for reason, count in counts.items())
