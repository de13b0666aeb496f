"""What conditions can ask about playbooks themselves."""

from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.customers.conditions.registry import Fact, FactType, facts

from .models import Run


def _under_way(now: datetime) -> Any:
    runs = Run.objects.filter(customer=OuterRef("pk"), entered_at__lte=now).exclude(state=Run.State.HELD_OUT)
    return ArraySubquery(runs.filter(Q(ended_at=None) | Q(ended_at__gt=now)).values("playbook__key"))


facts.register(
    Fact(
        "playbooks.under_way",
        _("Playbooks under way"),
        FactType.TAGS,
        _under_way,
        definition=_("The keys of the playbooks that the customer is in."),
        order=90,
    )
)
