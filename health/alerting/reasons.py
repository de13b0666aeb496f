"""Why an alert was raised: what pulled the score down, and only where nothing is known of that, what holds it there."""

from ..explaining import WORTH_SAYING, Explanation

MOST = 3


def reasons(explanation: Explanation | None) -> list[str]:
    """At most three sentences, the largest cause first; what rose meanwhile is no reason."""
    if explanation is None:
        return []
    fell = [metric for metric in explanation.metrics if (metric.change or 0) <= -WORTH_SAYING]
    fell.sort(key=lambda metric: metric.change or 0)
    return [metric.sentence for metric in fell[:MOST]] or list(explanation.sentences)
