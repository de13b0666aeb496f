"""Playbooks for tests, through the services."""

from datetime import datetime, timedelta
from typing import Any

from agentfactory_cs.customers.tests.factories import NOW
from playbooks import services
from playbooks.models import Playbook, Run
from playbooks.models.playbook import PlaybookState
from playbooks.working import work_off_due

SIGNED_UP = {"kind": "event", "event": "customers.signed_up"}
BY_HAND = {"kind": "manual"}


def tag_step(key: str = "tag", **fields: Any) -> dict[str, Any]:
    """A step that leaves a tag named as itself."""
    action = {"kind": "action", "action": "playbooks.add_tag", "params": {"tag": key}}
    return {"key": key, "title": key.title(), "day": 0, **action, **fields}


def manual_step(key: str = "call", **fields: Any) -> dict[str, Any]:
    return {"key": key, "title": key.title(), "kind": "manual", "day": 0, **fields}


def rows(*asked: tuple[Any, ...], match: str = "all") -> dict[str, Any]:
    """A condition of (fact, operator, value) rows."""
    keys = ("fact", "operator", "value")
    return {"match": match, "rows": [dict(zip(keys, row, strict=False)) for row in asked]}


def make_playbook(
    *steps: dict[str, Any], trigger: dict[str, Any] = BY_HAND, now: datetime = NOW, active: bool = True, **fields: Any
) -> Playbook:
    """A published, active playbook; `entry`, `exit` and `goal` go into its definition."""
    definition: dict[str, Any] = {key: fields.pop(key) for key in ("entry", "exit", "goal") if key in fields}
    definition |= {"trigger": trigger, "steps": list(steps) or [tag_step()]}
    key = fields.pop("key", f"playbook_{Playbook.objects.count()}")
    playbook = Playbook.objects.create(key=key, name=fields.pop("name", key), created_at=now, **fields)
    services.save_draft(playbook, definition, now=now)
    services.publish(playbook, reason="For a test.", now=now)
    return services.set_state(playbook, PlaybookState.ACTIVE, now=now) if active else playbook


def days_pass(run: Run, days: float) -> Run:
    """Everything that was due within so many days of entering is done, hour by hour as the clock would."""
    for hour in range(int(days * 24) + 1):
        work_off_due(now=run.entered_at + timedelta(hours=hour))
    run.refresh_from_db()
    return run


def states(run: Run) -> dict[str, str]:
    return dict(run.steps.values_list("key", "state"))
