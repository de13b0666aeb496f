"""The person looking at the console."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from .models import StaffProfile


class ViewersTimeZone:
    """Shows and reads the console's moments in the viewer's time zone; UTC for those without a profile."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = self._zone_of(request) if request.path.startswith(reverse("admin:index")) else None
        if name is None:
            return self.get_response(request)
        with timezone.override(ZoneInfo(name)):
            response = self.get_response(request)
            if hasattr(response, "render") and not response.is_rendered:
                response.render()
            return response

    def _zone_of(self, request: HttpRequest) -> str | None:
        if not request.user.is_authenticated:
            return None
        return StaffProfile.objects.filter(user=request.user).values_list("time_zone", flat=True).first()
