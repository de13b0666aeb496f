"""Every error in one shape: `type`, and `errors` with `code`, `detail` and `attr`."""

import logging
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, IntegrityError, OperationalError
from django.db.models import BaseConstraint, CheckConstraint, Model, ProtectedError, RestrictedError, UniqueConstraint
from drf_standardized_errors.handler import ExceptionHandler
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.settings import api_settings

logger = logging.getLogger(__name__)

# What services answer with when the request is sound but something stands against it.
_CONFLICT_CODES = {"unique", "unique_together", "conflict"}

# Deadlock, serialization failure: nothing is wrong with the request but its moment.
_COLLISIONS = {"40P01", "40001"}

Detail = dict[str, list[ErrorDetail]]


class Conflict(APIException):
    """The request is sound but what is stored stands against it."""

    status_code = 409
    default_code = "conflict"
    default_detail = "This conflicts with what is stored."


class TooLarge(APIException):
    """The body is larger than the server takes."""

    status_code = 413
    default_code = "too_large"
    default_detail = "The body is too large; send it in parts."


class Handler(ExceptionHandler):
    """Also answers for what services and the database refuse, which is never our client's puzzle."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        match exc:
            case DjangoValidationError():
                return _refusal(dict(_errors_of(exc)))
            case IntegrityError():
                return _broken_constraint(exc)
            case DataError():  # such as an offset from UTC of 20 hours, which Python takes and PostgreSQL does not
                logger.warning("The database cannot take a value of this request.", exc_info=exc)
                detail = "A value is outside the range that can be stored or compared."
                return ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [detail]})
            case ProtectedError() | RestrictedError():
                return Conflict("Other records depend on this one.")
            case OperationalError() if getattr(exc.__cause__, "pgcode", None) in _COLLISIONS:
                return Conflict("Another request was changing the same thing; send this one again.")
            case RequestDataTooBig():
                return TooLarge()
        return super().convert_known_exceptions(exc)


def _refusal(detail: Detail) -> APIException:
    codes = {error.code for errors in detail.values() for error in errors}
    return _conflict(detail) if codes <= _CONFLICT_CODES else ValidationError(detail)


def _conflict(detail: Detail) -> Conflict:
    conflict = Conflict()
    conflict.detail = detail  # type: ignore[assignment]
    return conflict


def _errors_of(error: DjangoValidationError) -> Iterator[tuple[str, list[ErrorDetail]]]:
    by_field = error.error_dict if hasattr(error, "error_dict") else {"__all__": error.error_list}
    for field, errors in by_field.items():
        name = api_settings.NON_FIELD_ERRORS_KEY if field == "__all__" else field
        yield name, [_detail(item) for item in errors]


def _detail(error: DjangoValidationError) -> ErrorDetail:
    message = str(error.messages[0])
    code = error.code or ("unique" if message in _messages_of_unique_constraints() else "invalid")
    return ErrorDetail(message, code=code)


@cache
def _constraints() -> dict[str, tuple[type[Model], BaseConstraint]]:
    models = apps.get_models()
    return {constraint.name: (model, constraint) for model in models for constraint in model._meta.constraints}


@cache
def _messages_of_unique_constraints() -> set[str]:
    """Django gives a constraint with words of its own no error code; the words tell a clash from a bad value."""
    unique = (constraint for _, constraint in _constraints().values() if isinstance(constraint, UniqueConstraint))
    return {str(constraint.get_violation_error_message()) for constraint in unique}


def _broken_constraint(exc: IntegrityError) -> Exception:
    """What validation let pass: two requests raced, and the database refused the second; or a service did not check."""
    diagnosis: Any = getattr(exc.__cause__, "diag", None)
    name = getattr(diagnosis, "constraint_name", None) or ""
    _, constraint = _constraints().get(name, (None, None))
    message = str(constraint.get_violation_error_message()) if constraint else Conflict.default_detail
    fields: tuple[str, ...] = getattr(constraint, "fields", ())
    attr = fields[0] if len(fields) == 1 else api_settings.NON_FIELD_ERRORS_KEY
    if isinstance(constraint, CheckConstraint):
        return ValidationError({attr: [ErrorDetail(message, code="invalid")]})
    return _conflict({attr: [ErrorDetail(message, code="conflict")]})
