"""The platform's API, as far as account set-up needs it: calls, what their failures mean, and how often we may call."""

from .client import Account, Agent, Installed, Platform, connected, is_configured
from .failures import Closed, Misconfigured, NotDone, Permanent, Transient, Unreachable

__all__ = [
    "Account",
    "Agent",
    "Closed",
    "Installed",
    "Misconfigured",
    "NotDone",
    "Permanent",
    "Platform",
    "Transient",
    "Unreachable",
    "connected",
    "is_configured",
]
