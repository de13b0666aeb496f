"""A preview in the frame's dress: sentences, bars before and after, who changes band."""

from collections.abc import Mapping, Sequence
from typing import Any

from agentfactory_cs.console.chips import ScoreChip
from agentfactory_cs.customers.console.columns import money_words

from ..preview import BANDS, Changed, Preview
from ..rules import BAND_LABELS, Card
from .chips import MOODS


def preview_context(preview: Preview | None, card: Card) -> Mapping[str, Any]:
    """`card` is the proposed one: its bands colour the bars."""
    if preview is None:
        return {"preview": None}
    return {
        "preview": preview,
        "bars": _bars(preview, card),
        "bands": [_band(band, preview) for band in BANDS],
        "moves": [
            {
                "before": BAND_LABELS[move.before],
                "after": BAND_LABELS[move.after],
                "mood": MOODS[move.after],
                "customers": move.customers,
            }
            for move in preview.moves
        ],
        "changed": [_changed(row) for row in preview.changed],
        "moved_average": _moved(preview.before.average, preview.after.average),
    }


def _bars(preview: Preview, card: Card) -> Sequence[Mapping[str, Any]]:
    most = max(*preview.before.tenths, *preview.after.tenths, 1)
    return [
        {
            "from": 10 * tenth,
            "to": 10 * tenth + 10,
            "before": before,
            "after": after,
            "height_before": 100 * before / most,
            "height_after": 100 * after / most,
            "mood": MOODS[card.band(10 * tenth + 5)],
        }
        for tenth, (before, after) in enumerate(zip(preview.before.tenths, preview.after.tenths, strict=True))
    ]


def _band(band: str, preview: Preview) -> Mapping[str, Any]:
    before, after = preview.before.bands[band], preview.after.bands[band]
    share = 100 * after / preview.customers if preview.customers else None
    return {
        "label": BAND_LABELS[band],
        "mood": MOODS[band],
        "before": before,
        "after": after,
        "change": after - before,
        "share": share,
    }


def _changed(row: Changed) -> Mapping[str, Any]:
    return {
        "customer": row.customer,
        "before": ScoreChip(row.before, BAND_LABELS[row.band_before], MOODS[row.band_before]),
        "after": ScoreChip(row.after, BAND_LABELS[row.band_after], MOODS[row.band_after]),
        "revenue": money_words(row.revenue) if row.revenue else "",
    }


def _moved(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before
