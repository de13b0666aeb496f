"""A checklist worked by people: ticking an item off, taking a mistake back, closing the onboarding after its review."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _now

from agentfactory_cs.customers.admin.belonging import overview_of
from agentfactory_cs.customers.days import end_of_day, utc_day
from agentfactory_cs.customers.models import Customer

from .. import by_hand, course
from ..models import Milestone, Onboarding
from ..standing import checks, lines, others

MAY_TICK = "onboarding.change_onboarding"
TEMPLATE = "admin/onboarding/checklist.html"


def checklist_of(request: HttpRequest, onboarding: Onboarding, now: datetime) -> dict[str, Any]:
    """What the checklist shows, on its page, in the customer's panel, and as the answer to a tick."""
    line = lines([onboarding], now)[onboarding.pk]
    return {
        "onboarding": onboarding,
        "line": line,
        "checks": checks(line),
        "others": others(line),
        "may_tick": request.user.has_perm(MAY_TICK),
        "today": utc_day(now),
    }


class Ticking:
    """Answers each with the checklist as it stands then, and why where it was refused."""

    def begin_view(self, request: HttpRequest, customer: int) -> HttpResponse:
        """Begin one by hand; leads to it, or back with why not."""
        if not request.user.has_perm(MAY_TICK):
            raise PermissionDenied
        whose = get_object_or_404(Customer, pk=customer)
        try:
            begun = course.begin(whose, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
            return redirect(overview_of(customer))
        return redirect(reverse("admin:onboarding_onboarding_change", args=(begun.pk,)))

    def reach_view(self, request: HttpRequest, pk: int, key: str) -> HttpResponse:
        return _done(request, pk, lambda onboarding, now: _reach(request, onboarding, key, now))

    def take_back_view(self, request: HttpRequest, pk: int, key: str) -> HttpResponse:
        return _done(request, pk, lambda onboarding, now: _take_back(request, onboarding, key, now))

    def complete_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return _done(request, pk, lambda onboarding, now: _complete(request, onboarding, now))


def _done(request: HttpRequest, pk: int, act: Callable[[Onboarding, datetime], Any]) -> HttpResponse:
    if not request.user.has_perm(MAY_TICK):
        raise PermissionDenied
    now, told = timezone.now(), {}
    onboarding = get_object_or_404(Onboarding.objects.select_related("customer", "version"), pk=pk)
    try:
        act(onboarding, now)
    except ValidationError as refusal:
        told["refusal"] = " ".join(refusal.messages)
    onboarding.refresh_from_db()
    return TemplateResponse(request, TEMPLATE, {**checklist_of(request, onboarding, now), **told})


def _reach(request: HttpRequest, onboarding: Onboarding, key: str, now: datetime) -> None:
    at = _moment(request.POST, now)
    by_hand.tick(onboarding.customer, key, at=at, note=request.POST.get("detail", ""), by=request.user, now=now)


def _moment(given: Mapping[str, str], now: datetime) -> datetime:
    """By the end of the day named, or now."""
    if not (words := given.get("on", "")):
        return now
    try:
        day: date | None = parse_date(words)
    except ValueError:
        day = None
    if day is None:
        raise ValidationError(_now("on: %(words)s is no day, such as 2026-11-22.") % {"words": words})
    return min(end_of_day(day), now)


def _take_back(request: HttpRequest, onboarding: Onboarding, key: str, now: datetime) -> None:
    milestone = get_object_or_404(Milestone, customer=onboarding.customer_id, key=key)
    by_hand.take_back(milestone, reason=request.POST.get("reason", ""), by=request.user, now=now)


def _complete(request: HttpRequest, onboarding: Onboarding, now: datetime) -> None:
    course.complete(onboarding, because=request.POST.get("reason", ""), by=request.user, now=now)
