"""What the console's templates say dates, scores and amounts with."""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ..charts import Line
from ..chips import ScoreChip
from ..moments import say_day, say_duration, say_moment, utc_day

register = template.Library()


@register.filter
def when(value: date | datetime | None) -> SafeString | str:
    """A day or moment in words, the exact one on hover (a moment in the viewer's zone)."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        local = timezone.localtime(value)
        exact = f"{date_format(local, 'DATETIME_FORMAT')} {local.tzname()}"
        return _time(value.isoformat(), exact, say_moment(value, timezone.now()))
    return _time(value.isoformat(), date_format(value, "DATE_FORMAT"), say_day(value, utc_day(timezone.now())))


def _time(iso: str, exact: str, words: str) -> SafeString:
    return format_html('<time datetime="{}" title="{}">{}</time>', iso, exact, words)


@register.filter
def span(value: timedelta | None) -> str:
    """How long something took, in words."""
    return "–" if value is None else say_duration(value)


@register.simple_tag
def score_chip(chip: ScoreChip | None, large: bool = False) -> SafeString:
    chip = chip or ScoreChip(None)
    return render_to_string("admin/chips/score.html", {"chip": chip, "large": large or chip.large})


@register.simple_tag
def sparkline(line: Line | None, label: str = "") -> SafeString:
    return render_to_string("admin/chips/sparkline.html", {"line": line, "label": label})


@register.filter
def figure(value: float | None, decimals: int = 0) -> str:
    """A number in the viewer's locale; a dash where there is none."""
    if value is None:
        return "–"
    words = _rounded(value, decimals)
    return f"−{words}" if value < 0 else words


def _rounded(value: float, decimals: int) -> str:
    """Without its sign. Rounded half away from zero here: number_format would cut the decimals off."""
    exact = Decimal(repr(abs(float(value)))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return number_format(exact, decimal_pos=decimals, force_grouping=True)


@register.filter
def short(value: float) -> str:
    """A count in little room: 950, 1.8k, 20k."""
    if value < 1000:
        return figure(value)
    return f"{figure(value / 1000, 1 if value < 10_000 else 0)}k"


@register.filter
def signed(value: float | None, decimals: int = 0) -> str:
    """A change with its sign, a real minus."""
    if value is None:
        return ""
    words = _rounded(value, decimals)
    return f"+{words}" if value > 0 else f"−{words}" if value < 0 else words
