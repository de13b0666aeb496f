"""`manage.py import_csv`: exit codes, what it says, what it leaves behind."""

import csv
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from agentfactory_cs.customers.models import Customer, Training

from .importing import a_customer

pytestmark = pytest.mark.django_db

TRAINING = "customer,course,assigned_on\nacme,A,2025-02-01\nnobody,B,2025-02-01\nacme,C,soon\n"


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit code, what was said, and what was complained about."""
    out, err = StringIO(), StringIO()
    try:
        call_command("import_csv", *map(str, arguments), stdout=out, stderr=err)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    a_customer("acme")
    path = tmp_path / "training.csv"
    path.write_text(TRAINING, encoding="utf-8")
    return path


def test_rejected_rows_give_code_1_and_two_files_to_mend_them_by(file: Path) -> None:
    code, said, _ = run("training", file)

    report = list(csv.DictReader(StringIO((file.parent / "training.csv.report.csv").read_text(encoding="utf-8"))))
    assert code == 1
    assert "3 rows: 1 trainings created, 0 updated, 0 unchanged; 2 rows rejected, 0 warnings." in said
    assert [(row["line"], row["severity"], row["column"], row["value"], row["row"]) for row in report] == [
        ("3", "error", "customer", "nobody", "nobody,B,2025-02-01"),
        ("4", "error", "assigned_on", "soon", "acme,C,soon"),
    ]
    rejected = (file.parent / "training.csv.rejected.csv").read_text(encoding="utf-8-sig")
    assert rejected == "customer,course,assigned_on\nnobody,B,2025-02-01\nacme,C,soon\n"


def test_the_rejected_rows_once_mended_come_in_and_the_old_report_goes(file: Path) -> None:
    run("training", file)
    rejected = file.parent / "training.csv.rejected.csv"
    mended = rejected.read_text(encoding="utf-8-sig").replace("nobody", "acme").replace("soon", "2025-02-02")
    file.write_text(mended, encoding="utf-8")

    code, _, _ = run("training", file)

    assert code == 0
    assert sorted(Training.objects.values_list("course", flat=True)) == ["A", "B", "C"]
    assert [path.name for path in file.parent.iterdir()] == ["training.csv"]


def test_warnings_alone_give_code_0_and_a_report(file: Path) -> None:
    file.write_text("customer,day,logins\nacme,2024-01-01,1\n", encoding="utf-8")

    code, said, _ = run("usage", file, "--report", file.parent / "found.csv")

    assert code == 0
    assert "0 rows rejected, 1 warnings" in said
    assert "before the signup" in (file.parent / "found.csv").read_text(encoding="utf-8")
    assert not (file.parent / "found.rejected.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["trainings", "{file}"], "There is no kind 'trainings'"),
        (["training", "{folder}/absent.csv"], "cannot be read"),
        (["training", "{folder}"], "cannot be read"),
        (["training", "{file}", "--map", "nonsense"], "their_column=our_field"),
        (["training", "{file}", "--map", "curse=course"], "no column 'curse'"),
        (["training", "{file}", "--mapping", "{folder}/absent.yaml"], "mapping"),
        (["training", "{file}", "--ignore", "course"], "No column gives course"),
        (["training", "{file}", "--encoding", "klingon"], "no encoding"),
        (["training", "{file}", "--report", "{file}"], "overwrite the file itself"),
        (["training", "{file}", "--report", "{folder}/absent/report.csv"], "cannot be written"),
    ],
)
def test_what_cannot_be_read_gives_code_2_a_sentence_and_changes_nothing(
    file: Path, arguments: list[str], sentence: str
) -> None:
    code, said, complaint = run(*(word.format(file=file, folder=file.parent) for word in arguments))

    assert code == 2
    assert sentence in complaint
    assert "Traceback" not in complaint
    assert said == ""
    assert not Training.objects.exists()
    assert file.read_text(encoding="utf-8") == TRAINING
    assert [path.name for path in file.parent.iterdir()] == ["training.csv"]


def test_a_mapping_file_and_a_pair_over_it_are_used(tmp_path: Path) -> None:
    file, mapping = tmp_path / "accounts.csv", tmp_path / "accounts.yaml"
    file.write_bytes("Kunde;Firma;Seit;Stufe;Rest\na1;Müller;31.01.2025;Gold;x\n".encode("latin-1"))
    mapping.write_text(
        "map: {Kunde: external_id, Firma: industry, Seit: signed_up_at, Stufe: tier}\n"
        "values: {tier: {Gold: enterprise}}\ndate_format: '%d.%m.%Y'\ndefaults: {language: de}\nencoding: latin-1\n",
        encoding="utf-8",
    )

    code, _, complaint = run("customers", file, "--mapping", mapping, "--map", "Firma=name", "--ignore", "Rest")

    customer = Customer.objects.get()
    assert (code, complaint) == (0, "")
    assert (customer.external_id, customer.name, customer.tier, customer.language) == (
        "a1",
        "Müller",
        "enterprise",
        "de",
    )
    assert customer.signed_up_at.isoformat() == "2025-01-31T00:00:00+00:00"


def test_undecodable_bytes_come_back_unchanged_in_the_rejected_rows(file: Path) -> None:
    file.write_bytes(b"customer,course,assigned_on\nacme,Caf\xe9,2025-02-01\n")

    code, _, _ = run("training", file)

    assert code == 1
    assert b"acme,Caf\xe9,2025-02-01\n" in (file.parent / "training.csv.rejected.csv").read_bytes()


def test_a_dry_run_writes_its_report_and_nothing_else(file: Path) -> None:
    code, said, _ = run("training", file, "--dry-run")

    assert code == 1
    assert said.startswith("Nothing was written; this is what would be:")
    assert (file.parent / "training.csv.report.csv").exists()
    assert not Training.objects.exists()
