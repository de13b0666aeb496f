"""The playbooks that come with the system: data beside the engine, put in place without touching anybody's work."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from agentfactory_cs.console.shipping import Loader, loaders
from agentfactory_cs.events.services import Actor

from .models import Playbook, PlaybookVersion
from .services import content_hash, save_draft

FOLDER = Path(__file__).parent / "library"


def shipped() -> Iterator[tuple[str, dict[str, Any]]]:
    """Key and content of each shipped playbook."""
    for path in sorted(FOLDER.glob("*.yaml")):
        yield path.stem, yaml.safe_load(path.read_text(encoding="utf-8"))


@transaction.atomic
def load_shipped(*, now: datetime) -> None:
    """Put in place what is not there yet, as drafts. Safe to run after every migration.

    A release's changed file becomes the draft only where nobody has written a version of their own.
    """
    for key, content in shipped():
        playbook = Playbook.objects.filter(key=key).first()
        if playbook is None:
            fields = {name: value for name, value in content.items() if name != "definition"}
            playbook = Playbook.objects.create(key=key, is_shipped=True, created_at=now, **fields)
        elif not playbook.is_shipped or playbook.versions.filter(is_shipped=False).exists():
            continue
        if not playbook.versions.filter(content_hash=content_hash(content["definition"])).exists():
            save_draft(playbook, content["definition"], is_shipped=True, now=now)


def reset_to_shipped(playbook: Playbook, *, by: Actor = None, now: datetime) -> PlaybookVersion:
    """Make what was shipped the draft again; publishing it is another step. ValidationError where nothing was."""
    content = dict(shipped()).get(playbook.key)
    if content is None:
        raise ValidationError(f"{playbook} did not come with the system.")
    return save_draft(playbook, content["definition"], is_shipped=True, by=by, now=now)


loaders.register(Loader("playbooks.library", lambda: load_shipped(now=timezone.now())))
