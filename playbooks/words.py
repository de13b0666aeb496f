"""What conditions were judged by, in words."""

from agentfactory_cs.customers.conditions.condition import Judgement

LEFT_US = "The customer has left us."


def unmet_words(judgement: Judgement) -> str:
    """What was asked and did not hold, with the figures."""
    unmet = [f"{sentence} (it is {_shown(value)})" for sentence, holds, value in judgement.rows if not holds]
    return "Not met: " + "; ".join(unmet) + "."


def met_words(judgement: Judgement) -> str:
    met = [f"{sentence} (it is {_shown(value)})" for sentence, holds, value in judgement.rows if holds]
    return "; ".join(met)


def _shown(value: object) -> str:
    if value is None:
        return "not known"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def exit_words(judgement: Judgement) -> str:
    return f"Its exit condition holds: {met_words(judgement)}."
