"""Small files and records for the tests of imports."""

import io
from datetime import UTC, datetime

from agentfactory_cs.customers import services
from agentfactory_cs.customers.imports import Mapping, Report, Source, kind_named, read_mapping, run_import
from agentfactory_cs.customers.models import Customer, Subscription

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIGNUP = datetime(2025, 1, 1, tzinfo=UTC)


def load(
    kind: str, content: str | bytes, mapping: str = "", *, now: datetime = NOW, dry_run: bool = False, by: object = None
) -> Report:
    """Import a file's content with a mapping in YAML; the first hundred problems and rows stay in the report."""
    data = content.encode() if isinstance(content, str) else content
    said = read_mapping(mapping) if mapping else Mapping()
    source = Source(io.BytesIO(data), name="file.csv", encoding=said.encoding, delimiter=said.delimiter)
    return run_import(kind_named(kind), source, said, by=by, now=now, dry_run=dry_run, keep=100)


def fates(report: Report) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, rejected."""
    outcome = report.outcome
    return outcome.created, outcome.updated, outcome.unchanged, outcome.rejected


def reasons(report: Report) -> list[str]:
    return [problem.reason for _, problem in report.kept]


def a_customer(external_id: str = "acme", **fields: object) -> Customer:
    customer = Customer(**{"external_id": external_id, "name": external_id.title(), "signed_up_at": SIGNUP, **fields})
    return services.save_customer(customer, now=NOW)


def a_subscription(customer: Customer, external_id: str = "S-1", **fields: object) -> Subscription:
    values = {"external_id": external_id, "plan": "Pro", "starts_on": SIGNUP.date(), **fields}
    return services.save_subscription(Subscription(customer=customer, **values), now=NOW)
