"""Support's key figures."""

from .knowledge import kpis as _of_automatic_answers  # noqa: F401 - registers them
