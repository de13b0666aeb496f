"""One figure over a customer's rows, as a subquery."""

from typing import Any

from django.db.models import F, Func, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce


def total(rows: QuerySet[Any], function: str, field: str) -> Coalesce:
    """`function` (SUM, MAX, COUNT) over a field of the customer's own rows; 0 without any.

    A plain function and no aggregate of the ORM, which would group by the customer: grouping the rows of one
    customer at a time took over everybody two thirds longer.
    """
    figure = Func(F(field), function=function, output_field=IntegerField())
    mine = rows.filter(customer=OuterRef("pk")).order_by()
    return Coalesce(Subquery(mine.annotate(figure=figure).values("figure")), 0)
