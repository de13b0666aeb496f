"""What our mails say: templates, in versions and languages, each about a topic."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

from agentfactory_cs.customers.models.fields import language_field

validate_key = RegexValidator(r"^[a-z][a-z0-9_]*$", "Use small letters, digits and _, beginning with a letter.")


class Topic(models.Model):
    """What a mail is about, as its reader may unsubscribe from it.

    A transactional topic (an answer somebody waits for) cannot be unsubscribed from, and is exempt from caps
    and quiet hours.
    """

    key = models.CharField(max_length=40, primary_key=True, validators=[validate_key])
    name = models.CharField(max_length=80, help_text="As the reader sees it on the unsubscribe page.")
    description = models.CharField(max_length=200, blank=True)
    is_transactional = models.BooleanField("transactional", default=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class MailTemplate(models.Model):
    """One mail we may send, known by its key to sequences, playbooks and code. Its words are its versions."""

    key = models.CharField(max_length=60, unique=True, validators=[validate_key])
    name = models.CharField(max_length=120)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="templates")
    description = models.CharField(max_length=300, blank=True, help_text="When it is sent, and to what end.")
    is_active = models.BooleanField("active", default=True, help_text="An inactive one is never sent; it is held.")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class MailTemplateVersion(models.Model):
    """The words of a template in one language, as saved once; the newest of a language is in force.

    Written by `templates.save_version` and `templates.reset_to_shipped`, never changed (a database trigger
    refuses it): a mail that was sent names it. `html` and `subject` are Django templates of the safe subset
    (`rendering`); an empty `text` is made from the HTML.
    """

    template = models.ForeignKey(MailTemplate, on_delete=models.CASCADE, related_name="versions", db_index=False)
    language = language_field()
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=200)
    html = models.TextField()
    text = models.TextField(blank=True)
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of subject, HTML and text.")
    is_shipped = models.BooleanField(default=False, help_text="As it came with the system.")
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was changed.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("template", "language", "-number")
        constraints = (
            models.UniqueConstraint(
                fields=("template", "language", "number"), name="mail_template_version_number_once"
            ),
            models.CheckConstraint(condition=~models.Q(subject=""), name="mail_template_version_has_a_subject"),
            models.CheckConstraint(condition=~models.Q(html=""), name="mail_template_version_has_a_body"),
        )

    def __str__(self) -> str:
        return f"{self.template} ({self.language}) v{self.number}"
