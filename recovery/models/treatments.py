"""Treatment episodes, versioned regimens, doses and what was said about them (contract 1)."""

import pghistory
from django.db import models
from django.db.models import F, Q

from backend.fields import SealedField, SealedModel
from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.rules.states import Band, DoseState, Indication, ReportSource, Statement, Timeliness


# Where cover stands is derived; its history is the CoverEvent rows.
@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    append_only=True,
    exclude=["cover_injection", "cover_from", "cover_band", "cover_next_at"],
)
class Treatment(PatientRow):
    """An episode of care: begins, ends, may be a readmission. Holds where injection cover stands now."""

    indication = models.CharField(max_length=10)
    started_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)
    end_reason = models.CharField(max_length=40, blank=True)
    readmission_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    cover_injection = models.ForeignKey(
        "recovery.Injection", models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    cover_from = models.DateField(null=True, blank=True, help_text="Day of the injection that cover counts from")
    cover_band = models.CharField(max_length=12, blank=True)
    cover_next_at = models.DateTimeField(null=True, blank=True, help_text="When the band changes next")

    class Meta:
        constraints = [
            program_id_key("treatment_program_id"),
            models.UniqueConstraint(
                fields=["patient"], condition=Q(ended_on__isnull=True), name="treatment_one_open_per_patient"
            ),
            one_of("indication", Indication, "treatment_indication"),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("started_on")), name="treatment_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(cover_band__in=["", *[b.value for b in Band]]), name="treatment_cover_band"
            ),
        ]
        indexes = [
            models.Index(
                fields=["cover_next_at"], condition=Q(cover_next_at__isnull=False), name="treatment_cover_due"
            ),
            models.Index(fields=["started_on"], condition=Q(ended_on__isnull=True), name="treatment_begun"),
        ]


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True, exclude=["planned_until"])
class Regimen(PatientRow):
    """How one medicine is taken. A change is a new version; only the end of a version is ever written.

    ``plan`` is the whole schedule as data (catalogue key, steps, cadence, anchor, times, windows,
    coverage hours): ``recovery.rules.schedule`` reads it. The serving role may update the ``ends``
    columns and ``planned_until`` only.
    """

    treatment = models.ForeignKey(Treatment, models.PROTECT, related_name="regimens", db_constraint=False)
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=40, help_text="Key in the regimen catalogue")
    medicine = models.CharField(max_length=40)
    plan = models.JSONField()
    starts_on = models.DateField()
    last_day = models.DateField(null=True, blank=True, help_text="Inclusive; null while ongoing")
    reminders = models.BooleanField(default=True)
    outside_window_ok = models.BooleanField(default=False, help_text="The patient chose a time outside 08:00-21:00")
    ordered_by = models.ForeignKey("backend.User", models.PROTECT, null=True, related_name="+")
    ordered_at = models.DateTimeField()
    planned_until = models.DateField(null=True, blank=True, help_text="Doses exist up to and with this day")
    ends_at = models.DateTimeField(null=True, blank=True)
    ends_reason = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            program_id_key("regimen_program_id"),
            models.UniqueConstraint(fields=["treatment", "version"], name="regimen_version_once"),
            models.UniqueConstraint(
                fields=["treatment", "medicine"],
                condition=Q(ends_at__isnull=True),
                name="regimen_one_open_per_medicine",
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="regimen_version_from_one"),
            models.CheckConstraint(
                condition=Q(last_day__isnull=True) | Q(last_day__gte=F("starts_on")), name="regimen_days_in_order"
            ),
        ]
        indexes = [
            models.Index(fields=["planned_until"], condition=Q(ends_at__isnull=True), name="regimen_to_extend"),
        ]


class Dose(PatientRow):
    """One slot: what is due on a dosing day. ``due`` and ``overdue`` follow from the times and are not stored."""

    # The keys below lead with both: an index of their own would only cost on the hottest insert.
    patient = models.ForeignKey(
        "recovery.Patient", models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    treatment = models.ForeignKey(Treatment, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    regimen = models.ForeignKey(Regimen, models.PROTECT, related_name="doses", db_constraint=False)
    dosing_day = models.DateField()
    ordinal = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    day_ends_at = models.DateTimeField()
    dose_mg = models.DecimalField(max_digits=7, decimal_places=2)
    coverage_hours = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, default=DoseState.SCHEDULED.value)
    timeliness = models.CharField(max_length=8, default=Timeliness.UNKNOWN.value)
    taken_at = models.DateTimeField(null=True, blank=True, help_text="As stated; null when not stated")
    source = models.CharField(max_length=10, blank=True)
    backfilled = models.BooleanField(default=False)
    sources_differ = models.BooleanField(default=False)
    not_reached = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Its reminder failed on our side: nobody is called silent for it",
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            program_id_key("dose_program_id"),
            models.UniqueConstraint(
                fields=["treatment", "dosing_day", "ordinal"],
                condition=~Q(state=DoseState.CANCELLED.value),
                name="dose_one_per_slot",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in DoseState if s not in (DoseState.DUE, DoseState.OVERDUE)]),
                name="dose_state",
            ),
            one_of("timeliness", Timeliness, "dose_timeliness"),
            models.CheckConstraint(
                condition=Q(opens_at__lte=F("due_at"), due_at__lte=F("closes_at"), closes_at__lte=F("day_ends_at")),
                name="dose_times_in_order",
            ),
            models.CheckConstraint(condition=Q(dose_mg__gt=0), name="dose_mg_positive"),
            models.CheckConstraint(condition=Q(ordinal__gte=1, ordinal__lte=4), name="dose_ordinal"),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True) | Q(state=DoseState.TAKEN.value),
                name="dose_taken_at_only_when_taken",
            ),
        ]
        indexes = [
            models.Index(fields=["program", "patient", "-dosing_day"], name="dose_by_patient"),
            models.Index(fields=["day_ends_at"], condition=Q(state=DoseState.SCHEDULED.value), name="dose_to_close"),
            models.Index(fields=["due_at"], condition=Q(state=DoseState.SCHEDULED.value), name="dose_to_remind"),
        ]


class DoseReport(SealedModel, PatientRow):
    """What somebody said about a dose. Append-only; a later one supersedes, none is erased."""

    dose = models.ForeignKey(
        Dose,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reports",
        db_constraint=False,
        help_text="Null for one that was not planned: it is recorded all the same",
    )
    on_day = models.DateField(help_text="The dosing day that the statement is about")
    client_id = models.UUIDField()
    statement = models.CharField(max_length=8)
    taken_at = models.DateTimeField(null=True, blank=True)
    dose_mg = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    source = models.CharField(max_length=10)
    reporter = models.ForeignKey("backend.User", models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=20, blank=True)
    note = SealedField()
    received_at = models.DateTimeField()
    backfilled = models.BooleanField(default=False)
    with_open_gate = models.BooleanField(default=False, db_default=False, help_text="Taken under an open hold (S 9)")
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False)

    class Meta:
        constraints = [
            program_id_key("dosereport_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="dosereport_client_id_once"),
            one_of("statement", Statement, "dosereport_statement"),
            one_of("source", ReportSource, "dosereport_source"),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True) | Q(statement=Statement.TAKEN.value), name="dosereport_taken_at"
            ),
            models.CheckConstraint(condition=Q(dose_mg__isnull=True) | Q(dose_mg__gt=0), name="dosereport_mg_positive"),
        ]
        indexes = [models.Index(fields=["dose", "received_at"], name="dosereport_by_dose")]
