"""Routing rules as a form: rows that can be added, moved, switched off and taken out; and a ticket to try them on."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from ..models import Area, RoutingVersion, Team, Ticket
from ..routing import rules, versions

# Places in the definition, by the field they are edited in.
_FIELDS = {"when.areas": "areas", "when.severities": "severities", "when.tiers": "tiers", "when.languages": "languages"}


def _attrs(label: Any, **attrs: Any) -> dict[str, Any]:
    return {"class": "af-input", "aria-label": label, **attrs}


def _words(label: Any, most: int, *, required: bool = False, placeholder: Any = "") -> forms.CharField:
    widget = forms.TextInput(attrs=_attrs(label, placeholder=placeholder))
    return forms.CharField(label=label, max_length=most, required=required, widget=widget)


def _boxes(label: Any, choices: Sequence[tuple[str, Any]]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple(attrs={"aria-label": label})
    )


def _choice(label: Any, choices: Sequence[tuple[str, Any]]) -> forms.ChoiceField:
    widget = forms.Select(attrs=_attrs(label))
    return forms.ChoiceField(label=label, choices=choices, required=False, widget=widget)


def _named(keys: Sequence[str]) -> list[tuple[str, str]]:
    return [(key, key.capitalize()) for key in keys]


def _list(written: str) -> list[str]:
    return [word.strip() for word in written.split(",") if word.strip()]


class RuleForm(forms.Form):
    """One rule: when it fits, and what it does then."""

    name = _words(_("Name"), rules.MAX_NAME, required=True, placeholder=_("What it is for"))
    active = forms.BooleanField(label=_("on"), required=False, initial=True)
    areas = _boxes(_("Areas"), ())
    severities = _boxes(_("Severities"), _named(rules.SEVERITIES))
    tiers = _boxes(_("Tiers"), _named(rules.TIERS))
    languages = _words(_("Languages"), 200, placeholder=_("any, or such as de, pt"))
    team = _choice(_("Team"), ())
    gives_way = forms.BooleanField(label=_("only what no rule before has said"), required=False)
    priority = _choice(_("Priority"), [("", _("as it is")), *_named(rules.PRIORITIES)])
    add_tags = _words(_("Tags"), 400, placeholder=_("none"))
    escalate = _words(_("Escalate"), rules.MAX_WORDS, placeholder=_("no, or why, in a sentence"))

    def __init__(self, *args: Any, teams: Sequence[tuple[str, str]], areas: Sequence[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["areas"].choices = areas  # type: ignore[attr-defined]
        self.fields["team"].choices = [("", _("as it is")), *teams]  # type: ignore[attr-defined]

    def has_changed(self) -> bool:
        """A blank row stays blank though it has a place, which the page gives to every row."""
        return bool({*self.changed_data} - {"ORDER", "active"})

    def conditions(self) -> list[forms.BoundField]:
        """Those that are chosen from."""
        return [self[name] for name in ("areas", "severities", "tiers")]

    def rule(self) -> dict[str, Any]:
        """As the definition says it; what is usual is left out."""
        given = self.cleaned_data
        lists = {name: given[name] for name in ("areas", "severities", "tiers")}
        when = {**lists, "languages": _list(given["languages"])}
        told = {
            "name": given["name"],
            "active": given["active"],
            "when": {name: some for name, some in when.items() if some},
            "team": given["team"],
            "gives_way": given["gives_way"],
            "priority": given["priority"],
            "add_tags": _list(given["add_tags"]),
            "escalate": given["escalate"].strip(),
        }
        usual = {"active": True, "gives_way": False}
        return {name: value for name, value in told.items() if (value != usual[name] if name in usual else value)}


class _Rules(BaseFormSet):
    """In the order of their places; the definition as a whole is judged by the rules."""

    definition: Mapping[str, Any] = {}

    def clean(self) -> None:
        if any(self.errors):
            return
        rows = [form for form in self.ordered_forms if form.cleaned_data.get("name")]
        self.definition = {"rules": [form.rule() for form in rows]}
        try:
            versions.checked(self.definition)
        except ValidationError as refusal:
            self._show(rows, " ".join(refusal.messages))

    def _show(self, rows: Sequence[forms.BaseForm], words: str) -> None:
        """Beside the field it is about, where it names one."""
        place, _colon, why = words.partition(": ")
        parts = place.split(".", 2)
        if len(parts) < 2 or not parts[1].isdecimal():
            raise ValidationError(words)
        field = _FIELDS.get(parts[2], parts[2]) if len(parts) == 3 else None
        rows[int(parts[1])].add_error(field if field in rows[0].fields else None, why)


RuleFormSet = formset_factory(
    RuleForm,
    formset=_Rules,
    extra=0,
    can_delete=True,
    can_order=True,
    max_num=rules.MAX_RULES,
    absolute_max=rules.MAX_RULES + 20,
)


def form_of(version: RoutingVersion, given: Any = None) -> Any:
    """The rules of a version to edit. Two queries."""
    teams = list(Team.objects.active().values_list("key", "name"))
    areas = list(Area.objects.filter(is_active=True).values_list("key", "name"))
    rows = [_initial(rule) for rule in versions.routing_of(version).rules]
    known = {"teams": _with(teams, [row["team"] for row in rows]), "areas": _with(areas, _all_areas(rows))}
    return RuleFormSet(given, initial=rows, prefix="rules", form_kwargs=known)


def _all_areas(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [key for row in rows for key in row["areas"]]


def _with(known: list[tuple[str, str]], used: Sequence[str | None]) -> list[tuple[str, str]]:
    """What is offered, and what a rule still names though it is gone."""
    there = {key for key, _name in known}
    return known + [(key, f"{key} (gone)") for key in dict.fromkeys(used) if key and key not in there]


def _initial(rule: rules.Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "active": rule.active,
        "areas": list(rule.areas),
        "severities": list(rule.severities),
        "tiers": list(rule.tiers),
        "languages": ", ".join(rule.languages),
        "team": rule.team,
        "gives_way": rule.gives_way,
        "priority": rule.priority,
        "add_tags": ", ".join(rule.add_tags),
        "escalate": rule.escalate,
    }


class TrialForm(forms.Form):
    """A ticket to try rules on: one that there is, by its number, or what one would be like."""

    ticket = forms.IntegerField(
        label=_("Number of a ticket"), required=False, min_value=1, max_value=2**53, widget=forms.NumberInput()
    )
    area = forms.ModelChoiceField(Area.objects.all(), label=_("Area"), required=False, to_field_name="key")
    severity = _choice(_("Severity"), _named(rules.SEVERITIES))
    tier = _choice(_("Tier"), [("", _("not a customer")), *_named(rules.TIERS)])
    language = _words(_("Language"), 8, placeholder="en")
    text = forms.CharField(
        label=_("or what is written, to tell the language by"),
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs=_attrs(_("Text"), rows=3)),
    )
    rules = _choice(_("Rules"), [("draft", _("the draft")), ("in_force", _("in force"))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("ticket", "area"):
            self.fields[name].widget.attrs.update(_attrs(self.fields[name].label))

    def clean_ticket(self) -> Ticket | None:
        number = self.cleaned_data["ticket"]
        if number is None:
            return None
        found = Ticket.objects.select_related("area", "customer", "team").filter(pk=number).first()
        if found is None:
            raise ValidationError(_("There is no ticket %(number)s."), params={"number": number})
        return found
