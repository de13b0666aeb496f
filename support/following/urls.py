"""The addresses that stand in mails about tickets."""

from django.urls import path

from . import pages

urlpatterns = [path("solved/<str:token>/<str:said>/", pages.solution, name="support_solution")]
