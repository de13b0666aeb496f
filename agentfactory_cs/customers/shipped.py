"""The feature catalogue of the platform, put in place at the first migration (editable afterwards)."""

from agentfactory_cs.console.models import Shipped
from agentfactory_cs.console.shipping import Loader, loaders

from .models import Company, Customer, Feature
from .services import add_feature

CATALOGUE = {
    Customer.Tier.FREE: ("web search tool", "file tools", "calculator", "CLI"),
    Customer.Tier.STARTER: (
        "REST API",
        "blueprint marketplace",
        "request logs",
        "error tracking",
        "blueprint authoring",
    ),
    Customer.Tier.PRO: (
        "tool packs",
        "metrics dashboard",
        "alerts",
        "tracing",
        "blueprint publishing",
        "custom tools",
        "multi-agent systems",
        "integrations",
    ),
    Customer.Tier.ENTERPRISE: ("SSO", "audit log", "private registry", "dedicated capacity", "custom models"),
}


def load_catalogue() -> None:
    Company.get()
    wanted = {f"feature:{name}": (name, tier) for tier, names in CATALOGUE.items() for name in names}
    new = Shipped.first_time(list(wanted))
    for key, (name, tier) in wanted.items():
        if key in new and not Feature.objects.filter(name=name).exists():
            add_feature(name=name, tier=tier)


loaders.register(Loader("customers.catalogue", load_catalogue))
