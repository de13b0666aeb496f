"""What the pages of the desk say of time that is left."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ..levels.running import Running
from ..levels.spelling import spell

register = template.Library()

_MINUTE = timedelta(minutes=1)


@register.filter
def countdown(running: Running | None) -> SafeString | str:
    """What is due next and how long there is left, kept up to date by desk.js; the exact moment on hover."""
    if running is None:
        return "–"
    now = timezone.now()
    is_over = running.is_over(now)
    return format_html(
        '<time class="sd-due{}" datetime="{}" title="{}" data-due>{}</time>',
        " af-bad" if is_over else "",
        running.due_at.isoformat(),
        _exactly(running.due_at),
        left(running.due_at, now),
    )


def _exactly(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{date_format(local, 'DATETIME_FORMAT')} {local.tzname()}"


def left(due_at: datetime, now: datetime) -> str:
    """ "in 1 h 20 min" or "1 h 20 min over"."""
    minutes = int(abs(due_at - now) / _MINUTE)
    words = spell(minutes)
    return _("in %(span)s") % {"span": words} if due_at > now else _("%(span)s over") % {"span": words}


@register.filter
def took(seconds: int | None) -> str:
    """How long something took, to the minute."""
    return "–" if seconds is None else spell(round(seconds / 60))


@register.filter
def initials(name: str) -> str:
    """ "CF" for Clara Fischer."""
    parts = [part for part in name.replace(".", " ").split() if part[0].isalnum()]
    return "".join(part[0] for part in (parts[:1] + parts[-1:] if len(parts) > 1 else parts)).upper() or "?"
