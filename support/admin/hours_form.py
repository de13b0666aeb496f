"""Opening hours as people write them: "09:00-12:30, 13:30-17:00" for a day, nothing where it is closed."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ..clocks import BadCalendar
from ..clocks.calendar import WEEK, spans
from ..models import BusinessCalendar, OwnDay

DAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
_SPAN = re.compile(r"(\d{1,2})(?::(\d\d))?\s*(?:-|–|to)\s*(\d{1,2})(?::(\d\d))?")
_INPUT = {"class": "af-input"}


def read_spans(words: str) -> list[list[str]]:
    """[["09:00", "12:30"], …]; ValidationError where the words are no hours."""
    found = []
    for part in filter(None, (one.strip() for one in re.split(r"[,;]", words))):
        if (match := _SPAN.fullmatch(part)) is None:
            raise ValidationError(_("“%(part)s” is no span such as 09:00-17:00."), params={"part": part})
        found.append([f"{int(match[at]):02}:{match[at + 1] or '00'}" for at in (1, 3)])
    try:
        spans(found, "spans")
    except BadCalendar as error:
        raise ValidationError(str(error).removeprefix("spans: ")) from None
    return found


def write_spans(found: Any) -> str:
    return ", ".join(f"{begin}-{end}" for begin, end in found or ())


class HoursField(forms.Field):
    """The spans of one day."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={**_INPUT, "placeholder": str(_("closed")), "maxlength": 120})
        super().__init__(required=False, widget=widget, **kwargs)

    def prepare_value(self, value: Any) -> str:
        return value if isinstance(value, str) else write_spans(value)

    def to_python(self, value: Any) -> Any:
        return read_spans(str(value or ""))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """A blank row stays blank: no hours are an empty list."""
        return str(data or "").strip() != write_spans(initial)


class CalendarForm(forms.ModelForm):
    """The week is a row for each day; `instance.week` is made of them."""

    class Meta:
        model = BusinessCalendar
        fields = ("name", "time_zone", "country", "subdivision", "is_default")
        widgets = {name: forms.TextInput(attrs=_INPUT) for name in ("name", "time_zone", "country", "subdivision")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, label in zip(WEEK, DAYS, strict=True):
            self.fields[key] = HoursField(label=label, initial=(self.instance.week or {}).get(key, []))

    def days(self) -> list[Any]:
        return [self[key] for key in WEEK]

    def _post_clean(self) -> None:
        self.instance.week = {key: found for key in WEEK if (found := self.cleaned_data.get(key))}
        if not (self.instance.week or self.errors):
            self.add_error(None, _("With these hours the desk is never open."))
        for name in ("country", "subdivision"):
            self.cleaned_data[name] = self.cleaned_data.get(name, "").strip().upper()
        super()._post_clean()  # type: ignore[misc]

    def validate_constraints(self) -> None:
        """The service unsets the default before; the database judges the rest."""


class OwnDayForm(forms.ModelForm):
    spans = HoursField(label=_("Open"))

    class Meta:
        model = OwnDay
        fields = ("day", "name", "spans")
        widgets = {
            "day": forms.DateInput(attrs={**_INPUT, "type": "date"}, format="%Y-%m-%d"),
            "name": forms.TextInput(attrs={**_INPUT, "placeholder": str(_("Such as summer party"))}),
        }


OwnDayFormSet = forms.inlineformset_factory(
    BusinessCalendar, OwnDay, form=OwnDayForm, extra=2, can_delete=True, max_num=200
)
