"""The pages that customers see are written in German too, and what is shipped compiled is what stands in the file."""

import re
from gettext import GNUTranslations
from pathlib import Path

import pytest
from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "locale" / "de" / "LC_MESSAGES"
PAGES = sorted((Path(settings.BASE_DIR) / "templates" / "pages").rglob("*.html"))

_ENTRY = re.compile(r'^msgid "(.+)"\nmsgstr "(.+)"$', re.MULTILINE)
_SAID = re.compile(r'{% translate "((?:[^"\\]|\\.)+)" %}|_\("([^"]+)"\)')
_BLOCK = re.compile(r"{% blocktranslate[^%]*%}(.+?){% endblocktranslate %}", re.DOTALL)


def _plain(words: str) -> str:
    return words.replace('\\"', '"').replace("\\\\", "\\")


def _written() -> dict[str, str]:
    found = _ENTRY.findall((FOLDER / "django.po").read_text(encoding="utf-8"))
    return {_plain(english): _plain(german) for english, german in found}


def _compiled() -> GNUTranslations:
    with (FOLDER / "django.mo").open("rb") as file:
        return GNUTranslations(file)


def test_what_is_compiled_is_what_is_written() -> None:
    compiled, written = _compiled(), _written()

    assert len(written) > 30
    assert {english: compiled.gettext(english) for english in written} == written


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_every_sentence_of_a_page_is_written_in_german(page: Path) -> None:
    source, written = page.read_text(encoding="utf-8"), _written()

    said = [one or other for one, other in _SAID.findall(source)]
    blocks = [re.sub(r"{{ (\w+) }}", r"%(\1)s", block) for block in _BLOCK.findall(source)]

    assert [words for words in (*said, *blocks) if words not in written] == []


@pytest.mark.parametrize(("english", "german"), _written().items())
def test_a_translation_fills_in_the_same_names(english: str, german: str) -> None:
    def names(words: str) -> list[str]:
        return sorted(re.findall(r"%\((\w+)\)s", words))

    assert names(english) == names(german)
