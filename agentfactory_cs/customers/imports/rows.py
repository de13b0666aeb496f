"""A row on its way in: read by the plan, gathering values and problems."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Literal

from .fields import KEEP
from .mapping import Binding, Plan
from .problems import Problem
from .source import Record


@dataclass(slots=True)
class Row:
    """One row's values by our field names; `fallbacks` hold the defaults, which only new records take."""

    record: Record
    plan: Plan
    values: dict[str, Any] = field(default_factory=dict)
    fallbacks: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    identity: Hashable = None
    fate: Literal["created", "updated", "unchanged", "rejected"] = "rejected"
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def rejected(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)

    def cell(self, name: str) -> str:
        """What stands in the column behind a field."""
        index = self.plan.index_of(name)
        return self.record.cells[index] if index is not None and index < len(self.record.cells) else ""

    def reject(self, name: str, reason: str) -> None:
        """`name` is our field, or empty where the row as a whole is wrong."""
        self.problems.append(Problem(self.plan.column_of(name) if name else "", self.cell(name), reason))

    def warn(self, name: str, reason: str) -> None:
        self.problems.append(Problem(self.plan.column_of(name), self.cell(name), reason, "warning"))

    def get(self, name: str) -> Any:
        """What the file says, else the default, else None."""
        return self.values.get(name, self.fallbacks.get(name))


def read_row(record: Record, plan: Plan) -> Row:
    row = Row(record, plan)
    if record.problem:
        row.reject("", record.problem)
        return row
    for binding in plan.bindings:
        _read_cell(row, binding)
    return row


def _read_cell(row: Row, binding: Binding) -> None:
    name, said = binding.field.name, ""
    if binding.index is not None:
        said = row.record.cells[binding.index].strip()
        said = binding.values.get(said, said)
    try:
        if said:
            row.values[name] = binding.field.parse(said, binding.manner)
        elif binding.default:
            _fall_back(row, binding)
        elif binding.field.key:
            row.reject(name, f"{name} must not be empty")
        elif row.plan.mapping.clear_empty and binding.index is not None and binding.field.empty is not KEEP:
            row.values[name] = binding.field.empty
    except ValueError as error:
        row.reject(name, f"{said or binding.default!r} {error}")


def _fall_back(row: Row, binding: Binding) -> None:
    row.fallbacks[binding.field.name] = binding.field.parse(binding.default, binding.manner)
