"""The person looking at the console."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
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
            # A page is rendered only after the views are done, and must be in this zone too.
            return response.render() if isinstance(response, SimpleTemplateResponse) else response

    def _zone_of(self, request: HttpRequest) -> str | None:
        if not request.user.is_authenticated:
            return None
        return StaffProfile.objects.filter(user=request.user).values_list("time_zone", flat=True).first()
