"""The definition of a playbook as a form: who and what for, and the steps in their order."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.apps import apps
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.customers.conditions.form import ConditionField
from agentfactory_cs.events.registry import triggers

from ..checking import Problem, problems
from ..rules import EVENT, MANUAL_START, MAX_DAYS, MAX_STEPS, SCHEDULE
from .step_form import StepForm

BEGINNINGS = (
    (EVENT, _("When something happens to a customer")),
    (SCHEDULE, _("Every day, everybody is looked at")),
    (MANUAL_START, _("Only when somebody, or another playbook, starts it")),
)
# What a playbook from nothing begins with.
EMPTY: Mapping[str, Any] = {"trigger": {"kind": MANUAL_START}, "steps": []}
GOAL_DAYS = 30


def _events() -> list[tuple[str, Any]]:
    """By the app that announces them."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for trigger in triggers:
        label = trigger.key.partition(".")[0]
        words = str(apps.get_app_config(label).verbose_name) if label in apps.app_configs else label
        groups.setdefault(words, []).append((trigger.key, str(trigger.label)))
    return [("", _("Choose what happens…")), *groups.items()]


class DefinitionForm(forms.Form):
    """A draft as a person edits it: of a stored `definition`, or of what was sent in `data`.

    Sent, `steps` holds the numbers of the steps in their order; the fields of each begin with `step-7-`.
    """

    # Somebody saved since the page was opened.
    is_late = False

    revision = forms.IntegerField(widget=forms.HiddenInput)
    trigger = forms.ChoiceField(label=_("Begins"), choices=BEGINNINGS, widget=forms.RadioSelect)
    event = forms.ChoiceField(
        label=_("What happens"), required=False, widget=forms.Select(attrs={"class": "af-input"}), choices=_events
    )
    entry = ConditionField(label=_("Enters"), none_words=_("Without a row: everybody."))
    exit = ConditionField(label=_("Leaves early"), none_words=_("Without a row: only when it churns."))
    goal = ConditionField(label=_("Goal"), none_words=_("Without a row: there is no goal."))
    goal_days = forms.IntegerField(
        label=_("within"),
        min_value=1,
        max_value=MAX_DAYS,
        required=False,
        widget=forms.NumberInput(attrs={"class": "af-input", "min": 1, "max": MAX_DAYS}),
    )

    def __init__(
        self,
        definition: Mapping[str, Any] | None = None,
        *,
        revision: int = 0,
        data: Any = None,
        is_sequence: bool = False,
    ) -> None:
        super().__init__(data, initial=_initial(definition or EMPTY, revision))
        self.stored, self.is_sequence = definition or EMPTY, is_sequence
        event = self.data.get("event") if self.is_bound else self.initial["event"]
        if event and event not in triggers:
            self.fields["event"].choices = [*_events(), (event, event)]  # type: ignore[attr-defined]
        self.steps = list(self._steps())

    def _steps(self) -> Iterator[StepForm]:
        earlier: list[tuple[str, str, str]] = []
        for number, stored in self._numbered():
            step = StepForm(number, data=self.data if self.is_bound else None, stored=stored, earlier=list(earlier))
            earlier.append((step.raw("key"), step.shown_title, step.raw("kind")))
            yield step

    def _numbered(self) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
        if not self.is_bound:
            yield from enumerate(self.stored.get("steps", ()))
            return
        for number in step_numbers(self.data):
            yield number, None

    def is_valid(self) -> bool:
        valid = [step.is_valid() for step in self.steps]
        return super().is_valid() and all(valid)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("trigger") == EVENT and not given.get("event") and "event" not in self.errors:
            self.add_error("event", _("Choose what happens."))
        return given

    def definition(self) -> dict[str, Any]:
        """As it is stored. The form must be valid."""
        given = self.cleaned_data
        trigger = {"kind": given["trigger"], **({"event": given["event"]} if given["trigger"] == EVENT else {})}
        goal = {"when": given["goal"], "within_days": given["goal_days"] or GOAL_DAYS} if given["goal"] else None
        rules = {"entry": given["entry"], "exit": given["exit"], "goal": goal}
        steps = [step.step() for step in self.steps]
        return {"trigger": trigger, **{name: rule for name, rule in rules.items() if rule}, "steps": steps}

    def problems(self) -> list[Problem]:
        """Why what stands in the form cannot be run; what does not fit its field stands at the field."""
        if not self.is_bound:
            return problems(self.stored, is_sequence=self.is_sequence) if self.stored.get("steps") else []
        return problems(self.definition(), is_sequence=self.is_sequence) if self.is_valid() else []


def step_numbers(data: Any) -> list[int]:
    """The numbers of the steps that were sent, in their order, each once."""
    sent = (text for text in data.getlist("steps") if text.isascii() and text.isdigit() and len(text) < 7)
    return list(dict.fromkeys(map(int, sent)))[: MAX_STEPS + 1]


def _initial(definition: Mapping[str, Any], revision: int) -> dict[str, Any]:
    trigger, goal = definition["trigger"], definition.get("goal") or {}
    return {
        "revision": revision,
        "trigger": trigger["kind"],
        "event": trigger.get("event", ""),
        "entry": definition.get("entry"),
        "exit": definition.get("exit"),
        "goal": goal.get("when"),
        "goal_days": goal.get("within_days", GOAL_DAYS),
    }
