"""The demo's playbooks: the shipped onboarding at work, with a month of runs behind it."""

from agentfactory_cs.demo import Stage, stages

from .history import tell_runs

stages.register(Stage("playbooks.runs", "Playbooks at work", tell_runs, order=950))
