"""Reading a CSV file as a stream: its records with their line numbers and their text, whatever is in them."""

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .problems import ImportRefused

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}

# A longer line is not a row but another kind of file, or a quotation mark that is never closed.
LONGEST_LINE = 1_000_000


@dataclass(slots=True)
class Record:
    """One row as it stands in the file: `line` is where it begins, `raw` its text, `problem` why it is no row."""

    line: int
    cells: list[str]
    raw: str
    problem: str = ""


class _Lines:
    """The file's lines for csv.reader, counted and kept until `take` asks for them."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._kept: list[str] = []
        self.number = 0
        self.overlong = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
            self._skip_rest()
        self._kept.append(line)
        return line

    def _skip_rest(self) -> None:
        self.overlong = True
        while (rest := self._text.readline(LONGEST_LINE)) and rest[-1] not in "\r\n":
            pass

    def take(self) -> str:
        raw = "".join(self._kept)
        self._kept.clear()
        return raw


class Source:
    """An open CSV file with its header read. Undecodable bytes are kept as lone surrogates and cost only their row."""

    def __init__(self, stream: BinaryIO, *, name: str, encoding: str = "", delimiter: str = "") -> None:
        self.name = name
        self.encoding = encoding or "utf-8-sig"
        self._shown = encoding or "UTF-8"
        self._stream = stream
        self._lines = _Lines(_decoded(stream, self.encoding))
        first = self._first_line()
        self.delimiter = DELIMITERS.get(delimiter, delimiter) or sniff_delimiter(first)
        if len(self.delimiter) != 1:
            raise ImportRefused(f"A delimiter is one character or one of {', '.join(DELIMITERS)}.")
        self._reader = csv.reader(_again(first, self._lines), delimiter=self.delimiter, strict=True)
        self.header = self._read_header()
        self.header_text = self._lines.take()
        self.size = _size_of(stream)

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *exc: object) -> None:
        self._stream.close()

    @property
    def position(self) -> int:
        """How many bytes have been read."""
        return self._stream.tell()

    def _first_line(self) -> str:
        try:
            line = next((line for line in self._lines if line.strip()), "")
        except (UnicodeError, OSError):
            raise ImportRefused(f"{self.name} is not text in {self._shown}; name its encoding.") from None
        if not line:
            raise ImportRefused(f"{self.name} is empty.")
        if "\0" in line:
            raise ImportRefused(f"{self.name} is no CSV text: it holds NUL bytes (an Excel file, or UTF-16?).")
        if not is_clean(line):
            raise ImportRefused(f"The first line of {self.name} is not {self._shown}; name its encoding.")
        return line

    def _read_header(self) -> list[str]:
        try:
            return [name.strip() for name in next(self._reader)]
        except (csv.Error, StopIteration, UnicodeError) as error:
            raise ImportRefused(f"The first line of {self.name} is no CSV header: {error}.") from None

    def records(self) -> Iterator[Record]:
        """Every row after the header; rows with nothing in them are skipped."""
        while True:
            line = self._lines.number + 1
            cells, problem = self._next_cells()
            raw = self._lines.take()
            if not raw:
                if problem:
                    yield Record(line, [], "", problem)
                return
            if problem or any(cell.strip() for cell in cells):
                yield self._checked(Record(line, cells, raw, problem))

    def _next_cells(self) -> tuple[list[str], str]:
        try:
            return next(self._reader), ""
        except StopIteration:
            return [], ""
        except csv.Error as error:
            return [], _in_words(error)
        except UnicodeError:
            return [], f"The file is not {self._shown} from here on; what follows could not be read."

    def _checked(self, record: Record) -> Record:
        raw = record.raw
        if self._lines.overlong:
            self._lines.overlong = False
            record.problem = f"The line has more than {LONGEST_LINE} characters."
        elif "\0" in raw:
            record.problem = "The row holds a NUL byte."
        elif not raw.isascii() and not is_clean(raw):
            record.problem = f"The row is not {self._shown}; name the file's encoding."
        elif not record.problem:
            record.problem = self._fit(record.cells)
        return record

    def _fit(self, cells: list[str]) -> str:
        """Why the cells do not fit the header; empty cells at the end are let go."""
        while len(cells) > len(self.header) and not cells[-1].strip():
            cells.pop()
        if len(cells) == len(self.header):
            return ""
        return f"The row has {len(cells)} columns, the header has {len(self.header)}."


def _decoded(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    try:
        # newline="" leaves line ends inside quotes as they are.
        return io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="")
    except LookupError:
        raise ImportRefused(f"There is no encoding {encoding!r}; try utf-8, latin-1, cp1252 or utf-16.") from None


def _again(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines


def sniff_delimiter(header: str) -> str:
    """The candidate that stands most often in the header outside quotation marks; a comma where none does."""
    unquoted = "".join(header.split('"')[::2])
    best = max(DELIMITERS.values(), key=unquoted.count)
    return best if best in unquoted else ","


def is_clean(text: str) -> bool:
    """Whether every byte behind the text could be decoded."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _in_words(error: csv.Error) -> str:
    if "field larger" in str(error):
        return "A cell is larger than 131072 characters; perhaps a quotation mark opened in this row is never closed."
    return f"The row is no CSV: {error}."


def _size_of(stream: BinaryIO) -> int:
    here = stream.tell()
    size = stream.seek(0, os.SEEK_END)
    stream.seek(here)
    return size


def open_source(path: Path, *, encoding: str = "", delimiter: str = "") -> Source:
    """Open a file for reading; ImportRefused where that is impossible."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror}.") from None
    try:
        return Source(stream, name=path.name, encoding=encoding, delimiter=delimiter)
    except ImportRefused:
        stream.close()
        raise
