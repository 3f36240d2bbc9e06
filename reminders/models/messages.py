"""What is said to whom, and the proof of what became of it (contract 4)."""

from django.db import models
from django.db.models import F, Q

from reminders.models.base import PatientRow, one_of, program_id_key
from reminders.rules.states import WAKES, Audience, Channel, MessageClass, MessageState, SubjectKind

IN_HAND = [MessageState.CLAIMED.value, MessageState.SENDING.value]


class Message(PatientRow):
    """One text for one slot on one channel, unique before anything is sent.

    ``subject_kind`` and ``subject_id`` name what it is about (a dose, an appointment, a flag);
    ``slot_on`` is the local day, part of the slot's key. ``due_at`` is when the slot was meant to
    leave, ``send_after`` the earliest time for the next try. The words come from a registered
    template with values; no text is stored.
    """

    # Each index is written again with every change of state, three times for each text: only those that are read.
    patient = models.ForeignKey(
        "recovery.Patient", models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    audience = models.CharField(max_length=10, default=Audience.PATIENT.value)
    recipient = models.ForeignKey(
        "backend.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="For staff notices",
    )
    subject_kind = models.CharField(max_length=15)
    subject_id = models.BigIntegerField()
    slot_on = models.DateField()
    step = models.CharField(max_length=20)
    channel = models.CharField(max_length=6)
    message_class = models.CharField(max_length=16)
    acute = models.BooleanField(default=False, help_text="Acute red: does not wait for the window")
    own_time = models.BooleanField(default=False, help_text="The patient chose a time outside the window")
    priority = models.PositiveSmallIntegerField()
    template = models.CharField(max_length=40)
    template_version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=2)
    values = models.JSONField(default=dict)
    is_question = models.BooleanField(default=False)
    due_at = models.DateTimeField()
    send_after = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=12, default=MessageState.PLANNED.value)
    why = models.CharField(max_length=40, blank=True, help_text="Why suppressed, failed or deferred")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Times handed to the provider")
    crashes = models.PositiveSmallIntegerField(default=0, help_text="Times a claim on it died")
    claimed_by = models.CharField(max_length=60, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    provider = models.CharField(max_length=20, blank=True)
    provider_sid = models.CharField(max_length=64, blank=True)
    provider_rank = models.PositiveSmallIntegerField(default=0)
    sending_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    next_look_at = models.DateTimeField(null=True, blank=True, help_text="When reconcile looks again")
    looks = models.PositiveSmallIntegerField(default=0)
    question_open = models.BooleanField(default=False, help_text="Waiting for the answer to this question")
    # A slot that first wakes somebody up has its text too, which waits to see whether that was seen (F61).
    instead_of = models.CharField(
        max_length=6, blank=True, default="", db_default="", help_text="The channel that was tried before this text"
    )
    seen_at = models.DateTimeField(null=True, blank=True, help_text="The person opened their page after this wake-up")
    answered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            program_id_key("message_program_id"),
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "slot_on", "step", "channel", "recipient"],
                nulls_distinct=False,
                name="message_one_per_slot",
            ),
            models.UniqueConstraint(
                fields=["patient"], condition=Q(state__in=IN_HAND), name="message_one_in_hand_per_patient"
            ),
            models.UniqueConstraint(
                fields=["patient"], condition=Q(question_open=True), name="message_one_open_question_per_patient"
            ),
            one_of("audience", Audience, "message_audience"),
            one_of("subject_kind", SubjectKind, "message_subject_kind"),
            one_of("channel", Channel, "message_channel"),
            one_of("message_class", MessageClass, "message_class"),
            one_of("state", MessageState, "message_state"),
            models.CheckConstraint(condition=Q(due_at__lt=F("expires_at")), name="message_expires_after_due"),
            models.CheckConstraint(
                condition=Q(instead_of="")
                | Q(channel=Channel.SMS.value, instead_of__in=[each.value for each in WAKES]),
                name="message_only_a_text_stands_in",
            ),
            models.CheckConstraint(
                condition=Q(channel=Channel.SMS.value) | Q(is_question=False), name="message_only_a_text_asks"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=IN_HAND) | Q(lease_until__isnull=False), name="message_in_hand_has_lease"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[MessageState.SUPPRESSED.value, MessageState.FAILED.value]) | ~Q(why=""),
                name="message_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(
                    state__in=[
                        MessageState.DELIVERED.value,
                        MessageState.UNDELIVERED.value,
                        MessageState.FAILED.value,
                        MessageState.SUPPRESSED.value,
                        MessageState.EXPIRED.value,
                    ]
                )
                | Q(ended_at__isnull=False),
                name="message_ended_at",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[MessageState.PLANNED.value, *IN_HAND]) | Q(ended_at__isnull=True),
                name="message_not_ended_in_flight",
            ),
        ]
        indexes = [
            models.Index(
                fields=["priority", "send_after"],
                condition=Q(state=MessageState.PLANNED.value),
                name="message_due",
            ),
            models.Index(
                fields=["send_after"], condition=Q(state=MessageState.PLANNED.value), name="message_due_by_time"
            ),
            models.Index(
                fields=["expires_at"], condition=Q(state=MessageState.PLANNED.value), name="message_to_expire"
            ),
            models.Index(
                fields=["next_look_at"], condition=Q(state=MessageState.UNKNOWN.value), name="message_unknown"
            ),
            models.Index(
                fields=["accepted_at"],
                condition=Q(state__in=[MessageState.ACCEPTED.value, MessageState.SENT.value]),
                name="message_receipts",
            ),
            models.Index(fields=["program", "patient", "-due_at"], name="message_by_patient"),
        ]


class Attempt(PatientRow):
    """One handing of a message to a provider. ``token`` is in the callback address and proves acceptance."""

    # Read by message and number, never by patient alone.
    patient = models.ForeignKey(
        "recovery.Patient", models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    message = models.ForeignKey(Message, models.PROTECT, related_name="tries", db_constraint=False, db_index=False)
    number = models.PositiveSmallIntegerField()
    token_digest = models.BinaryField(max_length=32)
    body_hash = models.BinaryField(max_length=32, null=True)
    provider = models.CharField(max_length=20)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    result = models.CharField(max_length=16, blank=True, help_text="accepted, not_processed, rejected, unknown")
    error_code = models.CharField(max_length=20, blank=True)
    sid = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "number"], name="attempt_number_once"),
            models.UniqueConstraint(fields=["token_digest"], name="attempt_token_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="attempt_from_one"),
        ]
        indexes = [models.Index(fields=["sid"], condition=~Q(sid=""), name="attempt_by_sid")]


class ProviderEvent(PatientRow):
    """A receipt as it came. Append-only; a repeat changes nothing."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="receipts", db_constraint=False)
    sid = models.CharField(max_length=64)
    status = models.CharField(max_length=20)
    error_code = models.CharField(max_length=20, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sid", "status", "error_code"], name="provider_event_once"),
        ]
        indexes = [models.Index(fields=["message"], name="provider_event_by_message")]
