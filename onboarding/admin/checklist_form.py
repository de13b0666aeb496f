"""A checklist's items as a form: rows that can be added, moved and taken out."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from .. import rules
from ..models import ChecklistVersion


def _attrs(label: Any, **attrs: Any) -> dict[str, Any]:
    return {"class": "af-input", "aria-label": label, **attrs}


class ItemForm(forms.Form):
    """One item. What is known by evidence is chosen by name; a word of one's own is ticked off by people."""

    key = forms.SlugField(
        label=_("Key"),
        max_length=rules.MAX_KEY,
        widget=forms.TextInput(attrs=_attrs(_("Key"), list="known-milestones", placeholder="own_item")),
    )
    title = forms.CharField(
        label=_("Title"), max_length=rules.MAX_TITLE, widget=forms.TextInput(attrs=_attrs(_("Title")))
    )
    expected_day = forms.IntegerField(
        label=_("Expected by day"),
        required=False,
        min_value=1,
        max_value=rules.MAX_DAY,
        widget=forms.NumberInput(attrs=_attrs(_("Expected by day"), placeholder="–")),
    )
    is_required = forms.BooleanField(label=_("Required"), required=False, initial=True)
    help = forms.CharField(
        label=_("Help"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs=_attrs(_("Help"), placeholder=_("What it means, in a sentence"))),
    )

    def has_changed(self) -> bool:
        """A blank row stays blank though it has a place, which the page gives to every row."""
        return bool({*self.changed_data} - {"ORDER", "is_required"})

    def item(self) -> dict[str, Any]:
        """As the definition says it; what is usual is left out."""
        given = {name: self.cleaned_data[name] for name in ("key", "title", "expected_day", "is_required", "help")}
        usual = {"expected_day": None, "is_required": True, "help": ""}
        return {name: value for name, value in given.items() if name not in usual or value != usual[name]}


class _Items(BaseFormSet):
    """In the order of their places; the definition as a whole is judged by the rules."""

    definition: Mapping[str, Any] = {}

    def clean(self) -> None:
        if any(self.errors):
            return
        rows = [form.item() for form in self.ordered_forms if form.cleaned_data.get("key")]
        self.definition = {"items": rows}
        try:
            rules.Checklist.from_data(self.definition)
        except rules.BadChecklist as error:
            raise ValidationError(str(error)) from None


ItemFormSet = formset_factory(
    ItemForm, formset=_Items, extra=1, can_delete=True, can_order=True, max_num=rules.MAX_ITEMS, absolute_max=60
)


def form_of(version: ChecklistVersion, given: Any = None) -> Any:
    """The items of a version to edit."""
    rows = [
        {
            "key": item.key,
            "title": item.title,
            "expected_day": item.expected_day,
            "is_required": item.is_required,
            "help": item.help,
        }
        for item in version.plan.items
    ]
    return ItemFormSet(given, initial=rows, prefix="items")
