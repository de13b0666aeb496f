"""One step of a playbook as a form: when, what, under which condition, and what it hangs on."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from django import forms
from django.forms import BoundField
from django.http import QueryDict
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.customers.conditions.form import ConditionField

from ..checking import parameters_of
from ..registry import Parameter, actions
from ..rules import ACTION, BRANCH, MANUAL, MANUAL_START, MAX_DAYS, WAIT, BadDefinition, Definition
from ..telling import ToldStep, tell_plan

KINDS = (
    (ACTION, _("by itself")),
    (MANUAL, _("by a person")),
    (WAIT, _("wait")),
    (BRANCH, _("branch")),
)
ICONS = {ACTION: "bolt", MANUAL: "person", WAIT: "hourglass_empty", BRANCH: "alt_route"}
PARAMETER = "param-"
# What the draft says of parameters that are not known here, as JSON: kept, and told to be wrong, until it is emptied.
UNKNOWN = "unknown-"
MOST = 10_000


def _attrs(label: Any = "", **attrs: Any) -> dict[str, Any]:
    return {"class": "af-input", **({"aria-label": label} if label else {}), **attrs}


def _whole(label: Any, most: int, help_text: Any = "") -> forms.IntegerField:
    widget = forms.NumberInput(attrs=_attrs(min=0, max=most))
    return forms.IntegerField(
        label=label, min_value=0, max_value=most, required=False, widget=widget, help_text=help_text
    )


def _one_of(label: Any, choices: Sequence[Any], **attrs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False, widget=forms.Select(attrs=_attrs(**attrs)))


class StepForm(forms.Form):
    """A step of any kind; `number` tells it from the others on the page, whatever their order.

    `earlier` are the steps that stand before it: (key, title, kind). What is not given yet is no error here: a
    draft may be half done, and its problems are listed beside it.
    """

    key = forms.RegexField(r"^[a-z0-9_]{1,60}$", widget=forms.HiddenInput)
    kind = forms.ChoiceField(choices=KINDS, widget=forms.HiddenInput)
    title = forms.CharField(label=_("Title"), max_length=120, widget=forms.TextInput(attrs=_attrs()))
    day = _whole(_("Day"), MAX_DAYS)
    hour = _whole(_("Hour"), 23)

    def __init__(self, number: int, *, data: Any, stored: Mapping[str, Any] | None, earlier: Sequence[Any]) -> None:
        self.number = number
        super().__init__(data, prefix=f"step-{number}", initial=_initial(stored) if stored else None)
        self.earlier, self.stored = earlier, stored or {}
        self.unknown = list(self._unknown())
        self._give_defaults()
        for name, field in self._fields():
            self.fields[name] = field

    def raw(self, name: str) -> str:
        """What stands in a field, checked or not."""
        if self.is_bound:
            return str(self.data.get(self.add_prefix(name), ""))
        return str(self.initial.get(name, ""))

    def _give_defaults(self) -> None:
        """To parameters that were not on the page before: those of another action, or of a new step."""
        given = {f"{self.prefix}-{PARAMETER}{parameter.key}": parameter.default for parameter in self.parameters}
        missing = {name: value for name, value in given.items() if value is not None and name not in self.data}
        if self.is_bound and missing:
            data = cast(QueryDict, self.data).copy()
            data.update(missing)
            self.data = data

    def _fields(self) -> Iterator[tuple[str, forms.Field]]:
        kind = self.raw("kind")
        if kind == ACTION:
            yield "action", _one_of(_("What it does"), _actions(self.raw("action")), id=f"id_step-{self.number}-action")
        for parameter in self.parameters:
            name = f"{PARAMETER}{parameter.key}"
            yield name, _parameter_field(parameter, self.raw(name))
        for key in self.unknown:
            yield f"{UNKNOWN}{key}", _unknown_field(key)
        if kind == BRANCH:
            yield "wait_days", _whole(_("Waits at most"), MAX_DAYS, _("Days for the condition to hold; then it is no."))
        if kind != WAIT:
            none = _("Without a row: in any case.") if kind != BRANCH else _("A branch needs a row to decide by.")
            words = _("Decides by") if kind == BRANCH else _("Only if")
            yield "condition", ConditionField(label=words, none_words=none)
        yield "branch", _one_of(_("Only on the way"), _ways(self.earlier, self.raw("branch")))
        yield "after", _one_of(_("Not before"), _befores(self.earlier, self.raw("after")))

    @property
    def parameters(self) -> Sequence[Parameter]:
        return parameters_of(self.raw("kind"), self.raw("action"))

    def _unknown(self) -> Iterator[str]:
        """The keys of parameters that stand in the draft, and that the action or task does not know."""
        known = {parameter.key for parameter in self.parameters}
        begins = self.add_prefix(UNKNOWN) if self.is_bound else UNKNOWN
        names = self.data if self.is_bound else self.initial
        for name in names:
            if name.startswith(begins) and (key := name.removeprefix(begins)) not in known:
                yield key

    @property
    def icon(self) -> str:
        kind, action = self.raw("kind"), self.raw("action")
        return actions.get(action).icon if kind == ACTION and action in actions else ICONS.get(kind, "question_mark")

    @property
    def is_manual(self) -> bool:
        return self.raw("kind") == MANUAL

    @property
    def shown_title(self) -> str:
        return self.raw("title") or _now("Without a title")

    @property
    def shown_day(self) -> str:
        return self.raw("day") or "0"

    @property
    def said(self) -> ToldStep | None:
        """In words, apart from what it hangs on; None while it is not complete enough for that."""
        if self.is_bound and not self.is_valid():
            return None
        alone = {name: value for name, value in self._alone().items() if name not in ("branch", "outcome", "after")}
        try:
            return tell_plan(Definition.from_data({"trigger": {"kind": MANUAL_START}, "steps": [alone]})).steps[0]
        except BadDefinition:
            return None

    def _alone(self) -> Mapping[str, Any]:
        return self.step() if self.is_bound else self.stored

    @property
    def does(self) -> str:
        """The kind of step, or its action, in a few words."""
        kind, action = self.raw("kind"), self.raw("action")
        return str(actions.get(action).label) if action in actions else str(dict(KINDS).get(kind, kind))

    def told(self) -> list[BoundField]:
        """The fields of the action's or task's parameters, and of those that it does not know."""
        known = [f"{PARAMETER}{parameter.key}" for parameter in self.parameters]
        return [self[name] for name in (*known, *(f"{UNKNOWN}{key}" for key in self.unknown))]

    def step(self) -> dict[str, Any]:
        """As the definition says it, without what is left at its default. The form must be valid."""
        given = self.cleaned_data
        outcome, _colon, branch = given["branch"].partition(":")
        told = {
            "action": given.get("action", ""),
            "params": dict(self._params()),
            "condition": given.get("condition"),
            "branch": branch,
            "outcome": outcome,
            "after": given["after"],
            "wait_days": given.get("wait_days") or 0,
            "hour": given["hour"] or 0,
        }
        fixed = {name: given[name] for name in ("key", "title", "kind")}
        return {**fixed, "day": given["day"] or 0, **{name: value for name, value in told.items() if value}}

    def _params(self) -> Iterator[tuple[str, Any]]:
        for parameter in self.parameters:
            value = self.cleaned_data[f"{PARAMETER}{parameter.key}"]
            if value not in (None, "") and value != parameter.default:
                yield parameter.key, value
        for key in self.unknown:
            if given := self.cleaned_data[f"{UNKNOWN}{key}"]:
                yield key, _from_json(given)


def _initial(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a stored step."""
    branch = f"{stored['outcome']}:{stored['branch']}" if stored.get("branch") else ""
    params = {f"{PARAMETER}{key}": value for key, value in stored.get("params", {}).items()}
    unknown = {f"{UNKNOWN}{key}": json.dumps(value) for key, value in stored.get("params", {}).items()}
    return {"hour": 0, "wait_days": 0, **stored, "branch": branch, **params, **unknown}


def _unknown_field(key: str) -> forms.Field:
    return forms.CharField(
        label=_now("%(key)s (not known here)") % {"key": key},
        required=False,
        help_text=_("It keeps this version from being published. Empty it to take it out."),
        widget=forms.TextInput(attrs=_attrs()),
    )


def _from_json(words: str) -> Any:
    """What somebody typed over is words."""
    try:
        return json.loads(words)
    except ValueError:
        return words


def _actions(chosen: str) -> list[tuple[str, Any]]:
    offered = [(action.key, action.label) for action in actions]
    return _with([("", _("Choose what it does…")), *offered], chosen)


def _with(choices: list[tuple[str, Any]], chosen: str) -> list[tuple[str, Any]]:
    """And what is chosen, where it is not offered any more: the choice is kept, and told to be wrong."""
    if chosen and chosen not in {str(key) for key, _label in choices}:
        choices.append((chosen, _now("%(what)s (not offered here)") % {"what": chosen}))
    return choices


def _ways(earlier: Sequence[tuple[str, str, str]], chosen: str) -> list[tuple[str, Any]]:
    ways: list[tuple[str, Any]] = [("", _("In any case"))]
    for key, title, kind in earlier:
        if kind == BRANCH:
            ways.append((f"yes:{key}", _now("“%(title)s” is answered with yes") % {"title": title}))
            ways.append((f"no:{key}", _now("“%(title)s” is answered with no") % {"title": title}))
    return _with(ways, chosen)


def _befores(earlier: Sequence[tuple[str, str, str]], chosen: str) -> list[tuple[str, Any]]:
    settled = [(key, _now("“%(title)s” is settled") % {"title": title}) for key, title, _kind in earlier]
    return _with([("", _("Its day")), *settled], chosen)


def _parameter_field(parameter: Parameter, chosen: str) -> forms.Field:
    """An input that fits the parameter's kind, beginning with its default."""
    asked: dict[str, Any] = {"label": parameter.label, "help_text": parameter.help, "initial": parameter.default}
    if parameter.choices is not None:
        offered = list((parameter.offered() or {}).items())
        empty = [] if parameter.default else [("", _("Choose…"))]
        return forms.ChoiceField(
            choices=_with([*empty, *offered], chosen), required=False, widget=forms.Select(attrs=_attrs()), **asked
        )
    if parameter.kind in ("number", "days"):
        widget = forms.NumberInput(attrs=_attrs(min=0, max=MOST))
        return forms.IntegerField(min_value=0, max_value=MOST, required=False, widget=widget, **asked)
    if parameter.kind == "yes_no":
        return forms.BooleanField(required=False, **asked)
    is_long = parameter.kind == "long_text"
    words = forms.Textarea(attrs=_attrs(rows=3)) if is_long else forms.TextInput(attrs=_attrs())
    return forms.CharField(required=False, widget=words, **asked)
