"""Looking whether a playbook still does what it is for: who last did, and when it is time again."""

from datetime import datetime, timedelta

from django.db import transaction

from agentfactory_cs.events.services import Actor, actor_user

from .models import Playbook
from .models.playbook import PlaybookState

# So long an active playbook may go on before somebody looks at it again.
REVIEW_EVERY = timedelta(days=90)


@transaction.atomic
def mark_reviewed(playbook: Playbook, *, note: str = "", by: Actor = None, now: datetime) -> Playbook:
    """Somebody has looked at it; `note` is what they found."""
    stored = Playbook.objects.select_for_update().get(pk=playbook.pk)
    stored.reviewed_at, stored.reviewed_by, stored.review_note = now, actor_user(by), note.strip()
    stored.save(update_fields=("reviewed_at", "reviewed_by", "review_note"))
    return stored


def reviewed_last(playbook: Playbook) -> datetime | None:
    """From when its days count: the last review, or else when it became active."""
    return playbook.reviewed_at or playbook.activated_at


def is_overdue(playbook: Playbook, now: datetime) -> bool:
    last = reviewed_last(playbook)
    return playbook.state == PlaybookState.ACTIVE and last is not None and last <= now - REVIEW_EVERY
