"""Of which alerts their owners are told: those nobody is on yet, the most at stake first, up to a number a day.

Told means the next digest (`digests`), which goes out once a day; so at any time at most the daily number of
an owner's alerts wait for it. The others stay in the console, with the reason, and are looked at again with the
next day's judgement: there may be room then.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from ..models import Alert, HealthSettings
from . import suppression

Quiet = tuple[str, str]
_ANNOUNCED: Quiet = ("", "")


def announce(*, settings: HealthSettings, now: datetime) -> None:
    """Decide anew for every open alert that no digest has told of. A fixed number of statements for each reason."""
    waiting = list(
        Alert.objects.filter(state=Alert.State.OPEN, told_at=None)
        .only("customer_id", "owner_id", "quiet", "quiet_reason")
        .order_by("-rank", "-id")
    )
    looked_after = suppression.reasons(sorted({alert.customer_id for alert in waiting}), now)
    changed: dict[Quiet, list[int]] = defaultdict(list)
    for pk, quiet in _decide(waiting, looked_after, settings.daily_alerts).items():
        changed[quiet].append(pk)
    for (why, reason), ids in changed.items():
        Alert.objects.filter(pk__in=ids).update(quiet=why, quiet_reason=reason)


def _decide(waiting: list[Alert], looked_after: Mapping[int, str], daily: int) -> dict[int, Quiet]:
    """By alert, what is to change."""
    told: Counter[int | None] = Counter()
    changed = {}
    for alert in waiting:
        if alert.customer_id in looked_after:
            quiet: Quiet = (Alert.Quiet.PLAYBOOK, looked_after[alert.customer_id][:200])
        elif told[alert.owner_id] < daily:
            quiet = _ANNOUNCED
            told[alert.owner_id] += 1
        else:
            reason = _("%(daily)d others of the same owner have more revenue × fall at stake.") % {"daily": daily}
            quiet = (Alert.Quiet.CAP, reason)
        if quiet != (alert.quiet, alert.quiet_reason):
            changed[alert.pk] = quiet
    return changed
