"""From a template's HTML to the mail: frame, styles, text part, language."""

import pytest
from django.core.exceptions import ValidationError

from agentfactory_cs.messaging.catalogue import examples
from agentfactory_cs.messaging.rendering import check, gaps, render
from agentfactory_cs.messaging.rendering.source import as_text, tidy_text, with_inline_styles

from .writing import Draft, filled


def test_a_body_gets_the_frame_with_the_way_to_unsubscribe() -> None:
    mail = filled("<p>Words</p>")

    assert mail.html.startswith("<!DOCTYPE html>")
    assert 'href="https://cs.agentfactory.example/mail/unsubscribe/example/"' in mail.html
    assert "Unsubscribe (https://cs.agentfactory.example/mail/unsubscribe/example/)" in mail.text


def test_a_mail_is_escaped_again_where_it_is_shown_within_a_page() -> None:
    mail = filled("<p>Words</p>", text="<b>")

    for part in (mail.subject, mail.html, mail.text):
        assert not hasattr(part, "__html__")


def test_transactional_mail_offers_no_way_to_unsubscribe() -> None:
    mail = filled("<p>Words</p>", links={**examples()["links"], "unsubscribe": None})

    assert "nsubscribe" not in mail.html + mail.text


def test_a_whole_page_stands_as_it_is() -> None:
    mail = filled("<html><body><p>All of it</p></body></html>")

    assert "uses AgentFactory" not in mail.html
    assert mail.text == "All of it\n"


def test_styles_are_put_on_the_elements() -> None:
    mail = filled('<p><a class="button" href="{{ links.platform }}">Go</a></p>')

    assert 'href="https://app.agentfactory.com"' in mail.html
    assert "background-color: #1d4fd8" in mail.html.split("Go</a>")[0].rsplit("<a", 1)[1]
    assert "prefers-color-scheme: dark" in mail.html


def test_styles_leave_a_template_s_tags_in_their_places() -> None:
    source = (
        "<html><head><style>td{color:red}</style><title>{{ a }}</title></head><body><table>"
        '{% for x in l %}<tr><td title="{{ x|default:"y" }}">{{ x }} &amp; {% if a < b %}c{% endif %}</td></tr>'
        "{% endfor %}"
        "</table></body></html>"
    )

    inlined = with_inline_styles(source)

    assert "<title>{{ a }}</title>" in inlined
    assert "{% for x in l %}" in inlined
    assert (
        '<td title="{{ x|default:"y" }}" style="color: red;">{{ x }} &amp; {% if a < b %}c{% endif %}</td>' in inlined
    )


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>A</p><p>B</p>", "A\n\nB"),
        ("<p>A<br>B</p>", "A\nB"),
        ("<p>A<br/>B</p>", "A\nB"),
        ('<p><a href="https://example.com">Go</a> now</p>', "Go (https://example.com) now"),
        ('<p><a href="https://example.com">https://example.com</a></p>', "https://example.com"),
        ('<p><a href="mailto:a@example.com">a@example.com</a></p>', "a@example.com"),
        ("<ul>\n<li>A</li>\n<li>B</li>\n</ul>", "- A\n- B"),
        ("<ol>\n<li>A</li>\n<li>B</li>\n</ol><p>C</p>", "1. A\n2. B\n\nC"),
        ("<p>A &amp; B &lt; C</p>", "A & B < C"),
        ("<style>p { color: red }</style><p>A</p><script>x()</script>", "A"),
        ('<p>A <img src="https://example.com/a.png" alt="picture"> B</p>', "A picture B"),
        ('<div data-text="skip"><img src="x"><p>A</p></div><p>B</p>', "B"),
        ("<p>A {% if b %}{{ c|default:\"<i>\" }}{% endif %}</p>", 'A {% if b %}{{ c|default:"<i>" }}{% endif %}'),
    ],
)  # fmt: skip
def test_the_text_part_says_what_the_html_says(html: str, text: str) -> None:
    assert tidy_text(as_text(html)) == f"{text}\n"


def test_an_author_s_own_text_is_kept_and_gets_the_foot() -> None:
    mail = filled("<p>Words</p>", text="My own {{ customer.name }}\n\n\n\nwords")

    assert mail.text.startswith("My own Northwind Traders\n\nwords\n\n--\n")
    assert "You get this mail because" in mail.text


def test_dates_and_the_frame_speak_the_mail_s_language() -> None:
    draft = Draft(html='<p>{{ progress.last_login_on|date:"j. F" }}</p>', language="de-AT")

    mail = render(draft, examples())

    assert "29. Juni" in mail.html
    assert "Abbestellen" in mail.html
    assert '<html lang="de"' in mail.html


def test_a_language_without_a_frame_of_its_own_reads_the_english_one() -> None:
    assert "Unsubscribe" in render(Draft(language="sv"), examples()).html


def test_gaps_are_what_some_readers_lack_and_nothing_stands_in_for() -> None:
    draft = Draft(
        subject="{{ contact.role|default:'you' }}",
        html="<p>{{ contact.first_name }}{% if success_manager.name %}{{ success_manager.name }}{% endif %}</p>",
    )

    assert gaps(draft) == ["contact.first_name"]


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft(subject=" "), "subject"),
        (Draft(html="\n"), "html"),
        (Draft(subject="x" * 201), "subject"),
        (Draft(html="x" * 100_001), "html"),
        (Draft(text="x" * 50_001), "text"),
    ],
)
def test_what_is_empty_or_too_long_is_refused(draft: Draft, field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        check(draft)

    assert set(refusal.value.message_dict) == {field}
