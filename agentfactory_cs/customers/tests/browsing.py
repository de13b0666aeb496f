"""What a browser without scripts would send of a form on a page."""

from html.parser import HTMLParser
from typing import Any


class _Fields(HTMLParser):
    """Reads the successful controls of one form, or of the whole page, in their order."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id, self.is_inside = form_id, not form_id
        self.pairs: list[tuple[str, str]] = []
        self.templates = 0
        self.select = self.area = ""
        self.chosen: list[str] | None = None
        self.first: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "template":
            self.templates += 1
        if tag == "form" and self.form_id:
            self.is_inside = told.get("id") == self.form_id
        if not self.is_inside or self.templates:
            return
        if tag == "input":
            self._input(told)
        elif tag == "select":
            self.select, self.chosen, self.first = told.get("name", ""), [], None
        elif tag == "option" and self.chosen is not None:
            self.first = told.get("value", "") if self.first is None else self.first
            if "selected" in told:
                self.chosen.append(told.get("value", ""))
        elif tag == "textarea":
            self.area = told.get("name", "")
            self.pairs.append((self.area, ""))

    def _input(self, told: dict[str, str]) -> None:
        is_box = told.get("type") in ("checkbox", "radio")
        if is_box and "checked" not in told:
            return
        if told.get("name") and told.get("type") != "submit":
            self.pairs.append((told["name"], told.get("value", "on" if is_box else "")))

    def handle_data(self, data: str) -> None:
        if self.area:
            name, before = self.pairs[-1]
            self.pairs[-1] = (name, before + data.removeprefix("\n" if not before else ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self.templates -= 1
        elif tag == "form" and self.form_id:
            self.is_inside = False
        elif tag == "textarea":
            self.area = ""
        elif tag == "select" and self.chosen is not None:
            # A browser sends one: of several that are marked the last, of none the first.
            value = self.chosen[-1] if self.chosen else self.first
            if self.select and value is not None and not self.templates and self.is_inside:
                self.pairs.append((self.select, value))
            self.chosen = None


def sent_by(html: str, form_id: str = "") -> dict[str, list[str]]:
    """Every field with its values, as `Client.post` takes them; of the form with that id, or of all there is."""
    parser = _Fields(form_id)
    parser.feed(html)
    sent: dict[str, list[str]] = {}
    for name, value in parser.pairs:
        sent.setdefault(name, []).append(value)
    return sent


def changed(sent: dict[str, list[str]], **fields: Any) -> dict[str, list[str]]:
    """With other values in some fields."""
    return {**sent, **{name: value if isinstance(value, list) else [value] for name, value in fields.items()}}
