"""What holds texts back for many people at once: a provider that fails, a class that is off, a number that is dead."""

from django.db import models
from django.db.models import Q

from reminders.models.base import one_of
from reminders.rules.retry import BreakerState
from reminders.rules.stops import StopKind


class Circuit(models.Model):
    """The circuit breaker of one provider account, shared by all runners. Names no one (M REL-13)."""

    provider = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=10, default=BreakerState.CLOSED.value)
    failures = models.PositiveIntegerField(default=0, help_text="In a row")
    since = models.DateTimeField(null=True, blank=True)
    recovered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("state", BreakerState, "circuit_state"),
            models.CheckConstraint(
                condition=Q(state=BreakerState.CLOSED.value) | Q(since__isnull=False), name="circuit_says_since"
            ),
        ]


class Stop(models.Model):
    """A class of texts that somebody switched off, or a template that carriers filter (N33, M 1.3)."""

    program = models.ForeignKey("backend.Program", models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=40, help_text="The class, or the key of the template")
    reason = models.CharField(max_length=200)
    since = models.DateTimeField()
    by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        "backend.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["program", "kind", "name"], condition=Q(ended_at__isnull=True), name="stop_one_in_force"
            ),
            one_of("kind", StopKind, "stop_kind"),
            models.CheckConstraint(condition=~Q(reason=""), name="stop_says_why"),
            models.CheckConstraint(
                condition=Q(kind=StopKind.TEMPLATE.value) | Q(by__isnull=False), name="stop_of_class_by_a_person"
            ),
        ]
        indexes = [models.Index(fields=["program", "-since"], name="stop_by_time")]


class BadNumber(models.Model):
    """A number that texts do not reach. Keyed like an opt-out; a new number of the patient is another one."""

    program = models.ForeignKey("backend.Program", models.PROTECT, related_name="+", db_index=False)
    phone_index = models.BinaryField(max_length=16)
    code = models.CharField(max_length=20, help_text="What the provider said")
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["program", "phone_index"], condition=Q(ended_at__isnull=True), name="bad_number_once"
            ),
        ]
