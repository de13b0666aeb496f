"""Words by which an angry reply is told."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from agentfactory_cs.customers.models.fields import validate_language


class StrongWords(models.Model):
    """The words and phrases of one language that bring a ticket before the senior team when a customer's reply holds
    one of them. Edited in the console; those that come with the system are put in place once."""

    language = models.CharField(
        max_length=8, unique=True, validators=[validate_language], help_text="Language code, such as en or pt-BR."
    )
    words = ArrayField(
        models.CharField(max_length=80),
        help_text="Words or phrases separated by commas; capitals do not count, a * stands for any ending.",
    )

    class Meta:
        ordering = ("language",)
        verbose_name = verbose_name_plural = "strong words"

    def __str__(self) -> str:
        return self.language
