"""A condition in a form: a field, edited by rows of fact, operator and value.

    class SegmentForm(forms.Form):
        condition = ConditionField(label=_("Who"), none_words=_("Without a row: everybody."))

`cleaned_data` holds {"match": "all" | "any", "rows": […]}, or None where no row asks for anything. A page shows
`{{ form.media }}` in its head and the field as any other; the rows work without scripts, too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Words

from .condition import BadCondition, Condition
from .offered import OfferedOperator, fact_groups, operators_for, value_input
from .typed import BadRow, Typed, TypedRow

# Rows to fill in for whoever has no scripts; scripts take them away and add them one by one.
BLANKS = 2
TEMPLATE_NUMBER = "__n__"


@dataclass(frozen=True)
class ShownRow:
    """One row as the template draws it; `name` begins the names of its inputs."""

    name: str
    typed: TypedRow
    problem: str = ""

    @property
    def id(self) -> str:
        return f"id_{self.name}"

    @property
    def groups(self) -> Any:
        return fact_groups(self.typed.fact)

    @property
    def operators(self) -> Sequence[tuple[str, Sequence[OfferedOperator]]]:
        return operators_for(self.typed.fact, self.typed.operator)

    @property
    def input(self) -> Any:
        return value_input(self.typed.fact, self.typed.operator, self.typed.values)


class ConditionWidget(forms.Widget):
    """Rows of inputs. What was typed comes back as it was, each row that cannot be asked with its reason."""

    use_fieldset = True
    none_words: Words = ""

    class Media:
        css = {"all": ("customers/conditions.css",)}
        js = ("customers/conditions.js",)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Typed:
        return Typed.read(data, name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-match" not in data

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return ""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        typed = value if isinstance(value, Typed) else Typed.of(value)
        rows = [row for row in typed.rows if not row.is_blank]
        context = {
            "name": name,
            "match": typed.match,
            "rows": list(_shown(rows, name)),
            "blanks": [ShownRow(f"{name}-{len(rows) + place}", TypedRow()) for place in range(BLANKS)],
            "template": ShownRow(f"{name}-{TEMPLATE_NUMBER}", TypedRow()),
            "next": len(rows) + BLANKS,
            "none_words": self.none_words,
            "described_by": (attrs or {}).get("aria-describedby", ""),
        }
        return SafeString(render_to_string("admin/conditions/editor.html", context))


def _shown(rows: Sequence[TypedRow], name: str) -> Iterator[ShownRow]:
    for place, row in enumerate(rows):
        yield ShownRow(f"{name}-{place}", row, row.problem())


class ConditionField(forms.Field):
    """A condition's data, or None where no row asks for anything (refused where the field is required).

    `none_words` says beside the rows what it means that there are none.
    """

    widget = ConditionWidget
    default_error_messages = {"required": _("Add at least one row."), "row": _("Row %(row)s: %(problem)s")}

    def __init__(self, *, none_words: Words = "", required: bool = False, **kwargs: Any) -> None:
        super().__init__(required=required, **kwargs)
        self.widget.none_words = none_words

    def clean(self, value: Any) -> dict[str, Any] | None:
        typed = value if isinstance(value, Typed) else Typed.of(value)
        if problems := [*self._problems(typed)]:
            raise ValidationError(problems)
        data = typed.data()
        if data is None and self.required:
            raise ValidationError(self.error_messages["required"], code="required")
        try:
            Condition.from_data(data)
        except BadCondition as error:
            raise ValidationError(str(error).partition(": ")[2].capitalize(), code="invalid") from None
        return data

    def _problems(self, typed: Typed) -> Iterator[ValidationError]:
        rows = Typed(typed.match, [row for row in typed.rows if not row.is_blank])
        for at, problem in rows.problems():
            words = {"row": at, "problem": problem}
            yield ValidationError(self.error_messages["row"], code="row", params=words)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return data.data() != Typed.of(initial).data() if isinstance(data, Typed) else data != initial
        except BadRow:
            return True


def read_condition(sent: Mapping[str, Any], name: str) -> Condition:
    """The condition that stands in a form under the name. Raises ValidationError with what is wrong, row by row."""
    return Condition.from_data(ConditionField(label=_now("Condition")).clean(Typed.read(sent, name)))
