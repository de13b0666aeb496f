"""Ourselves: the company's settings and our people."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db.models import Field, ForeignKey, URLField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, StackedInline
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
)

from agentfactory_cs.console.admin import User, UserAdmin, register_again

from ..models import Company, StaffProfile
from ..queries import staff

PROFILE_FIELDS: dict[type[Field], dict[str, Any]] = {
    ArrayField: {"widget": UnfoldAdminTextInputWidget()},  # a list of codes is one line, not a page
    URLField: {"widget": UnfoldAdminURLInputWidget(), "assume_scheme": "https"},
}


@admin.register(Company)
class CompanyAdmin(ModelAdmin):
    """One row: the list leads straight to its form."""

    fieldsets = (
        (None, {"fields": ("name", ("sender_email", "community_address"))}),
        (
            _("Working time"),
            {
                "fields": ("time_zone", "working_days", ("works_from", "works_until"), "holidays_country"),
                "description": _("Service levels and the weekly report go by this calendar."),
            },
        ),
        (_("Language"), {"fields": ("default_language",)}),
    )

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name != "working_days":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        days = [(number, name) for number, name in enumerate(WEEKDAYS.values(), start=1)]
        return forms.TypedMultipleChoiceField(
            choices=days, coerce=int, widget=UnfoldAdminCheckboxSelectMultipleWidget(), label=_("Working days")
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Company | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:customers_company_change", args=(Company.get().pk,)))


@admin.register(StaffProfile)
class StaffProfileAdmin(ModelAdmin):
    formfield_overrides = PROFILE_FIELDS
    list_display = ("user", "languages", "weekly_capacity", "away_until", "time_zone")
    search_fields = ("user__username", "user__first_name", "user__last_name")
    list_select_related = ("user",)
    fieldsets = (
        (None, {"fields": ("user", "languages", "time_zone", "booking_link")}),
        (
            _("Capacity"),
            {
                "fields": (("weekly_capacity", "away_until"),),
                "description": _("Somebody who is away gets no new customers, tasks or tickets until that day."),
            },
        ),
    )

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(db_field, request, queryset=staff(), **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: StaffProfile | None = None) -> tuple[str, ...]:
        return ("user",) if obj else ()


class StaffProfileInline(StackedInline):
    model = StaffProfile
    formfield_overrides = {**StackedInline.formfield_overrides, **PROFILE_FIELDS}
    verbose_name = verbose_name_plural = _("as one of our people")
    can_delete = False


class PersonAdmin(UserAdmin):
    """A user together with what routing and playbooks know of them."""

    inlines = (StaffProfileInline,)

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return super().get_inlines(request, obj) if obj else ()


register_again(User, PersonAdmin)
