"""A backtest's figures in sentences for somebody who does not know what an area under a curve is."""

from collections.abc import Iterator
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..metrics import KEYS, METRICS
from .figures import Measure
from .result import ENOUGH_CHURNERS, KNOWN_ENOUGH, Discrimination, Result, Rival, Suggestion

INSTALL = "pip install --require-hashes -r requirements-model.txt"
# So many metrics are named; the table has them all.
NAMED = 4


def headline(result: Result) -> str:
    """The answer in one sentence."""
    return {
        "too_few": _too_few,
        "no_signal": lambda result: _("The score carries no signal here: it does not tell who will leave."),
        "only_age": lambda result: _(
            "The score carries no signal here beyond the customers' age: among customers of one age it does not tell"
            " who will leave."
        ),
        "wrong_way": lambda result: _("The score points the wrong way here: those who left had the higher scores."),
        "signal": lambda result: _("The score saw departures coming: those who left had lower scores before."),
    }[result.verdict](result)


def _too_few(result: Result) -> str:
    left = ngettext(
        "%(n)s customer left within %(days)s days of a month end",
        "%(n)s customers left within %(days)s days of a month end",
        result.churners,
    ) % {"n": result.churners, "days": result.horizon_days}
    if result.churners < ENOUGH_CHURNERS:
        needed = _("at least %(needed)s are needed to say more.") % {"needed": ENOUGH_CHURNERS}
        return _("The score carries no signal here that could be told from chance: %(left)s; %(needed)s") % {
            "left": left,
            "needed": needed,
        }
    return _("Too little can be compared to say anything: %(left)s, but hardly any beside others of their age.") % {
        "left": left
    }


def sentences(result: Result) -> list[str]:
    """What was looked at and what was found, the most important first."""
    return [*_scope(result), *_found(result), *_rivals(result), *_metrics(result)]


def _scope(result: Result) -> Iterator[str]:
    yield _(
        "%(scorecard)s was replayed over %(customers)s customers as of %(n)s month ends, %(since)s to %(until)s, with"
        " what was known then; %(churners)s of them left within %(days)s days of one."
    ) % {
        "scorecard": result.scorecard,
        "customers": f"{result.customers:,}",
        "n": len(result.months),
        "since": day_words(result.since),
        "until": day_words(result.until),
        "churners": f"{result.churners:,}",
        "days": result.horizon_days,
    }
    if result.looks:
        yield _("%(scored)s of %(looks)s looks had a score; on average %(coverage)s of its weight had data.") % {
            "scored": f"{result.scored:,}",
            "looks": f"{result.looks:,}",
            "coverage": percent(result.coverage),
        }


def _found(result: Result) -> Iterator[str]:
    area, net, reliable = result.score.area, result.score.net, result.score_reliable
    if area:
        yield _(
            "Of one customer who left and one who stayed, the score was lower for the one who left in %(share)s of all"
            " such pairs (%(interval)s); %(half)s is chance."
        ) % {"share": percent(area.value), "interval": interval(area), "half": percent(0.5)}
    if net:
        yield _("Among customers of one month end and about one age it was %(share)s (%(interval)s).") % {
            "share": percent(net.value),
            "interval": interval(net),
        }
    if reliable.area and result.reliable < result.scored:
        yield _("Of the %(n)s looks that were not provisional alone it was %(share)s (%(interval)s).") % {
            "n": f"{result.reliable:,}",
            "share": percent(reliable.area.value),
            "interval": interval(reliable.area),
        }
    if result.scored and not result.reliable:
        yield _("Every score was provisional: less data than the scorecard asks for.")
    yield from _caught(result)


def _caught(result: Result) -> Iterator[str]:
    for one in result.caught:
        if one.of:
            yield _(
                "The worst %(share)s of each month end held %(caught)s of those who then left; by chance %(share)s."
            ) % {
                "share": percent(one.share),
                "caught": percent(one.caught / one.of),
            }
    lead = result.lead
    if lead.of:
        words = _("%(seen)s of %(n)s departures stood in the worst fifth until the end") % {
            "seen": lead.seen,
            "n": lead.of,
        }
        median = _(", half of them for %(days)s days or more.") % {"days": round(lead.median_days or 0)}
        yield words + (median if lead.seen else ".")


RIVALS = {
    "fell": lambda: _("usage fell by 30 %"),
    "fall": lambda: _("how far usage fell"),
    "age": lambda: _("the younger, the riskier"),
}


def _rivals(result: Result) -> Iterator[str]:
    if result.verdict == "too_few":
        return
    better = [rival for rival in result.rivals if _beats(rival)]
    for rival in better:
        yield _("Even the plainest rule, “%(rule)s”, tells more than the score: %(share)s (%(interval)s).") % {
            "rule": RIVALS[rival.key](),
            "share": percent(rival.area.value) if rival.area else "",
            "interval": interval(rival.area),
        }
    beaten = [RIVALS[rival.key]() for rival in result.rivals if rival.margin and rival.margin.low > 0]
    if beaten:
        yield _("It tells more than these plain rules: %(rules)s.") % {"rules": "; ".join(beaten)}


def _beats(rival: Rival) -> bool:
    """Better by its estimate, and no accident against a coin."""
    return bool(rival.area and rival.margin and rival.margin.value < 0 and rival.area.low > 0.5)


def _metrics(result: Result) -> Iterator[str]:
    telling = telling_metrics(result)
    if telling and result.verdict != "too_few":
        told = ", ".join(f"{metric_label(one.key)} ({percent(one.area.value)})" for one in telling[:NAMED] if one.area)
        yield _("Alone these metrics told most: %(told)s.") % {"told": told}
    silent = [metric_label(one.key) for one in result.metrics if one.area and one.area.is_chance]
    if silent and result.verdict == "signal":
        yield _("Alone no better than chance here: %(names)s.") % {"names": ", ".join(silent)}


def telling_metrics(result: Result) -> list[Discrimination]:
    """Those known of enough looks whose interval lies above chance, with and without age, the best first."""
    known = [one for one in result.metrics if one.share >= KNOWN_ENOUGH]
    found = [one for one in known if one.area and one.area.low > 0.5 and one.net and one.net.low > 0.5]
    return sorted(found, key=lambda one: -one.area.low if one.area else 0)


def suggestion_words(suggestion: Suggestion) -> str:
    """What came of looking for better weights."""
    words = {
        "not_installed": _("Better weights are looked for where scikit-learn is installed: %(install)s"),
        "several_scorecards": _("Several scorecards are in force: weights are suggested for one at a time."),
        "too_few": _("Too few customers left for weights to be suggested: at least %(needed)s are needed."),
        "not_better": _(
            "Other weights would not have done clearly better: %(after)s against %(before)s, on customers the model had"
            " not seen."
        ),
        "": _(
            "Other weights would have told more: %(after)s against %(before)s, on customers the model had not seen"
            " (gain %(gain)s)."
        ),
    }[suggestion.reason]
    gain = suggestion.gain
    return words % {
        "install": INSTALL,
        "needed": ENOUGH_CHURNERS,
        "before": percent(suggestion.before or 0),
        "after": percent(suggestion.after or 0),
        "gain": _("between %(low)s and %(high)s points") % {"low": points(gain.low), "high": points(gain.high)}
        if gain
        else "",
    }


def metric_label(key: str) -> str:
    return METRICS[KEYS.index(key)].label


def percent(share: float) -> str:
    """A share as it is read; the space does not break."""
    return f"{share * 100:.0f}\N{NO-BREAK SPACE}%"


def points(share: float) -> str:
    return f"{share * 100:.1f}"


def interval(measure: Measure | None) -> str:
    """ "73–90 %": where the true value lies with 95 % confidence."""
    return f"{measure.low * 100:.0f}–{percent(measure.high)}" if measure else "–"


def day_words(day: str) -> str:
    return date_format(date.fromisoformat(day), "DATE_FORMAT")
