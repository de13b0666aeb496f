"""Checking a record and saving it."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, UniqueConstraint


def check_and_save(record: Model, *, update_fields: Iterable[str] | None = None, just_read: Iterable[str] = ()) -> None:
    """Save a record that its fields and the database find right; ValidationError says what is wrong otherwise.

    The table's constraints are judged by the database as it writes. Asking it before each write, as `full_clean`
    does, takes three statements a constraint and made an import of subscriptions three times as slow. `just_read`
    names foreign keys whose rows the caller has read itself: they are not looked up again.
    """
    record.full_clean(exclude=set(just_read), validate_constraints=False)
    try:
        with transaction.atomic():
            record.save(update_fields=update_fields)
    except IntegrityError as error:
        raise _in_words(record, error) from error


def _in_words(record: Model, error: IntegrityError) -> ValidationError:
    """The broken constraint's own message; an error of the field where the constraint is about one."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    constraint: Any = next((one for one in record._meta.constraints if one.name == name), None)
    if constraint is None:
        raise error
    if isinstance(constraint, UniqueConstraint) and _says_nothing(constraint):
        return record.unique_error_message(type(record), constraint.fields)
    return ValidationError(constraint.get_violation_error_message(), code=constraint.violation_error_code)


def _says_nothing(constraint: UniqueConstraint) -> bool:
    return constraint.violation_error_message == constraint.default_violation_error_message
