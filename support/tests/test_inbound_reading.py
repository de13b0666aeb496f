"""Bytes become a letter, whatever they look like."""

from datetime import UTC, datetime
from time import perf_counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support.inbound.folding import fold
from support.inbound.letter import Unreadable
from support.inbound.markup import clean, words_of
from support.inbound.reading import read

from .mails import mail, report

PLAIN = b"From: Ada Byron <Ada@Customer.Example>\nTo: success@agentfactory.com\nSubject: Hello\n\nOne\nTwo\n"


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_every_kind_of_line_end_is_read_alike(ending: bytes) -> None:
    letter = read(PLAIN.replace(b"\n", ending))

    assert (letter.sender, letter.sender_name, letter.subject) == ("ada@customer.example", "Ada Byron", "Hello")
    assert (letter.text.strip(), letter.recipients) == ("One\nTwo", ("success@agentfactory.com",))


@pytest.mark.parametrize(
    ("charset", "encoded"),
    [
        ("utf-8", "Grüße, 你好".encode()),
        ("iso-8859-1", "Grüße".encode("latin-1")),
        ("iso-8859-1", "€ uro “quoted”".encode("cp1252")),  # called Latin-1, meant Windows
        ("windows-1251", "Привет".encode("cp1251")),
        ("koi8-r", "Привет".encode("koi8-r")),
        ("iso-2022-jp", "こんにちは①".encode("iso2022_jp_ext", "replace")),
        ("shift_jis", "こんにちは①".encode("cp932")),
        ("gb2312", "你好朋友镕".encode("gb18030")),
        ("us-ascii", "Grüße".encode()),
        ("no-such-charset", "Grüße".encode()),
        ("unknown-8bit", "Grüße".encode("cp1252")),
        ("rot13", b"Hello"),
        ("punycode", b"Hello"),
        ("hex", b"Hello"),
    ],
)
def test_every_character_set_is_read_and_what_is_none_is_guessed(charset: str, encoded: bytes) -> None:
    raw = b"From: a@b.example\nContent-Type: text/plain; charset=" + charset.encode() + b"\n\n" + encoded

    said = read(raw).text

    assert "�" not in said
    assert said[0] in "G€Пこ你H"


def test_headers_are_decoded_and_names_kept() -> None:
    raw = (
        b"From: =?utf-8?q?J=C3=BCrgen_M=C3=BCller?= <j@b.example>\n"
        b"Subject: =?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=\n =?utf-8?b?4oKs?=\n"
        b"Date: Wed, 01 Jul 2026 13:59:00 +0200\n"
        b"Message-ID: <a@b>\nIn-Reply-To: <x@y> (your mail)\nReferences: <r1@y>\n <r2@y> <r2@y>\n\nHi"
    )

    letter = read(raw)

    assert (letter.sender_name, letter.subject) == ("Jürgen Müller", "テスト€")
    assert letter.sent_at == datetime(2026, 7, 1, 11, 59, tzinfo=UTC)
    assert letter.answers_to == ("<x@y>", "<r2@y>", "<r1@y>")


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"hello", b"\x00" * 50, b"From:\n\n", b": :\n\n", b"From: nobody\nDate: yesterday\n\nx"]
)
def test_what_is_missing_is_empty(raw: bytes) -> None:
    letter = read(raw)

    assert (letter.sender, letter.message_id, letter.sent_at, letter.answers_to) == ("", "", None, ())


def test_the_text_is_made_from_the_html_where_there_is_no_other() -> None:
    html = (
        "<html><head><title>no</title><style>p{}</style></head><body><p>Dear <b>Sam</b>,<br>it&nbsp;fails:</p>"
        "<ul><li>here</li><li>there</li></ul><blockquote>You wrote<br>this</blockquote><script>alert(1)</script>"
    )
    raw = b"From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n" + html.encode()

    assert read(raw).text == "Dear Sam,\nit fails:\n\n- here\n- there\n\n> You wrote\n> this"


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        '<a href="javascript:alert(1)">x</a>',
        '<svg onload="alert(1)"></svg>',
        '<iframe src="https://evil.example"></iframe>',
        '<p style="background:url(https://evil.example/x)">x</p>',
        '<link rel="stylesheet" href="https://evil.example/x.css">',
        '<img srcset="https://evil.example/x 1x">',
        '<img src="//evil.example/x.gif">',
        '<form action="https://evil.example"><input name="p"></form>',
        '<body background="https://evil.example/x">x',
        '<meta http-equiv="refresh" content="0;url=https://evil.example">',
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    ],
)
def test_html_from_outside_runs_nothing_and_loads_nothing(evil: str) -> None:
    cleaned = clean(f"<p>before</p>{evil}<p>after</p>").lower()

    assert "before" in cleaned
    assert not any(
        word in cleaned for word in ("<script", "onerror", "javascript:", "onload", "evil.example", "style", "<form")
    )


def test_pictures_from_elsewhere_wait_to_be_wanted_and_enclosed_ones_are_files() -> None:
    html = '<img src="https://e.example/x.png" alt="x"><img src="HTTP://e.example/y"><img src="cid:logo">'

    assert clean(html) == '<img src="remote:https://e.example/x.png" alt="x"><img src="remote:HTTP://e.example/y"><img>'


def test_links_open_elsewhere_and_tell_nothing_of_us() -> None:
    assert clean('<a href="https://e.example">x</a>') == (
        '<a href="https://e.example" target="_blank" rel="noopener noreferrer nofollow">x</a>'
    )


@pytest.mark.parametrize(
    ("text", "written", "quoted"),
    [
        ("Thanks!\n\nOn Mon, 1 Jul 2026 at 10:00, Ada <a@b.c> wrote:\n> hello\n> you", "Thanks!", "On Mon"),
        ("Danke\n\nAm 01.07.2026 um 10:00 schrieb Ada <a@b.c>:\n> hallo", "Danke", "Am 01"),
        ("Merci\n\nLe lun. 1 juil. 2026 à 10:00, Ada <a@b.c> a écrit :\n> bonjour", "Merci", "Le lun"),
        ("Bedankt\n\nOp ma 1 jul 2026 om 10:00 schreef Ada <a@b.c>:\n> hallo", "Bedankt", "Op ma"),
        ("Hei\n\n1.7.2026 klo 10.00 Ada <a@b.c> kirjoitti:\n> moi", "Hei", "1.7."),
        ("Ok\n________________________________\nFrom: Ada <a@b.c>\nSent: Monday\nTo: x\nSubject: y\n\nb", "Ok", "____"),
        ("Ok\n\nVon: Ada <a@b.c>\nGesendet: Montag\nAn: x\nBetreff: y\n\nb", "Ok", "Von:"),
        ("Yes\n\n> is it so?", "Yes", "> is"),
        ("On Mon, 1 Jul 2026 at 10:00, Ada <a@b.c> wrote:\n> hello\n\nBelow it", "Below it", "On Mon"),
        ("> one?\nyes\n> two?\nno", "> one?\nyes\n> two?\nno", ""),
        ("> only quoted", "> only quoted", ""),
        ("    indented\n  code", "indented\n  code", ""),
        ("", "", ""),
    ],
)
def test_what_is_quoted_is_told_from_what_is_new(text: str, written: str, quoted: str) -> None:
    new, old = fold(text)

    assert new == written
    assert old.startswith(quoted) if quoted else old == ""


lines = st.lists(
    st.sampled_from(["", " ", "> x", ">", "On 1 Jul 2026, Ada wrote:", "From: a", "Sent: b", "hello", "-----", "é\t"])
)


@given(lines)
def test_folding_loses_no_word(parts: list[str]) -> None:
    text = "\n".join(parts)

    written, quoted = fold(text)

    assert sorted((written + "\n" + quoted).split()) == sorted(text.split())
    assert bool(written) == bool(text.strip())


@pytest.mark.parametrize("text", ["\n" * 200_000, "On a b " * 30_000, "> " * 100_000, "From: a\n \n" * 30_000])
def test_folding_takes_little_time_whatever_it_is_given(text: str) -> None:
    begun = perf_counter()

    fold(text)

    assert perf_counter() - begun < 3


@pytest.mark.parametrize(
    "html", ["<div>" * 200_000, "<b><p>" * 50_000, "<!--" * 100_000, "<" * 600_000, "<a " * 100_000]
)
def test_cleaning_takes_little_time_whatever_it_is_given(html: str) -> None:
    begun = perf_counter()

    clean(html)
    words_of(html)

    assert perf_counter() - begun < 3


def test_parts_within_parts_without_end_are_refused_in_words() -> None:
    raw = b"From: a@b.example\n"
    for depth in range(2_000):
        raw += b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (depth, depth)

    with pytest.raises(Unreadable, match="nested too deeply"):
        read(raw)


chunks = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from(
            [
                b"From: Ada <ada@customer.example>\r\n",
                b"Subject: =?utf-8?b?4oKs?=\r\n",
                b"Subject: =?x?q?=FF?= =?=?\n",
                b'Content-Type: multipart/mixed; boundary="b"\r\n',
                b"Content-Type: text/html; charset=\xff\r\n",
                b"Content-Type: message/rfc822\n\n",
                b"Content-Transfer-Encoding: base64\r\n",
                b"Content-Transfer-Encoding: x-uuencode\r\n",
                b"Content-Disposition: attachment; filename*=utf-8''%E2%80%AEfdp.exe\r\n",
                b"\r\n--b\r\n",
                b"--b--\r\n",
                b"\r\n\r\n",
                b"<p>x<img src=",
                b"\x00",
                b"begin 644 x\n",
                b"Date: Mon, 99 Foo 0000 99:99:99 +9999\n",
                b"Message-ID: <a b@c> <d@e>\n",
            ]
        ),
    ),
    max_size=25,
)


@settings(max_examples=400)
@given(chunks)
@example([b"From: \xed\xa0\x80@x.example\n\n"])
def test_no_bytes_break_the_reader_and_what_it_reads_can_be_stored(parts: list[bytes]) -> None:
    letter = read(b"".join(parts))

    words = [letter.sender, letter.sender_name, letter.subject, letter.message_id, letter.text, letter.html]
    words += [*letter.recipients, *letter.answers_to, *(one.name for one in letter.enclosed)]
    assert all("\0" not in one and one.encode("utf-8") is not None for one in words)
    assert all(isinstance(one.content, bytes) for one in letter.enclosed)


def _with_everything() -> bytes:
    letter = mail("Hello", html="<p>Hello</p>", subject="Ünïcode", message_id="<whole@customer.example>")
    letter.add_attachment(b"%PDF" * 20, maintype="application", subtype="pdf", filename="ü.pdf")
    for place, part in enumerate(letter.walk()):
        if part.is_multipart():
            part.set_boundary(f"=b{place}=")
    return letter.as_bytes()


WHOLE = (_with_everything(), report("a@b.example", "<x@y>"))
blows = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=20)), max_size=6)


@settings(max_examples=150)
@given(st.sampled_from(WHOLE), blows)
def test_damaged_mail_of_a_real_build_breaks_nothing(whole: bytes, dealt: list[tuple[float, int, bytes]]) -> None:
    for share, width, noise in dealt:
        place = int(share * len(whole))
        whole = whole[:place] + noise + whole[place + width :]

    assert isinstance(read(whole).text, str)
