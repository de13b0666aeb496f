"""The day's alerts in Slack: one post, the most at stake on top."""

from collections.abc import Sequence
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agentfactory_cs.events.services import Actor, actor_label
from agentfactory_cs.messaging.models import Notice
from agentfactory_cs.messaging.notices import post_to_slack
from agentfactory_cs.messaging.slack import escaped, link

from ..addresses import alerts_address, customer_address
from ..models import Alert, HealthSettings

SHOWN = 10
KIND = "health.alerts"


def post_raised(raised: Sequence[Alert], *, day: date, now: datetime) -> None:
    """Queue the post of a day, once: of what was raised and is announced. Nothing raised, or no address: no post."""
    address = HealthSettings.get().slack_address
    if not (address and raised):
        return
    announced = Alert.objects.filter(pk__in=[alert.pk for alert in raised], quiet="")
    alerts = list(announced.select_related("customer", "owner").order_by("-rank", "-id"))
    if not alerts:
        return
    words = {"count": len(alerts), "day": date_format(day, "DATE_FORMAT")}
    subject = ngettext("%(count)d health alert for %(day)s", "%(count)d health alerts for %(day)s", len(alerts)) % words
    lines = [f"*{escaped(subject)}*", *(_line(alert) for alert in alerts[:SHOWN])]
    if len(alerts) > SHOWN:
        lines.append(link(alerts_address(), _("and %(rest)d more") % {"rest": len(alerts) - SHOWN}))
    post_to_slack(address, kind=KIND, subject=subject, text="\n".join(lines), dedupe_key=f"{KIND}:slack:{day}", now=now)


def _line(alert: Alert) -> str:
    who = link(customer_address(alert.customer_id), alert.customer.name)
    facts = [f"*{alert.shown}* (▼{alert.shown_lost})", escaped(alert.get_kind_display())]
    if alert.mrr is not None:
        facts.append(escaped(f"{alert.mrr:,.0f} {alert.currency}"))
    owner = alert.owner.get_full_name() or alert.owner.get_username() if alert.owner else _("nobody's")
    why = next(iter(alert.sentences), "")
    return f"• {who}: {' · '.join([*facts, escaped(owner)])}" + (f"\n   {escaped(why)}" if why else "")


def post_test(*, by: Actor, now: datetime) -> Notice | None:
    """Queue a post that tells nothing but that it works; None where there is no address."""
    address = HealthSettings.get().slack_address
    if not address:
        return None
    subject = _("Test of health alerts, asked for by %(who)s") % {"who": actor_label(by)}
    key = f"{KIND}:test:{now.isoformat()}"
    return post_to_slack(
        address, kind=f"{KIND}_test", subject=subject[:200], text=escaped(subject), dedupe_key=key, now=now
    )
