"""The definition of a scorecard as a form: weights and shares in per cent, targets in a grid of tiers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BaseFormSet, BoundField, formset_factory
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ..definitions import Definition, checked
from ..differences import in_a_sentence
from ..metrics import COMPONENT_LABELS, COMPONENTS, METRICS, PER_COMPONENT, PLACE, SIGNALS, TIERS, Metric
from ..models import ScorecardVersion
from ..rules import NEUTRAL, REDISTRIBUTE, ZERO, BadDefinition

POLICIES = (
    (REDISTRIBUTE, _("its weight goes to the others")),
    (NEUTRAL, _("counts as 50 points")),
    (ZERO, _("counts as 0 points")),
)
ENDS = ("best", "worst")
# Weights in per cent may miss 100 by this much, as 33.3 three times does; then they are scaled.
ROUNDING = 0.5


def _figure(label: Any = "", *, required: bool = True, **attrs: Any) -> forms.FloatField:
    widget = forms.NumberInput(attrs={"class": "af-input", "step": "any", "aria-label": label, **attrs})
    return forms.FloatField(label=label, required=required, widget=widget)


def _per_cent(label: Any) -> forms.FloatField:
    return _figure(label, min=0, max=100)


def _choice(choices: Any, label: Any, *, required: bool = True) -> forms.ChoiceField:
    widget = forms.Select(attrs={"class": "af-input", "aria-label": label})
    return forms.ChoiceField(choices=choices, label=label, required=required, widget=widget)


@dataclass(frozen=True)
class _Stored:
    """A number of the definition, and how it is written on the page."""

    number: float | None
    percent: bool = False

    @property
    def shown(self) -> float | int | None:
        """As one writes it: 80 for 0.8 where it is a share, 15 for 15.0."""
        if self.number is None:
            return None
        shown = round(self.number * 100, 8) if self.percent else self.number
        return int(shown) if float(shown).is_integer() else shown

    def read(self, written: float | None) -> float | None:
        """What was written in its place. What nobody touched stays as it was, to the last digit."""
        if written == self.shown:
            return self.number
        return round(written / 100, 10) if self.percent and written is not None else written


class LimitForm(forms.Form):
    """A knock-out rule: never above so many points while a signal is on, or a reading lies below or above a figure."""

    subject = _choice(
        [
            ("", "–"),
            (_("while"), [(f"signal:{signal.key}", signal.phrase) for signal in SIGNALS]),
            (_("while a reading"), [(f"metric:{metric.key}", in_a_sentence(metric.label)) for metric in METRICS]),
        ],
        _("Condition"),
    )
    way = _choice([("", "–"), ("below", _("is below")), ("above", _("is above"))], _("Below or above"), required=False)
    value = _figure(_("Reading"), required=False)
    at_most = _figure(_("Never above"), min=0, max=100)

    @classmethod
    def initial_of(cls, limit: Mapping[str, Any]) -> dict[str, Any]:
        if "signal" in limit:
            return {"subject": f"signal:{limit['signal']}", "at_most": limit["at_most"]}
        way = "below" if "below" in limit else "above"
        value = _Stored(limit[way], METRICS[PLACE[limit["metric"]]].percent).shown
        return {
            "subject": f"metric:{limit['metric']}",
            "way": way,
            "value": value,
            "at_most": limit["at_most"],
            "held": limit,
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("subject", "").startswith("metric:"):
            for name, words in (("way", _("Say below or above.")), ("value", _("Say which reading."))):
                if given.get(name) in (None, "") and name not in self.errors:
                    self.add_error(name, words)
        return given

    def limit(self) -> dict[str, Any]:
        given = self.cleaned_data
        kind, _colon, key = given["subject"].partition(":")
        limit = {kind: key, "at_most": given["at_most"]}
        if kind == "metric":
            before = self._before(key, given["way"])
            limit[given["way"]] = before.read(given["value"])
        return limit

    def _before(self, metric: str, way: str) -> _Stored:
        """The reading this row held, where it held one of the same metric."""
        held: Mapping[str, Any] = self.initial.get("held") or {}
        number = held.get(way) if held.get("metric") == metric else None
        return _Stored(number, METRICS[PLACE[metric]].percent)


LimitFormSet = formset_factory(LimitForm, extra=1, can_delete=True, max_num=50, absolute_max=60)


@dataclass(frozen=True)
class EndRow:
    """The readings worth 100 or 0 points, tier by tier."""

    end: str
    fields: Sequence[BoundField]


@dataclass(frozen=True)
class MetricRow:
    """What the form asks about one metric."""

    metric: Metric
    unit: str
    weight: BoundField
    missing: BoundField
    ends: Sequence[EndRow]


@dataclass(frozen=True)
class ComponentRow:
    """What the form asks about one component."""

    key: str
    label: str
    weight: BoundField
    metrics: Sequence[MetricRow]

    @property
    def has_errors(self) -> bool:
        return any(
            field.errors
            for row in self.metrics
            for field in (row.weight, row.missing, *(field for end in row.ends for field in end.fields))
        )


class DefinitionForm(forms.Form):
    """A draft as a person edits it; `limits` are a formset of their own, checked along with it.

    Only the tiers the scorecard serves are asked about; the other tiers keep what they have.
    """

    title = forms.CharField(max_length=100, required=False, widget=forms.TextInput(attrs={"class": "af-input"}))
    revision = forms.IntegerField(widget=forms.HiddenInput)
    at_risk_below = _per_cent(_("At risk below"))
    healthy_above = _per_cent(_("Healthy above"))
    provisional_below = _per_cent(_("Provisional below"))

    def __init__(self, version: ScorecardVersion, data: Any = None) -> None:
        self.before: Definition = checked(version.definition)
        self.tiers = [version.scorecard.tier] if version.scorecard.tier else list(TIERS)
        self.stored = dict(self._stored())
        super().__init__(data, initial={**self._initial(), "title": version.title, "revision": version.revision})
        for name, field in self._fields():
            self.fields[name] = field
        limits = [LimitForm.initial_of(limit) for limit in self.before["limits"]]
        self.limits: BaseFormSet[LimitForm] = LimitFormSet(data, initial=limits, prefix="limits")

    def _fields(self) -> Iterator[tuple[str, forms.Field]]:
        for name in COMPONENTS:
            yield f"component-{name}", _per_cent(COMPONENT_LABELS[name])
        for metric in METRICS:
            yield f"weight-{metric.key}", _per_cent(metric.label)
            yield f"missing-{metric.key}", _choice(POLICIES, _("Without data"))
            for end in ENDS:
                for tier in self.tiers:
                    yield f"{end}-{metric.key}-{tier}", _figure(f"{metric.label}, {end}, {tier}", required=False)

    def _stored(self) -> Iterator[tuple[str, _Stored]]:
        """What the draft holds, by field; whether it is shown in per cent."""
        for name, share in self.before["components"].items():
            yield f"component-{name}", _Stored(share, percent=True)
        for name, points in self.before["bands"].items():
            yield name, _Stored(points)
        yield "provisional_below", _Stored(self.before["provisional_below"], percent=True)
        for metric in METRICS:
            held = self.before["metrics"][metric.key]
            yield f"weight-{metric.key}", _Stored(held["weight"], percent=True)
            for end in ENDS:
                for tier, reading in _by_tier(held[end]).items():
                    yield f"{end}-{metric.key}-{tier}", _Stored(reading, percent=metric.percent)

    def _initial(self) -> dict[str, Any]:
        policies = {f"missing-{key}": metric["missing"] for key, metric in self.before["metrics"].items()}
        return {**policies, **{name: stored.shown for name, stored in self.stored.items()}}

    def rows(self) -> list[ComponentRow]:
        """The form in the order of the page."""
        return [
            ComponentRow(name, COMPONENT_LABELS[name], self[f"component-{name}"], [*map(self._row, _metrics_of(place))])
            for place, name in enumerate(COMPONENTS)
        ]

    def _row(self, metric: Metric) -> MetricRow:
        ends = [EndRow(end, [self[f"{end}-{metric.key}-{tier}"] for tier in self.tiers]) for end in ENDS]
        unit = "%" if metric.percent else metric.unit
        return MetricRow(metric, unit, self[f"weight-{metric.key}"], self[f"missing-{metric.key}"], ends)

    def is_valid(self) -> bool:
        return self.limits.is_valid() & super().is_valid()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        self._scale([f"component-{name}" for name in COMPONENTS], _now("The components"), given)
        for place, name in enumerate(COMPONENTS):
            names = [f"weight-{metric.key}" for metric in _metrics_of(place)]
            self._scale(names, _now("The metrics of %(component)s") % {"component": COMPONENT_LABELS[name]}, given)
        if not self.errors and self.limits.is_valid():
            self._check(given)
        return given

    def _scale(self, names: Sequence[str], what: str, given: dict[str, Any]) -> None:
        """Weights that miss 100 % by rounding are scaled; others refused."""
        if any(given.get(name) is None for name in names):
            return
        if all(given[name] == self.stored[name].shown for name in names):
            given.update({name: self.stored[name].number for name in names})
            return
        total = sum(given[name] for name in names)
        if abs(total - 100) > ROUNDING:
            words = _now("%(what)s sum to %(total)s %%; they must sum to 100 %%.")
            self.add_error(names[0], words % {"what": what, "total": f"{total:g}"})
            return
        for name in names:
            given[name] = given[name] / total

    def _check(self, given: Mapping[str, Any]) -> None:
        try:
            self.definition = checked(self._definition(given))
        except BadDefinition as error:
            self.add_error(self._field_at(error.place), str(error).partition(": ")[2] or str(error))

    def _definition(self, given: Mapping[str, Any]) -> Definition:
        return {
            "components": {name: given[f"component-{name}"] for name in COMPONENTS},
            "metrics": {metric.key: self._metric(metric, given) for metric in METRICS},
            "bands": {name: self._read(name, given) for name in ("at_risk_below", "healthy_above")},
            "provisional_below": self._read("provisional_below", given),
            "limits": [form.limit() for form in self._limit_forms()],
        }

    def _metric(self, metric: Metric, given: Mapping[str, Any]) -> Definition:
        stored = self.before["metrics"][metric.key]
        found: Definition = {"weight": given[f"weight-{metric.key}"], "missing": given[f"missing-{metric.key}"]}
        for end in ENDS:
            asked = {tier: self._read(f"{end}-{metric.key}-{tier}", given) for tier in self.tiers}
            found[end] = {**_by_tier(stored[end]), **asked}
        return found

    def _read(self, name: str, given: Mapping[str, Any]) -> float | None:
        return self.stored[name].read(given.get(name))

    def _limit_forms(self) -> list[LimitForm]:
        kept = [form for form in self.limits.forms if form not in self.limits.deleted_forms]
        return [form for form in kept if form.has_changed() or form.initial]

    def _field_at(self, place: str) -> str | None:
        """The field a place in the definition is edited in."""
        names: dict[str, str] = {"bands": "at_risk_below", "provisional_below": "provisional_below"}
        match place.split("."):
            case ["components", name]:
                return f"component-{name}"
            case ["metrics", key, ("worst" | "best") as end, tier] if f"{end}-{key}-{tier}" in self.fields:
                return f"{end}-{key}-{tier}"
            case ["metrics", key]:
                return f"best-{key}-{self.tiers[0]}"
            case ["bands", name]:
                return name
        return names.get(place)


def _by_tier(end: Any) -> Mapping[str, Any]:
    return end if isinstance(end, Mapping) else dict.fromkeys(TIERS, end)


def _metrics_of(component: int) -> Sequence[Metric]:
    return METRICS[component * PER_COMPONENT : (component + 1) * PER_COMPONENT]
