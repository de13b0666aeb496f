"""Taking out of a text what tells who wrote it. Pure; as far as that can be done by rule: a person reads it after."""

import re
from collections.abc import Iterable

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_SECRET = re.compile(r"\b(?:sk|pk|key|tok|token)[-_][\w-]{12,}\b|\b[0-9a-f]{32,}\b|\beyJ[\w.-]{20,}", re.IGNORECASE)
_LINK = re.compile(r"https?://\S+")
_IP = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
_PHONE = re.compile(r"(?<![\w.])\+?\(?\d[\d ()/.-]{7,}\d(?!\w)")
_LONG_NUMBER = re.compile(r"\b\d{9,}\b")
# A line that is only a greeting, or with which a letter ends; what follows the latter is a signature.
_GREETING = re.compile(
    r"^(hi|hello|hey|dear|good (morning|afternoon|evening)|hallo|guten (tag|morgen)|liebe[rs]?"
    r"|sehr geehrte[rs]?|bonjour|hola)\b[^.!?\n]{0,60}[,!.]?$",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^(best|kind|warm|many thanks|thanks|thank you|regards|cheers|sincerely|viele grüße|mit freundlichen grüßen"
    r"|freundliche grüße|beste grüße|danke|vielen dank|gruß|cordialement|merci|saludos|gracias)\b"
    r"[^.?\n]{0,40}[,.!]?$|^--\s*$",
    re.IGNORECASE,
)


def scrubbed(text: str, names: Iterable[str] = ()) -> str:
    """Without greeting and signature; addresses, links, numbers, keys and the given names are put in brackets."""
    text = _without_frame(text)
    for pattern, words in (
        (_LINK, "[link]"),
        (_ADDRESS, "[address]"),
        (_SECRET, "[key]"),
        (_IP, "[IP address]"),
        (_PHONE, "[number]"),
        (_LONG_NUMBER, "[number]"),
    ):
        text = pattern.sub(words, text)
    for name in _parts(names):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "[name]", text, flags=re.IGNORECASE)
    return re.sub(r"\[name\](?:[ ,&]+\[name\])+", "[name]", text).strip()


def _parts(names: Iterable[str]) -> list[str]:
    """Whole names before their parts; single letters and short words would take too much along."""
    whole = {name.strip() for name in names if len(name.strip()) > 2}
    parts = {part for name in whole for part in re.split(r"[\s,]+", name) if len(part) > 2}
    return sorted(whole | parts, key=lambda name: (-len(name), name))


def _without_frame(text: str) -> str:
    lines = text.replace("\r\n", "\n").strip().split("\n")
    while lines and (not lines[0].strip() or _GREETING.match(lines[0].strip())):
        lines.pop(0)
    end = next((at for at, line in enumerate(lines) if at and _CLOSING.match(line.strip())), len(lines))
    return "\n".join(lines[:end])
