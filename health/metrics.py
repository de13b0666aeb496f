"""The sixteen metrics of the health score: what each reads and how a person says it. No Django here."""

from dataclasses import dataclass

TIERS = ("free", "starter", "pro", "enterprise")
COMPONENTS = ("usage", "engagement", "outcomes", "relationship")
COMPONENT_LABELS = {
    "usage": "Usage",
    "engagement": "Engagement",
    "outcomes": "Outcomes",
    "relationship": "Relationship",
}
PER_COMPONENT = 4


@dataclass(frozen=True)
class Metric:
    """One metric. Its place in METRICS is its place in a stored row's readings.

    `window_days` is how far back it reads (None: everything up to the day). `percent` readings are shares
    shown as per cent. `unit` follows a figure ("4.2 of 5") where the label does not say it. A reading that counts
    everything in the window (`counts`) means nothing without naming it.
    """

    key: str
    label: str
    window_days: int | None
    definition: str
    unit: str = ""
    percent: bool = False
    decimals: int = 0
    counts: bool = False

    @property
    def phrase(self) -> str:
        """What a sentence calls it: "NPS", "community posts in 90 days"."""
        first = self.label.split()[0]
        name = self.label if first.isupper() else self.label[0].lower() + self.label[1:]
        return f"{name} in {self.window}" if self.counts else name

    def say(self, reading: float, extra: int = 0) -> str:
        """The reading as a person reads it, with its unit, and with `extra` decimals more than usual."""
        if self.percent:
            return f"{reading * 100:.{extra}f} %".replace("-", "−")
        decimals = (self.decimals if abs(reading) < 100 else 0) + extra
        figure = f"{reading:,.{decimals}f}".removesuffix(".0").replace("-", "−")
        return f"{figure} {self.unit}".strip()

    @property
    def window(self) -> str:
        return f"{self.window_days} days" if self.window_days else "all time"


METRICS = (
    Metric("api_calls_per_day", "API calls per day", 28, "Mean daily API calls", decimals=1),
    Metric("active_agents", "Active agents", 28, "Mean of the daily active agents", decimals=1),
    Metric("conversations_per_week", "Conversations per week", 28, "Conversations per week", decimals=1),
    Metric(
        "feature_adoption_rate",
        "Feature adoption",
        28,
        "Share of the tier's features that were used",
        percent=True,
    ),
    Metric("login_frequency", "Login frequency", 28, "Share of days with a login", percent=True),
    Metric("support_ticket_volume", "Support tickets", 28, "Tickets opened", counts=True),
    Metric("training_completion", "Training completion", None, "Courses completed of those assigned", percent=True),
    Metric("community_participation", "Community posts", 90, "Posts in the community", counts=True),
    Metric("goal_achievement", "Goal achievement", None, "Mean progress towards the goals", percent=True),
    Metric("roi", "Return on investment", 180, "(value − cost) ÷ cost over the outcome reports", percent=True),
    Metric("success_metrics", "Success metrics", None, "Share of the success metrics at target", percent=True),
    Metric("value_realization", "Value realization", 180, "Value delivered ÷ value expected", percent=True),
    Metric("nps", "NPS", 180, "Per cent promoters − per cent detractors"),
    Metric("support_satisfaction", "Support satisfaction", 90, "Mean satisfaction with support", "of 5", decimals=1),
    Metric(
        "account_manager_interactions",
        "Interactions",
        60,
        "Calls, meetings, mails and notes with the customer",
        counts=True,
    ),
    Metric("renewal_likelihood", "Renewal likelihood", 90, "The success manager's latest estimate", "of 100"),
)
KEYS = tuple(metric.key for metric in METRICS)
PLACE = {key: place for place, key in enumerate(KEYS)}


@dataclass(frozen=True)
class Signal:
    """A fact that is on or off on a day, for a scorecard's limits. Its place in SIGNALS is its bit in a stored row.

    `phrase` follows "while" ("never above 60 while a payment is past due").
    """

    key: str
    label: str
    phrase: str


SIGNALS = (
    Signal("payment_past_due", "Payment past due", "a payment is past due"),
    Signal("payment_unpaid", "Payment unpaid", "a payment is unpaid"),
)
SIGNAL_BIT = {signal.key: 1 << place for place, signal in enumerate(SIGNALS)}


def component_of(place: int) -> str:
    return COMPONENTS[place // PER_COMPONENT]
