"""How to address a person whose name we have in one piece."""

_TITLES = frozenset({"dr", "prof", "mr", "mrs", "ms", "mx", "herr", "frau", "ing", "dipl", "mag", "sir"})
# Languages in which the family name stands first, or a given name alone would be a liberty.
_WHOLE_NAME = frozenset({"hu", "ja", "ko", "vi", "zh"})


def first_name(name: str, language: str = "en") -> str:
    """The given name: "Ada" of "Ada Lovelace", "Dr. Ada Lovelace" or "Lovelace, Ada"; where that is unsure, all of it.

    Empty where the name says nothing a person would be greeted with, such as an address.
    """
    if "@" in name:
        return ""
    if language.split("-")[0] in _WHOLE_NAME:
        return name.strip()
    family, comma, given = name.partition(",")
    words = (given if comma and given.strip() else family).split()
    while len(words) > 1 and words[0].rstrip(".").lower() in _TITLES:
        words = words[1:]
    first = words[0] if words else ""
    # An initial is no name to greet with.
    return name.strip() if len(first.rstrip(".")) == 1 else first
