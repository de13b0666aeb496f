"""The mails that come with the system: files under templates/emails/shipped/, listed in its catalogue.yaml."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "templates" / "emails" / "shipped"

# Between the subject and the body of a file.
_RULE = "\n---\n"


@dataclass(frozen=True)
class ShippedWords:
    language: str
    subject: str
    html: str
    text: str = ""


@dataclass(frozen=True)
class ShippedMail:
    """One mail of the catalogue, with its words by language."""

    key: str
    name: str
    topic: str
    description: str
    words: Mapping[str, ShippedWords]


@cache
def catalogue() -> dict[str, Any]:
    return yaml.safe_load((FOLDER / "catalogue.yaml").read_text(encoding="utf-8"))


@cache
def shipped_mails() -> dict[str, ShippedMail]:
    mails = catalogue()["mails"]
    return {
        key: ShippedMail(key=key, words={w.language: w for w in _files(key)}, **told) for key, told in mails.items()
    }


def shipped_words(key: str, language: str) -> ShippedWords | None:
    mail = shipped_mails().get(key)
    return mail.words.get(language) if mail else None


def _files(key: str) -> Iterator[ShippedWords]:
    """From welcome_email.de.html: its first line is the subject, after a rule comes the body."""
    for path in sorted(FOLDER.glob(f"{key}.*.html")):
        subject, _, html = path.read_text(encoding="utf-8").partition(_RULE)
        yield ShippedWords(path.name.split(".")[1], subject.strip(), html.strip())
