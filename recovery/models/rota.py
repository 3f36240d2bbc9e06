"""Who is on call, and where the telling of each concern stands (C 7, S 15)."""

from django.db import models
from django.db.models import F, Q

from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.models.flags import Flag
from recovery.rules.escalation import OverrideReason, Phase


class Rota(models.Model):
    """One version of a program's rota; the newest holds. Append-only, so that it says who was on call when."""

    program = models.ForeignKey("backend.Program", models.PROTECT, related_name="+", db_index=False)
    anchor = models.DateField(help_text="The Monday on which the first turn begins")
    hand_over = models.TimeField(help_text="Local, on Mondays")
    made_by = models.ForeignKey("backend.User", models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            program_id_key("rota_program_id"),
            models.CheckConstraint(condition=Q(anchor__iso_week_day=1), name="rota_begins_on_a_monday"),
        ]


class RotaTurn(models.Model):
    """A person in a week's turn; ``rank`` 1 is told first. Turns are taken in a circle. Append-only."""

    program = models.ForeignKey("backend.Program", models.PROTECT, related_name="+", db_index=False)
    rota = models.ForeignKey(Rota, models.PROTECT, related_name="turns", db_constraint=False)
    week = models.PositiveSmallIntegerField(help_text="0 for the first turn of the circle")
    rank = models.PositiveSmallIntegerField()
    user = models.ForeignKey("backend.User", models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rota", "week", "rank"], name="rotaturn_one_per_rank"),
            models.UniqueConstraint(fields=["rota", "week", "user"], name="rotaturn_once_a_week"),
            models.CheckConstraint(condition=Q(rank__gte=1, rank__lte=4), name="rotaturn_rank"),
        ]


class RotaOverride(models.Model):
    """Somebody else for a while, ``starts_at <= t < ends_at``; nobody is a gap that is known. The newest holds."""

    program = models.ForeignKey("backend.Program", models.PROTECT, related_name="+", db_index=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    first = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    second = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=12)
    made_by = models.ForeignKey("backend.User", models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    cancelled_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("reason", OverrideReason, "rotaoverride_reason"),
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="rotaoverride_times_in_order"),
            models.CheckConstraint(
                condition=Q(second__isnull=True) | Q(first__isnull=False) & ~Q(first=F("second")),
                name="rotaoverride_two_people",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True, cancelled_by__isnull=True)
                | Q(cancelled_at__isnull=False, cancelled_by__isnull=False),
                name="rotaoverride_cancelled_by",
            ),
        ]
        indexes = [
            models.Index(
                fields=["program", "ends_at"], condition=Q(cancelled_at__isnull=True), name="rotaoverride_in_force"
            ),
        ]


class Escalation(PatientRow):
    """Where the telling of one concern stands: whoever owns it, and when the next person hears of it.

    Made in the transaction that raises the concern. A row that is not closed has a timer, so that no concern
    is ever waited for by nobody; ``told`` counts every telling and is part of each notice's slot.
    """

    flag = models.ForeignKey(Flag, models.PROTECT, related_name="+", db_constraint=False)
    phase = models.CharField(max_length=10)
    response_s = models.PositiveIntegerField(help_text="Within which somebody must have taken it")
    next_at = models.DateTimeField(null=True, blank=True)
    level = models.PositiveSmallIntegerField(default=0, help_text="Steps taken in this round")
    told = models.PositiveIntegerField(default=0, help_text="Steps taken in all")
    owner = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    begun_at = models.DateTimeField()
    last_told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["flag"], name="escalation_one_per_flag"),
            one_of("phase", Phase, "escalation_phase"),
            models.CheckConstraint(
                condition=Q(phase=Phase.CLOSED.value, next_at__isnull=True)
                | ~Q(phase=Phase.CLOSED.value) & Q(next_at__isnull=False),
                name="escalation_has_a_timer",
            ),
            models.CheckConstraint(
                condition=~Q(phase=Phase.OWNED.value) | Q(owner__isnull=False), name="escalation_owned_by_someone"
            ),
            models.CheckConstraint(
                condition=~Q(phase__in=[Phase.WAITING.value, Phase.CLOSED.value]) | Q(owner__isnull=True),
                name="escalation_waits_for_nobody",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=~Q(phase=Phase.CLOSED.value), name="escalation_due"),
        ]
