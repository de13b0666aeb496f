"""Steps that come, go and move while a draft is edited: what was sent, sent again in another shape. Nothing is stored.

`do` is "add:KIND", "up:7", "down:7", "copy:7", "delete:7", "sort" or "refresh:7", the number being the step's.
"""

from collections.abc import Callable, Mapping

from django.http import QueryDict
from django.utils.translation import gettext as _

from ..rules import MAX_STEPS
from .definition_form import step_numbers
from .step_form import KINDS

Reshaped = tuple[QueryDict, int | None]


def reshaped(sent: QueryDict, do: str) -> Reshaped:
    """What the form is made of next, and the number of the step to look at. What is not understood changes nothing."""
    data = sent.copy()
    verb, _colon, about = do.partition(":")
    if verb == "add" and about in dict(KINDS):
        return _add(data, about)
    if verb == "sort":
        return _sort(data)
    number = int(about) if about.isascii() and about.isdigit() else None
    if verb not in _VERBS or number not in step_numbers(data):
        return data, None
    return _VERBS[verb](data, number)


def _add(data: QueryDict, kind: str) -> Reshaped:
    """On the day of the last step, so that it stands behind it."""
    numbers = step_numbers(data)
    if len(numbers) >= MAX_STEPS:
        return data, None
    new = max(numbers, default=-1) + 1
    day = data.get(f"step-{numbers[-1]}-day", "0") if numbers else "0"
    for name, value in {"key": _free_key(data, kind), "kind": kind, "day": day, "hour": "0"}.items():
        data[f"step-{new}-{name}"] = value
    data.setlist("steps", [*map(str, numbers), str(new)])
    return data, new


def _copy(data: QueryDict, number: int) -> Reshaped:
    numbers = step_numbers(data)
    if len(numbers) >= MAX_STEPS:
        return data, None
    new, before = max(numbers) + 1, f"step-{number}-"
    for name in [name for name in data if name.startswith(before)]:
        data.setlist(f"step-{new}-{name.removeprefix(before)}", data.getlist(name))
    title = _("%(title)s (copy)") % {"title": data.get(f"{before}title", "")}
    data[f"step-{new}-title"], data[f"step-{new}-key"] = title[:120], _free_key(data, data.get(f"{before}kind", ""))
    at = numbers.index(number) + 1
    data.setlist("steps", [str(each) for each in (*numbers[:at], new, *numbers[at:])])
    return data, new


def _move(by: int) -> Callable[[QueryDict, int], Reshaped]:
    def move(data: QueryDict, number: int) -> Reshaped:
        numbers = step_numbers(data)
        at = numbers.index(number)
        to = min(max(at + by, 0), len(numbers) - 1)
        numbers.insert(to, numbers.pop(at))
        data.setlist("steps", [str(each) for each in numbers])
        return data, number

    return move


def _delete(data: QueryDict, number: int) -> Reshaped:
    numbers = step_numbers(data)
    at = numbers.index(number)
    numbers.remove(number)
    data.setlist("steps", [str(each) for each in numbers])
    return data, numbers[min(at, len(numbers) - 1)] if numbers else None


def _sort(data: QueryDict) -> Reshaped:
    """By day and hour; what is no number stays where it is among day 0. Of equal ones the order is kept."""

    def moment(number: int) -> tuple[int, int]:
        day, hour = (data.get(f"step-{number}-{name}", "") for name in ("day", "hour"))
        return (int(day) if day.isdigit() else 0, int(hour) if hour.isdigit() else 0)

    data.setlist("steps", [str(number) for number in sorted(step_numbers(data), key=moment)])
    return data, None


def _free_key(data: QueryDict, kind: str) -> str:
    """A key that no step on the page has: kinds with a number behind."""
    taken = {data.get(f"step-{number}-key") for number in step_numbers(data)}
    return next(key for n in range(1, MAX_STEPS + 2) if (key := f"{kind}_{n}") not in taken)


_VERBS: Mapping[str, Callable[[QueryDict, int], Reshaped]] = {
    "up": _move(-1),
    "down": _move(1),
    "copy": _copy,
    "delete": _delete,
    "refresh": lambda data, number: (data, number),
}
