"""Whether the words of a mail may be saved: every fault with its field and line, before anybody is written to."""

from collections.abc import Iterator
from copy import deepcopy

from css_inline import InlineError
from django.core.exceptions import ValidationError
from django.template import TemplateSyntaxError

from ..catalogue import examples, missing_paths, shapes
from .compiled import Words, render
from .markup import markup_faults
from .naming import Fault, names_in
from .syntax import CannotRender, SafeTemplate

MAX_LENGTH = {"subject": 200, "html": 100_000, "text": 50_000}


def check(words: Words) -> None:
    """Raises ValidationError by field (subject, html, text), each message beginning with its line."""
    sources = {"subject": words.subject, "html": words.html, "text": words.text}
    faults = {field: [*_faults(field, source)] for field, source in sources.items()}
    if not any(faults.values()):
        faults = dict(_faults_when_filled(words))
    if found := {field: messages for field, messages in faults.items() if messages}:
        raise ValidationError(found)


def check_plain(source: str) -> None:
    """For words that are no mail of their own, such as a canned reply: ValidationError, each message with its line."""
    if faults := [*_faults("text", source)] or ([] if source.strip() else ["There is nothing here."]):
        raise ValidationError(faults)
    try:
        SafeTemplate(source).fill(examples(), autoescape=False)
    except CannotRender as hole:
        raise ValidationError(f"Filled with example values: {hole}") from hole


def gaps(words: Words) -> list[str]:
    """The variables some readers lack, and without which this mail (found good by `check`) would be held."""
    named = {path for source in (words.subject, words.html, words.text) for path in names_in(source, shapes()).paths}
    return [path for path in missing_paths() if path in named and not _renders_without(words, path)]


def _faults(field: str, source: str) -> Iterator[str]:
    if not source.strip() and field != "text":
        yield "There is nothing here."
    if len(source) > MAX_LENGTH[field]:
        yield f"{len(source):,} characters are too many: {MAX_LENGTH[field]:,} at most."
        return
    try:
        SafeTemplate(source)
    except TemplateSyntaxError as error:
        yield str(Fault(getattr(getattr(error, "token", None), "lineno", 1), str(error)))
        return
    found = names_in(source, shapes())
    faults = [*found.faults, *(markup_faults(source, found.kinds) if field == "html" else ())]
    yield from (str(fault) for fault in sorted(faults, key=lambda fault: fault.line))


def _faults_when_filled(words: Words) -> Iterator[tuple[str, list[str]]]:
    """What only shows when the mail is filled for a reader who has everything."""
    try:
        render(words, examples())
    except CannotRender as hole:
        yield "html", [f"Filled with example values: {hole}"]
    except InlineError as error:
        yield "html", [f"Its styles cannot be read: {error}"]


def _renders_without(words: Words, path: str) -> bool:
    data = deepcopy(examples())
    group, _, name = path.partition(".")
    del data[group][name]
    try:
        render(words, data)
    except CannotRender:
        return False
    return True
