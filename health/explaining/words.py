"""The sentences of an explanation, as a person would say them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..metrics import METRICS, SIGNALS, TIERS, Metric
from ..models import HealthOverride, ScorecardVersion
from ..rules import Limit
from .change import BEHAVIOUR, MISSING, OVERRIDE, SCORECARD, Split
from .ledger import Holding, Ledger
from .lines import WORTH_SAYING

MOST_SENTENCES = 3
# So many metrics are named in one sentence; the others are counted.
MOST_NAMES = 3
CAUSE_LABELS = {
    BEHAVIOUR: gettext_lazy("Behaviour"),
    MISSING: gettext_lazy("Missing data"),
    SCORECARD: gettext_lazy("Scorecard change"),
    OVERRIDE: gettext_lazy("Override"),
}
# What a metric without data does, by the points it counts as (none: its weight is shared out).
_WITHOUT_DATA = {
    50.0: gettext_lazy("it counts as 50 points until there is"),
    0.0: gettext_lazy("it counts as 0 points until there is"),
}


@dataclass(frozen=True)
class Told:
    """One end of a comparison in the terms people use."""

    day: date
    version: ScorecardVersion
    override: HealthOverride | None


def signed(points: float) -> str:
    return f"{'+' if points > 0 else '−'}{abs(points):.1f}"


def say_date(day: date, beside: date) -> str:
    """ "14 Nov", with the year where that differs from the day beside it."""
    return date_format(day, "j M" if day.year == beside.year else "j M Y")


def headline(change: float | None, split: Split | None, since: date | None, day: date) -> str:
    """ "Fell 12.3 points since 14 Nov: behaviour −10.3, missing data −2.0." """
    if since is None:
        return ""
    when = say_date(since, day)
    if change is None or split is None:
        return _("No score on %(day)s to compare with.") % {"day": when}
    shown = split.shown
    parts = sorted(((points, cause) for cause, points in shown.items() if points), key=lambda part: -abs(part[0]))
    causes = ", ".join(f"{str(CAUSE_LABELS[cause]).lower()} {signed(points)}" for points, cause in parts)
    moved = sum(shown.values())
    if abs(moved) >= WORTH_SAYING:
        words = (
            _("Rose %(points).1f points since %(day)s") if moved > 0 else _("Fell %(points).1f points since %(day)s")
        )
        return f"{words % {'points': abs(moved), 'day': when}}: {causes}."
    unmoved = _("Unchanged since %(day)s") % {"day": when}
    return f"{unmoved}: {causes}." if causes else f"{unmoved}."


def sentences_of_change(split: Split, old: Ledger, new: Ledger, before: Told, after: Told) -> list[str]:
    """At most three, the largest cause first; none where nothing is worth saying. All that could be said sums to
    the change."""
    said = [(points, say_behaviour(place, old, new)) for place, points in enumerate(split.by_metric[BEHAVIOUR])]
    said += [
        (float(split.by_metric[MISSING].sum()), say_missing(old, new)),
        (float(split.by_metric[SCORECARD].sum()), say_scorecard(old, new, before, after)),
        (split.limits, _say_limits(old, new)),
        (split.by_override, _say_override(before, after)),
    ]
    said = [(points, words) for points, words in said if abs(points) >= WORTH_SAYING]
    said.sort(key=lambda item: -abs(item[0]))
    return [f"{signed(points)}: {words}" for points, words in said[:MOST_SENTENCES]]


def say_behaviour(place: int, old: Ledger, new: Ledger) -> str:
    """ "conversations per week fell from 610 to 240" """
    metric, was, is_now = METRICS[place], old.facts.readings[place], new.facts.readings[place]
    if np.isnan(was) or np.isnan(is_now):
        return ""
    before, after = _told_apart(metric, was, is_now)
    words = _("%(name)s rose from %(before)s to %(after)s")
    if is_now < was:
        words = _("%(name)s fell from %(before)s to %(after)s")
    return words % {"name": metric.phrase, "before": before, "after": after}


def _told_apart(metric: Metric, was: float, is_now: float) -> tuple[str, str]:
    """Both readings with as many decimals as it takes to see that they differ."""
    for extra in range(4):
        before, after = metric.say(was, extra), metric.say(is_now, extra)
        if before != after:
            break
    return before, after


def say_missing(old: Ledger, new: Ledger) -> str:
    """ "no data any more for NPS and login frequency; their weight went to the other metrics" """
    counts = ~np.isnan(new.best) & (new.card.metric_weights > 0)
    had, has = ~np.isnan(old.facts.readings), ~np.isnan(new.facts.readings)
    lost = [int(place) for place in np.flatnonzero(counts & had & ~has)]
    came = [int(place) for place in np.flatnonzero(counts & has & ~had)]
    parts = []
    if lost:
        parts.append(_("no data any more for %(names)s") % {"names": _names(lost)})
        parts.append(_what_became_of(new, lost))
    if came:
        parts.append(_("data now for %(names)s") % {"names": _names(came)})
    return "; ".join(part for part in parts if part)


def _names(places: Sequence[int]) -> str:
    names = [METRICS[place].phrase for place in places]
    if len(names) > MOST_NAMES + 1:
        others = len(names) - MOST_NAMES
        names = [*names[:MOST_NAMES], _("%(number)d others") % {"number": others}]
    return get_text_list(names, _("and"))


def _what_became_of(new: Ledger, lost: Sequence[int]) -> str:
    """Of the weight of metrics without data; nothing where the scorecard treats them in different ways."""
    policies = {None if np.isnan(points) else float(points) for points in new.card.without_data[lost]}
    if len(policies) != 1:
        return ""
    policy = policies.pop()
    if policy is not None:
        if len(lost) == 1:
            return str(_WITHOUT_DATA[policy])
        return _("each counts as %(points)d points until there is") % {"points": policy}
    if len(lost) == 1:
        return _("its weight went to the other metrics")
    return _("their weight went to the other metrics")


def say_scorecard(old: Ledger, new: Ledger, before: Told, after: Told) -> str:
    """ "moved from starter to pro: higher targets", "scored by Standard v2 instead of v1" """
    parts = []
    if old.facts.tier != new.facts.tier:
        tiers = {"before": TIERS[old.facts.tier], "after": TIERS[new.facts.tier], "targets": _targets(new, old)}
        parts.append(_("moved from %(before)s to %(after)s: %(targets)s") % tiers)
    if before.version.pk != after.version.pk:
        earlier = before.version
        same = earlier.scorecard_id == after.version.scorecard_id
        names = {"after": after.version, "before": f"v{earlier.number}" if same else earlier}
        parts.append(_("scored by %(after)s instead of %(before)s") % names)
    return "; ".join(parts)


def _targets(new: Ledger, old: Ledger) -> str:
    """How the targets of the new tier lie against those of the old, on the same scorecard."""
    rise = np.nan_to_num(new.best - new.card.best[old.facts.tier])
    further = rise * np.sign(np.nan_to_num(new.best - new.worst))
    if (further >= 0).all() and (further > 0).any():
        return _("higher targets")
    if (further <= 0).all() and (further < 0).any():
        return _("lower targets")
    return _("other targets")


def while_words(limit: Limit) -> str:
    """ "while a payment is unpaid", "while NPS is below −20" """
    if limit.signal is not None:
        phrase = next(signal.phrase for signal in SIGNALS if signal.key == limit.signal)
        return _("while %(what)s") % {"what": phrase}
    metric = next(metric for metric in METRICS if metric.key == limit.metric)
    name = metric.phrase
    if np.isfinite(limit.below):
        return _("while %(name)s is below %(reading)s") % {"name": name, "reading": metric.say(limit.below)}
    return _("while %(name)s is above %(reading)s") % {"name": name, "reading": metric.say(limit.above)}


def say_limit(holding: Holding) -> str:
    """ "Limit: never above 60 while a payment is unpaid: −14.2" """
    rule = _("Limit: never above %(most)g %(while)s") % {
        "most": holding.limit.at_most,
        "while": while_words(holding.limit),
    }
    if abs(holding.points) < WORTH_SAYING:
        return _("%(rule)s; the score lies below that anyway") % {"rule": rule}
    return f"{rule}: {signed(holding.points)}"


def _say_limits(old: Ledger, new: Ledger) -> str:
    before, after = _deciding(old), _deciding(new)
    if after is None:
        if before is None:
            return ""
        words = _("no longer limited to %(most)g %(while)s")
        return words % {"most": before.limit.at_most, "while": while_words(before.limit)}
    values = {"most": after.limit.at_most, "while": while_words(after.limit), "takes": -new.limited_by}
    if before is None:
        return _("never above %(most)g %(while)s") % values
    words = _("never above %(most)g %(while)s: that takes %(takes).1f now, %(took).1f before")
    return words % {**values, "took": -old.limited_by}


def _deciding(ledger: Ledger) -> Holding | None:
    """The lowest of the limits that lower the total."""
    return next((holding for holding in reversed(ledger.limits) if holding.points < 0), None)


def say_override(override: HealthOverride, beside: date) -> str:
    """ "set to 70 by Ana Ruiz until 30 Nov: contract signed" """
    return _("set to %(value)g by %(who)s until %(day)s: %(reason)s") % {
        "value": override.value,
        "who": override.created_by_label,
        "day": say_date(override.expires_on, beside),
        "reason": override.reason,
    }


def _say_override(before: Told, after: Told) -> str:
    was, now = before.override, after.override
    if now is None:
        if was is None:
            return ""
        return _("no longer set to %(value)g by %(who)s") % {"value": was.value, "who": was.created_by_label}
    words = say_override(now, after.day)
    if was is not None and was.pk == now.pk:
        return _("held: %(words)s") % {"words": words}
    return words


def sentence_of_metric(
    place: int, split: Split | None, old: Ledger | None, new: Ledger, before: Told | None, after: Told
) -> str:
    """What moved a metric's contribution, its own reading first; or where it stands."""
    if split is None or old is None or before is None:
        return say_standing(place, new)
    by_cause = {cause: float(split.by_metric[cause][place]) for cause in (BEHAVIOUR, MISSING, SCORECARD)}
    largest = max(by_cause, key=lambda cause: abs(by_cause[cause]))
    points = by_cause[largest]
    if abs(points) < WORTH_SAYING:
        return say_standing(place, new)
    if largest == BEHAVIOUR:
        return f"{signed(points)}: {say_behaviour(place, old, new)}"
    if largest == SCORECARD:
        return f"{signed(points)}: {say_scorecard(old, new, before, after)}"
    return f"{signed(points)}: {_say_presence(place, old, new)}"


def _say_presence(place: int, old: Ledger, new: Ledger) -> str:
    metric, was, is_now = METRICS[place], old.facts.readings[place], new.facts.readings[place]
    name = metric.phrase
    if np.isnan(is_now) and not np.isnan(was):
        return _("no data for %(name)s any more (was %(reading)s)") % {"name": name, "reading": metric.say(was)}
    if np.isnan(was) and not np.isnan(is_now):
        return _("data for %(name)s now: %(reading)s") % {"name": name, "reading": metric.say(is_now)}
    return _("weighs %(now).0f %% now instead of %(was).0f %%, because data of others came or went") % {
        "now": 100 * new.weights[place],
        "was": 100 * old.weights[place],
    }


def say_standing(place: int, ledger: Ledger) -> str:
    metric, reading = METRICS[place], ledger.facts.readings[place]
    name = metric.phrase
    if np.isnan(ledger.best[place]):
        return _("%(name)s is not counted for this tier") % {"name": metric.label}
    if np.isnan(reading) and np.isnan(ledger.points[place]):
        return _("No data for %(name)s; its weight went to the others") % {"name": name}
    if np.isnan(reading):
        return _("No data for %(name)s; it counts as %(points).0f points") % {
            "name": name,
            "points": ledger.points[place],
        }
    return _("%(name)s at %(reading)s against a target of %(target)s: %(points).0f of 100 points") % {
        "name": metric.label,
        "reading": metric.say(reading),
        "target": metric.say(ledger.best[place]),
        "points": ledger.points[place],
    }


def standing_sentences(ledger: Ledger, override: HealthOverride | None, day: date) -> list[str]:
    """What decides the score where nothing moved it: the override, the limit, the metrics that cost most."""
    said = []
    if override is not None:
        words = say_override(override, day)
        said.append(words[0].upper() + words[1:])
    if deciding := _deciding(ledger):
        said.append(say_limit(deciding))
    costs = [
        (ledger.weights[place] * (100 - points), place)
        for place, points in enumerate(ledger.points)
        if not np.isnan(points)
    ]
    worst = sorted((cost for cost in costs if cost[0] >= 1), key=lambda cost: -cost[0])
    said += [say_standing(place, ledger) for _cost, place in worst]
    return said[:MOST_SENTENCES]
