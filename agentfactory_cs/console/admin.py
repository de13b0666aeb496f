"""Pages of other people's models, registered again so that they look like the rest of the console."""

from typing import Any

from axes.admin import AccessAttemptAdmin, AccessFailureLogAdmin, AccessLogAdmin
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django_celery_beat.admin import ClockedScheduleAdmin as BeatClockedAdmin
from django_celery_beat.admin import CrontabScheduleAdmin as BeatCrontabAdmin
from django_celery_beat.admin import PeriodicTaskAdmin as BeatTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm as BeatTaskForm
from django_celery_beat.admin import TaskSelectWidget
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget


def register_again(model: type[Model], model_admin: type[ModelAdmin]) -> None:
    if admin.site.is_registered(model):
        admin.site.unregister(model)
    admin.site.register(model, model_admin)


class UserAdmin(DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "email", "is_active", "is_staff", "last_login")


class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass


class _TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    """The list of Celery tasks in the theme's clothes."""


class PeriodicTaskForm(BeatTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = _TaskSelect()


class PeriodicTaskAdmin(BeatTaskAdmin, ModelAdmin):
    form = PeriodicTaskForm


class CrontabScheduleAdmin(BeatCrontabAdmin, ModelAdmin):
    pass


class ClockedScheduleAdmin(BeatClockedAdmin, ModelAdmin):
    pass


class PlainAdmin(ModelAdmin):
    """For models whose own admin adds nothing."""


class LockoutAdmin(AccessAttemptAdmin, ModelAdmin):
    pass


class LoginAdmin(AccessLogAdmin, ModelAdmin):
    pass


class LoginFailureAdmin(AccessFailureLogAdmin, ModelAdmin):
    pass


register_again(User, UserAdmin)
register_again(Group, GroupAdmin)
register_again(PeriodicTask, PeriodicTaskAdmin)
register_again(CrontabSchedule, CrontabScheduleAdmin)
register_again(ClockedSchedule, ClockedScheduleAdmin)
register_again(IntervalSchedule, PlainAdmin)
register_again(SolarSchedule, PlainAdmin)
register_again(AccessAttempt, LockoutAdmin)
register_again(AccessLog, LoginAdmin)
register_again(AccessFailureLog, LoginFailureAdmin)
