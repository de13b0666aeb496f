"""Reading bodies."""

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from rest_framework.parsers import JSONParser


class BoundedJSONParser(JSONParser):
    """REST framework's own reads past DATA_UPLOAD_MAX_MEMORY_SIZE, as far as a client cares to send."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        request = (parser_context or {})["request"]
        return super().parse(BytesIO(request.body), media_type, parser_context)
