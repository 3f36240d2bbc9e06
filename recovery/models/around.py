"""The people around a patient, how the patient may be reached, and what they earned."""

import pghistory
from django.db import models
from django.db.models import F, Q

from backend.fields import SealedField, SealedModel
from recovery.models.base import PatientRow, one_of, program_id_key
from recovery.rules.reach import Interpreter
from recovery.rules.rewards import EntryKind, Phase, Reason
from recovery.rules.supporters import AgreedHow, AllowedBy, EndedBy, MinorBasis, Relation, Tier


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class Supporter(SealedModel, PatientRow):
    """Somebody whom a patient lets in, in a tier, until a day, once that person has agreed, too.

    ``weekday`` (Monday 0) is the day of the week on which a friendly text may go: fixed, so that no text
    follows from a concern.
    """

    client_id = models.UUIDField()
    name = SealedField()
    phone = SealedField(help_text="E.164")
    phone_index = models.BinaryField(max_length=16)
    relation = models.CharField(max_length=12)
    language = models.CharField(max_length=2, default="en")
    tier = models.CharField(max_length=10)
    may_tell = models.JSONField(default=list, help_text="Topics that the patient ticked; informed only")
    allowed_by = models.CharField(max_length=10)
    allowed_at = models.DateTimeField()
    wording_version = models.CharField(max_length=20)
    expires_on = models.DateField(help_text="The last day of the permission")
    recorded_by = models.ForeignKey("backend.User", models.PROTECT, null=True, related_name="+")
    agreed_at = models.DateTimeField(null=True, blank=True, help_text="The supporter's own consent")
    agreed_how = models.CharField(max_length=10, blank=True)
    agreed_recorded_by = models.ForeignKey("backend.User", models.PROTECT, null=True, blank=True, related_name="+")
    weekday = models.PositiveSmallIntegerField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = [
            program_id_key("supporter_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="supporter_client_id_once"),
            models.UniqueConstraint(
                fields=["patient", "phone_index"], condition=Q(ended_at__isnull=True), name="supporter_number_once"
            ),
            one_of("relation", Relation, "supporter_relation"),
            one_of("tier", Tier, "supporter_tier"),
            one_of("allowed_by", AllowedBy, "supporter_allowed_by"),
            models.CheckConstraint(condition=Q(language__in=["en", "es"]), name="supporter_language"),
            models.CheckConstraint(
                condition=Q(tier=Tier.INFORMED.value) | Q(may_tell=[]), name="supporter_topics_only_when_informed"
            ),
            models.CheckConstraint(
                condition=Q(agreed_at__isnull=True, agreed_how="", weekday__isnull=True)
                | Q(agreed_at__isnull=False, agreed_how__in=[h.value for h in AgreedHow], weekday__lte=6),
                name="supporter_agreed_somehow",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by="")
                | Q(ended_at__gte=F("allowed_at"), ended_by__in=[e.value for e in EndedBy]),
                name="supporter_ended_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["program", "phone_index"], name="supporter_by_phone"),
            models.Index(
                fields=["weekday"],
                condition=Q(ended_at__isnull=True, weekday__isnull=False),
                name="supporter_to_greet",
            ),
        ]


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class ContactRules(SealedModel, PatientRow):
    """How a person may be reached (S 21). One row a person; null means that nobody has asked yet."""

    safe_to_call = models.BooleanField(null=True, blank=True)
    safe_voicemail = models.BooleanField(null=True, blank=True)
    safe_from = models.TimeField(null=True, blank=True, help_text="Local; with safe_until the hours in which to call")
    safe_until = models.TimeField(null=True, blank=True)
    agreed_word = SealedField(help_text="What a call says it is about")
    interpreter = models.CharField(max_length=3, blank=True)
    letters_ok = models.BooleanField(null=True, blank=True)
    letter_address = SealedField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey("backend.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            program_id_key("contactrules_program_id"),
            models.UniqueConstraint(fields=["patient"], name="contactrules_one_per_patient"),
            one_of("interpreter", Interpreter, "contactrules_interpreter"),
            models.CheckConstraint(
                condition=Q(safe_from__isnull=True, safe_until__isnull=True) | Q(safe_from__lt=F("safe_until")),
                name="contactrules_hours_in_order",
            ),
            models.CheckConstraint(
                condition=Q(letters_ok__isnull=True) | Q(letters_ok=False) | Q(letter_address__isnull=False),
                name="contactrules_no_letter_without_address",
            ),
        ]


class MinorConsent(SealedModel, PatientRow):
    """On what basis somebody under age is in treatment, and who consented. Append-only: the latest counts."""

    client_id = models.UUIDField()
    state_code = models.CharField(max_length=2, help_text="US state, two letters")
    basis = models.CharField(max_length=12)
    consented_by = models.CharField(max_length=10)
    consented_on = models.DateField()
    note = SealedField(help_text="The statute, and what was shown")
    recorded_by = models.ForeignKey("backend.User", models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            program_id_key("minorconsent_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="minorconsent_client_id_once"),
            one_of("basis", MinorBasis, "minorconsent_basis"),
            one_of("consented_by", AllowedBy, "minorconsent_consented_by"),
        ]
        indexes = [models.Index(fields=["program", "patient", "-recorded_at"], name="minorconsent_latest")]


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), append_only=True)
class RewardPlan(PatientRow):
    """A time in which steps earn. Its taper and fade are known from its first day."""

    started_on = models.DateField(help_text="Local day")
    started_by = models.ForeignKey("backend.User", models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()
    policy_version = models.CharField(max_length=40)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            program_id_key("rewardplan_program_id"),
            models.UniqueConstraint(
                fields=["patient"], condition=Q(ended_at__isnull=True), name="rewardplan_one_open_per_patient"
            ),
        ]


class RewardEntry(PatientRow):
    """One line of the ledger, in US cents. Append-only; the balance is their sum and is stored nowhere.

    Only handing out and correcting an error take anything off: the check below knows no other way down.
    """

    plan = models.ForeignKey(RewardPlan, models.PROTECT, related_name="entries", db_constraint=False)
    client_id = models.UUIDField()
    kind = models.CharField(max_length=10)
    reason = models.CharField(max_length=20, blank=True)
    on_day = models.DateField()
    cents = models.IntegerField()
    phase = models.CharField(max_length=6)
    capped_by = models.CharField(max_length=6, blank=True)
    policy_version = models.CharField(max_length=40)
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    recorded_by = models.ForeignKey("backend.User", models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            program_id_key("rewardentry_program_id"),
            models.UniqueConstraint(fields=["patient", "client_id"], name="rewardentry_client_id_once"),
            models.UniqueConstraint(
                fields=["patient", "reason", "on_day"],
                condition=Q(kind=EntryKind.EARNED.value),
                name="rewardentry_one_of_a_kind_a_day",
            ),
            one_of("kind", EntryKind, "rewardentry_kind"),
            one_of("phase", Phase, "rewardentry_phase"),
            models.CheckConstraint(condition=Q(capped_by__in=["", "week", "total"]), name="rewardentry_capped_by"),
            models.CheckConstraint(
                condition=Q(
                    kind=EntryKind.EARNED.value,
                    reason__in=[r.value for r in Reason],
                    cents__gte=0,
                    corrects__isnull=True,
                )
                | Q(kind=EntryKind.REDEEMED.value, reason="", cents__lt=0, corrects__isnull=True)
                | Q(kind=EntryKind.CORRECTED.value, reason="", corrects__isnull=False),
                name="rewardentry_way_up_and_down",
            ),
        ]
        indexes = [models.Index(fields=["program", "patient", "on_day"], name="rewardentry_by_patient")]
