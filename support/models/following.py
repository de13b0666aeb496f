"""What customers say of a solution."""

from django.db import models

from .ticket import Ticket


class SolutionQuestion(models.Model):
    """A customer was asked whether that solved it: once each time a ticket is resolved.

    Asked by `following.working`, answered on the page of its signed links (`following.questions`), once: what was said
    stays. "No" opens the ticket again.
    """

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="solution_questions", db_index=False)
    asked_at = models.DateTimeField()
    is_solved = models.BooleanField("solved", null=True, blank=True)
    comment = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(is_solved__isnull=True, answered_at__isnull=True, comment="")
                | models.Q(is_solved__isnull=False, answered_at__isnull=False),
                name="solution_answered_has_its_moment",
            ),
        )
        indexes = (
            models.Index(fields=("ticket", "-id"), name="solution_of_ticket"),
            # Who was not helped lately?
            models.Index(fields=("answered_at",), condition=models.Q(is_solved=False), name="solution_refused"),
        )

    def __str__(self) -> str:
        said = {None: "not answered", True: "solved", False: "not solved"}[self.is_solved]
        return f"#{self.ticket_id}: {said}"
