"""COPY in PostgreSQL's binary format, straight from NumPy columns.

https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
"""

import io
from collections.abc import Sequence
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


def encode(table: Table) -> bytes:
    """Each row is the number of fields, then each field's length and its bytes, all big-endian."""
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for place, (_, kind) in enumerate(table):
        fields += [(f"length{place}", ">i4"), (f"value{place}", f">{kind}")]
    rows = np.empty(len(table[0][0]), dtype=np.dtype(fields))
    rows["fields"] = len(table)
    for place, (values, kind) in enumerate(table):
        rows[f"length{place}"] = np.dtype(kind).itemsize
        rows[f"value{place}"] = values
    return _HEADER + rows.tobytes() + _END
