"""What we say and what they answer: templates, the outbox, surveys, notices to our own people."""

from .notices import Notice
from .outbox import Email, EmailEvent, SendingPace, Suppression
from .slack import SlackChannel
from .survey_requests import SurveyRequest
from .surveys import Response, Survey, SurveyKind, SurveyWording
from .templates import MailTemplate, MailTemplateVersion, Topic

__all__ = [
    "Email",
    "EmailEvent",
    "MailTemplate",
    "MailTemplateVersion",
    "Notice",
    "Response",
    "SendingPace",
    "SlackChannel",
    "Suppression",
    "Survey",
    "SurveyKind",
    "SurveyRequest",
    "SurveyWording",
    "Topic",
]
