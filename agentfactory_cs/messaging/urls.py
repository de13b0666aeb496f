"""The addresses that stand in mails."""

from django.urls import path

from . import survey_page, views

urlpatterns = [
    path("unsubscribe/<str:token>/", views.topics, name="messaging_topics"),
    path("one-click/<str:token>/", views.one_click, name="messaging_one_click"),
    path("survey/<str:token>/", survey_page.survey, name="messaging_survey"),
    path("survey/<str:token>/<int:score>/", survey_page.survey, name="messaging_survey"),
]
