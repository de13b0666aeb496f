"""Which of the languages there are a reader gets."""

from collections.abc import Collection, Iterator

LAST_RESORT = "en"


def best_language(wanted: str, there: Collection[str], default: str) -> str | None:
    """The wanted one (pt-BR), else its base (pt), else the company's, else English, else any; None where is none."""
    order = [*_with_base(wanted), *_with_base(default), LAST_RESORT, *sorted(there)]
    return next((language for language in order if language in there), None)


def _with_base(language: str) -> Iterator[str]:
    yield language
    yield language.partition("-")[0]
