"""Where what somebody wrote ends, and what they quote begins. Pure, bounded in time."""

import re
from functools import cache

from mailparser_reply import EmailMessage
from mailparser_reply.constants import MAIL_LANGUAGES

# The library's patterns take too long on more, and on endless lines.
MOST_LOOKED_AT = 20_000  # characters
LONGEST_LINE = 300
# One person's own habit, kept by the library beside the languages.
_NO_LANGUAGE = {"david"}
_RULE = re.compile(r"[\s>]*[_=*-]{5,}\s*")


def fold(text: str) -> tuple[str, str]:
    """What was newly written, and what stands quoted under it ("" for nothing).

    Answers written between the lines of what they answer stay where they are; of an answer below the quotation, the
    quotation is folded. Something is always left, where there was something.
    """
    lines = text.strip("\n").split("\n")
    place = min(_first_header(lines), _trailing_quotation(lines))
    written, quoted = _split(lines, place)
    if written or not quoted:
        return written, quoted
    return _below(quoted.split("\n")) or (text.strip(), "")


def _split(lines: list[str], place: int) -> tuple[str, str]:
    while place and (not lines[place - 1].strip() or _RULE.fullmatch(lines[place - 1])) and place < len(lines):
        place -= 1
    return "\n".join(lines[:place]).strip(), "\n".join(lines[place:]).strip("\n")


def _first_header(lines: list[str]) -> int:
    """The line of "On …, … wrote:", or of a forwarded head, in any language the library knows."""
    looked_at = "\n".join(line.strip() if len(line) <= LONGEST_LINE else "x" for line in lines)[:MOST_LOOKED_AT]
    found = _headers().search(looked_at)
    if found is None:
        return len(lines)
    start = found.start() + len(found.group()) - len(found.group().lstrip("\n"))
    return looked_at.count("\n", 0, start)


def _trailing_quotation(lines: list[str]) -> int:
    """Where the quoted lines at the end begin; answers below or between them are not of the end."""
    place = len(lines)
    while place and (not lines[place - 1].strip() or lines[place - 1].lstrip().startswith(">")):
        place -= 1
    while place < len(lines) and not lines[place].strip():
        place += 1
    return place - _says_who_wrote(lines[:place]) if place < len(lines) else place


def _says_who_wrote(lines: list[str]) -> int:
    """How many lines at the end introduce what is quoted below, in a language nobody has patterns for."""
    above = next((place for place in range(len(lines) - 1, -1, -1) if lines[place].strip()), None)
    if above is None:
        return 0
    line = lines[above].strip()
    introduces = line.endswith((":", "：")) and ("@" in line or sum(one.isdigit() for one in line) > 2)
    return len(lines) - above if introduces else 0


def _below(lines: list[str]) -> tuple[str, str] | None:
    """An answer under what it quotes: the unquoted lines after the last quoted one."""
    last = max((place for place, line in enumerate(lines) if line.lstrip().startswith(">")), default=-1)
    written = "\n".join(lines[last + 1 :]).strip()
    return (written, "\n".join(lines[: last + 1])) if last >= 0 and written else None


@cache
def _headers() -> re.Pattern[str]:
    languages = [name for name in MAIL_LANGUAGES if name not in _NO_LANGUAGE]
    pattern: re.Pattern[str] = EmailMessage(text="", languages=languages).HEADER_REGEX
    return pattern
