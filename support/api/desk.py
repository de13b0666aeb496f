"""business-calendars/ and support-areas/: when the desk is open, and the parts of the product."""

from datetime import datetime
from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiTypes, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.routers import SimpleRouter

from agentfactory_cs.customers.api.records import CreateViewSet, ReadViewSet, RecordSerializer
from agentfactory_cs.filters import NameFilter

from .. import hours, staffing
from ..models import Area, BusinessCalendar, OwnDay
from ..tasks import ring_for_due_times


@extend_schema_field(OpenApiTypes.OBJECT)
class WeekField(serializers.JSONField):
    """Days with their spans."""


class SpansField(serializers.ListField):
    """Spans such as ["09:00", "12:00"]."""

    child = serializers.ListField(child=serializers.CharField(max_length=8), min_length=2, max_length=2)


@extend_schema_serializer(component_name="BusinessCalendarDay")
class OwnDaySerializer(RecordSerializer):
    spans = SpansField(required=False, max_length=8, help_text='Such as [["09:00", "12:00"]]; empty: closed.')

    class Meta:
        model = OwnDay
        fields = ("day", "name", "spans")


@extend_schema_serializer(component_name="BusinessCalendar")
class CalendarSerializer(RecordSerializer):
    week = WeekField(help_text='Such as {"mon": [["09:00", "12:00"], ["13:00", "17:00"]]}; days left out are closed.')
    own_days = OwnDaySerializer(
        many=True, required=False, help_text="Dates with hours other than the week's; the whole set."
    )

    class Meta:
        model = BusinessCalendar
        fields = ("id", "name", "time_zone", "week", "country", "subdivision", "is_default", "own_days")


class CalendarViewSet(CreateViewSet, ReadViewSet):
    """Opening hours: business time is counted in them. A new default takes over from the one before."""

    thing = "business calendar"
    queryset = BusinessCalendar.objects.prefetch_related("own_days")
    serializer_class = CalendarSerializer
    ordering_fields = ("id", "name")
    http_method_names = ["get", "post", "patch", "head", "options"]

    def write(self, record: BusinessCalendar, values: dict[str, Any], now: datetime) -> BusinessCalendar:
        days = values.pop("own_days", None)
        for name, value in values.items():
            setattr(record, name, value)
        own_days = None if days is None else [OwnDay(**day) for day in days]
        saved = hours.save_calendar(record, own_days=own_days, by=self.request.user, now=now)
        ring_for_due_times()
        return BusinessCalendar.objects.prefetch_related("own_days").get(pk=saved.pk)


@extend_schema_serializer(component_name="SupportArea")
class AreaSerializer(RecordSerializer):
    class Meta:
        model = Area
        fields = ("id", "key", "name", "is_active")


class AreaFilter(filters.FilterSet):
    key = NameFilter(thing="area", exists=lambda key: Area.objects.filter(key=key).exists())

    class Meta:
        model = Area
        fields = ("key", "is_active")


class AreaViewSet(CreateViewSet, ReadViewSet):
    """The parts of the product that tickets and articles are about."""

    thing = "support area"
    queryset = Area.objects.all()
    serializer_class = AreaSerializer
    filterset_class = AreaFilter
    ordering_fields = ("id", "name")
    http_method_names = ["get", "post", "patch", "head", "options"]
    store = staticmethod(staffing.save_area)


router = SimpleRouter()
router.register("business-calendars", CalendarViewSet, "business-calendar")
router.register("support-areas", AreaViewSet, "support-area")
urlpatterns = router.urls
