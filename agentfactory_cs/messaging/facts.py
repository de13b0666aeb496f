"""What conditions can ask of survey answers and of mail."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import BooleanField, Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Extract, TruncDate
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.customers.conditions.registry import Fact, FactType, facts
from agentfactory_cs.customers.models import Contact

from .models import Email, Response, SurveyKind

# An answer older than this says nothing about today.
FRESH = timedelta(days=365)

_CSAT = (SurveyKind.SUPPORT_CSAT, SurveyKind.ONBOARDING_CSAT)
Status = Contact.MailStatus


def _newest(kinds: Sequence[str], now: datetime) -> QuerySet[Response]:
    """Of each customer; one step in the index of its answers by kind and moment."""
    answers = Response.objects.filter(customer=OuterRef("pk"), answered_at__gt=now - FRESH, answered_at__lte=now)
    one_kind = answers.filter(kind=kinds[0]) if len(kinds) == 1 else answers.filter(kind__in=kinds)
    return one_kind.order_by("-answered_at", "-pk")


def _latest_score(*kinds: str) -> Callable[[datetime], Any]:
    return lambda now: Subquery(_newest(kinds, now).values("score")[:1])


def _days_since_nps(now: datetime) -> Any:
    answered_at = Subquery(_newest([SurveyKind.NPS], now).values("answered_at")[:1])
    return Extract(Value(now) - answered_at, "day")


def _primary_is(*statuses: str) -> Callable[[datetime], Any]:
    """Of a customer without a primary contact it does not hold."""
    primary = Contact.objects.filter(customer=OuterRef("pk"), is_primary=True, mail_status__in=statuses)
    return lambda now: Exists(primary, output_field=BooleanField())


def _last_opened(now: datetime) -> Any:
    opened = Email.objects.filter(customer=OuterRef("pk"), opened_at__lte=now).order_by("-opened_at")
    return TruncDate(Subquery(opened.values("opened_at")[:1]), tzinfo=UTC)


for fact in (
    Fact(
        "messaging.latest_nps",
        _("Latest NPS"),
        FactType.NUMBER,
        _latest_score(SurveyKind.NPS),
        _("The score of the newest NPS answer of the last 365 days, 0 to 10."),
        order=60,
    ),
    Fact(
        "messaging.days_since_nps",
        _("Days since the latest NPS"),
        FactType.NUMBER,
        _days_since_nps,
        _("Whole days since the newest NPS answer, of the last 365 days."),
        _("days"),
        order=61,
    ),
    Fact(
        "messaging.latest_csat",
        _("Latest satisfaction"),
        FactType.NUMBER,
        _latest_score(*_CSAT),
        _("The score of the newest answer on help or onboarding of the last 365 days, 1 to 5."),
        order=62,
    ),
    Fact(
        "messaging.unsubscribed",
        _("Primary contact wants no mail"),
        FactType.YES_NO,
        _primary_is(Status.UNSUBSCRIBED, Status.COMPLAINED),
        _("Unsubscribed from all topics, or reported a mail as spam, as it stands today."),
        order=63,
        as_of=False,
    ),
    Fact(
        "messaging.bounced",
        _("Mail to the primary contact bounces"),
        FactType.YES_NO,
        _primary_is(Status.BOUNCED),
        _("As it stands today."),
        order=64,
        as_of=False,
    ),
    Fact(
        "messaging.last_mail_opened_on",
        _("A mail was last opened"),
        FactType.DAY,
        _last_opened,
        _("By anybody at the customer (UTC); known only where the mail provider tells."),
        order=65,
    ),
):
    facts.register(fact)
