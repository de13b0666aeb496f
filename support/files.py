"""Files that come with messages: what is kept of them, and what is not, with the reason."""

import hashlib
import re
from pathlib import PurePosixPath

from django.conf import settings
from django.core.files.base import ContentFile

from .models import Attachment, Message
from .writing import File

# What a desktop runs when it is opened. Kept for nobody, whatever type it claims to be.
RUNS = frozenset(
    [
        "ade",
        "adp",
        "apk",
        "app",
        "application",
        "bat",
        "chm",
        "cmd",
        "com",
        "cpl",
        "dll",
        "dmg",
        "docm",
        "exe",
        "gadget",
        "hta",
        "htm",
        "html",
        "inf",
        "ins",
        "iso",
        "jar",
        "js",
        "jse",
        "lnk",
        "mde",
        "msc",
        "msi",
        "msp",
        "mst",
        "pif",
        "ps1",
        "ps2",
        "psc1",
        "reg",
        "scf",
        "scr",
        "sct",
        "shb",
        "svg",
        "swf",
        "sys",
        "url",
        "vb",
        "vbe",
        "vbs",
        "vhd",
        "ws",
        "wsc",
        "wsf",
        "wsh",
        "xhtml",
        "xll",
        "xlsm",
    ]
)
_NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")


def keep(message: Message, file: File) -> Attachment:
    """Store a file with its message; one that is too large or could run stays as a name with the reason alone."""
    name = plain_name(file.name)
    attachment = Attachment(
        message=message,
        name=name,
        content_type=file.content_type[:100] or "application/octet-stream",
        size_bytes=len(file.content),
        sha256=hashlib.sha256(file.content).hexdigest(),
        refused_because=why_not(name, len(file.content)),
    )
    if not attachment.refused_because:
        attachment.file.save(attachment.sha256[:32], ContentFile(file.content), save=False)
    attachment.save()
    return attachment


def why_not(name: str, size_bytes: int) -> str:
    """Why a file is not kept; empty where it is."""
    most = settings.ATTACHMENT_MAX_MB
    if size_bytes > most * 1_000_000:
        return f"It has {size_bytes / 1_000_000:.1f} MB; at most {most} MB are kept."
    ending = PurePosixPath(name.rstrip(". ")).suffix.lower().removeprefix(".")
    return f"Files ending in .{ending} can run on whoever opens them." if ending in RUNS else ""


def plain_name(name: str) -> str:
    """A file's name without folders and characters that mean something to a system."""
    bare = _NOT_IN_A_NAME.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip()
    return bare[-200:] or "file"
