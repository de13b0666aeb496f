"""Key figures of support. What customers say of it (support CSAT) is in messaging's."""

from collections.abc import Callable

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Kpi, Scope, Words, kpis

from . import figures
from .figures import Kept, Times
from .knowledge import kpis as _of_automatic_answers  # noqa: F401 - registers them

PERMISSION = "support.view_ticket"


def _first(figure: Callable[[Times], float | None]) -> Callable[[Scope], float | None]:
    return lambda scope: figure(
        next(iter(figures.first_responses(scope.since, scope.until, scope.filters).values()), Times())
    )


def _resolution(figure: Callable[[Times], float | None]) -> Callable[[Scope], float | None]:
    return lambda scope: figure(
        next(iter(figures.resolutions(scope.since, scope.until, scope.filters).values()), Times())
    )


def _volume(scope: Scope) -> float | None:
    return figures.volume(scope.since, scope.until, scope.filters)


def _kept(scope: Scope) -> float | None:
    found = figures.kept(scope.since, scope.until, scope.filters)
    return next(iter(found.values()), Kept()).share


_FIRST = _("From a ticket's creation to a person's first public answer, of tickets first answered in the period.")
_RESOLUTION = _(
    "From a ticket's creation to its resolution, without the time of waiting for the customer, of tickets resolved in"
    " the period and not opened again since."
)
_OPEN, _ELAPSED = _("In business hours of the team."), _("Round the clock.")
_TIMES: tuple[tuple[str, Words, Words, Callable[[Times], float | None]], ...] = (
    ("open_median", _("median"), _OPEN, lambda times: times.open_median),
    ("open_mean", _("mean"), _OPEN, lambda times: times.open_mean),
    ("median", _("median, round the clock"), _ELAPSED, lambda times: times.median),
    ("mean", _("mean, round the clock"), _ELAPSED, lambda times: times.mean),
)

for order, (suffix, words, hours, figure) in enumerate(_TIMES, 60):
    for name, label, definition, of, later in (
        ("first_response", _("First response"), _FIRST, _first, 0),
        ("resolution", _("Resolution"), _RESOLUTION, _resolution, 10),
    ):
        kpis.register(
            Kpi(
                f"support.{name}_{suffix}",
                format_lazy("{}, {}", label, words),
                format_lazy("{} {}", definition, hours),
                _("hours"),
                of(figure),
                better="lower",
                order=order + later,
                permission=PERMISSION,
                # The typical time stands on the dashboard; the others beside it where people look closer.
                is_detail=suffix != "open_median",
            )
        )
kpis.register(
    Kpi(
        "support.within_service_level",
        _("Within service level"),
        _(
            "Of the tickets resolved in the period, the share whose first response and resolution were never overdue."
            " Imported tickets do not count."
        ),
        "%",
        _kept,
        order=80,
        permission=PERMISSION,
    )
)
kpis.register(
    Kpi(
        "support.volume",
        _("Tickets per customer"),
        _("Tickets opened in the period, for each customer there at its end and each month of 30.4 days."),
        _("a month"),
        _volume,
        better="lower",
        decimals=2,
        order=81,
        permission=PERMISSION,
    )
)
