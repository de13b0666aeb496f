"""What the mail, its plain text and the console's page show alike: a report's figures put into words and rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agentfactory_cs.console.chips import Mood
from agentfactory_cs.console.templatetags.console import figure, signed

from ..rules import AT_RISK, HEALTHY, STEADY
from .content import BANDS, LEFT, NEW, NO_DATA, Alerts, Content, Flow, Measure, Named, Revenue, Standing
from .weeks import sunday_of

MOODS: dict[str, Mood] = {AT_RISK: "bad", STEADY: "plain", HEALTHY: "good"}
PLACES: dict[str, str | Promise] = {
    AT_RISK: gettext_lazy("at risk"),
    STEADY: gettext_lazy("steady"),
    HEALTHY: gettext_lazy("healthy"),
    NO_DATA: gettext_lazy("no data"),
    NEW: gettext_lazy("new"),
    LEFT: gettext_lazy("left us"),
}


def days_of(week: date) -> str:
    """The week in words: "9 – 15 Nov 2026", "26 Oct – 1 Nov 2026", "28 Dec 2026 – 3 Jan 2027"."""
    last = sunday_of(week)
    first = "j" if week.month == last.month else "j M" if week.year == last.year else "j M Y"
    return f"{date_format(week, first)} – {date_format(last, 'j M Y')}"


def whose(content: Content) -> str:
    return content.owner or _("The whole book")


def money(revenue: Revenue) -> str:
    """Amounts by currency, in whole units: "1,200 USD + 90 EUR"; a dash for none."""
    return " + ".join(f"{figure(float(amount))} {currency}" for currency, amount in revenue.items()) or "–"


@dataclass(frozen=True)
class Tile:
    """A figure in large, what it is of, and how it moved since the week before; `short` is its change alone."""

    label: str
    number: str
    unit: str
    change: str
    short: str
    mood: str
    definition: str


def tiles(content: Content) -> list[Tile]:
    """The four figures at the top."""
    now, before = content.standing, content.before
    if now is None:
        return []
    was = before if before and before.scored else None
    average = (now.average, was.average if was else None)
    return [
        _tile(_("Average score"), average, _("of 100"), 1, True, _("Mean score of all customers that have one.")),
        _share(_("At risk"), AT_RISK, now, was, better_up=False),
        _share(_("Healthy"), HEALTHY, now, was, better_up=True),
        _tile(
            _("Data coverage"),
            tuple(None if stood is None or stood.coverage is None else 100 * stood.coverage for stood in (now, was)),
            "%",
            0,
            True,
            _("Mean share of the scores' weight that had data."),
        ),
    ]


def _share(label: str, band: str, now: Standing, was: Standing | None, *, better_up: bool) -> Tile:
    values = (now.share(band) if now.scored else None, was.share(band) if was else None)
    counts = {"count": figure(now.in_band(band)), "scored": figure(now.scored)}
    return _tile(
        label, values, _("%% · %(count)s of %(scored)s") % counts, 1, better_up, _("Share of the scored customers.")
    )


def _tile(
    label: str, values: Sequence[float | None], unit: str, decimals: int, better_up: bool, definition: str
) -> Tile:
    now, was = values
    if now is None:
        return Tile(label, "–", "", _("nothing to measure"), "", "same", definition)
    if was is None:
        return Tile(label, figure(now, decimals), unit, _("no week before"), "", "same", definition)
    change = round(now - was, decimals)
    short = signed(change, decimals) if change else _("no change")
    words = _("%(change)s · before %(before)s") % {"change": short, "before": figure(was, decimals)}
    return Tile(
        label, figure(now, decimals), unit, words, short if change else "±0", mood(change, better_up), definition
    )


def mood(change: float | None, better_up: bool) -> str:
    """Whether a change is for the better, the worse, or none."""
    if not change:
        return "same"
    return "better" if (change > 0) == better_up else "worse"


@dataclass(frozen=True)
class BandRow:
    """A band now and a week before, with its shares in per cent of the scored customers."""

    band: str
    label: str
    mood: Mood
    count: int
    share: float
    before: int | None
    share_before: float | None

    @property
    def change(self) -> int | None:
        return None if self.before is None else self.count - self.before


def bands(content: Content) -> list[BandRow]:
    """Worst first."""
    now, was = content.standing, content.before
    if now is None:
        return []
    return [
        BandRow(
            band,
            str(PLACES[band]),
            MOODS[band],
            now.in_band(band),
            now.share(band),
            was.in_band(band) if was else None,
            was.share(band) if was else None,
        )
        for band in BANDS
    ]


@dataclass(frozen=True)
class FlowRow:
    """Customers that went from one place to another since the week before."""

    origin: str
    target: str
    customers: int
    mood: str


# A step up is for the better; whoever came without a score before is news only where it is bad.
_RANK = {LEFT: 0, AT_RISK: 1, STEADY: 2, HEALTHY: 3}


def flows(content: Content) -> list[FlowRow]:
    """Those who moved, the most first; who stayed where they were is left out."""
    moved = [flow for flow in content.flows if flow.origin != flow.target]
    moved.sort(key=lambda flow: (-flow.customers, flow.origin, flow.target))
    return [FlowRow(str(PLACES[one.origin]), str(PLACES[one.target]), one.customers, _way(one)) for one in moved]


def _way(flow: Flow) -> str:
    if flow.target == LEFT or (flow.origin in (NEW, NO_DATA) and flow.target == AT_RISK):
        return "worse"
    if flow.origin not in _RANK or flow.target not in _RANK:
        return "same"
    return "better" if _RANK[flow.target] > _RANK[flow.origin] else "worse"


def stayed(content: Content) -> int:
    """How many are in the band they were in."""
    return sum(flow.customers for flow in content.flows if flow.origin == flow.target)


@dataclass(frozen=True)
class NamedList:
    """A list of customers under a heading; `rest` are those beyond the ones named."""

    key: str
    title: str
    rows: Sequence[Named]
    rest: int
    empty: str


def lists(content: Content) -> list[NamedList]:
    """Falls, new at risk, recovered, rises."""
    joined = content.moved((STEADY, HEALTHY, NEW, NO_DATA), (AT_RISK,))
    recovered = content.moved((AT_RISK,), (STEADY, HEALTHY))
    return [
        NamedList("falls", _("Biggest falls"), content.falls, 0, _("Nobody fell this week.")),
        NamedList(
            "new_at_risk",
            _("New at risk"),
            content.new_at_risk,
            max(joined - len(content.new_at_risk), 0),
            _("Nobody became at risk this week."),
        ),
        NamedList(
            "recovered",
            _("Recovered"),
            content.recovered,
            max(recovered - len(content.recovered), 0),
            _("Nobody recovered this week."),
        ),
        NamedList("rises", _("Biggest rises"), content.rises, 0, _("Nobody rose this week.")),
    ]


@dataclass(frozen=True)
class MeasureRow:
    """A key figure as people read it."""

    label: str
    definition: str
    number: str
    before: str
    change: str
    mood: str


def measures(content: Content) -> Iterator[MeasureRow]:
    """Those that have a figure for the week or the one before."""
    for measure in content.measures:
        if measure.value is not None or measure.before is not None:
            yield MeasureRow(
                measure.label,
                measure.definition,
                _with_unit(measure, measure.value),
                _with_unit(measure, measure.before),
                signed(measure.change, measure.decimals) if measure.change else "–",
                mood(measure.change, measure.better == "higher"),
            )


def _with_unit(measure: Measure, value: float | None) -> str:
    return f"{figure(value, measure.decimals)} {measure.unit}".strip() if value is not None else "–"


def precision(alerts: Alerts) -> str:
    """What alerts of the kind turned out to be, in words."""
    counts = {"useful": alerts.useful, "noise": alerts.noise, "known": alerts.known}
    words = _("In %(days)s days %(useful)s labelled useful, %(noise)s noise, %(known)s known already")
    told = words % {"days": alerts.labelled_days, **{label: figure(count) for label, count in counts.items()}}
    if alerts.precision is None:
        return _("%(told)s: too few to say how often they are right") % {"told": told}
    return _("%(told)s: right in %(share)s %%") % {"told": told, "share": figure(alerts.precision)}
