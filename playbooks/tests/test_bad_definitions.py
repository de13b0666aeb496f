"""Definitions that are no definitions: refused with the place, and nothing is stored."""

from typing import Any

import pytest

from agentfactory_cs.customers.conditions import BadCondition, Condition
from playbooks.checking import problems
from playbooks.rules import BadDefinition, Definition

TAG = {"key": "tag", "title": "Tag", "kind": "action", "day": 0, "action": "playbooks.add_tag", "params": {"tag": "x"}}


def of(**fields: Any) -> dict[str, Any]:
    return {"trigger": {"kind": "manual"}, "steps": [TAG, {**TAG, "key": "other", **fields}]}


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"action": ["z"]}, "steps.1.action"),
        ({"after": ["tag"]}, "steps.1.after"),
        ({"branch": ["tag"], "outcome": "yes"}, "steps.1.branch"),
        ({"after": {"key": "tag"}}, "steps.1.after"),
    ],
)
def test_what_must_be_a_word_is_refused_with_its_place(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(BadDefinition, match=place):
        Definition.from_data(of(**fields))


@pytest.mark.parametrize("row", [{"fact": [], "operator": "in"}, {"fact": "customers.tier", "operator": {}}])
def test_a_condition_s_row_that_holds_lists_is_refused_with_its_place(row: dict[str, Any]) -> None:
    with pytest.raises(BadCondition, match=r"condition\.rows\.0"):
        Condition.from_data({"match": "all", "rows": [row]})

    assert next(one.place for one in problems(of(condition={"match": "all", "rows": [row]}))).startswith(
        "steps.1.condition.rows.0"
    )
