"""Whether a playbook was looked at lately: on its page, and in the list."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Column, columns
from agentfactory_cs.console.templatetags.console import when

from ..models import Playbook
from ..reviewing import is_overdue, mark_reviewed, reviewed_last
from .verbs import Verb


def _review(playbook: Playbook, *, reason: str, by: Any, now: datetime) -> Playbook:
    return mark_reviewed(playbook, note=reason, by=by, now=now)


REVIEW = Verb(
    "review",
    _("Reviewed"),
    "fact_check",
    lambda playbook: True,
    _review,
    "playbooks.change_playbook",
    _("Noted: you have looked whether it works."),
)


def review_of(playbook: Playbook, request: HttpRequest) -> Mapping[str, Any]:
    """What the playbook's page says of its last review."""
    return {
        "is_overdue": is_overdue(playbook, timezone.now()),
        "may_review": request.user.has_perm(REVIEW.permission),
    }


def _states(playbooks: Sequence[Playbook], now: datetime) -> Mapping[int, tuple[Playbook, bool]]:
    return {playbook.pk: (playbook, is_overdue(playbook, now)) for playbook in playbooks}


def _shown(found: tuple[Playbook, bool] | None) -> str:
    playbook, late = found or (None, False)
    if playbook is None or not reviewed_last(playbook):
        return "–"
    said = when(playbook.reviewed_at) if playbook.reviewed_at else _now("never")
    if not late:
        return str(said)
    return format_html('{} <span class="af-state af-state-warning">{}</span>', said, _now("overdue"))


columns.register(
    Column("playbooks.review", "playbooks.Playbook", _("Last review"), _states, _shown, ordering="reviewed_at", order=8)
)
