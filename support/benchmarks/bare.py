"""What REST framework gives for nothing: a create of a ticket's row, beside our own addresses and behind the same
middleware, keys, limits and errors."""

from django.urls import include, path
from rest_framework import mixins, serializers, viewsets

from ..models import Ticket

ADDRESS = "/api/v1/bare-tickets/"


class BareSerializer(serializers.ModelSerializer):
    """Every field of the table's, judged by itself."""

    class Meta:
        model = Ticket
        exclude = ("assignee", "merged_into", "due_at")


class BareViewSet(mixins.CreateModelMixin, viewsets.GenericViewSet):
    queryset = Ticket.objects.all()
    serializer_class = BareSerializer


urlpatterns = [
    path(ADDRESS.lstrip("/"), BareViewSet.as_view({"post": "create"})),
    path("", include("agentfactory_cs.urls")),
]
