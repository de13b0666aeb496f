"""The weekly report: when it is due (weeks), what it says (content, words), how it is made (reading, making),
what it looks like as a mail (mail, plain), and when it goes out (services)."""

from .content import Content
from .services import make_due, make_week, send

__all__ = ["Content", "make_due", "make_week", "send"]
