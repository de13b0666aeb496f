"""What the customers list is filtered by.

A filter that can be said as a condition does so in `condition_rows`, so that what is chosen can be kept as a segment.
"""

from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin.dropdown_filters import DropdownFilter

from agentfactory_cs.console.lists import TabFilter

from ..conditions import BadCondition, Condition
from ..days import utc_day
from ..models import Customer, Segment, Subscription, Tag
from ..queries import in_force, staff
from ..segments import members
from .contracts import RenewsWithin, renews
from .owners import OwnerFilter

MOST_TAGS = 200
_SEGMENT = "segment-"

Rows = list[dict[str, Any]]


def row(fact: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"fact": fact, "operator": operator, "value": value}


class Whose(TabFilter):
    """Mine, first for whoever has customers; everybody's; nobody's; those who left; and the segments one sees."""

    title = _("whose")
    parameter_name = "whose"
    # Who left has no score any more.
    own_order = {"churned": ("name", "pk")}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        fixed = [("mine", _("Mine")), ("all", _("All")), ("nobody", _("Nobody's")), ("churned", _("Churned"))]
        return [*fixed, *((value, segment.name) for value, segment in self.segments.items())]

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.user = request.user
        self.segments = {f"{_SEGMENT}{segment.pk}": segment for segment in Segment.objects.seen_by(request.user)}
        super().__init__(request, *args)

    @property
    def segment(self) -> Segment | None:
        """The one whose tab is open."""
        return self.segments.get(self.value())

    def words(self) -> str:
        if self.segment is None:
            return ""
        try:
            return Condition.from_data(self.segment.condition).sentence()
        except BadCondition:
            return ""

    def condition_rows(self) -> Rows:
        match self.value():
            case "mine":
                return [row("customers.success_manager", "in", [self.user.get_username()])]
            case "nobody":
                return [row("customers.has_success_manager", "no")]
            case "churned":
                return [row("customers.stage", "in", [Customer.Stage.CHURNED.value])]
        return []

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
        if self.segment is not None:
            return self._members(request, self.segment, queryset)
        match self.value():
            case "churned":
                return queryset.filter(lifecycle_stage=Customer.Stage.CHURNED)
            case "mine":
                queryset = queryset.filter(success_manager=self.user.pk)
            case "nobody":
                queryset = queryset.filter(success_manager__isnull=True)
        return queryset.exclude(lifecycle_stage=Customer.Stage.CHURNED)

    def _members(self, request: HttpRequest, segment: Segment, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        try:
            return members(segment, queryset, timezone.now())
        except BadCondition as error:
            words = _now("The segment “%(segment)s” cannot be asked any more: %(why)s")
            messages.error(request, words % {"segment": segment.name, "why": error})
            return queryset.none()


class ManagerFilter(OwnerFilter):
    title = _("success manager")
    parameter_name = "manager"
    field = "success_manager"

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.user = request.user
        super().__init__(request, *args)

    def condition_rows(self) -> Rows:
        chosen = self.value() or ""
        if chosen == "nobody":
            return [row("customers.has_success_manager", "no")]
        who = str(self.user.pk) if chosen == "me" else chosen
        names = list(staff().filter(pk=who).values_list("username", flat=True)) if who.isdigit() else []
        return [row("customers.success_manager", "in", names)] if names else []


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

    def condition_rows(self) -> Rows:
        names = [str(name) for key, name in self.lookup_choices if str(key) == self.value()]
        return [row("customers.tags", "has", names)] if names else []


def _with_contract(queryset: QuerySet[Customer], **lookups: Any) -> QuerySet[Customer]:
    runs = in_force(utc_day(timezone.now()))
    return queryset.filter(Exists(Subscription.objects.filter(runs, customer=OuterRef("pk"), **lookups)))


class Renewal(RenewsWithin):
    """By the contracts in force."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return _with_contract(queryset, **renews(chosen, utc_day(timezone.now()))) if chosen else queryset

    def condition_rows(self) -> Rows:
        chosen = self.value()
        if chosen == "past":
            return [row("customers.renewal_past_due", "yes")]
        return [row("customers.renews_on", "within_next", int(chosen))] if chosen in {"30", "90"} else []


class Payment(DropdownFilter):
    title = _("payment")
    parameter_name = "payment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Subscription.PaymentStatus.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        return _with_contract(queryset, payment_status=self.value()) if self.value() else queryset

    def condition_rows(self) -> Rows:
        known = self.value() in Subscription.PaymentStatus.values
        return [row("customers.payment_status", "in", [self.value()])] if known else []
