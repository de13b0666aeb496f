"""What a lead sets about automatic answers."""

from datetime import datetime

from agentfactory_cs.customers.services.checking import check_and_save
from agentfactory_cs.events.services import Actor

from ..models import AnsweringSettings


def save_settings(settings: AnsweringSettings, *, by: Actor = None, now: datetime) -> AnsweringSettings:
    """They hold from the next ticket on. ValidationError names what is out of bounds."""
    check_and_save(settings)
    return settings
