"""What is promised, as a grid to edit: tiers by severities, each with the time until three moments."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ..levels.rules import SEVERITIES, TIERS, Clock
from ..levels.spelling import BadSpan, minutes_of, spell_hours

CLOCKS = ((Clock.FIRST_RESPONSE, _("First")), (Clock.NEXT_RESPONSE, _("Next")), (Clock.RESOLUTION, _("Solved")))


class SpanField(forms.Field):
    """Minutes, as people write them; nothing: no promise."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"class": "af-input", "placeholder": "–", "maxlength": 20})
        super().__init__(required=False, widget=widget, **kwargs)

    def prepare_value(self, value: Any) -> str:
        return spell_hours(value) if isinstance(value, int) else str(value or "")

    def to_python(self, value: Any) -> Any:
        try:
            return minutes_of(str(value or ""))
        except BadSpan as error:
            raise ValidationError(str(error)) from None


@dataclass(frozen=True)
class Cell:
    """The three fields of a tier and a severity, each with its label."""

    severity: str
    fields: list[tuple[Any, Any]]


class PromisesForm(forms.Form):
    """Every tier and severity; `definition` is what `levels.policy` stores."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for tier, severity, clock in _places():
            label = f"{tier}, {severity}: {clock.words}"
            self.fields[_name(tier, severity, clock)] = SpanField(label=label)
            self.fields[_name(tier, severity, clock)].widget.attrs["aria-label"] = label

    @staticmethod
    def of(definition: Mapping[str, Any], revision: int) -> "PromisesForm":
        targets = definition["targets"]
        initial = {_name(*place): targets[place[0]][place[1]][str(place[2])] for place in _places()}
        return PromisesForm(initial={**initial, "revision": revision})

    def rows(self) -> Iterator[tuple[str, list[Cell]]]:
        for tier in TIERS:
            yield tier, [Cell(severity, self._fields(tier, severity)) for severity in SEVERITIES]

    def _fields(self, tier: str, severity: str) -> list[tuple[Any, Any]]:
        return [(label, self[_name(tier, severity, clock)]) for clock, label in CLOCKS]

    def definition(self) -> dict[str, Any]:
        return {
            "targets": {
                tier: {
                    severity: {str(clock): self.cleaned_data[_name(tier, severity, clock)] for clock in Clock}
                    for severity in SEVERITIES
                }
                for tier in TIERS
            }
        }


def _places() -> Iterator[tuple[str, str, Clock]]:
    return ((tier, severity, clock) for tier in TIERS for severity in SEVERITIES for clock in Clock)


def _name(tier: str, severity: str, clock: Clock) -> str:
    return f"{tier}-{severity}-{clock}"


def grid(definition: Mapping[str, Any]) -> list[tuple[str, list[list[tuple[Any, str]]]]]:
    """A version to read: by tier, for each severity, each moment with its time."""
    targets = definition["targets"]
    return [(tier, [_read(targets[tier][severity]) for severity in SEVERITIES]) for tier in TIERS]


def _read(row: Mapping[str, int | None]) -> list[tuple[Any, str]]:
    return [(label, spell_hours(minutes) if (minutes := row[str(clock)]) else "–") for clock, label in CLOCKS]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What another version promises differently, in words."""
    found = []
    for tier, severity, clock in _places():
        was, becomes = (one["targets"][tier][severity][str(clock)] for one in (before, after))
        if was != becomes:
            old, new = (spell_hours(value) if value else _("no promise") for value in (was, becomes))
            found.append(f"{tier.capitalize()}, {severity}: {clock.words} {old} → {new}")
    return found
