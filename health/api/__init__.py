"""Health over REST."""

from . import scores

urlpatterns = [*scores.urlpatterns]
