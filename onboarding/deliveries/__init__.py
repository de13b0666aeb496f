"""The platform's webhooks: taken in as they come, applied by a worker, kept for a while (docs/onboarding.md)."""

from .applying import apply_failed, apply_waiting
from .intake import forget_old, take_in
from .reading import BadDelivery, is_of_conversation
from .strangers import look_again, on_events

__all__ = [
    "BadDelivery",
    "apply_failed",
    "apply_waiting",
    "forget_old",
    "is_of_conversation",
    "look_again",
    "on_events",
    "take_in",
]
