"""What the pages of a customer's belongings (contacts, contracts, tasks, …) have in common."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import ForeignKey, Model
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.lists import FilledListAdmin
from agentfactory_cs.console.saving import Service, ServiceAdmin

from ..queries import staff
from ..services import remove_record


def overview_of(customer_id: int) -> str:
    """The address of a customer's own page."""
    return reverse("admin:customers_customer_overview", args=(customer_id,))


class StaffChoice(ModelChoiceField):
    """One of our people, by name."""

    def label_from_instance(self, obj: Any) -> str:
        return obj.get_full_name() or obj.get_username()


class StaffFieldsMixin:
    """Choices of staff offer our people only; there are few enough for a plain list."""

    staff_fields: Sequence[str] = ()

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.staff_fields:
            kwargs.update(queryset=staff(), form_class=StaffChoice)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]


class BelongingAdmin(StaffFieldsMixin, FilledListAdmin, ServiceAdmin):
    """A thing of a customer: it stays with that customer, and saving leads back to where one came from."""

    removal: ClassVar[Service | None] = staticmethod(remove_record)
    autocomplete_fields: Sequence[str] = ("customer",)
    list_select_related: Sequence[str] = ("customer",)
    search_help_text = _("Customer or title")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        fixed = ("customer",) if obj else ()
        return (*fixed, *super().get_readonly_fields(request, obj))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_changeform_initial_data(request), **self.initial(request)}

    def initial(self, request: HttpRequest) -> dict[str, Any]:
        """What a new one begins with besides what the address says."""
        return {}

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._back(request, obj) or super().response_post_save_add(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._back(request, obj) or super().response_post_save_change(request, obj)

    def _back(self, request: HttpRequest, obj: Any) -> HttpResponse | None:
        return HttpResponseRedirect(overview_of(obj.customer_id)) if "overview" in request.GET else None
