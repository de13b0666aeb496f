"""What a person may do with a thing on its page: a button that asks, then one call of a service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now

from agentfactory_cs.console.registry import Words


@dataclass(frozen=True)
class Verb:
    """One of them. `act(thing, reason=, by=, now=)` is called; `fits(thing)` says whether it makes sense now.

    `asks` is what to think of before; `told(request)` is what else `act` is told of what the page sent.
    """

    key: str
    label: Words
    icon: str
    fits: Callable[[Any], bool]
    act: Callable[..., Any]
    permission: str
    done: Words
    asks: Words = ""
    needs_reason: bool = False
    is_primary: bool = False
    told: Callable[[HttpRequest], Mapping[str, Any]] = lambda request: {}


def offered(verbs: Sequence[Verb], thing: Any, request: HttpRequest) -> list[Verb]:
    return [verb for verb in verbs if request.user.has_perm(verb.permission) and verb.fits(thing)]


def do(verbs: Sequence[Verb], key: str, thing: Any, request: HttpRequest) -> None:
    """Do it, and say so, or why it was refused."""
    verb = next((one for one in verbs if one.key == key), None)
    if verb is None:
        raise Http404(key)
    if not request.user.has_perm(verb.permission):
        raise PermissionDenied
    try:
        reason = request.POST.get("reason", "")
        verb.act(thing, reason=reason, **verb.told(request), by=request.user, now=timezone.now())
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _now(str(verb.done)))
