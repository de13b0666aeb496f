"""What is known of the mails we may send, for lists of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from .models import Email, MailTemplate, MailTemplateVersion
from .shipped_mails import shipped_words
from .templates import versions_in_force

USE_DAYS = 30


@dataclass(frozen=True)
class Standing:
    """A mail's versions in force, newest first, and how often it was sent in the last 30 days."""

    versions: tuple[MailTemplateVersion, ...]
    sent: int

    @property
    def languages(self) -> list[str]:
        return sorted(version.language for version in self.versions)

    @property
    def latest(self) -> MailTemplateVersion | None:
        return self.versions[0] if self.versions else None


def standings(template_ids: Collection[int], now: datetime) -> dict[int, Standing]:
    """Of each of these mails; two queries and one for the authors."""
    in_force = versions_in_force(template_ids, with_authors=True)
    sent = Email.objects.filter(
        template__in=template_ids, state=Email.State.SENT, sent_at__gte=now - timedelta(days=USE_DAYS)
    )
    counts = dict(sent.order_by().values_list("template").annotate(number=Count("pk")))
    newest_first = {
        pk: tuple(sorted(in_force.get(pk, {}).values(), key=lambda version: version.created_at, reverse=True))
        for pk in template_ids
    }
    return {pk: Standing(versions, counts.get(pk, 0)) for pk, versions in newest_first.items()}


def differs_from_shipped(template: MailTemplate, version: MailTemplateVersion | None, language: str) -> bool:
    """Whether resetting would change anything."""
    shipped = shipped_words(template.key, language)
    if shipped is None:
        return False
    return version is None or (version.subject, version.html, version.text) != (
        shipped.subject,
        shipped.html,
        shipped.text,
    )
