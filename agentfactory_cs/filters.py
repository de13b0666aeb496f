"""Filters that the resources of every app share."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField

_LARGEST_ID = 2**63 - 1


class IdFilter(filters.NumberFilter):
    """A whole number; a fraction is a mistake, not to be cut to size."""

    field_class = forms.IntegerField

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=_LARGEST_ID, **options)


class NameFilter(filters.CharFilter):
    """Something by the name or key it has. One that nothing has is a mistake, not a list with nothing in it.

    `exists` says whether something has this name; `thing` is what it would be, in the error.
    """

    def __init__(self, *, thing: str, exists: Callable[[str], bool], **options: Any) -> None:
        def check(name: str) -> None:
            if not exists(name):
                # The name goes by params: django-filter fills the message in, and a name may hold a %.
                told = {"thing": thing, "name": name}
                raise ValidationError("There is no %(thing)s “%(name)s”.", params=told, code="invalid_choice")

        super().__init__(validators=[check], **options)


class UserFilter(NameFilter):
    """Somebody of ours by user name, also who has left."""

    def __init__(self, field_name: str, help_text: str = "User name.") -> None:
        users = get_user_model().objects
        super().__init__(
            thing="user",
            exists=lambda name: users.filter(username=name).exists(),
            field_name=f"{field_name}__username",
            help_text=help_text,
        )


class MomentField(IsoDateTimeField):
    """In UTC: PostgreSQL refuses offsets of 16 hours and more, which ISO 8601 and Python allow."""

    def to_python(self, value: Any) -> datetime | None:
        moment: datetime | None = super().to_python(value)
        try:
            return moment.astimezone(UTC) if moment else None
        except OverflowError:
            raise ValidationError("This moment lies outside the calendar.", code="invalid") from None


class MomentFilter(filters.IsoDateTimeFilter):
    """A moment such as 2026-11-22T09:00:00Z."""

    field_class = MomentField
