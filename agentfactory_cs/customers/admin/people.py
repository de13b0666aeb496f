"""Contacts."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter

from ..import_admin import CsvImportMixin
from ..models import Contact
from ..services import save_contact
from .belonging import BelongingAdmin


@admin.register(Contact)
class ContactAdmin(CsvImportMixin, BelongingAdmin):
    import_kind = "contacts"
    service = staticmethod(save_contact)
    list_display = ("name", "email", "customer", "role", "is_primary", "mail_status", "left_on")
    list_filter = (("mail_status", ChoicesDropdownFilter), ("is_primary", BooleanRadioFilter))
    search_fields = ("name", "email")
    search_help_text = _("Name or e-mail")
    ordering = ("name", "id")
    fieldsets = (
        (None, {"fields": ("customer", "name", "email", "role", "is_primary")}),
        (
            _("Writing to this person"),
            {
                "fields": ("mail_status", "language", "time_zone", "left_on"),
                "description": _(
                    "Mail goes only to people whose status is OK, in their language, within working hours of "
                    "their time zone. Enter the day somebody left instead of deleting them."
                ),
            },
        ),
        (_("On the platform"), {"fields": ("platform_user_id",), "classes": ("collapse",)}),
    )
