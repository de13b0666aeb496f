"""The pages that customers see."""

from django.urls import path, register_converter

from .knowledge import pages


class LanguageCode:
    regex = "[a-z]{2,3}(-[A-Za-z]{2,4})?"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(LanguageCode, "language")

urlpatterns = [
    path("", pages.start, name="help"),
    path("sitemap.xml", pages.sitemap, name="help_sitemap"),
    path("solved/<str:token>/", pages.solved, name="help_solved"),
    path("<language:language>/", pages.contents, name="help_contents"),
    path("<language:language>/<slug:slug>/", pages.article, name="help_article"),
]
