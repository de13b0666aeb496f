"""What a mail's HTML must not hold: mail programs drop it, or a reader's name could break out of it."""

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser

from .naming import Fault
from .source import HIDDEN, Hidden

# They load, run or ask for something.
_FORBIDDEN = frozenset(
    {
        "applet",
        "base",
        "button",
        "embed",
        "form",
        "frame",
        "iframe",
        "input",
        "link",
        "object",
        "script",
        "svg",
        "video",
    }
)
_SCHEMES = ("https://", "http://", "mailto:", "tel:", "#", "cid:")


def markup_faults(source: str, kinds: Mapping[str, str]) -> Iterator[Fault]:
    """`kinds` tells what each {{ }} of the source gives: an address may begin with a link only."""
    hidden = Hidden(source, as_words=True)
    for line, tag in hidden.misplaced:
        yield Fault(line, f'{tag} stands within an element: put it in quotes, as in href="{{{{ links.platform }}}}".')
    reader = _Reader(hidden, kinds)
    reader.feed(hidden.text)
    reader.close()
    yield from reader.faults


class _Reader(HTMLParser):
    def __init__(self, hidden: Hidden, kinds: Mapping[str, str]) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[Fault] = []
        self._hidden, self._kinds = hidden, kinds

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _FORBIDDEN:
            self._fault(f"<{tag}> is not for mails.")
        if tag == "meta" and any(name == "http-equiv" for name, _ in attrs):
            self._fault("<meta http-equiv> is not for mails.")
        for name, value in attrs:
            if name.startswith("on"):
                self._fault(f"{name} is not for mails: they run no script.")
            if name in ("href", "src", "background", "action") and not self._is_address(value or ""):
                shown = self._hidden.shown(value or "")
                self._fault(
                    f'{name}="{shown}" leads nowhere: begin with https://, mailto: or a variable that is a link.'
                )

    def _is_address(self, value: str) -> bool:
        value = value.strip()
        found = HIDDEN.match(value)
        if found is None:
            return value.lower().startswith(_SCHEMES)
        tag = self._hidden.tags[int(found[1])]
        return self._kinds.get(tag.removeprefix("{{").removesuffix("}}").strip()) == "link"

    def _fault(self, words: str) -> None:
        self.faults.append(Fault(self.getpos()[0], words))
