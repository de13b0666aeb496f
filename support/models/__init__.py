"""The desk and its teams, tickets and threads, routing and service levels, knowledge, inbound mail."""

from .answers import AnsweringSettings, AutomaticAnswer, OfferedArticle
from .course import ClockStretch, Escalation, TicketChange, TicketLink, Viewing
from .desk import Agent, Area, BusinessCalendar, OwnDay, Team
from .following import SolutionQuestion
from .inbound import InboundMail
from .knowledge import Article, ArticleVersion, CannedReply, Translation, Verdict, Word
from .policies import RoutingVersion, ServiceVersion
from .sentiment import StrongWords
from .thread import Attachment, Message
from .ticket import Ticket

__all__ = [
    "Agent",
    "AnsweringSettings",
    "Area",
    "Article",
    "ArticleVersion",
    "Attachment",
    "AutomaticAnswer",
    "BusinessCalendar",
    "CannedReply",
    "ClockStretch",
    "Escalation",
    "InboundMail",
    "Message",
    "OfferedArticle",
    "OwnDay",
    "RoutingVersion",
    "ServiceVersion",
    "SolutionQuestion",
    "StrongWords",
    "Team",
    "Ticket",
    "TicketChange",
    "TicketLink",
    "Translation",
    "Verdict",
    "Viewing",
    "Word",
]
