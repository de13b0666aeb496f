"""Erasing a customer: one at a time, after a page that says what goes along."""

from typing import Any

from django.http import HttpRequest
from django.utils.text import capfirst

from ..queries import belongings


class Erasure:
    """What the customers' admin asks and offers differently from the others."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None that deletes many: a wrong filter must not cost a year of history."""
        actions: dict[str, Any] = super().get_actions(request)  # type: ignore[misc]
        actions.pop("delete_selected", None)
        return actions

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Counts instead of rows: the admin would load 10 000 events to list them.

        What belongs to a customer goes with it; whoever may delete the customer may delete that.
        """
        counts: dict[str, int] = {}
        for customer in objs:
            for model, count in belongings(customer).items():
                words = capfirst(str(model._meta.verbose_name_plural))
                counts[words] = counts.get(words, 0) + count
        return [str(customer) for customer in objs], counts, set(), []
