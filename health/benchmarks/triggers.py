"""`manage.py benchmark triggers`: whom the shipped playbooks would let in, against one hand-written statement each."""

from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection

from agentfactory_cs.benchmarks import Benchmark, Report, benchmarks
from agentfactory_cs.customers.conditions import Condition
from agentfactory_cs.customers.days import end_of_day
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.events.models import Event
from health import runs
from playbooks import entering, services
from playbooks.entering import BATCH, Candidate
from playbooks.models import Playbook, PlaybookVersion, Run
from playbooks.models.playbook import PlaybookState
from playbooks.rules import EVENT

from .dataset import DAY, grow
from .measuring import best, timed, vacuum

# In the morning after the scored day, as the daily look is.
NOW = end_of_day(DAY) + timedelta(hours=4, minutes=30)
SHIPPED = ("new_customer_onboarding", "at_risk_intervention", "expansion_opportunity")

_FACTS = (
    """INSERT INTO customers_subscription (customer_id, plan, seats, mrr, currency, starts_on, renews_on,
        payment_status, upgrade_budget_note, created_at, updated_at)
    SELECT id, tier, 1, 100, 'USD', %(day)s - 300, %(day)s + 60,
        CASE WHEN hash_of(id, 50) < 0.1 THEN 'past_due' ELSE 'current' END, '', now(), now() FROM customers_customer""",
    """INSERT INTO events_event (customer_id, trigger, data, by_label, happened_at, recorded_at)
    SELECT id, 'customers.signed_up', '{"tier": "pro"}', 'System', %(now)s - interval '1 hour', %(now)s
    FROM customers_customer ORDER BY id LIMIT %(entering)s""",
    "UPDATE customers_customer SET lifecycle_stage = 'onboarding' WHERE id IN (SELECT customer_id FROM events_event)",
)

# The newest scored day is the newest whose run is done, or of which there are scores, before today.
_NEWEST = """SELECT coalesce(
    (SELECT day FROM health_scoringrun WHERE state = 'done' AND customers_done > 0 AND day < %(today)s
     ORDER BY day DESC LIMIT 1),
    (SELECT day FROM health_healthscore WHERE day < %(today)s ORDER BY day DESC LIMIT 1))"""

_STATEMENTS = {
    "new_customer_onboarding": """
SELECT e.customer_id FROM events_event e JOIN customers_customer c ON c.id = e.customer_id
WHERE e.trigger = 'customers.signed_up' AND e.recorded_at >= %(activated)s
  AND e.happened_at >= %(now)s - interval '2 days' AND c.lifecycle_stage = 'onboarding'
ORDER BY e.transaction, e.id""",
    "at_risk_intervention": f"""
SELECT c.id FROM customers_customer c
JOIN health_healthscore s ON s.customer_id = c.id AND s.day = ({_NEWEST})
JOIN health_scorecardversion v ON v.id = s.version_id
WHERE c.lifecycle_stage NOT IN ('onboarding', 'churned') AND s.effective < 50
  AND NOT (s.coverage < (v.definition ->> 'provisional_below')::float8 AND s.effective = s.total)
ORDER BY c.id""",  # noqa: S608 - of constants
    "expansion_opportunity": f"""
SELECT c.id FROM customers_customer c
JOIN health_healthscore s ON s.customer_id = c.id AND s.day = ({_NEWEST})
JOIN health_scorecardversion v ON v.id = s.version_id
JOIN (VALUES (0, 15.0::float8, 1.0::float8, 5.0::float8), (1, 150, 3, 50), (2, 1500, 10, 500), (3, 10000, 25, 2500))
    t(tier, api, agents, conversations) ON t.tier = s.tier
WHERE c.lifecycle_stage <> 'churned' AND c.tier <> 'enterprise' AND s.effective > 80
  AND NOT (s.coverage < (v.definition ->> 'provisional_below')::float8 AND s.effective = s.total)
  AND 100 * (SELECT avg(part) FROM unnest(ARRAY[s.readings[1] / t.api, s.readings[2] / t.agents,
                                                s.readings[3] / t.conversations]) part) > 80
  AND (SELECT r.score FROM messaging_response r WHERE r.customer_id = c.id AND r.kind = 'nps'
         AND r.answered_at > %(now)s - interval '365 days' AND r.answered_at <= %(now)s
       ORDER BY r.answered_at DESC, r.id DESC LIMIT 1) >= 9
  AND (SELECT p.payment_status FROM customers_subscription p WHERE p.customer_id = c.id AND p.starts_on <= %(today)s
         AND (p.ended_on IS NULL OR p.ended_on > %(today)s)
       ORDER BY array_position(ARRAY['unpaid', 'past_due', 'current'], p.payment_status::text) LIMIT 1) = 'current'
ORDER BY c.id""",  # noqa: S608 - of constants
}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--customers", type=int, default=100_000, help="How many customers (100 000).")
    parser.add_argument("--runs", type=int, default=5_000, help="How many of them enter at most (5 000).")


def run(options: dict[str, Any], report: Report) -> dict[str, Any]:
    customers, most = options["customers"], options["runs"]
    report(f"Generating {customers:,} customers, their scores, contracts and answers …")
    versions = _prepare(customers, most)
    measured = {key: _measure(version, most, report) for key, version in versions.items()}
    names = ("ours", "baseline", "entering")
    ours, baseline, entering = (sum(one[name] for one in measured.values()) for name in names)
    return {
        "name": "triggers",
        "n": customers,
        "ours": ours,
        "baseline": baseline,
        "ratio": ours / baseline,
        "ratio_entering": entering / baseline,
        "triggers": measured,
    }


def _prepare(customers: int, most: int) -> dict[str, PlaybookVersion]:
    """The customers, scored for the day before; the shipped playbooks published and active."""
    grow(1, customers, days=28)
    with connection.cursor() as cursor:
        for sql in _FACTS:
            cursor.execute(sql, {"day": DAY, "now": NOW, "entering": most})
    vacuum()
    runs.work_off(runs.start_run(DAY, now=NOW))
    versions = {}
    for playbook in Playbook.objects.filter(key__in=SHIPPED):
        versions[playbook.key] = services.publish(playbook, reason="For the benchmark.", now=NOW)
        services.set_state(playbook, PlaybookState.ACTIVE, now=NOW)
    vacuum()
    return versions


def _measure(version: PlaybookVersion, most: int, report: Report) -> dict[str, float]:
    key = version.playbook.key
    version = PlaybookVersion.objects.select_related("playbook").get(pk=version.pk)
    named = _expect_same(_named(version), _by_statement(key))
    baseline = best(lambda: timed(lambda: _by_statement(key)), report, f"{key}: one statement, {named:,} named")
    ours = best(lambda: timed(lambda: _named(version)), report, f"{key}: ours")
    entered = min(named, most)
    entering = best(lambda: _enter(version, entered), report, f"{key}: ours, {entered:,} entering")
    return {
        "named": named,
        "entered": entered,
        "baseline": baseline,
        "ours": ours,
        "entering": entering,
        "ratio": ours / baseline,
        "ratio_entering": entering / baseline,
    }


def _expect_same(ours: Sequence[Candidate], baseline: Sequence[int]) -> int:
    if not baseline or [candidate.customer_id for candidate in ours] != list(baseline):
        raise RuntimeError(f"The statement names {len(baseline)} customers, we name {len(ours)}, or others.")
    return len(baseline)


def _by_statement(key: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENTS[key], {"now": NOW, "today": NOW.date(), "activated": NOW})
        return [customer_id for (customer_id,) in cursor.fetchall()]


def _named(version: PlaybookVersion) -> list[Candidate]:
    """Whom the trigger names: as the daily look asks, or as the events say whose customers are then judged."""
    condition = Condition.from_data(version.plan.entry)
    if version.plan.trigger.kind == EVENT:
        events = Event.objects.filter(trigger=version.plan.trigger.event, recorded_at__gte=NOW)
        found = [Candidate(event.customer_id, event) for event in events.order_by("transaction", "id")]
        named = Customer.objects.filter(pk__in=[one.customer_id for one in found])
        there = set(condition.narrow(named, NOW).values_list("pk", flat=True))
        return [one for one in found if one.customer_id in there]
    fitting = condition.narrow(Customer.objects.active(), NOW).order_by("pk").values_list("pk", flat=True)
    return [Candidate(customer_id) for customer_id in fitting]


def _enter(version: PlaybookVersion, count: int) -> float:
    """Asking who, and letting so many of them in, batch by batch; then everything is as before."""

    def work() -> None:
        named = _named(version)[:count]
        for start in range(0, count, BATCH):
            entering.enter(version.playbook, version, named[start : start + BATCH], now=NOW)

    seconds = timed(work)
    if Run.objects.count() != count:
        raise RuntimeError(f"{Run.objects.count()} customers entered, not {count}.")
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE playbooks_run CASCADE")
        cursor.execute("DELETE FROM events_event WHERE trigger = 'playbooks.run_started'")
        cursor.execute("VACUUM ANALYZE events_event")
    return seconds


benchmarks.register(
    Benchmark(
        "health.triggers", "Triggers of the shipped playbooks against one SQL statement each.", run, add_arguments
    )
)
