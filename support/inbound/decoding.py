"""Bytes and headers as text: every character set there was, and what only claims to be one. Pure, never raises."""

import codecs
import re
import unicodedata
from email.errors import HeaderParseError
from email.header import decode_header

# Codecs that are no character sets of mail, and slow or strange on bytes from anybody.
_NOT_FOR_MAIL = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
# What senders call a character set and what they mean by it: the superset in use.
_MEANT = {
    "iso-2022-jp": "iso2022_jp_ext",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "ks_c_5601-1987": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "iso-8859-8-i": "iso-8859-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
}
# Line breaks and tabs stay; PostgreSQL refuses NUL, and no reader wants the others.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_ODD_BREAKS = re.compile(r"\r\n?|\x85|\u2028|\u2029")
# Turns what follows around on the screen: "exe.fdp" shown as "pdf.exe" the other way round.
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def text_of(raw: bytes, charset: str = "") -> str:
    """The bytes as text: in the named character set, else UTF-8, else Windows' western one."""
    for name in (_codec(charset), "utf-8"):
        if name:
            try:
                return plain(raw.decode(name))
            except (UnicodeError, ValueError):
                continue
    return plain(raw.decode(_codec(charset) or "cp1252", errors="replace"))


def _codec(charset: str) -> str:
    """Python's name of it; "" where it is none that mail is written in."""
    name = charset.strip().strip("\"'").lower()
    try:
        found = codecs.lookup(_MEANT.get(name, name))
    except (LookupError, ValueError):
        return ""
    is_text = getattr(found, "_is_text_encoding", True)
    return found.name if is_text and found.name.replace("-", "_") not in _NOT_FOR_MAIL else ""


def plain(words: str) -> str:
    """Without what cannot be stored or shown; every line break is a line feed."""
    return _CONTROLS.sub("", _ODD_BREAKS.sub("\n", words))


def header_text(value: object) -> str:
    """A header in words: encoded words decoded, one line."""
    raw = str(value).encode("utf-8", "surrogateescape")
    try:
        parts = decode_header(text_of(raw))
        words = "".join(part if isinstance(part, str) else text_of(part, name or "") for part, name in parts)
    except (HeaderParseError, ValueError, LookupError):
        words = text_of(raw)
    return " ".join(plain(words).split())


def file_name(value: object) -> str:
    """The last part of a path, without anything that could deceive; "" for none."""
    words = unicodedata.normalize("NFC", _DIRECTIONS.sub("", header_text(value)))
    return re.split(r"[/\\]", words)[-1].strip(" .")[-200:]
