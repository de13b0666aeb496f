"""The addresses that stand in mails."""

from django.urls import path

from . import views

urlpatterns = [
    path("unsubscribe/<str:token>/", views.topics, name="messaging_topics"),
    path("one-click/<str:token>/", views.one_click, name="messaging_one_click"),
]
