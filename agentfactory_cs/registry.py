"""Typed registries: how an app offers something to the ground without the ground importing it."""

import re
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Keyed(Protocol):
    """Anything with a namespaced key, such as `health.score`."""

    @property
    def key(self) -> str: ...


T = TypeVar("T", bound=Keyed)

_NAMESPACED = re.compile(r"^[a-z_]+\.[a-z0-9_]+$")


class Registry(Generic[T]):
    """The items of one kind, by key, in the order of `order` (where they have one) and then of registration.

    Raises ValueError on a key that is taken or lacks its app's name (`health.score`).
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}

    def register(self, item: T) -> T:
        if not _NAMESPACED.match(item.key):
            raise ValueError(f"The {self.kind} {item.key!r} needs a key of the form app.name.")
        if item.key in self._items:
            raise ValueError(f"Two {self.kind}s are named {item.key!r}; keys are unique.")
        self._items[item.key] = item
        return item

    def get(self, key: str) -> T:
        """Raises LookupError naming the keys that exist."""
        try:
            return self._items[key]
        except KeyError:
            known = ", ".join(sorted(self._items)) or "none"
            raise LookupError(f"There is no {self.kind} {key!r}. Known: {known}.") from None

    def __iter__(self) -> Iterator[T]:
        return iter(sorted(self._items.values(), key=lambda item: getattr(item, "order", 0)))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key in self._items

    def __len__(self) -> int:
        return len(self._items)
