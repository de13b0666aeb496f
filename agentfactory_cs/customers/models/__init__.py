"""Who the customers are and what they do."""

from .company import Company, StaffProfile
from .contact import Contact
from .contract import Subscription, SubscriptionChange
from .customer import Churn, Customer, CustomerChange, Tag
from .goals import Goal, GoalReading, OutcomeReport
from .relationship import Interaction, RenewalEstimate, Task, Training
from .segment import Segment
from .usage import Feature, UsageDay, UsageReceipt

__all__ = [
    "Churn",
    "Company",
    "Contact",
    "Customer",
    "CustomerChange",
    "Feature",
    "Goal",
    "GoalReading",
    "Interaction",
    "OutcomeReport",
    "RenewalEstimate",
    "Segment",
    "StaffProfile",
    "Subscription",
    "SubscriptionChange",
    "Tag",
    "Task",
    "Training",
    "UsageDay",
    "UsageReceipt",
]
