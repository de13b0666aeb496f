"""The desk and its teams, tickets and threads, routing and service levels, knowledge, inbound mail."""

from .course import ClockStretch, Escalation, TicketChange, TicketLink, Viewing
from .desk import Agent, Area, BusinessCalendar, OwnDay, Team
from .following import SolutionQuestion
from .inbound import InboundMail
from .knowledge import Article, CannedReply, Translation, Verdict
from .policies import RoutingVersion, ServiceVersion
from .sentiment import StrongWords
from .thread import Attachment, Message
from .ticket import Ticket

__all__ = [
    "Agent",
    "Area",
    "Article",
    "Attachment",
    "BusinessCalendar",
    "CannedReply",
    "ClockStretch",
    "Escalation",
    "InboundMail",
    "Message",
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
]
