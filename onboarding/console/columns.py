"""The columns of the onboardings' list."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Column, columns
from agentfactory_cs.console.templatetags.console import when

from ..models import Onboarding
from ..models.onboarding import OnboardingState
from ..standing import Line, lines

SUBJECT = "onboarding.Onboarding"
Render = Callable[[Line], str]


def _lines(onboardings: Sequence[Onboarding], now: datetime) -> Mapping[int, Line]:
    """Of one page, for all columns: the first reads them, the others find them on the rows."""
    if onboardings and not hasattr(onboardings[0], "line"):
        for pk, line in lines(onboardings, now).items():
            next(one for one in onboardings if one.pk == pk).line = line  # type: ignore[attr-defined]
    return {one.pk: one.line for one in onboardings}  # type: ignore[attr-defined]


def _two(first: str, second: str) -> str:
    words = '<span class="af-two"><span class="af-name">{}</span><span class="af-quiet">{}</span></span>'
    return format_html(words, first, second)


def _customer(line: Line) -> str:
    return _two(line.customer.name, line.customer.get_tier_display())


def _progress(line: Line) -> str:
    done, of = line.progress
    words = _now("%(done)s of %(of)s") % {"done": number_format(done), "of": number_format(of)}
    return _two(words, _now("day %(day)s") % {"day": line.day})


def _standing(line: Line) -> str:
    """What it waits for, or how it ended."""
    if line.onboarding.state != OnboardingState.RUNNING:
        return format_html('<span class="af-why">{}</span>', line.onboarding.ended_because)
    if line.next is None:
        return _now("Everything required is reached")
    expected = format_html("{} {}", _now("expected"), when(line.next_at)) if line.next_at else ""
    words = '<span class="af-two"><span>{}</span><span class="{}">{}</span></span>'
    return format_html(words, line.next.title, "af-bad" if line.is_late else "af-quiet", expected)


def _stuck(line: Line) -> str:
    if line.stuck is None:
        return "–"
    rows = [("af-bad", line.stuck.because)]
    if line.rung:
        words = _now("Step %(place)s of %(of)s: %(title)s") if line.rung.place else _now("Next: %(title)s")
        rows.append(("af-quiet", words % {"place": line.rung.place, "of": line.rung.of, "title": line.rung.title}))
    return format_html('<span class="af-why">{}</span>', format_html_join("", '<span class="{}">{} </span>', rows))


def _owner(line: Line) -> str:
    owner = line.customer.success_manager
    return (owner.get_full_name() or owner.get_username()) if owner else _now("nobody")


def _started(line: Line) -> str:
    return when(line.onboarding.started_at)


_COLUMNS: Sequence[tuple[str, object, Render, str | None]] = (
    ("customer", _("Customer"), _customer, "customer__name"),
    ("progress", _("Required items"), _progress, None),
    ("next", _("Waits for"), _standing, None),
    ("stuck", _("Stuck"), _stuck, None),
    ("owner", _("Success manager"), _owner, "customer__success_manager__username"),
    ("started", _("Signed up"), _started, "started_at"),
)
for place, (key, title, render, ordering) in enumerate(_COLUMNS):
    columns.register(
        Column(f"onboarding.{key}", SUBJECT, title, _lines, render, ordering=ordering, order=place)  # type: ignore[arg-type]
    )
