"""The customers: their list, their form, their own page."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget

from agentfactory_cs.console.exporting import CsvExport
from agentfactory_cs.console.lists import FilledListAdmin
from agentfactory_cs.console.saving import ServiceAdmin

from ..import_admin import CsvImportMixin
from ..models import Customer
from ..queries import staff
from ..services import assign_manager, erase_customer, save_customer
from .belonging import StaffChoice, StaffFieldsMixin, overview_of
from .conditions import condition_urls
from .departures import Departures
from .erasure import Erasure
from .filters import ManagerFilter, Payment, Renewal, TagFilter, Whose
from .inlines import ChangeInline, ChurnInline, ContactInline, SubscriptionInline
from .overview import Overview
from .segments import SegmentLinks


class ManagerForm(forms.Form):
    """Whom to give the chosen customers to."""

    manager = StaffChoice(
        queryset=User.objects.none(),
        required=False,
        label=_("Success manager"),
        empty_label=_("Nobody"),
        widget=UnfoldAdminSelectWidget(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["manager"].queryset = staff()  # type: ignore[attr-defined]


@admin.register(Customer)
class CustomerAdmin(
    CsvExport,
    SegmentLinks,
    CsvImportMixin,
    Overview,
    Departures,
    Erasure,
    StaffFieldsMixin,
    FilledListAdmin,
    ServiceAdmin,
):
    service = staticmethod(save_customer)
    removal = staticmethod(erase_customer)
    import_kind = "customers"
    other_import_kinds = ("usage",)
    search_fields = ("name", "external_id")
    search_help_text = _("Name or tenant id")
    # Half of what other lists show: a row here is many cells, and the worst stand on top.
    list_per_page = 25
    list_select_related = ("success_manager",)
    list_filter = (
        Whose,
        ("tier", ChoicesDropdownFilter),
        ("lifecycle_stage", ChoicesDropdownFilter),
        ManagerFilter,
        Renewal,
        Payment,
        TagFilter,
    )
    ordering = ("name", "id")
    empty_words = _("Customers come in by the form, by import, over REST, or from the platform when they sign up.")
    staff_fields = ("success_manager",)
    autocomplete_fields = ("tags",)
    inlines = (ContactInline, SubscriptionInline, ChangeInline, ChurnInline)
    actions = ("assign",)
    actions_detail = ("open_overview",)
    fieldsets = (
        (None, {"fields": ("name", ("tier", "lifecycle_stage"), "success_manager", "tags")}),
        (
            _("Company"),
            {"fields": (("industry", "country"), ("language", "time_zone"))},
        ),
        (
            _("On the platform"),
            {
                "fields": ("external_id", "signed_up_at"),
                "description": _(
                    "The tenant id ties usage to this customer. Changes of tier, stage and success manager "
                    "keep their dates; departures are recorded on the customer's page."
                ),
            },
        ),
    )

    def page_of(self, thing: Customer) -> str:
        return overview_of(thing.pk)

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Sequence[Any]:
        return self.inlines if obj else (ContactInline, SubscriptionInline)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"signed_up_at": timezone.now(), **super().get_changeform_initial_data(request)}

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and not db_field.many_to_many:
            # The form sends along what it showed: only what differs from that was changed by this person.
            field.show_hidden_initial = True
        return field

    def told(self, form: forms.ModelForm) -> dict[str, Any]:
        return {"changed": form.changed_data}

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "lifecycle_stage" and not self._shows_a_churned(request):
            # Leaving is recorded with its date and reason, not by the stage.
            kwargs["choices"] = [choice for choice in db_field.flatchoices if choice[0] != Customer.Stage.CHURNED]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def _shows_a_churned(self, request: HttpRequest) -> bool:
        match = request.resolver_match
        pk = str(match.kwargs.get("object_id", "")) if match else ""
        return pk.isdigit() and Customer.objects.filter(pk=pk, lifecycle_stage=Customer.Stage.CHURNED).exists()

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/", view(self.to_overview)),
            path("<int:pk>/overview/", view(self.overview_view), name="customers_customer_overview"),
            path("<int:pk>/departure/", view(self.churn_view), name="customers_customer_churn"),
            path("<int:pk>/return/", view(self.return_view), name="customers_customer_return"),
            *condition_urls(view),
            *super().get_urls(),
        ]

    def to_overview(self, request: HttpRequest, pk: int) -> HttpResponse:
        return HttpResponseRedirect(overview_of(pk))

    def response_post_save_add(self, request: HttpRequest, obj: Customer) -> HttpResponse:
        return HttpResponseRedirect(overview_of(obj.pk))

    def response_post_save_change(self, request: HttpRequest, obj: Customer) -> HttpResponse:
        return HttpResponseRedirect(overview_of(obj.pk))

    @action(description=_("Customer page"), icon="arrow_back", permissions=["view"])
    def open_overview(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return HttpResponseRedirect(overview_of(object_id))

    @admin.action(description=_("Assign success manager"), permissions=["change"])
    def assign(self, request: HttpRequest, queryset: QuerySet[Customer]) -> HttpResponse | None:
        """Asks for the person first; then reports how many customers it changed and how many it did not."""
        form = ManagerForm(request.POST if "apply" in request.POST else None)
        if not (form.is_bound and form.is_valid()):
            return self._ask_for_manager(request, queryset, form)
        manager, chosen = form.cleaned_data["manager"], list(queryset.order_by().values_list("pk", flat=True))
        changed = assign_manager(chosen, manager, by=request.user, now=timezone.now())
        name = (manager.get_full_name() or manager.get_username()) if manager else _now("nobody")
        messages.success(
            request,
            _now("Assigned %(changed)s to %(name)s; %(same)s already were.")
            % {"changed": changed, "name": name, "same": len(chosen) - changed},
        )
        return None

    def _ask_for_manager(self, request: HttpRequest, queryset: QuerySet[Customer], form: ManagerForm) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Assign success manager"),
            "form": form,
            "chosen": request.POST.getlist("_selected_action"),
            "across": request.POST.get("select_across", "0"),
            "customers": queryset[:10],
            "number": queryset.count(),
        }
        return TemplateResponse(request, "admin/customers/customer/assign.html", context)
