"""What customers answered over a period, and what the outbox wants of a person."""

from collections.abc import Mapping
from datetime import date

from django.db.models import Avg, Count, Q, QuerySet

from agentfactory_cs.customers.days import end_of_day, start_of_day
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.queries import narrowed

from .models import Email, Response, SendingPace, SurveyKind
from .pace import provider
from .scales import DETRACTOR, PROMOTER


def answers(kind: str, since: date, until: date, filters: Mapping[str, str]) -> QuerySet[Response]:
    """Answers of a kind on the days from `since` to `until`, of the customers the filters leave."""
    found = Response.objects.filter(kind=kind, answered_at__gte=start_of_day(since), answered_at__lt=end_of_day(until))
    return found.filter(customer__in=narrowed(Customer.objects.all(), filters)) if filters else found


def nps(since: date, until: date, filters: Mapping[str, str]) -> float | None:
    """% promoters (9, 10) − % detractors (0 to 6)."""
    row = answers(SurveyKind.NPS, since, until, filters).aggregate(
        all=Count("pk"),
        promoters=Count("pk", filter=Q(score__gte=PROMOTER)),
        detractors=Count("pk", filter=Q(score__lte=DETRACTOR)),
    )
    return 100 * (row["promoters"] - row["detractors"]) / row["all"] if row["all"] else None


def mean_score(kind: str, since: date, until: date, filters: Mapping[str, str]) -> float | None:
    return answers(kind, since, until, filters).aggregate(mean=Avg("score"))["mean"]


# Mails that only a person can bring on.
FOR_A_PERSON = (Email.State.HELD, Email.State.UNCERTAIN, Email.State.FAILED)


def mails_to_decide() -> dict[str, int]:
    """How many mails wait for a person, by state; the states' labels, worst first, without those that have none."""
    rows = Email.objects.filter(state__in=FOR_A_PERSON).order_by().values("state").annotate(n=Count("pk"))
    counts = {row["state"]: row["n"] for row in rows}
    return {state.label: counts[state] for state in FOR_A_PERSON if state in counts}


def provider_trouble() -> SendingPace | None:
    """The provider that mail goes by, where it refused us and is not asked again before `stopped_until`."""
    return SendingPace.objects.filter(pk=provider(), stopped_until__isnull=False).first()
