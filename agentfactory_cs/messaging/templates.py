"""What our mails say: words saved as versions, going back to those shipped, and finding those in force."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.customers.models import Company
from agentfactory_cs.customers.models.fields import validate_language
from agentfactory_cs.customers.services.checking import check_and_save
from agentfactory_cs.events.services import Actor, actor_user

from . import rendering
from .languages import best_language
from .models import MailTemplate, MailTemplateVersion
from .rendering.frame import is_whole_page
from .shipped_mails import shipped_words


def versions_in_force(
    template_ids: Collection[int], *, with_authors: bool = False
) -> dict[int, dict[str, MailTemplateVersion]]:
    """The newest version of each language, by template; one query."""
    found: dict[int, dict[str, MailTemplateVersion]] = defaultdict(dict)
    versions = MailTemplateVersion.objects.filter(template__in=template_ids)
    if with_authors:
        versions = versions.select_related("created_by")
    for version in versions.order_by("template_id", "language", "-number").distinct("template_id", "language"):
        found[version.template_id][version.language] = version
    return found


def versions_for(wanted: Collection[tuple[int, str]]) -> dict[tuple[int, str], MailTemplateVersion | None]:
    """What readers of a language get of a template, for many at once: (template id, language) -> version; two queries.

    None where the template has no words in any language.
    """
    in_force = versions_in_force({template_id for template_id, _ in wanted})
    default = Company.get().default_language
    return {(pk, language): _best(in_force.get(pk, {}), language, default) for pk, language in wanted}


def version_in_force(template: MailTemplate, language: str) -> MailTemplateVersion | None:
    """What a reader of a language gets of one template."""
    return versions_for([(template.pk, language)])[template.pk, language]


def _best(versions: Mapping[str, MailTemplateVersion], language: str, default: str) -> MailTemplateVersion | None:
    best = best_language(language, versions, default)
    return versions[best] if best else None


def save_template(template: MailTemplate, *, by: Actor = None, now: datetime) -> MailTemplate:
    """Create or change a mail: name, topic, description, whether it may be sent. Its key stays what it was."""
    stored = MailTemplate.objects.filter(pk=template.pk).first() if template.pk else None
    if stored and stored.key != template.key:
        raise ValidationError({"key": f"{stored.key} stays its key: sequences and playbooks know it by that."})
    check_and_save(template)
    return template


@transaction.atomic
def save_version(
    template: MailTemplate,
    *,
    language: str,
    subject: str,
    html: str,
    text: str = "",
    reason: str = "",
    based_on: int | None = None,
    by: Actor = None,
    now: datetime,
) -> MailTemplateVersion:
    """Put new words of one language in force; the version in force is returned where they are its own.

    ValidationError names field and line of what is wrong. `based_on` is the number of the version its author had
    before them (0: none): somebody else's newer one is not written over unseen (code `conflict`).
    """
    words = MailTemplateVersion(
        template=template,
        language=language,
        subject=" ".join(subject.split()),
        html=_with_plain_breaks(html),
        text=_with_plain_breaks(text),
        reason=reason,
        created_at=now,
        created_by=actor_user(by),
    )
    _check(words)
    return _put_in_force(words, based_on)


@transaction.atomic
def restore(version: MailTemplateVersion, *, by: Actor = None, now: datetime) -> MailTemplateVersion:
    """Put the words of an older version in force again, as a new version."""
    return save_version(
        version.template,
        language=version.language,
        subject=version.subject,
        html=version.html,
        text=version.text,
        reason=f"Back to version {version.number}.",
        by=by,
        now=now,
    )


@transaction.atomic
def reset_to_shipped(
    template: MailTemplate,
    *,
    language: str,
    reason: str = "Reset to what was shipped.",
    by: Actor = None,
    now: datetime,
) -> MailTemplateVersion:
    """Put the words that came with the system in force again, as a new version."""
    shipped = shipped_words(template.key, language)
    if shipped is None:
        raise ValidationError({"language": f"{template} did not come with the system in {language}."})
    words = MailTemplateVersion(
        template=template,
        language=language,
        subject=shipped.subject,
        html=shipped.html,
        text=shipped.text,
        is_shipped=True,
        reason=reason,
        created_at=now,
        created_by=actor_user(by),
    )
    return _put_in_force(words)


def content_hash(subject: str, html: str, text: str) -> str:
    return hashlib.sha256(json.dumps([subject, html, text]).encode()).hexdigest()


def _with_plain_breaks(text: str) -> str:
    """Browsers send CR LF: the same words would look changed."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _check(words: MailTemplateVersion) -> None:
    try:
        validate_language(words.language)
    except ValidationError as error:
        raise ValidationError({"language": error.messages}) from error
    rendering.check(words)
    may_leave = words.template.topic.is_transactional or not is_whole_page(words.html)
    if not may_leave and "links.unsubscribe" not in words.html:
        raise ValidationError({"html": "A page with a frame of its own must lead to {{ links.unsubscribe }}."})


def _put_in_force(words: MailTemplateVersion, based_on: int | None = None) -> MailTemplateVersion:
    MailTemplate.objects.select_for_update().get(pk=words.template_id)  # one after another, so numbers are too
    latest = words.template.versions.filter(language=words.language).order_by("-number").first()
    words.content_hash = content_hash(words.subject, words.html, words.text)
    number = latest.number if latest else 0
    if latest and latest.content_hash == words.content_hash and latest.is_shipped >= words.is_shipped:
        return latest
    if based_on is not None and based_on != number:
        raise ValidationError(
            f"Version {number} was saved while you were writing: look at it before you save yours.", code="conflict"
        )
    words.number = number + 1
    check_and_save(words)
    return words
