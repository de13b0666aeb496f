"""Filters that the resources of every app share."""

from typing import Any

from django import forms
from django_filters import rest_framework as filters

_LARGEST_ID = 2**63 - 1


class IdFilter(filters.NumberFilter):
    """A whole number; a fraction is a mistake, not to be cut to size."""

    field_class = forms.IntegerField

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=_LARGEST_ID, **options)
