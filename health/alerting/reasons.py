"""Why an alert was raised: what pulled the score down; where nothing is known of that, what holds it there."""

from django.utils.translation import gettext as _

from ..explaining import WORTH_SAYING, Explanation, MetricLine

MOST = 3
LOSS = "−"


def reasons(explanation: Explanation | None) -> list[str]:
    """At most three sentences, the largest cause first. What rose meanwhile is no reason, and neither is that
    something became known."""
    if explanation is None:
        return []
    losses = [sentence for sentence in explanation.sentences if sentence.startswith(LOSS)]
    fell = [metric for metric in explanation.metrics if (metric.change or 0) <= -WORTH_SAYING]
    fell.sort(key=lambda metric: metric.change or 0)
    losses += [metric.sentence for metric in fell if metric.sentence.startswith(LOSS)]
    return list(dict.fromkeys(losses))[:MOST] or _what_holds_it_down(explanation) or list(explanation.sentences)


def _what_holds_it_down(explanation: Explanation) -> list[str]:
    missed = [
        (metric.weight * (100 - metric.points), metric) for metric in explanation.metrics if metric.points is not None
    ]
    missed.sort(key=lambda item: -item[0])
    return [_standing(metric) for points, metric in missed[:MOST] if points >= 1]


def _standing(metric: MetricLine) -> str:
    words = _("%(label)s at %(reading)s against a target of %(target)s: %(points).0f of 100 points")
    return words % {
        "label": metric.label,
        "reading": metric.reading_text,
        "target": metric.target_text,
        "points": metric.points,
    }
