"""A client of the REST API, as an integration is one: with a key from the command line."""

import itertools
import json
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.test import Client

_number = itertools.count(1)


def new_key(scope: str) -> str:
    out = StringIO()
    call_command("create_api_key", f"{scope} {next(_number)}", scope=scope, stdout=out)
    return out.getvalue().strip()


class ApiClient:
    """Speaks JSON to /api/v1/ with a key of a scope (none: without a key)."""

    def __init__(self, scope: str | None = "admin", key: str = "") -> None:
        self.key = key or (new_key(scope) if scope else "")
        headers = {"Authorization": f"Api-Key {self.key}"} if self.key else {}
        self.client = Client(headers=headers, raise_request_exception=False)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(self._address(path), query)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._send("POST", path, body, headers)

    def put(self, path: str, body: Any) -> Any:
        return self._send("PUT", path, body, {})

    def patch(self, path: str, body: Any) -> Any:
        return self._send("PATCH", path, body, {})

    def delete(self, path: str) -> Any:
        return self._send("DELETE", path, None, {})

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        data = body if isinstance(body, str) else json.dumps({} if body is None else body)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(method, self._address(path), data, "application/json", headers=headers)

    def _address(self, path: str) -> str:
        return path if path.startswith(("/", "http")) else f"/api/v1/{path}"


def errors_of(response: Any) -> dict[str | None, str]:
    """The code of each error by the field it is about."""
    return {error["attr"]: error["code"] for error in response.json()["errors"]}
