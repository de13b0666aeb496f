"""What a webhook's body says: pure reading, no database."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

MAX_ID = 100


class BadDelivery(ValueError):
    """A body that is no delivery; the message names the field and the reason."""


class _Body(msgspec.Struct):
    event: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    timestamp: str
    data: dict[str, Any] | None = None


@dataclass(frozen=True)
class Delivery:
    """What happened on the platform, when, and whom it names ("" for nobody)."""

    event: str
    happened_at: datetime
    tenant_id: str
    user_id: str
    data: dict[str, Any]


def read(raw: bytes, *, now: datetime) -> Delivery:
    """Raises BadDelivery. A moment in the future is the sender's clock being fast: it counts as now."""
    try:
        body = msgspec.json.decode(raw, type=_Body)
        data = _storable(body.data or {})
    except RecursionError:
        raise BadDelivery("data: is nested too deeply.") from None
    except msgspec.MsgspecError as error:
        raise BadDelivery(_in_words(error)) from None
    event = _storable(body.event).strip()
    if not event:
        raise BadDelivery("event: must be a name.")
    return Delivery(event, min(_moment(body.timestamp), now), _id(data, "tenant_id"), _id(data, "user_id"), data)


def is_of_conversation(event: str) -> bool:
    """Whether it is of the kind that comes by the thousand."""
    return event.startswith("conversation.")


def _moment(told: str) -> datetime:
    """ISO 8601; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(told)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadDelivery(f"timestamp: must be a moment as ISO 8601, not {told[:50]!r}.") from None


def _id(data: dict[str, Any], name: str) -> str:
    """An id is words or a whole number; anything else names nobody."""
    value = data.get(name)
    return str(value).strip()[:MAX_ID] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _storable(value: Any) -> Any:
    """Without the NUL characters that PostgreSQL cannot store."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {_storable(key): _storable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_storable(one) for one in value]
    return value


def _in_words(error: msgspec.MsgspecError) -> str:
    """msgspec says "Expected `str`, got `int` - at `$.event`"."""
    reason, _, place = str(error).partition(" - at `$.")
    return f"{place.rstrip('`')}: {reason}." if place else f"The body is not the JSON object it should be: {reason}."
