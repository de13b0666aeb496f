"""Segments: their list, their form with whom they fit, and the way from the customers list to them."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldBooleanSwitchWidget

from agentfactory_cs.console.lists import FilledChangeList, FilledListAdmin, ListLink
from agentfactory_cs.console.paging import rows_of_parts
from agentfactory_cs.console.registry import Words, columns, default_orders
from agentfactory_cs.console.saving import ServiceAdmin

from ..conditions import BadCondition, Condition
from ..conditions.form import ConditionField
from ..console.columns import SUBJECT
from ..models import Customer, Segment
from ..segments import members
from ..services import remove_segment, save_segment
from .belonging import overview_of
from .filters import Whose, row

SHOWN = 20
# The list's filters that Django makes of fields, by the fact that asks the same.
_FACT_OF_FIELD = {"tier": "customers.tier", "lifecycle_stage": "customers.stage"}


class SegmentForm(forms.ModelForm):
    condition = ConditionField(label=_("Who"), required=True)
    is_shared = forms.BooleanField(
        label=_("For everybody"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("Everybody has it as a tab. Otherwise you alone do."),
    )

    class Meta:
        model = Segment
        fields = ("name", "condition", "order")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["is_shared"] = self.instance.owner_id is None


@admin.register(Segment)
class SegmentAdmin(FilledListAdmin, ServiceAdmin):
    form = SegmentForm
    service = staticmethod(save_segment)
    removal = staticmethod(remove_segment)
    list_display = ("name", "asks", "whose", "order")
    list_select_related = ("owner",)
    search_fields = ("name",)
    ordering = ("order", "name", "id")
    empty_words = _("A segment is a tab of the customers list. Choose filters there, then “Save as segment”.")
    change_form_after_template = "admin/customers/segment/members.html"
    fieldsets = ((None, {"fields": ("name", "condition", ("is_shared", "order"))}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        return super().get_queryset(request).filter(pk__in=Segment.objects.seen_by(request.user))

    @display(description=_("Who"))
    def asks(self, segment: Segment) -> str:
        try:
            return Condition.from_data(segment.condition).sentence()
        except BadCondition as error:
            return _now("Cannot be asked any more: %(why)s") % {"why": error}

    @display(description=_("Whose"))
    def whose(self, segment: Segment) -> str:
        return _now("everybody's") if segment.owner is None else _now("yours")

    def links(self, request: HttpRequest, changelist: FilledChangeList) -> Sequence[ListLink]:
        return [ListLink(_("Customers"), "apartment", reverse("admin:customers_customer_changelist"))]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = super().get_changeform_initial_data(request)
        try:
            condition = json.loads(str(initial.get("condition", "null")))
            Condition.from_data(condition)
        except ValueError:  # no JSON, or (BadCondition) none that can be asked
            condition = None
        return {**initial, "condition": condition}

    def save_model(self, request: HttpRequest, obj: Model, form: forms.ModelForm, change: bool) -> None:
        assert isinstance(obj, Segment)
        obj.owner = None if form.cleaned_data["is_shared"] else request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        segment = self.get_object(request, object_id)
        shown = _shown(segment) if segment else {}
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})


def _shown(segment: Segment) -> dict[str, Any]:
    """The first customers of the segment with the columns of the customers list; nothing where it cannot be asked."""
    now, asked = timezone.now(), [column for column in columns if column.subject == SUBJECT]
    customers: QuerySet[Customer] = Customer.objects.select_related("success_manager")
    for column in asked:
        customers = column.prepare(customers, now) if column.prepare else customers
    try:
        found, order = _first(members(segment, customers, now))
    except BadCondition as error:
        return {"refusal": str(error)}
    shown = found[:SHOWN]
    loaded = [(column, column.load(shown, now)) for column in asked]
    return {
        "titles": [column.title for column in asked],
        "members": [
            (overview_of(one.pk), one, [column.render(values.get(one.pk)) for column, values in loaded])
            for one in shown
        ],
        "order": order,
        "is_more": len(found) > SHOWN,
        "tab": f"{reverse('admin:customers_customer_changelist')}?whose=segment-{segment.pk}",
    }


def _first(customers: QuerySet[Customer]) -> tuple[list[Customer], Words]:
    """The first ones and one more, in the order of the customers list, and the words for that order."""
    order = next((one for one in default_orders if one.subject == SUBJECT), None)
    if order is None:
        return list(customers[: SHOWN + 1]), ""
    parts = [customers.filter(part.condition).order_by(*part.ordering) for part in order.parts()]
    return rows_of_parts(parts, 0, SHOWN + 1), order.words


class SegmentLinks:
    """What the customers list offers: to edit the segment whose tab is open, or to keep what is chosen as one."""

    def links(self, request: HttpRequest, changelist: FilledChangeList) -> Sequence[ListLink]:
        whose = next(spec for spec in changelist.filter_specs if isinstance(spec, Whose))
        segment = whose.segment
        if segment and request.user.has_perm("customers.change_segment"):
            return [ListLink(_("Edit segment"), "edit", reverse("admin:customers_segment_change", args=(segment.pk,)))]
        if segment or not request.user.has_perm("customers.add_segment"):
            return []
        add, rows = reverse("admin:customers_segment_add"), _rows_of(changelist)
        if not rows:
            return [ListLink(_("New segment"), "add", add)]
        condition = json.dumps({"match": "all", "rows": rows})
        return [ListLink(_("Save as segment"), "bookmark_add", f"{add}?{urlencode({'condition': condition})}")]


def _rows_of(changelist: FilledChangeList) -> list[dict[str, Any]]:
    """What is chosen above the list, as rows of a condition."""
    rows = []
    for spec in changelist.filter_specs:
        if hasattr(spec, "condition_rows"):
            rows += spec.condition_rows()
        elif chosen := getattr(spec, "lookup_val", None):
            words = chosen if isinstance(chosen, list) else [chosen]
            fact = _FACT_OF_FIELD.get(getattr(spec, "field_path", ""))
            rows += [row(fact, "in", words)] if fact else []
    return rows
