"""Messaging in the console's lists and forms."""

from . import channels, emails, notices, suppressions, survey_requests, surveys, templates

__all__ = ["channels", "emails", "notices", "suppressions", "survey_requests", "surveys", "templates"]
