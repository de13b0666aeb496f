"""Reading CSV: line numbers, encodings, and files that are none."""

import io
import tracemalloc

import pytest

from agentfactory_cs.customers.imports import ImportRefused, Source
from agentfactory_cs.customers.imports.source import LONGEST_LINE


def source(data: bytes, **options: str) -> Source:
    return Source(io.BytesIO(data), name="file.csv", **options)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"P\x00K\x00", "NUL bytes"),
        ("näme,b\n".encode("latin-1"), "name its encoding"),
        (b'"open,b\n1,2\n', "is no CSV header"),
    ],
)
def test_a_file_that_is_no_csv_is_refused_in_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(ImportRefused, match=sentence):
        source(data)


@pytest.mark.parametrize("options", [{"encoding": "klingon"}, {"delimiter": "::"}])
def test_an_impossible_option_is_refused_in_a_sentence(options: dict[str, str]) -> None:
    with pytest.raises(ImportRefused):
        source(b"a,b\n", **options)


def test_a_header_without_rows_has_no_records() -> None:
    assert list(source(b"a,b\n").records()) == []


def test_line_numbers_count_lines_inside_quotes_and_blank_ones() -> None:
    data = b'a,b\r\n1,"two\r\nlines"\r\n\r\n,\r\n3,4\r\n'

    records = list(source(data).records())

    assert [(record.line, record.cells) for record in records] == [(2, ["1", "two\r\nlines"]), (6, ["3", "4"])]
    assert records[0].raw == '1,"two\r\nlines"\r\n'


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"1\n", "has 1 columns, the header has 2"),
        (b"1,2,3\n", "has 3 columns, the header has 2"),
        (b"1,\x002\n", "NUL byte"),
        (b"1,\xff\n", "name the file's encoding"),
        (b'1,"a"b\n', "is no CSV"),
        (b"1," + b"x" * 200_000 + b"\n", "larger than 131072"),
        (b"1," + b"x" * (LONGEST_LINE + 10) + b"\n", "more than 1000000 characters"),
    ],
)
def test_a_bad_row_costs_only_itself(bad: bytes, reason: str) -> None:
    records = list(source(b"a,b\n" + bad + b"5,6\n").records())

    assert [bool(record.problem) for record in records] == [True, False]
    assert reason in records[0].problem
    assert (records[1].line, records[1].cells) == (3, ["5", "6"])


def test_empty_cells_beyond_the_header_are_let_go() -> None:
    (record,) = source(b"a,b\n1,2,,\n").records()

    assert (record.cells, record.problem) == (["1", "2"], "")


def test_a_quotation_mark_left_open_at_the_end_is_told() -> None:
    (record,) = source(b'a,b\n1,"2\n').records()

    assert "is no CSV" in record.problem
    assert record.raw == '1,"2\n'


@pytest.mark.parametrize(("separator", "sniffed"), [(",", ","), (";", ";"), ("\t", "\t"), ("|", "|")])
def test_the_delimiter_is_found_in_the_header(separator: str, sniffed: str) -> None:
    found = source(f'"a,x"{separator}b{separator}c\n'.encode())

    assert (found.delimiter, found.header) == (sniffed, ["a,x", "b", "c"])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1", "cp1252", "utf-16"])
def test_a_file_in_its_encoding_is_read(encoding: str) -> None:
    data = "naïve,b\ncafé,2\n".encode(encoding)

    found = source(data, encoding="" if encoding == "utf-8-sig" else encoding)

    assert found.header == ["naïve", "b"]
    assert [record.cells for record in found.records()] == [["café", "2"]]


class Endless(io.RawIOBase):
    """A file of a million bytes and more that is made while it is read."""

    def __init__(self, rows: int) -> None:
        self._left = rows
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        return offset

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        if self._left < 0:
            return 0
        row = b"a,b\n" if self._at == 0 else b"1234567890,%050d\n" % self._left
        self._left -= 1
        buffer[: len(row)] = row
        self._at += len(row)
        return len(row)


def test_reading_needs_the_same_memory_for_any_length() -> None:
    def peak(rows: int) -> int:
        stream = io.BufferedReader(Endless(rows))  # type: ignore[type-var]
        tracemalloc.start()
        count = sum(1 for _ in Source(stream, name="endless").records())
        memory = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == rows
        return memory

    assert peak(40_000) < peak(2_000) + 100_000
