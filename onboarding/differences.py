"""What differs between two checklists, in sentences a person reads before publishing."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from .rules import Checklist, Item


def differences(before: Checklist | None, after: Checklist) -> list[str]:
    """One sentence a difference; all items are added where there was nothing before. Empty: they say the same."""
    old = {item.key: item for item in before.items} if before else {}
    new = {item.key: item for item in after.items}
    added = [_added(item) for item in after.items if item.key not in old]
    removed = [_("%(title)s is removed.") % {"title": item.title} for key, item in old.items() if key not in new]
    changed = [words for key, item in new.items() if key in old for words in _changed(old[key], item)]
    return [*added, *removed, *changed, *_moved(list(old), list(new))]


def _added(item: Item) -> str:
    told = {"title": item.title, "kind": _kind(item), "day": _by_day(item)}
    return _("%(title)s is added: %(kind)s, %(day)s.") % told


def _kind(item: Item) -> str:
    return _("required") if item.is_required else _("optional")


def _by_day(item: Item) -> str:
    return (
        _("not waited for") if item.expected_day is None else _("expected by day %(day)s") % {"day": item.expected_day}
    )


def _changed(old: Item, new: Item) -> Iterator[str]:
    title = {"title": new.title}
    if old.title != new.title:
        yield _("%(before)s is called %(title)s.") % {**title, "before": old.title}
    if old.expected_day != new.expected_day:
        told = {**title, "day": _by_day(new), "before": _by_day(old)}
        yield _("%(title)s is %(day)s; it was %(before)s.") % told
    if old.is_required != new.is_required:
        yield _("%(title)s is %(kind)s; it was %(before)s.") % {**title, "kind": _kind(new), "before": _kind(old)}
    if old.help != new.help:
        yield _("%(title)s is explained in other words.") % title


def _moved(old: list[str], new: list[str]) -> Iterator[str]:
    kept = set(old) & set(new)
    if [key for key in old if key in kept] != [key for key in new if key in kept]:
        yield _("The items stand in another order.")
