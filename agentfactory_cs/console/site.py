"""The admin site with what the frame adds: panels, cards and key figures that load on their own."""

from django.urls import URLPattern, path
from unfold.sites import UnfoldAdminSite

from . import views


class ConsoleSite(UnfoldAdminSite):
    enable_nav_sidebar = True

    def extra_urls(self) -> list[URLPattern]:
        return [
            path("panel/<str:key>/<int:pk>/", self.admin_view(views.panel), name="panel"),
            path("card/<str:key>/", self.admin_view(views.card), name="card"),
            path("figure/<str:key>/", self.admin_view(views.figure), name="figure"),
        ]
