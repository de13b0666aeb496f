"""What happened since last week, in sentences, the largest matter first. Pure: figures in, words out."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agentfactory_cs.console.templatetags.console import figure, signed

from ..rules import AT_RISK, HEALTHY, STEADY
from .content import LEFT, NEW, NO_DATA, AtRiskRevenue, Content, Named, Standing

MOST = 6
# What weighs as much as one percentage point of the at-risk share: half a point of the average, two percentage points
# of revenue at risk, ten of coverage. What did not move weighs least, and stands last.
_AVERAGE, _REVENUE, _COVERAGE = 2.0, 0.5, 0.1
# A customer's fall weighs five times what it took from the average, for it has a name; a rise half of that. In a
# large book that is next to nothing, and still worth a line.
_FALL, _RISE, _LEAST = 10.0, 5.0, 0.2
_STANDS = 0.01
COVERAGE_WORTH_SAYING = 5.0

_POINTS = re.compile(r"^[+−][\d.,]+: ")


@dataclass(frozen=True)
class Matter:
    """A sentence, and how much it weighs."""

    weight: float
    words: str


def sentences(content: Content) -> list[str]:
    """At most MOST, the largest matter first."""
    if content.standing is None or not content.standing.scored:
        return [content.nothing or _("None of these customers has a score yet.")]
    matters: list[Matter] = []
    for say in _SAID:
        matters += say(content, content.standing)
    return [matter.words for matter in sorted(matters, key=lambda matter: -matter.weight)][:MOST]


def percents(*shares: float) -> list[str]:
    """Shares in per cent, whole where that tells them apart as well as they are apart."""
    texts = [figure(share) for share in shares]
    apart = len(set(texts)) == len({round(share, 1) for share in shares})
    return [f"{text} %" for text in (texts if apart else [figure(share, 1) for share in shares])]


def listed(parts: Sequence[str]) -> str:
    """ "a, b and c"."""
    return _(" and ").join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def reason(named: Named) -> str:
    """The first cause without its points: "conversations per week fell from 610 to 240"."""
    return _POINTS.sub("", named.sentences[0]) if named.sentences else ""


def _at_risk(content: Content, now: Standing) -> Iterator[Matter]:
    share, before = now.share(AT_RISK), content.before
    if before is None or not before.scored:
        words = _("%(count)s of %(scored)s customers (%(share)s) are at risk. No scored week before to compare with.")
        values = {"count": figure(now.at_risk), "scored": figure(now.scored), "share": percents(share)[0]}
        yield Matter(100, words % values)
        return
    was = before.share(AT_RISK)
    old, new = percents(was, share)
    if old == new:
        head = _("The at-risk share stayed at %(new)s") % {"new": new}
    elif share > was:
        head = _("The at-risk share rose from %(old)s to %(new)s") % {"old": old, "new": new}
    else:
        head = _("The at-risk share fell from %(old)s to %(new)s") % {"old": old, "new": new}
    yield Matter(max(abs(share - was), _STANDS * 9), f"{head}: {_who_moved(content, now, before)}.")


def _who_moved(content: Content, now: Standing, before: Standing) -> str:
    """Who came to be at risk and who no longer is; "nobody came or went" where none did."""
    moved = content.moved
    counts: Sequence[tuple[int, Callable[[int], str]]] = (
        (
            moved((STEADY, HEALTHY), (AT_RISK,)),
            lambda n: ngettext("%(n)s customer joined", "%(n)s customers joined", n),
        ),
        (moved((NEW, NO_DATA), (AT_RISK,)), lambda n: ngettext("%(n)s began there", "%(n)s began there", n)),
        (moved((AT_RISK,), (STEADY, HEALTHY)), lambda n: ngettext("%(n)s recovered", "%(n)s recovered", n)),
        (moved((AT_RISK,), (LEFT,)), lambda n: ngettext("%(n)s left us", "%(n)s left us", n)),
        (moved((AT_RISK,), (NO_DATA,)), lambda n: ngettext("%(n)s has no data", "%(n)s have no data", n)),
    )
    parts = [say(count) % {"n": figure(count)} for count, say in counts if count]
    if not parts:
        parts = [_("nobody joined or recovered")]
    return _("%(who)s (now %(now)s of %(scored)s, before %(before)s of %(scored_before)s)") % {
        "who": listed(parts),
        "now": figure(now.at_risk),
        "scored": figure(now.scored),
        "before": figure(before.at_risk),
        "scored_before": figure(before.scored),
    }


def _average(content: Content, now: Standing) -> Iterator[Matter]:
    before = content.before.average if content.before else None
    if now.average is None:
        return
    values = {"new": figure(now.average, 1), "old": figure(before, 1)}
    change = 0.0 if before is None else now.average - before
    if before is None or values["new"] == values["old"]:
        stayed = _("The average score is %(new)s.") if before is None else _("The average score stayed at %(new)s.")
        yield Matter(_STANDS * 5, stayed % values)
    elif change > 0:
        yield Matter(change * _AVERAGE, _("The average score rose from %(old)s to %(new)s.") % values)
    else:
        yield Matter(-change * _AVERAGE, _("The average score fell from %(old)s to %(new)s.") % values)


def _moves(content: Content, now: Standing) -> Iterator[Matter]:
    """The biggest fall and the biggest rise."""
    for named in [*content.falls[:1], *content.rises[:1]]:
        change = named.change or 0.0
        points = figure(abs(change))
        fell = _("%(name)s fell %(points)s points to %(score)s")
        rose = _("%(name)s rose %(points)s points to %(score)s")
        head = (fell if change < 0 else rose) % {"name": named.name, "points": points, "score": named.score}
        why = reason(named)
        weight = max(abs(change) / now.scored * (_FALL if change < 0 else _RISE), _LEAST)
        yield Matter(weight, f"{head}: {why}." if why else f"{head}.")


def _healthy(content: Content, now: Standing) -> Iterator[Matter]:
    if content.before is None or not content.before.scored:
        yield Matter(_STANDS * 6, _("%(share)s are healthy.") % {"share": percents(now.share(HEALTHY))[0]})
        return
    share, was = now.share(HEALTHY), content.before.share(HEALTHY)
    old, new = percents(was, share)
    if old != new:
        words = _("The healthy share rose from %(old)s to %(new)s.")
        if share < was:
            words = _("The healthy share fell from %(old)s to %(new)s.")
        # Losing somebody who was content is less pressing than somebody at risk.
        yield Matter(abs(share - was) / 2, words % {"old": old, "new": new})


def _revenue(content: Content, now: Standing) -> Iterator[Matter]:
    for row in content.revenue:
        if row.everybody and (row.at_risk or row.before):
            yield _revenue_in(row)


def _revenue_in(row: AtRiskRevenue) -> Matter:
    share = 100 * float(row.at_risk / row.everybody)
    values = {"money": f"{figure(float(row.at_risk))} {row.currency}", "share": percents(share)[0]}
    head = _("Customers at risk pay %(money)s a month, %(share)s of the revenue in that currency") % values
    change = None if row.before is None else row.at_risk - row.before
    if not change:
        return Matter(_STANDS * 4, f"{head}.")
    more = _("%(money)s more than a week before") if change > 0 else _("%(money)s less than a week before")
    tail = more % {"money": f"{figure(abs(float(change)))} {row.currency}"}
    return Matter(_REVENUE * 100 * abs(float(change / row.everybody)), f"{head}: {tail}.")


def _renewals(content: Content, now: Standing) -> Iterator[Matter]:
    soon = next(iter(content.renewals), None)
    if soon is None or not soon.contracts:
        return
    money = listed([f"{figure(float(amount))} {currency}" for currency, amount in soon.revenue.items()])
    words = ngettext(
        "%(n)s contract of a customer at risk renews within %(days)s days: %(money)s a month.",
        "%(n)s contracts of customers at risk renew within %(days)s days: %(money)s a month.",
        soon.contracts,
    )
    weight = 20 * soon.contracts / now.scored
    yield Matter(weight, words % {"n": figure(soon.contracts), "days": soon.within_days, "money": money})


def _coverage(content: Content, now: Standing) -> Iterator[Matter]:
    before = content.before.coverage if content.before else None
    if now.coverage is None or before is None:
        return
    change = 100 * (now.coverage - before)
    if abs(change) >= COVERAGE_WORTH_SAYING:
        old, new = percents(100 * before, 100 * now.coverage)
        words = _("The scores rest on %(new)s of their data, before on %(old)s (%(change)s points).")
        yield Matter(abs(change) * _COVERAGE, words % {"old": old, "new": new, "change": signed(change)})


_SAID: Sequence[Callable[[Content, Standing], Iterator[Matter]]] = (
    _at_risk,
    _average,
    _moves,
    _healthy,
    _revenue,
    _renewals,
    _coverage,
)
