"""Which language a ticket is written in."""

import pytest

from agentfactory_cs.customers.models import Company, Contact, Customer
from support.languages import detect, language_of
from support.models.ticket import LanguageSource

PYTHON = """```python
from agentfactory import Client
client = Client(token="…")
for agent in client.agents.all():
    print(agent.name, agent.state)
```"""


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Our agents stopped answering this morning and the dashboard shows an error."),
        ("de", "Seit heute Morgen antworten unsere Agenten nicht mehr, bitte helfen Sie uns schnell."),
        ("fr", "Bonjour, nos agents ne répondent plus depuis ce matin, pouvez-vous nous aider ?"),
        ("es", "Hola, nuestros agentes dejaron de responder esta mañana. ¿Pueden ayudarnos?"),
        ("pt", "Olá, os nossos agentes deixaram de responder hoje de manhã."),
        ("it", "Buongiorno, i nostri agenti non rispondono più da stamattina."),
        ("nl", "Goedemorgen, onze agents reageren sinds vanochtend niet meer."),
        ("pl", "Dzień dobry, nasi agenci nie odpowiadają od dziś rano."),
        ("ja", "今朝からエージェントが応答しません。助けてください。"),
        ("de", f"Dieses Programm bricht bei uns jeden Morgen mit einem Fehler ab:\n{PYTHON}\nWas machen wir falsch?"),
        (
            "fr",
            "Voici ce que nous voyons depuis hier soir dans nos journaux :\n> HTTP error, the request was refused by "
            "the server and nothing more was said about it\nQue faut-il faire ?",
        ),
    ],
)
def test_it_is_read_from_what_people_wrote(language: str, text: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "Hello",
        "ok thx",
        "API error 500",
        "https://example.com/de/anleitung/fehler",
        PYTHON,
        "😀 😀 😀 😀",
        '{"error": "internal",\n "code": 500}',
        "SELECT name FROM agents WHERE id = 7;",
        "12345 67890 12345 67890 12345",
    ],
)
def test_too_little_to_tell_is_not_guessed_at(text: str) -> None:
    assert detect(text) == ""


def test_text_of_any_length_is_taken() -> None:
    assert detect("Seit heute Morgen antworten unsere Agenten nicht mehr. " * 5_000) == "de"


class TestWhichCounts:
    DE = "Seit heute Morgen antworten unsere Agenten nicht mehr, bitte helfen Sie uns schnell."

    def test_what_was_given(self) -> None:
        assert language_of(self.DE, given="fr", customer=Customer(language="en")) == ("fr", LanguageSource.GIVEN)

    def test_then_what_was_written(self) -> None:
        assert language_of(self.DE, given="", customer=Customer(language="en")) == ("de", LanguageSource.DETECTED)

    def test_in_the_form_of_who_asks(self) -> None:
        said = "Olá, os nossos agentes deixaram de responder hoje de manhã."

        assert language_of(said, given="", customer=Contact(language="pt-BR")) == ("pt-BR", LanguageSource.DETECTED)

    def test_then_the_language_of_who_asks(self) -> None:
        assert language_of("Hello", given="", customer=Customer(language="es")) == ("es", LanguageSource.CUSTOMER)

    @pytest.mark.django_db
    def test_and_of_a_stranger_the_companys(self) -> None:
        company = Company.get()
        company.default_language = "nl"
        company.save()

        assert language_of("Hello", given="", customer=None) == ("nl", LanguageSource.CUSTOMER)
