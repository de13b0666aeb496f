"""The demo's onboardings, and the interventions for those who are stuck."""

from agentfactory_cs.demo import Stage, stages

from .course import tell_onboardings
from .interventions import tell_interventions

stages.register(Stage("onboarding.onboardings", "Onboardings", tell_onboardings, order=45))
# After the other playbooks' history: what it does is done with theirs behind it.
stages.register(Stage("onboarding.interventions", "Interventions for the stuck", tell_interventions, order=960))
