"""What the customers list is filtered by."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin.dropdown_filters import DropdownFilter

from agentfactory_cs.console.lists import TabFilter

from ..days import utc_day
from ..models import Customer, Subscription, Tag
from ..queries import in_force
from .contracts import RenewsWithin, renews
from .owners import OwnerFilter

MOST_TAGS = 200


class Whose(TabFilter):
    """Mine, first for whoever has customers; everybody's; nobody's; and those who left."""

    title = _("whose")
    parameter_name = "whose"
    # Who left has no score any more.
    own_order = {"churned": ("name", "pk")}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("mine", _("Mine")), ("all", _("All")), ("nobody", _("Nobody's")), ("churned", _("Churned"))]

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.user = request.user
        super().__init__(request, *args)

    def value(self) -> str:
        chosen = super().value()
        if chosen in {str(value) for value, _title in self.lookup_choices}:
            return str(chosen)
        return "mine" if self._has_customers() else "all"

    def _has_customers(self) -> bool:
        if not hasattr(self, "_has"):
            self._has = Customer.objects.active().managed_by(self.user).exists()
        return self._has

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        match self.value():
            case "churned":
                return queryset.filter(lifecycle_stage=Customer.Stage.CHURNED)
            case "mine":
                queryset = queryset.filter(success_manager=self.user.pk)
            case "nobody":
                queryset = queryset.filter(success_manager__isnull=True)
        return queryset.exclude(lifecycle_stage=Customer.Stage.CHURNED)


class ManagerFilter(OwnerFilter):
    title = _("success manager")
    parameter_name = "manager"
    field = "success_manager"


class TagFilter(DropdownFilter):
    title = _("tag")
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(pk), name) for pk, name in Tag.objects.values_list("pk", "name")[:MOST_TAGS]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        chosen = self.value()
        if not chosen or not chosen.isdigit():
            return queryset
        tagged = Customer.tags.through.objects.filter(customer=OuterRef("pk"), tag=chosen)
        return queryset.filter(Exists(tagged))


def _with_contract(queryset: QuerySet[Customer], **lookups: Any) -> QuerySet[Customer]:
    runs = in_force(utc_day(timezone.now()))
    return queryset.filter(Exists(Subscription.objects.filter(runs, customer=OuterRef("pk"), **lookups)))


class Renewal(RenewsWithin):
    """By the contracts in force."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return _with_contract(queryset, **renews(chosen, utc_day(timezone.now()))) if chosen else queryset


class Payment(DropdownFilter):
    title = _("payment")
    parameter_name = "payment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Subscription.PaymentStatus.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        return _with_contract(queryset, payment_status=self.value()) if self.value() else queryset
