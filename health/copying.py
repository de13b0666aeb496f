"""COPY in PostgreSQL's binary format, straight from NumPy columns.

https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

# Columns with their kinds: "i2", "i4", "i8", "f4" or "f8", which are the table's column types. No NULLs.
Table = Sequence[tuple[npt.NDArray[Any], str]]

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = b"\xff\xff"


def copy_into(cursor: Any, name: str, table: Table) -> None:
    """Append the columns' rows to a table of exactly those columns."""
    cursor.copy_expert(f"COPY {name} FROM STDIN (FORMAT binary)", io.BytesIO(encode(table)))


def copy_out(cursor: Any, select: str, kinds: Mapping[str, str]) -> dict[str, npt.NDArray[Any]]:
    """The columns of a SELECT, its parameters filled in, by the names of `kinds`. No NULLs."""
    buffer = io.BytesIO()
    cursor.copy_expert(f"COPY ({select}) TO STDOUT (FORMAT binary)", buffer)
    rows = np.frombuffer(buffer.getvalue()[len(_HEADER) : -len(_END)], dtype=np.dtype(_fields(kinds.items())))
    return {name: rows[name].astype(kind) for name, kind in kinds.items()}


def encode(table: Table) -> bytes:
    """Each row is the number of fields, then each field's length and its bytes, all big-endian."""
    kinds = [(f"value{place}", kind) for place, (_, kind) in enumerate(table)]
    rows = np.empty(len(table[0][0]), dtype=np.dtype(_fields(kinds)))
    rows["fields"] = len(table)
    for (name, kind), (values, _) in zip(kinds, table, strict=True):
        rows[f"length of {name}"] = np.dtype(kind).itemsize
        rows[name] = values
    return _HEADER + rows.tobytes() + _END


def _fields(kinds: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """How a row lies in the stream."""
    fields = [("fields", ">i2")]
    for name, kind in kinds:
        fields += [(f"length of {name}", ">i4"), (name, f">{kind}")]
    return fields
