"""The kinds of event the apps announce, offered in their `triggers.py`."""

from dataclasses import dataclass, field

from agentfactory_cs.registry import Registry


@dataclass(frozen=True)
class Trigger:
    """One kind of event: its key, how the timeline names it, and the shape of its data.

    `data` maps each name in the event's data to its Python type; `sentence` is filled from the data
    by `str.format` for the timeline ("Tier changed from {old} to {new}").
    """

    key: str
    label: str
    sentence: str = ""
    data: dict[str, type | tuple[type, ...]] = field(default_factory=dict)
    icon: str = "circle"


triggers: Registry[Trigger] = Registry("trigger")
