"""A made-up desk of any size, generated inside the database, the same every time: five messages a ticket.

One ticket in fifty is unsolved, as it is where people keep up; the rest is years of history.
"""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from agentfactory_cs.customers.models import StaffProfile

from ..levels import in_force
from ..models import Agent, Team

AGENTS = 20
CUSTOMERS_PER_TICKET = 20
MESSAGES = 5

_FUNCTION = """
CREATE OR REPLACE FUNCTION part_of(n bigint, topic bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT (hashint8(n * 1000003 + topic) & 1048575) / 1048576.0 $$"""

_CUSTOMERS = """
INSERT INTO customers_customer (id, name, external_id, tier, industry, country, language, time_zone,
    lifecycle_stage, signed_up_at, created_at, updated_at)
SELECT n, 'Customer ' || n, 'bench-' || n, (ARRAY['free', 'starter', 'pro', 'enterprise'])[1 + n %% 4], '', '', 'en',
    'UTC', 'adoption', %(now)s - interval '3 years', %(now)s, %(now)s
FROM generate_series(%(first)s / %(share)s + 1, %(last)s / %(share)s + 1) n ON CONFLICT DO NOTHING"""

# Moments fall over three years, the newest last; what is unsolved is among the newest.
_TICKETS = """
WITH told AS (
    SELECT n, %(now)s::timestamptz - interval '3 years' * (1 - n::float8 / %(last)s) AS opened,
        n > %(last)s * 0.9 AND part_of(n, 1) < 0.2 AS unsolved, (part_of(n, 2) * 4)::int AS severity
    FROM generate_series(%(first)s, %(last)s) n)
INSERT INTO support_ticket (id, subject, customer_id, requester_address, requester_name, channel, area_id, severity,
    priority, language, language_source, tags, status, team_id, assignee_id, assigned_by_hand, is_escalated,
    service_version_id, first_response_due_at, resolution_due_at, next_warning_at, told, waiting_since, lock_version,
    reopened, created_at, updated_at, customer_wrote_at, answered_at, first_response_at, first_response_open_seconds,
    resolved_at, closed_at, resolution_seconds, resolution_open_seconds)
SELECT n, 'Question ' || n, 1 + n / %(share)s, 'person' || n %% 1000 || '@example.com', 'Person ' || n, 'mail',
    (%(areas)s::bigint[])[1 + n %% %(area_count)s],
    (ARRAY['low', 'normal', 'normal', 'high', 'critical'])[1 + severity],
    1 + severity %% 4, 'en', 'detected', ARRAY['tag' || n %% 20],
    CASE WHEN NOT unsolved THEN 'closed' ELSE (ARRAY['new', 'open', 'open', 'pending'])[1 + n %% 4] END,
    (%(teams)s::bigint[])[1 + n %% %(team_count)s],
    CASE WHEN part_of(n, 3) < 0.9 THEN (%(users)s::bigint[])[1 + n %% %(user_count)s] END, false,
    part_of(n, 4) < 0.05, %(version)s,
    CASE WHEN unsolved AND n %% 4 = 0 THEN %(now)s + interval '2 days' * (part_of(n, 5) - 0.2) END,
    CASE WHEN unsolved AND n %% 4 < 3 THEN %(now)s + interval '9 days' * (part_of(n, 6) - 0.2) END,
    CASE WHEN unsolved AND n %% 4 < 3 THEN %(now)s + interval '9 days' * part_of(n, 7) END,
    '{}', CASE WHEN unsolved THEN opened END, 0, 0, opened, opened + interval '1 day', opened,
    opened + interval '3 hours', CASE WHEN unsolved AND n %% 4 = 0 THEN NULL ELSE opened + interval '3 hours' END, 9000,
    CASE WHEN NOT unsolved THEN opened + interval '1 day' END,
    CASE WHEN NOT unsolved THEN opened + interval '8 days' END,
    CASE WHEN NOT unsolved THEN 86400 END, CASE WHEN NOT unsolved THEN 28800 END
FROM told"""

_MESSAGES = """
INSERT INTO support_message (ticket_id, kind, author_name, address, text, quoted, html, message_id, written_at)
SELECT t.id, (ARRAY['customer', 'answer', 'customer', 'note', 'answer'])[place], 'Person ' || t.id, '',
    'What is said in message ' || place || ' of ticket ' || t.id || ', at some length, as people write.', '', '', '',
    t.created_at + place * interval '1 hour'
FROM support_ticket t, generate_series(1, %(messages)s) place WHERE t.id BETWEEN %(first)s AND %(last)s"""

_STRETCHES = """
INSERT INTO support_clockstretch (ticket_id, since, until)
SELECT id, created_at, resolved_at FROM support_ticket WHERE id BETWEEN %(first)s AND %(last)s"""

_CHANGES = """
INSERT INTO support_ticketchange (ticket_id, kind, words, data, happened_at)
SELECT id, kind, 'What happened.', '{}', created_at
FROM support_ticket, unnest(ARRAY['created', 'routed']) kind WHERE id BETWEEN %(first)s AND %(last)s"""

# What was numbered here is counted on from.
_SEQUENCES = (
    "SELECT setval(pg_get_serial_sequence('support_ticket', 'id'), (SELECT max(id) FROM support_ticket))",
    "SELECT setval(pg_get_serial_sequence('customers_customer', 'id'), (SELECT max(id) FROM customers_customer))",
)
_SETTLED = ("support_ticket", "support_message", "support_clockstretch", "support_ticketchange", "customers_customer")


def grow(first: int, last: int) -> None:
    """Add the tickets numbered `first` to `last`, with whatever a page of them reads."""
    people = _people()
    span = {"first": first, "last": last, "share": CUSTOMERS_PER_TICKET, "messages": MESSAGES, "now": timezone.now()}
    with connection.cursor() as cursor:
        cursor.execute(_FUNCTION)
        cursor.execute(_CUSTOMERS, span)
        cursor.execute(_TICKETS, {**span, **_desk(people)})
        for sql in (_MESSAGES, _STRETCHES, _CHANGES):
            cursor.execute(sql, span)
        for sequence in _SEQUENCES:
            cursor.execute(sequence)
        for table in _SETTLED:
            cursor.execute(f"VACUUM ANALYZE {table}")


def _people() -> list[int]:
    """The desk's agents, made the first time: all of the teams that customers reach."""
    if not Agent.objects.exists():
        teams, group = list(Team.objects.all()), Group.objects.get(name="Support agent")
        for number in range(AGENTS):
            user = get_user_model().objects.create_user(f"agent{number}", is_staff=True)
            user.groups.add(group)
            StaffProfile.objects.create(user=user, languages=["en", "de"])
            # Nobody is ever full, as nobody is in a bare create.
            Agent.objects.create(user=user, capacity=32_000).teams.set(teams)
    return list(Agent.objects.order_by("pk").values_list("user", flat=True))


def _desk(people: list[int]) -> dict[str, object]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(id ORDER BY id) FROM support_area")
        [areas] = cursor.fetchone()
    teams = list(Team.objects.order_by("pk").values_list("pk", flat=True))
    counts = {"area_count": len(areas), "team_count": len(teams), "user_count": len(people)}
    return {"areas": areas, "teams": teams, "users": people, "version": in_force().pk, **counts}
