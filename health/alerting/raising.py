"""Writing new alerts: with why, what is at stake, and whose they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.queries import Contract, contracts
from agentfactory_cs.events.services import record_all

from ..explaining import Explanation
from ..models import Alert
from ..queries import explain_many
from .reasons import reasons
from .rules import Finding


@dataclass(frozen=True)
class Raised:
    """What a customer's alert of a kind is raised for."""

    customer_id: int
    kind: str
    finding: Finding


def raise_all(new: Sequence[Raised], *, day: date, now: datetime) -> list[Alert]:
    """Write alerts and put each on its customer's timeline. A fixed number of statements."""
    if not new:
        return []
    ids = sorted({item.customer_id for item in new})
    customers, explained, running = Customer.objects.in_bulk(ids), explain_many(ids, day), contracts(ids, day)
    alerts = Alert.objects.bulk_create(
        [
            _alert(
                item,
                customers[item.customer_id],
                explained.get(item.customer_id),
                running.get(item.customer_id),
                day,
                now,
            )
            for item in new
        ],
        batch_size=5_000,
    )
    happened = [(customers[alert.customer_id], _data(alert)) for alert in alerts]
    record_all("health.alert_raised", happened, now=now)
    return alerts


def _alert(
    item: Raised,
    customer: Customer,
    explanation: Explanation | None,
    contract: Contract | None,
    day: date,
    now: datetime,
) -> Alert:
    currency, mrr = largest(contract.mrr) if contract else ("", None)
    return Alert(
        customer=customer,
        kind=item.kind,
        owner_id=customer.success_manager_id,
        day=day,
        last_day=day,
        score=item.finding.score,
        score_before=item.finding.before,
        mrr=mrr,
        currency=currency,
        rank=float(mrr or 0) * item.finding.lost,
        sentences=reasons(explanation),
        opened_at=now,
    )


def largest(mrr: Mapping[str, Decimal]) -> tuple[str, Decimal | None]:
    """A customer's revenue in the currency in which there is most of it; rates of exchange are not known here."""
    return max(mrr.items(), key=lambda item: item[1], default=("", None))


def _data(alert: Alert) -> dict[str, Any]:
    return {
        "alert": alert.pk,
        "kind": alert.kind,
        "title": str(alert.get_kind_display()),
        "score": round(alert.score, 1),
        "before": round(alert.score_before, 1),
        "why": next(iter(alert.sentences), f"{alert.shown_before} → {alert.shown}"),
    }
