"""An effect in sentences."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agentfactory_cs.console.templatetags.console import figure, signed

from .figures import Effect
from .means import estimate, gap
from .proportions import Estimate
from .verdicts import LEAST, Kind, Verdict

MOODS: Mapping[Kind, str] = {
    "helps": "good",
    "harms": "bad",
    "unclear": "warn",
    "too_few": "quiet",
    "no_control": "quiet",
    "no_goal": "quiet",
}


def percent(share: float) -> str:
    return f"{figure(100 * share)} %"


def interval(estimate: Estimate) -> str:
    """ "38 % to 52 %"."""
    return _("%(low)s to %(high)s") % {"low": percent(estimate.low), "high": percent(estimate.high)}


def points(estimate: Estimate) -> str:
    """ "+12 points (+2 to +21)"."""
    low, high = signed(100 * estimate.low), signed(100 * estimate.high)
    told = {"value": signed(100 * estimate.value), "low": low or "0", "high": high or "0"}
    return _("%(value)s points (%(low)s to %(high)s)") % told


def headline(effect: Effect, verdict: Verdict) -> str:
    """What can be said of whether it works, in a sentence."""
    if verdict.kind == "no_goal":
        return _("It has no goal: what it achieves cannot be measured.")
    if verdict.kind == "no_control":
        return _("Nobody has been held out: there is nothing to compare with.")
    if verdict.kind == "too_few" or verdict.treated is None or verdict.control is None:
        return _("Too few to say: it takes %(n)s customers on either side whose days for the goal are over.") % {
            "n": LEAST
        }
    shares = {
        "treated": percent(verdict.treated.value),
        "control": percent(verdict.control.value),
    }
    if verdict.kind == "helps":
        return _("It helps: %(treated)s reach the goal with it, %(control)s without.") % shares
    if verdict.kind == "harms":
        return _("It does harm: %(treated)s reach the goal with it, %(control)s without.") % shares
    return _("No difference can be told yet: %(treated)s reach the goal with it, %(control)s without.") % shares


def sentences(effect: Effect, verdict: Verdict) -> list[str]:
    said = []
    if verdict.difference is not None and verdict.kind not in ("no_goal", "no_control"):
        said.append(_("Difference: %(points)s, the span of 95 %%.") % {"points": points(verdict.difference)})
    if verdict.is_underpowered:
        said.append(underpowered(verdict))
    if effect.undecided and verdict.kind != "no_goal":
        words = ngettext(
            "%(n)s customer still has time to reach the goal, and is not compared yet.",
            "%(n)s customers still have time to reach the goal, and are not compared yet.",
            effect.undecided,
        )
        said.append(words % {"n": figure(effect.undecided)})
    if effect.stayed.size and effect.stayed_held_out.size:
        said.append(_stayed(effect))
    if revenue := _revenue(effect):
        said.append(revenue)
    return said


def _revenue(effect: Effect) -> str:
    """What they still pay; "" where too few on either side paid on entering."""
    with_it, without = estimate(effect.revenue), estimate(effect.revenue_held_out)
    apart = gap(effect.revenue, effect.revenue_held_out)
    enough = min(effect.revenue.size, effect.revenue_held_out.size) >= LEAST
    if not enough or with_it is None or without is None or apart is None:
        return ""
    told = {
        "value": percent(with_it.value),
        "span": interval(with_it),
        "held_out": percent(without.value),
        "span_held_out": interval(without),
        "points": points(apart),
    }
    return (
        _(
            "Revenue retained: with it customers pay %(value)s (%(span)s) of what they paid on entering, held out "
            "%(held_out)s (%(span_held_out)s): %(points)s, the span of 95 %%."
        )
        % told
    )


def underpowered(verdict: Verdict) -> str:
    words = ngettext(
        "Underpowered: about %(n)s more customer must be held out before a difference of this size, or of ten points, "
        "would be seen.",
        "Underpowered: about %(n)s more customers must be held out before a difference of this size, or of ten points, "
        "would be seen.",
        verdict.more_held_out,
    )
    return words % {"n": figure(verdict.more_held_out)}


def _stayed(effect: Effect) -> str:
    shares = {"stayed": percent(effect.stayed.share), "held_out": percent(effect.stayed_held_out.share)}
    return _("%(stayed)s of those compared are still with us, and %(held_out)s of those held out.") % shares
