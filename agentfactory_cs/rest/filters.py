"""Filters in the address of a list."""

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

if TYPE_CHECKING:  # REST framework's views import this module by settings
    from rest_framework.views import APIView


class StrictFilterBackend(DjangoFilterBackend):
    """Refuses a parameter it does not know: a mistyped filter must not return everything."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> QuerySet[Any]:
        if getattr(view, "detail", False):
            return queryset
        self._refuse_unknown(request, queryset, view)
        return super().filter_queryset(request, queryset, view)

    def _refuse_unknown(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> None:
        filterset = self.get_filterset_class(view, queryset)
        names = set(filterset.base_filters) if filterset else set()
        names |= set(getattr(getattr(view, "paginator", None), "query_names", ()))
        if unknown := set(request.query_params) - names:
            known = ", ".join(sorted(names))
            raise ValidationError(dict.fromkeys(sorted(unknown), f"There is no such parameter. Known: {known}."))
