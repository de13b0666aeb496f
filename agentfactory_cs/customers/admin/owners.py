"""Choosing by which of our people something belongs to."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin.dropdown_filters import DropdownFilter

from ..queries import staff


class OwnerFilter(DropdownFilter):
    """Whose: me first, then everybody of the team."""

    title = _("owner")
    parameter_name = "owner"
    field = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        people = [(str(user.pk), user.get_full_name() or user.get_username()) for user in staff()]
        return [("me", _("me")), ("nobody", _("nobody")), *people]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if not chosen:
            return queryset
        if chosen == "nobody":
            return queryset.filter(**{f"{self.field}__isnull": True})
        who = request.user.pk if chosen == "me" else chosen if chosen.isdigit() else None
        return queryset.filter(**{self.field: who}) if who else queryset.none()


class StaffFilter(OwnerFilter):
    title = _("our person")
    parameter_name = "staff"
    field = "staff"
