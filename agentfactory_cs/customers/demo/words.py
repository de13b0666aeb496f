"""The words the demo's names are made of. The companies, people and addresses are invented."""

from typing import NamedTuple

# 90 x 50 pairs; the third part comes in for books of more than 4 500 customers.
NAME_BEGINNINGS = (
    "Alder", "Amber", "Anchor", "Arbor", "Arrow", "Aspen", "Auburn", "Barley", "Basalt", "Beacon", "Birch",
    "Bramble", "Brook", "Cedar", "Chalk", "Cinder", "Clover", "Cobalt", "Copper", "Coral", "Cotton", "Crane",
    "Cypress", "Dapple", "Delta", "Dune", "Elder", "Elm", "Ember", "Falcon", "Fern", "Flint", "Forest", "Foxglove",
    "Garnet", "Ginger", "Glade", "Granite", "Harbor", "Hazel", "Heather", "Heron", "Hollow", "Indigo", "Iris",
    "Ivory", "Jasper", "Juniper", "Kestrel", "Lantern", "Larch", "Laurel", "Lichen", "Linden", "Lunar", "Maple",
    "Marble", "Marsh", "Meadow", "Mint", "Moss", "Nettle", "Nutmeg", "Oaken", "Ochre", "Olive", "Onyx", "Osprey",
    "Otter", "Pebble", "Pepper", "Pine", "Plum", "Poplar", "Quartz", "Quill", "Raven", "Reed", "Rowan", "Russet",
    "Saffron", "Sable", "Sorrel", "Sparrow", "Spruce", "Thistle", "Timber", "Umber", "Willow", "Wren",
)  # fmt: skip
NAME_ENDINGS = (
    "bank", "beam", "bell", "blade", "bloom", "bow", "bridge", "brook", "burst", "cairn", "cast", "cliff", "cove",
    "craft", "crest", "croft", "dale", "den", "fall", "fell", "field", "ford", "forge", "gate", "glen", "grove",
    "hall", "haven", "helm", "hill", "hold", "lake", "leaf", "line", "mark", "mead", "mill", "moor", "peak",
    "point", "port", "reach", "ridge", "root", "spring", "stead", "stone", "vale", "ward",
)  # fmt: skip
NAME_SUFFIXES = (
    "Labs", "Systems", "Group", "Works", "Partners", "Digital", "Services", "Industries", "Holdings", "Studio",
    "Collective", "International", "Solutions", "Networks", "Ventures", "Technologies", "Supply", "House",
    "Brothers", "Company", "Union", "Exchange",
)  # fmt: skip

INDUSTRIES = (
    "Retail", "Insurance", "Logistics", "Manufacturing", "Healthcare", "Education", "Travel", "Publishing",
    "Energy", "Banking", "Telecommunications", "Property", "Hospitality", "Public sector", "Software", "Food",
)  # fmt: skip


class Country(NamedTuple):
    code: str
    time_zone: str
    language: str
    given_names: tuple[str, ...]
    surnames: tuple[str, ...]


_ENGLISH = (
    ("Amelia", "Oliver", "Grace", "Henry", "Isla", "Marcus", "Nora", "Theo", "Priya", "Caleb", "Ruth", "Dylan"),
    ("Hartley", "Whitlock", "Osgood", "Farrow", "Penhale", "Marlowe", "Ashdown", "Kendrick", "Rao", "Winslow"),
)
_GERMAN = (
    ("Anke", "Jonas", "Lena", "Tobias", "Greta", "Matthias", "Sabine", "Florian", "Katrin", "Emre"),
    ("Brandt", "Vogel", "Lindner", "Kessler", "Riedel", "Hartmann", "Seidel", "Winkler", "Yildiz", "Albrecht"),
)
_FRENCH = (
    ("Camille", "Julien", "Manon", "Hugo", "Claire", "Antoine", "Inès", "Bastien", "Élodie", "Karim"),
    ("Moreau", "Lefèvre", "Garnier", "Chevalier", "Roussel", "Blanchard", "Perrin", "Benali", "Marchand", "Faure"),
)
_SPANISH = (
    ("Lucía", "Mateo", "Carmen", "Diego", "Elena", "Javier", "Paula", "Andrés", "Rocío", "Tomás"),
    ("Navarro", "Iglesias", "Ortega", "Serrano", "Molina", "Castro", "Vidal", "Campos", "Prieto", "Rivas"),
)
_PORTUGUESE = (
    ("Beatriz", "Rafael", "Larissa", "Thiago", "Helena", "Bruno", "Marina", "Caio"),
    ("Almeida", "Barbosa", "Cardoso", "Teixeira", "Moura", "Rezende", "Azevedo", "Pires"),
)
_DUTCH = (
    ("Sanne", "Daan", "Femke", "Ruben", "Lotte", "Jeroen", "Maud", "Sven"),
    ("de Vries", "Bakker", "Visser", "Mulder", "van Dijk", "Hendriks", "Kuipers", "Postma"),
)
_NORDIC = (
    ("Astrid", "Erik", "Ingrid", "Lars", "Freja", "Nils", "Maja", "Oskar"),
    ("Lindqvist", "Berglund", "Dahl", "Nyström", "Haugen", "Sørensen", "Ekman", "Solberg"),
)
_JAPANESE = (
    ("Haruka", "Kenta", "Yui", "Daichi", "Misaki", "Shota", "Aya", "Ryo"),
    ("Takeda", "Nakajima", "Ogawa", "Fujimori", "Kawase", "Morita", "Ishii", "Uehara"),
)

# Weighted by repetition: about every second customer is in North America or Britain.
_US_EAST = Country("US", "America/New_York", "en", *_ENGLISH)
_US_WEST = Country("US", "America/Los_Angeles", "en", *_ENGLISH)
_BRITAIN = Country("GB", "Europe/London", "en", *_ENGLISH)
_GERMANY = Country("DE", "Europe/Berlin", "de", *_GERMAN)
COUNTRIES = (
    _US_EAST,
    _US_EAST,
    _US_EAST,
    _US_WEST,
    _US_WEST,
    Country("US", "America/Chicago", "en", *_ENGLISH),
    Country("CA", "America/Toronto", "en", *_ENGLISH),
    _BRITAIN,
    _BRITAIN,
    Country("IE", "Europe/Dublin", "en", *_ENGLISH),
    Country("AU", "Australia/Sydney", "en", *_ENGLISH),
    _GERMANY,
    _GERMANY,
    Country("AT", "Europe/Vienna", "de", *_GERMAN),
    Country("FR", "Europe/Paris", "fr", *_FRENCH),
    Country("ES", "Europe/Madrid", "es", *_SPANISH),
    Country("MX", "America/Mexico_City", "es", *_SPANISH),
    Country("BR", "America/Sao_Paulo", "pt-BR", *_PORTUGUESE),
    Country("NL", "Europe/Amsterdam", "nl", *_DUTCH),
    Country("SE", "Europe/Stockholm", "sv", *_NORDIC),
    Country("JP", "Asia/Tokyo", "ja", *_JAPANESE),
)

# The first is whom we write to first.
ROLES = (
    ("Head of Customer Service", "CTO", "Operations Director", "Founder", "Head of Digital", "Product Manager"),
    ("Developer", "Automation Lead", "Data Engineer", "Support Team Lead", "Solution Architect"),
    ("Finance Director", "Procurement Manager", "Chief Operating Officer", "IT Security Officer"),
)
