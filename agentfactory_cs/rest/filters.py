"""Filters in the address of a list."""

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django_filters.rest_framework import BooleanFilter, DjangoFilterBackend, FilterSet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

if TYPE_CHECKING:  # REST framework's views import this module by settings
    from rest_framework.views import APIView


_BOOLEANS = ("true", "false", "1", "0", "")


class StrictFilterBackend(DjangoFilterBackend):
    """Refuses a parameter it does not know, or cannot read: a mistyped filter must not return everything."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> QuerySet[Any]:
        if getattr(view, "detail", False):
            return queryset
        self._refuse_mistakes(request, queryset, view)
        return super().filter_queryset(request, queryset, view)

    def _refuse_mistakes(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> None:
        filterset: type[FilterSet] | None = self.get_filterset_class(view, queryset)
        filters = filterset.base_filters if filterset else {}
        names = set(filters)
        names |= set(getattr(getattr(view, "paginator", None), "query_names", ()))
        if unknown := set(request.query_params) - names:
            known = ", ".join(sorted(names))
            raise ValidationError(dict.fromkeys(sorted(unknown), f"There is no such parameter. Known: {known}."))
        # django-filter takes any other word for no answer at all.
        yes_no = (name for name, one in filters.items() if isinstance(one, BooleanFilter))
        if unclear := [name for name in yes_no if request.query_params.get(name, "").lower() not in _BOOLEANS]:
            raise ValidationError(dict.fromkeys(sorted(unclear), "Enter true or false."))
