"""The events of messaging."""

from agentfactory_cs.events.registry import Trigger, triggers

from . import outages  # noqa: F401 - registers how outages of webhooks are told of

triggers.register(
    Trigger(
        "messaging.survey_answered",
        "Survey answered",
        "Answered {survey} with {score}",
        {"survey": str, "kind": str, "score": int, "comment": str},
        "rate_review",
    )
)
triggers.register(
    Trigger(
        "messaging.survey_corrected",
        "Survey answer corrected",
        "Corrected the answer to {survey} from {was} to {score}",
        {"survey": str, "kind": str, "score": int, "was": int, "comment": str},
        "edit_note",
    )
)

# `request` is our id of the one time it was asked.
_ASKED: dict[str, type | tuple[type, ...]] = {"survey": str, "kind": str, "request": int}

# `email` is our id of the mail, `mail` its subject (or its template's name while it has none).
_MAIL: dict[str, type | tuple[type, ...]] = {"email": int, "mail": str, "template": str}
_TRACKED: dict[str, type | tuple[type, ...]] = {"email": int, "mail": str, "address": str}
_WHY: dict[str, type | tuple[type, ...]] = {"reason": str}

for trigger in (
    Trigger("messaging.survey_asked", "Survey asked", "Asked {contact}: {survey}", _ASKED | {"contact": str}, "quiz"),
    Trigger("messaging.survey_not_asked", "Survey not asked", "Not asked: {survey}. {reason}", _ASKED | _WHY, "quiz"),
    Trigger("messaging.survey_cancelled", "Survey cancelled", "Cancelled: {survey}. {reason}", _ASKED | _WHY, "quiz"),
    Trigger("messaging.email_sent", "Mail sent", "Mail sent: {mail}", _MAIL, "outgoing_mail"),
    Trigger("messaging.email_withheld", "Mail not sent", "Mail not sent: {mail}. {reason}", _MAIL | _WHY, "mail_off"),
    Trigger("messaging.email_failed", "Mail failed", "Mail failed: {mail}. {reason}", _MAIL | _WHY, "error"),
    Trigger("messaging.email_delivered", "Mail delivered", "Mail delivered: {mail}", _TRACKED, "mark_email_read"),
    Trigger(
        "messaging.email_bounced",
        "Mail bounced",
        "Mail to {address} bounced: {mail}. {reason}",
        _TRACKED | _WHY,
        "unsubscribe",
    ),
    Trigger(
        "messaging.email_complained",
        "Mail reported as spam",
        "{address} reported a mail as spam: {mail}",
        _TRACKED | _WHY,
        "report",
    ),
    Trigger("messaging.email_opened", "Mail opened", "Mail opened: {mail}", _TRACKED, "drafts"),
    Trigger("messaging.email_clicked", "Link in a mail followed", "Link followed in: {mail}", _TRACKED, "ads_click"),
    Trigger(
        "messaging.unsubscribed",
        "Unsubscribed",
        "{address} unsubscribed from {topic}",
        {"address": str, "topic": str, "topic_key": str},
        "unsubscribe",
    ),
    Trigger(
        "messaging.resubscribed",
        "Subscribed again",
        "{address} wants mail again: {topic}",
        {"address": str, "topic": str, "topic_key": str},
        "mark_email_unread",
    ),
):
    triggers.register(trigger)
