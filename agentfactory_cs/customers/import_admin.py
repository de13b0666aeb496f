"""Importing CSV files in the console: upload, match columns, preview, confirm, report.

django-import-export carries the pages' flow, the upload between preview and confirmation, and the choice of what is
imported; reading and writing are those of `imports`, which the command uses too.
"""

from typing import Any, ClassVar
from uuid import uuid4

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from import_export.admin import ImportMixin
from import_export.tmp_storages import CacheStorage

from .import_forms import ConfirmForm, UploadForm
from .import_resource import CsvUpload, ImportedFile, KindResource, resource_for
from .imports import Kind, kind_named, short_name

# How long a finished import's report can be downloaded.
REPORT_SECONDS = 24 * 60 * 60


class CsvImportMixin(ImportMixin):
    """For a ModelAdmin: `import_kind` names what its list imports, `other_import_kinds` what else it offers.

    Whoever may add and change the kind's model may import it.
    """

    import_kind: ClassVar[str] = ""
    other_import_kinds: ClassVar[tuple[str, ...]] = ()

    import_formats = (CsvUpload,)
    import_form_class = UploadForm
    confirm_form_class = ConfirmForm
    import_template_name = "admin/imports/import.html"
    done_template_name = "admin/imports/done.html"
    # Shared by all web processes, and gone after a day when nobody confirms.
    tmp_storage_class = CacheStorage
    # The timeline tells of every change already; the admin's own log would tell it twice.
    skip_admin_log = True

    def get_urls(self) -> list[URLPattern]:
        name = self._address("import")
        done = path("import/<str:token>/", self.admin_site.admin_view(self.import_done), name=f"{name}_done")
        file = path(
            "import/<str:token>/<str:which>.csv", self.admin_site.admin_view(self.import_file), name=f"{name}_file"
        )
        return [done, file, *super().get_urls()]

    def _address(self, name: str) -> str:
        return "_".join((*self.get_model_info(), name))

    def importable(self, request: HttpRequest) -> list[Kind]:
        """The kinds offered here that this person may import."""
        names = (self.import_kind, *self.other_import_kinds)
        return [kind for kind in map(kind_named, names) if may_import(request, kind)]

    def has_import_permission(self, request: HttpRequest) -> bool:
        return bool(self.importable(request))

    def get_import_resource_classes(self, request: HttpRequest) -> list[type[KindResource]]:
        return [resource_for(kind) for kind in self.importable(request)]

    def get_import_form_initial(self, request: HttpRequest) -> dict[str, Any]:
        """`?kind=usage` chooses among several kinds."""
        names = [short_name(kind) for kind in self.importable(request)]
        wanted = request.GET.get("kind", "")
        return {"resource": str(names.index(wanted))} if wanted in names else {}

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.pop("form")
        return {**kwargs, "mapping_text": form.cleaned_data["mapping_text"], "columns": form.cleaned_data["columns"]}

    def get_confirm_form_initial(self, request: HttpRequest, import_form: UploadForm | None) -> dict[str, Any]:
        initial = super().get_confirm_form_initial(request, import_form)
        if import_form is not None:
            initial |= {name: import_form.cleaned_data[name] for name in ("mapping_text", "columns")}
        return initial

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """The upload and its preview; where nothing could be read there is nothing to confirm."""
        response = super().import_action(request, **kwargs)
        result = response.context_data.get("result")
        if result and result.refused:
            response.context_data.pop("confirm_form", None)
        kind = result.kind if result else kind_named(self.import_kind)
        response.context_data["title"] = _("Import %(what)s") % {"what": kind.label}
        return response

    def process_result(self, result: ImportedFile, request: HttpRequest) -> HttpResponse:
        """Keep what came of it for a day, and show it on a page of its own that can be loaded again."""
        token = uuid4().hex
        cache.set(_cache_key(token), (request.user.pk, result.told()), REPORT_SECONDS)
        return HttpResponseRedirect(reverse(f"admin:{self._address('import_done')}", args=(token,)))

    def import_done(self, request: HttpRequest, token: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import finished"),
            "opts": self.opts,
            "token": token,
            "told": _told(request, token),
        }
        return TemplateResponse(request, self.done_template_name, context)

    def import_file(self, request: HttpRequest, token: str, which: str) -> HttpResponse:
        """The report, or the rejected rows."""
        files = _told(request, token)["files"]
        if which not in files:
            raise Http404
        response = HttpResponse(files[which], content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{which}.csv"'
        return response


def may_import(request: HttpRequest, kind: Kind) -> bool:
    opts = kind.model._meta
    return request.user.has_perms(f"{opts.app_label}.{verb}_{opts.model_name}" for verb in ("add", "change"))


def _cache_key(token: str) -> str:
    return f"import-report-{token}"


def _told(request: HttpRequest, token: str) -> dict[str, Any]:
    """What came of an import of this very person."""
    user, told = cache.get(_cache_key(token), (None, {}))
    if user is None:
        raise Http404
    if user != request.user.pk:
        raise PermissionDenied
    return dict(told)
