"""The demo's desk: who answers, a year of tickets, and those that are open now."""

from agentfactory_cs.demo import Stage, stages

from .desk import staff_desk
from .telling import tell_tickets

stages.register(Stage("support.desk", "Who answers tickets", staff_desk, order=15))
# Before the scores, which count them.
stages.register(Stage("support.tickets", "A year of tickets", tell_tickets, order=55))
