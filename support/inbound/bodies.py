"""What a mail says and what came with it: text, cleaned HTML, files. Pure, bounded in time and size."""

import binascii
from collections.abc import Iterator
from email.message import Message

from .decoding import file_name, header_text, text_of
from .letter import Enclosed
from .markup import clean, words_of

MOST_TEXT = 200_000  # characters; what is beyond is cut
MOST_PARTS = 500
_CUT = "\n\n[…]"


def bodies_of(message: Message) -> tuple[str, str, tuple[Enclosed, ...]]:
    """Text, cleaned HTML and files. The text is made from the HTML where there is no other."""
    texts, htmls, enclosed = [], [], []
    for count, part in enumerate(_leaves(message)):
        if count >= MOST_PARTS:
            break
        kind, is_file = part.get_content_type(), _is_file(part)
        if kind == "text/plain" and not is_file:
            texts.append(_text(part))
        elif kind == "text/html" and not is_file:
            htmls.append(_text(part))
        else:
            enclosed.append(_enclosed(part, count))
    html = clean("".join(htmls))
    text = "\n".join(filter(None, (words.strip("\n") for words in texts))) or words_of(html or "".join(htmls))
    return _short(text), html, tuple(enclosed)


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something; a mail within the mail is one, whole."""
    payload = message.get_payload()
    if message.get_content_maintype() == "multipart" and isinstance(payload, list):
        for part in payload:
            if isinstance(part, Message):
                yield from _leaves(part)
    else:
        yield message


def _is_file(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename(""))


def _text(part: Message) -> str:
    return text_of(_content(part), header_text(part.get_param("charset", "") or ""))


def _content(part: Message) -> bytes:
    """The decoded bytes; as they came where they are not what they claim to be."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return _flat(payload[0]) if payload and isinstance(payload[0], Message) else b""
    try:
        found = part.get_payload(decode=True)
    except (ValueError, LookupError, binascii.Error):
        found = None
    return found if isinstance(found, bytes) else str(payload).encode("utf-8", "surrogateescape")


def _flat(message: Message) -> bytes:
    try:
        return message.as_bytes()
    except Exception:  # what was broken on arrival cannot always be written down again
        return str(message.get_payload()).encode("utf-8", "replace")


def _enclosed(part: Message, place: int) -> Enclosed:
    kind = part.get_content_type()
    usual = {"message/rfc822": "message.eml"}.get(kind, f"part-{place + 1}")
    content_id = header_text(part.get("Content-ID", "")).strip("<>")[:200]
    return Enclosed(file_name(part.get_filename("")) or usual, header_text(kind)[:100], _content(part), content_id)


def _short(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + _CUT
