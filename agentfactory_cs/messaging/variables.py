"""What every mail may say: customer, reader, success manager, ourselves, links, what they have done so far."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from .catalogue import Group, Variable, groups
from .progress import progress

groups.register(
    Group(
        "messaging.customer",
        "customer",
        _("Customer"),
        (
            Variable("name", "text", _("The company's name."), "Northwind Traders"),
            Variable("tier", "text", _("free, starter, pro or enterprise: for conditions."), "pro"),
            Variable("plan", "text", _("The tier as one reads it."), "Pro"),
            Variable("industry", "text", _("What the company does."), "Logistics", may_be_missing=True),
            Variable("country", "text", _("Two letters."), "DE", may_be_missing=True),
            Variable("signed_up_on", "date", _("The day it became a customer (UTC)."), date(2026, 1, 12)),
        ),
        order=10,
    )
)
groups.register(
    Group(
        "messaging.contact",
        "contact",
        _("Reader"),
        (
            Variable("first_name", "text", _("The reader's given name."), "Ada", may_be_missing=True),
            Variable("name", "text", _("The reader's whole name."), "Ada Lovelace"),
            Variable("email", "text", _("Where the mail goes."), "ada@northwind.example"),
            Variable("role", "text", _("What the reader does there."), "CTO", may_be_missing=True),
        ),
        order=20,
    )
)
groups.register(
    Group(
        "messaging.success_manager",
        "success_manager",
        _("Success manager"),
        (
            Variable("name", "text", _("Who looks after the customer."), "Clara Fischer", may_be_missing=True),
            Variable("first_name", "text", _("Their given name."), "Clara", may_be_missing=True),
            Variable("email", "text", _("Their address."), "clara@agentfactory.example", may_be_missing=True),
            Variable(
                "booking_link",
                "link",
                _("Where one books a call with them."),
                "https://meet.agentfactory.example/clara",
                may_be_missing=True,
            ),
        ),
        order=30,
    )
)
groups.register(
    Group(
        "messaging.company",
        "company",
        _("We"),
        (
            Variable("name", "text", _("Our own name."), "AgentFactory"),
            Variable("email", "text", _("Where our mail comes from."), "success@agentfactory.com"),
            Variable("community_address", "text", _("The community, to read."), "community.agentfactory.com"),
        ),
        order=40,
    )
)
groups.register(
    Group(
        "messaging.links",
        "links",
        _("Links"),
        (
            Variable("platform", "link", _("The platform itself."), "https://app.agentfactory.com"),
            Variable("documentation", "link", _("Its documentation."), "https://docs.agentfactory.com"),
            Variable("community", "link", _("The community."), "https://community.agentfactory.com"),
            Variable(
                "unsubscribe",
                "link",
                _("Where the reader unsubscribes from the topic; transactional mail has none."),
                "https://cs.agentfactory.example/mail/unsubscribe/example/",
                may_be_missing=True,
            ),
        ),
        order=50,
    )
)
groups.register(
    Group(
        "messaging.progress",
        "progress",
        _("What they have done so far"),
        (
            Variable("days_since_signup", "number", _("Days since the signup day (UTC)."), 3),
            Variable("first_agent_created", "flag", _("Whether an agent was ever active."), True),
            Variable(
                "first_agent_on",
                "date",
                _("The first day with an active agent."),
                date(2026, 1, 14),
                may_be_missing=True,
            ),
            Variable("agents", "number", _("Most active agents on a day of the last 7."), 4),
            Variable("conversations", "number", _("Conversations of the last 28 days."), 610),
            Variable("last_login_on", "date", _("Last login within 28 days."), date(2026, 6, 29), may_be_missing=True),
            Variable("features_used", "list", _("Features used within 28 days."), ["REST API", "request logs"]),
            Variable(
                "features_to_try",
                "list",
                _("Up to three features of the tier not used within 28 days."),
                ["tracing", "alerts", "custom tools"],
            ),
        ),
        progress,
        order=60,
    )
)
groups.register(
    Group(
        "messaging.survey",
        "survey",
        _("Survey (only in mails that ask one)"),
        (
            Variable(
                "question", "text", _("The question."), "How likely are you to recommend AgentFactory to a colleague?"
            ),
            Variable(
                "choices",
                "list",
                _("The answers to choose from."),
                [
                    {"label": str(score), "address": f"https://cs.agentfactory.example/mail/survey/example/{score}/"}
                    for score in range(11)
                ],
                fields=(
                    Variable("label", "text", _("The score."), "9"),
                    Variable(
                        "address",
                        "link",
                        _("The page to answer on, with this score chosen."),
                        "https://cs.agentfactory.example/mail/survey/example/9/",
                    ),
                ),
            ),
            Variable(
                "about", "text", _("What it is about, such as a ticket."), "Import of contacts", may_be_missing=True
            ),
            Variable("is_reminder", "flag", _("Whether it asks for the second time."), False, may_be_missing=True),
        ),
        given=True,
        order=70,
    )
)
groups.register(
    Group(
        "messaging.offer",
        "offer",
        _("Offer (only in mails that make one)"),
        (
            Variable("plan", "text", _("The plan offered."), "Enterprise"),
            Variable("reason", "text", _("Why now, in a sentence."), "You used 86 % of your requests in May."),
            Variable(
                "terms", "text", _("What was agreed to, if anything."), "10 % off the first year.", may_be_missing=True
            ),
        ),
        given=True,
        order=80,
    )
)
