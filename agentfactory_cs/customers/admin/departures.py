"""Departures and returns: the forms on a customer's page, and the list of departures."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminSingleDateWidget, UnfoldAdminTextareaWidget

from agentfactory_cs.console.saving import show_refusal

from ..days import utc_day
from ..import_admin import CsvImportMixin
from ..models import Churn, Customer
from ..services import reactivate, record_churn, remove_churn
from .belonging import BelongingAdmin, overview_of


class DepartureForm(forms.ModelForm):
    """When and why a customer left."""

    class Meta:
        model = Churn
        fields = ("churned_on", "reason", "note")
        widgets = {
            "churned_on": UnfoldAdminSingleDateWidget(),
            "reason": UnfoldAdminSelectWidget(),
            "note": UnfoldAdminTextareaWidget(),
        }


class ReturnForm(forms.Form):
    """When a customer came back."""

    reactivated_on = forms.DateField(label=_("Came back on"), widget=UnfoldAdminSingleDateWidget())


class Departures:
    """The two forms, mixed into the customers' admin as views of their own."""

    admin_site: Any

    def churn_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = self._customer(request, pk, "customers.add_churn")
        churn = Churn(customer=customer, churned_on=utc_day(timezone.now()))
        form = DepartureForm(request.POST or None, instance=churn)
        if request.method == "POST" and form.is_valid():
            try:
                record_churn(form.instance, by=request.user, now=timezone.now())
            except ValidationError as refusal:
                show_refusal(form, refusal)
            else:
                messages.success(request, _now("The departure of %(customer)s is recorded.") % {"customer": customer})
                return HttpResponseRedirect(overview_of(pk))
        return self._page(request, customer, form, _("Record departure"))

    def return_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = self._customer(request, pk, "customers.change_churn")
        form = ReturnForm(request.POST or None, initial={"reactivated_on": utc_day(timezone.now())})
        if request.method == "POST" and form.is_valid():
            try:
                day = form.cleaned_data["reactivated_on"]
                reactivate(customer, on=day, by=request.user, now=timezone.now())
            except ValidationError as refusal:
                show_refusal(form, refusal)
            else:
                messages.success(request, _now("The return of %(customer)s is recorded.") % {"customer": customer})
                return HttpResponseRedirect(overview_of(pk))
        return self._page(request, customer, form, _("Record return"))

    def _customer(self, request: HttpRequest, pk: int, permission: str) -> Customer:
        if not request.user.has_perm(permission):
            raise PermissionDenied
        return get_object_or_404(Customer, pk=pk)

    def _page(self, request: HttpRequest, customer: Customer, form: forms.BaseForm, title: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": Customer._meta,
            "title": title,
            "customer": customer,
            "form": form,
            "media": form.media,
        }
        return TemplateResponse(request, "admin/customers/customer/departure.html", context)


@admin.register(Churn)
class ChurnAdmin(CsvImportMixin, BelongingAdmin):
    import_kind = "churn_dates"
    service = staticmethod(record_churn)
    removal = staticmethod(remove_churn)
    list_display = ("customer", "churned_on", "reason", "reactivated_on", "recorded_by")
    list_filter = (("reason", ChoicesDropdownFilter),)
    list_select_related = ("customer", "recorded_by")
    search_fields = ("customer__name",)
    search_help_text = _("Customer")
    ordering = ("-churned_on", "id")
    readonly_fields = ("recorded_at", "recorded_by")
    fieldsets = (
        (
            None,
            {
                "fields": ("customer", ("churned_on", "reason"), "note", "reactivated_on"),
                "description": _("A customer counts as churned from the day it left until the day it came back."),
            },
        ),
        (_("Recorded"), {"fields": (("recorded_at", "recorded_by"),)}),
    )
    add_fieldsets = fieldsets[:1]
