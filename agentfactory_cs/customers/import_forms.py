"""The forms of the import pages: the upload with its columns, and the confirmation."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _
from import_export.forms import ConfirmImportForm
from import_export.tmp_storages import CacheStorage
from unfold.contrib.import_export.forms import ImportForm
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from .imports import ImportRefused, read_mapping

LARGEST_UPLOAD_BYTES = 20 * 1024 * 1024
LARGEST_MAPPING_BYTES = 100_000


class UploadForm(ImportForm):
    """A file, or the file uploaded before with its columns matched anew.

    The matched columns come as `column_0`, `field_0`, … from the preview; `columns` gathers them as pairs, None where
    nobody has matched any yet.
    """

    mapping_file = forms.FileField(
        label=_("Mapping file"), required=False, help_text=_("Optional: a YAML file as the command takes it.")
    )
    stored_name = forms.CharField(required=False, widget=forms.HiddenInput)
    stored_as = forms.CharField(required=False, widget=forms.HiddenInput)
    mapping_text = forms.CharField(required=False, widget=forms.HiddenInput)

    field_order = ["resource", "import_file", "mapping_file", "format"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["resource"].label = _("What is in the file")
        self.fields["import_file"].required = False
        self.fields["import_file"].label = _("CSV file")
        self.fields["format"].widget = forms.HiddenInput()
        self.fields["mapping_file"].widget = UnfoldAdminFileFieldWidget()
        if not isinstance(self.fields["resource"].widget, forms.HiddenInput):
            self.fields["resource"].widget = UnfoldAdminSelectWidget(choices=self.fields["resource"].choices)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("import_file"):
            cleaned["import_file"] = self._stored_file(cleaned)
        if cleaned["import_file"].size > LARGEST_UPLOAD_BYTES:
            raise ValidationError(_("The file is larger than 20 MB; import it with manage.py import_csv."))
        cleaned["mapping_text"] = self._mapping_text(cleaned)
        cleaned["columns"] = self._columns()
        return cleaned

    def _stored_file(self, cleaned: dict[str, Any]) -> ContentFile:
        data = CacheStorage(name=cleaned["stored_name"]).read() if cleaned.get("stored_name") else None
        if data is None:
            raise ValidationError({"import_file": _("Choose a CSV file.")})
        return ContentFile(data, name=cleaned.get("stored_as") or "file.csv")

    def _mapping_text(self, cleaned: dict[str, Any]) -> str:
        file = cleaned.get("mapping_file")
        if not file:
            return str(cleaned.get("mapping_text") or "")
        if file.size > LARGEST_MAPPING_BYTES:
            raise ValidationError({"mapping_file": _("This is too large for a mapping file.")})
        try:
            text = file.read().decode("utf-8")
            read_mapping(text)
        except (UnicodeDecodeError, ImportRefused) as error:
            raise ValidationError({"mapping_file": str(error)}) from None
        return text

    def _columns(self) -> list[list[str]] | None:
        if "column_0" not in self.data:
            return None
        numbers = (name.removeprefix("column_") for name in self.data if name.startswith("column_"))
        return [[self.data[f"column_{number}"], self.data.get(f"field_{number}", "")] for number in numbers]


class ConfirmForm(ConfirmImportForm):
    """What the preview was made with, so that the import does the same."""

    mapping_text = forms.CharField(required=False, widget=forms.HiddenInput)
    columns = forms.JSONField(required=False, widget=forms.HiddenInput)

    def clean_columns(self) -> list[list[str]] | None:
        columns = self.cleaned_data["columns"]
        if columns is not None and not (isinstance(columns, list) and all(map(_is_pair, columns))):
            raise ValidationError(_("The columns cannot be read; choose the file again."))
        return columns


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(word, str) for word in pair)
