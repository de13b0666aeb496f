"""A preview in sentences: what it would have done, why others would not have entered, and what cannot be known."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agentfactory_cs.console.templatetags.console import figure
from agentfactory_cs.messaging.gate.rules import CAP, CAP_DAYS

from ..models.run import RefusalReason
from .result import DAYS, Result


def headline(result: Result) -> str:
    """ "212 customers would have entered, 14 entries a week; 45 mails and 9 tasks a week." """
    if not result.customers:
        return _("Nobody would have entered in the last %(days)s days.") % {"days": DAYS}
    entered = ngettext("%(n)s customer would have entered", "%(n)s customers would have entered", result.customers)
    work = _("%(mails)s mails and %(tasks)s tasks a week") % {
        "mails": weekly(sum(result.mails), result),
        "tasks": weekly(sum(result.tasks), result),
    }
    said = [
        f"{entered % {'n': figure(result.customers)}}, "
        + _("%(n)s entries a week") % {"n": weekly(sum(result.entered), result)},
        work,
    ]
    if result.over_cap:
        said.append(_over(result))
    return "; ".join(said) + "."


def _over(result: Result) -> str:
    words = ngettext(
        "%(n)s customer would have reached the mail cap",
        "%(n)s customers would have reached the mail cap",
        result.over_cap,
    )
    return words % {"n": figure(result.over_cap)}


def weekly(total: int, result: Result) -> str:
    """A mean by week: whole numbers from ten on."""
    mean = total / result.weeks
    return figure(mean, 0 if mean >= 10 or mean == 0 else 1)


def cap_words() -> str:
    asked = {"cap": CAP, "days": CAP_DAYS}
    return _("No contact gets more than %(cap)s automatic mails in %(days)s days: the rest would have waited.") % asked


_REFUSED = {
    RefusalReason.CONDITION: gettext_lazy("did not meet the entry conditions when it happened"),
    RefusalReason.ALREADY_IN: gettext_lazy("were looked at again while they were in it"),
    RefusalReason.COOL_DOWN: gettext_lazy("were looked at again too soon after they had been in it"),
    RefusalReason.PRIORITY: gettext_lazy("were in a playbook that goes first"),
    RefusalReason.CHURNED: gettext_lazy("had left us"),
    RefusalReason.OLD_NEWS: gettext_lazy("were named by an event that was old news"),
}


def refused_words(result: Result) -> list[tuple[str, str]]:
    """(how many customers, the reason), the most first."""
    rows = sorted(result.refused.items(), key=lambda row: -row[1])
    return [(figure(count), str(_REFUSED[RefusalReason(reason)])) for reason, count in rows]


def caveats(result: Result) -> Sequence[str]:
    """What the past does not tell."""
    said = []
    if result.today_only:
        names = ", ".join(f"“{name}”" for name in result.today_only)
        said.append(_("Taken as they are today, for no history of them is kept: %(names)s.") % {"names": names})
    if result.without_contact:
        words = ngettext(
            "%(n)s customer would have got no mail: it has no primary contact today.",
            "%(n)s customers would have got no mail: they have no primary contact today.",
            result.without_contact,
        )
        said.append(words % {"n": figure(result.without_contact)})
    if result.late_events:
        words = ngettext(
            "%(n)s event was only recorded more than 2 days after it happened; here it counts as known at once.",
            "%(n)s events were only recorded more than 2 days after they happened; here they count as known at once.",
            result.late_events,
        )
        said.append(words % {"n": figure(result.late_events)})
    if result.starts_others:
        said.append(_("What the playbooks would have sent that it starts is not counted."))
    said.append(_("Every manual step is taken as finished on the day its task was due."))
    said.append(_("What it would have changed is not known: nobody answers, unsubscribes or recovers because of it."))
    return said
