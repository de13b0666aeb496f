"""Words of the help page."""

from django import template
from django.conf.locale import LANG_INFO

register = template.Library()


@register.filter
def language_name(code: str) -> str:
    """A language as its own readers call it, such as Deutsch; the code where nobody told."""
    told = LANG_INFO.get(code.lower()) or LANG_INFO.get(code.partition("-")[0]) or {}
    name: str = told.get("name_local", code)
    return name[:1].upper() + name[1:]
