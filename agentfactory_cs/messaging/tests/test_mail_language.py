"""What a mail's template can do, and what it cannot whatever is written in it."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.template import TemplateSyntaxError
from django.template.defaultfilters import register as all_filters
from django.template.defaulttags import register as all_tags
from django.template.loader_tags import register as loader_tags
from hypothesis import given
from hypothesis import strategies as st

from agentfactory_cs.messaging.catalogue import plain
from agentfactory_cs.messaging.rendering import FILTERS, TAGS, CannotRender, check
from agentfactory_cs.messaging.rendering.syntax import MAX_TURNS, SafeTemplate

from .writing import Draft, filled

OTHER_TAGS = sorted({*all_tags.tags, *loader_tags.tags} - set(TAGS))
OTHER_FILTERS = sorted(set(all_filters.filters) - set(FILTERS))


def fill(source: str, **data: Any) -> str:
    return SafeTemplate(source).fill(data, autoescape=True)


@pytest.mark.parametrize("tag", [*OTHER_TAGS, "load", "include", "extends", "block", "trans", "static"])
def test_every_other_tag_is_refused_by_name(tag: str) -> None:
    with pytest.raises(ValidationError, match=f"Line 2: The tag {tag} is not for mails"):
        check(Draft(html=f"<p>Hello</p>\n{{% {tag} x %}}"))


@pytest.mark.parametrize("name", OTHER_FILTERS)
def test_every_other_filter_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValidationError, match=f"The filter {name} is not for mails"):
        check(Draft(html=f"<p>{{{{ customer.name|{name} }}}}</p>"))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ customer.__class__ }}", "underscores"),
        ("{{ customer._name }}", "underscores"),
        ("{{ customer.name.upper }}", "no variable customer.name.upper"),
        ("{{ customer.items }}", "no variable customer.items"),
        ("{{ customer.nam }}", "is customer.name meant"),
        ("{{ custmer.name }}", "is customer.name meant"),
        ("{{ customer }}", "customer is a group"),
        ("{{ progress.features_to_try }}", "is a list"),
        ("{{ progress.features_to_try.0 }}", "no variable"),
        ("{% for a, b in progress.features_to_try %}{% endfor %}", "one variable"),
        ("{% for a in customer.name %}{% endfor %}", "no list to loop over"),
        ("{% for a in progress.features_to_try %}{{ a.name }}{% endfor %}", "no variable a.name"),
        ("{% for c in survey.choices %}{{ c.labell }}{% endfor %}", "no variable c.labell"),
        ("{% for a in progress.features_to_try %}{% endfor %}{{ a }}", "no variable a"),
        ("{% with x=customer.nme %}{{ x }}{% endwith %}", "no variable customer.nme"),
        ("{% with x=customer.name %}{% endwith %}{{ x }}", "no variable x"),
        ("{% if customer.teir == 'pro' %}A{% endif %}", "is customer.tier meant"),
        ("{% if not customer.name and contact.nothing %}A{% endif %}", "no variable contact.nothing"),
        ("{{ customer.name|default:contact.nick }}", "no variable contact.nick"),
        ("{{ customer.name|truncatewords:customer.name }}", "Only default takes a variable"),
        ("{{ customer.name|truncatewords:100000000 }}", "a number up to"),
        ("{{ progress.agents|floatformat:'99999999' }}", "a number up to"),
        ("{{ customer.name|date:'Y' }}", "date is for a date, and customer.name is a text"),
        ("{{ progress.agents|join:', ' }}", "join is for a list"),
        ("{% if customer.name %}", "The tag if is not closed"),
        ("{% endif %}", "The tag endif is not for mails, or not at this place"),
        ("{{ }}", "Empty variable tag"),
        ("{{ 'a' 'b' }}", "Could not parse"),
    ],
)  # fmt: skip
def test_what_stands_for_nothing_is_refused_with_its_line(source: str, words: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        check(Draft(html=f"<p>Hello</p>\n\n{source}"))

    (message,) = refusal.value.message_dict["html"]
    assert message.startswith("Line 3: ")
    assert words in message


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<script>alert(1)</script>", "<script> is not for mails"),
        ("<iframe src='https://example.com'></iframe>", "<iframe> is not for mails"),
        ("<form action='https://example.com'></form>", "<form> is not for mails"),
        ("<link rel='stylesheet' href='https://example.com/a.css'>", "<link> is not for mails"),
        ("<meta http-equiv='refresh' content='0'>", "http-equiv"),
        ("<p onclick='go()'>A</p>", "onclick is not for mails"),
        ("<a href='javascript:go()'>A</a>", "leads nowhere"),
        ("<a href='JaVaScRiPt:go()'>A</a>", "leads nowhere"),
        ("<a href='{{ customer.name }}'>A</a>", "leads nowhere"),
        ("<a href='{{ links.platform|upper }}'>A</a>", "leads nowhere"),
        ("<a href='{% if customer.name %}javascript:{% endif %}'>A</a>", "leads nowhere"),
        ("<a href=''>A</a>", "leads nowhere"),
        ("<a href={{ links.platform }}>A</a>", "put it in quotes"),
        ("<p {% if customer.name %}class='a'{% endif %}>A</p>", "put it in quotes"),
    ],
)
def test_markup_that_mails_must_not_hold_is_refused(html: str, words: str) -> None:
    with pytest.raises(ValidationError, match="Line 2") as refusal:
        check(Draft(html=f"<p>Hello</p>\n{html}"))

    assert words in refusal.value.message_dict["html"][0]


@pytest.mark.parametrize(
    "html",
    [
        "<a href='{{ links.platform }}/agents?from={{ customer.name|urlencode }}'>A</a>",
        "<a href='{{ success_manager.booking_link|default:links.platform }}'>A</a>",
        "{% for choice in survey.choices %}<a href='{{ choice.address }}'>{{ choice.label }}</a>{% endfor %}",
        "<a href='mailto:{{ company.email }}'>A</a>",
        "{% with where=links.community %}<a href='{{ where }}'>A</a>{% endwith %}",
        "{# {% load x %} #}{% comment %}{{ nothing }}{% endcomment %}<p>A</p>",
        "<p>{% if customer.name|length > 1 or progress.agents >= 2 and not customer.country %}A{% endif %}</p>",
    ],
)
def test_what_mails_need_is_taken(html: str) -> None:
    check(Draft(html=html))


def test_every_fault_is_told_at_once_with_its_field() -> None:
    with pytest.raises(ValidationError) as refusal:
        check(Draft(subject="{{ a.b }}", html="{{ c.d }}\n{{ e.f }}", text="{% now 'Y' %}"))

    told = refusal.value.message_dict
    assert {field: len(messages) for field, messages in told.items()} == {"subject": 1, "html": 2, "text": 1}


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_value_is_no_empty_place(value: str | None) -> None:
    with pytest.raises(CannotRender, match=r"customer\.name has no value"):
        fill("Dear {{ customer.name }}", customer={"name": value})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ a.b|default:'you' }}", "you"),
        ("{{ a.b|upper|default:'you' }}", "you"),
        ("{{ a.b|default:c }}", "see"),
        ("{% if a.b %}A{% else %}B{% endif %}", "B"),
        ("{% if a.b.c.d == 1 %}A{% else %}B{% endif %}", "B"),
        ("{% if a.b|length > 2 %}A{% else %}B{% endif %}", "B"),
        ("{% for x in a.b %}A{% empty %}B{% endfor %}", "B"),
        ("{{ zero }} agent{{ zero|pluralize }}", "0 agents"),
        ("{{ one }} agent{{ one|pluralize }}", "1 agent"),
        ("{{ day|date:'j F Y' }}", "1 May 2026"),
        ("{{ words|join:', ' }}", "x, y"),
        ("{{ words|first|upper }}", "X"),
        ("{% for x in words reversed %}{{ forloop.counter }}{{ x }}{% endfor %}", "1y2x"),
        ("{% with w=words|first %}{{ w }}{% endwith %}", "x"),
    ],
)
def test_what_may_be_missing_is_stood_in_for(source: str, said: str) -> None:
    assert fill(source, a={}, c="see", zero=0, one=1, day=date(2026, 5, 1), words=["x", "y"]) == said


@pytest.mark.parametrize(
    "source",
    [
        "{{ a.b|default:a.c }}",
        "{% for x in a.b %}A{% endfor %}",
        "{% with x=a.b %}A{% endwith %}",
        "{{ words|date:'Y' }}",
        "{{ none|join:', ' }}",
    ],
)
def test_what_nothing_stands_in_for_is_an_error(source: str) -> None:
    with pytest.raises(CannotRender):
        fill(source, a={}, words="x", none=[])


class _Account:
    name = "secret"

    def __call__(self) -> str:
        raise AssertionError("called")


def test_objects_show_nothing_and_are_not_called() -> None:
    with pytest.raises(CannotRender):
        fill("{{ account.name }}", account=_Account())
    with pytest.raises(TypeError, match="not _Account"):
        plain({"account": _Account()})


@pytest.mark.parametrize(
    "source", ["{{ a.keys }}", "{{ a.items }}", "{{ words.append }}", "{{ words.0 }}", "{{ name.upper }}"]
)
def test_no_attribute_method_or_index_of_data_is_reached(source: str) -> None:
    with pytest.raises(CannotRender):
        fill(source, a={"b": 1}, words=["x"], name="Ada")


def test_loops_end() -> None:
    many = list(range(MAX_TURNS // 10))

    with pytest.raises(CannotRender, match="turns at most"):
        fill("{% for a in many %}{% for b in many %}x{% endfor %}{% endfor %}", many=many)


def test_one_reader_s_loops_do_not_count_for_the_next() -> None:
    template, data = SafeTemplate("{% for a in many %}x{% endfor %}"), {"many": list(range(MAX_TURNS - 1))}

    first, second = (template.fill(data, autoescape=True) for _ in range(2))

    assert first == second


def test_a_name_cannot_break_out_of_the_html() -> None:
    mail = filled("<p>Hi {{ contact.first_name }}</p>", contact={"first_name": '<b onload=x>"Ada"</b>'})

    assert "&lt;b onload=x&gt;&quot;Ada&quot;" in mail.html
    assert 'Hi <b onload=x>"Ada"</b>' in mail.text


@given(st.text())
def test_a_subject_is_one_line_whatever_the_data_hold(name: str) -> None:
    mail = filled(subject="Hello {{ contact.first_name|default:'you' }}", contact={"first_name": name})

    assert len(mail.subject.splitlines()) == 1
    assert len(mail.subject) <= 250
    assert "\0" not in mail.subject


@pytest.mark.parametrize("breaks", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_no_header_can_be_added_by_a_name(breaks: str) -> None:
    mail = filled(subject="Hello {{ contact.first_name }}", contact={"first_name": f"Ada{breaks}Bcc: all@example.com"})

    assert mail.subject == "Hello Ada Bcc: all@example.com"


def test_subject_and_text_are_not_escaped() -> None:
    mail = filled(subject="{{ customer.name }}", customer={"name": "Müller & Söhne"})

    assert mail.subject == "Müller & Söhne"


def test_syntax_errors_carry_their_line() -> None:
    with pytest.raises(TemplateSyntaxError) as error:
        SafeTemplate("a\nb\n{% include 'x' %}")

    assert error.value.token.lineno == 3  # type: ignore[attr-defined]
