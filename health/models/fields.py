"""Column types of their own."""

from django.db import models


class RealField(models.FloatField):
    """Four bytes: a score is a row per customer and day, and eight digits say nothing more."""

    def db_type(self, connection: object) -> str:
        return "real"
