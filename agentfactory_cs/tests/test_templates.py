"""What every template must keep to."""

import re
from pathlib import Path

import pytest
from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "templates"
# In an attribute a number is for machines: with a separator, 1,234 is no id, and maxlength="4,000" means 4.
FOR_MACHINES = re.compile(r'="[^"]*\{\{ [A-Za-z_.]*(?:\.pk|\.id|revision|longest) \}\}')


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.html")), ids=lambda path: str(path.relative_to(FOLDER)))
def test_numbers_for_machines_have_no_separators(path: Path) -> None:
    assert FOR_MACHINES.findall(path.read_text(encoding="utf-8")) == []
