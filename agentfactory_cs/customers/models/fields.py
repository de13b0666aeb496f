"""Field kinds that several tables share: languages, time zones, currencies, and constraints on choices."""

import re
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import models

_LANGUAGE = re.compile(r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")
_CURRENCY = re.compile(r"^[A-Z]{3}$")


def validate_language(value: str) -> None:
    if not _LANGUAGE.match(value):
        raise ValidationError("%(value)s is not a language code such as en or pt-BR.", params={"value": value})


# Looking the names up walks the whole zone folder: 10 ms that every saved customer and contact would cost.
_time_zones = cache(available_timezones)


def validate_time_zone(value: str) -> None:
    if value not in _time_zones():
        raise ValidationError("%(value)s is not a time zone such as Europe/Berlin.", params={"value": value})


def validate_currency(value: str) -> None:
    if not _CURRENCY.match(value):
        raise ValidationError("%(value)s is not a currency code such as USD.", params={"value": value})


def language_field(**options: Any) -> models.CharField:
    return models.CharField(
        max_length=8,
        default="en",
        validators=[validate_language],
        help_text="Language code, such as en or pt-BR.",
        **options,
    )


def time_zone_field(**options: Any) -> models.CharField:
    return models.CharField(
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text="IANA name, such as Europe/Berlin.",
        **options,
    )


def currency_field() -> models.CharField:
    return models.CharField(
        max_length=3, default="USD", validators=[validate_currency], help_text="Three letters, such as USD."
    )


def money_field(help_text: str, **options: Any) -> models.DecimalField:
    return models.DecimalField(max_digits=14, decimal_places=2, help_text=help_text, **options)


def one_of(field: str, choices: type[models.TextChoices], name: str) -> models.CheckConstraint:
    """The database refuses a value outside the choices, whatever wrote it."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__in": choices.values}),
        name=name,
        violation_error_message=f"{field} must be one of {', '.join(choices.values)}.",
    )
